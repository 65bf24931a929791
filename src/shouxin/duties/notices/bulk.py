"""Many rows of a batch at once, in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from shouxin.duties.notices.models import Delivery, Mailing

_KEYS = 'INSERT INTO notices_replykey ("case", customer, round, code_tag, token_tag) VALUES (%s, %s, %s, %s, %s)'
_DELIVERIES = (
    'INSERT INTO notices_delivery ("case", customer, attempt, channel, state, mailing_id, text_digest, message_tag,'
    " in_doubt, reason, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)


def add_keys(case: str, rows: Iterable[tuple[int, int, str, str]]) -> None:
    """Reply keys: customer, number, tag of the code, tag of the token.

    Raises:
        IntegrityError: a tag or a customer of the case stands already.
    """
    with connection.cursor() as cursor:
        cursor.executemany(_KEYS, [(case, *row) for row in rows])


def add_queued(
    mailing: Mailing, customers: Sequence[int], *, attempts: Mapping[int, int], ids: Mapping[int, str]
) -> None:
    """The deliveries of a mailing, in the order of these customers, none of them sent yet."""
    at = connection.ops.adapt_datetimefield_value(mailing.at)
    head = (mailing.channel, Delivery.QUEUED, mailing.pk, mailing.text_digest)
    rows = [(mailing.case, each, attempts[each], *head, ids[each], False, "", at) for each in customers]
    with connection.cursor() as cursor:
        cursor.executemany(_DELIVERIES, rows)
