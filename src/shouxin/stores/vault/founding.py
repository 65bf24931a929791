"""A company's keys are made once, file by file, and can be made again from any point at which making them stopped.

Nothing that could open a record is ever overwritten: keys with pages, or keys that do not open, stand in the way of a
founding.
"""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.sealing import ALGORITHMS
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, custody, durable, escrow, keyring, roots, section
from shouxin.stores.vault.models import State


def found(
    *,
    at: datetime,
    algorithm: str = "aes-256-gcm",
    kek: Path | None = None,
    escrow_targets: Sequence[Path] = (),
    recovery: bytes = b"",
) -> None:
    """Make the company's KEK, first root and empty page-key table, and the escrow's folders; entry `vault.founded`.

    `kek` is a path on another device (custody class K1) or None for `keys/kek` (K0). `recovery` is the public half of
    the recovery key to which the escrow is sealed; its private half stays with its holders (`escrow.new_recovery`).

    Raises:
        Refusal("vault.founded_already"); Refusal("vault.keys_in_the_way"): keys of a lost or other database lie here;
        Refusal("vault.algorithm"); Refusal("vault.recovery_key"): targets without a recovery key; Unavailable: a
        folder or disk is away.
    """
    section.check_outside()
    if algorithm not in ALGORITHMS:
        raise Refusal("vault.algorithm", known=sorted(ALGORITHMS))
    if escrow_targets and len(recovery) != 32:
        raise Refusal("vault.recovery_key")
    keys = keyring.folder()
    durable.make_folder(keys)
    with section.locked():
        if State.objects.exists():
            raise Refusal("vault.founded_already")
        described = keyring.Description(
            vault=os.urandom(16),
            algorithm=algorithm,
            kek="" if kek is None else str(kek),
            escrow=tuple(str(target) for target in escrow_targets),
            recipient=to_base64(recovery),
        )
        first = _left_from_before(keys) or _make_files(keys, described)
        _enter(first, at)


def _left_from_before(keys: Path) -> keyring.Description | None:
    """The description of a founding that stopped after its last file; None when no root was ever made.

    Raises:
        Refusal("vault.keys_in_the_way"): the keys hold pages, or do not open.
    """
    if not any((keys / name).exists() for name in ("root.0", "root.1")):
        return None
    try:
        described = keyring.read_description(keys)
        table = open_files(keys, described)
    except (Corrupt, Refusal) as error:
        raise Refusal("vault.keys_in_the_way", folder=keys.name) from error
    if table.pages:
        raise Refusal("vault.keys_in_the_way", folder=keys.name, pages=table.pages)
    other = keys / f"root.{(table.generation + 1) & 1}"
    if not other.exists():
        durable.write_whole(other, os.urandom(roots.SLOT_BYTES))
    return described


def open_files(keys: Path, described: keyring.Description) -> roots.Table:
    """The newest table of a key folder, without asking the database. Raises as `Keyring.reload`."""
    slots = [
        roots.read_slot((keys / f"root.{place}").read_bytes(), place)
        for place in (0, 1)
        if (keys / f"root.{place}").exists()
    ]
    newest = max((slot for slot in slots if slot), key=lambda slot: slot.generation, default=None)
    if newest is None:
        raise Corrupt("no valid root", "keys")
    kek = custody.find(keyring.kek_path(keys, described.kek), newest.kek_version)
    root = roots.unwrap(newest, kek=kek.key, vault=described.vault)
    sealed = (keys / f"pkt.{newest.generation & 1}").read_bytes()
    return roots.open_table(sealed, root, vault=described.vault, generation=newest.generation)


def _make_files(keys: Path, described: keyring.Description) -> keyring.Description:
    table = roots.Table(generation=1, epoch=1, index_root=os.urandom(32), token_root=os.urandom(32), entries=b"")
    write_keys(keys, described, table)
    return described


def write_keys(keys: Path, described: keyring.Description, table: roots.Table) -> None:
    """All key files of a table, the valid root slot last but one: as long as no slot is there, nothing was founded."""
    durable.write_whole(keys / keyring.DESCRIPTION, described.to_bytes())
    kek = custody.present_or_new(keyring.kek_path(keys, described.kek))
    durable.step("KEK durable")
    root, place = os.urandom(32), table.generation & 1
    durable.write_whole(keys / f"pkt.{place}", roots.seal_table(table, root, described.vault))
    durable.write_whole(keys / f"pkt.{1 - place}", os.urandom(64))
    durable.step("table durable")
    slot = roots.write_slot(
        root, generation=table.generation, kek=kek.key, kek_version=kek.version, vault=described.vault
    )
    durable.write_whole(keys / f"root.{place}", slot)
    durable.write_whole(keys / f"root.{1 - place}", os.urandom(roots.SLOT_BYTES))
    durable.step("root durable")


def _enter(described: keyring.Description, at: datetime) -> None:
    keys = keyring.folder()
    kek = keyring.kek_path(keys, described.kek)
    with transaction.atomic(durable=True):
        State.objects.create(vault=described.vault, algorithm=described.algorithm, generation=1)
        ring = keyring.Keyring(keys)
        for target in escrow.targets(ring):
            escrow.mark(target, ring.vault)
        escrow.settle(ring)
        facts = {
            "vault": described.vault.hex(),
            "algorithm": described.algorithm,
            "kek": ring.present_kek().name,
            "custody": custody.custody_class(keys, kek),
            "escrow_copies": len(described.escrow),
            "simulated": settings.SHOUXIN.simulated,
        }
        ledger.append(kind="vault.founded", scope="company", at=at, by="system", facts=facts)
        if connection.vendor == "postgresql":
            blind.rebuild(ring)
        ring.close()
    keyring.forget()
