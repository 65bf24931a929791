"""Days that must pass before information moves: the small handlers' announcement (SH-9), computed in working days.

A whole change is planned in `rulebook.windows`; here a gate only asks whether these days are over for one flow.
The first day is not counted (Civil Code 201, from memory); transfer from the day after the thirtieth full working day.
The days begin anew when the recipient's name or contact changes. An own online service must show a pop-up too, and the
days count from the later of the two. Small is who is, or may be, below 100,000 people at announcement or cut-off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shouxin.ground.rulebook.gates.codes import Question
from shouxin.ground.rulebook.gates.flows import Announcement, FlowFacts, SenderFacts, counting_for
from shouxin.ground.rulebook.gates.opinions import columns_chosen
from shouxin.ground.rulebook.workdays import ANNOUNCEMENT_WORKDAYS, Due, earliest_transfer, last_start_before

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Waiting:
    """Whether days must pass, since when they run, the first day for a transfer, whether they are over."""

    required: bool
    begun_on: date | None
    earliest: Due | None
    over: bool


def waiting(
    sender: SenderFacts,
    announcement: Announcement,
    *,
    transfer_on: date | None,
    renaming_restarts: bool = True,
    first_day_counts: bool = False,
) -> Waiting:
    """Return how the days of announcement stand for a transfer on a day.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    begun = _begun_on(sender, announcement, renaming_restarts=renaming_restarts)
    if not sender.must_wait:
        return Waiting(required=False, begun_on=begun, earliest=None, over=True)
    if begun is None:
        return Waiting(required=True, begun_on=None, earliest=None, over=False)
    counted_from = begun - _DAY if first_day_counts else begun
    earliest = earliest_transfer(counted_from)
    stood = announcement.taken_down_on is None or announcement.taken_down_on >= earliest.date
    over = stood and transfer_on is not None and transfer_on >= earliest.date
    return Waiting(required=True, begun_on=begun, earliest=earliest, over=over)


def _begun_on(sender: SenderFacts, announcement: Announcement, *, renaming_restarts: bool) -> date | None:
    posted, changed = announcement.posted_on, announcement.recipient_changed_on
    if renaming_restarts:
        if posted is None or (changed is not None and posted < changed):
            return None
    else:
        posted = min((day for day in (posted, announcement.first_posted_on) if day is not None), default=None)
    if posted is None or not sender.own_online_service:
        return posted
    return None if announcement.popup_on is None else max(posted, announcement.popup_on)


def latest_announcement(transfer_on: date) -> Due:
    """Return the last day on which an announcement may be posted so that a transfer on a day is lawful.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return last_start_before(transfer_on, ANNOUNCEMENT_WORKDAYS)


def waiting_for(flow: FlowFacts, category: str) -> Waiting:
    """Return how the days stand for one kind of information, with the opinions that count for it.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return _waiting_by_column(flow, (category,))[0]


def waiting_over(flow: FlowFacts, categories: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return for each column whether its days are over.

    Raises:
        Refusal("workdays.unknown_year"): the calendar does not reach there.
    """
    return np.array([[each.over for each in _waiting_by_column(flow, tuple(categories))]], dtype=np.bool_)


@lru_cache(maxsize=256)
def _judged(sender: SenderFacts, announcement: Announcement, on: date | None, restarts: bool, first: bool) -> Waiting:
    return waiting(sender, announcement, transfer_on=on, renaming_restarts=restarts, first_day_counts=first)


def _waiting_by_column(flow: FlowFacts, categories: tuple[str, ...]) -> tuple[Waiting, ...]:
    renaming = columns_chosen(counting_for(flow, Question.RENAMING), categories)[0]
    first_day = columns_chosen(counting_for(flow, Question.FIRST_DAY), categories)[0]
    sender, announcement, on = flow.sender, flow.announcement, flow.transfer_on
    return tuple(
        _judged(sender, announcement, on, not bool(renames), bool(counts))
        for renames, counts in zip(renaming, first_day, strict=True)
    )
