"""A plan run over real sources: people, keys, facts, faults, and the same again from any batch's edge."""

import sqlite3
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from shouxin.engine.plan import Join, Plan, check_plan, renamed, suggest_plan
from shouxin.engine.runner import run
from shouxin.engine.scan import scan
from shouxin.engine.sources import open_source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.samples import columns as sample
from shouxin.ground.samples import write_company

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "real"
needs_shared = pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data/real is absent")
AS_OF = date(2026, 6, 1)
HEAD = "客户编号,姓名,手机,单位名称,在世状态,出生日期,备注,预付余额,代管钥匙\n"
ROWS = [
    "K1,张 三,+86 139-0000-0001,,在世,2015-01-01,本人电话13900000001,120.5,是",
    "K2,李四先生,139****0000,某某有限公司,在世,,打她妹妹电话13911110000,0,否",
    "K3,王五,13900000003,王五面馆(个体工商户),已故,1950-02-03,,,",
    ",,,,,,,,",
    "K5,Ida Brook,+55 12 3923 5555,,,2009-05-05,Call 13922220000,,否",
]


@pytest.fixture
def listed(tmp_path):
    path = tmp_path / "客户.csv"
    path.write_text(HEAD + "\n".join(ROWS) + "\n", encoding="utf-8")
    return path


def plan_for(path):
    report = scan(path, as_of=AS_OF)
    return suggest_plan(report.tables[0], source=str(path), system="list", report=report)


def whole(plan, **options):
    batches = list(run(plan, as_of=AS_OF, **options))
    return batches, pl.concat([b.values for b in batches]), pl.concat([b.facts for b in batches])


def test_rows_become_people_with_facts(listed):
    batches, values, facts = whole(plan_for(listed))
    assert values["name"].to_list() == ["张三", "李四", "王五", "Ida Brook"]
    assert values["phone"].to_list() == ["13900000001", None, "13900000003", "+551239235555"]
    assert facts["person_kind"].to_list() == ["contract_party", "contact_of_organisation", *["contract_party"] * 2]
    assert facts["age_band"].to_list() == ["child", "unknown", "adult", "teen"]
    assert facts["dead"].to_list() == [False, False, True, False]
    assert facts["language"].to_list() == ["zh", "zh", "zh", "en"]
    assert facts["free_text_names_others"].to_list() == [False, True, False, True]
    assert facts["prepaid"].to_list() == [True, False, False, False]
    assert facts["keys_held"].to_list() == [True, False, False, False]
    assert not facts["has_address"].any()
    assert batches[0].rows.tolist() == [2, 3, 4, 6]


def test_addresses_of_any_script_and_the_second_of_a_cell_come_through(tmp_path):
    path = tmp_path / "客户.csv"
    rows = ["张三,王红@例子.公司,", "李四,a@x.example；b@y.example,", "王五,,c@z.example", "赵六,无,"]
    path.write_text("姓名,邮箱,备用邮箱\n" + "\n".join(rows) + "\n", encoding="utf-8")
    batches, values, facts = whole(plan_for(path))
    assert values["email"].to_list() == ["王红@例子.公司", "a@x.example", None, None]
    assert values["email2"].to_list() == [None, "b@y.example", "c@z.example", None]
    assert facts["has_email"].to_list() == [True, True, True, False]
    told = {(fault.field, fault.code): fault.rows for fault in batches[0].faults}
    assert (told["email", "email_several"], told["email", "email_invalid"]) == ((3,), (5,))


def test_of_two_columns_of_addresses_neither_is_lost_whatever_they_are_called(tmp_path):
    for first, second in (("邮箱", "备用邮箱"), ("备用邮箱", "邮箱"), ("email", "mail")):
        path = tmp_path / f"{first}-{second}.csv"
        rows = [f"客{number},a{number}@x.example,b{number}@y.example" for number in range(20)]
        path.write_text(f"姓名,{first},{second}\n" + "\n".join(rows) + "\n", encoding="utf-8")
        _, values, _ = whole(plan_for(path))
        pair = (values["email"][0], values["email2"][0])
        assert pair == (("b0@y.example", "a0@x.example") if first == "备用邮箱" else ("a0@x.example", "b0@y.example"))


