"""Writes tests/vectors/package. Run by hand when the format gets a new version, never by a test: vectors are frozen.

python -m tests.ground.formats.test_package.make_vectors
"""

import io
import json
import tarfile
import tempfile
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from shouxin.ground.formats.package import Expected, new_identity, open_package
from shouxin.ground.kernel.canonical import decode, encode, to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_package.cast import SHAPES, TID, Archive, built, expected_of, of_bytes, seal, unseal

FOLDER = Path(__file__).resolve().parents[3] / "vectors" / "package"
ROWS = "orders/00000.parquet"


def parquet(**columns: list) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()


def totals(**changes):
    def change(raw: bytes) -> bytes:
        plain = decode(raw)
        return encode({**plain, "orders": {**plain["orders"], **changes}})

    return change


def swap(archive: Archive) -> Archive:
    entries = archive.entries
    entries[2], entries[3] = entries[3], entries[2]
    return archive


# What a sender could do wrong with the right key in hand: name → the archive spoiled.
SPOILED = {
    "link": lambda a: a.add("data/x", type=tarfile.SYMTYPE, linkname="/etc/hosts"),
    "hard-link": lambda a: a.mark(ROWS, type=tarfile.LNKTYPE, linkname="elsewhere"),
    "folder-entry": lambda a: a.add("data", type=tarfile.DIRTYPE, place=0),
    "absolute-path": lambda a: a.mark("data/letter.json", name="/data/letter.json"),
    "path-upwards": lambda a: a.add("data/../../x", b"x"),
    "another-top-folder": lambda a: a.mark("bagit.txt", name="other/bagit.txt"),
    "doubled-entry": lambda a: a.add("data/letter.json", a.entries[1][1], place=2),
    "unknown-entry": lambda a: a.add("data/readme.txt", b"x", place=2).renew_manifests(),
    "entries-exchanged": lambda a: swap(a).renew_manifests(),
    "time-in-a-header": lambda a: a.mark(ROWS, mtime=1),
    "owner-in-a-header": lambda a: a.mark(ROWS, uname="someone"),
    "bytes-behind-the-end": lambda a: replace_tail(a, bytes(1024) + b"\x00"),
    "end-missing": lambda a: replace_tail(a, bytes(512)),
    "manifest-missing": lambda a: a.drop(f"{TID}/manifest-sha256.txt"),
    "rows-missing": lambda a: a.drop(ROWS).renew_manifests(),
    "manifest-of-other-bytes": lambda a: a.edit(f"{TID}/manifest-sha256.txt", lambda raw: raw.replace(b"0", b"1", 1)),
    "tag-manifest-of-other-bytes": lambda a: a.edit("tagmanifest-sha256.txt", lambda raw: raw.replace(b"0", b"1", 1)),
    "payload-oxum-wrong": lambda a: a.edit("bag-info.txt", lambda raw: raw.replace(b"Oxum: ", b"Oxum: 1")),
    "bagit-of-another-version": lambda a: a.edit(
        "bagit.txt", lambda raw: raw.replace(b"1.0", b"0.97")
    ).renew_manifests(),
    "letter-in-another-spelling": lambda a: a.edit("letter.json", lambda raw: raw + b"\n").renew_manifests(),
    "description-that-does-not-fit": lambda a: a.edit(
        "datapackage.json", lambda raw: raw.replace(b"pipl-23", b"pipl-22")
    ).renew_manifests(),
    "fewer-rows-than-told": lambda a: a.edit(ROWS, lambda _: parquet(person=["p1"], note=["x"])).renew_manifests(),
    "other-columns": lambda a: a.edit(
        ROWS, lambda _: parquet(person=[f"p{i}" for i in range(100)], other=["x"] * 100)
    ).renew_manifests(),
    "not-parquet": lambda a: a.edit(ROWS, lambda _: b"PAR1 not rows PAR1").renew_manifests(),
    "schema-digest-of-another": lambda a: a.edit("tables.json", totals(person="note")).renew_manifests(),
    "more-held-than-rows": lambda a: a.edit("tables.json", totals(held=101)).renew_manifests(),
}

