"""The business of an instruments firm passes to another: customers are organisations, their contacts are asked."""

import json
from datetime import date

import pytest

from shouxin.ground.samples import INSTRUMENT_FIRM, write_company
from tests.stories.telling import tell, verified_by_both

pytestmark = pytest.mark.long
CUSTOMERS, SEED = 150, 7


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    size = {"customers": CUSTOMERS, "seed": SEED, "as_of": date(2026, 11, 23)}
    truth = write_company(tmp_path_factory.mktemp("truth"), **size, shape=INSTRUMENT_FIRM)
    return tell("transfer", tmp_path_factory.mktemp("demo") / "home", customers=CUSTOMERS, truth=truth)


def test_every_lawful_end_occurs_and_both_verifiers_accept_it(told, tmp_path):
    ends = told.plain["ends"]
    assert sum(ends.values()) == CUSTOMERS
    assert {"handed_over", "sealed", "destroyed"} <= set(ends)
    assert "open" not in ends
    assert verified_by_both(told, tmp_path)


def test_most_customers_are_contacts_of_organisations_and_are_decided_as_such(told):
    contacts = [each for each in told.truth.customers() if each.kind == "contact_of_organisation"]
    assert len(contacts) > CUSTOMERS / 2
    (opened,) = [entry for entry in told.ledger() if entry["kind"] == "cases.opened"]
    assert (opened["facts"]["structures"], opened["facts"]["rule"]) == (["business_sale"], "PIPL-23")


def test_the_pack_carries_the_playbook_that_was_followed(told):
    statement = json.loads(told.in_pack("rules/playbook.json"))
    assert statement["playbook"]["id"] == "transfer"


def test_nobody_is_found_outside_the_vault_but_in_what_was_sent(told):
    search = told.search()
    for place in ("A", "B", "proof", "between"):
        assert search.in_folder(told.folder / place) == []
