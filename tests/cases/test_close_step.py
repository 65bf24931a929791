"""A step closes on its findings, never on a click; and a closed step can go stale."""

from datetime import timedelta

import pytest

from shouxin.cases import queries, services
from shouxin.cases.models import Step
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import services as parties
from tests.cast import OUTSIDER
from tests.faces.web import shop as shops


def close(shop, step, *, by="privacy_officer", signers=(), at=shops.AT):
    return services.close_step(case=shop.case, step=step, by=shop.staff.get(by, by), at=at, signers=signers)


def refused(shop, step, **told) -> Refusal:
    with pytest.raises(Refusal) as caught:
        close(shop, step, **told)
    return caught.value


def test_a_step_closes_when_its_finding_holds_and_keeps_the_finding(shop):
    row = close(shop, "name-people")
    (finding,) = row.findings
    assert (row.state, finding["name"], finding["holds"]) == ("closed", "parties.undertakings_share", True)
    entry = ledger.entries(scope=f"case:{shop.case}", kinds=["cases.step_closed"])[0]
    assert entry.facts["checks"] == ["parties.undertakings_share"]
    assert refused(shop, "name-people").code == "cases.step_closed"


def test_it_says_all_that_is_missing_and_the_step_stays_open(shop):
    newcomer = shops.add_outsider()  # joins, has promised nothing
    error = refused(shop, "name-people")
    assert error.code == "cases.step_not_provable"
    assert error.facts["missing"] == ["parties.no_undertaking"]
    assert queries.case(shop.case).steps.get(key="name-people").state == Step.OPEN
    parties.sign_undertaking(staff=newcomer, passphrase=OUTSIDER.passphrase, text_digest=shops.TEXT, at=shops.AT)
    assert close(shop, "name-people").state == "closed"


def test_it_waits_for_the_steps_before_it(shop):
    error = refused(shop, "confirm-fields")
    assert error.code == "cases.needs_open"
    assert error.facts["steps"] == ["register-sources"]


def test_a_step_is_closed_by_who_leads_the_case_and_by_nobody_else(shop):
    assert refused(shop, "name-people", by="staff:" + "o" * 26).code == "parties.no_staff"
    assert refused(shop, "name-people", by="clerk").code == "access.act_not_for_this_role"
    assert close(shop, "name-people", by="owner").state == "closed"


def test_somebody_who_left_closes_nothing(shop):
    parties.revoke_staff(staff=shop.staff["clerk"], by=shop.staff["owner"], at=shops.AT)
    assert refused(shop, "name-people", by="clerk").code == "access.staff_revoked"


def test_a_closed_step_goes_stale_when_the_ledger_moves_under_it(shop):
    row = close(shop, "name-people")
    assert not queries.is_stale(row)
    shops.add_outsider()
    assert queries.is_stale(row)
    report = queries.step_report(shop.case, "name-people", shops.AT)
    assert [item.code for item in report.missing] == ["parties.no_undertaking"]


def test_two_signatures_are_two_people_of_the_staff(shop, keys):
    Step.objects.filter(key__in=["settle", "decide", "destroy"]).update(state=Step.CLOSED)
    company = parties.company_signer(passphrase=shops.SENDER.passphrase)
    owner, second = keys["owner"], keys["second_signer"]
    for signers in ([], [owner], [owner, owner], [owner, company]):  # the company's key is nobody's
        assert refused(shop, "end-places", signers=signers).code == "cases.second_signature"
    assert refused(shop, "end-places", signers=[owner, second]).code == "cases.step_not_provable"
    assert refused(shop, "end-places", signers=[owner, keys["clerk"]]).code == "access.act_not_for_this_role"


def test_a_step_that_asks_for_a_document_needs_a_statement_with_a_file(shop, keys):
    answers = shops.interview(queries.case(shop.case).recipient, important_data=True)
    row = services.open_case(title="另一家", answers=answers, by=shop.staff["owner"], at=shops.AT)
    Step.objects.filter(case=row, key="fix-flows").update(state=Step.CLOSED)
    told = {"case": row.id, "kind": "report-plan", "text": "已向主管部门报告", "effective_on": shops.AT.date()}
    signed = {"signers": [keys["owner"]], "by": shop.staff["owner"], "at": shops.AT}
    with pytest.raises(Refusal, match=r"cases\.document_missing"):
        services.close_step(case=row.id, step="report-plan", by=shop.staff["owner"], at=shops.AT)
    services.state(**told, file_digest="", **signed)
    with pytest.raises(Refusal, match=r"cases\.document_missing"):
        services.close_step(case=row.id, step="report-plan", by=shop.staff["owner"], at=shops.AT)
    services.state(**told, file_digest="sha256:" + "2" * 64, **signed)
    assert services.close_step(case=row.id, step="report-plan", by=shop.staff["owner"], at=shops.AT).state == "closed"


def test_the_status_names_what_each_step_lacks_and_from_whom(shop):
    shops.add_outsider()
    told = queries.status(shop.case, shops.AT + timedelta(hours=1))
    first = told["steps"][0]
    assert (first["step"], first["state"], first["owner"]) == ("name-people", "open", shop.staff["owner"])
    assert first["missing"][0]["code"] == "parties.no_undertaking"
    assert first["act"] == "shouxin staff add"
    assert told["rule"] == "PIPL-23"
    assert all(step["law"] for step in told["steps"])
