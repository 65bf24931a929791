"""A plan as a file: what was written is read again; what is no plan is refused with every wrong place named."""

import json

import pytest

from shouxin.engine.plan import Join, Plan
from shouxin.engine.plan_file import plan_file, read_plan_file
from shouxin.ground.kernel.refusals import Refusal

PEOPLE = Plan("crm", "people", {"no": "customer_ref", "last": "name", "first": "name"}, "shop", person_kind="staff")
VISITS = Plan(
    "crm", "visits", {"day": "visit_on"}, "shop",
    joins=(Join("person", "people", "no", {"no": "customer_ref"}),), constants={"channel": "SMS"},
)  # fmt: skip
COLUMNS = {"people": ["no", "first", "last", "mood"], "visits": ["person", "day"], "words": ["word"]}


def test_what_was_written_is_read_again_and_every_column_is_named():
    told = plan_file({"people": PEOPLE, "visits": VISITS, "words": None}, COLUMNS)
    assert list(told["tables"]["people"]["columns"]) == ["no", "last", "first", "mood"]
    assert told["tables"]["people"]["columns"]["mood"] == ""
    again = read_plan_file(json.loads(json.dumps(told)), source="crm", system="shop")
    assert again == {"people": PEOPLE, "visits": VISITS, "words": None}
    assert list(again["people"].mapping) == ["no", "last", "first"]


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda told: told.update(format="shouxin-plan-2"), ["format", "tables"]),
        (lambda told: told.pop("tables"), ["format", "tables"]),
        (lambda told: told.update(note="later"), ["format", "tables"]),
        (lambda told: told["tables"].update(people=[]), ["people"]),
        (lambda told: told["tables"]["people"].pop("columns"), ["people"]),
        (lambda told: told["tables"]["people"].update(columns={"no": 1}), ["people.columns"]),
        (lambda told: told["tables"]["people"].update(person_kind=7, no=""), ["people.person_kind", "people.no"]),
        (lambda told: told["tables"]["visits"]["joins"].append({"column": "x"}), ["visits.joins.1"]),
        (lambda told: told["tables"]["visits"]["joins"][0].update(brings=[]), ["visits.joins.0"]),
        (lambda told: told["tables"]["visits"].update(joins={}), ["visits.joins"]),
    ],
)  # fmt: skip
def test_every_wrong_place_is_named(change, wrong):
    told = plan_file({"people": PEOPLE, "visits": VISITS, "words": None}, COLUMNS)
    change(told)
    with pytest.raises(Refusal, match=r"plan\.file") as refused:
        read_plan_file(told, source="crm", system="shop")
    assert refused.value.facts["wrong"] == wrong
