"""The writers of the ledger.

1. An entry is written inside the transaction of what it tells about; both are there or neither.
2. Whoever appends holds the head row until the transaction ends (SQLite: the IMMEDIATE transaction): entries stand one
   behind the other.
3. Time never runs back: an entry is at least as new as the newest one.
4. A simulated company's clock moves only here and only forward; a real company's clock is the machine's.
5. A company signs only its own log, and cosigns another's only as long as that log grows without changing its past.

    with transaction.atomic():
        ref = append(kind="consent.recorded", scope="case:case_k3", at=at, by="customer", facts={"answer": "agree"})
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from shouxin.ground.kernel import notes
from shouxin.ground.kernel.canonical import encode, to_base64
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.merkle import Frontier, check_consistency, leaf_hash
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import Signer, check_point, key_id
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries
from shouxin.stores.ledger.models import Clock, Cosigned, Head, Node, PeerCheckpoint, Signed
from shouxin.stores.ledger.queries import EntryRef
from shouxin.stores.ledger.tree import Tree, block_root, completed

MAX_ENTRY = 65_535
SIMULATED = "simulated."
_KIND = re.compile(r"[a-z]{1,24}\.[a-z_]{1,39}")
_SCOPE = re.compile(r"company|(case|transfer):[A-Za-z0-9_-]{1,80}")
_BY = re.compile(r"system|customer|(staff|peer|recipient):[A-Za-z0-9_./:-]{1,110}")
_ORIGIN = re.compile(r"[a-z0-9][a-z0-9./-]{2,119}")
_PEER = re.compile(r"[A-Za-z0-9_./:-]{1,120}")
_COLUMNS = "INSERT INTO ledger_entry (seq, kind, scope, at, by, body, leaf) VALUES (%s, %s, %s, %s, %s, %s, %s)"
_HEAD = "SELECT size, frontier, newest_at, simulated FROM ledger_head WHERE id = 1"


@dataclass(frozen=True)
class NewEntry:
    """An entry to be appended: kind, scope and facts (codes, counts, digests, ids; no floats, no personal
    information).
    """

    kind: str
    scope: str
    facts: Mapping[str, Any]


@transaction.atomic
def found(*, origin: str, simulated: bool, company: str, signer: Signer, at: datetime) -> EntryRef:
    """Open the company's log: entry 0 says whose it is, with which key, and whether it is simulated, for ever.

    A simulated log's origin, which is also the name under which its key signs, begins with `simulated.`; a real one's
    does not. The first checkpoint is signed at once.

    Raises:
        Refusal("ledger.founded_already"); Refusal("ledger.origin"): not a name, or of the other kind.
    """
    if Head.objects.exists():
        raise Refusal("ledger.founded_already")
    if not _ORIGIN.fullmatch(origin) or origin.startswith(SIMULATED) != simulated:
        raise Refusal("ledger.origin", simulated=simulated, prefix=SIMULATED)
    public, instant = check_point(signer.public), to_text(at)
    Head.objects.create(origin=origin, simulated=simulated, public=public, size=0, frontier=b"", newest_at=instant)
    if simulated:
        Clock.objects.create(instant=instant)
    facts = {
        "origin": origin,
        "simulated": simulated,
        "company": company,
        "key": key_id(public),
        "public": to_base64(public),
    }
    ref = append(kind="ledger.founded", scope="company", at=at, by="system", facts=facts)
    checkpoint(signer=signer, at=at)
    return ref


def append(*, kind: str, scope: str, at: datetime, by: str, facts: Mapping[str, Any]) -> EntryRef:
    """Append one entry inside the caller's transaction.

    Raises:
        Refusal("ledger.time_runs_back"): older than the newest entry; Refusal("ledger.facts"): floats or other values
        without one spelling; Refusal("ledger.entry_too_large"); Refusal("ledger.kind" | "ledger.scope" | "ledger.by"):
        another shape; Refusal("ledger.not_founded"). RuntimeError: called outside a transaction.
    """
    return append_many(entries=[NewEntry(kind=kind, scope=scope, facts=facts)], at=at, by=by)[0]


def append_many(*, entries: Sequence[NewEntry], at: datetime, by: str) -> list[EntryRef]:
    """Append several entries of one instant and one hand, in order, inside the caller's transaction. Raises as
    `append`.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an entry is appended inside the transaction of what it tells about")
    if not entries:
        return []
    _check_shapes(entries, by)
    instant = to_text(at)
    tree, newest_at, simulated = _lock_head()
    if instant < newest_at:
        raise Refusal("ledger.time_runs_back", at=instant, newest=newest_at)
    old_size, rows = tree.size, []
    for entry in entries:
        body = _body(entry, seq=tree.size, instant=instant, by=by, simulated=simulated)
        leaf = leaf_hash(body)
        rows.append((tree.size, entry.kind, entry.scope, instant, by, body, leaf))
        tree.add(leaf)
    _write(rows, tree=tree, old_size=old_size, instant=instant)
    return [EntryRef(seq=row[0], kind=row[1], scope=row[2], leaf=row[6]) for row in rows]


