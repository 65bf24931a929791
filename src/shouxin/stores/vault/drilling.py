"""Whether a backup with the escrow would open: tried with keys in memory only, and no value leaves.

What comes back for each record is a fingerprint under the drill's own salt, to be compared with the living record's;
None where the key was destroyed.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from django.db import connection

from shouxin.ground.kernel import sealing
from shouxin.ground.kernel.digests import keyed
from shouxin.ground.kernel.refusals import Corrupt
from shouxin.stores.vault import escrow, keyring, records
from shouxin.stores.vault.numbers import COMPARTMENTS, DEAD_KEY, KEY, SLOTS_A_PAGE

Row = tuple[int, int, int, str, bytes]
"""Number, customer, compartment, kind and body of a record of the backup."""


def drill(
    *,
    folder: Path,
    recovery: bytes,
    leaf_of: Callable[[int, int], bytes | None],
    rows: Iterable[Row],
    salt: bytes,
) -> dict[int, bytes | None]:
    """The fingerprints of a backup's records under the newest escrow's keys: number → HMAC, or None without a living
    key.

    `leaf_of(page, generation)` reads the backup's leaf; what it has not comes from the escrow's leaf files. Nothing
    is written anywhere.

    Raises:
        Refusal("vault.recovery_key"); Unavailable: no bundle; Corrupt: a leaf is in neither, or a record does not open.
    """
    bundle = escrow.open_bundle(escrow.newest(folder), recovery)
    vault, opened = bundle.header.vault, dict[int, bytes]()
    later = {(page, gen): body for page, gen, _, body in escrow.stored_leaves(folder)}

    def leaf(page: int) -> bytes:
        if page not in opened:
            gen, key = bundle.table.page(page)
            opened[page] = _open_either(
                (leaf_of(page, gen), later.get((page, gen))), key=key, vault=vault, page=page, gen=gen
            )
        return opened[page]

    found: dict[int, bytes | None] = {}
    for number, customer, compartment, kind, body in rows:
        slot = customer * COMPARTMENTS + compartment
        page, place = divmod(slot, SLOTS_A_PAGE)
        key = leaf(page)[place * KEY : place * KEY + KEY]
        if key == DEAD_KEY:
            found[number] = None
            continue
        context = records.context(vault, number, kind)
        found[number] = keyed(salt, sealing.unseal(key, body, slot=slot, context=context).raw)
    return found


def fingerprints(*, numbers: Sequence[int], salt: bytes) -> dict[int, bytes]:
    """The fingerprints of living records, to compare with a drill's. Raises as `records.unsealed`."""
    ring = keyring.current()
    found = {}
    with connection.cursor() as cursor:
        for part in records.parts(sorted(numbers)):
            cursor.execute(f"SELECT id, customer, compartment, kind, body FROM vault_record WHERE id IN ({part})")
            for number, customer, compartment, kind, body in cursor.fetchall():
                slot = customer * COMPARTMENTS + compartment
                value = records.unsealed(ring, slot=slot, number=number, kind=kind, body=bytes(body))
                if value is not None:
                    found[number] = keyed(salt, value.raw)
    return found


def _open_either(bodies: tuple[bytes | None, ...], *, key: bytes, vault: bytes, page: int, gen: int) -> bytes:
    """The leaf from the first body that opens: a leaf that was never flipped to may bear the same number."""
    for body in bodies:
        if body is None:
            continue
        try:
            return keyring.open_leaf(body, key=key, vault=vault, page=page, gen=gen)
        except Corrupt:
            continue
    raise Corrupt("leaf in neither backup nor escrow", f"page {page}")
