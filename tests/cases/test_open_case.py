"""Opening a case pins its playbook and gives every step an owner and a day."""

import pytest

from shouxin.cases import queries, services
from shouxin.cases.models import Case
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.faces.web import shop as shops


def answers(shop, **changed):
    recipient = changed.pop("recipient", queries.case(shop.case).recipient)
    return shops.interview(recipient, **changed)


def opening(shop, *, by="clerk", playbook="asset_sale", another=False, **changed):
    told = {"title": "另一家", "answers": answers(shop, **changed), "by": shop.staff.get(by, by), "at": shops.AT}
    return services.open_case(**told, playbook=playbook, another=another)


def test_a_case_pins_its_playbook_by_digest_and_says_so_in_the_ledger(shop):
    row = queries.case(shop.case)
    entry = ledger.entries(scope=row.scope, kinds=["cases.opened"])[0]
    assert entry.facts["playbook"] == row.playbook_digest == queries.playbook_of(shop.case).digest
    assert entry.by == shop.staff["privacy_officer"]
    assert "青禾" not in str(entry.facts)  # a title is words of people; the ledger holds codes


def test_steps_stand_in_order_with_owners_and_working_days(shop):
    steps = {step.key: step for step in queries.case(shop.case).steps.all()}
    assert steps["name-people"].owner == shop.staff["owner"]
    assert steps["decide"].owner == shop.staff["privacy_officer"]
    assert steps["name-people"].due.isoformat() == "2026-11-26"  # two working days from Tuesday the 24th
    assert steps["decide"].due.isoformat() == "2026-12-28"  # three working days before Thursday the 31st
    order = {key: step.place for key, step in steps.items()}
    for planned in queries.playbook_of(shop.case).steps:
        assert all(order[need] < order[planned.id] for need in planned.needs if planned.id in order and need in order)


def test_a_step_that_the_interview_does_not_ask_for_is_not_planned(shop):
    assert not queries.case(shop.case).steps.filter(key="report-plan").exists()
    asked = opening(shop, important_data=True)
    assert asked.steps.filter(key="report-plan").exists()


def test_answers_are_taken_to_the_end_of_the_last_day_in_china(shop):
    row = queries.case(shop.case)
    assert row.answers_until.isoformat() == "2026-12-22T15:59:59+00:00"
    assert row.closing_at.isoformat() == "2026-12-30T16:00:00+00:00"


@pytest.mark.parametrize("by", ["privacy_officer", "clerk", "owner"])
def test_whoever_works_here_may_open_a_case(shop, by):
    assert opening(shop, by=by, closing_on="2027-01-29").state == "open"


def test_the_same_answers_open_no_second_case_unless_that_is_asked_for(shop):
    height = ledger.height()
    with pytest.raises(Refusal) as caught:
        opening(shop)
    assert (caught.value.code, caught.value.facts["case"]) == ("cases.open_already", shop.case)
    assert (len(queries.cases()), ledger.height()) == (1, height)
    second = opening(shop, another=True)
    assert second.id != shop.case
    one, other = ledger.entries(kinds=["cases.opened"])
    assert one.facts["answers"] == other.facts["answers"]
    assert opening(shop, business_kind="branch").id not in (shop.case, second.id)  # one answer differs


def test_a_closed_case_is_no_reason_to_refuse_the_next_one(shop):
    Case.objects.update(state=Case.CLOSED)
    assert opening(shop).id != shop.case


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"by": "staff:" + "o" * 26}, "parties.no_staff"),
        ({"recipient": "recipient:nobody"}, "parties.no_recipient"),
        ({"playbook": "no_such"}, "playbook.unknown"),
        ({"playbook": "../asset_sale"}, "playbook.unknown"),
        ({"playbook": "shelf"}, "playbook.unknown"),
    ],
)
def test_it_refuses_and_leaves_nothing_behind(shop, changed, code):
    height = ledger.height()
    with pytest.raises(Refusal) as caught:
        opening(shop, **changed)
    assert caught.value.code == code
    assert len(queries.cases()) == 1
    assert ledger.height() == height
