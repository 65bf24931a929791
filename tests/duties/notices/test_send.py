"""Telling everyone: mail first, then short message, telephone, letter; nobody twice, nobody who said no."""

import json
from pathlib import Path

import pytest
from django.db import connection

from shouxin.duties.consent import services as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.inventory.models import Customer
from shouxin.duties.notices import evidence, queries, services
from shouxin.duties.notices.models import Delivery, Mailing
from shouxin.ground.formats.home import HomeFile
from shouxin.ground.kernel.refusals import Refusal, Unavailable
from shouxin.ground.rulebook.gates.codes import Notice
from shouxin.stores.ledger import queries as ledger
from tests.cast import CUSTOMERS
from tests.duties.stage import AT, CASE, RECIPIENT, TEXT, add_customers, adopt, ask, later

PHOTO = "sha256:" + "a" * 64


def send(stage, **changed):
    """Send as the clerk."""
    return services.send(**{"case": CASE, "by": stage.clerk, "at": AT, **changed})


def test_everyone_gets_one_whole_message_in_their_language_with_a_code_that_leads_back(stage, with_mail):
    adopt(stage)
    result = send(stage)
    assert result.states == {"sent": 5}
    assert sorted(with_mail.addresses()) == [f"c{number}@post.example" for number in range(1, 6)]
    by_address = dict(with_mail.arrived)
    chinese, english = by_address["c1@post.example"], by_address["c4@post.example"]
    assert chinese["Content-Language"] == "zh"
    assert "Dear customer" in english.get_content()
    body = chinese.get_content()
    for words in ("【青禾家政】", "云杉家庭服务有限公司", "021-00000002", "门锁密码", "不会索要验证码", "不同意"):
        assert words in body
    assert "http" not in body
    code = body.split("您的答复码：")[1].split("\n")[0]
    assert queries.resolve_code(code) == (CASE, stage.customers[0])


def test_it_says_so_once_per_batch_and_nobody_is_told_twice(stage, with_mail):
    adopt(stage)
    send(stage)
    send(stage, at=later(hours=1))
    assert len(with_mail.arrived) == 5
    entries = ledger.entries(kinds=["notices.sent"])
    assert sum(entry.facts["people"] for entry in entries) == 5
    assert [entry.facts["channel"] for entry in entries] == ["email", "email"]
    told = "".join(raw.decode() for raw in ledger.raw())
    for role in CUSTOMERS:
        assert role.name not in told
        assert role.mobile not in told


def test_whoever_is_refused_by_the_server_gets_the_next_channel_at_once(stage, with_mail, home):
    adopt(stage)
    with_mail.refuse = {"c1@post.example": "550 no such user", "c2@post.example": "451 later"}
    result = send(stage)
    assert result.states == {"sent": 5}
    assert len(with_mail.arrived) == 3
    first = queries.delivery(stage.customers[0], CASE)
    assert [(each.channel, each.state, each.reason) for each in first] == [
        ("email", "bounced", "smtp_permanent"),
        ("sms", "sent", ""),
    ]
    assert queries.delivery(stage.customers[1], CASE)[0].reason == "smtp_temporary"
    dropped = sorted((home / "spool" / "sms").glob("*.json"))
    messages = [json.loads(path.read_text("utf-8")) for path in dropped]
    assert {message["to"] for message in messages} == {CUSTOMERS[0].mobile, CUSTOMERS[1].mobile}
    assert all(len(message["text"]) <= 350 and "青禾家政" in message["text"] for message in messages)


