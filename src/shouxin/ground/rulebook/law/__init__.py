"""The law the product rests on: texts held verbatim, the obligations read out of them, and how each claim is marked.

Marks: V checked against a stored text · R a reading the text does not state · Q quoted by others only · M from memory ·
K common knowledge. What is not V is shown as unverified; it may make the product stricter, never laxer.

A law id is an obligation's (`PIPL-22a`), a statute's article (`PIPL-23`, `CC-67`, `PENAL-162-1`) or one of the
references in `references.toml` whose text is not held. `cite` knows all three; `knows` answers for playbooks.

    article("PIPL", 23).text        the words of the article
    cite("PIPL-23").say("zh")       《个人信息保护法》第二十三条
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel import canonical
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook.terms import check_whole

MARKS = ("V", "R", "Q", "M", "K")


@dataclass(frozen=True)
class Article:
    """One article of a statute, verbatim."""

    statute: str
    number: str
    label: str
    text: str


@dataclass(frozen=True)
class Statute:
    """A statute as held: where its text comes from, from when it holds, how far it is verified."""

    code: str
    file: str
    zh: str
    en: str
    title: str
    effective: str
    status: str
    mark: str
    partial: bool
    superseded_on: str
    source: Mapping[str, str]
    official_url: str
    digest: str
    articles: Mapping[str, Article]


@dataclass(frozen=True)
class Obligation:
    """A duty read out of one article: who owes it, when, and what evidence shows it; `quote` is verbatim."""

    id: str
    statute: str
    article: str
    quote: str
    who: str
    trigger: str
    evidence: str
    deadline: str
    severity: str
    mark: str


@dataclass(frozen=True)
class Citation:
    """What may be shown for a law id: its name in both languages, its mark, and the text where one is held."""

    id: str
    mark: str
    zh: str
    en: str
    text: str

    @property
    def is_verified(self) -> bool:
        """Whether the words were checked against a stored text that is in force."""
        return self.mark == "V"

    def say(self, language: str) -> str:
        """Return how this source is named in one language."""
        return self.zh if language == "zh" else self.en


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


@cache
def _registered() -> Mapping[str, Any]:
    return tomllib.loads(_text("statutes.toml"))


@cache
def _held(file: str) -> Mapping[str, Any]:
    """The content of one statute file, checked against its registered digest."""
    return check_content(file, json.loads(_text(f"statutes/{file}.json")))


def check_content(file: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a statute's content when it is the registered one, spelled however its file spells it.

    Raises:
        Corrupt: the content does not match its digest in `statutes.toml`.
    """
    if digest(canonical.encode(content)) != _registered()["digests"][file]:
        raise Corrupt("a statute's text does not match its digest", f"law/statutes/{file}.json")
    return content


@cache
def statutes() -> tuple[str, ...]:
    """The codes of all statutes held."""
    return tuple(_registered()["statutes"])


def _article(code: str, entry: Mapping[str, Any]) -> Article:
    return Article(code, str(entry["n"]), entry["label"], entry["text"])


@cache
def statute(code: str) -> Statute:
    """Return a statute by its code, such as `PIPL`; a code may join several files (the Civil Code's books).

    Raises:
        Refusal("law.unknown"): no such statute is held.
        Corrupt: a stored text does not match its digest.
    """
    entry = _registered()["statutes"].get(code)
    if entry is None:
        raise Refusal("law.unknown", id=code)
    contents = [_held(file) for file in entry["files"]]
    first = contents[0]
    articles = {str(item["n"]): _article(code, item) for content in contents for item in content["articles"]}
    return Statute(
        code=code,
        file=" ".join(entry["files"]),
        zh=entry["zh"],
        en=entry["en"],
        title=first["title"],
        effective=first.get("effective", ""),
        status=first["status"],
        mark=entry["mark"],
        partial=any(content.get("partial", False) for content in contents),
        superseded_on=entry.get("superseded_on", ""),
        source=MappingProxyType({key: str(text) for key, text in first.get("source", {}).items()}),
        official_url=first.get("official_url", ""),
        digest=digest("".join(_registered()["digests"][file] for file in entry["files"]).encode()),
        articles=MappingProxyType(articles),
    )


