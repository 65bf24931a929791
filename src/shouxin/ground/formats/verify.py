"""Is it whole, whose is it, what is proved, and what rests on the company's word? (docs/formats/pack.md, trust.md)

    verdict = verify(Path("pack.zip"), trust=Path("trust.json"))
    verdict.exit_code     0 verified with trust · 1 a fault, with its place · 2 usage · 3 consistent, origin not known

The same check stands a second time in `verifier`, one file of standard-library Python; both are held to one verdict.
Nothing here repairs, guesses or goes to a network.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from shouxin.ground.formats import balance, certificate, pack, permit, pit, shapes
from shouxin.ground.formats.permit import FINDING
from shouxin.ground.kernel import dsse, merkle, notes
from shouxin.ground.kernel.canonical import decode, from_base64, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal

VERIFIED, FAULT, USAGE, CONSISTENT = 0, 1, 2, 3
TRUST_FORMAT = "shouxin-trust-1"
ROLES = ("company", "staff", "recipient", "witness")
SIMULATED = "simulated."
AGE = b"age-encryption.org/v1\n"
MESSAGE_BASE = dsse.PREDICATE_BASE + "pit/v1/"


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where (an entry's name, `name#number` for one line of it) and what."""

    where: str
    what: str


@dataclass(frozen=True)
class Claim:
    """One sentence of the verdict in both languages, under a code."""

    code: str
    zh: str
    en: str

    def say(self, language: str) -> str:
        """The sentence in one language."""
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Verdict:
    """What the check came to. `kind`: pack, certificate, permit, message, package, unknown."""

    exit_code: int
    kind: str
    proved: tuple[Claim, ...] = ()
    rests_on_word: tuple[Claim, ...] = ()
    simulated: bool | None = None
    faults: tuple[Fault, ...] = ()
    origin_established: bool = False
    digest: str = ""


@dataclass(frozen=True)
class TrustedKey:
    """A key the reader got elsewhere."""

    public: bytes
    role: str
    name: str


@dataclass(frozen=True)
class Trust:
    """What the reader got elsewhere: origin, keys, the last checkpoint seen."""

    origin: str
    simulated: bool
    keys: Mapping[str, TrustedKey]
    checkpoint: str | None = None

    def company(self) -> dict[str, bytes]:
        """The keys that may speak for the company."""
        return {name: key.public for name, key in self.keys.items() if key.role == "company"}


@dataclass
class _Ledger:
    """What the pack shows of the ledger, once checked: entries by number, roots by size."""

    size: int = 0
    complete: bool = False
    is_walked: bool = False
    entries: dict[int, bytes] = field(default_factory=dict)
    roots: dict[int, bytes] = field(default_factory=dict)
    cosigned: int = 0


@dataclass
class _Reading:
    """One pack while it is being read."""

    file: IO[bytes]
    entries: dict[str, pack.Entry]
    trust: Trust | None
    faults: list[Fault] = field(default_factory=list)
    proved: list[Claim] = field(default_factory=list)
    word: list[Claim] = field(default_factory=list)
    keys: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    statement: Mapping[str, Any] = field(default_factory=dict)
    ledger: _Ledger = field(default_factory=_Ledger)
    permits: dict[str, permit.Permit] = field(default_factory=dict)
    certificates: dict[str, certificate.Certificate] = field(default_factory=dict)
    bad: set[str] = field(default_factory=set)

    def raw(self, name: str) -> bytes:
        """The bytes of one entry."""
        return pack.content(self.file, self.entries[name])

    def fault(self, where: str, what: str) -> None:
        """Note one fault; its entry is read no further."""
        self.faults.append(Fault(where, what))
        self.bad.add(where.partition("#")[0])

    def guard(self, check: Callable[[], None]) -> bool:
        """Run one check; whether it held."""
        try:
            check()
        except Corrupt as error:
            self.fault(error.where, error.what)
            return False
        return True

    def sound(self, prefix: str) -> list[str]:
        """The entries under a prefix that nothing is wrong with, in order."""
        return [name for name in self.entries if name.startswith(prefix) and name not in self.bad]

    def is_sound(self, name: str) -> bool:
        """Whether an entry is there and nothing is wrong with it."""
        return name in self.entries and name not in self.bad

    def publics(self, *roles: str) -> dict[str, bytes]:
        """Keys of these roles (all, when none is named)."""
        return {name: key["raw"] for name, key in self.keys.items() if not roles or key["role"] in roles}


def verify(path: Path, trust: Path | None = None) -> Verdict:
    """What the file comes to, with the trust file or without.

    Raises nothing of its own: a file that is not there or a trust file that cannot be used is exit code 2.
    """
    try:
        pinned = read_trust(trust.read_bytes()) if trust else None
    except (OSError, Refusal) as error:
        return Verdict(USAGE, "unknown", faults=(Fault("trust", str(error) or "cannot be read"),))
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _verify_file(file, size, pinned)
    except OSError as error:
        return Verdict(USAGE, "unknown", faults=(Fault("file", error.strerror or "cannot be read"),))


def read_trust(raw: bytes) -> Trust:
    """The trust file.

    Raises:
        Refusal("trust.unusable"): anything that docs/formats/trust.md tells a reader to refuse.
    """
    try:
        plain = shapes.read_json(
            raw,
            {
                "format": shapes.one_of(TRUST_FORMAT),
                "origin": shapes.is_text,
                "simulated": shapes.is_flag,
                "keys": shapes.is_anything,
                "checkpoint": shapes.optional(shapes.is_text),
            },
            where="trust",
        )
        return _trust(plain)
    except Corrupt as error:
        raise Refusal("trust.unusable", why=error.what) from error


def write_trust(trust: Trust) -> dict[str, Any]:
    """The trust file's plain value, to be given to the reader by another road than the pack."""
    return {
        "format": TRUST_FORMAT,
        "origin": trust.origin,
        "simulated": trust.simulated,
        "keys": {
            name: {"public": to_base64(key.public), "role": key.role, "name": key.name}
            for name, key in trust.keys.items()
        },
        "checkpoint": trust.checkpoint,
    }


