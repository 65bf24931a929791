"""Flip any byte and it is found; and what no table of vectors names."""

import random

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.formats.pit import Ledger, Parties
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pit.cast import Story, houses


def test_no_byte_of_an_envelope_can_be_flipped():
    story = Story().to("ACCEPTED")
    envelope = story.draft("A", "package")
    drawn = random.Random(7)

    for place in drawn.sample(range(len(envelope)), 150):
        bad = bytearray(envelope)
        bad[place] ^= 1 << drawn.randrange(8)
        with pytest.raises(Corrupt):
            pit.step(story.transfer, bytes(bad), role="B", at=story.at)
    assert pit.step(story.transfer, envelope, role="B", at=story.at).status == "SEALED"


@pytest.mark.parametrize(("kind", "role"), [("offer", "A"), ("accept", "B"), ("attest", "V")])
def test_matter_of_another_form_is_not_signed(kind, role):
    story = Story().to("OFFERED")
    matter = story.fields(role, kind)
    for wrong in ({**matter, "remark": "x"}, dict.fromkeys(matter), {}):
        with pytest.raises(Corrupt):
            story.draft(role, kind, matter=wrong)


def test_nobody_signs_for_another_and_no_key_stands_for_two():
    story = Story()
    cast = houses()
    with pytest.raises(Refusal, match=r"transfer\.signer"):
        pit.write(
            story.transfer,
            "offer",
            story.fields("A", "offer"),
            role="A",
            signer=cast["B"].signer,
            ledger=Ledger(cast["A"].note()),
            issued=story.at,
            expires=story.at,
        )
    with pytest.raises(Refusal, match=r"transfer\.same_key"):
        Parties(a=cast["A"].signer.public, b=cast["A"].signer.public)


def test_a_pinned_origin_must_be_the_ledgers():
    story = Story()
    pinned = Parties(a=story.parties.a, b=story.parties.b, origins={"A": "elsewhere.test/a"})
    begun = pit.Transfer.start(
        tid=story.transfer.tid, contract=story.transfer.contract, simulated=False, parties=pinned
    )
    with pytest.raises(Corrupt, match="another's"):
        pit.step(begun, story.draft("A", "offer"), role="B", at=story.at)


def test_an_envelope_tells_whose_it_is_before_its_keys_are_known():
    story = Story()
    kind, predicate = pit.peek(story.draft("A", "offer"))
    assert (kind, predicate["tid"], predicate["contract"]) == ("offer", story.transfer.tid, story.transfer.contract)
