"""`shouxin demo`: the whole story on a made-up company, both sides, to a proof that verifies offline."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.cells import cell_len

from shouxin.faces import words
from shouxin.faces.cli.demo.folder import clear
from shouxin.faces.cli.demo.stages import Stages
from shouxin.faces.cli.door import Outcome, verb

STORIES = ("asset", "transfer", "address", "equity")


@verb
def demo(
    *,
    customers: Annotated[int, typer.Option(help="客户人数 / how many customers")] = 5000,
    home: Annotated[Path, typer.Option(help="放在哪个文件夹 / into which folder")] = Path("demo-home"),
    story: Annotated[str, typer.Option(help=" | ".join(STORIES))] = "asset",
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 7,
) -> Outcome:
    """演示:两家虚构的公司,从自己的表格到可离线核验的证明 / Two made-up companies, from their files to a proof."""
    if story not in STORIES:
        raise typer.BadParameter(" | ".join(STORIES))
    folder = home.resolve()
    clear(folder)
    with Stages() as stages:
        told = _story(story, folder=folder, customers=customers, seed=seed, stages=stages)
        try:
            told.start()
            told.prepare()
            told.tell_and_ask()
            told.decide()
            told.hand_over()
            told.end()
            told.prove()
            verdict = _verify(told.pack, told.trust)
        finally:
            told.stop()
    sys.stderr.write("\n" + verdict.stdout)
    plain = {
        "verified": verdict.returncode == 0,
        "pack": str(told.pack),
        "trust": str(told.trust),
        "report": str(told.report),
        "customers": customers,
        "ends": told.ends,
        "certificate": dict(told.certificate),
        "answers_over_http": told.over_http,
        "seconds": stages.seconds,
    }
    return Outcome(plain, holds=verdict.returncode == 0, lines=_lines(plain, folder))


def _story(name: str, *, folder: Path, customers: int, seed: int, stages: Stages) -> Any:
    """Only who tells a story loads what it takes: every other command starts without."""
    return import_module("shouxin.faces.cli.demo.stories").story(
        name, folder=folder, customers=customers, seed=seed, stages=stages
    )


def _verify(pack: Path, trust: Path) -> subprocess.CompletedProcess[str]:
    """The last act, as anybody would do it: `shouxin verify` in a process of its own."""
    command = [sys.executable, "-m", "shouxin.faces.cli.main", "verify", str(pack), "--trust", str(trust)]
    return subprocess.run(command, check=False, stdout=subprocess.PIPE, encoding="utf-8")


def _lines(plain: dict[str, Any], folder: Path) -> tuple[str, ...]:
    """What came of it, where it lies, and how to look at it again."""
    ends = {f"end.{name}": f"{count:,}" for name, count in plain["ends"].items()}
    told = {"customers": f"{plain['customers']:,}", "ends": ends, "seconds": f"{sum(plain['seconds'].values()):.0f}"}
    again = f"shouxin verify {plain['pack']} --trust {plain['trust']}"
    rows = [("demo.folder", folder), *((name, plain[name]) for name in ("pack", "trust", "report"))]
    lines = [(words.label(name), value) for name, value in [*rows, ("demo.again", again)]]
    width = max(cell_len(name) for name, _ in lines)
    return (
        "",
        words.sentence("demo.ended", told),
        "",
        *(f"{name}{' ' * (width - cell_len(name))}  {value}" for name, value in lines),
    )
