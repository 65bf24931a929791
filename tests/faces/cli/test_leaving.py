"""A process of the command line leaves no write-ahead log behind: what a database deleted is gone from there too."""

import json
import os
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3] / "src"
WHO = ["--name", "拾光家政", "--uscc", "91310000MA0000000X", "--contact", "a@sender.example", "--address", "上海"]


def test_the_databases_are_closed_when_the_process_ends(tmp_path):
    home, secrets = tmp_path / "home", tmp_path / "secrets.env"
    secrets.write_text("company=a long enough passphrase\nrecovery=another passphrase\n", "utf-8")
    founding = ["init", *WHO, "--simulated", "--clock", "2026-11-23T01:00:00Z"]
    commands = [[*founding, "--escrow", str(tmp_path / "escrow"), "--recovery-out", str(tmp_path / "recovery.json")]]
    # A table with telephones: the blind index gets a file of its own.
    table = tmp_path / "客户.csv"
    table.write_text("客户编号,姓名,手机号\nK1,甄有礼,19900000001\nK2,宁小雨,19900000002\n", "utf-8")
    adding = ["source", "add", str(table), "--title", "客户", "--custodian", "system", "--by", "system", "--confirm"]
    commands += [adding, ["collect", "1", "--by", "system"]]
    actor = [sys.executable, "-m", "shouxin.faces.cli.actor", "--home", str(home), "--secrets", str(secrets)]
    clean = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    done = subprocess.run(
        actor,
        input="".join(json.dumps(each) + "\n" for each in commands),
        env={**clean, "PYTHONPATH": str(SOURCE)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert [json.loads(line)["code"] for line in done.stdout.splitlines()] == [0, 0, 0], done.stdout
    assert sorted(path.name for path in home.glob("*sqlite3*")) == ["company.sqlite3", "index.sqlite3"]
