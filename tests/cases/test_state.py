"""Statements: what somebody signs as true, and since when."""

from datetime import timedelta

import pytest

from shouxin.cases import services
from shouxin.cases.models import Statement
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.parties import queries as parties
from tests.faces.web import shop as shops

TODAY = day_in_china(shops.AT)


def state(shop, keys, **changed):
    told = {
        "case": shop.case,
        "kind": "child_rules",
        "text": "已按不满十四周岁未成年人个人信息处理规则办理。",
        "file_digest": "",
        "effective_on": TODAY - timedelta(days=3),
        "signers": [keys["owner"]],
        "by": shop.staff["owner"],
        "at": shops.AT,
    }
    return services.state(**{**told, **changed})


def test_a_statement_keeps_the_day_it_took_effect_apart_from_the_day_it_came(shop, keys):
    row = state(shop, keys)
    opened = dsse.open_envelope(bytes(row.envelope), keys=parties.public_keys(), where="statement")
    assert opened.predicate["effective_on"] == (TODAY - timedelta(days=3)).isoformat()
    assert opened.predicate["issued"] == "2026-11-24T01:00:00Z"
    entry = ledger.entries(scope=f"case:{shop.case}", kinds=["cases.stated"])[0]
    assert entry.facts["signed"] == row.digest
    assert "规则" not in str(entry.facts)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"signers": []}, "cases.statement_unsigned"),
        ({"text": "  "}, "cases.statement_text"),
        ({"effective_on": TODAY + timedelta(days=1)}, "cases.statement_future"),
        ({"by": "staff:" + "o" * 26}, "parties.no_staff"),
        ({"case": "case_none"}, "cases.no_such_case"),
    ],
)
def test_it_refuses_what_nobody_stands_for(shop, keys, changed, code):
    with pytest.raises(Refusal) as caught:
        state(shop, keys, **changed)
    assert caught.value.code == code
    assert not Statement.objects.exists()
