"""Frozen packages: the good one opens, each bad one is refused or corrupt for what is wrong with it."""

import json
from pathlib import Path

import pytest

from shouxin.ground.formats.package import Expected, open_package
from shouxin.ground.kernel.canonical import from_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "package"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))


def test_there_are_enough_bad_ones():
    assert sum(name.startswith("bad-") for name in NAMES) >= 40


@pytest.mark.parametrize("name", NAMES)
def test_the_verdict_is_the_frozen_one(name, tmp_path):
    vector = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    path = tmp_path / "package.age"
    path.write_bytes(from_base64(vector["ciphertext"]))
    expected, found = Expected.of_message(vector["message"]), ("holds", "")

    try:
        package = open_package([path], identity=vector["identity"], expected=expected)
        assert {roots.rows for roots in package.recompute().values()} == {100}
    except Refusal as error:
        found = ("refused", error.code)
    except Corrupt:
        found = ("corrupt", "")

    assert found == (vector["expected"]["verdict"], vector["expected"]["code"])
    assert (found[0] == "holds") == name.startswith("good-")
