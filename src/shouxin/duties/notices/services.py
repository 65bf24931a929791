"""The writers of notices.

Rules:
- A text is adopted only when nothing that the law asks for is missing in it; an adopted text is never changed.
- Each person gets the first channel that can reach them: mail, short message, telephone list, letter; what comes back
  opens the next one. Whoever said no is not asked again (NDSR 22).
- A marketing opt-out does not suppress a notice that the law asks for, and a notice carries no marketing.
- An announcement informs; it takes no answer and is nobody's consent.

    adopt_text(case=case, text=notice_text(facts, wording, language="zh"), by=by, at=at)
    send(case=case, by=by, at=at)
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction

from shouxin.duties.consent import queries as consent
from shouxin.duties.consent.actors import check_staff
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.inventory import services as inventory_services
from shouxin.duties.notices import bounces, codes, queries, sending
from shouxin.duties.notices.channels.sms import FileDrop, SmsProvider
from shouxin.duties.notices.models import Announcement, Delivery, Mailing, ReplyKey, Text
from shouxin.duties.notices.queries import CHANNELS
from shouxin.duties.notices.sending import Road
from shouxin.ground.formats import papers
from shouxin.ground.formats.papers import NoticeText
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china, to_text
from shouxin.stores.jobs import queries as jobs_queries
from shouxin.stores.jobs import services as jobs
from shouxin.stores.jobs.alone import take_turn
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import services as parties
from shouxin.stores.vault import services as vault

Progress = Callable[[str, int, int], None]
JOB = "notices.send"
_SPOOLS = {"sms": "spool/sms", "phone": "spool/lists", "letter": "spool/lists"}


@dataclass(frozen=True)
class SendResult:
    """What one call did: people per state, who was left alone after a no, lists made, messages in doubt."""

    told: int
    states: dict[str, int]
    refused: int
    in_doubt: int
    files: tuple[str, ...]


@transaction.atomic
def adopt_text(*, case: str, text: NoticeText, by: str, at: datetime) -> str:
    """Adopt a text as the next version in its language; its digest. The same text again is the same version.

    Raises:
        Refusal("notices.text_incomplete", missing=…): everything that `rulebook.messages` misses is named.
    """
    check_staff(by)
    check_text(text)
    known = Text.objects.filter(case=case, language=text.language).order_by("-version").first()
    if known is not None and known.digest == text.digest:
        return known.digest
    version = known.version + 1 if known else 1
    Text.objects.create(
        case=case,
        language=text.language,
        version=version,
        body=text.plain,
        elements=dict(text.elements),
        digest=text.digest,
        adopted_by=by,
        at=at,
    )
    facts = {"language": text.language, "version": version, "text": text.digest, "template": text.version}
    ledger.append(kind="notices.adopted", scope=f"case:{case}", at=at, by=by, facts=facts)
    return text.digest


def check_text(text: NoticeText) -> None:
    """Refuse a text in which something is missing (PIPL 17, 23, 30).

    Raises:
        Refusal("notices.text_incomplete").
    """
    missing = papers.missing_in(text)
    if missing:
        named = [{"code": each.code, **each.facts} for each in missing]
        raise Refusal("notices.text_incomplete", language=text.language, missing=named)


def send(
    *,
    case: str,
    by: str,
    at: datetime,
    progress: Progress | None = None,
    channels: Collection[str] = CHANNELS,
    sms: SmsProvider | None = None,
) -> SendResult:
    """Tell everyone who is not told yet, each over the first channel not tried; goes on where an earlier call stopped.

    Called outside a transaction: each message is marked before the next one goes.

    Raises:
        Refusal("notices.no_text"); Refusal("notices.no_public_address"): the text offers a link, the home has none;
        Refusal("notices.no_channel"); Refusal("access.…"): this person may not; Refusal("jobs.leased"): another process
        is at it; Unavailable: the mail server or provider is down; what went is marked, call again.
    """
    road = _road(case, by=by, at=at, channels=channels, sms=sms)
    job = jobs.begin(kind=JOB, key=_job_key(case), total=len(road.people), by=by, at=at)
    for mailing in Mailing.objects.filter(case=case, state=Mailing.OPEN).order_by("id"):
        sending.take_up(road.home, mailing)
        job = sending.carry_out(road, mailing, job)
        _tell(progress, mailing.channel, job.done, job.total)
    while batches := sending.next_batches(road):
        for batch in batches:
            job = sending.carry_out(road, sending.queue(road, batch), job)
            _tell(progress, batch.channel, job.done, job.total)
    sending.mark_out_of_reach(road, sending.out_of_reach(road))
    result = _result(road)
    jobs.finish(job=job, result={"told": result.told, "states": result.states}, at=at)
    return result


def _road(case: str, *, by: str, at: datetime, channels: Collection[str], sms: SmsProvider | None) -> Road:
    home_file, home = settings.SHOUXIN, Path(settings.SHOUXIN_HOME)
    text = queries.text(case, "zh")
    if text.text.has_link and not home_file.public_address:
        raise Refusal("notices.no_public_address", case=case)
    usable = tuple(each for each in CHANNELS if each in channels and (each != "email" or home_file.mail_server))
    if not usable:
        raise Refusal("notices.no_channel", known=list(CHANNELS))
    people = tuple(queries.people(case))
    grant = parties.grant(by=by, purpose="notify", categories={"basic"}, reason=f"notices:{case}", at=at)
    _register_spools(home, usable, by=by, at=at)
    drop = FileDrop(home / "spool" / "sms")
    return Road(
        case=case,
        by=by,
        at=at,
        home=home,
        settings=home_file,
        channels=usable,
        sms=sms or drop,
        people=people,
        children=frozenset(person.customer for person in people if person.child),
        grant=grant,
    )


def _register_spools(home: Path, channels: Collection[str], *, by: str, at: datetime) -> None:
    """What is written for a provider or a caller holds contact values: a place with an end of its own."""
    for channel, folder in _SPOOLS.items():
        if channel in channels:
            inventory_services.register_source(
                kind="spool", title=folder, locator=str(home / folder), custodian=by, by=by, at=at
            )


def _job_key(case: str) -> str:
    """One work per round: a round that ended is never taken up again."""
    ended = sum(1 for job in jobs_queries.all_of(JOB) if job.is_done and job.key.rpartition(":")[0] == f"{JOB}:{case}")
    return f"{JOB}:{case}:{ended + 1}"


def _tell(progress: Progress | None, phase: str, done: int, total: int) -> None:
    if progress is not None:
        progress(phase, done, total)


def _result(road: Road) -> SendResult:
    states = Counter(track.state for track in queries.tracks(road.case).values())
    return SendResult(
        told=len(road.people),
        states=dict(states),
        refused=len(consent.refusals(road.case) & {person.customer for person in road.people}),
        in_doubt=Delivery.objects.filter(case=road.case, in_doubt=True).count(),
        files=tuple(queries.mailing_files(road.case)),
    )


@transaction.atomic
def mark_bounced(*, case: str, customers: Collection[int], reason: str, by: str, at: datetime) -> int:
    """Their last message came back: the next `send` takes the next channel. How many were marked.

    Raises:
        Refusal("notices.nothing_to_mark"): none of them has a message under way.
    """
    return _mark(case, customers, Delivery.BOUNCED, reason=reason, by=by, at=at)


@transaction.atomic
def mark_delivered(*, case: str, customers: Collection[int], how: str, by: str, at: datetime) -> int:
    """They were told for certain: called and spoken to, letter handed over, receipt came. How many were marked.

    Raises:
        Refusal("notices.nothing_to_mark").
    """
    return _mark(case, customers, Delivery.DELIVERED, reason=how, by=by, at=at)


def _mark(case: str, customers: Collection[int], state: str, *, reason: str, by: str, at: datetime) -> int:
    check_staff(by)
    known = queries.tracks(case, customers)
    under_way = (Delivery.SENT, Delivery.LISTED)
    marked = sorted(customer for customer, track in known.items() if track.state in under_way)
    if not marked:
        raise Refusal("notices.nothing_to_mark", case=case)
    for customer in marked:
        rows = Delivery.objects.filter(case=case, customer=customer, attempt=known[customer].attempt)
        rows.update(state=state, reason=reason, at=at)
    event = f"notices.{state}:{case}:{to_text(at)}:{marked[0]}"
    tags = vault.tags(customers=marked, event=event)
    facts = {
        "people": len(marked),
        "reason": reason,
        "event": event,
        "tags": digest("\n".join(sorted(tags.values())).encode()),
    }
    ledger.append(kind=f"notices.{state}", scope=f"case:{case}", at=at, by=by, facts=facts)
    return len(marked)


def import_bounces(*, case: str, folder: Path, by: str, at: datetime) -> int:
    """Read the mail that came back (one message per file) and mark whom it names by message id; how many were marked.

    Raises:
        Refusal("notices.no_folder").
    """
    if not folder.is_dir():
        raise Refusal("notices.no_folder", folder=folder.name)
    failed = bounces.failed_message_ids(folder)
    rows = Delivery.objects.filter(case=case, message_tag__in=sorted(failed), state=Delivery.SENT)
    customers = set(rows.values_list("customer", flat=True))
    if not customers:
        return 0
    return mark_bounced(case=case, customers=customers, reason="mail_came_back", by=by, at=at)


@transaction.atomic
def record_announcement(
    *,
    case: str,
    place: str,
    days: int,
    photo_digest: str,
    by: str,
    at: datetime,
    posted_at: datetime | None = None,
    text_digest: str = "",
) -> None:
    """Record that the announcement was put up, where, for how many days, with the digest of a photograph; the same
    again is the same announcement.

    Raises:
        Refusal("notices.announcement_facts"): no place, no days, or no digest of a photograph;
        Refusal("notices.announcement_ahead"): put up after it is recorded; Refusal("notices.no_text").
    """
    check_staff(by)
    if not place.strip() or days < 1 or not photo_digest.startswith("sha256:"):
        raise Refusal("notices.announcement_facts", needed=["place", "days", "photo_digest"])
    posted_on = day_in_china(posted_at or at)
    if posted_on > day_in_china(at):
        raise Refusal("notices.announcement_ahead")
    shown = queries.text_by_digest(text_digest) if text_digest else queries.text(case, "zh")
    told = {
        "case": case,
        "place": place,
        "posted_on": posted_on,
        "days": days,
        "photo_digest": photo_digest,
        "text_digest": shown.digest,
    }
    take_turn("announcements")
    if Announcement.objects.filter(**told).exists():
        return
    Announcement.objects.create(**told, by=by, at=at)
    facts = {
        "posted_on": posted_on.isoformat(),
        "stands_until": (posted_on + timedelta(days=days)).isoformat(),
        "photo": photo_digest,
        "text": shown.digest,
    }
    ledger.append(kind="notices.announced", scope=f"case:{case}", at=at, by=by, facts=facts)


@transaction.atomic
def issue_key(*, case: str, customer: int, by: str, at: datetime) -> codes.Key:
    """The reply code and token of one customer, to be written on paper at the counter or told on the telephone.

    Raises:
        Refusal("inventory.no_such_customer"); Refusal("access.…"): this person may not.
    """
    inventory.handle(customer)
    parties.grant(by=by, purpose="notify", categories={"basic"}, reason=f"notices:{case}", at=at)
    sending.ensure_keys(case, [customer])
    event = f"notices.key_issued:{case}:{to_text(at)}"
    tags = vault.tags(customers=[customer], event=event)
    facts = {"event": event, "tag": tags[customer]}
    ledger.append(kind="notices.key_issued", scope=f"case:{case}", at=at, by=by, facts=facts)
    return sending.key_of(case, customer)


@transaction.atomic
def forget(*, customers: Collection[int]) -> int:
    """Let go of the reply codes, tokens and message ids of people who were destroyed; in the caller's entry."""
    gone = ReplyKey.objects.filter(customer__in=list(customers)).update(code_tag=None, token_tag=None)
    Delivery.objects.filter(customer__in=list(customers)).update(message_tag="")
    return gone
