"""A place that holds customers' information is made known."""

import pytest

from shouxin.duties.inventory import queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT


def test_a_file_is_registered_once_with_its_digest_and_its_tables(shop):
    path = shop.customers()
    first = shop.register(path)
    assert shop.register(path, title="again") == first
    (view,) = queries.sources()
    assert (view.title, view.tables, view.is_collected, len(view.digest)) == ("名单.csv", 1, False, 64)
    (entry,) = ledger.entries(kinds=("inventory.source_registered",))
    assert entry.facts == {"source": first, "kind": "file", "digest": view.digest, "tables": 1}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"kind": "cloud"}, "inventory.kind"),
        ({"title": " "}, "inventory.missing"),
        ({"custodian": ""}, "inventory.missing"),
        ({"locator": "/nowhere/at/all.csv"}, "source.missing"),
    ],
)
def test_it_refuses_before_anything_is_written(shop, changed, code):
    path = shop.customers()
    with pytest.raises(Refusal, match=code):
        shop.register(path, **changed)
    assert queries.sources() == []
    assert ledger.entries(kinds=("inventory.source_registered",)) == []


def test_a_spool_is_a_place_that_is_not_read(shop):
    spool = services.register_source(
        kind="spool", title="mail", locator="spool/mail", custodian=shop.clerk, by="system", at=AT
    )
    with pytest.raises(Refusal, match=r"inventory\.not_readable"):
        services.collect(source=spool, by=shop.clerk, at=AT)
    assert [(place.kind, place.holds_information) for place in queries.places()] == [("spool", True)]


def test_what_has_met_its_end_is_not_read_again(shop):
    source = shop.prepared(shop.customers())
    services.mark_gone(source=source, by=shop.officer, at=AT)
    with pytest.raises(Refusal, match=r"inventory\.source_gone"):
        services.collect(source=source, by=shop.clerk, at=AT)
    assert queries.sources()[0].gone
