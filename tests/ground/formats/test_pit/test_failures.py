"""Every row of the failure table, tried from each side; each ends in the stated state."""

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.roots import totals
from shouxin.ground.kernel.refusals import Refusal
from tests.ground.formats.test_pit.cast import B_KEYS, WHOLE, Story, after_withdrawal, hexed, sha
from tests.ground.formats.test_pit.test_story import disputed


def partial_import(s: Story) -> None:
    s.to("DELIVERED").say_mismatch()
    open_buckets = {"customers": [0], "orders": [0, 3]}
    s.say("A", "settled", unsettled=open_buckets)
    assert s.status == "IMPORTED"
    assert "transfer.gate.imported_full" in codes(s)
    s.say("B", "resend", buckets=open_buckets).say("A", "package")
    assert s.transfer.the("package")["covers"] == open_buckets
    s.say("B", "receipt").say("B", "imported")


def same_part_again(s: Story) -> None:
    s.to("SEALED")
    good = s.fields("B", "receipt")["parts"]
    first = [good[0], {**good[1], "arrived": False, "digest": None, "opened": False}]
    s.say("B", "receipt", parts=first)
    assert s.status == "SEALED"
    s.say("B", "resend", reason="lost", parts=["package.age.002"], buckets={}, round=0)
    s.say("B", "receipt")
    s.say("B", "receipt")


def new_ciphertext(s: Story) -> None:
    s.to("DELIVERED").say("B", "resend", reason="damaged", parts=["package.age.001"], buckets={}, round=0)
    before = s.digest("package")
    s.say("A", "package")
    assert s.transfer.the("package")["replaces"] == before


def reseal_to_a_new_key(s: Story) -> None:
    s.to("SEALED")
    s.say("B", "accept", replaces=s.digest("accept"), recipient=B_KEYS[2], nonce=hexed("another"))
    s.say("A", "package")
    assert s.transfer.the("package")["recipient"] == B_KEYS[2]


def withdrawal_in_flight(s: Story) -> None:
    s.to("DELIVERED").say("A", "withdraw")
    old = {name: {**each, "values": None} for name, each in totals(WHOLE).items()}
    s.say("B", "imported", epoch=0, tables=old)
    assert s.transfer.is_quarantined
    refuses(s, "transfer.old_epoch", "A", "settled", epoch=0)
    withdraw = s.digest("withdraw")
    s.say("B", "ack", answers=withdraw, epoch=1)
    s.say("B", "imported")
    assert not s.transfer.is_quarantined
    s.say("A", "settled")


def withdrawal_told_to_the_receiver(s: Story) -> None:
    s.to("DELIVERED").say("B", "withdraw")
    tables = {name: {**each, "values": None} for name, each in totals(after_withdrawal(7)).items()}
    backup = {"digest": sha("backup"), "drilled": s.transfer.the("receipt")["issued"], "sample": 5}
    early = {"package": s.digest("package"), "epoch": 1, "tables": tables, "exceptions": [], "backup": backup}
    refuses(s, "transfer.not_acknowledged", "B", "imported", matter=early)
    s.say("A", "ack", answers=s.digest("withdraw"), epoch=1, tables=totals(after_withdrawal(7)))
    s.say("B", "imported")


def withdrawal_after_settled(s: Story) -> None:
    s.to("HOLD").wait(hours=80).say("A", "withdraw")
    assert codes(s) == {"transfer.gate.withdrawals_acknowledged", "transfer.gate.cooling_off"}
    s.say("B", "ack", answers=s.digest("withdraw"), epoch=1, tables=totals(after_withdrawal(7)))
    assert codes(s) == set()


def withdrawal_takes_the_permit_back(s: Story) -> None:
    s.to("PERMITTED").say("A", "withdraw")
    refuses(s, "transfer.gates", "A", "destroy-permit")


def withdrawal_not_applied(s: Story) -> None:
    s.to("HOLD").say("A", "withdraw")
    s.say("B", "ack", answers=s.digest("withdraw"), epoch=1, tables=totals(WHOLE))


def lost_key_after_delivery(s: Story) -> None:
    s.to("DELIVERED").say("B", "void", reason="key_lost")
    assert s.transfer.the("void")["deleted"] is True


def insolvent_told_by_the_discloser(s: Story) -> None:
    s.to("IMPORTED").say("A", "void", reason="insolvent")
    s.say("B", "ack", answers=s.digest("void"), deleted=True)


def insolvent_after_settled(s: Story) -> None:
    s.to("SETTLED")
    refuses(s, "transfer.settled", "A", "void", reason="insolvent")
    refuses(s, "transfer.settled", "B", "void", reason="insolvent")


def wrong_recipient(s: Story) -> None:
    s.to("ACCEPTED")
    refuses(s, "transfer.wrong_recipient", "A", "package", recipient=B_KEYS[1])
    s.say("A", "package").say("B", "refused", reason="cannot_open")
    assert s.transfer.is_incident


