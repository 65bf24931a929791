"""The only table of the pages: how often something secret was tried. No person, no address, no secret stands in it."""

from django.db import models


class Try(models.Model):
    """One try of a second factor or a reply code; `key` is a keyed hash of the link or of the address it came from."""

    kind = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["kind", "key", "at"], name="web_try_recent"),)
