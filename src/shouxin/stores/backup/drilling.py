"""A restore is tried: the newest backup and the newest escrow, opened as on the day of loss, compared with
the living.

1. Sterile: nothing is signed but the report, nothing is sent; page keys are in memory only; the scratch file holds what
   the backup holds (ciphertext) and is removed.
2. All sealed bytes are read; the pages' digest, the ledger's root and its prefix must hold.
3. A random sample of living customers' records must decrypt to what the living ones say; every destroyed slot must
   have no key, and no record of a destroyed cell may open.
4. What fails is reported and entered as well: a drill that failed is evidence too.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.merkle import Frontier, leaf_hash
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import to_text
from shouxin.stores.backup import cataloguing, queries, reading, tables
from shouxin.stores.backup.manifests import Manifest
from shouxin.stores.backup.models import Drill
from shouxin.stores.backup.queries import CopyView
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import durable
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault
from shouxin.stores.vault.blind import KIND
from shouxin.stores.vault.numbers import ALL, bits

TYPE = "drill/v1"
SAMPLE = 200
_WANTED = frozenset({"vault_record", "vault_leaf", "vault_customer", "ledger_entry"})
_IN = 500
_NO_RECORD = 1 << 62
_RECORD = "SELECT id, customer, compartment, kind, body FROM vault_record WHERE"


@dataclass(frozen=True)
class DrillReport:
    """What a drill found. `wrong` says in codes what does not hold; the report is signed when a signer was there."""

    copy: str
    copy_digest: str
    generation: int
    height: int
    sample: int
    compared: int
    destroyed: int
    wrong: tuple[str, ...]
    report: bytes = b""
    entry: int = -1

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def drill(
    *,
    sample: int,
    recovery: bytes,
    by: str,
    at: datetime,
    signer: Signer | None = None,
    told: reading.Told | None = None,
) -> DrillReport:
    """Hold a drill on the newest backup with the newest escrow; report and entry `backup.drilled`.

    Raises:
        Refusal("backup.no_copy"), Refusal("backup.no_escrow"); Refusal("backup.sample"); Refusal("backup.recovery_key"
        | "vault.recovery_key"): another key than theirs; Refusal("backup.under_way").
    """
    if sample < 1:
        raise Refusal("backup.sample", least=1)
    copy = queries.latest()
    if copy is None:
        raise Refusal("backup.no_copy")
    folder = newest_escrow()
    with cataloguing.alone():
        found = _try(copy, folder, recovery=recovery, sample=sample, told=told)
        return _enter(found, by=by, at=at, signer=signer)


def newest_escrow() -> Path:
    """The reachable escrow folder whose bundle is newest.

    Raises:
        Refusal("backup.no_escrow"): there is no folder; Unavailable: none can be reached.
    """
    headers = vault_queries.escrow_headers()
    reached = {folder: header.generation for folder, header in headers.items() if header is not None}
    if not headers:
        raise Refusal("backup.no_escrow")
    if not reached:
        raise Unavailable("escrow: no copy can be reached")
    return Path(max(reached, key=lambda folder: reached[folder]))


def _try(copy: CopyView, folder: Path, *, recovery: bytes, sample: int, told: reading.Told | None) -> DrillReport:
    found = DrillReport(copy.id, copy.digest, copy.generation, copy.height, 0, 0, 0, ())
    try:
        with _opened(copy, recovery, told) as (scratch, manifest):
            wrong = _ledger_faults(scratch, copy, manifest)
            compared, faults = _compare(scratch, folder, recovery, sample)
            destroyed, revived = _try_destroyed(scratch, folder, recovery)
            return replace(
                found, sample=sample, compared=compared, destroyed=destroyed, wrong=(*wrong, *faults, *revived)
            )
    except Corrupt as error:
        return replace(found, sample=sample, wrong=(f"backup.corrupt: {error.what}",))
    except Unavailable:
        return replace(found, sample=sample, wrong=("backup.unavailable",))


@contextmanager
def _opened(
    copy: CopyView, recovery: bytes, told: reading.Told | None
) -> Iterator[tuple[sqlite3.Connection, Manifest]]:
    path = cataloguing.own_folder() / ".scratch-drill.sqlite3"
    path.unlink(missing_ok=True)
    try:
        if connection.vendor == "sqlite":
            manifest, _ = reading.assemble(copy.folder, recovery, path, other=_skip, told=told)
            scratch = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        else:
            scratch, manifest = _load(copy, recovery, path)
        try:
            yield scratch, manifest
        finally:
            scratch.close()
    finally:
        path.unlink(missing_ok=True)


def _load(copy: CopyView, recovery: bytes, path: Path) -> tuple[sqlite3.Connection, Manifest]:
    manifest = reading.chain(copy.folder)[-1][1]
    scratch = sqlite3.connect(path)
    scratch.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    take = tables.into_scratch(scratch, _WANTED)
    for frame in reading.stream(copy.folder, manifest, recovery):
        take(frame)
    scratch.commit()
    return scratch, manifest


def _ledger_faults(scratch: sqlite3.Connection, copy: CopyView, manifest: Manifest) -> list[str]:
    """The backup's ledger is whole, and a prefix of the living one."""
    tree = Frontier()
    for (body,) in scratch.execute("SELECT body FROM ledger_entry ORDER BY seq"):
        tree.add(leaf_hash(bytes(body)))
    wrong = []
    if manifest.digest != copy.digest:
        wrong.append("backup.other_copy")
    if tree.size != copy.height or tree.root() != ledger_queries.root_at(copy.height):
        wrong.append("backup.other_ledger")
    return wrong


