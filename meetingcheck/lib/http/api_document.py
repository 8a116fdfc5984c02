"""`/api/v1` as a whole: how bodies are read, how refusals look, and the document that describes all of it."""

import json
from typing import Any

from apiflask import APIBlueprint, APIFlask
from apiflask.exceptions import HTTPError
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import make_schema_key
from flask import Response, abort, current_app, jsonify, request

from meetingcheck.lib.http.api import API_PATH, OWN_HEADER, OWN_VALUE, is_api
from meetingcheck.lib.http.api_problems import problems_response
from meetingcheck.lib.http.api_schemas import Error, Problems, flatten
from meetingcheck.lib.http.errors import error_response
from meetingcheck.lib.http.rights import PUBLIC, SIGNED_IN, needs, right_of

JSON = "application/json"
WHOLE_NUMBER = {"type": "integer", "minimum": 0}
UUID = {"type": "string", "format": "uuid"}
NAMELESS = "HTTPError"  # how APIFlask calls the schema of a refusal for which none was given
VERSION = "1"
WRITES = ("post", "put", "delete")
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"cookie": []}]

DESCRIPTION = f"""
The same actions, rules and rights as the pages. Instants are UTC (`2026-11-03T14:30:00Z`), days are local days in
Viet Nam (`YYYY-MM-DD`), hours are local (`HH:MM`). Unknown and read-only fields are refused by name. Lists come a page
at a time: hand `next` back as `after`. Sentences are in the person's language.

A program shows a token (`meetingcheck issue-token LOGIN`) as `Authorization: Bearer …`. A script of our own pages may
use the session cookie; each of its writes then also needs the own `Origin` and `{OWN_HEADER}: {OWN_VALUE}`.
""".strip()

ANSWERS = {
    "400": "The request cannot be understood: another host name, or no JSON.",
    "401": "No token or session, or one that ended.",
    "403": "It may be seen, but this may not be done; or a write by cookie without its marks.",
    "404": "There is no such thing, or it lies outside what the person may see: both alike.",
    "413": "The body is too large.",
    "415": "The body is of another type than the operation takes.",
    "422": "What was sent cannot be used as it is: a sentence for each field.",
    "503": "The database or the object store is away for a moment. Try again later; nothing was lost.",
}

blueprint = APIBlueprint("api", __name__, tag="document", url_prefix=API_PATH.rstrip("/"))


class ApiApp(APIFlask):
    """An application whose document names each schema once."""

    def _register_schema_and_get_ref(
        self, spec: APISpec, registered_schema_classes: dict[int, str], schema_obj: Any
    ) -> dict[str, str]:
        """APIFlask does not see that a schema was named before as a part of another, and names it anew."""
        converter = self._ma_plugin.converter
        named = converter.refs.get(make_schema_key(schema_obj)) if converter is not None else None
        if named is not None:
            return {"$ref": f"#/components/schemas/{named}"}
        return super()._register_schema_and_get_ref(spec, registered_schema_classes, schema_obj)


def configure_api(app: APIFlask) -> None:
    """After the sessions, so that who asks is known before what is asked is read."""
    app.title, app.version = "meetingcheck", VERSION
    app.config.update(
        DESCRIPTION=DESCRIPTION,
        OPENAPI_VERSION="3.1.0",
        SERVERS=[{"url": "/"}],
        AUTO_200_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        SECURITY_SCHEMES={
            "bearer": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": app.config["SESSION_COOKIE_NAME"]},
        },
    )

    @app.error_processor
    def refused(error: HTTPError) -> Response:
        """A body or an address that a schema refuses."""
        if error.status_code != 422:
            return error_response(error.status_code)
        found = [pair for place in dict(error.detail).values() for pair in flatten(place)]
        return problems_response(found)

    def read_json() -> None:
        """What is no JSON is refused before any schema sees it, however deeply it is nested."""
        body = getattr(_view(), "_spec", {}).get("body") if is_api() else None
        if body is None:
            return
        if request.mimetype != JSON:
            abort(415)
        try:
            json.loads(request.get_data(cache=True), parse_constant=_no_number)
        except (ValueError, RecursionError):
            abort(400)

    app.before_request(read_json)
    app.spec_processor(_complete)


def _view() -> Any:
    return current_app.view_functions.get(request.endpoint) if request.endpoint else None


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


@blueprint.get("/openapi.json")
@needs(PUBLIC)
def document() -> Response:
    """This description"""
    app: Any = current_app
    return jsonify(app._get_spec("json"))  # made once; its property makes it anew each time


def _complete(spec: Any) -> Any:
    """Add what holds for all operations alike: how one shows who one is, and every refusal that can come."""
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    by_address = {
        (method.lower(), rule.rule): rule.endpoint
        for rule in current_app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for name, schema in _refusal_schemas().items():
        schemas.setdefault(name, schema)
    addresses = {_as_documented(address): address for _, address in by_address}
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            endpoint = by_address[method, addresses[path]]
            operation["operationId"] = endpoint.rpartition(".")[0].replace("api", "") + endpoint.rpartition(".")[2]
            _complete_one(method, operation, right_of(endpoint))
    schemas.pop(NAMELESS, None)
    return spec


def _as_documented(address: str) -> str:
    parts = []
    for piece in address.split("<"):
        name, closed, rest = piece.partition(">")
        parts.append(f"{{{name.split(':')[-1]}}}{rest}" if closed else piece)
    return "".join(parts)


def _complete_one(method: str, operation: dict[str, Any], right: str | None) -> None:
    statuses = {"400", "503"}
    if right != PUBLIC:
        operation["security"] = SECURITY
        statuses.add("401")
    if right not in {PUBLIC, SIGNED_IN}:
        operation["description"] = f"{operation.get('description', '')}\n\nNeeds the right `{right}`.".strip()
        statuses |= {"403", "404"}
    if method in WRITES:
        statuses |= {"403", "413"}
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True
        statuses |= {"413", "415", "422"}
    if any(one.get("in") == "query" for one in operation["parameters"]):
        statuses.add("422")
    for status in sorted(statuses):
        operation["responses"].setdefault(status, {"description": ANSWERS[status], "content": {}})
    for status, described in operation["responses"].items():
        _complete_answer(status, described)
    for parameter in operation["parameters"]:
        _complete_parameter(parameter)


def _complete_answer(status: str, described: dict[str, Any]) -> None:
    if status == "304":
        described.pop("content", None)
    elif status >= "400":
        own = described.get("content", {}).get(JSON, {}).get("schema", {}).get("$ref", NAMELESS)
        if own.endswith(NAMELESS):
            name = Problems.__name__ if status == "422" else Error.__name__
            described["content"] = {JSON: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _complete_parameter(parameter: dict[str, Any]) -> None:
    schema = parameter["schema"]
    if parameter["in"] == "path":
        parameter["schema"] = dict(WHOLE_NUMBER if schema["type"] == "integer" else UUID)
        return
    schema.pop("nullable", None)
    if schema.get("default", "") is None:
        del schema["default"]


def _refusal_schemas() -> dict[str, Any]:
    spec = APISpec("", "", "3.1.0", plugins=[MarshmallowPlugin()])
    for schema in (Error, Problems):
        spec.components.schema(schema.__name__, schema=schema)
    found: dict[str, Any] = spec.to_dict()["components"]["schemas"]
    return found


def refusal(description: str, schema: type[Error] = Error) -> Any:
    """How an operation documents a refusal of its own, such as a 409."""
    return {"description": description, "content": {JSON: {"schema": schema}}}
