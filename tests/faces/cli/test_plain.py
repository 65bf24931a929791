"""The verbs that need no installation: `scan` and `verify`, on good and on bad files."""

import csv
import json
import subprocess
import sys

import pytest


@pytest.fixture
def table(tmp_path):
    """A small list of invented people."""
    path = tmp_path / "list.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["姓名", "手机", "备注"])
        rows.writerows([[f"叶青{sign}", f"1540000000{number}", "下午来"] for number, sign in enumerate("岚山水火")])
    return path


def test_scan_says_what_stands_in_a_table_and_changes_nothing(plain, table):
    before = table.read_bytes()
    told = plain("scan", table, "--json")
    assert told.code == 0
    (found,) = told.plain["tables"]
    assert found["rows"] == 4
    assert {column["verdict"]["column"] if "verdict" in column else column["column"] for column in found["columns"]}
    assert "叶青岚" not in told.out  # a scan counts and classifies; it shows no value
    assert table.read_bytes() == before


def test_scan_in_words_names_fields_in_the_readers_language(plain, table, monkeypatch):
    assert "姓名" in plain("scan", table).out
    monkeypatch.setenv("SHOUXIN_LANGUAGE", "en")
    assert "Name" in plain("scan", table).out


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda path: None, "source.missing"),
        (lambda path: path.mkdir(), "source.is_folder"),
        (lambda path: path.write_bytes(b""), "source.empty"),
        (lambda path: path.write_text("姓名,手机\na,b\nc\n", "utf-8"), "source.ragged"),
        (lambda path: path.write_text("姓名,姓名\na,b\n", "utf-8"), "source.header_duplicate"),
        (lambda path: path.write_bytes(b"PK\x03\x04 cut off"), "source.xlsx_damaged"),
    ],
)
def test_scan_names_the_file_and_what_to_do(plain, tmp_path, make, error):
    make(tmp_path / "list.csv")
    told = plain("scan", tmp_path / "list.csv", "--json")
    assert (told.code, told.plain["error"]) == (1, error)
    assert told.plain["facts"].get("file") == "list.csv"
    assert told.plain["sentence"].endswith("。")
    assert "—" not in told.plain["sentence"]


@pytest.mark.parametrize("content", [b"", b"{}", b"PK\x03\x04", b"not a proof"])
def test_verify_finds_fault_with_what_is_no_proof(plain, tmp_path, content):
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    told = plain("verify", file, "--json")
    assert told.code == 1
    assert told.plain["exit_code"] == 1
    assert told.plain["faults"]


def test_the_one_file_verifier_is_written_and_runs_alone(plain, tmp_path):
    told = plain("verifier", tmp_path / "verify.py", "--json")
    assert told.code == 0
    (tmp_path / "pack.zip").write_bytes(b"not a proof")
    done = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "verify.py", tmp_path / "pack.zip"], capture_output=True, check=False
    )
    assert done.returncode == 1


def test_a_process_of_its_own_needs_no_home_and_never_waits(table, tmp_path):
    command = [sys.executable, "-m", "shouxin.faces.cli.main", "scan", str(table), "--json"]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60, env={"HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tables"]
    lost = [*command[:3], "company", "show", "--json", "--home", str(tmp_path / "none")]
    done = subprocess.run(
        lost, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60, env={"HOME": str(tmp_path)}
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"] == "home.absent"
    assert not (tmp_path / "none").exists()
