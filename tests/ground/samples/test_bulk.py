"""Bench files have the company's columns, exact counts and distinct numbers, and are written block by block."""

import polars as pl
import pytest

from shouxin.ground.samples import bulk, columns
from shouxin.ground.samples.bulk import bench_files
from shouxin.ground.samples.identifiers import id_check_holds


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    with pytest.MonkeyPatch.context() as small_blocks:
        small_blocks.setattr(bulk, "BLOCK", 1000)
        paths = bench_files(tmp_path_factory.mktemp("bench"), customers=2500, seed=3)
    return [pl.read_csv(path, infer_schema=False) for path in paths]


def test_the_columns_and_counts_are_exact(tables):
    people, orders = tables
    assert tuple(people.columns) == tuple(columns.LIST_COLUMNS)
    assert tuple(orders.columns) == tuple(columns.ORDER_COLUMNS)
    assert (len(people), len(orders)) == (2500, 10_000)


def test_numbers_are_distinct_across_blocks(tables):
    people, orders = tables
    for table, header in ((people, "客户编号"), (people, "手机号码"), (people, "电子邮箱"), (orders, "订单号")):
        filled = table[header].drop_nulls()
        assert filled.n_unique() == len(filled) > 1000


def test_orders_belong_to_customers_and_three_in_ten_have_none(tables):
    people, orders = tables
    joined = orders.join(people, on="客户编号", how="left")
    assert joined["姓名"].null_count() == 0
    assert (joined["联系人"] == joined["姓名"]).all()
    assert 1 - orders["客户编号"].n_unique() / len(people) == pytest.approx(0.30, abs=0.03)


def test_identity_numbers_pass_and_agree_with_the_birth_date(tables):
    held = tables[0].select("身份证号", "出生日期").drop_nulls()
    assert len(held) > 100
    for number, born in held.iter_rows():
        assert id_check_holds(number)
        assert number[6:14] == born.replace("-", "")


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        bench_files(tmp_path / name, customers=300, seed=seed)
    read = {name: (tmp_path / name / bulk.LIST_FILE).read_bytes() for name in "abc"}
    assert read["a"] == read["b"] != read["c"]
