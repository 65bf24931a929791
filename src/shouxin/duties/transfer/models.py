"""Transfers, their messages and what each side needs to compare rows. What is secret stands sealed in `Secret`."""

from django.db import models


class Transfer(models.Model):
    """One transfer as this company lives it: its role, the keys pinned when it began, and where it stands."""

    ROLES = (("A", "discloses"), ("B", "receives"), ("V", "checks"))

    tid = models.CharField(primary_key=True, max_length=40)
    role = models.CharField(max_length=1, choices=ROLES)
    case = models.CharField(max_length=80, blank=True, db_index=True)
    peer = models.CharField(max_length=64)
    contract = models.CharField(max_length=71)
    simulated = models.BooleanField()
    keys = models.JSONField()
    origins = models.JSONField()
    status = models.CharField(max_length=12, default="DRAFT")
    scope = models.BinaryField(default=b"")
    begun_at = models.DateTimeField()

    @property
    def ledger_scope(self) -> str:
        """The ledger scope of its entries."""
        return f"transfer:{self.tid}"


class Message(models.Model):
    """One signed envelope of the chain, ours or theirs. One that gave way to the other side's stands no longer.

    `cosigned` is their checkpoint with our cosignature, made when the message came.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="messages")
    seq = models.IntegerField()
    is_own = models.BooleanField()
    kind = models.CharField(max_length=24)
    envelope = models.BinaryField()
    digest = models.CharField(max_length=71)
    cosigned = models.TextField(blank=True)
    stands = models.BooleanField(default=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["transfer", "seq"], condition=models.Q(stands=True), name="transfer_message_one_chain"
            ),
        )
        ordering = ("seq",)


class Part(models.Model):
    """One file of a package's ciphertext in `messages/<tid>/`; `here` once its bytes lie there with that digest."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="parts")
    seq = models.IntegerField()
    name = models.CharField(max_length=100)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=71)
    here = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["transfer", "seq", "name"], name="transfer_part_once"),)
        ordering = ("seq", "name")


class Intake(models.Model):
    """The rows of one package on their way into our database: planned with an epoch, then done, as `source`."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="intakes")
    seq = models.IntegerField()
    name = models.CharField(max_length=60)
    epoch = models.IntegerField()
    source = models.IntegerField(default=0)
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["transfer", "seq"], name="transfer_intake_once"),)


class BucketTable(models.Model):
    """The rows of one table of a transfer as columns of fixed width, one element per row, no value among them.

    `tags` 32 bytes each under the transfer's key · `customers` 8 · `links` 16 (B) · `numbers` 4 (B: the row's number in
    `source`) · `kept` 1: 0 once withdrawn or replaced. A shreds these with the key; B when the transfer is closed.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="tables")
    name = models.CharField(max_length=63)
    source = models.IntegerField(default=0)
    shape = models.JSONField()
    buckets = models.IntegerField()
    tags = models.BinaryField()
    customers = models.BinaryField()
    links = models.BinaryField(default=b"")
    numbers = models.BinaryField(default=b"")
    kept = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["transfer", "name", "source"], name="transfer_table_once"),)
        ordering = ("source", "name")


class Wrapping(models.Model):
    """The one key under which this company's transfer secrets rest, sealed under the company's passphrase (scrypt)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sealed = models.BinaryField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="transfer_wrapping_one"),)


class Secret(models.Model):
    """A secret of one transfer under the wrapping key: `key` (K), `package`, `withdrawals` (age), `seed-…`.

    Deleted and scrubbed when the protocol says so; nothing else can open what was sealed under it.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="secrets")
    name = models.CharField(max_length=24)
    sealed = models.BinaryField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["transfer", "name"], name="transfer_secret_once"),)


class Withdrawal(models.Model):
    """The whole list of persons who withdrew or objected, as of one epoch: their tags, and whether we applied it."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="withdrawals")
    epoch = models.IntegerField()
    tags = models.BinaryField()
    customers = models.IntegerField()
    restricted = models.IntegerField(default=0)
    applied_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["transfer", "epoch"], name="transfer_withdrawal_epoch"),)
        ordering = ("epoch",)


class Challenge(models.Model):
    """A draw of buckets in the transfer: who drew, how many, and how the answer came out (null: not yet)."""

    transfer = models.ForeignKey(Transfer, on_delete=models.PROTECT, related_name="challenges")
    message = models.CharField(max_length=71, unique=True)
    by_role = models.CharField(max_length=1)
    draw = models.IntegerField()
    passed = models.BooleanField(null=True)