def _trust(plain: Mapping[str, Any]) -> Trust:
    if not isinstance(plain["keys"], dict):
        raise Corrupt("keys of a refused form", "trust")
    for key in plain["keys"].values():
        shapes.check(
            key, {"public": shapes.is_text, "role": shapes.one_of(*ROLES), "name": shapes.is_label}, where="trust"
        )
    publics = shapes.read_keys({name: key["public"] for name, key in plain["keys"].items()}, where="trust")
    trust = Trust(
        origin=plain["origin"],
        simulated=plain["simulated"],
        keys={
            name: TrustedKey(publics[name], plain["keys"][name]["role"], plain["keys"][name]["name"])
            for name in publics
        },
        checkpoint=plain["checkpoint"],
    )
    if not trust.company():
        raise Corrupt("no company key", "trust")
    if (
        trust.checkpoint is not None
        and _own_checkpoint(trust.checkpoint, trust.company(), "trust").origin != trust.origin
    ):
        raise Corrupt("checkpoint of another origin", "trust")
    return trust


def _verify_file(file: IO[bytes], size: int, trust: Trust | None) -> Verdict:
    head = file.read(len(AGE))
    file.seek(max(0, size - 22))
    tail = file.read(4)
    if head.startswith(b"PK\x03\x04") or tail == b"PK\x05\x06":
        return _verify_pack(file, size, trust)
    file.seek(0)
    if head == AGE:
        return _verify_package(file.read(64 * 1024))
    if head.startswith(b"{") and size <= 64 * 1024 * 1024:
        return _verify_envelope(file.read(), trust)
    return Verdict(FAULT, "unknown", faults=(Fault("file", "neither a pack, nor a signed document, nor a package"),))


# --- the pack ------------------------------------------------------------------------------------------------------


def _verify_pack(file: IO[bytes], size: int, trust: Trust | None) -> Verdict:
    walked = pack.read(file, size=size)
    reading = _Reading(file=file, entries={entry.name: entry for entry in walked.entries}, trust=trust)
    for found in walked.faults:
        reading.fault(found.where, found.what)
    whole = all(fault.where in reading.entries and reading.entries[fault.where].damaged for fault in reading.faults)
    if whole and _check_frame(reading):
        _check_contents(reading)
    return _conclude(reading)


def _conclude(reading: _Reading) -> Verdict:
    simulated = reading.statement.get("simulated")
    if reading.faults:
        return Verdict(FAULT, "pack", simulated=simulated, faults=tuple(reading.faults))
    if reading.trust is None:
        reading.word.insert(0, _ORIGIN_OPEN)
    return Verdict(
        exit_code=VERIFIED if reading.trust else CONSISTENT,
        kind="pack",
        proved=tuple(reading.proved),
        rests_on_word=tuple(reading.word),
        simulated=simulated,
        origin_established=reading.trust is not None,
    )


def _check_frame(reading: _Reading) -> bool:
    """MANIFEST, keys and statement: without them nothing else can be judged."""
    for name in ("statement.dsse", "MANIFEST", "keys/keys.json"):
        if name not in reading.entries:
            reading.fault(name, "missing")
    if reading.bad & {"statement.dsse", "MANIFEST", "keys/keys.json"}:
        return False
    reading.guard(lambda: _check_manifest(reading))
    if reading.bad & {"MANIFEST", "keys/keys.json"}:
        return False
    return reading.guard(lambda: _read_keys(reading)) and reading.guard(lambda: _check_statement(reading))


def _check_manifest(reading: _Reading) -> None:
    lines = _text(reading.raw("MANIFEST"), "MANIFEST").split("\n")
    listed: dict[str, str] = {}
    for number, line in enumerate(lines[:-1], start=1):
        hexadecimal, gap, name = line.partition("  ")
        if not gap or not shapes.is_digest("sha256:" + hexadecimal) or name in listed:
            raise Corrupt("line of a refused form", f"MANIFEST#{number}")
        listed[name] = "sha256:" + hexadecimal
    if lines[-1] != "" or list(listed) != sorted(listed, key=pack.order):
        raise Corrupt("lines out of order", "MANIFEST")
    present = [name for name in reading.entries if name not in ("statement.dsse", "MANIFEST")]
    for name in [name for name in listed if name not in reading.entries]:
        reading.fault(name, "listed in MANIFEST and missing")
    for name in present:
        if name not in listed:
            reading.fault(name, "not listed in MANIFEST")
        elif name not in reading.bad and digest(reading.raw(name)) != listed[name]:
            reading.fault(name, "bytes that are not those listed in MANIFEST")


def _read_keys(reading: _Reading) -> None:
    where = "keys/keys.json"
    shape = {
        "key_id": shapes.is_digest,
        "public": shapes.is_text,
        "role": shapes.one_of(*ROLES),
        "name": shapes.is_text,
        "entries": [shapes.is_count],
    }
    plain = shapes.read_json(reading.raw(where), [shape], where=where)
    ids = [key["key_id"] for key in plain]
    if ids != sorted(set(ids)):
        raise Corrupt("keys doubled or out of order", where)
    publics = shapes.read_keys({key["key_id"]: key["public"] for key in plain}, where=where)
    for key in plain:
        pinned = reading.trust.keys.get(key["key_id"]) if reading.trust else None
        if pinned and pinned.role != key["role"]:
            raise Corrupt("pinned key under another role", where)
        reading.keys[key["key_id"]] = {**key, "raw": publics[key["key_id"]]}


