"""After destruction only the number of a person stays."""

import pytest

from shouxin.duties.inventory import queries, services
from shouxin.duties.inventory.models import Customer
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.vault import services as vault
from tests.duties.inventory.shop import AT
from tests.duties.inventory.test_boxes import register


def test_facts_handle_and_papers_of_the_destroyed_are_gone(shop):
    shop.collected(shop.customers())
    register(shop)
    handle = queries.handle(1)
    assert services.forget_customers(customers=[1]) == 1
    for ask in (lambda: queries.handle(1), lambda: queries.customer(handle), lambda: queries.card(1)):
        with pytest.raises(Refusal, match=r"inventory\.no_such_customer"):
            ask()
    row = Customer.objects.filter(customer=1).values().get()
    defaults = Customer(customer=1, handle=None, state="destroyed")
    assert row == {name: getattr(defaults, name) for name in row}
    assert [customer for papers in queries.box_papers().values() for customer, _ in papers] == [2]
    (balance,) = [each for each in queries.papers_balance() if each.sheets]
    assert (balance.sheets, balance.of_customers, balance.of_destroyed, balance.unmatched) == (3, 1, 1, 1)
    assert queries.unmatched_papers() == 1  # the one of KH999, whom nobody recognised; not the one of who is gone
    assert 1 not in [int(number) for chunk in queries.facts() for number in chunk.customer]


def test_the_register_again_still_tells_papers_of_the_destroyed_from_those_of_nobody(shop):
    shop.collected(shop.customers())
    register(shop)
    services.forget_customers(customers=[1])
    vault.shred(cells={1: None}, reason={}, at=AT, by="system", held=lambda _: ())
    assert register(shop) == {"boxes": 2, "papers": 3, "unknown": 1}
    (balance,) = [each for each in queries.papers_balance() if each.sheets]
    assert (balance.of_customers, balance.of_destroyed, balance.unmatched) == (1, 1, 1)


def test_a_destroyed_customer_is_given_no_facts_any_more(shop):
    shop.collected(shop.customers())
    services.forget_customers(customers=[1])
    with pytest.raises(Refusal, match=r"inventory\.no_such_customer"):
        services.settle_duty(customer=1, duty="prepaid", by=shop.clerk, at=AT)


def test_what_is_left_after_a_part_ended_is_noted(shop):
    shop.collected(shop.customers())
    assert queries.card(1)["categories"] == ["basic", "sensitive"]
    services.note_categories(masks={1: 0b1, 2: 0b10001})
    assert queries.card(1)["categories"] == ["basic"]
    assert queries.categories_held()["sensitive"] == 3


def test_facts_come_in_chunks_in_the_order_of_numbers(shop):
    shop.collected(shop.customers())
    chunks = list(queries.facts(size=2))
    assert [len(chunk) for chunk in chunks] == [2, 2, 1]
    assert [int(number) for chunk in chunks for number in chunk.customer] == [1, 2, 3, 4, 5]
    bands = [queries.AGE_BANDS[code] for chunk in chunks for code in chunk.age_band]
    assert bands[2] == "child"
    assert queries.LANGUAGES[chunks[1].language[1]] == "en"
