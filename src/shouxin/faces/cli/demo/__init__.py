"""`shouxin demo`: the whole story on a made-up company, both sides, to a proof that verifies offline."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from shouxin.faces.cli.demo.senders import made_up
from shouxin.faces.cli.demo.story import Story
from shouxin.faces.cli.door import Outcome, Teller, verb


@verb
def demo(
    *,
    customers: Annotated[int, typer.Option(help="客户人数 / how many customers")] = 5000,
    home: Annotated[Path, typer.Option(help="放在哪个文件夹 / into which folder")] = Path("demo-home"),
    story: Annotated[str, typer.Option(help="asset")] = "asset",
    seed: Annotated[int, typer.Option(help="随机种子 / seed")] = 7,
) -> Outcome:
    """演示:两家虚构的公司,从自己的表格到可离线核验的证明 / Two made-up companies, from their files to a proof."""
    if story != "asset":
        raise typer.BadParameter("asset")
    folder = home.resolve()
    if folder.exists():
        shutil.rmtree(folder)
    teller = Teller()
    told = Story(folder=folder, sender=made_up(customers=customers, seed=seed), teller=teller)
    try:
        told.prepare()
        told.tell_and_ask()
        told.decide()
        told.hand_over()
        told.end()
        told.prove()
    finally:
        told.stop()
        teller.stop()
    verdict = _verify(told.pack, told.trust)
    plain = {
        "verified": verdict == 0,
        "pack": str(told.pack),
        "trust": str(told.trust),
        "report": str(told.report),
        "customers": customers,
        "ends": told.ends,
        "certificate": dict(told.certificate),
        "answers_over_http": told.over_http,
        "seconds": teller.seconds,
    }
    return Outcome(plain, holds=verdict == 0, lines=_lines(plain))


def _verify(pack: Path, trust: Path) -> int:
    """The last act, as anybody would do it: `shouxin verify` in a process of its own; its words to standard error."""
    command = [sys.executable, "-m", "shouxin.faces.cli.main", "verify", str(pack), "--trust", str(trust)]
    return subprocess.run(command, check=False, stdout=sys.stderr).returncode


def _lines(plain: dict[str, object]) -> tuple[str, ...]:
    ends = json.dumps(plain["ends"], ensure_ascii=False)
    return (
        f"客户 {plain['customers']} 人,去向 / customers by end: {ends}",
        f"证明材料 / evidence pack: {plain['pack']}",
        f"信任文件 / trust file:    {plain['trust']}",
        f"结案报告 / report:        {plain['report']}",
        "再次核验 / verify again:  " + f"shouxin verify {plain['pack']} --trust {plain['trust']}",
    )
