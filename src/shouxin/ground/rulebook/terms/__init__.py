"""The field's words, each with a Chinese and an English side; a half-written word is refused.

Words live as TOML beside this file: `fields.toml` (fields, categories, levels), `words.toml` (verdicts, channels,
answers, roles, states, bases …), `glossary.toml` (one word for one thing in code, screens and documents) and
`reasons.toml` (sentences that may be sent to the person). Nothing else in the house may invent one. Start from `term`,
`fields`, `reasons`.

    term("verdict.hand_over").zh                       -> "移交"
    reasons()["gates.A24.ask"].say("zh", recipient=…)  -> the sentence
"""

import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel.refusals import Refusal

LANGUAGES = ("zh", "en")


@dataclass(frozen=True)
class Term:
    """A word in both languages."""

    zh: str
    en: str

    def say(self, language: str) -> str:
        """Return the side of this word in one language.

        Raises:
            Refusal("terms.no_such_language"): only zh and en are spoken.
        """
        if language not in LANGUAGES:
            raise Refusal("terms.no_such_language", language=language)
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True)
class Category:
    """A kind of information; the number of the vault compartment that holds it."""

    id: str
    compartment: int
    zh: str
    en: str


@dataclass(frozen=True)
class Field:
    """A field that the house knows: what kind it is, how sensitive, and its names."""

    id: str
    category: str
    level: str
    sensitive_kind: str | None
    zh: str
    en: str


@dataclass(frozen=True)
class Reason:
    """A sentence that may be sent to a person; `facts` are the placeholders that both languages use."""

    code: str
    facts: tuple[str, ...]
    zh: str
    en: str

    def say(self, language: str, **facts: str) -> str:
        """Return the sentence with its facts put in.

        Raises:
            Refusal("terms.facts_missing"): the sentence needs facts that were not given.
            Refusal("terms.no_such_language"): only zh and en are spoken.
        """
        missing = [name for name in self.facts if name not in facts]
        if missing:
            raise Refusal("terms.facts_missing", code=self.code, missing=missing)
        return Term(self.zh, self.en).say(language).format_map(facts)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__name__).joinpath(name).read_text(encoding="utf-8"))


def check_whole(where: str, entry: Mapping[str, Any]) -> None:
    """Refuse a word that lacks its Chinese or its English side.

    Raises:
        Refusal("terms.half"): with the place and the missing languages.
    """
    missing = [language for language in LANGUAGES if not str(entry.get(language, "")).strip()]
    if missing:
        raise Refusal("terms.half", where=where, missing=missing)


def _is_word(entry: Any) -> bool:
    return isinstance(entry, dict) and not any(isinstance(side, dict) for side in entry.values())


def _words(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Term]]:
    for key, entry in tree.items():
        if _is_word(entry):
            check_whole(prefix + key, entry)
            yield prefix + key, Term(entry["zh"], entry["en"])
        else:
            yield from _words(entry, f"{prefix}{key}.")


def parse_terms(text: str) -> dict[str, Term]:
    """Read words from a TOML text; a table of tables gives dotted ids.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
    """
    return dict(_words(tomllib.loads(text)))


@cache
def categories() -> Mapping[str, Category]:
    """Every kind of information, in the order of the vault's compartments.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
    """
    found = {}
    for key, entry in _read("fields.toml")["categories"].items():
        check_whole(f"categories.{key}", entry)
        found[key] = Category(key, entry["compartment"], entry["zh"], entry["en"])
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: item[1].compartment)))


def parse_fields(text: str) -> dict[str, Field]:
    """Read fields from a TOML text and hold them against its own categories, levels and sensitive kinds.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
        Refusal("terms.unknown_word"): a field names a category, level or sensitive kind that does not exist.
    """
    tree = tomllib.loads(text)
    return {key: _field(key, entry, tree) for key, entry in tree["fields"].items()}


def _field(key: str, entry: Mapping[str, Any], tree: Mapping[str, Any]) -> Field:
    check_whole(f"fields.{key}", entry)
    kind = entry.get("sensitive_kind")
    for table, word in (("categories", entry["category"]), ("levels", entry["level"]), ("sensitive_kinds", kind)):
        if word is not None and word not in tree[table]:
            raise Refusal("terms.unknown_word", where=f"fields.{key}", word=word)
    return Field(key, entry["category"], entry["level"], kind, entry["zh"], entry["en"])


@cache
def fields() -> Mapping[str, Field]:
    """Every field the house knows, by id.

    Raises:
        Refusal("terms.half"), Refusal("terms.unknown_word"): as `parse_fields`.
    """
    text = resources.files(__name__).joinpath("fields.toml").read_text(encoding="utf-8")
    return MappingProxyType(parse_fields(text))


_SINGULAR = {
    "categories": "category",
    "levels": "level",
    "sensitive_kinds": "sensitive_kind",
    "person_kinds": "person_kind",
}


@cache
def terms() -> Mapping[str, Term]:
    """Every word by id: `customer`, `verdict.ask`, `channel.sms`, `category.basic`, `field.name` …

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
    """
    found = dict(_words(_read("glossary.toml"))) | dict(_words(_read("words.toml")))
    for table, entries in _read("fields.toml").items():
        prefix = _SINGULAR.get(table, "field")
        found |= dict(_words(entries, f"{prefix}."))
    return MappingProxyType(found)


def term(id: str) -> Term:
    """Return one word by its id.

    Raises:
        Refusal("terms.unknown"): there is no such word.
    """
    found = terms().get(id)
    if found is None:
        raise Refusal("terms.unknown", id=id)
    return found


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def parse_reasons(text: str) -> dict[str, Reason]:
    """Read reason sentences; both languages must use exactly the facts that the entry declares.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
        Refusal("terms.placeholders"): a sentence uses other facts than declared.
    """
    found = {}
    for code, entry in tomllib.loads(text).items():
        check_whole(code, entry)
        facts = tuple(entry.get("facts", ()))
        for language in LANGUAGES:
            if _placeholders(entry[language]) != set(facts):
                raise Refusal("terms.placeholders", where=code, language=language, declared=facts)
        found[code] = Reason(code, facts, entry["zh"], entry["en"])
    return found


@cache
def reasons() -> Mapping[str, Reason]:
    """Every reason sentence by code, such as `gates.A24.ask`.

    Raises:
        Refusal("terms.half"), Refusal("terms.placeholders"): as `parse_reasons`.
    """
    text = resources.files(__name__).joinpath("reasons.toml").read_text(encoding="utf-8")
    return MappingProxyType(parse_reasons(text))