def test_without_mail_and_telephone_a_letter_and_at_last_only_an_announcement(stage, without_mail, home):
    adopt(stage)
    letter, nobody = add_customers(({"name": "木头人", "address": "测试市样例区己六路7号"}, {"name": "无处寻"}))
    result = send(stage, channels=("phone", "letter"))
    assert result.states == {"listed": 6, "unreachable": 1}
    assert sorted(Path(file).suffix for file in result.files) == [".pdf", ".xlsx", ".xlsx"]
    assert all((home / file).is_file() for file in result.files)
    states = queries.states(CASE, later(days=1))
    by_customer = dict(zip(states.customer.tolist(), states.notice.tolist(), strict=True))
    # On a list is not yet told: somebody has to call, and write the letter out.
    assert by_customer[stage.customers[0]] == by_customer[letter] == Notice.NONE
    assert by_customer[nobody] == Notice.UNREACHABLE
    assert queries.missing(CASE, later(days=1)) == {"listed_not_told": 6, "no_contact": 1}
    services.mark_delivered(
        case=CASE, customers=[*stage.customers, letter], how="called", by=stage.clerk, at=later(days=1)
    )
    finding = evidence.reached_or_announced_share(CASE, later(days=1))
    assert (finding.holds, round(finding.value, 3)) == (False, 0.857)
    assert not evidence.nobody_unreachable(CASE, later(days=1)).holds
    services.record_announcement(
        case=CASE, place="店门口", days=10, photo_digest=PHOTO, by=stage.officer, at=later(days=1)
    )
    assert not evidence.reached_or_announced_share(CASE, later(days=2)).holds
    finding = evidence.reached_or_announced_share(CASE, later(days=13))
    assert (finding.holds, finding.value, finding.missing) == (True, 1.0, ())
    assert evidence.nobody_unreachable(CASE, later(days=13)).holds


def test_what_came_back_opens_the_next_channel(stage, with_mail, home, tmp_path):
    adopt(stage)
    send(stage)
    number = next(at for at, (address, _) in enumerate(with_mail.arrived) if address == "c1@post.example")
    original = with_mail.arrived[number][1]
    folder = tmp_path / "back"
    folder.mkdir()
    (folder / "1").write_bytes(_came_back(original["Message-ID"], "failed"))
    (folder / "2").write_bytes(_came_back(with_mail.arrived[number - 1][1]["Message-ID"], "delayed"))
    (folder / "3").write_bytes(b"Subject: hello\n\nno notice at all")
    assert services.import_bounces(case=CASE, folder=folder, by=stage.clerk, at=later(days=1)) == 1
    assert services.import_bounces(case=CASE, folder=folder, by=stage.clerk, at=later(days=1)) == 0
    send(stage, at=later(days=1))
    tried = queries.delivery(stage.customers[0], CASE)
    assert [(each.channel, each.state) for each in tried] == [("email", "bounced"), ("sms", "sent")]
    assert len(with_mail.arrived) == 5


def _came_back(message_id, action):
    return (
        "From: mailer-daemon@post.example\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nsorry\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; post.example\n\n"
        f"Final-Recipient: rfc822; someone@post.example\nAction: {action}\nStatus: 5.1.1\n\n"
        f"--b\nContent-Type: message/rfc822\n\nMessage-ID: {message_id}\nSubject: x\n\nbody\n--b--\n"
    ).encode()


def test_whoever_said_no_is_not_asked_again(stage, with_mail):
    adopt(stage)
    ask(stage)
    consent.record(
        case=CASE,
        customer=stage.customers[0],
        recipient=RECIPIENT,
        text_digest=TEXT,
        answer="refuse",
        categories=(),
        sensitive_agreed=False,
        guardian=False,
        route="counter",
        proof=b"",
        recorded_by=stage.clerk,
        at=AT,
    )
    result = send(stage)
    assert result.refused == 1
    assert "c1@post.example" not in with_mail.addresses()
    # She answered, so she knew: told, and not missing from the share.
    assert evidence.reached_or_announced_share(CASE, AT).holds


