"""The door for customers alone: listens apart from the staff's pages and lets nothing else through; named by string.

The same application stands behind it; every other address ends here, before Django is asked.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from shouxin.faces.site.wsgi import application as everything

_OPEN = re.compile(r"^(/a|/a/[0-9A-Za-z]{1,64}(/[a-z]+)?|/static/web/customer\.css)$")
_START = "/a"
_HEADERS = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
]
_NOTHING = """这里没有内容。请打开信中的链接，或在 /a 输入答复码。
Nothing here. Open the link in your letter, or type your reply code at /a.
"""

Environ = dict[str, Any]
StartResponse = Callable[..., Any]


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The customer's page and its style; the front door leads to the reply code."""
    path = environ.get("PATH_INFO", "")
    if _OPEN.match(path):
        return everything(environ, start_response)
    if path in ("", "/"):
        start_response("303 See Other", [*_HEADERS, ("Location", _START)])
        return [b""]
    start_response("404 Not Found", _HEADERS)
    return [_NOTHING.encode()]
