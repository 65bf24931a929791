"""Destruction waits for all of it, and says all that is missing."""

from datetime import timedelta

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit import DestructionFacts
from tests.ground.formats.test_pit.cast import Story, sha

SOUND = DestructionFacts(approvers=frozenset({sha("one"), sha("two")}), backups_listed=1, holds_open=0)


def missing(story: Story, facts: DestructionFacts = SOUND) -> set[str]:
    found = pit.gates_for_destruction(story.transfer, facts)
    return {each.code.removeprefix("transfer.gate.") for each in found}


def test_before_anything_moved_everything_is_missing_at_once():
    nothing = DestructionFacts(approvers=frozenset(), backups_listed=0, holds_open=2)
    assert missing(Story(), nothing) == set(pit.GATES) - {"no_dispute", "withdrawals_acknowledged"}


def test_one_gate_after_the_other_opens_and_none_by_waiting_alone():
    story = Story().to("IMPORTED")
    assert missing(story) == {"challenge_passed", "settled", "cooling_off"}
    story.say("V", "challenge")
    assert missing(story) == {"challenge_passed", "settled", "cooling_off"}
    story.say("B", "answer").say("A", "settled")
    assert missing(story) == {"cooling_off"}
    story.say("B", "ack").wait(days=100)
    assert missing(story) == {"cooling_off"}  # a hundred days passed, but B has not said so
    story.say("B", "ack")
    assert missing(story) == set()


def test_the_cooling_off_counts_between_two_cosignatures_of_the_receiver_only():
    story = Story(cooling_off_hours=72).to("HOLD").wait(hours=71).say("B", "ack")
    due = [each.due for each in pit.missing_by_chain(story.transfer)]
    assert missing(story) == {"cooling_off"}
    assert due > ["2026-11-26"]
    story.wait(hours=2).say("B", "ack")
    assert missing(story) == set()
    assert len(pit.cooling_off_since(story.transfer)) == 3


def test_another_acknowledgement_proves_the_cooling_off_once_and_not_before_its_end():
    story = Story(cooling_off_hours=72).to("SETTLED")
    assert not pit.would_prove_cooling_off(story.transfer, story.at)  # nothing was acknowledged yet
    story.say("B", "ack")
    begun = story.at
    assert not pit.would_prove_cooling_off(story.transfer, begun + timedelta(hours=72, seconds=-1))
    assert pit.would_prove_cooling_off(story.transfer, begun + timedelta(hours=72))
    story.wait(hours=72).say("B", "ack")
    assert missing(story) == set()
    assert not pit.would_prove_cooling_off(story.transfer, story.at + timedelta(days=9))


@pytest.mark.parametrize(
    ("facts", "gate"),
    [
        (DestructionFacts(approvers=frozenset({sha("one")}), backups_listed=1, holds_open=0), "two_approvers"),
        (DestructionFacts(approvers=SOUND.approvers, backups_listed=0, holds_open=0), "backups_listed"),
        (DestructionFacts(approvers=SOUND.approvers, backups_listed=1, holds_open=1), "no_hold"),
    ],
)
def test_what_the_own_house_lacks_is_missing_too(facts, gate):
    story = Story().to("PERMITTED")
    assert missing(story) == set()
    assert missing(story, facts) == {gate}


def test_without_a_cooling_off_one_acknowledgement_is_enough():
    assert missing(Story(cooling_off_hours=0).to("HOLD")) == set()
