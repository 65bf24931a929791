"""Findings in words: what a check asks, what is missing, what an entry of the ledger records.

The words stand in `findings.toml`; what it does not know comes from the words that all doors share.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from shouxin.faces import words
from shouxin.faces.web import speech

TABLES = ("check", "missing", "entry")


@cache
def tables() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """All words by table and id."""
    return tomllib.loads(resources.files("shouxin.faces.web").joinpath("findings.toml").read_text("utf-8"))


def check(name: str) -> str:
    """What a check asks."""
    return _word("check", name)


def entry(kind: str) -> str:
    """What an entry of the ledger records."""
    return _word("entry", kind)


def missing(code: str, facts: Mapping[str, Any]) -> str:
    """What is missing, with its facts; one that was not given shows as a dash."""
    found = tables()["missing"].get(code)
    if found is None:
        return words.sentence(code, facts, in_language=speech.language())
    return found[speech.language()].format_map(_Facts(facts))


def _word(table: str, name: str) -> str:
    found = tables()[table].get(name)
    return found[speech.language()] if found else words.label(name, in_language=speech.language())


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "—"
