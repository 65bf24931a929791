"""Reads of what was told, to whom, how far it came; and who stands behind a reply code."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, islice
from typing import TypeVar

import numpy as np

from shouxin.duties.consent import queries as consent
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.notices import codes
from shouxin.duties.notices.models import Announcement, Delivery, Mailing, ReplyKey, Text
from shouxin.ground.formats.papers.notice import NoticeText, from_plain
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import day_in_china
from shouxin.ground.rulebook.gates.codes import Notice

KINDS = ("notices.adopted", "notices.sent", "notices.bounced", "notices.delivered", "notices.announced")
_STAFF = inventory.PERSON_KINDS.index("staff")
_CONTACT = {"email": "has_email", "sms": "has_phone", "phone": "has_phone", "letter": "has_address"}
CHANNELS = tuple(_CONTACT)
_MOST_NAMED = 900
Named = TypeVar("Named", int, str)


@dataclass(frozen=True)
class TextView:
    """One adopted text."""

    case: str
    language: str
    version: int
    digest: str
    text: NoticeText
    at: datetime


@dataclass(frozen=True)
class Track:
    """How far the house came with one customer: attempts, the last state, the channels tried, the text last shown."""

    attempt: int
    state: str
    tried: frozenset[str]
    text_digest: str
    reason: str


@dataclass(frozen=True)
class DeliveryView:
    """One attempt."""

    id: int
    attempt: int
    channel: str
    state: str
    text_digest: str
    in_doubt: bool
    reason: str
    at: datetime


@dataclass(frozen=True)
class Person:
    """Someone to be told, as the inventory knows her: language, age band, and by which channels she can be reached."""

    customer: int
    language: str
    child: bool
    channels: tuple[str, ...]


@dataclass(frozen=True)
class StateColumns:
    """How far the notice came with everyone to be told; `notice` is a `gates` Notice."""

    customer: np.ndarray
    notice: np.ndarray


def text(case: str, language: str) -> TextView:
    """The newest adopted text in a language, in Chinese where there is none in it.

    Raises:
        Refusal("notices.no_text"): the case has adopted none.
    """
    for spoken in dict.fromkeys((language, "zh")):
        row = Text.objects.filter(case=case, language=spoken).order_by("-version").first()
        if row is not None:
            return _text_view(row)
    raise Refusal("notices.no_text", case=case, language=language)


def text_by_digest(digest: str) -> TextView:
    """An adopted text by its digest.

    Raises:
        Refusal("notices.no_text").
    """
    row = Text.objects.filter(digest=digest).first()
    if row is None:
        raise Refusal("notices.no_text", digest=digest)
    return _text_view(row)


def texts(case: str) -> list[TextView]:
    """Every adopted text of a case, in the order of adoption."""
    return [_text_view(row) for row in Text.objects.filter(case=case).order_by("id")]


def told_elements(case: str) -> frozenset[str]:
    """Which of the five elements of PIPL 23 every newest text of the case contains."""
    newest = [text(case, language) for language in _languages(case)]
    if not newest:
        return frozenset()
    return frozenset.intersection(*(_elements_of(each.text) for each in newest))


def told_fields(case: str) -> dict[str, frozenset[str]]:
    """Kind of information → the fields of it that every adopted text of the case names, whichever a customer saw."""
    named = [each.text.elements["kinds"] for each in texts(case)]
    every = set.intersection(*(set(kinds) for kinds in named)) if named else set[str]()
    return {kind: frozenset.intersection(*(frozenset(kinds[kind]) for kinds in named)) for kind in sorted(every)}


def told_necessity(case: str) -> bool:
    """Whether every newest text says necessity and impact of the sensitive kinds it names (PIPL 30)."""
    newest = [text(case, language).text.elements for language in _languages(case)]
    explained = [bool(each.get("sensitive", {}).get("necessity")) for each in newest if "sensitive" in each["kinds"]]
    return bool(explained) and all(explained)


def people(case: str) -> list[Person]:  # noqa: ARG001 - a sale of assets tells every customer
    """Everyone to be told: living customers, not the company's own staff and not the dead."""
    found = []
    for chunk in inventory.facts():
        told = ~chunk.dead & (chunk.person_kind != _STAFF)
        contact = {channel: getattr(chunk, column) for channel, column in _CONTACT.items()}
        for at in np.flatnonzero(told):
            found.append(
                Person(
                    customer=int(chunk.customer[at]),
                    language=inventory.LANGUAGES[chunk.language[at]],
                    child=inventory.AGE_BANDS[chunk.age_band[at]] == "child",
                    channels=tuple(channel for channel, column in contact.items() if column[at]),
                )
            )
    return found


