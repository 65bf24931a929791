"""The one-file verifier stands alone: standard library only, old Pythons too, its own Ed25519, its own PIT-1."""

import ast
import base64
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from shouxin.ground.formats import verifier
from shouxin.ground.kernel import merkle, signing
from shouxin.ground.kernel.refusals import Corrupt
from tests.ground.formats.test_pack import cast, make_vectors

VECTORS = Path(__file__).resolve().parents[2] / "vectors"
SOURCE = Path(verifier.__file__)


def signatures() -> list[dict[str, object]]:
    found = []
    for name in ("rfc8032", "wycheproof", "own"):
        found += json.loads((VECTORS / "ed25519" / f"{name}.json").read_text("utf-8"))
    return found


@pytest.mark.parametrize("case", signatures(), ids=lambda case: str(case["about"]))
def test_both_implementations_of_ed25519_give_the_known_answer(case):
    public, message, signature = (bytes.fromhex(str(case[name])) for name in ("public", "message", "signature"))
    try:
        signing.check_signature(public, signature, message)
        by_kernel = True
    except Corrupt:
        by_kernel = False
    assert by_kernel == case["good"]
    assert verifier.signature_holds(public, signature, message) == case["good"]


def test_random_signatures_and_flips_are_judged_alike():
    chance = random.Random(5)
    for _ in range(40):
        mine = signing.signer(chance.randbytes(32), "")
        message = chance.randbytes(chance.randrange(200))
        good = mine.sign(message)
        assert verifier.signature_holds(mine.public, good, message)
        bad = make_vectors.flipped(good, chance.randrange(64), 1 << chance.randrange(8))
        assert not verifier.signature_holds(mine.public, bad, message)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 255, 256, 257])
def test_its_merkle_proofs_agree_with_the_kernels(size):
    leaves = [merkle.leaf_hash(bytes([number & 255, number >> 8])) for number in range(size)]
    tree = verifier.Tree()
    for value in leaves:
        tree.add(value)
    root = merkle.root(leaves)
    assert tree.root() == root
    for index in {0, size // 2, size - 1}:
        path = merkle.inclusion_proof(leaves, index)
        assert verifier.included(leaves[index], index, size, path, root)
        assert not verifier.included(leaves[index], index + 1, size, path, root) or size == 1
        assert not verifier.included(leaves[index], index, size, [*path, bytes(32)], root)
    for old in {1, size // 2 or 1, size}:
        path = merkle.consistency_proof(leaves, old)
        before = merkle.root(leaves[:old])
        assert verifier.consistent(old, before, size, root, path)
        assert not verifier.consistent(old, bytes(32), size, root, path)


@pytest.mark.parametrize("path", sorted((VECTORS / "pit").glob("*.json")), ids=lambda path: path.stem)
def test_it_walks_every_frozen_transfer_to_the_same_end(path):
    vector = json.loads(path.read_text("utf-8"))
    keys = {name: base64.b64decode(vector["keys"][name]) for name in "AB"}
    checkers = [base64.b64decode(each) for each in vector["keys"]["V"]]
    others = {verifier.sha256(each): each for each in [keys["B"], *checkers]}
    messages = [(str(number), base64.b64decode(raw)) for number, raw in enumerate(vector["envelopes"], start=1)]
    stated = {"issued": vector["at"], "simulated": False}
    expected = vector["expected"]
    if expected["holds"]:
        state = verifier.check_chain(messages, {verifier.sha256(keys["A"]): keys["A"]}, others, stated)
        assert state == expected["status"]
        return
    with pytest.raises(verifier.Bad) as found:
        verifier.check_chain(messages, {verifier.sha256(keys["A"]): keys["A"]}, others, stated)
    assert found.value.where == str(expected["seq"])


def test_it_imports_nothing_but_the_standard_library_and_reads_in_python_3_8():
    tree = ast.parse(SOURCE.read_text("utf-8"), feature_version=(3, 8))
    names = {alias.name for item in ast.walk(tree) if isinstance(item, ast.Import) for alias in item.names}
    names |= {item.module for item in ast.walk(tree) if isinstance(item, ast.ImportFrom)}
    assert {name.split(".", maxsplit=1)[0] for name in names} <= set(sys.stdlib_module_names) | {"__future__"}


def test_it_runs_from_a_copy_in_an_empty_folder(tmp_path):
    copy = tmp_path / "verifier.py"
    copy.write_bytes(SOURCE.read_bytes())
    case = make_vectors.small()
    (tmp_path / "pack.zip").write_bytes(make_vectors.built(case.parts, folder=tmp_path))
    cast.write_trust(cast.trust_of(case, size=5), tmp_path / "trust.json")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", str(copy), *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, encoding="utf-8")

    assert run().returncode == 2
    assert run("pack.zip", "--trust", "absent.json").returncode == 2
    verified = run("pack.zip", "--trust", "trust.json", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["origin_established"]) == (0, True)
    without = run("pack.zip")
    assert without.returncode == 3
    assert "NOT established" in without.stdout
    (tmp_path / "pack.zip").write_bytes(make_vectors.flip_in((tmp_path / "pack.zip").read_bytes(), "balance.json"))
    faulty = run("pack.zip", "--trust", "trust.json")
    assert faulty.returncode == 1
    assert "balance.json" in faulty.stdout
