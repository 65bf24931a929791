"""The law the product rests on: texts held verbatim, the duties read out of them, and how each claim is marked.

Marks: V checked against a stored text · R a reading the text does not state · Q quoted by others only · M from memory ·
K common knowledge. What is not V is shown as unverified; it may make the product stricter, never laxer: where it could
be read otherwise, a lawyer's opinion is asked for, and that opinion is evidence.

A law id is a duty's (`PIPL-22a`), a statute's article (`PIPL-23`, `CC-67`, `PENAL-162-1`, `AUDIT-GUIDE-8`) or one of
the references in `references.toml` whose text is not held. `cite` knows all three; `knows` answers for playbooks.

    article("PIPL", 23).text                  the words of the article
    cite("PIPL-23").say("zh")                 《个人信息保护法》第二十三条
    duties_on({"DEREG"}, conditions=None)     what a deregistration sets off
    propose(files, base=current())            another edition: what changes, who rests on it, whether it may be adopted
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from shouxin.ground.rulebook.law.catalogue import (
    ALWAYS,
    CHANGES,
    TRIGGERS,
    TRIGGERS_OF,
    Deadline,
    Obligation,
    Severity,
)
from shouxin.ground.rulebook.law.changes import Change, Impact, impact
from shouxin.ground.rulebook.law.edition import Edition, current, shipped, using
from shouxin.ground.rulebook.law.enforcement import Enforcement, enforcement, enforcements
from shouxin.ground.rulebook.law.proposal import Adoption, Problem, Proposal, adopt, propose
from shouxin.ground.rulebook.law.texts import MARKS, Article, Citation, Renumbered, Statute

__all__ = [
    "ALWAYS",
    "CHANGES",
    "MARKS",
    "TRIGGERS",
    "TRIGGERS_OF",
    "Adoption",
    "Article",
    "Change",
    "Citation",
    "Deadline",
    "Edition",
    "Enforcement",
    "Impact",
    "Obligation",
    "Problem",
    "Proposal",
    "Renumbered",
    "Severity",
    "Statute",
    "adopt",
    "article",
    "check_content",
    "cite",
    "current",
    "duties_on",
    "duties_read_from",
    "edition",
    "enforcement",
    "enforcements",
    "impact",
    "is_verified",
    "knows",
    "obligation",
    "obligations",
    "present_number",
    "propose",
    "references",
    "shipped",
    "statute",
    "statutes",
    "triggers_of",
    "unverified",
    "using",
]


def check_content(file: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statute's content when it is the registered one, spelled however its file spells it.

    Raises:
        Corrupt: the content does not match its digest in `statutes.toml`.
    """
    found: Mapping[str, Any] = current().check_content(file, content)
    return found


def statutes() -> tuple[str, ...]:
    """The codes of all statutes held."""
    return current().statute_codes


def statute(code: str) -> Statute:
    """Return a statute by its code, such as `PIPL`; a code may join several files (the Civil Code's books).

    Raises:
        Refusal("law.unknown"): no such statute is held.
        Corrupt: a stored text does not match its digest.
    """
    return current().statute(code)


def article(code: str, number: int | str) -> Article:
    """Return one article, verbatim.

    Raises:
        Refusal("law.unknown"): the statute or the article is not held.
        Corrupt: the stored text does not match its digest.
    """
    return current().article(code, number)


def present_number(id: str) -> Renumbered | None:
    """Return where an article held in an older text stands now; None where nothing moved or nothing is known.

    Raises:
        Refusal("law.unknown"): the id names no article.
    """
    return current().present_number(id)


def obligations() -> Mapping[str, Obligation]:
    """All duties by id.

    Raises:
        Corrupt: the catalogue does not match its digest, or a quote does not stand in its article.
    """
    return current().obligations


def obligation(id: str) -> Obligation:
    """Return one duty, such as `PIPL-22a`.

    Raises:
        Refusal("law.unknown"): there is no such duty.
        Corrupt: as `obligations`.
    """
    return current().obligation(id)


def triggers_of(structures: Iterable[str]) -> frozenset[str]:
    """Return which of the catalogue's changes a case's structures are.

    Raises:
        KeyError: no such structure.
    """
    return frozenset().union(*(TRIGGERS_OF[name] for name in structures))


def duties_on(
    codes: Collection[str],
    *,
    conditions: Collection[str] | None,
    always: bool = True,
    at_least: Severity = Severity.NONE,
) -> tuple[Obligation, ...]:
    """Return the duties that these changes set off, the gravest first; conditions of None count as met, all of them."""
    asked = frozenset(codes) | ({ALWAYS} if always else frozenset())
    met = None if conditions is None else frozenset(conditions)
    found = [each for each in obligations().values() if each.is_set_off_by(asked, met) and each.weight >= at_least]
    return tuple(sorted(found, key=lambda each: -each.weight))


def duties_read_from(id: str) -> tuple[Obligation, ...]:
    """Return the duties read out of the article behind a law id.

    Raises:
        Refusal("law.unknown"): the id names nothing.
    """
    wanted = current().article_of(id)
    return tuple(each for each in obligations().values() if each.article_id == wanted)


def references() -> Mapping[str, Citation]:
    """Sources that are cited without their text being held; none of them is verified.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
        Corrupt: an entry claims to be verified.
    """
    return current().references


def cite(id: str) -> Citation:
    """Return what may be shown for a law id: a duty, a held article, or a reference without text.

    Raises:
        Refusal("law.unknown"): the id names nothing.
        Corrupt: a stored text does not match its digest.
    """
    return current().cite(id)


def knows(id: str) -> bool:
    """Whether a law id names a duty, a held article or a reference."""
    return current().knows(id)


def is_verified(id: str) -> bool:
    """Whether a law id's words were checked against a stored text that is in force.

    Raises:
        Refusal("law.unknown"): the id names nothing.
    """
    return cite(id).is_verified


def unverified(ids: Iterable[str]) -> tuple[Citation, ...]:
    """Return which of these sources are not verified: what a lawyer's opinion is asked about.

    Raises:
        Refusal("law.unknown"): an id names nothing.
    """
    cited = {id: cite(id) for id in ids}
    return tuple(each for each in cited.values() if not each.is_verified)


def edition() -> str:
    """The digest of the law in use: texts, duties, references, retention periods, windows, calendar."""
    return current().digest
