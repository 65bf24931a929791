"""The catalogue: which copies were made and still lie where, which drills were held, and what a restore laid aside."""

from django.db import models


class Copy(models.Model):
    """One backup: `begun` before its first byte, `kept` when it is whole, `gone` when its files were removed.

    `generation` and `height` are those of the data inside it; `base` is the copy whose pages an increment goes on from.
    """

    id = models.CharField(primary_key=True, max_length=64)
    target = models.TextField()
    kind = models.CharField(max_length=11)
    base = models.CharField(max_length=64, default="")
    state = models.CharField(max_length=5, default="begun")
    created_at = models.DateTimeField()
    expires = models.DateField()
    gone_at = models.DateTimeField(null=True)
    generation = models.BigIntegerField(default=0)
    height = models.IntegerField(default=0)
    size = models.BigIntegerField(default=0)
    pages = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=71, default="")
    signed = models.BooleanField(default=False)
    entry = models.IntegerField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=["begun", "kept", "gone"]), name="backup_copy_state"),
        )
        indexes = (models.Index(fields=["state", "created_at"], name="backup_copy_newest"),)


class Drill(models.Model):
    """One restore drill and its report."""

    copy = models.CharField(max_length=64)
    copy_digest = models.CharField(max_length=71)
    at = models.DateTimeField()
    passed = models.BooleanField()
    sample = models.IntegerField()
    destroyed = models.IntegerField()
    generation = models.BigIntegerField()
    report = models.BinaryField()
    digest = models.CharField(max_length=71)
    entry = models.IntegerField()


class Parked(models.Model):
    """The company's sealed private key, laid aside by a restore until the old machine is declared dead."""

    key_id = models.CharField(primary_key=True, max_length=71)
    sealed = models.BinaryField()