def article(code: str, number: int | str) -> Article:
    """Return one article, verbatim.

    Raises:
        Refusal("law.unknown"): the statute or the article is not held.
        Corrupt: the stored text does not match its digest.
    """
    found = statute(code).articles.get(str(number))
    if found is None:
        raise Refusal("law.unknown", id=f"{code}-{number}")
    return found


@cache
def obligations() -> Mapping[str, Obligation]:
    """All obligations by id.

    Raises:
        Corrupt: the catalogue does not match its digest, or a quote does not stand in its article.
    """
    content = json.loads(_text("obligations.json"))
    if digest(canonical.encode(content)) != _registered()["digests"]["obligations"]:
        raise Corrupt("the obligations do not match their digest", "law/obligations.json")
    codes = {file: code for code, entry in _registered()["statutes"].items() for file in entry["files"]}
    return MappingProxyType({entry["id"]: _obligation(entry, codes[entry["law"]]) for entry in content})


def _obligation(entry: Mapping[str, Any], code: str) -> Obligation:
    held = article(code, entry["article"])
    if entry["quote"] not in held.text:
        raise Corrupt("a quote does not stand in its article", f"law/obligations.json {entry['id']}")
    verified = entry["verified"] and statute(code).mark == "V"
    told = {name: str(entry[name]) for name in ("quote", "who", "trigger", "evidence", "deadline", "severity")}
    return Obligation(id=entry["id"], statute=code, article=held.number, mark="V" if verified else "Q", **told)


def obligation(id: str) -> Obligation:
    """Return one obligation, such as `PIPL-22a`.

    Raises:
        Refusal("law.unknown"): there is no such obligation.
        Corrupt: as `obligations`.
    """
    found = obligations().get(id)
    if found is None:
        raise Refusal("law.unknown", id=id)
    return found


@cache
def references() -> Mapping[str, Citation]:
    """Sources that are cited without their text being held; none of them is verified.

    Raises:
        Refusal("terms.half"): an entry lacks zh or en.
        Corrupt: an entry claims to be verified.
    """
    found = {}
    for id, entry in tomllib.loads(_text("references.toml")).items():
        check_whole(id, entry)
        if entry["mark"] not in MARKS or entry["mark"] == "V":
            raise Corrupt("a reference without a text cannot be verified", f"law/references.toml {id}")
        found[id] = Citation(id, entry["mark"], entry["zh"], entry["en"], "")
    return MappingProxyType(found)


def _cite_article(id: str, held: Article, mark: str, text: str) -> Citation:
    holder = statute(held.statute)
    place = "" if holder.superseded_on == "" else f"（{holder.superseded_on}前文本）"
    old = "" if holder.superseded_on == "" else f" (text before {holder.superseded_on})"
    en = f"{holder.en}, article {held.number}{old}"
    return Citation(id, mark, f"《{holder.zh}》{held.label}{place}", en, text)


def cite(id: str) -> Citation:
    """Return what may be shown for a law id: an obligation, a held article, or a reference without text.

    Raises:
        Refusal("law.unknown"): the id names nothing.
        Corrupt: a stored text does not match its digest.
    """
    if id in references():
        return references()[id]
    if id in obligations():
        duty = obligations()[id]
        return _cite_article(id, article(duty.statute, duty.article), duty.mark, duty.quote)
    code, _, number = id.partition("-")
    held = article(code, number)
    return _cite_article(id, held, statute(code).mark, held.text)


def knows(id: str) -> bool:
    """Whether a law id names an obligation, a held article or a reference."""
    try:
        cite(id)
    except Refusal:
        return False
    return True


def is_verified(id: str) -> bool:
    """Whether a law id's words were checked against a stored text that is in force.

    Raises:
        Refusal("law.unknown"): the id names nothing.
    """
    return cite(id).is_verified


@cache
def edition() -> str:
    """The digest of all law that this release holds: texts, obligations, references, retention periods."""
    texts = {code: statute(code).digest for code in statutes()}
    duties = sorted(obligations())
    tables = {name: digest(_lines(name)) for name in ("references.toml", "retention.toml", "statutes.toml")}
    return digest(canonical.encode({"statutes": texts, "obligations": duties, "tables": tables}))


def _lines(name: str) -> bytes:
    return "\n".join(_text(name).splitlines()).encode("utf-8")
