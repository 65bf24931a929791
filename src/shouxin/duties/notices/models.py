"""Texts, mailings, deliveries. No contact value, no reply code and no token stands here in clear."""

from datetime import date, timedelta

from django.db import models


class Text(models.Model):
    """One adopted version of a notice in one language; what the customer saw is evidence."""

    case = models.CharField(max_length=80)
    language = models.CharField(max_length=8)
    version = models.IntegerField()
    body = models.JSONField()
    elements = models.JSONField()
    digest = models.CharField(max_length=80)
    adopted_by = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "language", "version"], name="notices_text_version"),)


class ReplyKey(models.Model):
    """By what one customer answers in one case: tags of reply code and link token, gone with the person."""

    case = models.CharField(max_length=80)
    customer = models.BigIntegerField()
    round = models.IntegerField(default=1)
    code_tag = models.CharField(max_length=64, null=True, unique=True)
    token_tag = models.CharField(max_length=64, null=True, unique=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "customer"], name="notices_replykey_once"),)


class Mailing(models.Model):
    """One batch over one channel in one language. `open` until every message of it went its way."""

    OPEN, DONE = "open", "done"

    case = models.CharField(max_length=80)
    channel = models.CharField(max_length=12)
    language = models.CharField(max_length=8)
    text_digest = models.CharField(max_length=80)
    state = models.CharField(max_length=8, default=OPEN)
    people = models.IntegerField()
    by = models.CharField(max_length=120)
    at = models.DateTimeField()
    file = models.CharField(max_length=200, blank=True)


class Delivery(models.Model):
    """One attempt to tell one customer. `in_doubt`: the house stopped between sending and writing that down."""

    QUEUED, SENT, DELIVERED, BOUNCED, LISTED, UNREACHABLE = (
        "queued",
        "sent",
        "delivered",
        "bounced",
        "listed",
        "unreachable",
    )

    case = models.CharField(max_length=80)
    customer = models.BigIntegerField()
    attempt = models.SmallIntegerField()
    channel = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=12)
    mailing = models.ForeignKey(Mailing, null=True, on_delete=models.PROTECT, related_name="+")
    text_digest = models.CharField(max_length=80, blank=True)
    message_tag = models.CharField(max_length=64, blank=True)
    in_doubt = models.BooleanField(default=False)
    reason = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["case", "customer", "attempt"], name="notices_delivery_attempt"),
        )
        indexes = (
            models.Index(fields=["mailing", "id"], name="notices_delivery_mailing"),
            models.Index(fields=["message_tag"], name="notices_delivery_message"),
        )


class Announcement(models.Model):
    """A posted announcement: where, for how many days, the digest of the photograph that shows it. It only informs."""

    case = models.CharField(max_length=80)
    place = models.CharField(max_length=200)
    posted_on = models.DateField()
    days = models.IntegerField()
    photo_digest = models.CharField(max_length=80)
    text_digest = models.CharField(max_length=80)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()

    def has_stood(self, on: date) -> bool:
        """Whether it has been up for its days; the first day is not counted (Civil Code 201)."""
        return on > self.posted_on + timedelta(days=self.days)
