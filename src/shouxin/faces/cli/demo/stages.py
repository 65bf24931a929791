"""How far a demo is, on standard error: a terminal shows what runs and for how long, else a line tells each stage."""

import sys
import time
from types import TracebackType

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.text import Text

from shouxin.faces import words
from shouxin.faces.cli.door import session

_DONE, _BROKEN = "[green]✓[/]", "[red]✗[/]"


class Stages:
    """Called with each stage as it begins; afterwards `seconds` says how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stage = ""
        self._began = 0.0
        self._screen = _screen() if sys.stderr.isatty() and not session.embedded else None
        self._line = TaskID(0)

    def __enter__(self) -> "Stages":
        if self._screen is not None:
            self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(_DONE if kind is None else _BROKEN)
        if self._screen is not None:
            self._screen.stop()

    def __call__(self, stage: str, number: int, total: int) -> None:
        """The next stage begins; the one before is done."""
        self._end(_DONE)
        self._stage, self._began = stage, time.perf_counter()
        if self._screen is not None:
            place = f"{number + 1:2d}/{total}"
            self._line = self._screen.add_task(words.label(stage), total=1, place=place, sign=_DONE)

    def _end(self, sign: str) -> None:
        if not self._stage:
            return
        seconds = self.seconds[self._stage] = round(time.perf_counter() - self._began, 2)
        if self._screen is not None:
            self._screen.update(self._line, completed=1, sign=sign)
        elif not session.embedded:
            sys.stderr.write(f"{words.label(self._stage)}  {seconds:.1f} s\n")
        self._stage = ""


class _Sign(SpinnerColumn):
    """Turning while the stage runs, then how it ended."""

    def render(self, task: Task) -> RenderableType:
        return Text.from_markup(task.fields["sign"]) if task.finished else super().render(task)


class _Seconds(ProgressColumn):
    """Seconds so far, or in all."""

    def render(self, task: Task) -> Text:
        took = task.finished_time if task.finished else task.elapsed
        return Text(f"{took or 0.0:6.1f} s", style="dim" if task.finished else "")


def _screen() -> Progress:
    return Progress(
        _Sign(style="cyan"),
        TextColumn("[dim]{task.fields[place]}[/]"),
        TextColumn("{task.description}"),
        _Seconds(),
        console=Console(stderr=True),
    )
