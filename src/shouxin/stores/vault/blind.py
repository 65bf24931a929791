"""The blind index: HMAC-SHA-256, cut to 16 bytes, over (key kind, normalised text) under an index root that lives
under the flipped root.

1. Tags are personal data: they go with the customer, or with the `basic` compartment, and are in no backup.
2. On SQLite they lie in a file of their own, `index.sqlite3`, written after the commit; what a crash leaves out is
   found by the watermark (record numbers commit in order) at the next opening. On PostgreSQL they lie in an unlogged
   table, empty after a crash: then searching says so until `recover` has rebuilt it.
3. The (kind, text) pairs are sealed in `keys` records of the `basic` compartment, so that the vault rebuilds the
   index by itself.
4. A tag is written only for a customer that is alive while the index's own write lock is held: a destruction that
   commits first is seen, one that commits later deletes the tag.
"""

import atexit
import hashlib
import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.kernel.digests import derive
from shouxin.ground.kernel.refusals import Refusal, Unavailable
from shouxin.stores.vault import keyring, records
from shouxin.stores.vault.keyring import Keyring
from shouxin.stores.vault.numbers import BASIC

KIND = "keys"
TAG = 16
FILE = "index.sqlite3"
_STEP = 2000
_ASKED = 500
_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_TABLES = """
CREATE TABLE IF NOT EXISTS bidx (tag BLOB NOT NULL, customer INTEGER NOT NULL, PRIMARY KEY (tag, customer)) WITHOUT
ROWID; CREATE INDEX IF NOT EXISTS bidx_customer ON bidx (customer);
CREATE TABLE IF NOT EXISTS meta (id INTEGER PRIMARY KEY CHECK (id = 1), vault BLOB, epoch INTEGER, watermark INTEGER);
"""
_LIVING = "SELECT customer, merged_into, ending, ended FROM vault_customer WHERE state = 'alive' AND"
_local = threading.local()

Key = tuple[str, str]
"""Key kind and normalised text."""


def add(ring: Keyring, entries: Sequence[tuple[str, str, int]]) -> None:
    """Index some texts for living customers, in the caller's transaction. Raises as `records.check_alive`."""
    if connection.vendor != "postgresql":
        _file()  # a new index is whole before the first records commit, and need not be made from them
    grouped: dict[int, list[Key]] = {}
    for kind, text, customer in entries:
        grouped.setdefault(customer, []).append((_check_kind(kind), text))
    cells = [(customer, BASIC) for customer in sorted(grouped)]
    records.check_alive(cells)
    raws = [_JSON(sorted(set(grouped[customer]))).encode() for customer, _ in cells]
    first = records.take_numbers(len(cells))
    bodies = records.seal(ring, cells=cells, raws=raws, first=first, kind=KIND)
    records.insert(
        (first + at, customer, BASIC, 0, KIND, 0, "", None, records.VERSION, bodies[at])
        for at, (customer, _) in enumerate(cells)
    )
    tagger = _tagger(ring)
    rows = [(tagger.tag(key), customer) for customer, _ in cells for key in grouped[customer]]
    owners = {customer: first + at for at, (customer, _) in enumerate(cells)}
    rows.sort()  # neighbours in the index's tree come one after the other
    if connection.vendor == "postgresql":
        _require_whole(ring, *_meta_pg())
        _insert_pg(rows)
        return
    pending = _pending()
    for tag, customer in rows:
        pending.setdefault(tag, []).append((owners[customer], customer))
    transaction.on_commit(partial(_flush, rows, first, first + len(cells)))


def find(ring: Keyring, keys: Sequence[Key]) -> list[tuple[int, ...]]:
    """The living customers of each key, same order, ascending.

    Raises:
        Unavailable: the index is not whole (a database crash, a renewal that stopped): `recover` rebuilds it.
    """
    tagger = _tagger(ring)
    tags = [tagger.tag((_check_kind(kind), text)) for kind, text in keys]
    found = _find_pg(ring, tags) if connection.vendor == "postgresql" else _find_sqlite(ring, tags)
    alive = _alive({customer for customers in found for customer in customers})
    return [tuple(sorted({alive[customer] for customer in customers if customer in alive})) for customers in found]


def forget(customers: Collection[int]) -> int:
    """Delete the tags of some customers; on SQLite at once and durable, on PostgreSQL in the caller's transaction."""
    gone = 0
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for part in records.parts(sorted(customers)):
                cursor.execute(f"DELETE FROM vault_bidx WHERE customer IN ({part})")
                gone += cursor.rowcount
        return gone
    file = _file()
    with _writing(file):
        for part in records.parts(sorted(customers)):
            gone += file.execute(f"DELETE FROM bidx WHERE customer IN ({part})").rowcount
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return gone


def reconcile(ring: Keyring) -> int:
    """Make the index whole: catch up from the watermark, or rebuild it when it is of another vault or epoch; how many
    keys records were read.
    """
    if connection.vendor == "postgresql":
        return 0 if _is_whole(ring, *_meta_pg()) else rebuild(ring)
    file = _file()
    with _writing(file):
        vault, epoch, watermark = _meta(file)
        if not _is_whole(ring, vault, epoch):
            return _rebuild_sqlite(ring, file)
        return _catch_up(ring, file, watermark, records.newest_committed())


