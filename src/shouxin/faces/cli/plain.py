"""Verbs without an installation: `ask` what a change means, `scan` a table, `verify` a proof, `demo`, `verifier`."""

import shutil
from collections.abc import Mapping
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from shouxin.faces import words
from shouxin.faces.cli.demo.telling import demo
from shouxin.faces.cli.door import Outcome, Teller, verb
from shouxin.ground.formats import verifier

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.command()
@verb
def scan(
    source: Annotated[str, typer.Argument(help="文件或数据库地址 / a file or a database URL")],
    *,
    table: Annotated[str, typer.Option(help="只看这张表 / only this table")] = "",
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="按哪一天算年龄 / ages as of")] = None,
) -> Outcome:
    """看清一份表格里有哪些个人信息 / What personal information stands in a table. Needs no installation."""
    teller = Teller()
    day = as_of.date() if as_of else date.today()  # noqa: DTZ011 - the reader's own day
    look = import_module("shouxin.engine.scan").scan  # readers of every kind of table: no other plain verb loads them
    report = look(source, table=table or None, as_of=day, progress=teller)
    teller.stop()
    return Outcome(report.to_json(), lines=_scan_lines(report))


@app.command()
@verb
def ask(interview: Annotated[Path, typer.Argument(help="问答 JSON / the interview's answers")]) -> Outcome:
    """先问问题:按哪条办、谁算什么、什么挡着 / What the answers mean in law. Needs no data, no installation."""
    outcome: Outcome = import_module("shouxin.faces.cli.asking").ruled(interview)
    return outcome


@app.command()
@verb
def verify(
    file: Annotated[Path, typer.Argument(help="证明材料、证明、回执或移交包 / pack, certificate, receipt or package")],
    *,
    trust: Annotated[Path | None, typer.Option(help="另行取得的信任文件 / trust file, got apart")] = None,
) -> Outcome:
    """离线核验 / Verify offline. Exit codes: 0 verified · 1 fault · 2 usage · 3 consistent, origin not established."""
    verdict = import_module("shouxin.ground.formats.verify").verify(file, trust)  # reads every format: only here
    told = words.language()
    plain = {
        "exit_code": verdict.exit_code,
        "kind": verdict.kind,
        "simulated": verdict.simulated,
        "origin_established": verdict.origin_established,
        "digest": verdict.digest,
        "faults": [vars(each) for each in verdict.faults],
        "proved": [each.say(told) for each in verdict.proved],
        "rests_on_word": [each.say(told) for each in verdict.rests_on_word],
    }
    return Outcome(plain, exit_code=verdict.exit_code, lines=_verdict_lines(plain))


app.command()(demo)


@app.command("verifier")
@verb
def verifier_(out: Path) -> Outcome:
    """写出单文件核验程序(只用标准库) / Write the one-file verifier."""
    shutil.copyfile(Path(verifier.__file__), out)
    return Outcome({"verifier": str(out)})


def _verdict_lines(plain: Mapping[str, Any]) -> tuple[str, ...]:
    heads = {0: "verify.good", 1: "verify.fault", 2: "verify.usage", 3: "verify.consistent"}
    lines = [words.label(heads[plain["exit_code"]])]
    lines += [words.label("verify.simulated")] if plain["simulated"] else []
    lines += [f"  ✗ {each['where']}: {each['what']}" for each in plain["faults"]]
    lines += [f"  ✓ {each}" for each in plain["proved"]]
    lines += [f"  ? {each}" for each in plain["rests_on_word"]]
    return tuple(lines)


def _scan_lines(report: object) -> tuple[str, ...]:
    lines = []
    for table in report.tables:  # type: ignore[attr-defined]
        lines.append(f"{table.name}  {table.rows} {words.label('rows')}")
        for column in table.columns:
            verdict = column.verdict
            kind = words.label(f"field.{verdict.field}") if verdict.field else "—"
            sure = f"{verdict.status} {verdict.confidence:.2f}"
            lines.append(f"  {verdict.column:<16} {kind:<14} {verdict.category or '':<10} {sure}")
    return tuple(lines)
