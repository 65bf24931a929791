"""A playbook: the steps of a company's change, what closes each, and by which law. Written in TOML, read by people.

A step closes on predicates over checks (`"rights.open_requests == 0"`) and on named evidence, never on a click. The
grammar is `name op literal`, no more; `… or nothing` says that an empty scope is what the step expects. `when` asks the
interview in the same grammar, parts joined by `and`. Everything that is wrong is said at once, each with its line:
unknown acts, checks, law ids, roles, phases, needs; cycles; a name missing in either language.

    parse(text, acts={"notices.send"}, checks={"rights.open_requests"}).step("tell-customers").closes_on

Steps that several playbooks share stand once on a shelf, a file of steps; `use = "collect"` takes one from there, and
what else the playbook says of it holds before the shelf's words. A case pins the whole (`Playbook.whole`), shelf taken
in, so that neither file's later edition changes a case that is open.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType
from typing import Any

from shouxin.ground.kernel import canonical
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law, terms, workdays

Literal = bool | int | float | str

EVIDENCE_KINDS = frozenset({"document", "scan", "photo", "signed_statement", "second_signature", "witness"})
QUESTION_KINDS = frozenset({"yes_no", "count", "choice"})
ANCHORS = frozenset({"opening", "answers_until", "closing_day"})

_PREDICATE = re.compile(r"^\s*([a-z_]+\.[a-z0-9_]+)\s*(==|!=|>=|<=|>|<)\s*(.+?)\s*$")
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")
_TEXT = re.compile(r'^"([^"\\]*)"$')
_DUE = re.compile(r"^(-?)P(\d{1,4})(WD|D)$")
_ID = re.compile(r"^[a-z][a-z0-9-]{1,47}$")
_SHARED = "use"
_TABLE_LINE = re.compile(r"^\s*\[{1,2}\s*(playbook|step|question|phase)\s*\]")
_SYNTAX_LINE = re.compile(r"at line (\d+)")
_NOTHING = " or nothing"
_ORDERED = {">=", "<=", ">", "<"}

_STEP_KEYS = frozenset(
    {"id", "name", "phase", "law", "role", "act", "closes_on", "due", "due_from", "needs", "evidence", "when"}
)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a playbook: where (step and line), which rule, and the word that broke it."""

    where: str
    line: int
    code: str
    word: str = ""


@dataclass(frozen=True)
class Predicate:
    """A name, an operator and a literal: the whole grammar."""

    name: str
    op: str
    literal: Literal
    allows_nothing: bool = False

    def holds(self, value: Literal) -> bool:
        """Whether a value satisfies this predicate.

        Raises:
            Refusal("playbook.incomparable"): the value is of another kind than the literal.
        """
        if not _comparable(value, self.literal, self.op):
            raise Refusal("playbook.incomparable", name=self.name, op=self.op, kind=type(value).__name__)
        left: Any = value
        right: Any = self.literal
        return {
            "==": left == right,
            "!=": left != right,
            ">=": self.op == ">=" and left >= right,
            "<=": self.op == "<=" and left <= right,
            ">": self.op == ">" and left > right,
            "<": self.op == "<" and left < right,
        }[self.op]

    def __str__(self) -> str:
        shown = str(self.literal).lower() if isinstance(self.literal, bool) else self.literal
        shown = f'"{shown}"' if isinstance(self.literal, str) else shown
        return f"{self.name} {self.op} {shown}{_NOTHING if self.allows_nothing else ''}"


def _kind(value: Literal) -> str:
    if isinstance(value, bool):
        return "yes_no"
    return "text" if isinstance(value, str) else "number"


def _comparable(value: Literal, literal: Literal, op: str) -> bool:
    return _kind(value) == _kind(literal) and (op not in _ORDERED or _kind(literal) == "number")


def parse_predicate(text: str) -> Predicate:
    """Read `name op literal`, with an optional `or nothing`.

    Raises:
        Refusal("playbook.predicate"): any other grammar, or an order asked of something that has none.
    """
    allows_nothing = text.endswith(_NOTHING)
    matched = _PREDICATE.match(text.removesuffix(_NOTHING))
    if matched is None:
        raise Refusal("playbook.predicate", text=text)
    name, op, spelled = matched.groups()
    literal = _literal(spelled)
    if literal is None or not _comparable(literal, literal, op):
        raise Refusal("playbook.predicate", text=text)
    return Predicate(name, op, literal, allows_nothing)


