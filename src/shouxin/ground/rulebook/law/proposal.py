"""Another edition of the law, as somebody brings it: checked, compared, adopted by an explicit move.

The files brought lie over those of the edition in use, so a single statute may come with the register that names its
digest. Everything that is wrong is said at once. A mark never rises to V without a whole text and a source, and a rule
never asks for less on the strength of an unverified text. Pure: who adopts, when, and what is logged is said above.

    proposal = propose(files, base=current(), citing=...)
    proposal.problems, proposal.impact
    adopt(proposal, confirmed=proposal.digest, in_use=current().digest, read=[...]).to_plain()      the entry's facts
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from itertools import chain
from typing import Any

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook.law.changes import RULES, Change, Citing, Impact, impact, longest_months, sources_in
from shouxin.ground.rulebook.law.edition import CALENDAR, OBLIGATIONS, PLACE, TABLES, Edition
from shouxin.ground.rulebook.law.numerals import Length, lengths_in
from shouxin.ground.rulebook.terms import check_whole

_READ = ("obligations", "references", "renumberings", "windows", "calendar", "digest")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which file, at which place, which rule it breaks."""

    where: str
    code: str
    word: str = ""

    def say(self, language: str) -> str:
        """Return what is wrong, in one language; what a reader of bytes said stands behind it."""
        known = _sentences().get(self.code) or _sentences()["unreadable"]
        return f"{known[language]} {self.where} {self.word}".rstrip()


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    text = resources.files(PLACE).joinpath("problems.toml").read_text(encoding="utf-8")
    found = tomllib.loads(text)
    for code, entry in found.items():
        check_whole(code, entry)
    return found


@dataclass(frozen=True)
class Proposal:
    """A proposed edition with everything that is wrong with it; one that can be read has an impact."""

    base: str
    digest: str
    edition: Edition | None
    problems: tuple[Problem, ...]
    impact: Impact | None

    @property
    def may_be_adopted(self) -> bool:
        """Whether nothing is wrong with it and it changes something."""
        return self.impact is not None and not self.impact.is_empty and not self.problems

    @property
    def takes_effect(self) -> Mapping[str, str]:
        """The day of effect of each statute whose words or days change."""
        if self.impact is None or self.edition is None:
            return {}
        codes = {change.id.partition("-")[0] for change in self.impact.changes if change.kind in ("article", "statute")}
        held = {code: self.edition.statute(code) for code in sorted(codes) if code in self.edition.statute_codes}
        return {code: statute.effective for code, statute in held.items()}


@dataclass(frozen=True)
class Adoption:
    """An edition that a person has decided to adopt: what changes, what rests on it, what that person has read."""

    old: str
    new: str
    changes: tuple[Change, ...]
    touched: Mapping[str, tuple[str, ...]]
    read: tuple[str, ...]
    edition: Edition

    def to_plain(self) -> dict[str, Any]:
        """For the ledger: digests, ids and counts; the texts themselves are kept as files."""
        return {
            "old": self.old,
            "new": self.new,
            "changed": sorted({change.name for change in self.changes}),
            "touched": {kind: list(ids) for kind, ids in sorted(self.touched.items())},
            "read": list(self.read),
        }


def propose(files: Mapping[str, bytes], *, base: Edition, citing: Citing) -> Proposal:
    """Lay files over an edition, check the whole, and compare."""
    strange = [name for name in sorted(files) if not _is_known(name)]
    problems = [Problem(name, "unknown_file") for name in strange]
    found = Edition({**base.files, **{name: raw for name, raw in files.items() if name not in strange}})
    problems += _unreadable(found)
    if problems:
        return Proposal(base.digest, "", None, tuple(problems), None)
    compared = impact(base, found, citing)
    problems = list(
        chain(_marks(base, found), _periods(found, compared), _laxer(base, found, compared), _lost(compared))
    )
    return Proposal(base.digest, found.digest, found, tuple(problems), compared)


def adopt(proposal: Proposal, *, confirmed: str, in_use: str, read: Collection[str]) -> Adoption:
    """Turn a proposal into an adoption: whoever adopts names its digest, and every rule that asks for less or may.

    Raises:
        Refusal("law.edition_unfit"): something is wrong with it, or it changes nothing;
        ("law.edition_other"): another digest was confirmed, or the edition in use is no longer the one compared with;
        ("law.edition_unread"): such rules were not named.
    """
    if not proposal.may_be_adopted or proposal.impact is None or proposal.edition is None:
        raise Refusal("law.edition_unfit", count=len(proposal.problems), problems=proposal.problems)
    if confirmed != proposal.digest or in_use != proposal.base:
        raise Refusal("law.edition_other", proposed=proposal.digest, compared_with=proposal.base)
    to_read = tuple(change.name for change in proposal.impact.to_be_read)
    unread = [name for name in to_read if name not in read]
    if unread:
        raise Refusal("law.edition_unread", count=len(unread), changes=unread)
    touched = {kind: tuple(found) for kind, found in proposal.impact.touched.items()}
    return Adoption(proposal.base, proposal.digest, proposal.impact.changes, touched, to_read, proposal.edition)