_STATEMENT = {
    "format": shapes.one_of(pack.FORMAT),
    "edition": shapes.one_of("auditor", "public"),
    "simulated": shapes.is_flag,
    "company": {"name": shapes.is_text, "origin": shapes.is_text},
    "case": shapes.is_text,
    "issued": shapes.is_time,
    "ledger": {"size": shapes.is_count, "root": shapes.is_text},
    "decision_set": shapes.is_digest,
    "ends": dict.fromkeys(balance.PERSON_ENDS, lambda value: value is None or shapes.is_count(value)),
    "label": shapes.WORDS,
    "not_proved": [shapes.WORDS],
}


def _check_statement(reading: _Reading) -> None:
    where, envelope = "statement.dsse", reading.raw("statement.dsse")
    plain = shapes.peek(envelope, where=where)
    if plain["predicateType"] != dsse.PREDICATE_BASE + pack.PREDICATE:
        raise Corrupt("not a pack's statement", where)
    predicate = shapes.check(plain["predicate"], _STATEMENT, where=where)
    opened = dsse.open_envelope(envelope, keys=reading.publics("company"), where=where)
    if reading.trust and not set(opened.signed_by) <= set(reading.trust.company()):
        raise Corrupt("signed by a key that is not pinned", where)
    subject = dsse.statement(subject={"MANIFEST": digest(reading.raw("MANIFEST"))}, predicate_type="", predicate={})[
        "subject"
    ]
    if plain["subject"] != subject:
        raise Corrupt("not the MANIFEST that was signed", "MANIFEST")
    if not predicate["not_proved"]:
        raise Corrupt("statement that leaves nothing unproved", where)
    origin = predicate["company"]["origin"]
    if origin.startswith(SIMULATED) != predicate["simulated"]:
        raise Corrupt("simulated and real mixed", where)
    if reading.trust and (origin, predicate["simulated"]) != (reading.trust.origin, reading.trust.simulated):
        raise Corrupt("another origin than the trusted one, or simulated passed as real", where)
    reading.statement = predicate


def _check_contents(reading: _Reading) -> None:
    public = reading.statement["edition"] == "public"
    allowed = pack.ALLOWED_PUBLIC if public else pack.ALLOWED
    for name in reading.entries:
        if not allowed.fullmatch(name) and name not in reading.bad:
            reading.fault(name, "an entry that does not belong into a pack")
    for name in pack.REQUIRED_PUBLIC if public else pack.REQUIRED:
        if name not in reading.entries and name not in reading.bad:
            reading.fault(name, "missing")
    _check_ledger(reading)
    if not public:
        _check_decisions(reading)
        _check_findings(reading)
        _check_certificates(reading)
        _check_messages(reading)
    if reading.is_sound("balance.json"):
        reading.guard(lambda: _check_balance(reading))
    if reading.is_sound("rules/editions.json"):
        reading.guard(lambda: _check_editions(reading))
    _tell(reading)


# --- ledger --------------------------------------------------------------------------------------------------------


def _check_ledger(reading: _Reading) -> None:
    ledger = reading.ledger
    ledger.size = reading.statement["ledger"]["size"]
    if not reading.is_sound("ledger/checkpoint") or not reading.guard(lambda: _check_head(reading)):
        return
    if reading.statement["edition"] == "public":
        return
    bundles, selected = reading.sound("ledger/entries/"), reading.is_sound("ledger/selected.json")
    if any(name.startswith(("ledger/entries/", "ledger/selected")) for name in reading.bad):
        return
    if bool(bundles) == selected:
        reading.fault("ledger/selected.json" if selected else "ledger/entries/000000", "not exactly one ledger")
        return
    ledger.complete = bool(bundles)
    wanted = _wanted_sizes(reading)
    walked = reading.guard(
        (lambda: _walk_bundles(reading, bundles, wanted)) if bundles else (lambda: _read_selected(reading, wanted))
    )
    ledger.is_walked = walked
    if walked and reading.guard(lambda: _check_first(reading)):
        for name in reading.sound("ledger/checkpoints/"):
            reading.guard(lambda name=name: _check_older(reading, name))  # type: ignore[misc]
        reading.guard(lambda: _check_trusted(reading))
        reading.guard(lambda: _check_recorded(reading))


def _check_head(reading: _Reading) -> None:
    where, stated = "ledger/checkpoint", reading.statement
    seen = _checkpoint(reading, where)
    if (seen.size, to_base64(seen.root)) != (stated["ledger"]["size"], stated["ledger"]["root"]) or seen.size == 0:
        raise Corrupt("not the checkpoint of the statement", where)
    reading.ledger.roots[seen.size] = seen.root


def _checkpoint(reading: _Reading, where: str) -> notes.Checkpoint:
    """A checkpoint of the company, its own signature and every cosignature by a known key checked."""
    note = _text(reading.raw(where), where)
    seen = _own_checkpoint(note, reading.publics("company"), where)
    if seen.origin != reading.statement["company"]["origin"]:
        raise Corrupt("checkpoint of another origin", where)
    others = reading.publics("recipient", "witness")
    for key in _cosigners(note, others, where):
        if reading.trust and key in reading.trust.keys:
            reading.ledger.cosigned = max(reading.ledger.cosigned, seen.size)
    return seen


def _own_checkpoint(note: str, company: Mapping[str, bytes], where: str) -> notes.Checkpoint:
    with shapes.at(where):
        seen = notes.read_checkpoint(note)
        _, lines = notes.split_note(note)
        hashes = {notes.key_hash(seen.origin, public): public for public in company.values()}
        known = [hashes[line.key_hash] for line in lines if line.name == seen.origin and line.key_hash in hashes]
        if not known:
            raise Corrupt("checkpoint without its log's signature", where)
        return notes.check_checkpoint(note, known[0])


def _cosigners(note: str, keys: Mapping[str, bytes], where: str) -> list[str]:
    """The ids of the known keys that cosigned; a known key's wrong line is a fault."""
    found = []
    with shapes.at(where):
        for line in notes.split_note(note)[1]:
            for name, public in keys.items():
                if line.key_hash == notes.key_hash(line.name, public, cosignature=True):
                    notes.cosignatures(note, {line.name: public})
                    found.append(name)
    return found