def test_faults_name_the_rows_as_the_files_owner_counts_them(listed):
    batches, _, facts = whole(plan_for(listed))
    told = {(fault.field, fault.code): fault.rows for fault in batches[0].faults}
    assert told[("phone", "phone_masked")] == (3,)
    assert told[("", "row_empty")] == (5,)
    assert facts["faults"].to_list() == [0, 1, 0, 0]
    assert "13900000001" not in repr(batches) + repr(batches[0].faults) + repr(batches[0].keys)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_the_cut_into_batches_changes_nothing_and_any_edge_is_a_beginning(listed, size):
    plan = plan_for(listed)
    _, values, facts = whole(plan)
    batches, again, facts_again = whole(plan, batch_size=size)
    assert again.equals(values)
    assert facts_again.equals(facts)
    assert [b.next_row for b in batches][-1] == len(ROWS)
    assert sorted(r for b in batches for f in b.faults for r in f.rows) == [3, 5]
    edge = batches[len(batches) // 2].first_row
    resumed = list(run(plan, as_of=AS_OF, batch_size=size, start_row=edge))
    rest = [b for b in batches if b.first_row >= edge]
    assert [b.rows.tolist() for b in resumed] == [b.rows.tolist() for b in rest]
    assert all(a.values.equals(b.values) for a, b in zip(resumed, rest, strict=True))


def test_a_child_table_finds_its_people_through_its_parent(tmp_path):
    folder = tmp_path
    write_company(folder, customers=120, seed=3, as_of=AS_OF)
    report = scan(folder / sample.CRM_FILE, as_of=AS_OF)
    plan = suggest_plan(report.table("visits"), source=str(folder / sample.CRM_FILE), system="list", report=report)
    assert plan.joins == (
        Join("customer_id", "customers", "id", {"customer_no": "customer_ref", "name": "name", "phone": "phone"}),
    )
    assert Plan.from_json(plan.to_json()) == plan
    _, values, facts = whole(plan)
    connection = sqlite3.connect(folder / sample.CRM_FILE)
    expected = connection.execute(
        "SELECT c.customer_no, nullif(v.note, '') FROM visits v JOIN customers c ON c.id = v.customer_id ORDER BY v.id"
    ).fetchall()
    connection.close()
    assert list(zip(values["customer_ref"], values["note"], strict=True)) == expected
    assert facts["free_text_names_others"].any()


def test_an_orphan_is_named_and_kept(tmp_path):
    path = tmp_path / "crm.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE c (id INTEGER PRIMARY KEY, name TEXT); CREATE TABLE v (cid INTEGER, note TEXT);"
        "INSERT INTO c VALUES (1, '张三'); INSERT INTO v VALUES (1, 'a'), (9, 'b'), (NULL, 'c');"
    )
    connection.commit()
    connection.close()
    plan = Plan(str(path), "v", {"note": "note"}, "crm", (Join("cid", "c", "id", {"name": "name"}),))
    batches, values, _ = whole(plan)
    assert values["name"].to_list() == ["张三", None, None]
    assert [(f.code, f.rows) for f in batches[0].faults] == [("orphan", (2,))]


def test_a_parent_that_is_not_unique_is_refused(tmp_path):
    path = tmp_path / "crm.db"
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE c (no TEXT, name TEXT); CREATE TABLE v (no TEXT, note TEXT);"
        "INSERT INTO c VALUES ('K1', '张三'), ('K1', '李四'); INSERT INTO v VALUES ('K1', 'a');"
    )
    connection.commit()
    connection.close()
    plan = Plan(str(path), "v", {"note": "note"}, "crm", (Join("no", "c", "no", {"name": "name"}),))
    with pytest.raises(Refusal) as caught:
        whole(plan)
    assert (caught.value.code, caught.value.facts["count"]) == ("plan.join_not_unique", 1)


def test_a_plan_that_does_not_fit_is_refused_with_all_that_is_wrong(listed):
    plan = Plan(str(listed), "客户", {"姓": "name", "手机": "telephone"}, "x", person_kind="friend")
    with pytest.raises(Refusal) as caught:
        check_plan(plan, open_source(listed))
    wrong = caught.value.facts["wrong"]
    assert wrong == [
        {"column": "姓", "table": "客户"},
        {"field": "telephone"},
        {"person_kind": "friend"},
    ]
    assert renamed(plan_for(listed), 手机="phone2", 备注=None).mapping["手机"] == "phone2"


def test_a_broken_file_gives_no_row_at_all(tmp_path):
    path = tmp_path / "客户.csv"
    path.write_text(HEAD + ROWS[0] + "\n" + ROWS[1] + ",多\n", encoding="utf-8")
    with pytest.raises(Refusal, match=r"source\.ragged"):
        next(run(Plan(str(path), "客户", {"姓名": "name"}, "x"), as_of=AS_OF))


@needs_shared
@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "table", "name", "kind"),
    [
        ("chinook.sqlite", "Customer", "Luís Gonçalves", "contact_of_organisation"),
        ("northwind.sqlite", "Customers", "Maria Anders", "contact_of_organisation"),
        ("northwind.sqlite", "Orders", None, "contract_party"),
    ],
)
def test_real_english_tables_run_end_to_end(file, table, name, kind):
    report = scan(REAL / file, as_of=AS_OF)
    plan = suggest_plan(report.table(table), source=str(REAL / file), system="shop", report=report)
    batches, values, facts = whole(plan)
    assert sum(map(len, batches)) == report.table(table).rows
    if name:
        assert values["name"][0] == name
        assert values["address"][0].count(",") >= 2
    assert facts["person_kind"][0] == kind
    assert batches[0].keys[-1].values[0].startswith("shop|")


def test_memory_stays_flat_over_a_long_file(tmp_path):
    path = tmp_path / "长.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("客户编号,姓名,手机\n")
        for n in range(150_000):
            file.write(f"K{n},张三,139{n:08d}\n")
    plan = Plan(str(path), path.stem, {"客户编号": "customer_ref", "姓名": "name", "手机": "phone"}, "x")
    sizes = [batch.values.estimated_size() for batch in run(plan, as_of=AS_OF, batch_size=8192)]
    assert len(sizes) == 19
    assert max(sizes) < 2 * 2**20