def _is_known(name: str) -> bool:
    plain = name.removeprefix("statutes/").removesuffix(".json")
    is_statute = name == f"statutes/{plain}.json" and plain.replace("_", "").isalnum()
    return is_statute or name in (*TABLES, OBLIGATIONS, CALENDAR)


def _unreadable(edition: Edition) -> Iterator[Problem]:
    """Everything of an edition that cannot be read: a wrong digest, words that do not stand, a part that is missing."""
    try:
        codes = edition.statute_codes
    except (Corrupt, KeyError, TypeError) as error:
        yield Problem(error.where if isinstance(error, Corrupt) else "law/statutes.toml", "unreadable", str(error))
        return
    reads = {code: partial(edition.statute, code) for code in codes}
    reads |= {name: partial(getattr, edition, name) for name in _READ}
    seen = set()
    for name, read in reads.items():
        try:
            read()
        except Corrupt as error:
            problem = Problem(error.where, "unreadable", error.what)
        except Refusal as error:
            problem = Problem(name, error.code, str(error.facts.get("where", error.facts.get("year", ""))))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problem = Problem(name, "unreadable", str(error))
        else:
            continue
        if problem not in seen:
            seen.add(problem)
            yield problem


def _marks(base: Edition, edition: Edition) -> Iterator[Problem]:
    """A text counts as verified only when it is whole, in its present words, and comes from somewhere."""
    for code in edition.statute_codes:
        held = edition.statute(code)
        if held.mark != "V":
            continue
        if not held.is_whole_text or held.superseded_on:
            yield Problem(f"law/statutes.toml {code}", "verified_without_text", held.status)
        if not held.names_its_source:
            yield Problem(f"law/statutes.toml {code}", "verified_without_source")
        before = base.statute(code) if code in base.statute_codes else None
        if before is not None and before.mark != "V" and before.digest == held.digest:
            yield Problem(f"law/statutes.toml {code}", "verified_without_new_text", before.mark)


def _periods(edition: Edition, compared: Impact) -> Iterator[Problem]:
    """A period that is relied on stands in a verified article; what was not touched is not judged again."""
    changed = {change.id for change in compared.changes if change.kind == "retention"}
    for id, entry in edition.table("retention.toml").items():
        where, period = f"law/retention.toml {id}", entry.get("period")
        unknown = [source for source in sorted(set(sources_in(entry))) if not edition.knows(source)]
        for source in unknown:
            yield Problem(where, "unknown_law", source)
        if unknown or period is None or id not in changed | set(compared.touched.get("retention", ())):
            continue
        if period["mark"] not in ("V", "R") or not edition.cite(period["source"]).is_verified:
            yield Problem(where, "relied_on_unverified", period["source"])
        elif not _stands(edition, period):
            yield Problem(where, "period_not_in_text", period["source"])


def _stands(edition: Edition, period: Mapping[str, Any]) -> bool:
    code, _, number = edition.article_of(period["source"]).partition("-")
    named = list(lengths_in(edition.article(code, number).text))
    months = longest_months(period)
    return Length(months, "month") in named or (months % 12 == 0 and Length(months // 12, "year") in named)


def _laxer(base: Edition, edition: Edition, compared: Impact) -> Iterator[Problem]:
    """What asks for less rests on verified words, and no rule goes while the article it rests on stands unchanged."""
    for change in compared.changes:
        if change.kind not in RULES or not change.laxer:
            continue
        if change.what == "removed":
            if not _rests_on_changed(base, change, compared):
                yield Problem(f"law:{change.name}", "dropped_while_in_force", change.id)
        elif not _is_verified(edition, change):
            yield Problem(f"law:{change.name}", "laxer_on_unverified", change.id)


def _rests_on_changed(base: Edition, change: Change, compared: Impact) -> bool:
    sources = {
        "obligation": lambda: {change.id},
        "window": lambda: set(base.windows.windows[change.id].law),
        "retention": lambda: set(sources_in(base.table("retention.toml")[change.id])),
    }[change.kind]()
    places = {base.article_of(id) for id in sources}
    moved = {each.id for each in compared.changes if each.kind in ("article", "reference", "statute")}
    return bool(places & moved) or bool({place.partition("-")[0] for place in places} & moved)


def _is_verified(edition: Edition, change: Change) -> bool:
    if change.kind == "window":
        return edition.windows.windows[change.id].is_verified
    if change.kind == "obligation":
        return edition.obligations[change.id].mark == "V"
    entry = edition.table("retention.toml")[change.id]
    return "period" in entry and longest_months(entry["period"]) == longest_months(entry)


def _lost(compared: Impact) -> Iterator[Problem]:
    """What somebody cites must still be there."""
    for kind, citers in compared.lost.items():
        for id, ids in citers.items():
            yield Problem(f"{kind}:{id}", "still_cited", " ".join(ids))
