"""What the ledger can be asked. `height` is the number of entries; an entry's number counts from 0.

The proofs name a size, because a proof holds against the checkpoint of that size and no other.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from shouxin.ground.kernel import notes
from shouxin.ground.kernel.canonical import decode, from_base64
from shouxin.ground.kernel.merkle import Frontier, leaf_hash
from shouxin.ground.kernel.notes import Checkpoint
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import key_id
from shouxin.ground.kernel.times import Clock as ClockKind
from shouxin.ground.kernel.times import FixedClock, SystemClock, from_text
from shouxin.stores.ledger.models import BLOCK, Cosigned, Entry, Head, PeerCheckpoint, Signed
from shouxin.stores.ledger.tree import Tree, block_root, completed, nodes

_READ = 2048
_COLUMNS = ("seq", "kind", "scope", "at", "by")
_KEY_KINDS = ("ledger.founded", "ledger.key_rotated")
_CLOCK = (
    "SELECT simulated, instant FROM ledger_head LEFT JOIN ledger_clock ON ledger_clock.id = 1 WHERE ledger_head.id = 1"
)


@dataclass(frozen=True)
class EntryRef:
    """Where an entry stands: its number from 0, its kind and scope, and its leaf hash in the tree."""

    seq: int
    kind: str
    scope: str
    leaf: bytes


@dataclass(frozen=True)
class EntryView:
    """One entry, read."""

    seq: int
    kind: str
    scope: str
    at: datetime
    by: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class CheckpointView:
    """A checkpoint of this log: signed by us and, where it came home, cosigned by whom and when (their claim).

    `note` is what we signed; `whole` is the same with every cosignature that came home.
    """

    size: int
    root: bytes
    note: str
    whole: str
    at: datetime
    key_id: str
    cosigned: tuple[tuple[str, datetime], ...]


@dataclass(frozen=True)
class CosignedView:
    """One note that came home: our checkpoint with the cosignature of a witness outside."""

    size: int
    root: bytes
    witness: str
    witness_key: str
    cosigned_at: datetime
    note: str
    entry: int


@dataclass(frozen=True)
class PeerView:
    """The newest state of a peer's log that we cosigned. `proved`: it was shown to extend the one seen before."""

    peer: str
    origin: str
    size: int
    root: bytes
    proved: bool
    note: str
    at: datetime


@dataclass(frozen=True)
class Bundle:
    """An entry bundle of C2SP tlog-tiles: at most 256 entries, each behind its length in two bytes; `path` is its
    place.
    """

    path: str
    start: int
    stop: int
    raw: bytes


def is_founded() -> bool:
    """Whether the company has its log."""
    return Head.objects.exists()


def height() -> int:
    """How many entries there are; 0 before the founding."""
    return Head.objects.values_list("size", flat=True).first() or 0


def head() -> Checkpoint:
    """The present state: origin, size, root.

    Raises:
        Refusal("ledger.not_founded").
    """
    row = _head()
    joined = bytes(row.frontier)
    tree = Frontier(row.size, [joined[place : place + 32] for place in range(0, len(joined), 32)])
    return Checkpoint(origin=row.origin, size=row.size, root=tree.root())


def origin() -> str:
    """The log's name, which is also the name of the key that signs it. Raises Refusal("ledger.not_founded")."""
    return _head().origin


def is_simulated() -> bool:
    """Whether this company is a simulation: fixed in entry 0. Raises Refusal("ledger.not_founded")."""
    return _head().simulated


def company_public() -> bytes:
    """The company's present public key. Raises Refusal("ledger.not_founded")."""
    return bytes(_head().public)


def company_keys() -> dict[str, bytes]:
    """Every public key the company signed with, in order: key id → public."""
    found = [from_base64(entry.facts["public"]) for entry in entries(scope="company", kinds=_KEY_KINDS)]
    return {key_id(public): public for public in found}


