"""The end of an epoch: what could still open older keys, or link older index tags, is replaced."""

import os
from dataclasses import replace
from datetime import datetime

from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import blind, custody, durable
from shouxin.stores.vault.models import State
from shouxin.stores.vault.section import Section


def close(alone: Section) -> None:
    """A new KEK version and a new index root, flipped to; the older KEK overwritten. Raises as `Section.advance`."""
    ring = alone.ring
    kek = custody.fresh(ring.slot.kek_version + 1)
    with alone.transaction():
        alone.set_busy()
    custody.write_next(ring.kek, kek)
    durable.step("next KEK durable")
    table = ring.table
    alone.advance(
        replace(table, generation=table.generation + 1, epoch=table.epoch + 1, index_root=os.urandom(32)),
        kek=kek,
        all_copies=True,
    )
    custody.settle(ring.kek, kek.version)
    durable.step("older KEK gone")


def tell_epoch(alone: Section, *, at: datetime, by: str) -> None:
    """The index under the new root, and the entry; also for an epoch whose closing stopped before its entry."""
    ring = alone.ring
    read = blind.rebuild(ring)
    facts = {"epoch": ring.table.epoch, "generation": ring.generation, "kek": ring.present_kek().name, "indexed": read}
    with alone.transaction():
        alone.set_settled()
        State.objects.filter(pk=1).update(epoch=ring.table.epoch)
        ledger.append(
            kind="vault.epoch_closed",
            scope="company",
            at=at,
            by=by,
            facts={**facts, "custody": ring.custody_class()},
        )
    durable.step("epoch told")
