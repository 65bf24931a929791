"""The window in which answers count, the answers, the sheets they came on. No value stands here: proofs are sealed."""

from datetime import datetime

from django.db import models


class Window(models.Model):
    """What a case asks, of whom, and from when until when answers count."""

    case = models.CharField(max_length=80, unique=True)
    recipient = models.CharField(max_length=120)
    texts = models.JSONField(default=list)
    categories = models.IntegerField()
    opens_at = models.DateTimeField()
    cut_off = models.DateTimeField()

    def is_over(self, at: datetime) -> bool:
        """Whether no agreement counts any more."""
        return at > self.cut_off


class Answer(models.Model):
    """One answer as it was given; later ones stand above earlier ones, none is ever changed."""

    case = models.CharField(max_length=80)
    customer = models.BigIntegerField()
    recipient = models.CharField(max_length=120)
    text_digest = models.CharField(max_length=80)
    answer = models.SmallIntegerField()
    categories = models.IntegerField(default=0)
    sensitive_agreed = models.BooleanField(default=False)
    guardian = models.BooleanField(default=False)
    defects = models.IntegerField(default=0)
    route = models.CharField(max_length=16)
    initiative = models.CharField(max_length=8, default="person")
    recorded_by = models.CharField(max_length=120)
    given_at = models.DateTimeField()
    at = models.DateTimeField()
    proof_digest = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["case", "customer", "given_at", "id"], name="consent_answer_standing"),
            models.Index(fields=["customer"], name="consent_answer_customer"),
        )


class Sheet(models.Model):
    """An answer sheet that was read, by its digest, so that it is not read twice."""

    case = models.CharField(max_length=80)
    digest = models.CharField(max_length=80)
    rows = models.IntegerField()
    recorded = models.IntegerField()
    known = models.IntegerField()
    refused = models.IntegerField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "digest"], name="consent_sheet_once"),)