def tracks(case: str, customers: Collection[int] | None = None) -> dict[int, Track]:
    """Customer → how far the house came; who was never tried is not in it."""
    rows = Delivery.objects.filter(case=case).order_by("attempt")
    asked = [rows] if customers is None else [rows.filter(customer__in=some) for some in _portions(customers)]
    found: dict[int, Track] = {}
    columns = ("customer", "attempt", "state", "channel", "text_digest", "reason")
    told = chain.from_iterable(each.values_list(*columns) for each in asked)
    for customer, attempt, state, channel, digest, reason in told:
        before = found.get(customer)
        tried = (before.tried if before else frozenset()) | ({channel} if channel else set())
        shown = digest or (before.text_digest if before else "")
        found[customer] = Track(attempt, state, tried, shown, reason)
    return found


def states(case: str, at: datetime) -> StateColumns:
    """How far the notice came with everyone to be told. Whoever answered was reached; an announcement counts once it
    has stood for its days.
    """
    known, answered = tracks(case), consent.standing(case)
    announced = _has_stood(case, at)
    told = people(case)
    codes_ = [_state(known.get(each.customer), each.customer in answered, announced) for each in told]
    return StateColumns(
        customer=np.array([each.customer for each in told], np.int64), notice=np.array(codes_, np.uint8)
    )


def missing(case: str, at: datetime) -> dict[str, int]:
    """Why people are not told yet: reason → how many."""
    known, found = tracks(case), states(case, at)
    untold = found.customer[np.isin(found.notice, (Notice.NONE, Notice.UNREACHABLE))]
    return dict(Counter(_why(known.get(int(customer))) for customer in untold))


def untold(case: str, at: datetime) -> list[int]:
    """The customers who are neither told nor announced to."""
    found = states(case, at)
    return [int(each) for each in found.customer[np.isin(found.notice, (Notice.NONE, Notice.UNREACHABLE))]]


def delivery(customer: int, case: str) -> list[DeliveryView]:
    """Every attempt to tell one customer."""
    rows = Delivery.objects.filter(case=case, customer=customer).order_by("attempt")
    return [
        DeliveryView(
            id=row.pk,
            attempt=row.attempt,
            channel=row.channel,
            state=row.state,
            text_digest=row.text_digest,
            in_doubt=row.in_doubt,
            reason=row.reason,
            at=row.at,
        )
        for row in rows
    ]


def text_shown(case: str, customer: int) -> str:
    """The digest of the text this customer was last told; who was not told yet is shown the newest Chinese text."""
    return texts_shown(case, [customer])[customer]


def texts_shown(case: str, customers: Collection[int]) -> dict[int, str]:
    """Customer → the digest of the text last told, as `text_shown`."""
    known = tracks(case, customers)
    told = {customer: known[customer].text_digest if customer in known else "" for customer in customers}
    newest = "" if all(told.values()) else text(case, "zh").digest
    return {customer: digest or newest for customer, digest in told.items()}


def counts(case: str) -> dict[str, int]:
    """Attempts per channel and state, as `email.sent`, and how many are in doubt."""
    rows = Delivery.objects.filter(case=case)
    found = Counter(f"{channel or 'none'}.{state}" for channel, state in rows.values_list("channel", "state"))
    return {**dict(sorted(found.items())), "in_doubt": rows.filter(in_doubt=True).count()}


