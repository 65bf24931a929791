"""A person confirms how a table is read, corrects it, or says that it is not about customers."""

import contextlib
import sqlite3

import pytest

from shouxin.duties.inventory import plans, queries, services
from shouxin.duties.inventory.models import Dataset
from shouxin.engine.plan import Join, Plan
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT, DAY, sealed

CRM = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, customer_no TEXT, name TEXT, phone TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), visit_on TEXT, note TEXT);
CREATE TABLE tags (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), tag TEXT);
CREATE TABLE settings (id INTEGER PRIMARY KEY, word TEXT);
INSERT INTO customers VALUES (1, 'KH001', '叶青岚', '15400000001'), (2, 'KH003', '白一诺', '15400000003');
INSERT INTO visits VALUES (1, 2, '2026-05-01', '请按门铃'), (2, 2, '2026-06-01', '收好钥匙');
INSERT INTO tags VALUES (1, 2, '喜欢周末'), (2, 1, '怕吵');
INSERT INTO settings VALUES (1, 'dark'), (2, 'large'), (3, 'quiet');
"""


def test_an_unconfirmed_table_is_not_collected(shop):
    source = shop.register(shop.customers())
    with pytest.raises(Refusal, match=r"inventory\.not_scanned"):
        services.confirm_columns(source=source, table="名单", by=shop.clerk, at=AT)
    with pytest.raises(Refusal, match=r"inventory\.not_scanned"):
        services.collect(source=source, by=shop.clerk, at=AT)
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    with pytest.raises(Refusal, match=r"inventory\.not_confirmed"):
        services.collect(source=source, by=shop.clerk, at=AT)
    assert queries.counts()["customers"] == 0


def test_who_confirmed_is_kept_and_told(shop):
    source = shop.prepared(shop.customers())
    assert {column["confirmed_by"] for column in queries.columns(source)} == {shop.clerk}
    (entry,) = ledger.entries(kinds=("inventory.plan_confirmed",))
    assert (entry.by, entry.facts["about_customers"]) == (shop.clerk, True)
    assert {"name", "phone", "id_no"} <= set(entry.facts["fields"])


def test_a_corrected_column_is_sealed_as_what_the_person_said(shop):
    source = shop.register(shop.customers([{"姓名": "叶青岚", "手机号码": "15400000001", "偏好": "对花粉过敏"}]))
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    with pytest.raises(Refusal, match=r"plan\.does_not_fit"):
        services.correct_columns(source=source, table="名单", changes={"偏好": "moods"}, by=shop.clerk, at=AT)
    changes = {"偏好": "health", "出生日期": ""}
    services.correct_columns(source=source, table="名单", changes=changes, by=shop.clerk, at=AT)
    services.collect(source=source, by=shop.clerk, at=AT)
    assert sealed()[1, "sensitive"] == [{"n": 2, "f": {"health": "对花粉过敏"}}]


def test_a_plan_is_not_changed_under_rows_that_were_taken(shop):
    result = shop.collected(shop.customers())
    for act in (services.confirm_columns, services.set_aside):
        with pytest.raises(Refusal, match=r"inventory\.collected_already"):
            act(source=result.source, table="名单", by=shop.clerk, at=AT)


def test_a_table_that_is_not_about_customers_stays_in_the_count_of_rows(shop):
    result = shop.collected(shop.crm(CRM), kind="database")
    assert {table.name: table.state for table in queries.tables(result.source)} == {
        "customers": "collected",
        "settings": "aside",
        "tags": "collected",
        "visits": "collected",
    }
    (view,) = queries.sources()
    assert (view.rows_aside, view.rows_read, view.is_collected) == (3, 6, True)


def test_a_person_may_set_a_table_aside_against_the_suggestion(shop):
    source = shop.register(shop.customers())
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    services.set_aside(source=source, table="名单", by=shop.officer, at=AT)
    assert services.collect(source=source, by=shop.clerk, at=AT).rows_read == 0
    assert queries.sources()[0].rows_aside == 5
    with pytest.raises(Refusal, match=r"inventory\.not_about_customers"):
        services.correct_columns(source=source, table="名单", changes={"偏好": "note"}, by=shop.clerk, at=AT)


def test_rows_of_a_child_table_find_their_person_and_do_not_seal_her_name_again(shop):
    shop.collected(shop.crm(CRM), kind="database")
    cells = sealed()
    assert queries.counts()["customers"] == 2
    assert [row["f"]["note"] for row in cells[2, "behaviour"]] == ["请按门铃", "收好钥匙"]
    assert cells[2, "need"] == [{"n": 1, "f": {"preference": "喜欢周末"}}]
    assert [row["f"] for row in cells[2, "basic"]] == [
        {"customer_ref": "KH003", "name": "白一诺", "phone": "15400000003"}
    ]


def test_the_order_of_parts_outlives_a_database_that_sorts_names(shop):
    source = shop.register(shop.customers())
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    joins = (Join("z", "parents", "id", {"street": "address", "b": "address", "a": "address"}),)
    plan = Plan("x", "名单", {"姓名": "name", "b": "address", "a": "address"}, "shop", joins, {"language": "zh"})
    dataset = Dataset.objects.get(source=source)
    Dataset.objects.filter(id=dataset.id).update(plan=plans.kept(plan))
    dataset.refresh_from_db()
    found = plans.plan_of(dataset, locator="x")
    assert found == plan
    assert list(found.mapping) == list(plan.mapping)
    assert list(found.joins[0].brings) == ["street", "b", "a"]


def crm(tmp_path):
    path = tmp_path / "crm.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(CRM)
    return path


def test_a_plan_file_is_corrected_and_confirmed_for_every_table_at_once(shop, tmp_path):
    source = shop.register(crm(tmp_path), kind="database")
    with pytest.raises(Refusal, match=r"inventory\.not_scanned"):
        queries.plan_file(source)
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    told = queries.plan_file(source)
    assert told["tables"]["settings"] is None
    told["tables"]["visits"]["columns"]["note"] = "requirement"
    told["tables"]["tags"] = None
    about = services.confirm_file(source=source, told=told, by=shop.clerk, at=AT)
    assert about == {"customers": True, "visits": True, "tags": False, "settings": False}
    assert queries.plan_file(source)["tables"] == told["tables"]
    assert services.collect(source=source, by=shop.clerk, at=AT).rows_rejected == 0
    assert [row["f"] for row in sealed()[2, "need"]] == [{"requirement": "请按门铃"}, {"requirement": "收好钥匙"}]


def test_a_plan_file_that_does_not_fit_confirms_nothing(shop, tmp_path):
    source = shop.register(crm(tmp_path), kind="database")
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    told = queries.plan_file(source)
    short = {**told, "tables": {**told["tables"], "orders": None}}
    del short["tables"]["settings"]
    with pytest.raises(Refusal, match=r"inventory\.plan_tables") as refused:
        services.confirm_file(source=source, told=short, by=shop.clerk, at=AT)
    assert refused.value.facts == {"missing": ["settings"], "unknown": ["orders"]}
    told["tables"]["visits"]["columns"]["note"] = "mood"
    with pytest.raises(Refusal, match=r"plan\.does_not_fit"):
        services.confirm_file(source=source, told=told, by=shop.clerk, at=AT)
    assert {table.state for table in queries.tables(source)} == {"scanned"}