def rebuild(ring: Keyring) -> int:
    """Make the index anew from the sealed keys records; how many were read."""
    if connection.vendor != "postgresql":
        file = _file()
        with _writing(file):
            return _rebuild_sqlite(ring, file)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE vault_bidx IN EXCLUSIVE MODE")
        cursor.execute("DELETE FROM vault_bidx")
        cursor.execute("DELETE FROM vault_bidx_meta")
        read = 0
        for rows, count in _tags_between(ring, 0, records.newest_committed()):
            _insert_pg(rows)
            read += count
        cursor.execute(
            "INSERT INTO vault_bidx_meta (id, vault, epoch) VALUES (1, %s, %s)", (ring.vault, ring.table.epoch)
        )
    return read


class Tagger:
    """The tags of one epoch: HMAC-SHA-256 (RFC 2104) with both blocks of the key hashed beforehand, which halves the
    time of a tag.
    """

    def __init__(self, root: bytes) -> None:
        self.root = root
        block = derive(root, "shouxin blind index").ljust(64, b"\0")
        self._inner = hashlib.sha256(block.translate(_INNER)).copy
        self._outer = hashlib.sha256(block.translate(_OUTER)).copy

    def tag(self, key: Key) -> bytes:
        """16 bytes."""
        inner, outer = self._inner(), self._outer()
        inner.update(f"{key[0]}\0{key[1]}".encode())
        outer.update(inner.digest())
        return outer.digest()[:TAG]


def _tagger(ring: Keyring) -> Tagger:
    """The newest epoch's tags; the thread remembers them until the epoch ends."""
    root = ring.fresh().index_root
    known: Tagger | None = vars(_local).get("tagger")
    if known is None or known.root != root:
        known = _local.tagger = Tagger(root)
    return known


def close() -> None:
    """Close this thread's connections to index files."""
    for file in vars(_local).pop("files", {}).values():
        file.close()


# --- SQLite -----------------------------------------------------------------------------------------------------------


def _file() -> sqlite3.Connection:
    home = str(settings.SHOUXIN_HOME)
    files: dict[str, sqlite3.Connection] = vars(_local).setdefault("files", {})
    if home not in files:
        atexit.register(close)  # the write-ahead log is folded in and goes
        made = sqlite3.connect(Path(home) / FILE, isolation_level=None, timeout=60)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "temp_store=MEMORY"):
            made.execute(f"PRAGMA {pragma}")
        made.executescript(_TABLES)
        files[home] = made
        reconcile(keyring.current())
    return files[home]


@contextmanager
def _writing(file: sqlite3.Connection) -> Iterator[None]:
    """A write transaction of the index file, under the file's own lock."""
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        file.execute("ROLLBACK")
        raise
    file.execute("COMMIT")


def _pending() -> dict[bytes, list[tuple[int, int]]]:
    """Tags of this thread's open transaction, not yet in the file: tag → (record, customer)."""
    pending: dict[bytes, list[tuple[int, int]]] = vars(_local).setdefault("pending", {})
    if pending and not connection.in_atomic_block:
        pending.clear()
    return pending


def _flush(rows: list[tuple[bytes, int]], first: int, after: int) -> None:
    _pending().clear()
    ring, file = keyring.current(), _file()
    with _writing(file):
        vault, epoch, watermark = _meta(file)
        if not _is_whole(ring, vault, epoch):
            _rebuild_sqlite(ring, file)
            return
        if watermark >= after - 1:
            return
        _catch_up(ring, file, watermark, first - 1)
        alive = _alive({customer for _, customer in rows})
        _insert(file, [row for row in rows if row[1] in alive])
        file.execute("UPDATE meta SET watermark = ?", (after - 1,))


def _catch_up(ring: Keyring, file: sqlite3.Connection, after: int, until: int) -> int:
    if until <= after:
        return 0
    read = 0
    for rows, count in _tags_between(ring, after, until):
        _insert(file, rows)
        read += count
    file.execute("UPDATE meta SET watermark = max(watermark, ?)", (until,))
    return read


def _rebuild_sqlite(ring: Keyring, file: sqlite3.Connection) -> int:
    file.execute("DELETE FROM bidx")
    file.execute("DELETE FROM meta")
    file.execute("INSERT INTO meta (id, vault, epoch, watermark) VALUES (1, ?, ?, 0)", (ring.vault, ring.table.epoch))
    return _catch_up(ring, file, 0, records.newest_committed())


def _insert(file: sqlite3.Connection, rows: list[tuple[bytes, int]]) -> None:
    file.executemany("INSERT OR IGNORE INTO bidx (tag, customer) VALUES (?, ?)", rows)


def _meta(file: sqlite3.Connection) -> tuple[bytes, int, int]:
    row = file.execute("SELECT vault, epoch, watermark FROM meta").fetchone()
    return row or (b"", 0, 0)