def test_a_server_that_falls_silent_stops_the_sending_and_the_next_call_goes_on(stage, with_mail):
    adopt(stage)

    def fall_silent(box):
        return "421 closing" if len(box.arrived) == 3 else "250 taken"

    with_mail.after = fall_silent
    with pytest.raises(Unavailable):
        send(stage)
    assert Delivery.objects.filter(state="sent").count() == 2
    assert Mailing.objects.filter(state="open").count() == 1
    with_mail.after = None
    result = send(stage, at=later(minutes=5))
    assert result.states == {"sent": 5}
    assert result.in_doubt == 1
    twice = [address for address in with_mail.addresses() if with_mail.addresses().count(address) > 1]
    # The one in doubt went again under the same message id; nobody else did.
    assert len(set(twice)) == 1
    ids = [message["Message-ID"] for address, message in with_mail.arrived if address == twice[0]]
    assert len(set(ids)) == 1


@pytest.mark.parametrize("who", ["outsider", "second"])
def test_staff_without_leave_send_nothing(stage, with_mail, who):
    adopt(stage)
    with pytest.raises(Refusal, match=r"access\."):
        send(stage, by=getattr(stage, who))
    assert with_mail.arrived == []
    assert Delivery.objects.count() == 0


def test_it_refuses_without_a_text_and_without_a_channel(stage, without_mail):
    with pytest.raises(Refusal, match=r"notices\.no_text"):
        send(stage)
    adopt(stage)
    with pytest.raises(Refusal, match=r"notices\.no_channel"):
        send(stage, channels=("email",))


def test_a_link_is_offered_only_when_the_home_has_a_public_address(stage, with_mail, settings):
    adopt(stage, public_address="https://notice.qinghe.example")
    with pytest.raises(Refusal, match=r"notices\.no_public_address"):
        send(stage)
    settings.SHOUXIN = HomeFile(**{**vars(settings.SHOUXIN), "public_address": "https://notice.qinghe.example"})
    send(stage)
    body = next(m.get_content() for address, m in with_mail.arrived if address == "c1@post.example")
    token = body.split("https://notice.qinghe.example/a/")[1][:26]
    assert queries.resolve_token(token) == (CASE, stage.customers[0])


def test_no_code_no_token_and_no_address_stands_in_the_tables(stage, with_mail):
    adopt(stage)
    send(stage)
    codes = [
        m.get_content().split("您的答复码：")[1][:9] for _, m in with_mail.arrived if "您的答复码：" in m.get_content()
    ]
    with connection.cursor() as cursor:
        stored = ""
        for table in ("notices_replykey", "notices_delivery", "notices_mailing", "notices_text"):
            cursor.execute(f"SELECT * FROM {table}")
            stored += str(cursor.fetchall())
    assert codes
    for word in [*codes, *(code.replace("-", "") for code in codes), *with_mail.addresses()]:
        assert word not in stored


def test_a_child_is_told_through_the_guardian(stage, without_mail, home):
    adopt(stage)
    (child,) = add_customers(({"name": "小小", "phone": "19900000008", "guardian_phone": "19900000009"},))
    Customer.objects.filter(customer=child).update(age_band="child")
    send(stage, channels=("sms",))
    sent = [json.loads(path.read_text("utf-8"))["to"] for path in (home / "spool" / "sms").glob("*.json")]
    assert "19900000009" in sent
    assert "19900000008" not in sent


def test_short_messages_to_one_telephone_lie_in_the_order_of_the_customers(stage, without_mail, home):
    adopt(stage)
    family = add_customers(tuple({"name": name, "phone": "19900000007"} for name in ("木头甲", "木头乙", "木头丙")))
    send(stage, channels=("sms",))
    files = sorted((home / "spool" / "sms").glob("*.json"))
    texts = [json.loads(path.read_text("utf-8"))["text"] for path in files[-len(family) :]]
    assert [queries.resolve_code(text.split("答复码")[1][:9]) for text in texts] == [(CASE, each) for each in family]


def test_the_spools_are_registered_as_places(stage, without_mail):
    adopt(stage)
    send(stage, channels=("sms", "phone"))
    assert sorted(place.title for place in inventory.places()) == ["spool/lists", "spool/sms"]