def _literal(spelled: str) -> Literal | None:
    if spelled in ("true", "false"):
        return spelled == "true"
    if _NUMBER.match(spelled):
        return float(spelled) if "." in spelled else int(spelled)
    quoted = _TEXT.match(spelled)
    return quoted.group(1) if quoted else None


@dataclass(frozen=True)
class Due:
    """A number of days after (or before) an anchor: the opening, the last day for answers, the closing day, or the
    closing of a step."""

    days: int
    working: bool
    anchor: str

    def day(self, anchor: date) -> workdays.Due:
        """Return the due day, counted from the anchor's day, which is itself not counted.

        Raises:
            Refusal("workdays.unknown_year"): the calendar does not reach there.
        """
        if self.working:
            return workdays.add_workdays(anchor, self.days)
        return workdays.Due(anchor + timedelta(days=self.days), provisional=False)


@dataclass(frozen=True)
class Question:
    """One question of the interview and the answers it takes."""

    id: str
    kind: str
    zh: str
    en: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Phase:
    """A stretch of the case with its name."""

    id: str
    zh: str
    en: str


@dataclass(frozen=True)
class Step:
    """One step: who does what by when, after which steps, and what closes it."""

    id: str
    zh: str
    en: str
    phase: str
    law: tuple[str, ...]
    role: str
    act: str | None
    closes_on: tuple[Predicate, ...]
    evidence: tuple[str, ...]
    needs: tuple[str, ...]
    due: Due | None
    when: tuple[Predicate, ...]

    def applies(self, interview: Mapping[str, Literal]) -> bool:
        """Whether this step belongs to a case with these answers; an unanswered question makes it apply.

        Raises:
            Refusal("playbook.incomparable"): an answer is of another kind than the question.
        """
        asked = ((part, interview.get(part.name.partition(".")[2])) for part in self.when)
        return all(answer is None or part.holds(answer) for part, answer in asked)


@dataclass(frozen=True)
class Playbook:
    """A parsed playbook; `digest` is over its meaning, so that layout and comments may change."""

    id: str
    edition: str
    zh: str
    en: str
    structures: tuple[str, ...]
    questions: tuple[Question, ...]
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    digest: str
    whole: str

    def step(self, id: str) -> Step:
        """Return one step.

        Raises:
            Refusal("playbook.unknown_step"): there is no such step.
        """
        for step in self.steps:
            if step.id == id:
                return step
        raise Refusal("playbook.unknown_step", id=id)

    def in_order(self, interview: Mapping[str, Literal]) -> tuple[Step, ...]:
        """Return the steps that apply, as written, so none before what it needs; a need that does not apply is met."""
        return tuple(step for step in self.steps if step.applies(interview))


@dataclass(frozen=True)
class _Entry:
    """One table of the file: its keys, what people call it, and the line on which it begins."""

    keys: Mapping[str, Any]
    where: str
    line: int

    def get(self, key: str, otherwise: Any = None) -> Any:
        return self.keys.get(key, otherwise)


@dataclass
class _Reading:
    """A playbook while it is read: its tables, the words it may use, the problems so far."""

    tree: Mapping[str, Any]
    lines: Mapping[str, list[int]]
    acts: Collection[str]
    checks: Collection[str]
    branches: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def entries(self, table: str) -> list[_Entry]:
        """The tables of one name, in order, with their lines."""
        found = enumerate(self.tree.get(table, []))
        lines = self.lines.get(table, [])
        return [
            _Entry(keys, str(keys.get("id", f"{table} {n + 1}")), lines[n] if n < len(lines) else 0)
            for n, keys in found
        ]

    @property
    def head(self) -> _Entry:
        return _Entry(self.tree.get("playbook", {}), "playbook", self.lines.get("playbook", [1])[0])

    def tell(self, entry: _Entry, code: str, word: object = "") -> None:
        self.problems.append(Problem(entry.where, entry.line, code, str(word)))


def parse(
    text: str,
    *,
    acts: Collection[str],
    checks: Collection[str],
    branches: Mapping[str, str] = MappingProxyType({}),
    shelf: str = "",
) -> Playbook:
    """Read a playbook and refuse it whole when anything in it is wrong.

    `branches`: what `when` may ask of the interview besides the playbook's own questions, each with its kind (a
    question's). `shelf`: the steps that `use` may take. `text` is TOML, or the `whole` of a playbook parsed before.

    Raises:
        Refusal("playbook.syntax"): the text is not TOML; with the line.
        Refusal("playbook.invalid"): `problems` lists everything that is wrong, each with step and line.
    """
    reading = _Reading(_tree(text), _table_lines(text), acts, checks, branches)
    _take_from_shelf(reading, {step.get("id"): step for step in _tree(shelf).get("step", [])})
    head = _head(reading)
    questions = tuple(_questions(reading))
    phases = tuple(_phases(reading))
    steps = tuple(_steps(reading, {question.id: question for question in questions}, [phase.id for phase in phases]))
    _check_order(reading, steps, [phase.id for phase in phases])
    if reading.problems:
        raise Refusal("playbook.invalid", problems=tuple(reading.problems))
    whole = canonical.encode(_plain(reading.tree))
    return Playbook(**head, questions=questions, phases=phases, steps=steps, digest=digest(whole), whole=whole.decode())