def clock() -> ClockKind:
    """The company's clock: the machine's, or the simulated one as it stands. Raises Refusal("ledger.not_founded")."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOCK)
        found = cursor.fetchone()
    if found is None:
        raise Refusal("ledger.not_founded")
    simulated, instant = found
    return FixedClock(from_text(instant)) if simulated else SystemClock()


def entries(*, scope: str | None = None, kinds: Collection[str] | None = None, since: int = 0) -> list[EntryView]:
    """The entries from number `since` on, of one scope and of some kinds, oldest first."""
    rows = Entry.objects.filter(seq__gte=since)
    if scope is not None:
        rows = rows.filter(scope=scope)
    if kinds is not None:
        rows = rows.filter(kind__in=list(kinds))
    return [read_entry(bytes(body)) for body in rows.order_by("seq").values_list("body", flat=True)]


def entry(seq: int) -> EntryView:
    """One entry. Raises Refusal("ledger.no_entry")."""
    body = Entry.objects.filter(seq=seq).values_list("body", flat=True).first()
    if body is None:
        raise Refusal("ledger.no_entry", seq=seq)
    return read_entry(bytes(body))


def ref(seq: int) -> EntryRef:
    """Where an entry stands. Raises Refusal("ledger.no_entry")."""
    row = Entry.objects.filter(seq=seq).values_list("seq", "kind", "scope", "leaf").first()
    if row is None:
        raise Refusal("ledger.no_entry", seq=seq)
    return EntryRef(seq=row[0], kind=row[1], scope=row[2], leaf=bytes(row[3]))


def raw(start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The canonical bytes of entries start … stop, in order, a few thousand at a time.

    Raises:
        Corrupt: an entry in between is missing.
    """
    end = height() if stop is None else stop
    for first in range(start, end, _READ):
        last = min(first + _READ, end)
        with connection.cursor() as cursor:
            cursor.execute("SELECT body FROM ledger_entry WHERE seq >= %s AND seq < %s ORDER BY seq", (first, last))
            found = cursor.fetchall()
        if len(found) != last - first:
            raise Corrupt("ledger with missing entries", f"entries {first} to {last}")
        yield from (bytes(row[0]) for row in found)


def read_entry(body: bytes) -> EntryView:
    """The entry of these canonical bytes. Raises Corrupt when they are not one."""
    plain = decode(body, where="ledger entry")
    return EntryView(
        seq=plain["seq"],
        kind=plain["kind"],
        scope=plain["scope"],
        at=from_text(plain["at"]),
        by=plain["by"],
        facts=plain["facts"],
    )


def inclusion(seq: int, size: int) -> list[bytes]:
    """The audit path of one entry in the tree of `size` entries (RFC 6962, 2.1.1). Raises Corrupt outside the tree."""
    return inclusions([seq], size)[0]


def inclusions(seqs: Iterable[int], size: int) -> list[list[bytes]]:
    """The audit paths of many entries in one tree; each block is read once. Raises Corrupt outside the tree."""
    tree = _tree(size)
    return [tree.inclusion(seq) for seq in seqs]


def consistency(old: int, new: int) -> list[bytes]:
    """The proof that the first `old` entries are a prefix of the first `new` (RFC 6962, 2.1.2). Raises Corrupt."""
    return _tree(new).consistency(old)


def root_at(size: int) -> bytes:
    """The root over the first `size` entries. Raises Corrupt beyond the height."""
    return _tree(size).root()


def newest(scopes: str | Collection[str], kinds: Collection[str]) -> int:
    """The number of the newest entry on one of these scopes of one of these kinds; -1 when there is none.

    A finding of height h is stale when this is ≥ h.
    """
    names = [scopes] if isinstance(scopes, str) else list(scopes)
    found = Entry.objects.filter(scope__in=names, kind__in=list(kinds)).order_by("-seq")
    seq = found.values_list("seq", flat=True).first()
    return -1 if seq is None else seq


def checkpoints() -> list[CheckpointView]:
    """The checkpoints the company signed, oldest first, each with the cosignatures that came home."""
    home: dict[tuple[int, bytes], list[Cosigned]] = {}
    for each in Cosigned.objects.order_by("id"):
        home.setdefault((each.size, bytes(each.root)), []).append(each)
    return [
        CheckpointView(
            size=row.size,
            root=bytes(row.root),
            note=row.note,
            whole=notes.joined([row.note, *(each.note for each in home.get((row.size, bytes(row.root)), ()))]),
            at=from_text(row.at),
            key_id=row.key_id,
            cosigned=tuple(
                (each.witness, from_text(each.cosigned_at)) for each in home.get((row.size, bytes(row.root)), ())
            ),
        )
        for row in Signed.objects.order_by("size", "id")
    ]


def cosigned() -> list[CosignedView]:
    """The notes that came home, in the order of their coming."""
    return [
        CosignedView(
            size=row.size,
            root=bytes(row.root),
            witness=row.witness,
            witness_key=row.witness_key,
            cosigned_at=from_text(row.cosigned_at),
            note=row.note,
            entry=row.entry,
        )
        for row in Cosigned.objects.order_by("id")
    ]


