"""The pack: the same parts give the same bytes, and any ZIP reader can open it."""

import hashlib
import subprocess
import zipfile
from dataclasses import replace

import pyrage
import pytest

from shouxin.ground.formats import pack, verify
from shouxin.ground.formats.balance import SourceRows
from shouxin.ground.kernel.digests import digest_file
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pack import cast, make_vectors

CASE = make_vectors.small()


def build(out, parts=CASE.parts, **options) -> str:
    return pack.build(parts, signer=cast.COMPANY, out=out, **options)


def test_the_same_parts_give_the_same_bytes_and_the_digest_is_the_files(tmp_path):
    first, second = tmp_path / "a.zip", tmp_path / "b.zip"
    assert build(first) == build(second) == digest_file(first)
    assert first.read_bytes() == second.read_bytes()


def test_an_ordinary_reader_opens_it_and_sums_agree(tmp_path):
    build(tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as opened:
        assert opened.testzip() is None
        names = opened.namelist()
        assert names[:3] == ["statement.dsse", "MANIFEST", "balance.json"]
        assert names == sorted(names, key=pack.order)
        lines = opened.read("MANIFEST").decode().splitlines()
        for line in lines:
            expected, name = line.split("  ")
            assert hashlib.sha256(opened.read(name)).hexdigest() == expected
        opened.extractall(tmp_path / "out")
    done = subprocess.run(["sha256sum", "-c", "MANIFEST"], cwd=tmp_path / "out", capture_output=True, check=False)
    assert done.returncode == 0


def test_documents_may_be_files_and_are_not_held_whole(tmp_path):
    scan = tmp_path / "scan.bin"
    scan.write_bytes(CASE.parts.documents["02-scan.bin"])
    build(tmp_path / "bytes.zip")
    build(tmp_path / "files.zip", replace(CASE.parts, documents={**CASE.parts.documents, "02-scan.bin": scan}))
    assert (tmp_path / "bytes.zip").read_bytes() == (tmp_path / "files.zip").read_bytes()


def test_for_an_auditor_it_is_encrypted_and_opens_to_the_same_pack(tmp_path):
    identity = pyrage.x25519.Identity.generate()
    build(tmp_path / "a.zip")
    pack.encrypt(tmp_path / "a.zip", recipient=str(identity.to_public()), out=tmp_path / "a.zip.age")
    sealed = verify.verify(tmp_path / "a.zip.age")
    assert (sealed.exit_code, sealed.kind, sealed.origin_established) == (verify.CONSISTENT, "package", False)
    assert pyrage.decrypt((tmp_path / "a.zip.age").read_bytes(), [identity]) == (tmp_path / "a.zip").read_bytes()
    with pytest.raises(Refusal, match=r"pack\.recipient"):
        pack.encrypt(tmp_path / "a.zip", recipient="nobody", out=tmp_path / "b.age")


def test_two_recipients_are_a_fault_seen_from_outside(tmp_path):
    keys = [pyrage.x25519.Identity.generate().to_public() for _ in range(2)]
    (tmp_path / "two.age").write_bytes(pyrage.encrypt(b"x", keys))
    found = verify.verify(tmp_path / "two.age")
    assert (found.exit_code, found.faults[0].where) == (verify.FAULT, "package")


def test_the_public_edition_has_no_exact_figure_and_says_so(tmp_path):
    build(tmp_path / "public.zip", edition="public")
    with zipfile.ZipFile(tmp_path / "public.zip") as opened:
        assert not [name for name in opened.namelist() if name.startswith(("decisions", "messages", "ledger/e"))]
    told = verify.verify(tmp_path / "public.zip", cast.write_trust(cast.trust_of(CASE, size=9), tmp_path / "t.json"))
    assert told.exit_code == verify.VERIFIED
    assert "balance.public" in {claim.code for claim in told.rests_on_word}


@pytest.mark.parametrize(
    ("code", "change", "options"),
    [
        ("pack.unbalanced", {"balance": replace(CASE.parts.balance, sources=(SourceRows("s", 9, 1, 1, 1),))}, {}),
        ("pack.ledger", {"ledger": None}, {}),
        ("pack.ledger", {"selected": cast.selected(CASE).selected}, {}),
        ("pack.edition", {}, {"edition": "secret"}),
    ],
)
def test_it_is_not_built_when(tmp_path, code, change, options):
    with pytest.raises(Refusal) as refused:
        build(tmp_path / "a.zip", replace(CASE.parts, **change), **options)
    assert refused.value.code == code
    assert not (tmp_path / "a.zip").exists()


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "A", "a.", "a b", "附件", "a/b/c/d", ".a", "a" * 200])
def test_a_name_that_is_not_safe_everywhere_is_refused(tmp_path, name):
    with pytest.raises(Corrupt, match="name"):
        build(tmp_path / "a.zip", replace(CASE.parts, documents={name: b""}))


def test_nothing_is_overwritten(tmp_path):
    build(tmp_path / "a.zip")
    with pytest.raises(FileExistsError):
        build(tmp_path / "a.zip")


def test_it_tells_what_rests_on_the_companys_word(tmp_path):
    build(tmp_path / "a.zip")
    trust = cast.trust_of(CASE, size=9)
    pinned = verify.verify(tmp_path / "a.zip", cast.write_trust(trust, tmp_path / "t.json"))
    alone = {cast.COMPANY.key_id: trust.keys[cast.COMPANY.key_id]}
    unpinned = verify.verify(tmp_path / "a.zip", cast.write_trust(replace(trust, keys=alone), tmp_path / "u.json"))
    assert pinned.exit_code == unpinned.exit_code == verify.VERIFIED
    assert "ledger.tail" not in {claim.code for claim in pinned.rests_on_word}
    tail = next(claim for claim in unpinned.rests_on_word if claim.code == "ledger.tail")
    assert f"last {len(CASE.log.entries)} " in tail.en
    assert "4 keys" in next(claim.en for claim in unpinned.rests_on_word if claim.code == "keys.unpinned")
