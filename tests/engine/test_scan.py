"""A scan says what stands in every column, counts all rows, and shows no value. All people are invented."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from shouxin.engine.scan import scan
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.classify import DIRECT_IDENTIFIERS
from shouxin.ground.rulebook.identifiers.checks import id_check_character
from shouxin.ground.samples import columns as sample
from shouxin.ground.samples import write_company

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "real"
needs_shared = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/real is absent")
AS_OF = date(2026, 6, 1)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    folder = tmp_path_factory.mktemp("company")
    return folder, write_company(folder, customers=300, seed=5, as_of=AS_OF)


def test_every_column_of_the_companys_files_is_known(company):
    folder, _ = company
    listed = scan(folder / sample.LIST_FILE, as_of=AS_OF).table(sample.LIST_SHEET)
    orders = scan(folder / sample.ORDERS_FILE, as_of=AS_OF).tables[0]
    visits = scan(folder / sample.CRM_FILE, as_of=AS_OF, table="visits").tables[0]
    assert {column: v.field for column, v in listed.verdicts.items()} == sample.LIST_COLUMNS
    assert {column: v.field for column, v in orders.verdicts.items()} == sample.ORDER_COLUMNS
    known = {column: name for column, name in sample.CRM_COLUMNS["visits"].items() if name}
    assert {column: visits.verdicts[column].field for column in known} == known
    assert orders.verdicts["订单号"].field == "order_no"


def test_children_are_counted_over_all_rows(company):
    folder, truth = company
    table = scan(folder / sample.LIST_FILE, as_of=AS_OF).tables[0]
    children = [p for p in truth.customers() if p.age_known and p.age_band == "child"]
    assert set(table.under_14_from) == {"出生日期", "身份证号"}
    assert table.under_14 == len(children) > 0


def test_the_report_shows_no_value(company):
    folder, truth = company
    for file in (sample.LIST_FILE, sample.ORDERS_FILE, sample.CRM_FILE):
        text = json.dumps(scan(folder / file, as_of=AS_OF).to_json(), ensure_ascii=False)
        shown = [kind for _, kind, value in truth.identifiers() if len(value) > 3 and value in text]
        assert shown == []


def test_what_the_sample_misses_the_full_pass_finds(tmp_path):
    body = "99010119900307123"
    hidden = body + id_check_character(body)
    rows = [f"{n},普通" for n in range(20_000)]
    rows[5_000] = f"5000,{hidden}"
    path = tmp_path / "表.csv"
    path.write_text("编号,内容\n" + "\n".join(rows) + "\n", encoding="utf-8")
    column = scan(path, as_of=AS_OF).tables[0].columns[1]
    assert (column.verdict.status, column.finds, column.hides_identifiers) == ("none", {"id_no": 1}, True)
    assert column.non_null == 20_000


def test_progress_ends_at_the_tables_rows(company):
    folder, truth = company
    told = []
    scan(folder / sample.ORDERS_FILE, as_of=AS_OF, progress=lambda *step: told.append(step))
    assert told[-1][1:] == (truth.row_counts[sample.ORDERS_FILE],) * 2


def test_a_table_that_is_not_there_is_refused(company):
    with pytest.raises(Refusal, match=r"source\.no_such_table"):
        scan(company[0] / sample.CRM_FILE, as_of=AS_OF, table="orders")


def test_the_scan_starts_quickly():
    code = "import time; t=time.perf_counter(); import shouxin.engine.scan; print(time.perf_counter()-t)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(found.stdout) < 4  # 0.5–0.8 s on an idle machine


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize("file", ["telco_customer_churn.csv", "bank_marketing_sample.csv"])
def test_the_negative_controls_stay_clean_over_every_row(file):
    table = scan(REAL / file, as_of=AS_OF).tables[0]
    assert not {verdict.field for verdict in table.verdicts.values()} & DIRECT_IDENTIFIERS
    assert [column.finds for column in table.columns if column.hides_identifiers] == []
    assert table.under_14 == 0