def _wanted_sizes(reading: _Reading) -> set[int]:
    """The sizes at which a root must be known: older checkpoints, the trusted one."""
    sizes = {int(name.rpartition("/")[2]) for name in reading.sound("ledger/checkpoints/")}
    if reading.trust and reading.trust.checkpoint:
        sizes.add(notes.read_checkpoint(reading.trust.checkpoint).size)
    return sizes | {seen.size for _, _, seen in _shown_to_others(reading)}


def _shown_to_others(reading: _Reading) -> list[tuple[str, str, notes.Checkpoint]]:
    """The company's checkpoints in messages: entry, the message's signer, checkpoint. Their form is judged later."""
    found = []
    company = reading.publics("company")
    for name in reading.sound("messages/"):
        try:
            predicate = shapes.peek(reading.raw(name), where=name)["predicate"]
            sender = predicate["from"]
            note = predicate["checkpoint" if sender in company else "cosigned"]
            if note is not None:
                found.append((name, sender, notes.read_checkpoint(note)))
        except (Corrupt, KeyError, TypeError, AttributeError):
            continue
    return found


def _walk_bundles(reading: _Reading, bundles: Sequence[str], wanted: set[int]) -> None:
    """Every entry from 0 on, hashed into one tree, whose root must be the checkpoint's."""
    tree, ledger, before = merkle.Frontier(), reading.ledger, ""
    for number, name in enumerate(bundles):
        if name != f"ledger/entries/{number:06d}":
            raise Corrupt("bundle missing before this one", name)
        for entry in _split_bundle(reading.raw(name), name):
            before = _check_entry(reading, entry, tree.size, before, f"{name}#{tree.size}")
            ledger.entries[tree.size] = entry
            tree.add(merkle.leaf_hash(entry))
            if tree.size in wanted and tree.size != ledger.size:
                ledger.roots[tree.size] = tree.root()
        if tree.size != min((number + 1) * pack.BUNDLE, ledger.size):
            raise Corrupt("bundle of another length", name)
    if tree.size != ledger.size or tree.root() != ledger.roots[ledger.size]:
        raise Corrupt("entries that are not those of the checkpoint", "ledger/checkpoint")


def _split_bundle(raw: bytes, where: str) -> Iterator[bytes]:
    place = 0
    while place < len(raw):
        length = int.from_bytes(raw[place : place + 2], "big")
        if place + 2 + length > len(raw):
            raise Corrupt("bundle cut short", where)
        yield raw[place + 2 : place + 2 + length]
        place += 2 + length


_ENTRY = {
    "v": shapes.is_count,
    "seq": shapes.is_count,
    "at": shapes.is_time,
    "kind": shapes.is_text,
    "scope": shapes.is_text,
    "by": shapes.is_text,
    "facts": shapes.is_anything,
    "simulated": shapes.is_flag,
}


def _check_entry(reading: _Reading, raw: bytes, seq: int, before: str, where: str) -> str:
    plain = shapes.read_json(raw, _ENTRY, where=where)
    if plain["v"] != 1 or plain["seq"] != seq or plain["at"] < before:
        raise Corrupt("entry out of its place or time", where)
    if plain["simulated"] != reading.statement["simulated"]:
        raise Corrupt("simulated and real mixed", where)
    return str(plain["at"])


def _read_selected(reading: _Reading, wanted: set[int]) -> None:
    where, ledger = "ledger/selected.json", reading.ledger
    shape = {
        "entries": [{"index": shapes.is_count, "entry": shapes.is_text, "path": [shapes.is_text]}],
        "consistency": [{"old": shapes.is_count, "path": [shapes.is_text]}],
    }
    plain = shapes.read_json(reading.raw(where), shape, where=where)
    before, last = "", -1
    for item in plain["entries"]:
        place, entry = f"{where}#{item['index']}", from_base64(item["entry"], where=where)
        if item["index"] <= last:
            raise Corrupt("entries out of order", place)
        before, last = _check_entry(reading, entry, item["index"], before, place), item["index"]
        _check_included(entry, item, ledger, place)
        ledger.entries[item["index"]] = entry
    if 0 not in ledger.entries:
        raise Corrupt("entry 0 is not shown", where)
    _read_consistency(reading, plain["consistency"], wanted)


def _check_included(entry: bytes, item: Mapping[str, Any], ledger: _Ledger, where: str) -> None:
    path = [from_base64(one, where=where) for one in item["path"]]
    with shapes.at(where):
        merkle.check_inclusion(
            leaf=merkle.leaf_hash(entry),
            index=item["index"],
            size=ledger.size,
            path=path,
            expected=ledger.roots[ledger.size],
        )


def _read_consistency(reading: _Reading, proofs: Sequence[Mapping[str, Any]], wanted: set[int]) -> None:
    """Roots of older checkpoints whose prefix proofs hold; one that is not shown stays unknown."""
    where, ledger = "ledger/selected.json", reading.ledger
    claimed = {int(name.rpartition("/")[2]): name for name in reading.sound("ledger/checkpoints/")}
    notes_by_size = {size: _text(reading.raw(name), name) for size, name in claimed.items()}
    if reading.trust and reading.trust.checkpoint:
        notes_by_size.setdefault(notes.read_checkpoint(reading.trust.checkpoint).size, reading.trust.checkpoint)
    for proof in proofs:
        size = proof["old"]
        if size not in wanted or size >= ledger.size or size == 0:
            continue
        old = notes.read_checkpoint(notes_by_size[size])
        path = [from_base64(one, where=where) for one in proof["path"]]
        try:
            merkle.check_consistency(
                old_size=size, old_root=old.root, size=ledger.size, new_root=ledger.roots[ledger.size], path=path
            )
        except Corrupt:
            continue
        ledger.roots[size] = old.root


