"""The kernel reads what strangers send: checkpoints, envelopes, sealed keys. Whatever comes, it is taken or refused."""

import pytest

from shouxin.ground.kernel import dsse, notes, signing
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.merkle import EMPTY_ROOT
from shouxin.ground.kernel.refusals import Corrupt
from tests.cast import CLERK
from tests.ground import hostile

OWN, OTHER = (signing.signer(bytes([number]) * 32, name) for number, name in ((1, "example.test/a"), (2, "w")))
KEYS = {each.key_id: each.public for each in (OWN, OTHER)}
NOTE = notes.sign_checkpoint(notes.Checkpoint(OWN.name, 7, EMPTY_ROOT), OWN)
ENVELOPE = dsse.sign(
    dsse.statement(subject={"x": "sha256:" + "0" * 64}, predicate_type="x/v1", predicate={"a": [1, {"b": "天"}]}),
    [OWN, OTHER],
)
LINES = (
    "",
    " ",
    "9" * 5000,
    "9" * 30,
    "-1",
    "+1",
    "07",
    "1_0",
    "١",
    "\u2014 a b",
    "\u2014 a AA==",
    "\u2014  AA==",
    "\ud800",
)


def of_text(read):
    """A reader of text as one of bytes, as they come over a wire."""
    return lambda raw: read(raw.decode("utf-8", "surrogatepass"))


def notes_of(text):
    told = [raw for raw in hostile.of_bytes(text.encode()) if _is_text(raw)]
    return told + [each.encode("utf-8", "surrogatepass") for each in hostile.of_lines(text, lines=LINES)]


def _is_text(raw):
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "read",
    [
        notes.read_checkpoint,
        lambda text: notes.check_checkpoint(text, OWN.public),
        lambda text: notes.cosignatures(text, {OTHER.name: OTHER.public}),
    ],
    ids=["read", "signature", "cosignatures"],
)
def test_a_note_is_taken_or_corrupt(read, at):
    note = notes.cosign(NOTE, name=OTHER.name, signer=OTHER, at=at)
    assert hostile.told(of_text(read), note.encode()) == ""
    outcomes = [hostile.told(of_text(read), raw) for raw in notes_of(note)]
    assert all(told == "" or told.startswith("corrupt: ") for told in outcomes)


@pytest.mark.parametrize("size", ["9" * 5000, "9" * 17, "00", "01", "-1", "+7", "1e3", "７", "٧"])
def test_a_size_has_one_spelling_of_at_most_sixteen_digits(size):
    with pytest.raises(Corrupt, match="checkpoint of a refused form"):
        notes.read_checkpoint(NOTE.replace("\n7\n", f"\n{size}\n"))
    assert notes.read_checkpoint(NOTE.replace("\n7\n", "\n0\n")).size == 0


@pytest.mark.parametrize("seconds", [253402300800, 2**62, 2**64 - 1])
def test_a_cosignature_of_a_time_that_is_none_is_corrupt(seconds):
    body, _ = notes.split_note(NOTE)
    signature = seconds.to_bytes(8, "big") + OTHER.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode())
    hashed = notes.key_hash(OTHER.name, OTHER.public, cosignature=True)
    line = f"\u2014 {OTHER.name} {dsse.to_base64(hashed + signature)}\n"
    with pytest.raises(Corrupt, match="time that is none"):
        notes.cosignatures(NOTE + line, {OTHER.name: OTHER.public})


def envelopes():
    """The envelope's bytes made strange, its own value, and its statement, signed again."""
    yield from hostile.of_bytes(ENVELOPE)
    yield from hostile.spelled(hostile.of_value(decode(ENVELOPE)))
    for _, value in hostile.of_value(dict(dsse.peek(ENVELOPE))):
        yield from hostile.spelled_by(lambda value=value: dsse.sign(value, [OWN, OTHER]))


@pytest.mark.parametrize(
    "read",
    [lambda raw: dsse.open_envelope(raw, keys=KEYS), dsse.peek, lambda raw: dsse.add_signature(raw, OWN)],
    ids=["open", "peek", "add a signature"],
)
def test_an_envelope_is_taken_or_corrupt(read):
    assert hostile.told(read, ENVELOPE) == ""
    outcomes = [hostile.told(read, raw) for raw in envelopes()]
    assert all(told == "" or told.startswith("corrupt: ") for told in outcomes)


@pytest.mark.parametrize(
    "marks",
    [
        [None],
        ["keyid"],
        [["keyid", "sig"]],
        [{}],
        [{"keyid": [], "sig": ""}],
        [{"keyid": {}, "sig": ""}],
        [{"keyid": None, "sig": None}],
        [{"keyid": OWN.key_id, "sig": None}],
        [{"keyid": OWN.key_id, "sig": 1}],
        [{"keyid": OWN.key_id, "sig": ""}],
        [{"keyid": OWN.key_id, "sig": "AA==", "zzz": 1}],
    ],
)
def test_an_odd_mark_is_a_corrupt_envelope(marks):
    with pytest.raises(Corrupt):
        dsse.open_envelope(encode({**decode(ENVELOPE), "signatures": marks}), keys=KEYS)


@pytest.mark.parametrize("predicate", [None, [], "x", 1, [["a", 1]]])
def test_a_statement_without_a_matter_of_its_own_is_corrupt(predicate):
    raw = dsse.sign({**dsse.peek(ENVELOPE), "predicate": predicate}, [OWN])
    for read in (dsse.peek, lambda each: dsse.open_envelope(each, keys=KEYS)):
        assert hostile.told(read, raw) == "corrupt: statement of a refused form"


def test_a_sealed_key_is_opened_or_refused(monkeypatch):
    monkeypatch.setattr(signing, "_SCRYPT_LOG_N", 4)
    sealed = signing.seal_private(b"\x01" * 32, CLERK.passphrase)

    def read(raw):
        return signing.open_private(raw, CLERK.passphrase)

    assert hostile.told(read, sealed) == ""
    strange = [*hostile.of_bytes(sealed), *hostile.spelled(hostile.of_value(decode(sealed)))]
    outcomes = {hostile.told(read, raw) for raw in strange}
    assert {told for told in outcomes if not told.startswith("corrupt: ")} <= {"", "passphrase.wrong"}
    assert "passphrase.wrong" in outcomes
