"""Answers to the questions only people can answer, and the editions of the assessment with their signatures."""

from django.db import models


class Reply(models.Model):
    """One question of one case, answered once; a later reply replaces it in the next edition."""

    case = models.CharField(max_length=80)
    question = models.CharField(max_length=40)
    answer = models.TextField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "question"], name="review_reply_once"),)


class Assessment(models.Model):
    """One edition: the bytes two people sign, the envelope with their signatures, until when it must be kept."""

    DRAFT, SIGNED, REPLACED = "draft", "signed", "replaced"

    case = models.CharField(max_length=80)
    edition = models.IntegerField()
    state = models.CharField(max_length=10, default=DRAFT)
    document = models.BinaryField()
    digest = models.CharField(max_length=80)
    envelope = models.BinaryField(default=b"")
    signers = models.JSONField(default=list)
    custodian = models.CharField(max_length=120)
    drafted_by = models.CharField(max_length=120)
    drafted_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    keep_until = models.DateField(null=True)
    completed_entry = models.IntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "edition"], name="review_assessment_edition"),)