def _check_first(reading: _Reading) -> None:
    """Entry 0 says whose ledger it is, with which key, simulated or real."""
    where = "ledger/entries/000000#0" if reading.ledger.complete else "ledger/selected.json#0"
    first = shapes.read_json(reading.ledger.entries[0], _ENTRY, where=where)
    facts, stated = first["facts"], reading.statement
    told = isinstance(facts, dict) and first["kind"] == "ledger.founded"
    if not told or (facts.get("origin"), facts.get("simulated")) != (stated["company"]["origin"], stated["simulated"]):
        raise Corrupt("entry 0 of another company, or simulated and real mixed", where)
    if facts.get("key") not in reading.publics("company"):
        raise Corrupt("entry 0 under a key that is not the company's", where)


def _check_older(reading: _Reading, name: str) -> None:
    seen = _checkpoint(reading, name)
    if f"{seen.size:012d}" != name.rpartition("/")[2] or seen.size >= reading.ledger.size:
        raise Corrupt("checkpoint of another size than its name says", name)
    if reading.ledger.roots.get(seen.size) != seen.root:
        raise Corrupt("checkpoint of another past", name)


def _check_trusted(reading: _Reading) -> None:
    if not reading.trust or reading.trust.checkpoint is None:
        return
    held = notes.read_checkpoint(reading.trust.checkpoint)
    if held.size > reading.ledger.size:
        raise Corrupt("older than the checkpoint you hold: rolled back", "ledger/checkpoint")
    if held.size and reading.ledger.roots.get(held.size) != held.root:
        raise Corrupt("another past than the checkpoint you hold: forked, or not shown", "ledger/checkpoint")


def _check_recorded(reading: _Reading) -> None:
    """A key that says an entry recorded it must stand in that entry."""
    for name, key in reading.keys.items():
        for seq in key["entries"]:
            entry = reading.ledger.entries.get(seq, b"")
            if name.encode() not in entry and key["public"].encode() not in entry:
                raise Corrupt(f"key that entry {seq} does not record", "keys/keys.json")


# --- what was decided, found, destroyed, said ----------------------------------------------------------------------

_SUMMARY = {
    "case": shapes.is_text,
    "digest": shapes.is_digest,
    "cutoff": shapes.is_time,
    "height": shapes.is_count,
    "customers": shapes.is_count,
    "categories": [
        {
            "category": shapes.is_text,
            "rows": [{"row": shapes.is_text, "verdict": shapes.is_text, "count": shapes.is_count}],
            "ends": [{"end": shapes.is_text, "count": shapes.is_count}],
        }
    ],
}


def _check_decisions(reading: _Reading) -> None:
    if reading.is_sound("decisions/summary.json"):
        reading.guard(lambda: _check_summary(reading))
    for name in reading.sound("decisions/permit-"):
        reading.guard(lambda name=name: _check_permit(reading, name))  # type: ignore[misc]


def _check_summary(reading: _Reading) -> None:
    where, stated = "decisions/summary.json", reading.statement
    plain = shapes.read_json(reading.raw(where), _SUMMARY, where=where)
    if (plain["case"], plain["digest"]) != (stated["case"], stated["decision_set"]):
        raise Corrupt("not the decision set of the statement", where)
    if plain["height"] > reading.ledger.size:
        raise Corrupt("decided above the ledger's height", where)
    for group in plain["categories"]:
        for part in ("rows", "ends"):
            if sum(item["count"] for item in group[part]) != plain["customers"]:
                raise Corrupt(f"{part} of {group['category']} do not add up to the customers", where)


def _check_permit(reading: _Reading, name: str) -> None:
    envelope = reading.raw(name)
    content = permit.check(envelope, keys=reading.publics(), where=name)
    _check_same(reading, content.origin, content.case, content.simulated, name)
    if content.decision_set != reading.statement["decision_set"] or content.height > reading.ledger.size:
        raise Corrupt("permit of another decision set or height", name)
    reading.permits[content.digest] = content


def _check_same(reading: _Reading, origin: str, case: str, simulated: bool, where: str) -> None:
    stated = reading.statement
    if (origin, case, simulated) != (stated["company"]["origin"], stated["case"], stated["simulated"]):
        raise Corrupt("of another company or case, or simulated and real mixed", where)


def _check_findings(reading: _Reading) -> None:
    for name in reading.sound("findings/"):
        reading.guard(lambda name=name: _check_finding_file(reading, name))  # type: ignore[misc]


def _check_finding_file(reading: _Reading, name: str) -> None:
    plain = shapes.read_json(reading.raw(name), [FINDING], where=name)
    size = reading.ledger.size
    if any(item["height"] > size or any(seq >= size for seq in item["entries"]) for item in plain):
        raise Corrupt("finding above the ledger's height", name)


def _check_certificates(reading: _Reading) -> None:
    previous: dict[str, str] = {}
    known: set[str] = set()
    for name in reading.sound("certificates/"):
        reading.guard(lambda name=name: _check_certificate(reading, name, previous, known))  # type: ignore[misc]
    outside = set(previous) - known - {""}
    if outside:
        reading.word.append(_CHAIN_OPEN)


def _check_certificate(reading: _Reading, name: str, previous: dict[str, str], known: set[str]) -> None:
    envelope = reading.raw(name)
    plain = certificate.check(envelope, keys=reading.publics(), company_keys=reading.publics("company"), where=name)
    under = reading.permits.get(plain.permit)
    if under is not None:
        certificate.check_permit(plain, under, where=name)
    elif not any(entry.startswith("decisions/permit-") for entry in reading.bad):
        raise Corrupt("certificate whose permit is not in the pack", name)
    _check_same(reading, plain.controller.origin, plain.case, plain.simulated, name)
    shown = reading.ledger.entries.get(plain.ledger.index)
    if shown is not None and shown != plain.ledger.entry:
        raise Corrupt("certificate on another ledger than the pack's", name)
    if plain.previous in previous:
        raise Corrupt("second certificate after the same one", name)
    previous[plain.previous] = name
    known.add(plain.digest)
    reading.certificates[plain.digest] = plain
    reading.proved.append(_certified(plain))


