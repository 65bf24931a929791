"""Lawful bases, and every way in which a consent does not carry a flow."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shouxin.ground.rulebook import terms
from shouxin.ground.rulebook.bases import NOTICE_ELEMENTS, Asked, Basis, ConsentForm, Defect, defects_of, name_defects

HANDED = datetime(2026, 12, 31, tzinfo=UTC)
ASKED = Asked(
    recipient="recipient:b",
    purposes=frozenset({"service"}),
    methods=frozenset({"transfer"}),
    categories=frozenset({"basic"}),
    handed_over_at=HANDED,
    changed_at=datetime(2026, 11, 1, tzinfo=UTC),
)
GOOD = ConsentForm(
    recipients=frozenset({"recipient:b"}),
    purposes=frozenset({"service", "warranty"}),
    methods=frozenset({"transfer"}),
    categories=frozenset({"basic", "purchase"}),
    elements=NOTICE_ELEMENTS,
    given_at=datetime(2026, 12, 1, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("change", "defects"),
    [
        ({}, Defect(0)),
        ({"recipients": frozenset({"recipient:c"})}, Defect.RECIPIENT),
        ({"purposes": frozenset({"warranty"})}, Defect.PURPOSE),
        ({"methods": frozenset()}, Defect.METHOD),
        ({"categories": frozenset({"purchase"})}, Defect.CATEGORY),
        ({"elements": NOTICE_ELEMENTS - {"method"}}, Defect.TEXT),
        ({"bundled": True}, Defect.BUNDLED),
        ({"recipients": frozenset({"recipient:b", "recipient:c"})}, Defect.TWO_RECIPIENTS),
        ({"pre_ticked": True}, Defect.PRE_TICKED),
        ({"recipients": frozenset()}, Defect.BLANKET),
        ({"by_entitled_person": False}, Defect.WRONG_PERSON),
        ({"given_at": HANDED}, Defect.AFTER_FACT),
        ({"given_at": datetime(2026, 10, 1, tzinfo=UTC)}, Defect.BEFORE_CHANGE),
        ({"induced": True}, Defect.INDUCED),
        ({"has_proof": False}, Defect.NO_PROOF),
        ({"bundled": True, "has_proof": False}, Defect.BUNDLED | Defect.NO_PROOF),
    ],
)
def test_each_defect_is_found_and_only_it(change, defects):
    assert defects_of(replace(GOOD, **change), ASKED) == defects


def test_every_defect_is_named_in_words():
    names = name_defects(Defect.BUNDLED | Defect.NO_PROOF)
    assert names == ("defect.bundled", "defect.no_proof")
    assert all(terms.term(name).zh for name in name_defects(sum(Defect)))
    assert len(name_defects(sum(Defect))) == 14


def test_an_unrecorded_basis_counts_as_consent():
    assert [basis.name for basis in Basis if basis.rests_on_consent] == ["UNKNOWN", "CONSENT"]
    assert all(f"basis.{basis.name.lower()}" in terms.terms() for basis in Basis)
