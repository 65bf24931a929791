"""One row per complaint or call-back. What was said is sealed; its salted digest stands here."""

from datetime import date

from django.db import models


class Matter(models.Model):
    """A complaint or a wish to be called, until when it is to be met, and what became of it."""

    OPEN, ANSWERED = "open", "answered"

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
    outcome = models.CharField(max_length=24, blank=True)
    answer_digest = models.CharField(max_length=80, blank=True)

    class Meta:
        indexes = (
            models.Index(fields=["case", "state"], name="relations_matter_open"),
            models.Index(fields=["customer"], name="relations_matter_customer"),
        )

    def is_overdue(self, on: date) -> bool:
        """Whether it is still open after its last day."""
        return self.state == self.OPEN and on > self.due_on