@transaction.atomic
def checkpoint(*, signer: Signer, at: datetime) -> str:
    """The signed note over everything up to now, stored; the same note again while nothing was appended.

    Raises:
        Refusal("ledger.signer"): not the company's present key.
    """
    if signer.public != queries.company_public():
        raise Refusal("ledger.signer", key=signer.key_id)
    head = queries.head()
    stored = Signed.objects.filter(size=head.size, key_id=signer.key_id).first()
    if stored is not None:
        return stored.note
    note = notes.sign_checkpoint(head, signer)
    Signed.objects.create(size=head.size, root=head.root, key_id=signer.key_id, note=note, at=to_text(at))
    return note


@transaction.atomic
def keep_cosigned(*, note: str, witness_name: str, witness_public: bytes, at: datetime) -> EntryRef:
    """Keep a checkpoint of ours that someone outside cosigned; from here on our past up to it cannot be rewritten
    unseen.

    Raises:
        Refusal("ledger.own_witness"): the witness is ourselves; Refusal("ledger.not_cosigned"): no cosignature of that
        witness in it; Corrupt: not signed by us, of another log, larger than our ledger (ours was rewound), or of
        another past.
    """
    if witness_public in queries.company_keys().values():
        raise Refusal("ledger.own_witness")
    checkpoint_ = _own_checkpoint(note)
    times = notes.cosignatures(note, {witness_name: witness_public})
    if witness_name not in times:
        raise Refusal("ledger.not_cosigned", size=checkpoint_.size)
    cosigned_at, witness_key = to_text(times[witness_name]), key_id(witness_public)
    known = Cosigned.objects.filter(size=checkpoint_.size, witness_key=witness_key, cosigned_at=cosigned_at).first()
    if known is not None:
        return queries.ref(known.entry)
    facts = {
        "size": checkpoint_.size,
        "root": to_base64(checkpoint_.root),
        "witness": _check_peer(witness_name),
        "witness_key": witness_key,
        "cosigned_at": cosigned_at,
        "note": digest(note.encode()),
    }
    ref = append(kind="ledger.cosigned", scope="company", at=at, by=f"peer:{witness_name}", facts=facts)
    Cosigned.objects.create(
        size=checkpoint_.size,
        root=checkpoint_.root,
        witness=witness_name,
        witness_key=witness_key,
        cosigned_at=cosigned_at,
        note=note,
        at=to_text(at),
        entry=ref.seq,
    )
    return ref


