"""Checkpoints and cosignatures in the forms of C2SP, and every bad form refused."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.merkle import EMPTY_ROOT
from shouxin.ground.kernel.notes import (
    Checkpoint,
    check_checkpoint,
    cosign,
    cosignatures,
    joined,
    key_hash,
    read_checkpoint,
    sign_checkpoint,
    split_note,
)
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.signing import signer

ORIGIN = "simulated.qinghe.example"
LOG, WITNESS, OTHER = (signer(bytes([number]) * 32, str(number)) for number in (1, 2, 3))
AT = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HEAD = Checkpoint(origin=ORIGIN, size=7, root=hashlib.sha256(b"root").digest())
NOTE = sign_checkpoint(HEAD, LOG)


def test_a_checkpoint_is_three_lines_an_empty_one_and_the_logs_signature():
    lines = NOTE.split("\n")
    assert lines[:4] == [ORIGIN, "7", to_base64(HEAD.root), ""]
    assert lines[4].startswith(f"\u2014 {ORIGIN} ")
    assert lines[5:] == [""]
    assert check_checkpoint(NOTE, LOG.public) == HEAD == read_checkpoint(NOTE)


def test_the_four_key_bytes_are_those_of_the_signed_note():
    expected = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + LOG.public).digest()[:4]
    assert key_hash(ORIGIN, LOG.public) == expected == split_note(NOTE)[1][0].key_hash
    assert (
        key_hash(ORIGIN, LOG.public, cosignature=True)
        == hashlib.sha256(ORIGIN.encode() + b"\n\x04" + LOG.public).digest()[:4]
    )


def test_an_empty_log_has_a_checkpoint_too():
    empty = Checkpoint(origin=ORIGIN, size=0, root=EMPTY_ROOT)
    assert check_checkpoint(sign_checkpoint(empty, LOG), LOG.public) == empty


def test_a_cosignature_carries_its_time_and_leaves_the_logs_own_signature_whole():
    beijing = timezone(timedelta(hours=8))
    note = cosign(NOTE, name="witness.example", signer=WITNESS, at=AT.astimezone(beijing))
    assert cosignatures(note, {"witness.example": WITNESS.public}) == {"witness.example": AT}
    assert cosignatures(note, {"stranger.example": OTHER.public, "witness.example": OTHER.public}) == {}
    assert check_checkpoint(note, LOG.public) == HEAD
    twice = cosign(note, name="other.example", signer=OTHER, at=AT + timedelta(days=1))
    witnesses = {"witness.example": WITNESS.public, "other.example": OTHER.public}
    assert cosignatures(twice, witnesses) == {"witness.example": AT, "other.example": AT + timedelta(days=1)}


def test_a_cosignature_at_another_time_or_under_another_body_is_found():
    note = cosign(NOTE, name="witness.example", signer=WITNESS, at=AT)
    _, lines = split_note(note)
    line = lines[1]
    later = (int.from_bytes(line.signature[:8], "big") + 1).to_bytes(8, "big") + line.signature[8:]
    moved = note.replace(to_base64(line.key_hash + line.signature), to_base64(line.key_hash + later))
    with pytest.raises(Corrupt):
        cosignatures(moved, {"witness.example": WITNESS.public})
    with pytest.raises(Corrupt):
        cosignatures(note.replace("\n7\n", "\n8\n"), {"witness.example": WITNESS.public})


def test_the_logs_own_signature_is_no_cosignature():
    assert cosignatures(NOTE, {ORIGIN: LOG.public}) == {}


def test_every_changed_sign_of_a_note_is_found():
    for place, sign in enumerate(NOTE):
        spoilt = NOTE[:place] + ("x" if sign != "x" else "y") + NOTE[place + 1 :]
        with pytest.raises(Corrupt):
            check_checkpoint(spoilt, LOG.public)


BODY = HEAD.body()
TAIL = NOTE[len(BODY) :]
BAD = [
    ("no signature", BODY),
    ("no signature but the empty line", BODY + "\n"),
    ("no final line end", NOTE[:-1]),
    ("an empty line behind", NOTE + "\n"),
    ("a fourth line", f"{BODY}extension\n{TAIL}"),
    ("no origin", f"\n7\n{to_base64(HEAD.root)}\n{TAIL}"),
    ("a size with a sign", BODY.replace("\n7\n", "\n+7\n") + TAIL),
    ("a size with a leading nought", BODY.replace("\n7\n", "\n07\n") + TAIL),
    ("a size below nought", BODY.replace("\n7\n", "\n-7\n") + TAIL),
    ("a size in full-width digits", BODY.replace("\n7\n", "\n７\n") + TAIL),
    ("a root of 31 bytes", f"{ORIGIN}\n7\n{to_base64(bytes(31))}\n{TAIL}"),
    ("a root in another spelling", BODY.replace("=\n", "\n") + TAIL),
    ("a hyphen for the dash", NOTE.replace("\u2014", "-")),
    ("a signature line without a name", BODY + "\n\u2014 " + TAIL.split(" ")[-1]),
    ("a signature of another length", BODY + f"\n\u2014 {ORIGIN} {to_base64(bytes(67))}\n"),
    ("carriage returns", NOTE.replace("\n", "\r\n")),
    ("more than 64 KiB", NOTE + TAIL[1:] * 700),
]


@pytest.mark.parametrize(("what", "note"), BAD, ids=[each[0] for each in BAD])
def test_it_refuses_a_checkpoint_with(what, note):
    with pytest.raises(Corrupt):
        check_checkpoint(note, LOG.public)


def test_another_key_or_a_signature_under_another_name_is_refused():
    with pytest.raises(Corrupt, match="without its log's signature"):
        check_checkpoint(NOTE, OTHER.public)
    other = sign_checkpoint(Checkpoint(origin="another.example", size=7, root=HEAD.root), LOG)
    with pytest.raises(Corrupt, match="without its log's signature"):
        check_checkpoint(BODY + other[len(split_note(other)[0]) :], LOG.public)


def test_copies_that_were_cosigned_apart_are_joined_into_one_note():
    one = cosign(NOTE, name="witness.one", signer=WITNESS, at=AT)
    two = cosign(NOTE, name="witness.two", signer=OTHER, at=AT)
    whole = joined([NOTE, one, two, one])
    assert cosignatures(whole, {"witness.one": WITNESS.public, "witness.two": OTHER.public}) == {
        "witness.one": AT,
        "witness.two": AT,
    }
    assert check_checkpoint(whole, LOG.public) == HEAD
    assert len(split_note(whole)[1]) == 3
    assert joined([NOTE]) == NOTE
    grown = sign_checkpoint(Checkpoint(origin=ORIGIN, size=8, root=HEAD.root), LOG)
    with pytest.raises(Corrupt, match="different checkpoints"):
        joined([NOTE, grown])
