"""A pre-paid balance is paid back, or keys are returned."""

import pytest

from shouxin.duties.inventory import queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT, facts


@pytest.fixture
def owed(shop):
    shop.collected(shop.customers())
    shop.collected(shop.orders([{"订单号": "1", "客户编号": "KH001", "预付余额": "30.00", "代管钥匙": "是"}]))
    return shop


def settle(shop, customer, duty):
    services.settle_duty(customer=customer, duty=duty, by=shop.clerk, at=AT)


def test_each_duty_is_settled_by_itself_and_the_entry_names_a_tag_only(owed):
    assert queries.open_duties() == [{"handle": queries.handle(1), "prepaid": True, "keys_held": True}]
    settle(owed, 1, "prepaid")
    assert (facts(1)["prepaid"], facts(1)["keys_held"]) == (False, True)
    settle(owed, 1, "keys_held")
    assert queries.open_duties() == []
    entries = ledger.entries(kinds=("inventory.duty_settled",))
    assert [set(entry.facts) for entry in entries] == [{"duty", "tag"}] * 2
    assert len({entry.facts["tag"] for entry in entries}) == 2


@pytest.mark.parametrize(
    ("customer", "duty", "code"),
    [(1, "dead", "inventory.duty"), (99, "prepaid", "inventory.no_such_customer"), (2, "prepaid", "inventory.no_duty")],
)
def test_it_refuses(owed, customer, duty, code):
    with pytest.raises(Refusal, match=code):
        settle(owed, customer, duty)
    assert ledger.entries(kinds=("inventory.duty_settled",)) == []
