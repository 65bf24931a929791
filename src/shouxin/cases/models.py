"""A case, its steps, decisions, waivers, statements and permits."""

from django.db import models


class Case(models.Model):
    """One change of the company. Its playbook is pinned by digest when it is opened."""

    OPEN, CLOSED = "open", "closed"

    id = models.CharField(primary_key=True, max_length=40)
    title = models.CharField(max_length=200)
    structure = models.CharField(max_length=40)
    interview = models.JSONField()
    answers_digest = models.CharField(max_length=80, default="")
    recipient = models.CharField(max_length=60, blank=True)
    playbook_text = models.TextField()
    playbook_digest = models.CharField(max_length=80)
    state = models.CharField(max_length=10, default=OPEN)
    opened_at = models.DateTimeField()
    answers_until = models.DateTimeField()
    closing_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    @property
    def scope(self) -> str:
        """The ledger scope of its entries."""
        return f"case:{self.id}"


class Step(models.Model):
    """One step of the pinned playbook: who owns it, until when, and the findings it closed on."""

    OPEN, CLOSED, WAIVED = "open", "closed", "waived"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="steps")
    key = models.CharField(max_length=60)
    place = models.IntegerField()
    owner = models.CharField(max_length=60, blank=True)
    due = models.DateField(null=True)
    due_is_provisional = models.BooleanField(default=False)
    state = models.CharField(max_length=10, default=OPEN)
    findings = models.JSONField(default=list)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "key"], name="cases_step_key")]
        ordering = ["place"]


class Waiver(models.Model):
    """A check that is let pass: why, by whose approval (never the asker's), until when. Stands on the case's face."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="waivers")
    step = models.CharField(max_length=60)
    check_name = models.CharField(max_length=80)
    reason = models.TextField()
    asked_by = models.CharField(max_length=60)
    approved_by = models.CharField(max_length=60)
    envelope = models.BinaryField()
    expires_at = models.DateTimeField()
    at = models.DateTimeField()


class Statement(models.Model):
    """What a person signed as true: its kind, a file's digest, the day it took effect apart from the day it came."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="statements")
    kind = models.CharField(max_length=60)
    file_digest = models.CharField(max_length=80, blank=True)
    effective_on = models.DateField()
    envelope = models.BinaryField()
    digest = models.CharField(max_length=80)
    signed_by = models.JSONField(default=list)
    at = models.DateTimeField()


class StoredDecision(models.Model):
    """A decision set at one ledger height, compressed; the newest one before the cut-off is the one that executes."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    digest = models.CharField(max_length=80)
    height = models.BigIntegerField()
    is_final = models.BooleanField(default=False)
    summary = models.JSONField()
    body = models.BinaryField()
    at = models.DateTimeField()


class Permit(models.Model):
    """A signed permit to destroy."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="permits")
    envelope = models.BinaryField()
    digest = models.CharField(max_length=80)
    decision = models.ForeignKey(StoredDecision, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Pack(models.Model):
    """An evidence pack that was exported, and what verifying it said."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="packs")
    digest = models.CharField(max_length=80)
    file_name = models.CharField(max_length=200)
    edition = models.CharField(max_length=20, default="auditor")
    entries = models.JSONField(default=dict)
    exit_code = models.SmallIntegerField()
    at = models.DateTimeField()