def _check_messages(reading: _Reading) -> None:
    for tid in dict.fromkeys(name.split("/")[1] for name in reading.sound("messages/")):
        reading.guard(lambda tid=tid: _check_chain(reading, tid))  # type: ignore[misc]


def _check_chain(reading: _Reading, tid: str) -> None:
    """One transfer's messages by the rules of PIT-1; a fault is named by the message it lies in."""
    names = [name for name in reading.entries if name.startswith(f"messages/{tid}/")]
    if set(names) & reading.bad:
        return
    if names != [f"messages/{tid}/{number:04d}.dsse" for number in range(1, len(names) + 1)]:
        raise Corrupt("messages that are not numbered from 1", names[0])
    envelopes = [reading.raw(name) for name in names]
    for name, envelope in zip(names, envelopes, strict=True):
        shapes.peek(envelope, where=name)
    parties = _parties(reading, envelopes[0], names[0])
    cut = next((number for number, envelope in enumerate(envelopes) if _has_odd_buckets(envelope)), len(envelopes))
    with shapes.at(names[0]):
        at = shapes.instant(reading.statement["issued"], where=names[0])
        report = pit.check_offline(envelopes[: cut + 1], parties, at=at)
    if not report.holds:
        raise Corrupt(f"{report.fault}: {report.reason}", names[report.fault_seq - 1])
    if cut < len(envelopes):
        raise Corrupt("number of buckets of a refused form", names[cut])
    _check_one_past(reading, names)
    _check_papers(reading, names, envelopes)
    reading.proved.append(_transferred(tid, len(names), report.status))


def _has_odd_buckets(envelope: bytes) -> bool:
    """Whether a PACKAGE of a good form has a number of buckets that is no power of two (docs/formats/roots.md)."""
    statement = shapes.peek(envelope, where="message")
    if statement["predicateType"] != MESSAGE_BASE + "package" or not isinstance(statement["predicate"], dict):
        return False
    tables = statement["predicate"].get("tables")
    listed = list(tables.values()) if isinstance(tables, dict) else []
    counts: list[Any] = [table.get("buckets") for table in listed if isinstance(table, dict)]
    return any(shapes.is_count(count) and count & (count - 1) for count in counts)


def _check_one_past(reading: _Reading, names: Sequence[str]) -> None:
    """What the company showed to the other side must be the ledger it shows here."""
    ledger, pinned = reading.ledger, reading.trust.keys if reading.trust else {}
    for name, sender, seen in _shown_to_others(reading) if ledger.complete and ledger.is_walked else ():
        if name not in names:
            continue
        if seen.origin != reading.statement["company"]["origin"] or ledger.roots.get(seen.size) != seen.root:
            raise Corrupt("another past than the pack's ledger", name)
        if sender in pinned and pinned[sender].role != "company":
            ledger.cosigned = max(ledger.cosigned, seen.size)


def _check_papers(reading: _Reading, names: Sequence[str], envelopes: Sequence[bytes]) -> None:
    """The permit and the certificate that the company told the other side of are those of this pack."""
    company, told = reading.publics("company"), dict[str, str]()
    for name, envelope in zip(names, envelopes, strict=True):
        statement = shapes.peek(envelope, where=name)
        kind, predicate = statement["predicateType"].removeprefix(MESSAGE_BASE), statement["predicate"]
        if predicate["from"] not in company:
            continue
        if kind == "destroy-permit":
            _check_told_permit(reading, predicate, name)
            told[digest(envelope)] = predicate["permit"]
        if kind == "destroyed":
            _check_told_certificate(reading, predicate, told.get(predicate["permit"], ""), name)


def _check_told_permit(reading: _Reading, predicate: Mapping[str, Any], where: str) -> None:
    named = reading.permits.get(predicate["permit"])
    if named is not None:
        if sorted(named.approver_keys) != predicate["approvers"]:
            raise Corrupt("approvers that are not the permit's", where)
    elif not any(entry.startswith("decisions/permit-") for entry in reading.bad):
        raise Corrupt("message of a permit that is not in the pack", where)


def _check_told_certificate(reading: _Reading, predicate: Mapping[str, Any], permitted: str, where: str) -> None:
    named = reading.certificates.get(predicate["certificate"])
    if named is not None:
        if named.permit != permitted:
            raise Corrupt("message of a certificate under another permit", where)
    elif not any(entry.startswith("certificates/") for entry in reading.bad):
        raise Corrupt("message of a certificate that is not in the pack", where)


def _parties(reading: _Reading, first: bytes, where: str) -> pit.Parties:
    """A and B as message 1 names them, exactly one of them the company; every other outside key may check (V)."""
    predicate = shapes.peek(first, where=where)["predicate"]
    company, others = reading.publics("company"), reading.publics("recipient", "witness")
    known = {**company, **others}
    if isinstance(predicate, dict) and predicate.get("simulated") is not reading.statement["simulated"]:
        raise Corrupt("simulated and real mixed", where)
    ends: list[Any] = [predicate.get("from"), predicate.get("to")] if isinstance(predicate, dict) else []
    if not ends or not all(isinstance(end, str) and end in known for end in ends) or ends[0] == ends[1]:
        raise Corrupt("between parties whose keys are not in the pack", where)
    if sum(end in company for end in ends) != 1:
        raise Corrupt("a transfer of other companies", where)
    checkers = tuple(public for name, public in others.items() if name not in ends)
    return pit.Parties(a=known[ends[0]], b=known[ends[1]], auditors=checkers)


def _check_balance(reading: _Reading) -> None:
    where, stated = "balance.json", reading.statement
    plain = balance.read(reading.raw(where), where=where)
    if plain.edition != stated["edition"] or dict(plain.persons.ends) != stated["ends"]:
        raise Corrupt("balance that is not the statement's", where)
    wrong = balance.check(plain) if plain.edition == "auditor" else ()
    if wrong:
        lines = "; ".join(f"{line.where}: {line.stated} stated, {line.summed} summed" for line in wrong)
        raise Corrupt(f"does not add up: {lines}", where)