def peer(peer_name: str) -> PeerView | None:
    """The newest state of that peer's log that we cosigned; its size is what the peer's next consistency proof starts
    from.
    """
    row = PeerCheckpoint.objects.filter(peer=peer_name).order_by("-size", "-id").first()
    return None if row is None else _peer_view(row)


def peer_checkpoints(peer_name: str) -> list[PeerView]:
    """Every state of that peer's log that we cosigned, oldest first; a window of time lies between two of them."""
    return [_peer_view(row) for row in PeerCheckpoint.objects.filter(peer=peer_name).order_by("id")]


def bundles(size: int | None = None) -> Iterator[Bundle]:
    """The first `size` entries as C2SP tlog-tiles entry bundles, the last one partial (`….p/W`)."""
    end = height() if size is None else size
    _check_size(end)
    for start in range(0, end, BLOCK):
        stop = min(start + BLOCK, end)
        parts = [len(body).to_bytes(2, "big") + body for body in raw(start, stop)]
        yield Bundle(path=bundle_path(start // BLOCK, stop - start), start=start, stop=stop, raw=b"".join(parts))


def bundle_path(index: int, width: int) -> str:
    """`tile/entries/x001/234`, with `.p/W` behind it when it holds fewer than 256 entries (C2SP tlog-tiles)."""
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[place : place + 3] for place in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/entries/{name}" + ("" if width == BLOCK else f".p/{width}")


def check_whole(progress: Callable[[str, int, int], None] | None = None) -> Checkpoint:
    """Read every entry and build the tree anew; the head when all agrees.

    Raises:
        Corrupt: an entry missing, a column or hash that differs from the bytes, a doubled or backward time, another
        root than the head's or than a checkpoint we signed.
    """
    present, signed = head(), {row.size: bytes(row.root) for row in Signed.objects.all()}
    tree, newest_at = Frontier(), ""
    for first in range(0, present.size, _READ):
        for row in _rows(first, min(first + _READ, present.size)):
            newest_at = _check_row(row, tree.size, newest_at)
            tree.add(row[-1])
            if tree.size in signed and signed[tree.size] != tree.root():
                raise Corrupt("ledger with another past than a checkpoint it signed", f"size {tree.size}")
        if progress is not None:
            progress("ledger", tree.size, present.size)
    if tree.size != present.size or tree.root() != present.root or max(signed, default=0) > present.size:
        raise Corrupt("ledger whose head is not its entries'", f"size {tree.size}")
    _check_nodes(present.size)
    return present


def _rows(start: int, stop: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT seq, kind, scope, at, "by", body, leaf FROM ledger_entry WHERE seq >= %s AND seq < %s ORDER BY seq',
            (start, stop),
        )
        return [(*row[:5], bytes(row[5]), bytes(row[6])) for row in cursor.fetchall()]


def _check_row(row: tuple[Any, ...], seq: int, newest_at: str) -> str:
    where = f"ledger entry {seq}"
    *columns, body, leaf = row
    if leaf_hash(body) != leaf:
        raise Corrupt("ledger entry whose hash is not its bytes'", where)
    try:
        plain = json.loads(body)
    except ValueError as error:
        raise Corrupt("ledger entry that cannot be read", where) from error
    if columns != [plain.get(name) for name in _COLUMNS] or plain["seq"] != seq:
        raise Corrupt("ledger entry whose columns are not its bytes'", where)
    if plain["at"] < newest_at:
        raise Corrupt("ledger entry older than the one before it", where)
    return plain["at"]


def _check_nodes(size: int) -> None:
    """Each stored block root is that of its block."""
    for level, index in completed(0, size):
        if nodes(level, index, index + 1) != [block_root(level, index)]:
            raise Corrupt("ledger with a block root that is not its entries'", f"level {level}, block {index}")


def _peer_view(row: PeerCheckpoint) -> PeerView:
    return PeerView(
        peer=row.peer,
        origin=row.origin,
        size=row.size,
        root=bytes(row.root),
        proved=row.proved,
        note=row.note,
        at=from_text(row.at),
    )


def _tree(size: int) -> Tree:
    _check_size(size)
    return Tree(size)


def _check_size(size: int) -> None:
    if not 0 <= size <= height():
        raise Corrupt("tree larger than the ledger", f"size {size}")


def _head() -> Head:
    row = Head.objects.first()
    if row is None:
        raise Refusal("ledger.not_founded")
    return row
