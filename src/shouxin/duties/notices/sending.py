"""How a case's notices go out, so that a stop at any point is taken up again and nobody is told twice.

1. A batch is planned and its rows stand as `queued`, with reply keys, before the first message goes.
2. Mail goes one after the other, in the order of the rows; what became of each is on the disk before the last line of
   the next goes (`journal`), and the rows are marked batch by batch. After a stop the first row of the open batch of
   which nothing is known is the only one in doubt: it is marked so and goes again under the same id.
3. Short messages carry an id that a provider takes once, and lists are files that overwrite themselves: no doubt there.
4. When the batch is through, one entry tells it, in the transaction that closes it and moves the job on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import bulk, codes, journal, queries
from shouxin.duties.notices.channels import lists
from shouxin.duties.notices.channels.contacts import Contact, contact_of
from shouxin.duties.notices.channels.mail import Mail, connect
from shouxin.duties.notices.channels.sms import ShortMessage, SmsProvider
from shouxin.duties.notices.models import Delivery, Mailing, ReplyKey
from shouxin.duties.notices.queries import Person, TextView
from shouxin.ground.formats.home import HomeFile
from shouxin.ground.kernel.canonical import decode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import to_text
from shouxin.ground.rulebook.access import Grant
from shouxin.stores.jobs import services as jobs
from shouxin.stores.jobs.queries import JobView
from shouxin.stores.ledger import services as ledger
from shouxin.stores.vault import services as vault

MESSAGE_BATCH = 200
LIST_BATCH = 1_000
_MOST_ROUNDS = 64
FORM_OF = {"email": "long", "sms": "short", "phone": "phone", "letter": "long"}


@dataclass(frozen=True)
class Road:
    """Everything one call of `send` holds on to."""

    case: str
    by: str
    at: datetime
    home: Path
    settings: HomeFile
    channels: tuple[str, ...]
    sms: SmsProvider
    people: tuple[Person, ...]
    children: frozenset[int]
    grant: Grant = field(repr=False)


@dataclass(frozen=True)
class Batch:
    """People who get the same text over the same channel."""

    channel: str
    language: str
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Post:
    """One row on its way: where it goes and with which code."""

    row: Delivery
    contact: Contact = field(repr=False)
    key: codes.Key = field(repr=False)


def next_batches(road: Road) -> list[Batch]:
    """Who is to be told over which channel now: the first one not tried yet; nobody who said no (NDSR 22)."""
    refused = consent.refusals(road.case)
    known = queries.tracks(road.case)
    groups: dict[tuple[str, str], list[Person]] = {}
    for person in road.people:
        if person.customer in refused:
            continue
        channel = next_channel(person, known.get(person.customer), road.channels)
        if channel:
            groups.setdefault((channel, person.language), []).append(person)
    return [batch for (channel, language), told in sorted(groups.items()) for batch in _cut(channel, language, told)]


def next_channel(person: Person, track: queries.Track | None, channels: Sequence[str]) -> str:
    """The first channel that can reach the person and was not tried; empty when told already or when none is left."""
    if track and track.state in (Delivery.SENT, Delivery.DELIVERED, Delivery.LISTED, Delivery.QUEUED):
        return ""
    tried = track.tried if track else frozenset()
    return next((each for each in channels if each in person.channels and each not in tried), "")


def out_of_reach(road: Road) -> list[int]:
    """Who cannot be told over any of these channels and is not marked so yet."""
    refused, known = consent.refusals(road.case), queries.tracks(road.case)
    found = []
    for person in road.people:
        track = known.get(person.customer)
        ended = track is not None and track.state != Delivery.BOUNCED
        if not ended and person.customer not in refused and not next_channel(person, track, road.channels):
            found.append(person.customer)
    return found


def _cut(channel: str, language: str, told: list[Person]) -> Iterator[Batch]:
    size = LIST_BATCH if channel in ("phone", "letter") else MESSAGE_BATCH
    for start in range(0, len(told), size):
        yield Batch(channel, language, tuple(told[start : start + size]))


@transaction.atomic
def queue(road: Road, batch: Batch) -> Mailing:
    """The batch's rows and reply keys, before anything goes out."""
    text = queries.text(road.case, batch.language)
    mailing = Mailing.objects.create(
        case=road.case,
        channel=batch.channel,
        language=text.language,
        text_digest=text.digest,
        people=len(batch.people),
        by=road.by,
        at=road.at,
    )
    customers = [person.customer for person in batch.people]
    ensure_keys(road.case, customers)
    known = queries.tracks(road.case, customers)
    attempts = {customer: (known[customer].attempt if customer in known else 0) + 1 for customer in customers}
    ids = codes.message_tags(road.case, attempts)
    bulk.add_queued(mailing, customers, attempts=attempts, ids=ids)
    return mailing


def ensure_keys(case: str, customers: Sequence[int]) -> None:
    """Give everyone a reply code and a token who has none; two codes that would meet are moved apart."""
    held = ReplyKey.objects.filter(case=case, customer__in=list(customers), code_tag__isnull=False)
    known = set(held.values_list("customer", flat=True))
    fresh = _key_rows(case, {customer: 1 for customer in customers if customer not in known})
    try:
        with transaction.atomic():
            bulk.add_keys(case, fresh)
    except IntegrityError:
        for customer, *_ in fresh:
            _store_apart(case, customer)