# What the letter says against the message: refused, not corrupt.
OTHERS = {
    "another-tid-inside": {"tid": "tid_" + "b" * 26},
    "another-seq": {"seq": 4},
    "another-sender": {"sender": "sha256:" + "11" * 32},
    "another-receiver": {"receiver": "sha256:" + "11" * 32},
    "another-nonce": {"nonce": "11" * 32},
    "another-epoch": {"epoch": 1},
    "another-set-of-buckets": {"covers": {"orders": (0,)}},
}


def replace_tail(archive: Archive, tail: bytes) -> Archive:
    archive.tail = tail
    return archive


def verdict(parts: list[Path], secret: str, expected: Expected) -> tuple[str, str]:
    try:
        open_package(parts, identity=secret, expected=expected)
    except Refusal as error:
        return "refused", error.code
    except Corrupt as error:
        return "corrupt", f"{error.what} at {error.where}"
    return "holds", ""


def write(name: str, sealed: bytes, secret: str, expected: Expected, folder: Path) -> None:
    path = folder / "package.age"
    path.write_bytes(sealed)
    found, why = verdict([path], secret, expected)
    assert (found == "holds") == name.startswith("good"), (name, found)
    covers = None if expected.covers is None else {k: list(v) for k, v in expected.covers.items()}
    vector = {
        "about": name.replace("-", " "),
        "identity": secret,
        "message": {
            "tid": expected.tid,
            "seq": expected.seq,
            "from": expected.sender,
            "to": expected.receiver,
            "nonce": expected.nonce,
            "epoch": expected.epoch,
            "covers": covers,
            "digest": expected.ciphertext.digest,
            "size": expected.ciphertext.size,
            "parts": [each.to_plain() for each in expected.ciphertext.parts],
            "tables": expected.tables,
        },
        "ciphertext": to_base64(sealed),
        "expected": {"verdict": found, "code": why if found == "refused" else ""},
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(vector, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(name, found, why)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    ours, others = new_identity(), new_identity()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        facts = built(folder, ours.recipient, name="good.age")
        expected, sealed = expected_of(facts), (folder / "good.age").read_bytes()
        expected = of_bytes(expected, sealed)
        plain = unseal(sealed, ours.secret)
        assert Archive.of(plain).to_bytes() == plain, sorted(SHAPES)
        write("good-package", sealed, ours.secret, expected, folder)
        write("bad-another-key", sealed, others.secret, expected, folder)
        for name, place_of in (("header", 40), ("chunk", len(sealed) // 2), ("end", len(sealed) - 1)):
            bad = bytearray(sealed)
            bad[place_of] ^= 1
            write(f"bad-flipped-bit-in-the-{name}", bytes(bad), ours.secret, expected, folder)
            write(f"bad-flipped-and-announced-{name}", bytes(bad), ours.secret, of_bytes(expected, bytes(bad)), folder)
        for name, short in (("truncated", sealed[:-100]), ("truncated-to-nothing", b""), ("lengthened", sealed + b"x")):
            write(f"bad-{name}", short, ours.secret, expected, folder)
            write(f"bad-{name}-and-announced", short, ours.secret, of_bytes(expected, short), folder)
        two = seal(plain, ours.recipient, others.recipient)
        write("bad-two-recipients", two, ours.secret, of_bytes(expected, two), folder)
        for name, spoil in SPOILED.items():
            again = seal(spoil(Archive.of(plain)).to_bytes(), ours.recipient)
            write(f"bad-{name}", again, ours.secret, of_bytes(expected, again), folder)
        for name, changes in OTHERS.items():
            write(f"bad-{name}", sealed, ours.secret, replace(expected, **changes), folder)


if __name__ == "__main__":
    main()
