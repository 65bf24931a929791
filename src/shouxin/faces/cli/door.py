"""What every command shares: where the home is, how results and errors are told, where passphrases come from.

A command returns an `Outcome`; the door prints it as words or, with `--json`, as one JSON object on standard output.
Progress goes to standard error. Exit codes: 0 all holds, 1 refused, corrupt or not holding, 2 usage, 4 the world is
down.
"""

import contextlib
import functools
import getpass
import inspect
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from shouxin.faces import words
from shouxin.faces.cli import full_disk
from shouxin.ground.kernel.refusals import Corrupt, Refusal, ShouxinError, Unavailable

EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_UNAVAILABLE, EXIT_UNEXPECTED = 0, 1, 2, 4, 70
DATABASE_IS_DOWN = ("OperationalError", "InterfaceError")
OVERTAKEN, MOST_OVERTAKEN = "IntegrityError", 4
SECRETS_VARIABLE = "SHOUXIN_SECRETS"

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="SHOUXIN_HOME", help="公司所在文件夹 / the company's folder")
]
JsonOption = Annotated[bool, typer.Option("--json", help="只输出一个 JSON 对象 / one JSON object on standard output")]
SecretsOption = Annotated[
    Path | None,
    typer.Option(
        "--secrets", envvar=SECRETS_VARIABLE, help="口令文件:每行 名称=口令 / passphrases, one name=value a line"
    ),
]
SecretsFdOption = Annotated[
    int | None, typer.Option("--secrets-fd", help="从该文件描述符读口令 / read them from this descriptor")
]


@dataclass(frozen=True)
class Outcome:
    """What a command found or did: a plain value, whether all of it holds, and lines for people."""

    plain: Mapping[str, Any]
    holds: bool = True
    lines: tuple[str, ...] = ()
    exit_code: int | None = None

    @property
    def code(self) -> int:
        """The exit code."""
        if self.exit_code is not None:
            return self.exit_code
        return EXIT_OK if self.holds else EXIT_REFUSED


@dataclass
class Session:
    """The present command: its options, its language, its passphrases."""

    as_json: bool = False
    secrets_file: Path | None = None
    secrets_fd: int | None = None
    embedded: bool = False
    _known: dict[str, bytes] = field(default_factory=dict, repr=False)

    def passphrase(self, who: str) -> bytes:
        """The passphrase of `company` or of a member of staff.

        Raises:
            Refusal("secrets.absent"): neither file nor descriptor nor terminal gives it.
        """
        if who in self._known:
            return self._known[who]
        if self.secrets_fd is not None:
            self._known |= _read_secrets(_drained(self.secrets_fd))
            self.secrets_fd = None
        elif self.secrets_file is not None:
            self._known |= _read_secrets(given_text(self.secrets_file))
        if who in self._known:
            return self._known[who]
        if not self.embedded and sys.stdin is not None and sys.stdin.isatty():
            return getpass.getpass(f"口令 / passphrase ({who}): ").encode()
        raise Refusal("secrets.absent", who=who)


session = Session()


def given_bytes(path: Path) -> bytes:
    """The content of a file that was named on the command line.

    Raises:
        Refusal("file.missing"), ("file.is_folder"), ("file.closed"): it cannot be read.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise _of_file(error, path) from error


def _of_file(error: OSError, path: Path) -> Refusal:
    """A named file that cannot be opened, as a refusal."""
    if isinstance(error, FileNotFoundError):
        return Refusal("file.missing", file=path.name)
    if isinstance(error, IsADirectoryError) or path.is_dir():
        return Refusal("file.is_folder", file=path.name)
    return Refusal("file.closed", file=path.name)


def given_text(path: Path) -> str:
    """The text of such a file, in UTF-8 with or without a mark.

    Raises:
        Refusal("file.encoding"): another encoding; and as `given_bytes`.
    """
    try:
        return given_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal("file.encoding", file=path.name) from error


def given_day(text: str) -> date:
    """A calendar day as ISO 8601 spells it.

    Raises:
        Refusal("time.day").
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refusal("time.day", text=text) from error


def given_json(path: Path) -> dict[str, Any]:
    """The JSON object in such a file.

    Raises:
        Refusal("file.not_json"): with the line where it stops being one; and as `given_text`.
    """
    try:
        told = json.loads(given_text(path))
    except json.JSONDecodeError as error:
        raise Refusal("file.not_json", file=path.name, line=error.lineno) from error
    if not isinstance(told, dict):
        raise Refusal("file.not_json", file=path.name, line=1)
    return told


def verb(function: Callable[..., Outcome]) -> Callable[..., Outcome]:
    """Give a command the shared options, and tell its outcome or its error."""
    own = inspect.signature(function)
    shared = [
        inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
        inspect.Parameter("secrets", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=SecretsOption),
        inspect.Parameter("secrets_fd", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=SecretsFdOption),
    ]
    if "home" not in own.parameters:
        shared.append(inspect.Parameter("home", inspect.Parameter.KEYWORD_ONLY, default=Path(), annotation=HomeOption))

    @functools.wraps(function)
    def told(*args: Any, as_json: bool, secrets: Path | None, secrets_fd: int | None, **kwargs: Any) -> Outcome:
        if "home" not in own.parameters:
            kwargs.pop("home", None)
        session.as_json = as_json or session.embedded
        if not session.embedded or secrets is not None:
            session.secrets_file, session.secrets_fd = secrets, secrets_fd
        return _tell(function, args, kwargs)

    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in own.parameters.values()]
    told.__signature__ = inspect.Signature([*parameters, *shared])  # type: ignore[attr-defined]
    told.__annotations__ = {each.name: each.annotation for each in [*parameters, *shared]}
    return told


