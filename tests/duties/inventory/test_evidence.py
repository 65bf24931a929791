"""What the inventory can prove; an empty scope proves nothing."""

import pytest

from shouxin.duties.inventory import evidence, services
from shouxin.duties.inventory.models import Dataset
from tests.duties.inventory.shop import AT, DAY

FINDINGS = (
    evidence.sources_scanned_share,
    evidence.fields_confirmed_share,
    evidence.goods_marked_share,
    evidence.goods_cleared_share,
    evidence.rows_balanced,
)


@pytest.mark.parametrize("finding", FINDINGS, ids=lambda each: each.__name__)
def test_an_empty_scope_does_not_hold(shop, finding):
    assert not finding("case", AT).holds


def test_a_source_counts_when_each_of_its_tables_was_collected_or_set_aside(shop):
    source = shop.register(shop.customers())
    assert [missing.facts for missing in evidence.sources_scanned_share("case", AT).missing] == [{"source": source}]
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    assert evidence.fields_confirmed_share("case", AT).value == 0.0
    assert evidence.fields_confirmed_share("case", AT).missing[0].facts == {"source": source, "columns": 11}
    services.confirm_columns(source=source, table="名单", by=shop.clerk, at=AT)
    assert evidence.fields_confirmed_share("case", AT).holds
    assert not evidence.sources_scanned_share("case", AT).holds
    services.collect(source=source, by=shop.clerk, at=AT)
    assert evidence.sources_scanned_share("case", AT).holds
    assert evidence.rows_balanced("case", AT).holds


def test_one_source_that_was_not_read_breaks_the_share(shop):
    shop.collected(shop.customers())
    shop.register(shop.orders([{"订单号": "1"}]))
    share = evidence.sources_scanned_share("case", AT)
    assert (share.holds, share.value) == (False, 0.5)


def test_a_row_that_is_lost_breaks_the_balance(shop):
    shop.collected(shop.customers())
    Dataset.objects.update(rows_collected=4)
    balance = evidence.rows_balanced("case", AT)
    assert (balance.holds, len(balance.missing)) == (False, 1)
