"""An edition: all law as of one reading, in one value. What it is read from is a mapping of file names to bytes.

A statute is held under the digest that `statutes.toml` registers; a quote, a window's words, a renumbering's words
must stand in the article they name. Nothing is read before it is asked for, and nothing is read twice.

    shipped().cite("SH-9b")              the law of this release
    with using(other): current()         the law that a company adopted
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from importlib import resources
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import workdays
from shouxin.ground.rulebook.law import catalogue, texts, windows
from shouxin.ground.rulebook.law.numerals import Length, lengths_in
from shouxin.ground.rulebook.terms import check_whole

TABLES = ("statutes.toml", "references.toml", "retention.toml", "readings.toml", "renumbered.toml", "windows.toml")
CALENDAR = "workdays.toml"
OBLIGATIONS = "obligations.json"
PLACE = "shouxin.ground.rulebook.law"


class Edition:
    """All law as of one reading: texts, duties, references, retention periods, windows, the working calendar."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files: Mapping[str, bytes] = MappingProxyType(dict(files))
        self._tables: dict[str, Mapping[str, Any]] = {}
        self._statutes: dict[str, texts.Statute] = {}

    # --- what it is read from ---------------------------------------------------------------------------------------

    def text(self, name: str) -> str:
        """Return one of its files.

        Raises:
            Corrupt: the file is missing or not UTF-8.
        """
        try:
            return self.files[name].decode("utf-8")
        except (KeyError, UnicodeDecodeError) as error:
            raise Corrupt("a file of the law is missing or unreadable", f"law/{name}") from error

    def _content(self, name: str) -> Any:
        try:
            return tomllib.loads(self.text(name)) if name.endswith(".toml") else json.loads(self.text(name))
        except ValueError as error:
            raise Corrupt("a file of the law cannot be read", f"law/{name}") from error

    def table(self, name: str) -> Mapping[str, Any]:
        """Return one of its tables, such as `retention.toml`, as read.

        Raises:
            Corrupt: the file is missing or not TOML.
        """
        if name not in self._tables:
            self._tables[name] = self._content(name)
        return self._tables[name]

    def check_content(self, file: str, content: Any) -> Any:
        """Return a file's content when it is the registered one, spelled however its file spells it.

        Raises:
            Corrupt: the content does not match its digest in `statutes.toml`.
        """
        if texts.content_digest(content) != self.table("statutes.toml")["digests"].get(file):
            place = file if file == "obligations" else f"statutes/{file}"
            raise Corrupt("a text of the law does not match its digest", f"law/{place}.json")
        return content

    @cached_property
    def digest(self) -> str:
        """The digest over everything: the tables by their meaning, the texts by their registered digests."""
        tables = {name: texts.content_digest(_plain(self.table(name))) for name in TABLES}
        days = texts.content_digest(_plain(self._content(CALENDAR)))
        return texts.content_digest({"tables": tables, "calendar": days})

    # --- texts ------------------------------------------------------------------------------------------------------

    @property
    def statute_codes(self) -> tuple[str, ...]:
        """The codes of all statutes held."""
        return tuple(self.table("statutes.toml")["statutes"])

    def statute(self, code: str) -> texts.Statute:
        """Return a statute by its code, such as `PIPL`; a code may join several files (the Civil Code's books).

        Raises:
            Refusal("law.unknown"): no such statute is held.
            Corrupt: a stored text does not match its digest.
        """
        if code not in self._statutes:
            registered = self.table("statutes.toml")
            entry = registered["statutes"].get(code)
            if entry is None:
                raise Refusal("law.unknown", id=code)
            held = {file: self.check_content(file, self._content(f"statutes/{file}.json")) for file in entry["files"]}
            joined = texts.digest("".join(registered["digests"][file] for file in entry["files"]).encode())
            self._statutes[code] = texts.read_statute(code, entry, held, joined)
        return self._statutes[code]

    def article(self, code: str, number: int | str) -> texts.Article:
        """Return one article, verbatim.

        Raises:
            Refusal("law.unknown"): the statute or the article is not held.
            Corrupt: the stored text does not match its digest.
        """
        found = self.statute(code).articles.get(str(number))
        if found is None:
            raise Refusal("law.unknown", id=f"{code}-{number}")
        return found

    @cached_property
    def renumberings(self) -> Mapping[str, texts.Renumbering]:
        """How statutes held in an older text were renumbered.

        Raises:
            Corrupt: the words that show a number do not stand in the article they name.
        """
        found = {code: texts.read_renumbering(entry) for code, entry in self.table("renumbered.toml").items()}
        for code, moved in found.items():
            for shown in moved.shown.values():
                if not shown.words or shown.words not in self._held(shown.by).text:
                    raise Corrupt(
                        "a new number is not shown by the words named", f"law/renumbered.toml {code}-{shown.old}"
                    )
        return MappingProxyType(found)

    def present_number(self, id: str) -> texts.Renumbered | None:
        """Return where an article of an older text stands now; None where its number is present or nothing is known."""
        held = self._held(id)
        moved = self.renumberings.get(held.statute)
        return moved.present(held.number) if moved is not None else None

    # --- duties -----------------------------------------------------------------------------------------------------

    @cached_property
    def obligations(self) -> Mapping[str, catalogue.Obligation]:
        """All duties by id.

        Raises:
            Corrupt: the catalogue does not match its digest, a quote does not stand in its article, or a reading does
            not fit its words.
        """
        entries = self.check_content("obligations", self._content(OBLIGATIONS))
        registered = self.table("statutes.toml")["statutes"]
        codes = {file: code for code, entry in registered.items() for file in entry["files"]}
        found: dict[str, catalogue.Obligation] = {}
        triggers: frozenset[str] = frozenset()
        for entry in entries:
            try:
                triggers = catalogue.read_triggers(entry["trigger"], triggers)
                found[entry["id"]] = self._obligation(entry, codes[entry["law"]], triggers)
            except (KeyError, ValueError, TypeError) as error:
                raise Corrupt("a duty cannot be read", f"law/{OBLIGATIONS} {entry.get('id', '')}") from error
        return MappingProxyType(found)

    def _obligation(self, entry: Mapping[str, Any], code: str, triggers: frozenset[str]) -> catalogue.Obligation:
        held = self.article(code, entry["article"])
        id = entry["id"]
        if entry["quote"] not in held.text:
            raise Corrupt("a quote does not stand in its article", f"law/{OBLIGATIONS} {id}")
        read = self.table("readings.toml").get(id, {})
        condition = read.get("condition", "")
        asks = catalogue.needs_condition(entry["trigger"])
        if asks != bool(condition) or (condition and condition not in self.table("readings.toml")["conditions"]):
            raise Corrupt("a trigger's condition is not read", f"law/readings.toml {id}")
        verified = entry["verified"] and self.statute(code).mark == "V"
        told = {name: str(entry[name]) for name in ("quote", "who", "trigger", "evidence", "deadline", "severity")}
        deadlines = tuple(
            catalogue.read_deadline(each, article_text=held.text, is_verified=verified, id=id)
            for each in read.get("deadlines", ())
        )
        return catalogue.Obligation(
            id=id,
            statute=code,
            article=held.number,
            mark="V" if verified else "Q",
            triggers=triggers,
            condition=condition,
            deadlines=deadlines,
            **told,
        )

    def obligation(self, id: str) -> catalogue.Obligation:
        """Return one duty, such as `PIPL-22a`.

        Raises:
            Refusal("law.unknown"): there is no such duty.
            Corrupt: as `obligations`.
        """
        found = self.obligations.get(id)
        if found is None:
            raise Refusal("law.unknown", id=id)
        return found

    # --- citing -----------------------------------------------------------------------------------------------------

    @cached_property
    def references(self) -> Mapping[str, texts.Citation]:
        """Sources that are cited without their text being held; none of them is verified.

        Raises:
            Refusal("terms.half"): an entry lacks zh or en.
            Corrupt: an entry claims to be verified.
        """
        found = {}
        for id, entry in self.table("references.toml").items():
            check_whole(id, entry)
            if entry.get("mark") not in texts.MARKS or entry["mark"] == "V":
                raise Corrupt("a reference without a text cannot be verified", f"law/references.toml {id}")
            found[id] = texts.Citation(id, entry["mark"], entry["zh"], entry["en"], "")
        return MappingProxyType(found)

    def _held(self, id: str) -> texts.Article:
        """The article behind a law id: a duty's, or the one it names."""
        duty = self.obligations.get(id)
        code, _, number = duty.article_id.partition("-") if duty else id.partition("-")
        return self.article(code, number)

    def _only_referred_to(self, id: str) -> bool:
        """Whether an id names a source whose text is not held; a text that is held comes before a reference to it."""
        if id not in self.references:
            return False
        code, _, number = id.partition("-")
        return code not in self.statute_codes or number not in self.statute(code).articles

    def article_of(self, id: str) -> str:
        """Return the article that a law id rests on; a reference without text is its own.

        Raises:
            Refusal("law.unknown"): the id names nothing.
        """
        return id if self._only_referred_to(id) else self._held(id).id

    def cite(self, id: str) -> texts.Citation:
        """Return what may be shown for a law id: a duty, a held article, or a reference without text.

        Raises:
            Refusal("law.unknown"): the id names nothing.
            Corrupt: a stored text does not match its digest.
        """
        if self._only_referred_to(id):
            return self.references[id]
        held = self._held(id)
        holder, duty = self.statute(held.statute), self.obligations.get(id)
        mark, text = (duty.mark, duty.quote) if duty else (holder.mark, held.text)
        return texts.cite_article(id, held, holder, mark=mark, text=text, now=self.present_number(held.id))

    def knows(self, id: str) -> bool:
        """Whether a law id names a duty, a held article or a reference."""
        try:
            self.cite(id)
        except Refusal:
            return False
        return True

    # --- days -------------------------------------------------------------------------------------------------------

    @cached_property
    def windows(self) -> windows.WindowTable:
        """The legal windows, each with how far its words are verified.

        Raises:
            Corrupt: a window's words do not stand in its article or do not name its amount, or a part is unknown.
        """
        tree = self.table("windows.toml")
        try:
            marks = {id: self._window_mark(id, entry) for id, entry in tree["window"].items()}
            return windows.read_table(tree, marks)
        except (KeyError, ValueError, TypeError) as error:
            raise Corrupt("the windows cannot be read", f"law/windows.toml {error}") from error

    def _window_mark(self, id: str, entry: Mapping[str, Any]) -> str:
        where = f"law/windows.toml {id}"
        check_whole(where, entry)
        for source in entry["law"]:
            if not self.knows(source):
                raise Corrupt(f"a window rests on the unknown law {source}", where)
        first = self.cite(entry["law"][0])
        words = entry.get("words", "")
        stands = bool(words) and first.text != "" and words in self._held(first.id).text
        if first.text and not stands:
            raise Corrupt("a window's words do not stand in its article", where)
        length = Length(entry.get("amount", 0), entry.get("unit", ""))
        if length.amount and length not in lengths_in(words):
            raise Corrupt("a window's words do not name its length", where)
        return first.mark

    @cached_property
    def calendar(self) -> workdays.Calendar:
        """The working calendar.

        Raises:
            Refusal("workdays.unreadable"): as `workdays.parse_calendar`.
        """
        return workdays.parse_calendar(self.text(CALENDAR))


def _plain(value: Any) -> Any:
    """A table's values as canonical JSON knows them."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int) else str(value)


def _shipped_files() -> Iterator[tuple[str, bytes]]:
    place = resources.files(PLACE)
    for name in (*TABLES, OBLIGATIONS):
        yield name, place.joinpath(name).read_bytes()
    yield CALENDAR, workdays.shipped_text().encode("utf-8")
    for file in place.joinpath("statutes").iterdir():
        if file.name.endswith(".json"):
            yield f"statutes/{file.name}", file.read_bytes()


@cache
def shipped() -> Edition:
    """The law of this release."""
    return Edition(dict(_shipped_files()))


_IN_USE: ContextVar[Edition | None] = ContextVar("edition", default=None)


def current() -> Edition:
    """The law in use: this release's, or the edition that a company adopted."""
    return _IN_USE.get() or shipped()


@contextmanager
def using(edition: Edition) -> Iterator[Edition]:
    """Judge by another edition, and count by its calendar, inside the block."""
    token = _IN_USE.set(edition)
    try:
        with workdays.using(edition.calendar):
            yield edition
    finally:
        _IN_USE.reset(token)