def _tell(function: Callable[..., Outcome], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
    try:
        outcome = _run(function, args, kwargs)
    except ShouxinError as error:
        outcome = failed(error)
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        named = _named_file(error, kwargs.values())
        if named is None:
            raise
        outcome = failed(_of_file(error, named))
    if not session.embedded:
        _print(outcome)
    return outcome


def _run(function: Callable[..., Outcome], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Outcome:
    """The verb; again when another process did the same at the same moment and the database let that one through. Then
    it sees what the other did, as the same command again does; each of its steps can be overtaken once.
    """
    for _ in range(MOST_OVERTAKEN):
        try:
            return function(*args, **kwargs)
        except Exception as error:
            if type(error).__name__ != OVERTAKEN:
                raise
    return function(*args, **kwargs)


def _named_file(error: OSError, given: Iterable[Any]) -> Path | None:
    """The file that the error is about, where it was named on the command line."""
    paths = [path for each in given for path in (each if isinstance(each, list | tuple) else [each])]
    about = Path(str(error.filename)).resolve()
    return next((path for path in paths if isinstance(path, Path) and path.resolve() == about), None)


def failed(error: ShouxinError) -> Outcome:
    """The outcome of an error: its code, its facts, and a sentence that says what to do."""
    no_room = full_disk.refusal_of(error, _home())
    if no_room is not None:
        return _refused(no_room, EXIT_UNAVAILABLE)
    if isinstance(error, Refusal):
        return _refused(error)
    if isinstance(error, Corrupt):
        facts = {"what": error.what, "where": error.where}
        sentence = words.sentence("corrupt", facts)
        return Outcome({"error": "corrupt", "facts": facts, "sentence": sentence}, holds=False, lines=(sentence,))
    cause: dict[str, Any] = {"what": str(error), "permanent": isinstance(error, Unavailable) and error.permanent}
    sentence = words.sentence("unavailable", cause)
    plain = {"error": "unavailable", "facts": cause, "sentence": sentence}
    return Outcome(plain, holds=False, lines=(sentence,), exit_code=EXIT_UNAVAILABLE)


def _refused(refusal: Refusal, exit_code: int | None = None) -> Outcome:
    told = words.sentence(refusal.code, refusal.facts)
    plain: dict[str, Any] = {"error": refusal.code, "facts": dict(refusal.facts), "sentence": told}
    return Outcome(plain, holds=False, lines=(told,), exit_code=exit_code)


def _home() -> Path:
    return Path(os.environ.get("SHOUXIN_HOME", "."))


def unexpected(error: Exception) -> Outcome:
    """The outcome of a fault of ours: its kind and where it happened; never its message, which could hold a value.

    A full disk, and a database that does not answer, is locked or was never laid out, are no faults of ours: the world
    is down.
    """
    no_room = full_disk.refusal_of(error, _home())
    if no_room is not None:
        return _refused(no_room, EXIT_UNAVAILABLE)
    if type(error).__name__ in DATABASE_IS_DOWN:
        return failed(Unavailable(f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"))
    with contextlib.suppress(OSError):  # where nobody can be told, the process goes on all the same
        sys.stderr.writelines(traceback.format_tb(error.__traceback__))
    kind = type(error).__name__
    sentence = words.sentence("unexpected", {"kind": kind})
    plain = {"error": "unexpected", "facts": {"kind": kind}, "sentence": sentence}
    return Outcome(plain, holds=False, lines=(sentence,), exit_code=EXIT_UNEXPECTED)


def _print(outcome: Outcome) -> None:
    if session.as_json:
        sys.stdout.write(json.dumps(outcome.plain, ensure_ascii=False, default=str) + "\n")
        return
    stream = sys.stderr if "error" in outcome.plain else sys.stdout
    for line in outcome.lines or _as_lines(outcome.plain):
        stream.write(line + "\n")


def _as_lines(plain: Mapping[str, Any]) -> list[str]:
    return [f"{words.label(name)}: {_short(value)}" for name, value in plain.items()]


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _drained(descriptor: int) -> str:
    """Everything that a descriptor gives until its end; a pipe may give it in pieces."""
    pieces = iter(lambda: os.read(descriptor, 65_536), b"")
    return b"".join(pieces).decode("utf-8")


def _read_secrets(text: str) -> dict[str, bytes]:
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip().encode() for name, value in pairs}


class Teller:
    """Progress on standard error: a bar on a terminal, a line per phase elsewhere. Also the seconds per phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._started = time.perf_counter()
        self._phase = ""
        self._bar: Progress | None = None
        self._task: Any = None
        if sys.stderr.isatty() and not session.embedded:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
            )
            self._bar.start()

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Progress of one phase."""
        if phase != self._phase:
            self._close_phase()
            self._phase, self._started = phase, time.perf_counter()
            if self._bar is not None:
                self._task = self._bar.add_task(words.label(phase), total=total or None)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total or None)

    def stop(self) -> None:
        """The last phase is over."""
        self._close_phase()
        self._phase = ""
        if self._bar is not None:
            self._bar.stop()

    def _close_phase(self) -> None:
        if not self._phase:
            return
        self.seconds[self._phase] = round(time.perf_counter() - self._started, 2)
        if self._bar is None and not session.embedded:
            sys.stderr.write(f"{words.label(self._phase)}  {self.seconds[self._phase]:.1f} s\n")
