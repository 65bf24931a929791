"""A permit: two people, two keys, findings that hold, a scope that is not empty, a time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shouxin.ground.formats import permit
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pack import cast

GOOD = cast.permit_of(cast.found(simulated=False, filler=4)[0], simulated=False, at=cast.ENDED)
BOTH = [cast.OFFICER, cast.OWNER]


def test_what_was_issued_is_what_is_read():
    envelope = permit.issue(GOOD, signers=BOTH)
    read = permit.check(envelope, keys={each.key_id: each.public for each in BOTH})
    assert replace(read, approver_keys=(), digest="") == GOOD
    assert read.approver_keys == (cast.OFFICER.key_id, cast.OWNER.key_id)
    assert read.cells == 2080


@pytest.mark.parametrize(
    ("code", "change", "signers"),
    [
        ("permit.approvers", {}, [cast.OFFICER]),
        ("permit.approvers", {}, [cast.OFFICER, cast.OFFICER]),
        ("permit.approvers", {"approvers": ("staff:1", "staff:1")}, BOTH),
        ("permit.approvers", {"approvers": ("staff:1", "staff:2", "staff:3")}, BOTH),
        ("permit.findings", {"findings": ({**GOOD.findings[0], "holds": False},)}, BOTH),
        ("permit.scope", {"counts": ()}, BOTH),
        ("permit.times", {"expires": GOOD.issued}, BOTH),
    ],
)
def test_it_is_not_issued_when(code, change, signers):
    with pytest.raises(Refusal) as refused:
        permit.issue(replace(GOOD, **change), signers=signers)
    assert refused.value.code == code


def test_a_key_that_is_not_pinned_is_refused():
    envelope = permit.issue(GOOD, signers=BOTH)
    with pytest.raises(Corrupt, match="not pinned"):
        permit.check(envelope, keys={cast.OWNER.key_id: cast.OWNER.public})


def test_it_is_in_force_from_its_issue_until_it_expires():
    permit.check_in_force(GOOD, at=GOOD.issued)
    permit.check_in_force(GOOD, at=GOOD.expires)
    for at, code in ((GOOD.issued - timedelta(seconds=1), "early"), (GOOD.expires + timedelta(seconds=1), "expired")):
        with pytest.raises(Refusal, match=code):
            permit.check_in_force(GOOD, at=at)