def refused_by_the_discloser(s: Story) -> None:
    s.to("ACCEPTED").say("A", "refused", reason="wrong_recipient")
    assert not s.transfer.is_incident


def expired_at_the_receiver(s: Story) -> None:
    s.to("SEALED")
    refuses(s, "transfer.not_expired", "B", "refused", reason="expired")
    s.wait(days=15)
    with pytest.raises(Refusal, match=r"transfer\.expired"):
        pit.check_may_import(s.states["B"], s.at)
    refuses(s, "transfer.expired", "B", "receipt")
    s.say("B", "refused", reason="expired")


def expired_before_import(s: Story) -> None:
    s.to("DELIVERED").wait(days=15)
    refuses(s, "transfer.expired", "B", "imported")
    s.say("B", "refused", reason="expired")


def expired_told_by_the_discloser(s: Story) -> None:
    s.to("DELIVERED")
    refuses(s, "transfer.not_expired", "A", "void", reason="expired")
    s.wait(days=15).say("A", "void", reason="expired")


def offer_expired(s: Story) -> None:
    s.to("OFFERED").wait(days=15)
    refuses(s, "transfer.expired", "B", "accept")
    s.say("B", "refused", reason="expired")


def receiver_is_silent(s: Story) -> None:
    s.to("SEALED").wait(days=400)
    assert [each.code for each in pit.overdue(s.transfer, s.at)] == ["transfer.overdue.package"]
    matter = {"imported": sha("none"), "tables": totals(WHOLE), "epoch": 0, "unsettled": {}}
    refuses(s, "transfer.out_of_turn", "A", "settled", matter=matter)


def disputed_then_ended(s: Story) -> None:
    disputed(s)
    assert s.status == "DISPUTED"
    assert "transfer.gate.no_dispute" in codes(s)
    s.say("A", "void", reason="mismatch")


def answer_that_is_wrong(s: Story) -> None:
    s.to("IMPORTED").say("V", "challenge")
    wrong = pit.answer(after_withdrawal(*range(40)), s.transfer.the("challenge")["buckets"])
    s.say("B", "answer", tables=wrong)


def replayed_package(s: Story) -> None:
    s.to("DELIVERED")
    for state in s.states.values():
        with pytest.raises(Refusal, match=r"transfer\.replayed"):
            pit.step(state, s.envelopes[2], role="B", at=s.at)


def other_nonce(s: Story) -> None:
    s.to("ACCEPTED")
    refuses(s, "transfer.wrong_nonce", "A", "package", nonce=hexed("of another transfer"))


