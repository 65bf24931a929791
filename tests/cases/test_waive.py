"""A waiver: reasoned, approved and signed by somebody else, with an end. And a whole case closed on waivers, until
they end.
"""

from datetime import timedelta

import pytest

from shouxin.cases import queries, services
from shouxin.cases.models import Case, Waiver
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties
from tests.faces.web import shop as shops

REASON = "对方系统停机，书面凭证已经收到并留存"
UNTIL = shops.AT + timedelta(days=30)


def waive(shop, keys, **changed):
    told = {
        "case": shop.case,
        "step": "list-goods",
        "check": "inventory.goods_marked_share",
        "reason": REASON,
        "asked_by": shop.staff["clerk"],
        "approver": keys["owner"],
        "approved_by": shop.staff["owner"],
        "expires_at": UNTIL,
        "at": shops.AT,
    }
    return services.waive(**{**told, **changed})


def test_a_waiver_is_signed_by_the_approver_and_its_reason_stays_out_of_the_ledger(shop, keys):
    row = waive(shop, keys)
    opened = dsse.open_envelope(bytes(row.envelope), keys=parties.public_keys(), where="waiver")
    assert opened.signed_by == (keys["owner"].key_id,)
    assert opened.predicate["check"] == "inventory.goods_marked_share"
    entry = ledger.entries(scope=f"case:{shop.case}", kinds=["cases.waived"])[0]
    assert entry.by == shop.staff["owner"]
    assert REASON not in str(entry.facts)
    assert queries.status(shop.case, shops.AT)["waivers"][0]["approved_by"] == shop.staff["owner"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"asked_by": "owner"}, "cases.own_waiver"),
        ({"reason": "太忙"}, "cases.waiver_reason"),
        ({"expires_at": shops.AT}, "cases.waiver_expiry"),
        ({"expires_at": shops.AT + timedelta(days=181)}, "cases.waiver_expiry"),
        ({"check": "rights.open_requests"}, "cases.no_such_check"),
        ({"step": "no-such-step"}, "playbook.unknown_step"),
        ({"approved_by": "privacy_officer"}, "disposal.not_the_signers_key"),
        ({"asked_by": "staff:" + "o" * 26}, "parties.no_staff"),
    ],
)
def test_it_refuses_a_waiver_that_nobody_could_answer_for(shop, keys, changed, code):
    named = {key: shop.staff.get(value, value) if isinstance(value, str) else value for key, value in changed.items()}
    with pytest.raises(Refusal) as caught:
        waive(shop, keys, **named)
    assert caught.value.code == code
    assert not Waiver.objects.exists()


def test_a_waived_step_says_so_and_only_its_check_is_waived(shop, keys):
    shops.add_outsider()
    waive(shop, keys, step="name-people", check="parties.undertakings_share")
    row = services.close_step(case=shop.case, step="name-people", by=shop.staff["owner"], at=shops.AT)
    assert row.state == "waived"
    assert row.findings[0]["holds"] is False  # the finding stays as it is; the waiver does not paint over it


def waive_everything(shop, keys, until):
    """Every check of every step let pass, and the steps closed."""
    for planned in queries.playbook_of(shop.case).steps:
        if not queries.case(shop.case).steps.filter(key=planned.id).exists():
            continue
        for predicate in planned.closes_on:
            waive(shop, keys, step=planned.id, check=predicate.name, expires_at=until)
        services.close_step(
            case=shop.case,
            step=planned.id,
            by=shop.staff["privacy_officer"],
            at=shops.AT,
            signers=[keys["owner"], keys["second_signer"]],
        )


def test_a_case_closed_on_waivers_wears_them_all_and_takes_nothing_more(shop, keys):
    waive_everything(shop, keys, UNTIL)
    row = services.close(case=shop.case, by=shop.staff["owner"], at=shops.AT)
    assert row.state == Case.CLOSED
    told = queries.status(shop.case, shops.AT)
    assert {step["state"] for step in told["steps"]} <= {"waived", "closed"}
    assert len(told["waivers"]) == Waiver.objects.count() > 20
    for again in (
        lambda: services.close(case=shop.case, by=shop.staff["owner"], at=shops.AT),
        lambda: services.decide(case=shop.case, by=shop.staff["owner"], at=shops.AT),
        lambda: waive(shop, keys),
    ):
        with pytest.raises(Refusal, match=r"cases\.closed"):
            again()


def test_a_case_that_another_process_closes_meanwhile_is_closed_once(shop, keys, monkeypatch):
    waive_everything(shop, keys, UNTIL)
    reports = queries.step_report

    def overtaken(*args):
        monkeypatch.setattr(services.queries, "step_report", reports)
        services.close(case=shop.case, by=shop.staff["owner"], at=shops.AT)
        return reports(*args)

    monkeypatch.setattr(services.queries, "step_report", overtaken)
    with pytest.raises(Refusal, match=r"cases\.closed"):
        services.close(case=shop.case, by=shop.staff["owner"], at=shops.AT)
    assert len(ledger.entries(kinds=("cases.closed",))) == 1


def test_a_case_does_not_close_once_a_waiver_has_ended(shop, keys):
    waive_everything(shop, keys, UNTIL)
    with pytest.raises(Refusal) as caught:
        services.close(case=shop.case, by=shop.staff["owner"], at=UNTIL + timedelta(seconds=1))
    assert caught.value.code == "cases.no_longer_provable"
    assert "collect" not in caught.value.facts["steps"] or "settle" in caught.value.facts["steps"]
    assert queries.case(shop.case).state == Case.OPEN


def test_a_case_with_open_steps_does_not_close(shop):
    with pytest.raises(Refusal) as caught:
        services.close(case=shop.case, by=shop.staff["owner"], at=shops.AT)
    assert caught.value.code == "cases.steps_open"
    assert len(caught.value.facts["steps"]) == queries.case(shop.case).steps.count()