def _store_apart(case: str, customer: int) -> None:
    """35 bits meet by chance once in some hundred thousand people: then the next number is taken."""
    for number in range(1, _MOST_ROUNDS):
        try:
            with transaction.atomic():
                bulk.add_keys(case, _key_rows(case, {customer: number}))
        except IntegrityError:
            continue
        return
    raise Refusal("notices.no_free_code", case=case)


def _key_rows(case: str, numbers: dict[int, int]) -> list[tuple[int, int, str, str]]:
    keys = codes.derive_all(case, numbers)
    tags = codes.tags_of(list(keys.values()))
    return [(customer, numbers[customer], code, token) for customer, (code, token) in zip(keys, tags, strict=True)]


def key_of(case: str, customer: int) -> codes.Key:
    """The customer's code and token, derived again.

    Raises:
        Refusal("notices.no_key"): none was given, or it is gone with the person.
    """
    found = keys_of(case, [customer]).get(customer)
    if found is None:
        raise Refusal("notices.no_key", case=case)
    return found


def keys_of(case: str, customers: Sequence[int]) -> dict[int, codes.Key]:
    """Codes and tokens of those who have them, derived again."""
    rows = ReplyKey.objects.filter(case=case, customer__in=list(customers), code_tag__isnull=False)
    return codes.derive_all(case, dict(rows.values_list("customer", "round")))


def take_up(home: Path, mailing: Mailing) -> None:
    """After a stop the first message of which nothing is known may have gone: it alone is in doubt, and only where it
    left us.
    """
    journal.settle(home, mailing.pk)
    first = Delivery.objects.filter(mailing=mailing, state=Delivery.QUEUED).order_by("id").first()
    if first is not None and mailing.channel == "email":
        Delivery.objects.filter(pk=first.pk).update(in_doubt=True)


def carry_out(road: Road, mailing: Mailing, job: JobView) -> JobView:
    """Send what is still queued of a batch, then close it.

    Raises:
        Unavailable: the mail server or the provider is down; what went is marked, the rest stays queued.
    """
    rows = list(Delivery.objects.filter(mailing=mailing, state=Delivery.QUEUED).order_by("id"))
    rows = _drop_ended(rows)
    text = queries.text_by_digest(mailing.text_digest)
    contacts = open_contacts(road, [row.customer for row in rows])
    keys = keys_of(road.case, [row.customer for row in rows])
    posts = [Post(row, contacts[row.customer], keys[row.customer]) for row in rows]
    file = ""
    if mailing.channel in ("phone", "letter"):
        file = _write_list(road, mailing, text, posts)
    elif mailing.channel == "sms":
        _send_short(road, text, posts)
    elif posts:
        _send_mail(road, mailing, text, posts)
    return _close(road, mailing, job, file)


def _drop_ended(rows: list[Delivery]) -> list[Delivery]:
    """Who was destroyed since the batch was planned is not told any more."""
    alive = inventory.handles([row.customer for row in rows])
    gone = [row.pk for row in rows if row.customer not in alive]
    Delivery.objects.filter(pk__in=gone).update(state=Delivery.BOUNCED, reason="ended")
    return [row for row in rows if row.customer in alive]


def open_contacts(road: Road, customers: Sequence[int]) -> dict[int, Contact]:
    """The contact points of some customers, from the vault for this purpose; everyone asked for is in the answer."""
    found: dict[int, list[dict[str, str]]] = {customer: [] for customer in customers}
    if customers:
        opened = vault.open_for(
            grant=road.grant,
            customers=customers,
            categories=("basic",),
            reason=f"notices:{road.case}",
            at=road.at,
            scope=f"case:{road.case}",
        )
        for each in opened:
            found[each.customer] += [row["f"] for row in decode(each.value.raw, where="sealed rows")]
    return {
        customer: contact_of(customer, rows, guardian_first=customer in road.children)
        for customer, rows in found.items()
    }


def _words(road: Road, text: TextView, channel: str, key: codes.Key) -> str:
    return text.text.fill(FORM_OF[channel], code=key.spoken, link=link_of(road.settings, key))


def _send_mail(road: Road, mailing: Mailing, text: TextView, posts: Sequence[Post]) -> None:
    """One message, then its line in the journal, before the next begins: only the first without one can be in doubt."""
    going = [post for post in posts if post.contact.can("email")]
    journal.mark({(Delivery.BOUNCED, "no_contact"): [post.row.pk for post in posts if not post.contact.can("email")]})
    mails = [
        Mail(
            id=post.row.message_tag,
            to=post.contact.email,
            subject=text.text.subject,
            body=_words(road, text, "email", post.key),
            language=text.language,
            at=road.at,
        )
        for post in going
    ]
    server_at = {"server": road.settings.mail_server, "sender": road.settings.mail_from}
    with connect(**server_at) as server, journal.writing(road.home, mailing.pk, messages=len(going)) as told:
        for post, reason in zip(going, server.send_all(mails, known=told.keep), strict=True):
            told.note(post.row.pk, Delivery.BOUNCED if reason else Delivery.SENT, reason)


