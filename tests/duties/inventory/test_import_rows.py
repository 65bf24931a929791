"""What another company handed over is taken in: one transfer is one source; people are known by the receiver's keys."""

import polars as pl
import pytest

from shouxin.duties.inventory import queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import services as vault
from tests.cast import CUSTOMERS
from tests.duties.inventory.shop import AT, facts, sealed

ONE, TWO = CUSTOMERS[0], CUSTOMERS[1]


def take(shop, tables, tid="tid_one"):
    return services.import_rows(
        title="青禾家政", tid=tid, tables=[frame(rows) for _, rows in tables], by=shop.officer, at=AT
    )


def frame(rows):
    told = [{"link": link, **fields} for link, fields in rows]
    return pl.DataFrame(told, schema=dict.fromkeys(dict.fromkeys(name for row in told for name in row), pl.String))


def story(link="p1"):
    return [
        (
            "basic",
            [
                (link, {"name": ONE.name, "phone": ONE.mobile, "customer_ref": "KH001", "birth_date": "2015-03-03"}),
                ("p2", {"name": TWO.name, "phone": TWO.mobile, "customer_ref": "KH002"}),
            ],
        ),
        ("purchase", [(link, {"order_no": "1", "ordered_on": "2025-01-02", "item": "保洁"}), ("p2", {})]),
    ]


def test_each_link_is_one_customer_with_the_facts_of_all_of_its_rows(shop):
    owners, result = take(shop, story())
    assert owners == {"p1": 1, "p2": 2}
    assert (result.rows_read, result.customers_new, result.balances) == (4, 2, True)
    assert (facts(1)["age_band"], facts(1)["last_purchase_on"].isoformat()) == ("child", "2025-01-02")
    assert facts(1)["categories"] == ["basic", "purchase"]
    assert (facts(2)["last_purchase_on"], facts(2)["categories"]) == (None, ["basic"])
    assert [row["n"] for row in sealed()[1, "purchase"]] == [3]
    (entry,) = ledger.entries(scope="transfer:tid_one")
    assert (entry.kind, entry.facts["rows"]) == ("inventory.package_imported", 4)


def test_who_is_a_customer_here_already_is_recognised(shop):
    shop.collected(shop.customers([{"客户编号": "KH002", "姓名": ONE.name, "手机号码": ONE.mobile}]))
    owners, result = take(shop, story())
    assert (owners["p1"], result.customers_new) == (1, 1)
    # The sender's KH002 is not the receiver's.
    assert owners["p2"] == 2
    assert result.conflicts == 0


def test_the_numbers_of_two_senders_are_never_compared(shop):
    take(shop, [("basic", [("p1", {"name": ONE.name, "customer_ref": "KH001"})])])
    owners, result = take(shop, [("basic", [("q1", {"name": TWO.name, "customer_ref": "KH001"})])], tid="tid_two")
    assert (result.customers_new, owners["q1"]) == (1, 2)


def test_a_link_can_be_looked_up_afterwards(shop):
    owners, _ = take(shop, [("basic", [("p1", {"name": ONE.name}), ("p2", {})])])
    assert vault.look_up(entries=[("link", "p1"), ("link", "p2"), ("link", "p3")]) == [(1,), (2,), ()]
    assert owners == {"p1": 1, "p2": 2}


def test_the_same_transfer_again_takes_nothing(shop):
    take(shop, story())
    with pytest.raises(Refusal, match=r"inventory\.imported_already"):
        take(shop, story())
    assert queries.counts()["customers"] == 2
    (balance,) = queries.rows_balance()
    assert balance == {"source": balance["source"], "read": 4, "collected": 4, "merged": 0, "rejected": 0}


def test_what_the_gates_read_arrives_with_the_rows(shop):
    rows = [
        ("p1", {"name": ONE.name, "organisation": "甲乙公司", "life_status": "已故"}),
        ("p1", {"order_no": "1", "prepaid_balance": "88.00", "keys_held": "是"}),
        ("p1", {"visit_on": "2026-01-02", "note": "女儿在家"}),
    ]
    take(shop, [("basic", rows)])
    found = facts(1)
    assert (found["person_kind"], found["dead"]) == ("contact_of_organisation", True)
    assert (found["prepaid"], found["keys_held"]) == (True, True)
    assert (found["has_free_text"], found["free_text_others"]) == (True, True)