def _compare(scratch: sqlite3.Connection, folder: Path, recovery: bytes, sample: int) -> tuple[int, list[str]]:
    """Open a random sample of living customers' records, and compare each with the living one."""
    salt, closed = os.urandom(32), _closed()
    rows = [row for row in _sample(scratch, sample) if not closed.get(row[1], 0) >> row[2] & 1]
    marks = vault.drill(folder=folder, recovery=recovery, leaf_of=_leaf_of(scratch), rows=rows, salt=salt)
    living = vault.fingerprints(numbers=list(marks), salt=salt)
    wrong = []
    if any(mark is None for mark in marks.values()):
        wrong.append("backup.living_without_key")
    if any(living.get(number) != mark for number, mark in marks.items() if mark is not None):
        wrong.append("backup.record_differs")
    has_living = scratch.execute("SELECT EXISTS (SELECT 1 FROM vault_customer WHERE state = 'alive')").fetchone()[0]
    if not marks and has_living and len(living) == 0 and _records(scratch):
        wrong.append("backup.nothing_compared")
    return len(marks), wrong


def _try_destroyed(scratch: sqlite3.Connection, folder: Path, recovery: bytes) -> tuple[int, list[str]]:
    """Every destroyed slot has no key in the escrow: tried with the backup's records, or with nothing where it has
    none.
    """
    closed = _closed()
    cells = {(customer, compartment) for customer, mask in closed.items() for compartment in bits(mask)}
    rows: list[Any] = [
        row
        for part in _parts(sorted(closed))
        for row in scratch.execute(f"{_RECORD} customer IN ({part})")
        if (row[1], row[2]) in cells
    ]
    bare = sorted(cells - {(row[1], row[2]) for row in rows})
    empty = [(_NO_RECORD + place, *cell, "", b"") for place, cell in enumerate(bare)]
    wrong = ["backup.destroyed_opens"] if _has_keys(scratch, folder, recovery, rows) else []
    if _has_keys(scratch, folder, recovery, empty):
        wrong.append("backup.destroyed_has_key")
    return len(cells), wrong