@transaction.atomic
def cosign_peer(
    *, note: str, peer_name: str, peer_public: bytes, signer: Signer, at: datetime, proof: Sequence[bytes] | None = None
) -> str:
    """The other company's checkpoint with our cosignature; remembered, so that its log can only grow from here.

    `proof` is the peer's consistency proof from the size in `queries.peer(peer_name)`; without one the growth is taken
    on the peer's signature, and the entry says so.

    Raises:
        Corrupt: signature wrong, log smaller than seen before, another root at the same size, or the proof does not
        hold; Refusal("ledger.simulated_mismatch"), Refusal("ledger.own_log"), Refusal("ledger.peer_origin_changed"),
        Refusal("ledger.signer").
    """
    if signer.public != queries.company_public():
        raise Refusal("ledger.signer", key=signer.key_id)
    seen = notes.check_checkpoint(note, peer_public)
    _check_peer_log(seen, _check_peer(peer_name))
    proved = _check_growth(seen, proof)
    own = queries.origin()
    cosigned = notes.cosign(note, name=own, signer=signer, at=at)
    facts = {
        "peer": peer_name,
        "origin": seen.origin,
        "size": seen.size,
        "root": to_base64(seen.root),
        "proved": proved,
        "note": digest(cosigned.encode()),
    }
    ref = append(kind="ledger.peer_cosigned", scope="company", at=at, by="system", facts=facts)
    PeerCheckpoint.objects.create(
        peer=peer_name,
        origin=seen.origin,
        size=seen.size,
        root=seen.root,
        proved=proved,
        note=cosigned,
        at=to_text(at),
        entry=ref.seq,
    )
    return cosigned


@transaction.atomic
def rotate_key(*, old: Signer, new: Signer, by: str, at: datetime) -> EntryRef:
    """From this entry on the company signs with another key; the old key's last act is a checkpoint below it.

    Raises:
        Refusal("ledger.signer"): `old` is not the present key; Refusal("ledger.key_known"): `new` was the company's
        before.
    """
    if new.public in queries.company_keys().values():
        raise Refusal("ledger.key_known", key=new.key_id)
    checkpoint(signer=old, at=at)
    facts = {"key": new.key_id, "public": to_base64(check_point(new.public)), "instead_of": old.key_id}
    ref = append(kind="ledger.key_rotated", scope="company", at=at, by=by, facts=facts)
    Head.objects.filter(id=1).update(public=new.public)
    checkpoint(signer=new, at=at)
    return ref


@transaction.atomic
def advance_clock(*, to: datetime, by: str) -> None:
    """Move a simulated company's clock forward.

    Raises:
        Refusal("clock.real"): a real company has no clock to move; Refusal("clock.backwards"): not later than it
        stands.
    """
    head = Head.objects.select_for_update().first()
    if head is None:
        raise Refusal("ledger.not_founded")
    if not head.simulated:
        raise Refusal("clock.real")
    clock = Clock.objects.get(id=1)
    instant = to_text(to)
    if instant <= clock.instant:
        raise Refusal("clock.backwards", at=clock.instant, to=instant)
    facts = {"from": clock.instant, "to": instant}
    append(kind="ledger.clock_advanced", scope="company", at=to, by=by, facts=facts)
    Clock.objects.filter(id=1).update(instant=instant)


def _check_shapes(entries: Sequence[NewEntry], by: str) -> None:
    if not _BY.fullmatch(by):
        raise Refusal("ledger.by")
    for kind in {entry.kind for entry in entries}:
        if not _KIND.fullmatch(kind):
            raise Refusal("ledger.kind", kind=kind[:64])
    for scope in {entry.scope for entry in entries}:
        if not _SCOPE.fullmatch(scope):
            raise Refusal("ledger.scope")


def _lock_head() -> tuple[Frontier, str, bool]:
    with connection.cursor() as cursor:
        cursor.execute(_HEAD + (" FOR UPDATE" if connection.vendor == "postgresql" else ""))
        row = cursor.fetchone()
    if row is None:
        raise Refusal("ledger.not_founded")
    size, joined, newest_at, simulated = row
    joined = bytes(joined)
    hashes = [joined[place : place + 32] for place in range(0, len(joined), 32)]
    return Frontier(size, hashes), newest_at, bool(simulated)


