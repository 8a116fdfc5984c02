"""Parts of addresses that need a type of their own."""

from werkzeug.routing import BaseConverter


class TokenConverter(BaseConverter):
    """A token in the path, for programs that know nothing but an address: calendars and mail programs.

    Log lines name the route and never the address (lib/http/requests.py).
    """

    regex = "[A-Za-z0-9_-]{16,64}"