def _take_from_shelf(reading: _Reading, shelf: Mapping[str, Mapping[str, Any]]) -> None:
    """Put the shelf's step in the place of each `use`: what the playbook says of it holds before the shelf's words, and
    a need of the shelf that the playbook does not carry is left out.
    """
    carried = {entry.get("id", entry.get(_SHARED)) for entry in reading.entries("step")}
    for place, entry in enumerate(reading.entries("step")):
        wanted = entry.get(_SHARED)
        if wanted is None:
            continue
        if wanted not in shelf:
            reading.tell(entry, "playbook.not_on_shelf", wanted)
        own = {key: value for key, value in entry.keys.items() if key != _SHARED}
        shared = dict(shelf.get(str(wanted), {}))
        shared["needs"] = [need for need in shared.get("needs", []) if need in carried]
        reading.tree["step"][place] = {**shared, **own}


def _tree(text: str) -> dict[str, Any]:
    if text.startswith("{"):
        return dict(canonical.decode(text.encode(), where="playbook"))
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits, a list 500 deep
        found = _SYNTAX_LINE.search(str(error))
        raise Refusal("playbook.syntax", line=int(found.group(1)) if found else text.count("\n") + 1) from error


def _table_lines(text: str) -> dict[str, list[int]]:
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        found = _TABLE_LINE.match(line)
        if found:
            lines.setdefault(found.group(1), []).append(number)
    return lines


