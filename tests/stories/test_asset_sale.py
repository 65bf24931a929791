"""The whole road of a sale of assets, as `make demo` walks it, and what must be true at its end."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from shouxin.ground.samples import write_company, write_shop
from tests.stories.leaks import Search

SEED, START = 7, date(2026, 11, 23)
VARIANTS = [
    pytest.param("small", id="a shop of 80, by telephone and paper"),
    pytest.param("company", id="a company of 400, over the page"),
    pytest.param("postgres", id="the same on PostgreSQL", marks=[pytest.mark.service, pytest.mark.long]),
]
CUSTOMERS = {"small": 80, "company": 400, "postgres": 300}


@pytest.fixture(scope="module", params=VARIANTS)
def told(request, tmp_path_factory):
    """The demo's JSON, its folder, and the truth behind A's files."""
    variant = request.param
    environment = {name: value for name, value in os.environ.items() if name not in ("SHOUXIN_HOME", "DATABASE_URL")}
    if variant == "postgres":
        url = os.environ.get("SHOUXIN_TEST_POSTGRES")
        if not url:
            pytest.skip("SHOUXIN_TEST_POSTGRES names no database")
        environment["DATABASE_URL"] = url
    folder = tmp_path_factory.mktemp("demo") / "home"
    customers = CUSTOMERS[variant]
    done = subprocess.run(
        [sys.executable, "-m", "shouxin.faces.cli.main", "demo", "--customers", str(customers), "--home", str(folder),
         "--json"],
        env=environment, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
    write = write_shop if variant == "small" else write_company
    truth = write(tmp_path_factory.mktemp("truth"), customers=customers, seed=SEED, as_of=START)
    return json.loads(done.stdout), folder, truth


def test_it_ends_verified_with_every_person_at_one_end(told):
    plain, folder, _ = told
    assert plain["verified"] is True
    assert sum(plain["ends"].values()) == plain["customers"]
    assert "open" not in plain["ends"]
    assert {"sealed", "destroyed"} <= set(plain["ends"])
    assert plain["ends"].get("handed_over", 0) > 0
    assert Path(plain["pack"]).is_relative_to(folder)


def test_both_verifiers_say_the_same_and_name_a_flipped_byte(told, tmp_path):
    plain, _, _ = told
    pack, trust = Path(plain["pack"]), Path(plain["trust"])
    alone = tmp_path / "verifier.py"
    _run("verifier", str(alone))
    for judge in ([sys.executable, str(alone)], [sys.executable, "-m", "shouxin.faces.cli.main", "verify"]):
        assert (
            subprocess.run([*judge, str(pack), "--trust", str(trust)], capture_output=True, check=False).returncode == 0
        )
        assert subprocess.run([*judge, str(pack)], capture_output=True, check=False).returncode == 3
        raw = bytearray(pack.read_bytes())
        raw[len(raw) // 2] ^= 1
        (tmp_path / "flipped.zip").write_bytes(raw)
        broken = subprocess.run([*judge, str(tmp_path / "flipped.zip"), "--json"], capture_output=True, check=False)
        assert broken.returncode == 1
        assert json.loads(broken.stdout)["faults"]


def test_nobody_is_found_outside_the_vault_but_in_what_was_sent(told):
    _, folder, truth = told
    staff = {
        text
        for each in truth.people.values()
        if each.kind == "staff"
        for texts in each.texts.values()
        for text in texts
    }
    search = Search(found for found in truth.identifiers() if found[2] not in staff)
    for company in ("A", "B"):
        assert search.in_folder(folder / company) == []
    assert search.in_folder(folder / "proof") == []
    assert search.in_folder(folder / "between") == []
    assert search.in_folder(folder / "outside"), "the messages that were sent hold their receivers"


def test_the_sources_are_gone_and_the_certificate_says_how(told):
    plain, folder, _ = told
    assert not [path for path in (folder / "A" / "files").rglob("*") if path.suffix in (".xlsx", ".sqlite")]
    assert plain["certificate"]["headline"] == "complete"


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "shouxin.faces.cli.main", *arguments], check=True, capture_output=True)
