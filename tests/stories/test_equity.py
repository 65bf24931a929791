"""New shareholders of a graphics firm, to a verified pack: everyone is told, nobody is asked, nothing leaves."""

from datetime import date

import pytest

from shouxin.ground.samples import GRAPHICS_FIRM, write_company
from tests.stories.telling import tell, verified_by_both

pytestmark = pytest.mark.long
CUSTOMERS, SEED = 120, 7


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    size = {"customers": CUSTOMERS, "seed": SEED, "as_of": date(2026, 11, 23)}
    truth = write_company(tmp_path_factory.mktemp("truth"), **size, shape=GRAPHICS_FIRM)
    return tell("equity", tmp_path_factory.mktemp("demo") / "home", customers=CUSTOMERS, truth=truth)


def test_everyone_stays_and_both_verifiers_accept_it(told, tmp_path):
    assert told.plain["ends"] == {"kept": CUSTOMERS}
    assert verified_by_both(told, tmp_path)


def test_every_step_closed_on_evidence_and_none_was_waived(told):
    closed = {entry["facts"]["step"]: entry["facts"] for entry in told.ledger() if entry["kind"] == "cases.step_closed"}
    case = told.call("case", "list")["cases"][0]["case"]
    steps = told.call("case", "status", case)["steps"]
    assert {each["step"] for each in steps} - {"prove"} == set(closed) - {"prove"}
    assert all(each["state"] == "closed" for each in steps)
    assert not any(facts["waived"] for facts in closed.values())
    assert {"register-change", "publish-licence", "bar-shareholder"} <= set(closed)


def test_nothing_was_offered_packed_permitted_or_destroyed(told):
    rooms = {entry["kind"].partition(".")[0] for entry in told.ledger()}
    assert not rooms & {"transfer", "disposal", "destroy"}


def test_the_witness_and_the_new_shareholder_see_nobody(told):
    search = told.search()
    for place in ("B", "proof", "between"):
        assert search.in_folder(told.folder / place) == []
    assert search.in_folder(told.folder / "A" / "files"), "the company keeps working with its own files"


def test_one_person_is_explained_by_the_row_that_keeps(told):
    case = told.call("case", "list")["cases"][0]["case"]
    officer = next(each["staff"] for each in told.call("staff", "list")["staff"] if each["role"] == "privacy_officer")
    plain = next(each for each in told.truth.customers() if not (each.prepaid_fen or each.keys_held))
    (handle,) = told.call("customer", "find", plain.customer_numbers[0], "--by", officer)["found"]
    basic = told.call("case", "explain", case, "--person", handle)["categories"][0]
    assert (basic["stays"]["row"], basic["stays"]["verdict"]) == ("B06", "KEEP")
    assert "PIPL-17" in {each["id"].rstrip("b") for each in basic["stays"]["law"]}