def _check_editions(reading: _Reading) -> None:
    where = "rules/editions.json"
    shape = {
        "id": shapes.is_text,
        "title": shapes.is_text,
        "digest": shapes.is_digest,
        "mark": shapes.one_of("V", "R", "Q", "M", "K"),
    }
    shapes.read_json(reading.raw(where), [shape], where=where)


# --- one document --------------------------------------------------------------------------------------------------


def _verify_envelope(envelope: bytes, trust: Trust | None) -> Verdict:
    """A certificate, a permit or a message by itself."""
    kind = "unknown"
    try:
        named = str(shapes.peek(envelope, where="envelope")["predicateType"])
        kind = _kind(named)
        if kind == "certificate":
            return _verify_certificate(envelope, trust)
        if kind == "permit":
            return _verify_permit(envelope, trust)
        if kind == "message":
            return _verify_message(envelope, trust)
        return Verdict(FAULT, kind, faults=(Fault("envelope", "a statement of a kind that is not known here"),))
    except Corrupt as error:
        return Verdict(FAULT, kind, faults=(Fault(error.where, error.what),))


def _kind(named: str) -> str:
    if named.startswith(MESSAGE_BASE):
        return "message"
    kinds = {certificate.PREDICATE: "certificate", permit.PREDICATE: "permit"}
    return kinds.get(named.removeprefix(dsse.PREDICATE_BASE), "unknown")


def _verify_certificate(envelope: bytes, trust: Trust | None) -> Verdict:
    where = "certificate"
    plain = certificate.check(envelope, company_keys=trust.company() if trust else None, where=where)
    if trust:
        _check_trusted_origin(trust, plain.controller.origin, plain.simulated, where)
        _check_trusted_past(trust, plain.ledger.checkpoint, where)
    word = [] if trust else [_ORIGIN_OPEN]
    unpinned = [each for each in plain.signed_by[1:] if not trust or each not in trust.keys]
    return Verdict(
        exit_code=VERIFIED if trust else CONSISTENT,
        kind="certificate",
        proved=(_certified(plain), _included(plain.ledger.index)),
        rests_on_word=(*word, *([_unpinned(len(unpinned))] if unpinned else []), _PLACES_ONLY, _CHAIN_OPEN),
        simulated=plain.simulated,
        origin_established=trust is not None,
        digest=plain.digest,
    )


def _verify_permit(envelope: bytes, trust: Trust | None) -> Verdict:
    """A permit is signed by staff: its origin is established only when each approver's key is pinned."""
    plain = permit.check(envelope, where="permit")
    if trust:
        _check_trusted_origin(trust, plain.origin, plain.simulated, "permit")
    pinned = trust is not None and set(plain.approver_keys) <= set(trust.keys)
    return Verdict(
        exit_code=VERIFIED if pinned else CONSISTENT,
        kind="permit",
        proved=(_permitted(plain.cells, len(plain.approver_keys)),),
        rests_on_word=(_TWO_KEYS,) if pinned else (_ORIGIN_OPEN if trust is None else _APPROVERS_OPEN, _TWO_KEYS),
        simulated=plain.simulated,
        origin_established=pinned,
        digest=plain.digest,
    )


def _verify_message(envelope: bytes, trust: Trust | None) -> Verdict:
    where = "message"
    plain = shapes.peek(envelope, where=where)
    predicate = plain["predicate"]
    message_kind = plain["predicateType"].removeprefix(MESSAGE_BASE)
    marks = decode(envelope, where=where)["signatures"]
    told = isinstance(predicate, dict) and shapes.is_flag(predicate.get("simulated"))
    if not told or message_kind not in pit.KINDS or len(marks) != 1 or predicate.get("from") != marks[0]["keyid"]:
        raise Corrupt("message of a refused form", where)
    if trust:
        keys = {name: key.public for name, key in trust.keys.items()}
        dsse.open_envelope(envelope, keys=keys, where=where)
        if predicate["simulated"] != trust.simulated:
            raise Corrupt("simulated passed as real, or real as simulated", where)
    return Verdict(
        exit_code=VERIFIED if trust else CONSISTENT,
        kind="message",
        proved=(_signed_message(message_kind),) if trust else (),
        rests_on_word=(_CHAIN_ELSEWHERE,) if trust else (_UNSIGNED, _CHAIN_ELSEWHERE),
        simulated=predicate["simulated"],
        origin_established=trust is not None,
        digest=digest(envelope),
    )


def _check_trusted_origin(trust: Trust, origin: str, simulated: bool, where: str) -> None:
    if (origin, simulated) != (trust.origin, trust.simulated):
        raise Corrupt("another origin than the trusted one, or simulated passed as real", where)


def _check_trusted_past(trust: Trust, note: str, where: str) -> None:
    if trust.checkpoint is None:
        return
    held, seen = notes.read_checkpoint(trust.checkpoint), notes.read_checkpoint(note)
    if held.size == seen.size and held.root != seen.root:
        raise Corrupt("another past than the checkpoint you hold: forked", where)


def _verify_package(head: bytes) -> Verdict:
    """A package from outside: one recipient, nothing signed. Only its receiver's key opens it."""
    lines = head.split(b"\n---", 1)[0].split(b"\n")[1:] if b"\n---" in head else []
    stanzas = [line.split(b" ") for line in lines if line.startswith(b"-> ")]
    real = [words for words in stanzas if not words[1].endswith(b"-grease")]
    if len(real) != 1 or real[0][1] != b"X25519":
        return Verdict(FAULT, "package", faults=(Fault("package", "not for exactly one recipient"),))
    return Verdict(CONSISTENT, "package", proved=(_ONE_RECIPIENT,), rests_on_word=(_SEALED,))


