"""One row per request. What the person said and what was answered are sealed; their salted digests stand here."""

from datetime import date

from django.db import models


class Request(models.Model):
    """A customer's request, when it must be answered, and what became of it."""

    OPEN, ANSWERED, REFUSED = "open", "answered", "refused"

    case = models.CharField(max_length=80, blank=True)
    customer = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    route = models.CharField(max_length=16)
    state = models.CharField(max_length=12, default=OPEN)
    taken_by = models.CharField(max_length=120)
    taken_at = models.DateTimeField()
    due_on = models.DateField()
    due_provisional = models.BooleanField()
    wish_digest = models.CharField(max_length=80)
    ended_by = models.CharField(max_length=120, blank=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=60, blank=True)
    law = models.CharField(max_length=40, blank=True)
    answer_digest = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["case", "state"], name="rights_request_open"),
            models.Index(fields=["customer"], name="rights_request_customer"),
        )

    def is_overdue(self, on: date) -> bool:
        """Whether it is still open after its last day."""
        return self.state == self.OPEN and on > self.due_on
