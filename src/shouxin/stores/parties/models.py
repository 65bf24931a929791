"""The tables of the parties. Nobody's private key stands here open: each is sealed under its owner's passphrase."""

from datetime import datetime

from django.db import models

COMPANY = "company"


class Company(models.Model):
    """The one company of this home."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18)
    contact = models.CharField(max_length=200)
    address = models.CharField(max_length=300)
    founded_at = models.DateTimeField()

    class Meta:
        constraints = (models.CheckConstraint(condition=models.Q(id=1), name="parties_company_one"),)


class Staff(models.Model):
    """Someone who works here. The id is what walks (`staff:…`); the name stays in this table and on the company's
    card.
    """

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=100)
    role = models.CharField(max_length=32)
    added_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def is_active(self, at: datetime) -> bool:
        """Whether this person works here at that instant."""
        return self.added_at <= at and (self.revoked_at is None or at < self.revoked_at)


class Key(models.Model):
    """A signing key of the company or of one member of staff, and its history; `entry` recorded it (company: entry
    0).
    """

    key_id = models.CharField(primary_key=True, max_length=71)
    owner = models.CharField(max_length=64, db_index=True)
    public = models.BinaryField()
    sealed = models.BinaryField()
    added_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    entry = models.IntegerField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["owner"],
                condition=models.Q(retired_at__isnull=True, revoked_at__isnull=True),
                name="parties_key_one_in_use",
            ),
        )


class Undertaking(models.Model):
    """A member of staff's promise of confidentiality, signed with that person's own key."""

    staff = models.ForeignKey("parties.Staff", on_delete=models.PROTECT, related_name="+")
    text_digest = models.CharField(max_length=71)
    envelope = models.BinaryField()
    signed_at = models.DateTimeField()
    entry = models.IntegerField()


class Issued(models.Model):
    """An access that was granted: to whom, in which role, for which purpose, to which categories, why, until when."""

    actor = models.CharField(max_length=128)
    role = models.CharField(max_length=32)
    purpose = models.CharField(max_length=32)
    categories = models.JSONField()
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    until = models.DateTimeField()
    entry = models.IntegerField()

    class Meta:
        db_table = "parties_grant"


class Recipient(models.Model):
    """Another company to which information may go: its card as it was pinned, and what it gets it for."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200)
    uscc = models.CharField(max_length=18)
    address = models.CharField(max_length=300)
    contact = models.CharField(max_length=200)
    origin = models.CharField(max_length=128, unique=True)
    key_id = models.CharField(max_length=71, unique=True)
    public = models.BinaryField()
    staff = models.JSONField()
    role = models.CharField(max_length=32)
    purposes = models.JSONField()
    methods = models.JSONField()
    card = models.BinaryField()
    card_digest = models.CharField(max_length=71)
    added_at = models.DateTimeField()
    entry = models.IntegerField()


class Agreement(models.Model):
    """What was agreed with a recipient (NDSR 12), the digest of the document, who signed; the newest one counts."""

    recipient = models.ForeignKey("parties.Recipient", on_delete=models.PROTECT, related_name="+")
    clauses = models.JSONField()
    clauses_digest = models.CharField(max_length=71)
    document_digest = models.CharField(max_length=71)
    missing = models.JSONField()
    signed_by = models.JSONField()
    envelopes = models.JSONField()
    recorded_at = models.DateTimeField()
    entry = models.IntegerField()


class Card(models.Model):
    """A card that the company issued: its own statement of who it is and with which keys it and its staff sign."""

    digest = models.CharField(max_length=71, unique=True)
    raw = models.BinaryField()
    at = models.DateTimeField()
    entry = models.IntegerField()