# --- words ---------------------------------------------------------------------------------------------------------

_ORIGIN_OPEN = Claim(
    "origin.open",
    "未提供信任文件：内部一致，但来源未确认。",
    "No trust file: internally consistent; origin NOT established.",
)
_APPROVERS_OPEN = Claim(
    "permit.approvers",
    "签字人的密钥不在信任文件中：来源未确认。",
    "The approvers' keys are not in the trust file: origin NOT established.",
)
_CHAIN_OPEN = Claim(
    "certificate.chain",
    "上一份销毁证明不在这里，编号衔接未核对。",
    "The previous certificate is not here; the link to it was not checked.",
)
_CHAIN_ELSEWHERE = Claim(
    "message.chain",
    "单独一份文书只核对自身；前后衔接须核对整份证明材料。",
    "One message proves itself only; its chain is checked in the evidence pack.",
)
_UNSIGNED = Claim(
    "message.unsigned", "没有信任文件，签名未核对。", "Without a trust file the signature was NOT checked."
)
_PLACES_ONLY = Claim(
    "places.only",
    "只涉及所列地点；未登记的副本由公司自己的陈述承担。",
    "Only the places listed; copies nobody registered rest on the company's word.",
)
_TWO_KEYS = Claim("keys.two", "两把密钥，不等于两个人。", "Two keys; that they are two humans is the company's word.")
_ONE_RECIPIENT = Claim("package.one", "只加密给一个接收方。", "Encrypted to exactly one recipient.")
_SEALED = Claim(
    "package.sealed",
    "内容只有接收方能打开；请把摘要与移交消息中的摘要对照。",
    "Only the receiver can open it; compare its digest with the PACKAGE message.",
)
_DOCUMENTS = Claim(
    "documents.content",
    "附件内容由公司陈述；核对的只是它们未被更改。",
    "What the documents say is the company's statement; that they are unchanged was checked.",
)
_NOT_RECOMPUTED = Claim(
    "balance.public",
    "公开版的数字已取整，平衡表不能重新计算。",
    "Public edition: figures are rounded; its balance cannot be recomputed.",
)


def _certified(plain: certificate.Certificate) -> Claim:
    complete = plain.headline == "complete"
    return Claim(
        "certificate." + plain.headline,
        f"销毁证明 {plain.id}：{'全部登记地点均有结果' if complete else '部分完成'}，地点 {len(plain.places)} 处，"
        f"未结 {len(plain.open_places)} 处，密钥保管等级 {plain.custody.level}。",
        f"Certificate {plain.id}: {plain.headline}; {len(plain.places)} places, {len(plain.open_places)} open, "
        f"custody {plain.custody.level}.",
    )


def _included(index: int) -> Claim:
    return Claim(
        "ledger.included",
        f"操作留痕第 {index} 条已包含在公司签名的核对点中。",
        f"Ledger entry {index} is included in the company's signed checkpoint.",
    )


def _permitted(cells: int, keys: int) -> Claim:
    return Claim(
        "permit", f"销毁许可：{cells} 项，{keys} 把密钥签名。", f"Permit: {cells} cells, signed with {keys} keys."
    )


def _signed_message(kind: str) -> Claim:
    return Claim("message.signed", f"移交消息 {kind}：签名有效。", f"PIT-1 message {kind}: the signature holds.")


def _transferred(tid: str, count: int, state: str) -> Claim:
    return Claim(
        "transfer.chain",
        f"移交 {tid}：{count} 份消息逐一衔接，状态 {state}。",
        f"Transfer {tid}: {count} messages in one chain, state {state}.",
    )


def _unpinned(count: int) -> Claim:
    return Claim(
        "keys.unpinned",
        f"{count} 把他方或人员密钥不在信任文件中，只凭公司记录。",
        f"{count} keys of others or staff are not in the trust file: known by the company's record only.",
    )


def _tell(reading: _Reading) -> None:
    """The sentences of a pack in which nothing is wrong."""
    if reading.faults:
        return
    ledger, stated = reading.ledger, reading.statement
    count = len(reading.entries)
    reading.proved.insert(
        0,
        Claim(
            "pack.whole",
            f"{count} 个文件与签名清单逐字节一致。",
            f"{count} entries are, byte for byte, those that were signed.",
        ),
    )
    _tell_ledger(reading)
    if stated["edition"] == "auditor":
        reading.proved.append(
            Claim(
                "balance", "平衡表每一行都平。", "Every line of the balance adds up, and persons as the statement says."
            )
        )
    else:
        reading.word.append(_NOT_RECOMPUTED)
    last = ledger.size - ledger.cosigned
    if last:
        reading.word.append(
            Claim(
                "ledger.tail",
                f"操作留痕最后 {last} 条没有您所持密钥的外部联署，只凭公司陈述。",
                f"The last {last} ledger entries are not cosigned by a key you hold: the company's word alone.",
            )
        )
    pinned = reading.trust.keys if reading.trust else {}
    unpinned = [name for name in reading.keys if name not in pinned]
    if unpinned:
        reading.word.append(_unpinned(len(unpinned)))
    reading.word += [_PLACES_ONLY, _DOCUMENTS, _TWO_KEYS]


def _tell_ledger(reading: _Reading) -> None:
    ledger = reading.ledger
    if ledger.complete:
        zh, en = (
            f"操作留痕 {ledger.size} 条全部重算，与核对点一致。",
            f"All {ledger.size} ledger entries were recomputed.",
        )
    elif ledger.entries:
        shown = len(ledger.entries)
        zh = f"操作留痕共 {ledger.size} 条，所示 {shown} 条均在核对点之内。"
        en = f"Of {ledger.size} ledger entries {shown} are shown, each proved to be in the checkpoint."
    else:
        zh, en = "核对点签名有效。", "The checkpoint's signature holds."
    reading.proved.append(Claim("ledger", zh, en))


def _text(raw: bytes, where: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Corrupt("text that is not UTF-8", where) from error