def _has_keys(scratch: sqlite3.Connection, folder: Path, recovery: bytes, rows: list[Any]) -> bool:
    """Whether any slot of these rows has a key: its record opens, or what stands for one is tried in vain.

    Raises:
        Corrupt: a leaf is in neither backup nor escrow.
    """
    try:
        marks = vault.drill(folder=folder, recovery=recovery, leaf_of=_leaf_of(scratch), rows=rows, salt=os.urandom(32))
    except Corrupt as error:
        if error.where.startswith("slot "):
            return True
        raise
    return any(mark is not None for mark in marks.values())


def _closed() -> dict[int, int]:
    """Customers with destroyed compartments, and which: what the living database says."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT customer, state, ended FROM vault_customer WHERE state = 'destroyed' OR ended <> 0")
        return {customer: ALL if state == "destroyed" else ended for customer, state, ended in cursor.fetchall()}


def _sample(scratch: sqlite3.Connection, count: int) -> list[Any]:
    """Records drawn at random from those in the backup."""
    low, high = scratch.execute("SELECT min(id), max(id) FROM vault_record").fetchone()
    if low is None:
        return []
    if high - low < count:
        return scratch.execute(f"{_RECORD} kind <> ? ORDER BY id", (KIND,)).fetchall()
    found: dict[int, Any] = {}
    for _ in range(4 * count):
        start = low + int.from_bytes(os.urandom(8), "big") % (high - low + 1)
        row = scratch.execute(f"{_RECORD} id >= ? AND kind <> ? ORDER BY id LIMIT 1", (start, KIND)).fetchone()
        if row is not None:
            found[row[0]] = row
        if len(found) == count:
            break
    return [found[number] for number in sorted(found)]


def _records(scratch: sqlite3.Connection) -> bool:
    return bool(scratch.execute("SELECT EXISTS (SELECT 1 FROM vault_record WHERE kind <> ?)", (KIND,)).fetchone()[0])


def _leaf_of(scratch: sqlite3.Connection) -> Callable[[int, int], bytes | None]:
    def leaf(page: int, generation: int) -> bytes | None:
        row = scratch.execute("SELECT body FROM vault_leaf WHERE page = ? AND gen = ?", (page, generation)).fetchone()
        return None if row is None else bytes(row[0])

    return leaf


def _parts(numbers: list[int]) -> Iterator[str]:
    for start in range(0, len(numbers), _IN):
        yield ", ".join(str(int(number)) for number in numbers[start : start + _IN])


def _enter(found: DrillReport, *, by: str, at: datetime, signer: Signer | None) -> DrillReport:
    predicate = {
        "copy": found.copy,
        "generation": found.generation,
        "height": found.height,
        "sample": found.sample,
        "compared": found.compared,
        "destroyed": found.destroyed,
        "wrong": list(found.wrong),
        "passed": found.passed,
        "drilled": to_text(at),
        "origin": ledger_queries.origin(),
        "simulated": ledger_queries.is_simulated(),
    }
    told = dsse.statement(subject={"backup": found.copy_digest}, predicate_type=TYPE, predicate=predicate)
    report = dsse.sign(told, [signer]) if signer is not None else encode(told)
    facts = {**{name: predicate[name] for name in ("copy", "generation", "sample", "compared", "destroyed", "passed")}}
    facts |= {"wrong": len(found.wrong), "report": digest(report), "signed": signer is not None}
    with transaction.atomic():
        ref = ledger.append(kind="backup.drilled", scope="company", at=at, by=by, facts=facts)
        Drill.objects.create(
            copy=found.copy,
            copy_digest=found.copy_digest,
            at=at,
            passed=found.passed,
            sample=found.compared,
            destroyed=found.destroyed,
            generation=found.generation,
            report=report,
            digest=digest(report),
            entry=ref.seq,
        )
    durable.step("drill told")
    return replace(found, report=report, entry=ref.seq)


def _skip(frame: reading.Frame) -> None:
    """A drill needs no file of the home."""
