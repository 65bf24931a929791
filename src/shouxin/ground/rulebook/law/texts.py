"""Statutes and their articles, verbatim; how each may be shown; where old article numbers went."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel import canonical
from shouxin.ground.kernel.digests import digest
from shouxin.ground.rulebook.law.numerals import to_chinese

MARKS = ("V", "R", "Q", "M", "K")
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Article:
    """One article of a statute, verbatim. An item of an annex is an article too: `AUDIT-GUIDE-8`."""

    statute: str
    number: str
    label: str
    text: str
    en: str = ""

    @property
    def id(self) -> str:
        """The law id of the whole article."""
        return f"{self.statute}-{self.number}"


@dataclass(frozen=True)
class Statute:
    """A statute as held: where its text comes from, from when it holds, how far it is verified."""

    code: str
    file: str
    zh: str
    en: str
    title: str
    adopted: str
    effective: str
    status: str
    mark: str
    partial: bool
    superseded_on: str
    source: Mapping[str, str]
    official_url: str
    digest: str
    articles: Mapping[str, Article]

    def has_begun(self, on: date) -> bool:
        """Whether it has taken effect by a day; a statute without a known day of effect has."""
        return not self.effective or date.fromisoformat(self.effective) <= on

    def is_in_force(self, on: date) -> bool:
        """Whether these words hold on a day."""
        return self.has_begun(on) and (not self.superseded_on or on < date.fromisoformat(self.superseded_on))

    @property
    def names_its_source(self) -> bool:
        """Whether somebody else could find this text: a place of publication, or the page it was taken from."""
        return bool(self.official_url or any(self.source.get(key) for key in ("url", "repo", "republished_from")))

    @property
    def is_whole_text(self) -> bool:
        """Whether the words are the text itself, not quotations of it and not cut off."""
        return self.status.startswith("verbatim") and "TRUNCATED" not in self.status


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


@dataclass(frozen=True)
class Renumbered:
    """Where an article of an older text stands now. What no text shows is inferred, and said to be."""

    old: str
    new: str
    is_verified: bool
    by: str = ""
    words: str = ""


@dataclass(frozen=True)
class Renumbering:
    """How an amendment moved the articles of one statute: what its words show, and the articles it put in."""

    shown: Mapping[str, Renumbered] = field(default_factory=dict)
    inserted: tuple[int, ...] = ()
    until: int = 0

    def present(self, old: str) -> Renumbered | None:
        """Return where an old article stands now; None where nothing is known about it."""
        if old in self.shown:
            return self.shown[old]
        if not old.isdigit() or int(old) > self.until:
            return None
        return Renumbered(old, str(self.inferred(int(old))), is_verified=False)

    def inferred(self, old: int) -> int:
        """Return the number that an article gets by those put in before it."""
        number = old
        for place in sorted(self.inserted):
            number += number >= place
        return number


def content_digest(content: Any) -> str:
    """The digest of a file's meaning, however its bytes are spelled."""
    return digest(canonical.encode(content))


def read_statute(code: str, entry: Mapping[str, Any], held: Mapping[str, Mapping[str, Any]], joined: str) -> Statute:
    """Join the files of a statute into one; the first file names its title, source and days."""
    contents = list(held.values())
    first = contents[0]
    found = [
        Article(code, str(each["n"]), each["label"], each["text"], f"article {each['n']}")
        for content in contents
        for each in content["articles"]
    ]
    found += _annex(code, entry, first)
    return Statute(
        code=code,
        file=" ".join(entry["files"]),
        zh=entry["zh"],
        en=entry["en"],
        title=first["title"],
        adopted=first.get("adopted", ""),
        effective=first.get("effective", ""),
        status=first["status"],
        mark=entry["mark"],
        partial=any(content.get("partial", False) for content in contents),
        superseded_on=entry.get("superseded_on", ""),
        source=MappingProxyType({key: str(text) for key, text in first.get("source", _NOTHING).items()}),
        official_url=first.get("official_url", ""),
        digest=joined,
        articles=MappingProxyType({each.number: each for each in found}),
    )


def _annex(code: str, entry: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[Article]:
    """The annex that the register names, item by item as far as its text is whole, or as one."""
    if "annex" not in entry:
        return
    annex, held = entry["annex"], content["annexes"][0]
    if "text" in held:
        yield Article(code, annex["name"], annex["zh"], held["text"], annex["en"])
    for item in held.get("items", ()):
        number = item["n"]
        if number <= annex["through"]:
            zh, en = f"{annex['zh']}第{to_chinese(number)}条", f"{annex['en']}, item {number}"
            yield Article(code, f"{annex['name']}-{number}", zh, item["text"], en)


def read_renumbering(entry: Mapping[str, Any]) -> Renumbering:
    """Read how one statute was renumbered."""
    shown = {
        each["old"]: Renumbered(each["old"], each["new"], True, each["by"], each["words"]) for each in entry["shown"]
    }
    return Renumbering(MappingProxyType(shown), tuple(entry["inserted"]), entry["until"])


def cite_article(id: str, held: Article, holder: Statute, *, mark: str, text: str, now: Renumbered | None) -> Citation:
    """Name an article in both languages: of an older text it is said until when it held and where it stands now."""
    zh_now, en_now = "", ""
    if now is not None and now.is_verified:
        zh_now, en_now = f"，现第{to_chinese(int(now.new))}条", f"; now article {now.new}"
    elif now is not None:
        zh_now = f"，现条号推算为第{to_chinese(int(now.new))}条，未核对"
        en_now = f"; now article {now.new} by inference, not checked"
    until = holder.superseded_on
    zh = f"《{holder.zh}》{held.label}" + (f"（{until}前文本{zh_now}）" if until else "")
    en = f"{holder.en}, {held.en}" + (f" (text before {until}{en_now})" if until else "")
    return Citation(id, mark, zh, en, text)