def _body(entry: NewEntry, *, seq: int, instant: str, by: str, simulated: bool) -> bytes:
    """The canonical bytes. What stands around the facts has a shape that needs no escaping, and is spelled directly."""
    try:
        facts = encode([dict(entry.facts)])[1:-1]  # one level deeper, as in the entry
    except Corrupt as error:
        raise Refusal("ledger.facts", kind=entry.kind, why=error.what) from error
    before = f'{{"at":"{instant}","by":"{by}","facts":'
    after = f',"kind":"{entry.kind}","scope":"{entry.scope}","seq":{seq},"simulated":{str(simulated).lower()},"v":1}}'
    body = before.encode() + facts + after.encode()
    if len(body) > MAX_ENTRY:
        raise Refusal("ledger.entry_too_large", kind=entry.kind, bytes=len(body), most=MAX_ENTRY)
    return body


def _write(rows: Sequence[tuple[Any, ...]], *, tree: Frontier, old_size: int, instant: str) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_COLUMNS, rows)
        cursor.execute(
            "UPDATE ledger_head SET size = %s, frontier = %s, newest_at = %s WHERE id = 1",
            (tree.size, b"".join(tree.hashes), instant),
        )
    for level, index in completed(old_size, tree.size):
        Node.objects.create(level=level, index=index, hash=block_root(level, index))


def _own_checkpoint(note: str) -> notes.Checkpoint:
    """The checkpoint, proved to be one of this log's past."""
    told = notes.read_checkpoint(note)
    if told.origin != queries.origin():
        raise Corrupt("checkpoint of another log", "checkpoint")
    _check_signed_by_us(note)
    if told.size > queries.height():
        raise Corrupt("ledger shorter than a checkpoint known outside", f"size {told.size}")
    if told.size == 0 or Tree(told.size).root() != told.root:
        raise Corrupt("ledger with another past than a checkpoint known outside", f"size {told.size}")
    return told


def _check_signed_by_us(note: str) -> None:
    _, lines = notes.split_note(note)
    hashes = {line.key_hash for line in lines if line.name == queries.origin()}
    for public in queries.company_keys().values():
        if notes.key_hash(queries.origin(), public) in hashes:
            notes.check_checkpoint(note, public)
            return
    raise Corrupt("checkpoint without its log's signature", "checkpoint")


def _check_peer(name: str) -> str:
    if not _PEER.fullmatch(name):
        raise Refusal("ledger.peer_name")
    return name


def _check_peer_log(seen: notes.Checkpoint, peer_name: str) -> None:
    if seen.origin == queries.origin():
        raise Refusal("ledger.own_log")
    if seen.origin.startswith(SIMULATED) != queries.is_simulated():
        raise Refusal("ledger.simulated_mismatch", ours=queries.is_simulated())
    last = queries.peer(peer_name)
    if last is not None and last.origin != seen.origin:
        raise Refusal("ledger.peer_origin_changed", peer=peer_name)


def _check_growth(seen: notes.Checkpoint, proof: Sequence[bytes] | None) -> bool:
    """Whether the peer's log was proved to extend what we saw last; refuse one that shrank or forked."""
    row = PeerCheckpoint.objects.filter(origin=seen.origin).order_by("-size", "-id").first()
    where = f"log of a peer, size {seen.size}"
    if row is None or row.size == 0:
        return False
    if seen.size < row.size:
        raise Corrupt("log of a peer shrank", where)
    if seen.size == row.size and seen.root != bytes(row.root):
        raise Corrupt("log of a peer forked", where)
    if seen.size == row.size:
        return row.proved
    if proof is None:
        return False
    check_consistency(old_size=row.size, old_root=bytes(row.root), size=seen.size, new_root=seen.root, path=list(proof))
    return True
