"""Filters: days, counts and the house's own words, said in the page's language."""

from datetime import date, datetime

from django import template
from django.utils.translation import gettext as _

from shouxin.faces.web import findings, speech
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law

register = template.Library()


@register.filter
def day(value: date | datetime | str) -> str:
    """A calendar day."""
    return speech.day(value) if value else ""


@register.filter
def weekday(value: date | datetime | str) -> str:
    """The day of the week."""
    return speech.weekday(value) if value else ""


@register.filter
def minute(value: datetime) -> str:
    """An instant to the minute."""
    return speech.minute(value)


@register.filter
def count(value: int) -> str:
    """A count with thousands apart."""
    return f"{value:,}"


register.filter("word", speech.word)
register.filter("kind", speech.kind)


@register.filter
def field(id: str) -> str:
    """A field's name."""
    return speech.word(f"field.{id}")


@register.filter
def source(id: str) -> str:
    """How a law id is named."""
    try:
        return law.cite(id).say(speech.language())
    except Refusal:
        return id


register.filter("check", findings.check)
register.filter("entry_kind", findings.entry)


@register.filter
def missing_code(code: str) -> str:
    """What stands in the way, without facts."""
    return findings.missing(code, {})


register.filter("listed", speech.listed)


@register.filter
def full_day(value: date | datetime | str) -> str:
    """A calendar day with its day of the week."""
    return speech.full_day(value) if value else ""


@register.filter
def answer(name: str) -> str:
    """An answer."""
    return speech.word(f"answer.{name}")


@register.filter
def request_word(name: str) -> str:
    """What a request asks for."""
    return speech.word(f"request.{name}")


@register.filter
def percent(share: float) -> str:
    """A share in per cent."""
    return f"{share:.1%}"


@register.filter
def width(share: float) -> str:
    """A share as the width of a bar of 100; whoever is there is seen."""
    return f"{max(share * 100, 0.6):.2f}"


@register.filter
def tenfold(place: float) -> str:
    """A place of 0 to 100 on a line of 1000."""
    return f"{place * 10:.1f}"


@register.filter
def step_state(state: str) -> str:
    """A step's state."""
    return speech.word(f"step_state.{state}")


@register.filter
def verdict(name: str) -> str:
    """A verdict."""
    return speech.word(f"verdict.{name.lower()}")


@register.filter
def fact(name: str) -> str:
    """A fact that a row reads."""
    return speech.word(f"fact.{name}")


@register.filter
def fact_value(value: str) -> str:
    """What a fact was: words of the house, yes or no, or as it is."""
    spoken = {"yes": _("yes"), "no": _("no")}
    return speech.listed([spoken.get(part) or speech.word(part) for part in value.split(",")])


@register.filter
def role_or_name(owner: str) -> str:
    """Whose turn it is: a role in words, the other company, or a person by name."""
    if owner == "peer":
        return _("the other company")
    said = speech.word(f"role.{owner}")
    return owner if said.startswith("role.") else said


@register.filter
def milestone(name: str) -> str:
    """A day on the time line."""
    return {
        "opening": _("Opened"),
        "tell": _("All told"),
        "answers_until": _("Answers until"),
        "closing_day": _("Closing day"),
        "pack": _("Package"),
        "receipt": _("Receipt"),
        "end": _("Destroyed or sealed"),
        "archive": _("Proved"),
    }[name]


@register.filter
def people_word(which: str) -> str:
    """Whose list this is."""
    if which == "untold":
        return _("Not told yet")
    if which == "no_answer":
        return speech.word("answer.none")
    said = speech.word(f"answer.{which}")
    return speech.word(f"end.{which}") if said.startswith("answer.") else said