def _find_sqlite(ring: Keyring, tags: list[bytes]) -> list[list[int]]:
    file = _file()
    vault, epoch, _ = _meta(file)
    _require_whole(ring, vault, epoch)
    held = _held(file, tags)
    found = [list(held.get(tag, ())) for tag in tags]
    pending = _pending()
    if pending:
        asked = [(at, *entry) for at, tag in enumerate(tags) for entry in pending.get(tag, ())]
        there = _records_there({record for _, record, _ in asked})
        for at, record, customer in asked:
            if record in there:
                found[at].append(customer)
    return found


def _held(file: sqlite3.Connection, tags: list[bytes]) -> dict[bytes, list[int]]:
    """The customers that stand in the file under some tags."""
    if len(tags) == 1:
        return {tags[0]: [row[0] for row in file.execute("SELECT customer FROM bidx WHERE tag = ?", tags).fetchall()]}
    held: dict[bytes, list[int]] = {}
    wanted = sorted(set(tags))
    for start in range(0, len(wanted), _ASKED):
        some = wanted[start : start + _ASKED]
        marks = ",".join("?" * len(some))
        for tag, customer in file.execute(f"SELECT tag, customer FROM bidx WHERE tag IN ({marks})", some):
            held.setdefault(tag, []).append(customer)
    return held


def _records_there(numbers: Collection[int]) -> set[int]:
    there: set[int] = set()
    with connection.cursor() as cursor:
        for part in records.parts(sorted(numbers)):
            cursor.execute(f"SELECT id FROM vault_record WHERE id IN ({part})")
            there |= {row[0] for row in cursor.fetchall()}
    return there


# --- PostgreSQL -------------------------------------------------------------------------------------------------------


def _insert_pg(rows: list[tuple[bytes, int]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO vault_bidx (tag, customer) SELECT * FROM unnest(%s::bytea[], %s::bigint[])"
            " ON CONFLICT DO NOTHING",
            ([tag for tag, _ in rows], [customer for _, customer in rows]),
        )


def _meta_pg() -> tuple[bytes, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT vault, epoch FROM vault_bidx_meta")
        row = cursor.fetchone()
    return (bytes(row[0]), row[1]) if row else (b"", 0)


def _find_pg(ring: Keyring, tags: list[bytes]) -> list[list[int]]:
    _require_whole(ring, *_meta_pg())
    found: dict[bytes, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tag, customer FROM vault_bidx WHERE tag = ANY(%s)", (tags,))
        for tag, customer in cursor.fetchall():
            found.setdefault(bytes(tag), []).append(customer)
    return [list(found.get(tag, ())) for tag in tags]


# --- both -------------------------------------------------------------------------------------------------------------


def _is_whole(ring: Keyring, vault: bytes, epoch: int) -> bool:
    return (vault, epoch) == (ring.vault, ring.fresh().epoch)


def _require_whole(ring: Keyring, vault: bytes, epoch: int) -> None:
    if not _is_whole(ring, vault, epoch):
        raise Unavailable("blind index: being rebuilt")


def _tags_between(ring: Keyring, after: int, until: int) -> Iterator[tuple[list[tuple[bytes, int]], int]]:
    """Tags of the living from the keys records numbered above `after` up to `until`, in steps; with how many records
    each step read.
    """
    tagger = _tagger(ring)
    while after < until:
        found = _keys_records(after, until)
        if not found:
            return
        alive = _alive({row[1] for row in found})
        rows = []
        for number, customer, body in found:
            if customer not in alive:
                continue
            value = records.unsealed(ring, slot=customer * 8 + BASIC, number=number, kind=KIND, body=body)
            for kind, text in json.loads(value.raw) if value else ():
                rows.append((tagger.tag((kind, text)), customer))
        yield rows, len(found)
        after = found[-1][0]


def _keys_records(after: int, until: int) -> list[tuple[int, int, bytes]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, customer, body FROM vault_record WHERE kind = %s AND id > %s AND id <= %s ORDER BY id LIMIT %s",
            (KIND, after, until, _STEP),
        )
        return [(number, customer, bytes(body)) for number, customer, body in cursor.fetchall()]


def _alive(customers: Collection[int]) -> dict[int, int]:
    """Living customers whose `basic` compartment lives, each with whom it was merged into (itself when nobody)."""
    found: dict[int, int] = {}
    if not customers:
        return found
    with connection.cursor() as cursor:
        if len(customers) == 1:  # the common look-up: one text that the database has prepared already
            cursor.execute(f"{_LIVING} customer = %s", (next(iter(customers)),))
            rows = cursor.fetchall()
        else:
            rows = []
            for part in records.parts(sorted(customers)):
                cursor.execute(f"{_LIVING} customer IN ({part})")
                rows += cursor.fetchall()
    for customer, into, ending, ended in rows:
        if not (ending | ended) >> BASIC & 1:
            found[customer] = into or customer
    return found


def _check_kind(kind: str) -> str:
    if "\0" in kind or not kind:
        raise Refusal("vault.key_kind")
    return kind
