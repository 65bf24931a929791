"""Table C: the notices that a change owes even where nothing moves; and who a recipient is."""

from dataclasses import replace
from datetime import date

import pytest

from shouxin.ground.rulebook import law, terms
from shouxin.ground.rulebook.gates import (
    ROLE_OF,
    UNDECLARED,
    ChangeFacts,
    FlowRole,
    RecipientKind,
    Structure,
    To,
    Told,
    notices_owed,
)

ON = date(2026, 3, 2)
QUIET = ChangeFacts(
    structures=frozenset({Structure.EQUITY}),
    changed=frozenset(),
    changed_on=ON,
    own_page=True,
    ends_online=False,
    licence_changed=False,
    officer_changed=False,
    province_changed=False,
    simplified_notice=False,
    offers_beyond=False,
)


def owed(**changes):
    return [(each.code, each.due) for each in notices_owed(replace(QUIET, **changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"changed": frozenset({Told.PURPOSE})}, [("owed.change", ON)]),
        ({"structures": frozenset({Structure.ADDRESS})}, [("owed.change", ON)]),
        ({"ends_online": True, "ends_online_on": date(2026, 5, 31)}, [("owed.online_ends", date(2026, 5, 1))]),
        ({"ends_online": True, "own_page": False}, []),
        ({"licence_changed": True}, [("owed.licence", date(2026, 3, 17))]),
        ({"licence_changed": True, "own_page": False}, []),
        ({"officer_changed": True}, [("owed.officer_public", ON), ("owed.officer_reported", ON)]),
        ({"province_changed": True}, [("owed.province", ON)]),
        (
            {"structures": frozenset({Structure.DISSOLUTION}), "liquidation_group_on": ON, "dissolution_cause_on": ON},
            [
                ("owed.creditors_told", date(2026, 3, 12)),
                ("owed.creditors_announced", date(2026, 5, 1)),
                ("owed.dissolution_cause", date(2026, 3, 12)),
            ],
        ),
        ({"simplified_notice": True, "offers_beyond": True}, [("owed.full_notice", None)]),
        ({"simplified_notice": True, "offers_beyond": False}, []),
    ],
)
def test_what_is_owed_and_by_when(changes, expected):
    assert owed(**changes) == expected


@pytest.mark.parametrize(("structure", "article"), [(Structure.MERGER, "CO-220"), (Structure.DIVISION, "CO-222")])
def test_creditors_of_a_merger_or_division_are_told_in_ten_days_and_by_announcement(structure, article):
    found = notices_owed(replace(QUIET, structures=frozenset({structure}), resolved_on=ON))
    assert [(each.code, each.to, each.law, each.due) for each in found[1:]] == [
        ("owed.creditors_told", To.CREDITORS, (article,), date(2026, 3, 12)),
        ("owed.creditors_announced", To.PUBLIC, (article,), date(2026, 4, 1)),
    ]


def test_what_nobody_looked_into_is_owed_and_said_to_be_assumed():
    found = notices_owed(ChangeFacts(structures=frozenset({Structure.ADDRESS})))
    assert {each.code for each in found if each.is_assumed} == {
        "owed.change",
        "owed.licence",
        "owed.officer_public",
        "owed.officer_reported",
        "owed.province",
        "owed.full_notice",
    }
    told = next(each for each in found if each.code == "owed.change")
    assert told.what == tuple(Told)
    ending = notices_owed(ChangeFacts(structures=frozenset({Structure.ASSET_SALE})))
    assert "owed.online_ends" in {each.code for each in ending}
    assert not any(each.is_assumed for each in notices_owed(replace(QUIET, changed=frozenset({Told.NAME}))))


def test_every_notice_has_its_sentence_in_both_languages_and_known_law():
    everything = frozenset(Structure)
    found = notices_owed(ChangeFacts(structures=everything))
    said = {code for code in terms.reasons() if code.startswith("owed.")}
    assert {each.code for each in found} == said
    for each in found:
        assert all(law.knows(id) for id in each.law)
        for language in terms.LANGUAGES:
            what = "、".join(terms.term(f"told.{name}").say(language) for name in each.what)
            assert "甲店" in terms.reasons()[each.code].say(language, company="甲店", what=what)
        assert f"owed_to.{each.to}" in terms.terms()


def test_every_kind_of_recipient_has_a_role_and_only_who_continues_is_a_successor():
    assert set(ROLE_OF) == set(RecipientKind)
    successors = {kind for kind, role in ROLE_OF.items() if role is FlowRole.SUCCESSOR}
    assert successors == {
        RecipientKind.MERGED_COMPANY,
        RecipientKind.DIVIDED_COMPANY,
        RecipientKind.CONTRACT_TAKER,
        RecipientKind.ESTATE_BUYER,
    }
    assert ROLE_OF[RecipientKind.LIQUIDATION_GROUP] is ROLE_OF[RecipientKind.ADMINISTRATOR] is None
    assert ROLE_OF[RecipientKind.SHAREHOLDER] is FlowRole.OTHER_HANDLER
    assert all(f"recipient_kind.{kind}" in terms.terms() for kind in RecipientKind)


def test_the_flows_that_nobody_declares_are_named():
    assert len({each.id for each in UNDECLARED}) == len(UNDECLARED) == 9
    assert all(f"undeclared_flow.{each.id}" in terms.terms() for each in UNDECLARED)
    assert FlowRole.SUCCESSOR not in {each.role for each in UNDECLARED}
