"""A source is read whole and its columns are classified, for a person to confirm."""

import pytest

from shouxin.duties.inventory import queries, services, sources
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT, DAY, cast_rows


def scan(shop, source):
    return services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)


def fields(source):
    return {column["name"]: (column["field"], column["category"]) for column in queries.columns(source)}


def test_columns_are_kept_with_field_category_and_reason_and_no_value(shop):
    source = shop.register(shop.customers())
    report = scan(shop, source)
    found = fields(source)
    assert found["手机号码"] == ("phone", "basic")
    assert found["身份证号"] == ("id_no", "sensitive")
    assert found["健康状况"] == ("health", "sensitive")
    (entry,) = ledger.entries(kinds=("inventory.source_scanned",))
    assert (entry.facts["rows"], entry.facts["under_14"], entry.facts["changed"]) == (5, 1, False)
    told = str(report.to_json()) + str(queries.columns(source)) + str(entry.facts)
    assert not any(value in told for row in cast_rows() for name, value in row.items() if value and name != "在世状态")


def add(shop, path, **changed):
    told = {"kind": "file", "title": path.name, "locator": str(path), "custodian": shop.clerk, "by": shop.clerk}
    return services.add_source(**{**told, "as_of": DAY, "at": AT, **changed})


def test_a_source_is_registered_and_scanned_in_one_reading(shop, monkeypatch):
    opened, real = [], sources.open_source
    monkeypatch.setattr(sources, "open_source", lambda path: opened.append(path) or real(path))
    monkeypatch.setattr("shouxin.engine.scan.open_source", lambda path: opened.append(path) or real(path))
    path = shop.customers()
    source, report = add(shop, path)
    assert opened == [str(path)]
    assert (queries.sources()[0].digest, queries.tables(source)[0].rows) == (report.digest, 5)
    assert report == scan(shop, source)
    kinds = ("inventory.source_registered", "inventory.source_scanned")
    assert [entry.kind for entry in ledger.entries(kinds=kinds)] == [*kinds, kinds[1]]


def test_the_same_file_added_again_is_the_same_source_as_it_now_is(shop):
    source, _ = add(shop, shop.customers(cast_rows()[:2]))
    again, report = add(shop, shop.customers())
    assert (again, queries.sources()[0].digest) == (source, report.digest)
    with pytest.raises(Refusal, match=r"inventory\.kind"):
        add(shop, shop.customers(name="箱.csv"), kind="boxes")
    assert len(queries.sources()) == 1


def test_a_file_repaired_before_a_row_was_taken_is_scanned_as_it_now_is(shop):
    source = shop.register(shop.customers(cast_rows()[:2]))
    before = queries.sources()[0].digest
    shop.customers()
    scan(shop, source)
    assert queries.sources()[0].digest != before
    assert queries.tables(source)[0].rows == 5
    assert ledger.entries(kinds=("inventory.source_scanned",))[0].facts["changed"] is True


def test_a_file_that_changed_after_its_rows_were_taken_is_refused(shop):
    path = shop.customers()
    result = shop.collected(path)
    shop.customers([*cast_rows(), {"姓名": "新来的", "手机号码": "15400000009"}])
    for act in (scan, lambda shop, source: services.collect(source=source, by=shop.clerk, at=AT)):
        with pytest.raises(Refusal, match=r"inventory\.source_changed"):
            act(shop, result.source)
    assert queries.sources()[0].rows_read == 5


def test_a_new_scan_keeps_what_a_person_confirmed_while_the_columns_are_the_same(shop):
    source = shop.register(shop.customers())
    scan(shop, source)
    services.correct_columns(source=source, table="名单", changes={"偏好": "requirement"}, by=shop.officer, at=AT)
    shop.customers(cast_rows()[:3])
    scan(shop, source)
    assert fields(source)["偏好"][0] == "requirement"
    assert {column["confirmed_by"] for column in queries.columns(source)} == {shop.officer}
    assert queries.tables(source)[0].state == "confirmed"


def test_other_columns_must_be_confirmed_again(shop):
    source = shop.prepared(shop.customers())
    shop.table("名单.csv", ("客户编号", "姓名", "手机号码"), cast_rows_short())
    scan(shop, source)
    assert queries.tables(source)[0].state == "scanned"
    with pytest.raises(Refusal, match=r"inventory\.not_confirmed"):
        services.collect(source=source, by=shop.clerk, at=AT)


def cast_rows_short():
    return [{name: row[name] for name in ("客户编号", "姓名", "手机号码")} for row in cast_rows()]