def _plain(value: Any) -> Any:
    """The tree with numbers as their text, since digested JSON has no floats."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) else value


def _names(reading: _Reading, entry: _Entry) -> dict[str, str]:
    name = entry.get("name")
    sides = name if isinstance(name, dict) else {}
    for language in terms.LANGUAGES:
        if not str(sides.get(language, "")).strip():
            reading.tell(entry, "playbook.name_missing", language)
    return {language: str(sides.get(language, "")) for language in terms.LANGUAGES}


def _head(reading: _Reading) -> dict[str, Any]:
    head = reading.head
    for key in ("id", "edition", "structures"):
        if not head.get(key):
            reading.tell(head, "playbook.key_missing", key)
    for structure in head.get("structures", []):
        if f"structure.{structure}" not in terms.terms():
            reading.tell(head, "playbook.unknown_structure", structure)
    told = {"id": head.get("id", ""), "edition": head.get("edition", "")}
    return told | _names(reading, head) | {"structures": tuple(head.get("structures", ()))}


def _questions(reading: _Reading) -> Iterator[Question]:
    for entry in reading.entries("question"):
        kind = entry.get("kind", "yes_no")
        if kind not in QUESTION_KINDS or (kind == "choice") != bool(entry.get("choices")):
            reading.tell(entry, "playbook.question_kind", kind)
        yield Question(entry.where, kind, **_names(reading, entry), choices=tuple(entry.get("choices", ())))


def _phases(reading: _Reading) -> Iterator[Phase]:
    for entry in reading.entries("phase"):
        yield Phase(entry.where, **_names(reading, entry))


def _steps(reading: _Reading, questions: Mapping[str, Question], phases: Collection[str]) -> Iterator[Step]:
    entries = reading.entries("step")
    if not entries:
        reading.tell(reading.head, "playbook.key_missing", "step")
    ids = [entry.where for entry in entries]
    for entry in entries:
        if not _ID.match(entry.where) or ids.count(entry.where) > 1:
            reading.tell(entry, "playbook.step_id", entry.where)
        _check_place(reading, entry, phases)
        _check_words(reading, entry)
        yield _step(reading, entry, questions=questions, ids=ids)


def _check_place(reading: _Reading, entry: _Entry, phases: Collection[str]) -> None:
    for key in sorted(set(entry.keys) - _STEP_KEYS):
        reading.tell(entry, "playbook.unknown_key", key)
    if entry.get("phase") not in phases:
        reading.tell(entry, "playbook.unknown_phase", entry.get("phase", ""))
    if f"role.{entry.get('role')}" not in terms.terms():
        reading.tell(entry, "playbook.unknown_role", entry.get("role", ""))
    if not entry.get("closes_on") and not entry.get("evidence"):
        reading.tell(entry, "playbook.closes_on_nothing")


def _check_words(reading: _Reading, entry: _Entry) -> None:
    if entry.get("act") is not None and entry.get("act") not in reading.acts:
        reading.tell(entry, "playbook.unknown_act", entry.get("act"))
    if not entry.get("law"):
        reading.tell(entry, "playbook.key_missing", "law")
    for id in entry.get("law", []):
        if not law.knows(id):
            reading.tell(entry, "playbook.unknown_law", id)
    for kind in entry.get("evidence", []):
        if kind not in EVIDENCE_KINDS:
            reading.tell(entry, "playbook.unknown_evidence", kind)


def _step(reading: _Reading, entry: _Entry, *, questions: Mapping[str, Question], ids: Collection[str]) -> Step:
    return Step(
        id=entry.where,
        **_names(reading, entry),
        phase=str(entry.get("phase", "")),
        law=tuple(entry.get("law", ())),
        role=str(entry.get("role", "")),
        act=entry.get("act"),
        closes_on=tuple(_closing(reading, entry)),
        evidence=tuple(entry.get("evidence", ())),
        needs=tuple(_needs(reading, entry, ids)),
        due=_due(reading, entry, ids),
        when=tuple(_when(reading, entry, questions)),
    )


def _predicates(reading: _Reading, entry: _Entry, texts: Collection[Any]) -> Iterator[Predicate]:
    for text in texts:
        try:
            yield parse_predicate(str(text))
        except Refusal as refused:
            reading.tell(entry, refused.code, text)


def _closing(reading: _Reading, entry: _Entry) -> Iterator[Predicate]:
    for predicate in _predicates(reading, entry, entry.get("closes_on", [])):
        if predicate.name not in reading.checks:
            reading.tell(entry, "playbook.unknown_check", predicate.name)
        yield predicate


def _when(reading: _Reading, entry: _Entry, questions: Mapping[str, Question]) -> Iterator[Predicate]:
    text = str(entry.get("when", ""))
    for predicate in _predicates(reading, entry, text.split(" and ") if text else []):
        room, _, id = predicate.name.partition(".")
        asked = questions.get(id) or _branch(id, reading.branches)
        if room != "interview" or asked is None or not _fits(asked, predicate.literal):
            reading.tell(entry, "playbook.unknown_question", predicate)
        yield predicate


def _branch(id: str, branches: Mapping[str, str]) -> Question | None:
    return Question(id, branches[id], "", "") if id in branches else None


def _fits(question: Question, literal: Literal) -> bool:
    if question.kind == "choice":
        return literal in question.choices if question.choices else isinstance(literal, str)
    return _kind(literal) == ("number" if question.kind == "count" else "yes_no")


def _needs(reading: _Reading, entry: _Entry, ids: Collection[str]) -> Iterator[str]:
    for need in entry.get("needs", []):
        if need not in ids:
            reading.tell(entry, "playbook.unknown_need", need)
        else:
            yield str(need)


def _due(reading: _Reading, entry: _Entry, ids: Collection[str]) -> Due | None:
    if entry.get("due") is None:
        return None
    matched, anchor = _DUE.match(str(entry.get("due"))), str(entry.get("due_from", "opening"))
    if anchor not in ANCHORS and anchor not in ids:
        reading.tell(entry, "playbook.unknown_anchor", anchor)
    if matched is None:
        reading.tell(entry, "playbook.due", entry.get("due"))
        return None
    sign, days, unit = matched.groups()
    return Due(-int(days) if sign else int(days), unit == "WD", anchor)


def _check_order(reading: _Reading, steps: Collection[Step], phases: list[str]) -> None:
    """Refuse cycles, needs in a later phase, and needs that are written after the step."""
    try:
        TopologicalSorter({step.id: step.needs for step in steps}).prepare()
    except CycleError as error:
        reading.tell(reading.head, "playbook.cycle", " → ".join(error.args[1]))
        return
    seen: dict[str, Step] = {}
    for step, entry in zip(steps, reading.entries("step"), strict=True):
        for need in step.needs:
            if need not in seen:
                reading.tell(entry, "playbook.need_written_later", need)
            elif _place(phases, seen[need].phase) > _place(phases, step.phase):
                reading.tell(entry, "playbook.need_in_later_phase", need)
        seen[step.id] = step


def _place(phases: list[str], phase: str) -> int:
    return phases.index(phase) if phase in phases else -1
