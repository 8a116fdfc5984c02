"""Static files: the address of each carries a hash of its content, so that a phone may keep it for a year.

A script's imports get such addresses as well, when it is served: no build step, and no mixture of versions.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from flask import Flask, Response, abort, current_app, request
from werkzeug.security import safe_join

YEAR_S = 365 * 24 * 3600
EXTENSION = "meetingcheck.assets"
IMPORTED = re.compile(r'(?P<word>\bfrom |\bimport\(|\bimport )"(?P<path>\.{1,2}/[\w./-]+\.js)"')
TEXTS = frozenset({".css", ".js", ".svg"})


@dataclass(frozen=True)
class Asset:
    """A static file as it is served; `packed` by gzip where that is shorter."""

    content: bytes
    packed: bytes | None
    version: str
    mimetype: str


class Assets:
    """The files of one folder, read once."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder, self._url = folder, url
        self.find = cache(self._find)

    def address(self, name: str) -> str:
        """Where a file is, with its version. Raises FileNotFoundError when there is none."""
        found = self.find(name)
        if found is None:
            raise FileNotFoundError(name)
        return f"{self._url}/{name}?v={found.version}"

    def with_imports(self, name: str) -> list[str]:
        """The addresses of a script and of everything that it imports, each once."""
        found: dict[str, None] = {}
        self._collect(name, found)
        return [self.address(one) for one in found]

    def _collect(self, name: str, found: dict[str, None]) -> None:
        if name in found:
            return
        found[name] = None
        for imported in IMPORTED.finditer((self._folder / name).read_text(encoding="utf-8")):
            self._collect(_beside(name, imported["path"]), found)

    def _find(self, name: str) -> Asset | None:
        path = safe_join(str(self._folder), name)
        if path is None or not Path(path).is_file():
            return None
        content, suffix = Path(path).read_bytes(), Path(path).suffix
        if suffix == ".js":
            content = self._with_addresses(name, content.decode()).encode()
        packed = gzip.compress(content, 9, mtime=0) if suffix in TEXTS else None
        mimetype = mimetypes.guess_type(name)[0] or "application/octet-stream"
        version = hashlib.sha256(content).hexdigest()[:12]
        return Asset(content, packed if packed and len(packed) < len(content) else None, version, mimetype)

    def _with_addresses(self, name: str, text: str) -> str:
        def addressed(imported: re.Match[str]) -> str:
            return f'{imported["word"]}"{self.address(_beside(name, imported["path"]))}"'

        return IMPORTED.sub(addressed, text)


def assets() -> Assets:
    found: Assets = current_app.extensions[EXTENSION]
    return found


def configure_assets(app: Flask) -> None:
    assert app.static_folder is not None
    assert app.static_url_path is not None
    kept = app.extensions[EXTENSION] = Assets(Path(app.static_folder), app.static_url_path)

    def serve(filename: str) -> Response:
        asset = kept.find(filename)
        if asset is None:
            abort(404)
        packed = asset.packed if request.accept_encodings["gzip"] else None
        response = Response(packed or asset.content, mimetype=asset.mimetype)
        response.vary.add("Accept-Encoding")
        response.set_etag(f"{asset.version}-gzip" if packed else asset.version)
        if packed:
            response.content_encoding = "gzip"
        # While nodes are being replaced, an old one may be asked for a version that only the new ones have.
        same = request.args.get("v") == asset.version
        response.headers["Cache-Control"] = f"public, max-age={YEAR_S}, immutable" if same else "no-cache"
        response.make_conditional(request)
        return response

    app.view_functions["static"] = serve
    # The address of a static file, for templates; also where a refused Host leaves no way to build addresses.
    app.jinja_env.globals["asset"] = kept.address


def _beside(name: str, path: str) -> str:
    """What a script at `name` means by a relative path."""
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in PurePosixPath(path).parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)
