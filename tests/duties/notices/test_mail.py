"""Mail over one connection: what is refused stays with its own message, command by command and in one piece."""

from datetime import UTC, datetime

import pytest

from shouxin.duties.notices.channels.mail import Mail, connect
from shouxin.ground.kernel.refusals import Unavailable

SENDER = "shop@qinghe.example"


def mails(*addresses):
    """One message to each, every body its own."""
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return [
        Mail(id=f"m{n}", to=to, subject="通知", body=f"您好\n.\n第{n}封" * 40, language="zh", at=at)
        for n, to in enumerate(addresses)
    ]


@pytest.fixture(params=[False, True], ids=["one by one", "in one piece"])
def box(postbox, request):
    """The server, offering pipelining or not."""
    postbox.pipelining = request.param
    return postbox


def test_each_refusal_concerns_its_own_message_and_the_others_arrive_whole(box):
    box.refuse = {"b@x.example": "550 nobody", "c@x.example": "451 later", "f@x.example": "550 nobody"}
    box.after = lambda it: "552 too large" if it.addresses()[-1] == "d@x.example" else "250 taken"
    told = mails(*(f"{sign}@x.example" for sign in "abcd"), "e@x.example\r\nRCPT TO:<z@x.example>", "\ud800@x.example")
    told += mails("f@x.example", "g@x.example")
    with connect(server=box.server, sender=SENDER) as server:
        outcomes = list(server.send_all(told))
    permanent, temporary = "smtp_permanent", "smtp_temporary"
    assert outcomes == ["", permanent, temporary, permanent, "address", "address", permanent, ""]
    assert box.addresses() == ["a@x.example", "d@x.example", "g@x.example"]
    read = [message.get_content().replace("\r\n", "\n").rstrip("\n") for _, message in box.arrived[::2]]
    assert read == [told[0].body, told[-1].body]


def test_an_address_in_any_script_is_written_as_the_server_can_read_it(box):
    told = mails("a@例子.example", "王红@例子.example", "c@x.example")
    with connect(server=box.server, sender=SENDER) as server:
        assert list(server.send_all(told)) == ["", "", ""]
    # A domain has a form that every server knows (RFC 5891); a name before it only where the server says so (RFC 6531).
    assert box.addresses() == ["a@xn--fsqu00a.example", "王红@例子.example", "c@x.example"]
    assert box.arrived[1][1]["To"] == "王红@例子.example"


def test_a_server_that_reads_plain_addresses_only_gets_no_other(box, monkeypatch):
    monkeypatch.setattr(box.controller, "SMTP_kwargs", {**box.controller.SMTP_kwargs, "enable_SMTPUTF8": False})
    with connect(server=box.server, sender=SENDER) as server:
        assert list(server.send_all(mails("a@例子.example", "王红@例子.example"))) == ["", "address"]
    assert box.addresses() == ["a@xn--fsqu00a.example"]


def test_no_body_goes_before_the_outcome_of_the_one_before_was_taken(box):
    with connect(server=box.server, sender=SENDER) as server:
        going = server.send_all(mails("a@x.example", "b@x.example", "c@x.example"))
        for count in (1, 2, 3):
            assert next(going) == ""
            assert len(box.arrived) == count
    assert len(box.arrived) == 3


def test_a_server_that_closes_is_unavailable_and_the_next_message_stays(box):
    box.after = lambda it: "421 closing" if len(it.arrived) == 2 else "250 taken"
    outcomes = []
    with connect(server=box.server, sender=SENDER) as server, pytest.raises(Unavailable):
        outcomes.extend(server.send_all(mails("a@x.example", "b@x.example", "c@x.example")))
    assert len(box.arrived) == 2


def test_a_message_ends_only_when_the_one_before_is_known_for_good(box):
    seen = []
    with connect(server=box.server, sender=SENDER) as server:
        going = server.send_all(mails("a@x.example", "b@x.example"), known=lambda: seen.append(len(box.arrived)))
        assert list(going) == ["", ""]
    assert seen == [0, 1]


def test_what_cannot_be_noted_stops_the_sending_and_is_no_fault_of_the_server(box):
    def full():
        if box.arrived:
            raise OSError(28, "no space left")

    outcomes = []
    with connect(server=box.server, sender=SENDER) as server, pytest.raises(OSError, match="no space"):
        outcomes.extend(server.send_all(mails("a@x.example", "b@x.example", "c@x.example"), known=full))
    assert box.addresses() == ["a@x.example"]  # the second was on its way, without its last line no server takes it
