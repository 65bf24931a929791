"""Frozen chains: the good ones are followed to their state, the bad ones are refused for what is wrong with them."""

import json
from pathlib import Path

import pytest

from shouxin.ground.formats import pit
from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.times import from_text

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "pit"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_there_are_enough_of_both():
    assert sum(name.startswith("good-") for name in NAMES) >= 8
    assert sum(name.startswith("bad-") for name in NAMES) >= 15


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_is_the_frozen_one(name):
    vector = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    keys, expected = vector["keys"], vector["expected"]
    parties = pit.Parties(
        a=from_base64(keys["A"]), b=from_base64(keys["B"]), auditors=tuple(from_base64(each) for each in keys["V"])
    )
    envelopes = [from_base64(each) for each in vector["envelopes"]]

    report = pit.check_offline(envelopes, parties, at=from_text(vector["at"]))

    gates = next((each.missing for each in report.findings if each.name == "transfer.gates"), ())
    assert report.holds is expected["holds"] is name.startswith("good-")
    assert (report.status, report.fault, report.fault_seq) == (expected["status"], expected["fault"], expected["seq"])
    assert expected["code"] in ("", report.reason)
    assert sorted(each.code.removeprefix("transfer.gate.") for each in gates) == expected["gates_missing"]
