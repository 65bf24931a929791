"""Holds, plans, destructions, what was sealed, places and their ends, re-scans, certificates. No value stands here."""

from datetime import datetime

from django.db import models


class Hold(models.Model):
    """Somebody, or a kind of information, that must not be destroyed: why, on whose authority, until when.

    `customer` None is everybody; `category` empty is everything held of them. Past `until` it stands no more.
    """

    customer = models.BigIntegerField(null=True)
    category = models.CharField(max_length=20, blank=True)
    case = models.CharField(max_length=80, blank=True)
    reason = models.CharField(max_length=40)
    authority = models.CharField(max_length=120)
    until = models.DateTimeField(null=True)
    placed_by = models.CharField(max_length=120)
    placed_at = models.DateTimeField()
    released_by = models.CharField(max_length=120, blank=True)
    released_at = models.DateTimeField(null=True)
    release = models.BinaryField(default=b"")

    class Meta:
        indexes = (models.Index(fields=["released_at", "until"], name="disposal_hold_standing"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(released_at=None) | ~models.Q(released_by=models.F("placed_by")),
                name="disposal_hold_released_by_another",
            ),
        )

    def stands(self, at: datetime) -> bool:
        """Whether it is in force at an instant."""
        released = self.released_at is not None and self.released_at <= at
        return not released and (self.until is None or at <= self.until)


class Plan(models.Model):
    """What would end under one decision set, counted; signed by two people or not yet."""

    case = models.CharField(max_length=80)
    decision_set = models.CharField(max_length=80)
    digest = models.CharField(max_length=80, unique=True)
    summary = models.JSONField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    envelope = models.BinaryField(default=b"")
    approved_by = models.JSONField(default=list)
    approved_at = models.DateTimeField(null=True)


class Destruction(models.Model):
    """One destruction under one permit. Its fates are frozen before the first key dies; `salt` makes `root_before`
    impossible to enumerate for whoever has not this row.
    """

    case = models.CharField(max_length=80)
    permit = models.CharField(max_length=80, unique=True)
    approvals = models.JSONField()
    decision_set = models.CharField(max_length=80)
    scope_digest = models.CharField(max_length=80)
    cells = models.BigIntegerField()
    customers = models.BigIntegerField()
    salt = models.BinaryField(max_length=32)
    root_before = models.CharField(max_length=80)
    fates = models.BinaryField()
    standing = models.BinaryField()
    tables = models.JSONField()
    exclusions = models.JSONField()
    persons = models.JSONField()
    papers = models.JSONField()
    custodian = models.CharField(max_length=200)
    by = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(null=True)
    witness = models.JSONField(null=True)
    witness_statement = models.BinaryField(default=b"")

    class Meta:
        indexes = (models.Index(fields=["case", "id"], name="disposal_destruction_case"),)


class Sealed(models.Model):
    """That the fields the law keeps of one person's category were sealed apart; once per destruction."""

    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="sealed")
    customer = models.BigIntegerField()
    category = models.CharField(max_length=20)
    rows = models.IntegerField()
    until = models.DateField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["destruction", "customer", "category"], name="disposal_sealed_once"),
        )


class ShredGroup(models.Model):
    """One group of customers whose keys were destroyed together, and the entry that tells it."""

    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="groups")
    number = models.IntegerField()
    result = models.JSONField()
    entry = models.BigIntegerField()
    skipped = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["destruction", "number"], name="disposal_group_once"),)


class BalanceSnapshot(models.Model):
    """Cells of one category and source by end, counted before the first key died. `moved`: handed over, `end` is what
    becomes of the company's own copy. `gone`: the cell's key dies.
    """

    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="balance")
    category = models.CharField(max_length=20)
    source = models.IntegerField()
    moved = models.BooleanField()
    end = models.CharField(max_length=12)
    gone = models.BooleanField()
    cells = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["destruction", "category", "source", "moved", "end", "gone"], name="disposal_balance_line"
            ),
        )


class PlaceEnd(models.Model):
    """The end of one registered place, or that it is excluded by name, or why it is still open."""

    INTENDED, ENDED, MISSING, REMAINS, EXCLUDED = "intended", "ended", "missing", "remains", "excluded"

    case = models.CharField(max_length=80)
    place = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10)
    method = models.CharField(max_length=16, blank=True)
    tool = models.CharField(max_length=80, blank=True)
    standard = models.CharField(max_length=80, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    facts = models.JSONField(default=dict)
    rescan_method = models.CharField(max_length=80, blank=True)
    rescan_found = models.IntegerField(null=True)
    signed_by = models.JSONField(default=list)
    envelope = models.BinaryField(default=b"")
    proof = models.CharField(max_length=80, blank=True)
    exclusion = models.JSONField(null=True)
    sealed_whole = models.JSONField(null=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()


class Rescan(models.Model):
    """Looking again after the end: how much was looked for and found. What was looked for is not kept."""

    case = models.CharField(max_length=80)
    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="rescans")
    method = models.CharField(max_length=120)
    planted = models.BigIntegerField()
    looked_for = models.BigIntegerField()
    files = models.BigIntegerField(default=0)
    found = models.BigIntegerField()
    where = models.JSONField(default=list)
    at = models.DateTimeField()


class Certificate(models.Model):
    """An issued certificate; each names the one before it. `state` says what it was made from."""

    id = models.CharField(primary_key=True, max_length=40)
    case = models.CharField(max_length=80)
    destruction = models.ForeignKey(Destruction, on_delete=models.PROTECT, related_name="certificates")
    number = models.IntegerField(unique=True)
    previous = models.CharField(max_length=80, unique=True)
    headline = models.CharField(max_length=10)
    envelope = models.BinaryField()
    digest = models.CharField(max_length=80)
    state = models.CharField(max_length=80)
    at = models.DateTimeField()