def mailing_files(case: str) -> list[str]:
    """The lists that were made, as paths inside the home."""
    return list(Mailing.objects.filter(case=case).exclude(file="").order_by("id").values_list("file", flat=True))


def resolve_code(code: str) -> tuple[str, int]:
    """Whose reply code this is: case and customer.

    Raises:
        Refusal("notices.code_mistyped"): a sign is wrong; Refusal("notices.code_unknown"): nobody's, or no more.
    """
    owner = resolve_codes([code])[code]
    if isinstance(owner, Refusal):
        raise owner
    return owner


def resolve_codes(said: Collection[str]) -> dict[str, tuple[str, int] | Refusal]:
    """Whose reply codes these are, looked up together: each as it was said, with case and customer, or with the refusal
    that `resolve_code` raises.
    """
    found: dict[str, tuple[str, int] | Refusal] = {}
    clean: dict[str, str] = {}
    for each in said:
        try:
            clean[each] = codes.clean_code(each)
        except Refusal as refused:
            found[each] = refused
    tags = dict(zip(clean, codes.code_tags(list(clean.values())), strict=True))
    owners = _owners("code_tag", tags.values())
    return found | {each: owners.get(tag) or Refusal("notices.code_unknown") for each, tag in tags.items()}


def resolve_token(token: str) -> tuple[str, int]:
    """Whose link token this is: case and customer.

    Raises:
        Refusal("notices.token_unknown").
    """
    tag = codes.token_tag(token)
    owner = _owners("token_tag", [tag]).get(tag)
    if owner is None:
        raise Refusal("notices.token_unknown")
    return owner


def _owners(column: str, tags: Collection[str]) -> dict[str, tuple[str, int]]:
    """Tag → case and customer of those that are somebody's."""
    asked = [ReplyKey.objects.filter(**{f"{column}__in": some}) for some in _portions(tags)]
    rows = chain.from_iterable(each.values_list(column, "case", "customer") for each in asked)
    return {tag: (case, customer) for tag, case, customer in rows}


def _portions(values: Collection[Named]) -> Iterator[list[Named]]:
    """As many at a time as every database takes in one question."""
    each = iter(values)
    while some := list(islice(each, _MOST_NAMED)):
        yield some


def _text_view(row: Text) -> TextView:
    body = from_plain(row.body)
    return TextView(row.case, row.language, row.version, row.digest, body, row.at)


def _languages(case: str) -> list[str]:
    return sorted(set(Text.objects.filter(case=case).values_list("language", flat=True)))


def _elements_of(body: NoticeText) -> frozenset[str]:
    said = body.elements
    held = {
        "recipient_name": said["recipient"]["name"],
        "recipient_contact": said["recipient"]["contact"],
        "purpose": said["purposes"],
        "method": said["methods"],
        "categories": said["kinds"],
    }
    return frozenset(name for name, value in held.items() if value)


def _has_stood(case: str, at: datetime) -> bool:
    today = day_in_china(at)
    return any(row.has_stood(today) for row in Announcement.objects.filter(case=case))


def _state(track: Track | None, answered: bool, announced: bool) -> Notice:
    if answered or (track and track.state == Delivery.DELIVERED):
        return Notice.REACHED
    if track and track.state == Delivery.SENT:
        return Notice.SENT
    if announced:
        return Notice.ANNOUNCED
    if track and track.state == Delivery.UNREACHABLE:
        return Notice.UNREACHABLE
    return Notice.NONE


def _why(track: Track | None) -> str:
    if track is None:
        return "not_tried"
    if track.state == Delivery.BOUNCED:
        return "bounced"
    return {Delivery.QUEUED: "not_sent_yet", Delivery.LISTED: "listed_not_told"}.get(track.state, "no_contact")
