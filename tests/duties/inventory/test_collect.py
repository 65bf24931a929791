"""Every row of a source goes into the vault, once."""

import pytest

from shouxin.duties.inventory import collecting, queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.jobs import queries as jobs
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.vault import queries as vault
from tests.duties.inventory.shop import AT, cast_rows, facts, sealed


def test_rows_read_are_collected_merged_or_rejected(shop):
    again = {**cast_rows()[0], "客户编号": "KH009"}
    nobody = {"偏好": "怕吵"}
    result = shop.collected(shop.customers([*cast_rows(), again, nobody, {}]))
    assert (result.rows_read, result.rows_collected, result.rows_merged, result.rows_rejected) == (8, 5, 1, 2)
    assert result.balances
    assert result.customers_new == 5
    assert queries.rejections(result.source) == [
        {"table": "名单", "row": 8, "codes": "inventory.no_identity"},
        {"table": "名单", "row": 9, "codes": "row_empty"},
    ]
    assert queries.rows_balance() == [{"source": result.source, "read": 8, "collected": 5, "merged": 1, "rejected": 2}]


def test_each_kind_of_information_is_sealed_in_its_own_compartment(shop):
    row = {**cast_rows()[0], "偏好": "怕吵", "健康状况": "对花粉过敏"}
    shop.collected(shop.customers([row]))
    cells = sealed()
    assert cells[1, "need"] == [{"n": 2, "f": {"preference": "怕吵"}}]
    assert set(cells[1, "sensitive"][0]["f"]) == {"health", "id_no"}
    assert cells[1, "basic"][0]["f"]["name"] == "叶青岚"
    assert facts(1)["categories"] == ["basic", "need", "sensitive"]
    assert vault.cells().rows.tolist() == [1, 1, 1]


def test_facts_are_what_the_rules_read(shop):
    rows = cast_rows()[:4]
    rows[0] |= {"在世状态": "已故"}
    rows[1] |= {"手机号码": "", "监护人电话": "15400000008", "家庭住址": ""}
    rows[3] |= {"电子邮箱": ""}
    shop.collected(shop.customers(rows))
    orders = [
        {"订单号": "1", "客户编号": "KH001", "下单日期": "2020-05-01", "预付余额": "120.00", "代管钥匙": "否"},
        {"订单号": "2", "客户编号": "KH001", "下单日期": "2024-05-01", "预付余额": "0.00", "代管钥匙": "是"},
        {"订单号": "3", "客户编号": "KH001", "下单日期": "2022-05-01", "预付余额": "0.00", "代管钥匙": "否"},
    ]
    shop.collected(shop.orders(orders))
    dead, called, child, foreign = (facts(number) for number in (1, 2, 3, 4))
    assert (dead["dead"], dead["prepaid"], dead["keys_held"]) == (True, True, True)
    assert dead["last_purchase_on"].isoformat() == "2024-05-01"
    # The guardian's telephone reaches the person too.
    assert (called["has_phone"], called["has_address"], called["has_email"]) == (True, False, True)
    assert (child["age_band"], foreign["language"], foreign["has_email"]) == ("child", "en", False)
    assert queries.counts()["children"] == 1
    assert [row["prepaid"] for row in queries.open_duties()] == [True]


def test_each_batch_is_one_entry_that_names_rows_and_counts_and_no_value(shop):
    source = shop.prepared(shop.customers())
    services.collect(source=source, by=shop.clerk, at=AT, batch_rows=2)
    entries = ledger.entries(kinds=("inventory.batch_collected",))
    assert [(each.facts["first_row"], each.facts["next_row"]) for each in entries] == [(0, 2), (2, 4), (4, 5)]
    assert sum(each.facts["customers_new"] for each in entries) == 5
    assert len({each.facts["sealed"] for each in entries}) == 3
    assert not any(row[name] in str(entries) for row in cast_rows() for name in ("姓名", "手机号码", "电子邮箱"))


def test_the_size_of_a_batch_changes_nothing_of_what_is_held(shop):
    path = shop.customers()
    one = services.collect(source=shop.prepared(path), by=shop.clerk, at=AT, batch_rows=1)
    cells = sealed()
    again = shop.table("另一份.csv", path.read_text("utf-8").splitlines()[0].split(","), cast_rows())
    other = shop.collected(again)
    assert (one.customers_new, other.customers_new, other.rows_merged) == (5, 0, 5)
    assert {cell: [row["f"] for row in rows] * 2 for cell, rows in cells.items()} == {
        cell: [row["f"] for row in rows] for cell, rows in sealed().items()
    }


def test_a_second_call_tells_the_same_and_takes_nothing(shop):
    source = shop.prepared(shop.customers())
    first = services.collect(source=source, by=shop.clerk, at=AT)
    height = len(ledger.entries(kinds=("inventory.batch_collected",)))
    assert services.collect(source=source, by=shop.officer, at=AT) == first
    assert len(ledger.entries(kinds=("inventory.batch_collected",))) == height
    assert sum(vault.cells().rows.tolist()) == 9  # one has no identity number


def test_a_batch_that_fails_leaves_whole_batches_and_the_next_call_goes_on(shop, monkeypatch):
    source = shop.prepared(shop.customers())
    append, told = collecting.ledger.append, []

    def fails(**entry):
        told.append(entry["kind"])
        if told.count("inventory.batch_collected") == 2:
            raise OSError("the disk is full")
        return append(**entry)

    monkeypatch.setattr(collecting.ledger, "append", fails)
    with pytest.raises(OSError, match="full"):
        services.collect(source=source, by=shop.clerk, at=AT, batch_rows=2)
    monkeypatch.undo()
    assert (queries.sources()[0].rows_read, queries.counts()["customers"]) == (2, 2)
    result = services.collect(source=source, by=shop.clerk, at=AT, batch_rows=2)
    assert (result.rows_read, result.customers_new, result.balances) == (5, 5, True)
    assert len(sealed()[1, "basic"]) == 1


def test_progress_is_told_batch_by_batch_and_nobody_holds_the_work_afterwards(shop):
    told = []
    source = shop.prepared(shop.customers())
    services.collect(source=source, by=shop.clerk, at=AT, batch_rows=2, progress=lambda *step: told.append(step))
    assert told == [("collect", 2, 5), ("collect", 4, 5), ("collect", 5, 5)]
    assert jobs.running() == []


def test_a_missing_file_is_refused_by_name(shop):
    path = shop.customers()
    source = shop.prepared(path)
    path.unlink()
    with pytest.raises(Refusal, match=r"source\.missing"):
        services.collect(source=source, by=shop.clerk, at=AT)
    assert queries.sources()[0].rows_read == 0
