"""How often something secret may be tried. Guessers live in real time, so the machine's clock counts, never a
simulated one.

A try is written down before it is judged: many at once cannot slip through together. What was right is taken out.
Keys are keyed hashes; rows older than the longest span go at the next try.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.crypto import salted_hmac

from shouxin.faces.web.models import Try
from shouxin.ground.kernel.times import SystemClock

HOUR, MONTH = timedelta(hours=1), timedelta(days=31)


@dataclass(frozen=True)
class Limit:
    """At most so many tries an hour, and so many in all within a month (0: no such bound)."""

    kind: str
    an_hour: int
    a_month: int = 0


SECOND_FACTOR = Limit("second_factor", an_hour=5, a_month=20)
REPLY_CODE = Limit("reply_code", an_hour=20)
UNKNOWN_LINK = Limit("unknown_link", an_hour=60)
POSTS = Limit("posts", an_hour=30)

_clock = SystemClock()


@dataclass(frozen=True)
class Attempt:
    """One try that was written down: whether it may be judged, and how many are left after it."""

    row: int
    allowed: bool
    left: int

    def take_out(self) -> None:
        """It was right: it does not count."""
        Try.objects.filter(pk=self.row).delete()


@transaction.atomic
def attempt(limit: Limit, of: str) -> Attempt:
    """Write one try down and say whether it is within the limit."""
    now, key = _clock.now(), _key(of)
    Try.objects.filter(at__lt=now - MONTH).delete()
    row = Try.objects.create(kind=limit.kind, key=key, at=now)
    return Attempt(row.pk, *_judge(limit, key))


def is_locked(limit: Limit, of: str) -> bool:
    """Whether one more try would be beyond the limit. Reads only."""
    _, left = _judge(limit, _key(of))
    return left <= 0


def _judge(limit: Limit, key: str) -> tuple[bool, int]:
    now = _clock.now()
    tried = Try.objects.filter(kind=limit.kind, key=key)
    left = limit.an_hour - tried.filter(at__gt=now - HOUR).count()
    if limit.a_month:
        left = min(left, limit.a_month - tried.filter(at__gt=now - MONTH).count())
    return left >= 0, max(left, 0)


def _key(of: str) -> str:
    return salted_hmac("shouxin.web.limits", of, algorithm="sha256").hexdigest()
