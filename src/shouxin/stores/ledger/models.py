"""The tables of the ledger. Times stand as RFC 3339 text, the one spelling that the entry's own bytes use."""

from django.db import models

BLOCK = 256


class Entry(models.Model):
    """One entry: its canonical bytes, its leaf hash, and columns that repeat the bytes for look-ups.

    `seq` is a plain integer, so that SQLite stores the rows in its order; two thousand million entries fit.
    """

    seq = models.IntegerField(primary_key=True)
    kind = models.CharField(max_length=64)
    scope = models.CharField(max_length=96)
    at = models.CharField(max_length=20)
    by = models.CharField(max_length=128)
    body = models.BinaryField()
    leaf = models.BinaryField()

    class Meta:
        indexes = (
            models.Index(fields=["scope", "kind", "seq"], name="ledger_entry_scope_kind"),
            models.Index(fields=["kind", "seq"], name="ledger_entry_kind"),
        )
        constraints = (models.CheckConstraint(condition=models.Q(seq__gte=0), name="ledger_entry_seq"),)


class Node(models.Model):
    """The root of a complete block of 256^level entries; written once when the block is full, so that proofs read
    little.
    """

    level = models.SmallIntegerField()
    index = models.IntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["level", "index"], name="ledger_node_place"),)


class Head(models.Model):
    """The one row every append locks: how many entries, the frontier's hashes in a row, the newest time, whose log."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    origin = models.CharField(max_length=128)
    simulated = models.BooleanField()
    public = models.BinaryField()
    size = models.IntegerField()
    frontier = models.BinaryField()
    newest_at = models.CharField(max_length=20)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="ledger_head_one"),)


class Clock(models.Model):
    """The instant of a simulated company. A real company has no row here, and no verb makes one."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    instant = models.CharField(max_length=20)

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="ledger_clock_one"),)


class Signed(models.Model):
    """A checkpoint of this log that the company signed."""

    size = models.IntegerField()
    root = models.BinaryField()
    key_id = models.CharField(max_length=71)
    note = models.TextField()
    at = models.CharField(max_length=20)

    class Meta:
        db_table = "ledger_checkpoint"
        constraints = (models.UniqueConstraint(fields=["size", "key_id"], name="ledger_checkpoint_once"),)


class Cosigned(models.Model):
    """A checkpoint of this log that came home with the cosignature of someone outside."""

    size = models.IntegerField()
    root = models.BinaryField()
    witness = models.CharField(max_length=128)
    witness_key = models.CharField(max_length=71)
    cosigned_at = models.CharField(max_length=20)
    note = models.TextField()
    at = models.CharField(max_length=20)
    entry = models.IntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["size", "witness_key", "cosigned_at"], name="ledger_cosigned_once"),
        )


class PeerCheckpoint(models.Model):
    """A checkpoint of another company's log that we cosigned; the newest one bounds what we accept next."""

    peer = models.CharField(max_length=128)
    origin = models.CharField(max_length=128)
    size = models.IntegerField()
    root = models.BinaryField()
    proved = models.BooleanField()
    note = models.TextField()
    at = models.CharField(max_length=20)
    entry = models.IntegerField()

    class Meta:
        db_table = "ledger_peer_checkpoint"
        indexes = (models.Index(fields=["origin", "size"], name="ledger_peer_origin"),)
