"""Codes to sentences: each refusal's code has a sentence in Chinese and in English that says what to do next.

The tables are `sentences.toml` (codes) and `labels.toml` (names of results, phases and values); a word that neither
has comes from the house's own terms (`field.phone`, `role.clerk`). Facts are told as the reader writes them: lists in a
row, instants in China's time, closed words in the reader's language. A test holds the tables against every code that
the source says. `SHOUXIN_LANGUAGE=en` (or `language=` of a page) chooses English; Chinese is the default.
"""

import os
import re
import string
import tomllib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from shouxin.ground.kernel.times import SHANGHAI
from shouxin.ground.rulebook import terms

LANGUAGES = ("zh", "en")

# Which closed list of the terms a fact's value is a word of.
_LISTS: Mapping[str, tuple[str, ...]] = {
    "role": ("role", "flow_role"),
    "roles": ("role", "flow_role"),
    "purpose": ("access_purpose",),
    "act": ("case_act",),
    "category": ("category",),
    "categories": ("category",),
    "classes": ("category",),
    "answer": ("answer",),
    "structure": ("structure",),
    "structures": ("structure",),
    "decided": ("structure",),
    "unknown": ("defect",),
    "kind": ("request",),
    "known": ("answer", "channel", "request", "fact"),
}
_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$")
_DIGEST = re.compile(r"^(sha256|sm3):[0-9a-f]{64}$")
_SHOWN_OF_A_DIGEST = 19
_MOST_SHOWN = 12


def language() -> str:
    """The language of this process's words."""
    chosen = os.environ.get("SHOUXIN_LANGUAGE", "zh")
    return chosen if chosen in LANGUAGES else "zh"


def sentence(code: str, facts: Mapping[str, Any], *, in_language: str = "") -> str:
    """The sentence of a code with its facts; an unknown code is told as such, never hidden."""
    told = in_language or language()
    shown = _Facts({name: _fact(name, value, told) for name, value in facts.items()})
    entry = _table("sentences.toml").get(code)
    if entry is None:
        listed = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{code} ({listed})" if listed else code
    return entry[told].format_map(shown)


def label(name: str, *, in_language: str = "") -> str:
    """The name of a result, a phase or a value in the reader's words; its own id where there is none."""
    told = in_language or language()
    head, colon, rest = name.partition(":")
    entry = _table("labels.toml").get(head)
    if entry is not None:
        return f"{entry[told]} {rest}" if colon else entry[told]
    word = terms.terms().get(name)
    return word.say(told) if word else name


def codes() -> frozenset[str]:
    """Every code that has a sentence."""
    return frozenset(_table("sentences.toml"))


def labels() -> frozenset[str]:
    """Every name that has a label of its own."""
    return frozenset(_table("labels.toml"))


def placeholders(code: str) -> Mapping[str, frozenset[str]]:
    """Which facts the sentence of a code uses, by language."""
    entry = _table("sentences.toml")[code]
    return {
        told: frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)
        for told, text in entry.items()
    }


def fact_labels() -> Iterable[str]:
    """The lists of the terms that facts are words of."""
    return {name for names in _LISTS.values() for name in names}


class _Facts(dict[str, str]):
    """Facts for a sentence; one that was not given shows as a dash instead of failing the message."""

    def __missing__(self, key: str) -> str:
        return "—"


def _fact(name: str, value: Any, told: str) -> str:
    if isinstance(value, Mapping):
        return _missing(str(value["code"]), value, told) if "code" in value else _pairs(value, told)
    if isinstance(value, str):
        return _text(name, value, told)
    if isinstance(value, Iterable):
        return _row([_fact(name, each, told) for each in value], told)
    if isinstance(value, bool):
        return {"zh": "是" if value else "否", "en": "yes" if value else "no"}[told]
    if isinstance(value, datetime | date):
        return _when(value, told)
    if hasattr(value, "code"):
        return _missing(str(value.code), getattr(value, "facts", None) or vars(value), told)
    return str(value)


def _missing(code: str, facts: Mapping[str, Any], told: str) -> str:
    """Something that is itself a code with facts: its own sentence, without its full stop."""
    rest = {name: value for name, value in facts.items() if name != "code"}
    form = f" ({_text('form', str(facts['form']), told)})" if "form" in facts else ""
    return sentence(code, rest, in_language=told).rstrip("。.") + form


def _pairs(value: Mapping[str, Any], told: str) -> str:
    pairs = [f"{label(str(name), in_language=told)} {_fact(str(name), each, told)}" for name, each in value.items()]
    return _row(pairs, told)


def _row(words: list[str], told: str) -> str:
    comma = {"zh": "；" if any(sign in word for word in words for sign in "，：") else "、", "en": ", "}[told]
    more = {"zh": f"等 {len(words)} 项", "en": f" and more ({len(words)})"}[told]
    return comma.join(words[:_MOST_SHOWN]) + (more if len(words) > _MOST_SHOWN else "")


def _text(name: str, value: str, told: str) -> str:
    if _INSTANT.fullmatch(value):
        return _when(datetime.fromisoformat(value.replace("Z", "+00:00")), told)
    if _DIGEST.fullmatch(value):
        return value[:_SHOWN_OF_A_DIGEST]
    for listed in _LISTS.get(name, ()):
        word = terms.terms().get(f"{listed}.{value}")
        if word is not None:
            return word.say(told)
    entry = _table("labels.toml").get(f"{name}.{value}")
    return entry[told] if entry else value


def _when(value: date, told: str) -> str:
    """A day, or an instant in China's time to the minute."""
    hour = f" {value.astimezone(SHANGHAI):%H:%M}" if isinstance(value, datetime) else ""
    day = value.astimezone(SHANGHAI) if isinstance(value, datetime) else value
    return (f"{day.year}年{day.month}月{day.day}日" if told == "zh" else f"{day:%Y-%m-%d}") + hour


@cache
def _table(name: str) -> Mapping[str, Mapping[str, str]]:
    raw = tomllib.loads((Path(__file__).parent / name).read_text("utf-8"))
    for code, entry in raw.items():
        if set(entry) != set(LANGUAGES):
            raise ValueError(f"{name}: {code} has not both languages")
    return raw