ROWS = {
    "partial import is settled per bucket and the rest comes again": (partial_import, "IMPORTED"),
    "the same part again is the same receipt": (same_part_again, "DELIVERED"),
    "a new ciphertext is a new package that names the old": (new_ciphertext, "SEALED"),
    "three rounds of mismatch are disputed": (disputed, "DISPUTED"),
    "a dispute ends in void, the discloser keeps": (disputed_then_ended, "VOID"),
    "a wrong answer to a challenge is a dispute": (answer_that_is_wrong, "DISPUTED"),
    "a package is not taken twice": (replayed_package, "DELIVERED"),
    "a package under another nonce is refused": (other_nonce, "ACCEPTED"),
    "a package to a wrong key is an incident": (wrong_recipient, "REFUSED"),
    "the discloser refuses a key that is not the contract's": (refused_by_the_discloser, "REFUSED"),
    "an expired package is deleted and refused": (expired_at_the_receiver, "EXPIRED"),
    "a delivered package expires too": (expired_before_import, "EXPIRED"),
    "the discloser ends what expired": (expired_told_by_the_discloser, "EXPIRED"),
    "an offer expires": (offer_expired, "EXPIRED"),
    "an import with an old epoch is never settled": (withdrawal_in_flight, "SETTLED"),
    "a withdrawal told to the receiver counts": (withdrawal_told_to_the_receiver, "IMPORTED"),
    "a withdrawal after settling holds destruction until acknowledged": (withdrawal_after_settled, "HOLD"),
    "a withdrawal takes the permit back": (withdrawal_takes_the_permit_back, "HOLD"),
    "a withdrawal that was not applied is a dispute": (withdrawal_not_applied, "DISPUTED"),
    "a silent receiver never unlocks anything": (receiver_is_silent, "SEALED"),
    "insolvent before settled is void": (insolvent_told_by_the_discloser, "VOID"),
    "insolvent after settled is a new flow": (insolvent_after_settled, "SETTLED"),
    "a key lost before delivery is sealed again": (reseal_to_a_new_key, "SEALED"),
    "a key lost after delivery ends it": (lost_key_after_delivery, "VOID"),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_failure_ends_in_its_state_on_every_side(row):
    fails, ends = ROWS[row]
    story = Story()

    fails(story)

    report = pit.check_offline(story.envelopes, story.parties, at=story.at)
    assert {state.status.value for state in story.states.values()} == {ends}
    assert (report.holds, report.status) == (True, ends)
    assert ends in ("HOLD", "CLOSED") or codes(story)


def test_after_a_mismatch_was_mended_the_road_goes_on_to_the_end():
    story = Story()
    partial_import(story)
    story.say("A", "challenge").say("B", "answer").say("A", "settled").say("B", "ack").wait(hours=73).say("B", "ack")
    story.say("A", "destroy-permit").say("A", "destroyed").say("B", "ack")
    assert story.status == "CLOSED"


def test_an_acknowledgement_is_due_within_the_agreed_hours():
    story = Story().to("HOLD").say("A", "withdraw")
    assert pit.overdue(story.transfer, story.at) == ()
    late = pit.overdue(story.transfer, story.wait(hours=25).at)
    assert [(each.code, each.owner) for each in late] == [("transfer.overdue.ack", "B")]


WRONG = {
    "offer: counts that are not rounded": (
        "DRAFT",
        "A",
        "offer",
        {"counts": {"basic": 401, "purchase": 400}},
        "counts",
    ),
    "offer: a class without a count": ("DRAFT", "A", "offer", {"counts": {"basic": 400}}, "counts"),
    "accept: a purpose that was not offered": ("OFFERED", "B", "accept", {"purposes": ["营销"]}, "purposes"),
    "accept: the same key again": ("SEALED", "B", "accept", {"replaces": "accept"}, "key_reused"),
    "package: names a package that was not": ("ACCEPTED", "A", "package", {"replaces": sha("x")}, "replaces"),
    "package: sizes that do not add up": ("ACCEPTED", "A", "package", {"size": 301}, "parts"),
    "package: only some buckets at first": ("ACCEPTED", "A", "package", {"covers": {"orders": [1]}}, "covers"),
    "package: retention of a class not offered": (
        "ACCEPTED",
        "A",
        "package",
        {"retention": {"need": "x"}},
        "retention",
    ),
    "package: one seed for two": (
        "ACCEPTED",
        "A",
        "package",
        {"commitments": {"A": "0" * 64, "V": "0" * 64}},
        "commitment",
    ),
    "receipt: of another package": ("SEALED", "B", "receipt", {"package": sha("x")}, "other_package"),
    "imported: of another package": ("DELIVERED", "B", "imported", {"package": sha("x")}, "other_package"),
    "imported: an epoch that is not": ("DELIVERED", "B", "imported", {"epoch": 1}, "epoch"),
    "imported: a table less": ("DELIVERED", "B", "imported", {"tables": "one"}, "tables"),
    "imported: a drill before the import": (
        *("DELIVERED", "B", "imported"),
        {"backup": {"digest": sha("b"), "drilled": "2026-11-22T00:00:00Z", "sample": 1}},
        "drill",
    ),
    "challenge: a seed that was not committed": ("IMPORTED", "A", "challenge", {"seed": "11" * 32}, "commitment"),
    "challenge: buckets that were chosen": ("IMPORTED", "A", "challenge", {"buckets": {"orders": [0]}}, "draw"),
    "settled: of another import": ("IMPORTED", "A", "settled", {"imported": sha("x")}, "other_import"),
    "settled: nothing is open but buckets are named": (
        *("IMPORTED", "A", "settled"),
        {"unsettled": {"orders": [0]}},
        "unsettled",
    ),
    "resend: nothing to send again": ("IMPORTED", "A", "resend", {}, "nothing_to_resend"),
    "withdraw: an epoch too far": ("IMPORTED", "A", "withdraw", {"epoch": 2}, "epoch"),
    "withdraw: more rows than before": (
        *("IMPORTED", "A", "withdraw"),
        {"tables": {n: {"root": "00" * 32, "rows": 401} for n in ("customers", "orders")}},
        "tables",
    ),
    "refused: the ciphertext was kept": ("SEALED", "B", "refused", {"deleted": False}, "deleted"),
    "void: the ciphertext was kept": ("SEALED", "B", "void", {"deleted": False}, "deleted"),
    "ack: deleted what was not asked": ("SETTLED", "B", "ack", {"deleted": True}, "deleted"),
    "destroyed: another permit": ("PERMITTED", "A", "destroyed", {"permit": sha("x")}, "other_permit"),
}


@pytest.mark.parametrize("name", WRONG)
def test_it_refuses(name):
    status, role, kind, changes, code = WRONG[name]
    story = Story().to(status)
    if changes.get("replaces") == "accept":
        changes = {"replaces": story.digest("accept")}
    if changes.get("tables") == "one":
        changes = {"tables": {"orders": story.fields("B", "imported")["tables"]["orders"]}}
    refuses(story, "transfer." + code, role, kind, **changes)
    assert story.status == status


def refuses(story: Story, code: str, role: str, kind: str, **changes: object) -> None:
    envelope = story.draft(role, kind, **changes)
    for side, state in story.states.items():
        with pytest.raises(Refusal) as caught:
            pit.step(state, envelope, role=side, at=story.at)
        assert caught.value.code == code


def codes(story: Story) -> set[str]:
    return {each.code for each in pit.missing_by_chain(story.transfer)}
