"""An auditor asks again a year after the case was closed: the same bytes, or exactly what differs."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from shouxin.cases import services
from shouxin.cases.models import Case, Pack
from shouxin.ground.formats.verify import verify
from shouxin.stores.ledger import queries as ledger
from shouxin.stores.ledger import services as ledger_services
from tests.cases.conftest import answered, undone  # noqa: F401 - a case in which everybody has answered
from tests.faces.cli.conftest import PASSPHRASES


@pytest.fixture
def given_out(undone, shouxin, tmp_path):  # noqa: F811
    """The case closed after its pack was given out; how to export it again, and that first pack."""
    shop, _, at = undone
    ledger_services.advance_clock(to=at, by="system")
    services.decide(case=shop.case, by=shop.staff["owner"], at=at)
    secrets = tmp_path / "passphrases.env"
    secrets.write_text(f"company={PASSPHRASES['company'].decode()}\n", "utf-8")

    def export(name, *options, signing=True):
        out = tmp_path / name / "pack.zip"
        out.parent.mkdir()
        held = ["--secrets", secrets] if signing else []
        told = shouxin(
            "evidence", "export", shop.case, "--out", out, "--by", shop.staff["owner"], *held, *options, "--json"
        )
        return told, out

    told, out = export("first")
    assert told.code == 0
    assert "same" not in told.plain  # nothing was given out before
    Case.objects.update(state=Case.CLOSED, closed_at=at)
    ledger_services.advance_clock(to=at + timedelta(days=365), by="system")
    return export, told.plain, out


def kept(digest: str) -> Path:
    return Path(settings.SHOUXIN_HOME) / "evidence" / f"{digest.removeprefix('sha256:')}.zip"


def test_a_year_later_the_same_bytes_are_given_out_without_the_companys_key_and_noted(given_out):
    export, first, before = given_out
    told, out = export("again", signing=False)
    assert told.code == 0
    assert out.read_bytes() == before.read_bytes()
    assert (told.plain["same"], told.plain["digest"], told.plain["differs"]) == (True, first["digest"], [])
    assert (out.parent / "report.pdf").read_bytes() == (before.parent / "report.pdf").read_bytes()
    entry = ledger.entries(kinds=["cases.pack_exported"])[-1]
    assert entry.facts == {"pack": first["digest"], "verified": 3}


def test_what_differs_in_one_issued_anew_is_said_entry_by_entry(given_out):
    export, first, _ = given_out
    told, out = export("anew", "--anew")
    assert told.code == 0
    assert (told.plain["same"], told.plain["before"]) == (False, first["digest"])
    assert verify(out).exit_code == 3
    differs = {each["name"]: each for each in told.plain["differs"]}
    assert {"MANIFEST", "statement.dsse", "ledger/checkpoint", "documents/01-closing-report-zh.pdf"} <= set(differs)
    assert not {"balance.json", "decisions/summary.json", "documents/03-assessment.json"} & set(differs)
    grown = next(each for name, each in differs.items() if name.startswith("ledger/checkpoints/"))
    assert (grown["was"], len(grown["now"])) == ("", 64)
    again, same = export("after")
    assert again.plain["same"]
    assert same.read_bytes() == out.read_bytes()


@pytest.mark.parametrize("fate", ["gone", "changed"])
def test_a_kept_pack_that_is_gone_or_changed_is_not_passed_off_as_the_noted_one(given_out, fate):
    export, first, _ = given_out
    place = kept(first["digest"])
    if fate == "gone":
        place.unlink()
    else:
        raw = bytearray(place.read_bytes())
        raw[len(raw) // 2] ^= 1
        place.write_bytes(bytes(raw))
    told, out = export("again")
    assert told.code == 0
    assert not told.plain["same"]
    assert told.plain["differs"]
    assert verify(out).exit_code == 3
    assert kept(told.plain["digest"]).read_bytes() == out.read_bytes()


def test_another_edition_than_was_given_out_is_issued(given_out):
    export, first, _ = given_out
    told, _ = export("public", "--public")
    assert told.code == 0
    assert told.plain["digest"] != first["digest"]
    assert "same" not in told.plain
    assert [each.edition for each in Pack.objects.order_by("id")] == ["auditor", "public"]
