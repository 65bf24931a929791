"""What goes through which door: the portal lets customers through and nobody else; logs hold no link."""

import io
import logging
import re
import sys
import threading
from wsgiref.util import setup_testing_defaults

import pytest
from waitress.task import ThreadedTaskDispatcher

from shouxin.faces.site import portal
from shouxin.faces.web.agents import agent_class
from shouxin.faces.web.logs import WORTH_TELLING, TokenlessFormatter

TOKEN = "0123456789ABCDEFGHJKMNPQRS"


def ask(path, method="GET"):
    """Through the portal: status and body."""
    environ = {"PATH_INFO": path, "REQUEST_METHOD": method, "HTTP_HOST": "127.0.0.1"}
    setup_testing_defaults(environ)
    told = {}
    body = b"".join(
        portal.application(environ, lambda status, headers, *_: told.update(status=status, headers=headers))
    )
    return told["status"], dict(told["headers"]), body.decode()


@pytest.mark.parametrize(
    "path", ["/login", "/cases", "/ledger/0", "/law/PIPL-23", "/a/../login", "/A", "//login", "/a/" + "x" * 65]
)
def test_the_portal_lets_only_customers_through(path):
    status, headers, body = ask(path)
    assert status.startswith("404")
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "这里没有内容" in body


def test_the_portals_front_door_leads_to_the_reply_code():
    status, headers, _ = ask("/")
    assert status.startswith("303")
    assert headers["Location"] == "/a"


def test_the_portal_serves_the_customers_page_and_its_style(asked):
    assert ask(asked.link())[0].startswith("200")
    assert ask("/a")[0].startswith("200")
    status, _, body = ask("/static/web/customer.css")
    assert status.startswith("200")
    assert "font: 21px" in body


def test_the_style_never_goes_below_twenty_pixels(asked):
    sizes = [int(size) for size in re.findall(r"(\d+)px(?:/|;| )", _font_rules(ask("/static/web/customer.css")[2]))]
    assert sizes
    assert min(sizes) >= 20


def _font_rules(css):
    return " ".join(re.findall(r"font(?:-size)?: [^;]+;", css))


def test_no_log_line_holds_a_link(client, asked, settings):
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TokenlessFormatter())
    logger = logging.getLogger("django")
    logger.addHandler(handler)
    try:
        client.get(f"/a/{TOKEN}")
        client.get(f"/a/{TOKEN}/nothing")
        client.put(asked.link())
    finally:
        logger.removeHandler(handler)
    said = stream.getvalue()
    assert "/a/…" in said
    assert TOKEN not in said
    assert asked.tokens[0] not in said


def test_a_traceback_holds_no_link_either():
    try:
        raise ValueError(f"cannot read /a/{TOKEN}/values")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed at %s", (f"/a/{TOKEN}?x",), sys.exc_info())
    said = TokenlessFormatter().format(record)
    assert TOKEN not in said
    assert "/a/…/values" in said


def test_the_installation_logs_through_that_formatter(settings):
    used = settings.LOGGING["formatters"][settings.LOGGING["handlers"]["stderr"]["formatter"]]
    assert used["()"].endswith("TokenlessFormatter")


class Waiting:
    """A request that is being answered until it may end."""

    def __init__(self, until):
        self._until = until

    def service(self):
        self._until.wait(30)

    def cancel(self):
        """Nobody waits for it."""


def test_the_server_tells_of_a_long_queue_once_and_of_a_short_one_never(caplog):
    may_end = threading.Event()
    server = ThreadedTaskDispatcher()
    server.set_thread_count(1)
    try:
        for _ in range(WORTH_TELLING // 2):
            server.add_task(Waiting(may_end))
        assert caplog.records == []
        for _ in range(WORTH_TELLING):
            server.add_task(Waiting(may_end))
        (told,) = [record for record in caplog.records if record.name == "waitress.queue"]
        assert told.levelno == logging.WARNING
        assert told.args[0] >= WORTH_TELLING
    finally:
        may_end.set()
        server.shutdown()


def test_what_else_the_server_has_to_say_is_said(caplog):
    logging.getLogger("waitress").error("the server fell over")
    logging.getLogger("waitress.queue").warning("something else")
    assert [record.message for record in caplog.records] == ["the server fell over", "something else"]


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        ("Mozilla/5.0 (Linux; Android 4.4; M351) MicroMessenger/6.0", "wechat"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X)", "telephone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_0 like Mac OS X)", "tablet"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "computer"),
        ("python-httpx/0.28", "program"),
        ("", "program"),
    ],
)
def test_a_browsers_name_becomes_a_class(agent, expected):
    assert agent_class(agent) == expected
