"""The straight road, and every message at every wrong moment."""

from functools import cache
from itertools import product

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit import Status
from shouxin.ground.kernel.refusals import Refusal
from tests.ground.formats.test_pit.cast import TID, Story


def disputed(story: Story) -> Story:
    story.to("DELIVERED").say_mismatch()
    for _ in range(3):
        story.say("A", "resend").say("A", "package").say("B", "receipt").say_mismatch()
    return story


REACHED = {
    **{status: (lambda s, status=status: s.to(status)) for status in ("OFFERED", "ACCEPTED", "SEALED", "DELIVERED")},
    **{status: (lambda s, status=status: s.to(status)) for status in ("IMPORTED", "SETTLED", "HOLD", "PERMITTED")},
    **{status: (lambda s, status=status: s.to(status)) for status in ("DESTROYED", "CLOSED", "DRAFT")},
    "REFUSED": lambda s: s.to("OFFERED").say("B", "refused"),
    "VOID": lambda s: s.to("SEALED").say("A", "void"),
    "EXPIRED": lambda s: s.to("OFFERED").wait(days=30).say("B", "refused", reason="expired"),
    "DISPUTED": disputed,
}


ASIDE = (("IMPORTED", "A", "withdraw"), ("IMPORTED", "V", "attest"), ("SEALED", "B", "refused"))


@cache
def good_matter() -> dict[str, dict[str, object]]:
    """The matter of one well-formed message of each kind, taken where it may stand."""
    messages = [*Story().to("CLOSED").transfer.messages, *disputed(Story()).say("A", "void").transfer.messages]
    found = {each.kind: {name: each[name] for name in pit.FIELDS[each.kind]} for each in messages}
    return {**found, **{kind: Story().to(status).fields(role, kind) for status, role, kind in ASIDE}}


def test_the_straight_road_ends_closed_for_both_sides_and_for_a_checker():
    story = Story().to("CLOSED")

    report = pit.check_offline(story.envelopes, story.parties, at=story.at)

    assert story.status == "CLOSED"
    assert (report.holds, report.status, report.fault) == (True, "CLOSED", "")
    assert len(story.envelopes) == 13


def test_the_table_of_turns_names_every_kind_and_reaches_every_state():
    assert set(pit.TURNS) == set(pit.RULES) == set(pit.FIELDS)
    assert set(REACHED) == {status.value for status in Status}


@pytest.mark.parametrize("status", REACHED)
def test_a_message_at_a_wrong_moment_changes_nothing(status):
    story = REACHED[status](Story())
    assert story.status == status
    before = dict(story.states)
    tried = 0

    for kind, role in product(pit.KINDS, "ABV"):
        if Status(status) not in pit.TURNS[kind].get(role, ()):
            envelope = story.draft(role, kind, matter=good_matter()[kind])
            with pytest.raises(Refusal, match=r"transfer\.(out_of_turn|settled)"):
                story.take(envelope)
            tried += 1

    assert story.states == before
    assert tried > 25


def test_what_was_kept_is_replayed_into_the_same_state_years_later():
    story = Story().to("SETTLED").say("V", "attest").wait(days=900)

    again = pit.replay(begin(story), story.envelopes, at=story.at)

    assert again == story.transfer
    assert [pit.file_name(each["seq"]) for each in again.messages][:2] == ["0001.dsse", "0002.dsse"]


def test_nobody_backdates_through_his_own_product():
    story = Story().to("ACCEPTED")
    envelope = story.draft("A", "package")

    with pytest.raises(Refusal, match=r"transfer\.backdated"):
        pit.step(story.states["A"], envelope, role="A", at=story.wait(days=3).at)
    assert pit.step(story.states["B"], envelope, role="B", at=story.at).status is Status.SEALED


def test_when_both_write_at_once_the_discloser_stands_and_the_receiver_signs_again():
    story = Story().to("DELIVERED")
    ours = story.draft("B", "imported")
    theirs = story.draft("A", "withdraw")
    b_state = pit.step(story.states["B"], ours, role="B", at=story.at)
    a_state = pit.step(story.states["A"], theirs, role="A", at=story.at)

    with pytest.raises(Refusal, match=r"transfer\.crossed"):
        pit.step(b_state, theirs, role="B", at=story.at)
    with pytest.raises(Refusal, match=r"transfer\.crossed"):
        pit.give_way(a_state, ours, role="A", at=story.at)
    gave_way = pit.give_way(b_state, theirs, role="B", at=story.at)

    assert gave_way == a_state
    assert gave_way.is_quarantined


def test_reality_and_simulation_refuse_each_other():
    real, simulated = Story(), Story(simulated=True)
    with pytest.raises(Refusal, match=r"transfer\.simulated_mismatch"):
        real.take(simulated.draft("A", "offer"))
    with pytest.raises(Refusal, match=r"transfer\.simulated_mismatch"):
        simulated.take(real.draft("A", "offer"))


def begin(story: Story) -> pit.Transfer:
    return pit.Transfer.start(
        tid=TID, contract=story.transfer.contract, simulated=story.transfer.simulated, parties=story.parties
    )