def _send_short(road: Road, text: TextView, posts: Sequence[Post]) -> None:
    """A provider takes the same id twice as one message, so a batch is marked when the provider holds all of it."""
    outcomes: dict[tuple[str, str], list[int]] = {}
    for post in posts:
        outcomes.setdefault(_send_one(road, text, post), []).append(post.row.pk)
    road.sms.flush()
    journal.mark(outcomes)


def _send_one(road: Road, text: TextView, post: Post) -> tuple[str, str]:
    """The state after one attempt, and why where it did not go."""
    if not post.contact.can("sms"):
        return Delivery.BOUNCED, "no_contact"
    words = _words(road, text, "sms", post.key)
    try:
        road.sms.send(
            ShortMessage(id=post.row.message_tag, number=post.row.pk, to=post.contact.phone, text=words, at=road.at)
        )
    except Refusal as refused:
        if refused.code != "notices.sms_refused":
            raise
        return Delivery.BOUNCED, str(refused.facts["reason"])
    return Delivery.SENT, ""


def link_of(settings: HomeFile, key: codes.Key) -> str:
    """The personal link, empty where the home has no public address."""
    return f"{settings.public_address.rstrip('/')}/a/{key.token}" if settings.public_address else ""


def _write_list(road: Road, mailing: Mailing, text: TextView, posts: Sequence[Post]) -> str:
    """The list of a batch as a file of the spool; whoever cannot be on it is marked. The path inside the home."""
    listed = [post for post in posts if post.contact.can(mailing.channel)]
    missed = [post.row.pk for post in posts if not post.contact.can(mailing.channel)]
    Delivery.objects.filter(pk__in=missed).update(state=Delivery.BOUNCED, reason="no_contact")
    if not listed:
        return ""
    lines = [
        lists.Line(
            name=post.contact.name,
            reach=post.contact.phone if mailing.channel == "phone" else post.contact.address,
            code=post.key.spoken,
            text=_words(road, text, mailing.channel, post.key),
        )
        for post in listed
    ]
    folder, name = road.home / "spool" / "lists", f"{mailing.channel}-{mailing.pk}"
    if mailing.channel == "phone":
        script = text.text.fill("phone", code="________", link=_BLANK_LINK if text.text.has_link else "")
        path = lists.telephone_list(folder=folder, name=name, lines=lines, script=script, language=text.language)
    else:
        path = lists.letter_list(
            folder=folder, name=name, lines=lines, title=text.text.subject, language=text.language, at=road.at
        )
    Delivery.objects.filter(pk__in=[post.row.pk for post in listed]).update(state=Delivery.LISTED)
    return path.relative_to(road.home).as_posix()


_BLANK_LINK = "________"


@transaction.atomic
def _close(road: Road, mailing: Mailing, job: JobView, file: str) -> JobView:
    rows = list(Delivery.objects.filter(mailing=mailing).values_list("customer", "state", "in_doubt"))
    mailing.state, mailing.file = Mailing.DONE, file
    mailing.save()
    event = f"notices.sent:{road.case}:{mailing.pk}"
    alive = sorted(inventory.handles([customer for customer, _, _ in rows]))
    tags = vault.tags(customers=alive, event=event)
    facts = {
        "mailing": mailing.pk,
        "channel": mailing.channel,
        "language": mailing.language,
        "text": mailing.text_digest,
        "states": {state: sum(1 for each in rows if each[1] == state) for state in sorted({row[1] for row in rows})},
        "in_doubt": sum(1 for each in rows if each[2]),
        "people": len(rows),
        "event": event,
        "tags": digest("\n".join(sorted(tags.values())).encode()),
    }
    ledger.append(kind="notices.sent", scope=f"case:{road.case}", at=road.at, by=road.by, facts=facts)
    return jobs.advance(job=job, done=job.done + len(rows), cursor=mailing.pk, at=road.at)


@transaction.atomic
def mark_out_of_reach(road: Road, customers: Sequence[int]) -> None:
    """Say of these customers that no channel reaches them; only an announcement is left."""
    if not customers:
        return
    known = queries.tracks(road.case, customers)
    Delivery.objects.bulk_create(
        Delivery(
            case=road.case,
            customer=customer,
            attempt=(known[customer].attempt if customer in known else 0) + 1,
            state=Delivery.UNREACHABLE,
            reason="bounced" if customer in known else "no_contact",
            at=road.at,
        )
        for customer in customers
    )
    event = f"notices.sent:{road.case}:none:{to_text(road.at)}:{min(customers)}"
    tags = vault.tags(customers=customers, event=event)
    facts = {
        "channel": "none",
        "states": {Delivery.UNREACHABLE: len(customers)},
        "people": len(customers),
        "event": event,
        "tags": digest("\n".join(sorted(tags.values())).encode()),
    }
    ledger.append(kind="notices.sent", scope=f"case:{road.case}", at=road.at, by=road.by, facts=facts)
