"""The table of jobs."""

from datetime import datetime

from django.db import models

STATES = ("running", "done", "failed", "cancelled")


class Job(models.Model):
    """One piece of long work under a key that names it: the same key again is the same work."""

    kind = models.CharField(max_length=64)
    key = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=12, choices=[(each, each) for each in STATES], default="running")
    total = models.BigIntegerField()
    done = models.BigIntegerField(default=0)
    cursor = models.JSONField(null=True)
    result = models.JSONField(null=True)
    lease_owner = models.CharField(max_length=200)
    lease_until = models.DateTimeField()
    by = models.CharField(max_length=128)
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="jobs_job_state"),
            models.CheckConstraint(condition=models.Q(done__gte=0, total__gte=0), name="jobs_job_counts"),
        )

    def is_leased(self, at: datetime) -> bool:
        """Whether someone holds it at that instant, by the time of the lease alone."""
        return self.state == "running" and at < self.lease_until
