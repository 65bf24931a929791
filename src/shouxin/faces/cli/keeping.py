"""`backup`: copies, keys apart, drills, and the way back."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from shouxin.faces.cli import homes
from shouxin.faces.cli.door import Outcome, Teller, given_text, session, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import SystemClock, to_text
from shouxin.stores.backup import evidence
from shouxin.stores.backup import queries as backup_queries
from shouxin.stores.backup import services as backup
from shouxin.stores.parties import services as parties

app = typer.Typer(no_args_is_help=True, help="备份、密钥托管、恢复演练 / backup, key escrow, drills, restore")

ByOption = Annotated[str, typer.Option(help="staff:…")]
RecoveryOption = Annotated[Path, typer.Option(help="恢复密钥文件 / the recovery key's file")]


@app.command("create")
@verb
def create(
    *,
    target: Annotated[Path | None, typer.Option(help="放在哪个文件夹 / into which folder")] = None,
    keep_days: Annotated[int, typer.Option(help="保留几天 / days until it expires")] = backup.KEEP_DAYS,
    full: Annotated[bool, typer.Option("--full", help="不接续上一份 / not going on from the newest")] = False,
    by: ByOption = "system",
) -> Outcome:
    """做一份备份(只有密文,不含密钥) / Make a backup: ciphertext only, no keys."""
    teller = Teller()
    try:
        made = backup.create(
            target=target, by=by, at=now(), signer=_signer(), keep_days=keep_days, full=full, told=teller
        )
    finally:
        teller.stop()
    return Outcome({**_copy(made), "seconds": teller.seconds})


@app.command("escrow")
@verb
def escrow(
    *,
    target: Annotated[list[Path] | None, typer.Option(help="改放到这些文件夹 / from now on into these")] = None,
    by: ByOption = "system",
) -> Outcome:
    """查看密钥是否另处保管;给出新文件夹则改放 / Check that the keys lie apart, or put them elsewhere."""
    found = backup.escrow(targets=target or None, by=by, at=now())
    folders = [
        {
            "folder": each.target,
            "apart": each.apart,
            "reachable": each.reachable,
            "present": each.present,
            "outside": each.outside,
            "other_device": each.other_device,
        }
        for each in found.folders
    ]
    return Outcome({"apart": found.apart, "folders": folders, "left_behind": found.left_behind}, holds=found.apart)


@app.command("drill")
@verb
def drill(
    *,
    recovery: RecoveryOption,
    sample: Annotated[int, typer.Option(help="抽查多少条 / how many records are compared")] = backup.SAMPLE,
    by: ByOption = "system",
) -> Outcome:
    """试恢复最新的备份:解开样本核对,已销毁的必须打不开 / Try a restore: a sample is decrypted and compared."""
    teller = Teller()
    try:
        found = backup.drill(
            sample=sample, recovery=_recovery(recovery), by=by, at=now(), signer=_signer(), told=teller
        )
    finally:
        teller.stop()
    fresh = evidence.drill_fresh(at=now())
    plain = {
        "passed": found.passed,
        "fresh": fresh.holds,
        "copy": found.copy,
        "compared": found.compared,
        "destroyed": found.destroyed,
        "wrong": list(found.wrong),
        "missing": [each.code for each in fresh.missing],
    }
    return Outcome(plain, holds=found.passed)


@app.command("restore")
@verb
def restore(
    *,
    copy: Annotated[Path, typer.Option("--from", help="备份的文件夹 copy_… / the copy's folder")],
    escrow: Annotated[Path, typer.Option(help="最新的密钥托管文件夹 / the newest escrow folder")],
    recovery: RecoveryOption,
    checkpoint: Annotated[
        Path | None, typer.Option(help="外部留存的账本检查点 / a checkpoint of the ledger kept outside")
    ] = None,
    kek: Annotated[Path | None, typer.Option(help="主密钥文件,放在另一设备 / KEK on another device")] = None,
    by: ByOption = "system",
) -> Outcome:
    """恢复到新的空文件夹(--home);已销毁的人不会回来 / Restore into the new folder --home; the destroyed stay so."""
    teller = Teller()
    try:
        found = backup.restore(
            backup=copy,
            escrow=escrow,
            into=Path(settings.SHOUXIN_HOME),
            recovery=_recovery(recovery),
            outside_checkpoint=None if checkpoint is None else given_text(checkpoint),
            by=by,
            at=SystemClock().now(),
            kek=kek,
            told=teller,
        )
    finally:
        teller.stop()
    for name in homes.FOLDERS:
        (Path(settings.SHOUXIN_HOME) / name).mkdir(parents=True, exist_ok=True)
    return Outcome({**asdict(found), "signs": False})


@app.command("declare-dead")
@verb
def declare_dead(
    *,
    target: Annotated[list[Path] | None, typer.Option(help="今后的密钥托管文件夹 / escrow folders from now on")] = None,
    by: ByOption = "system",
) -> Outcome:
    """声明旧机器已停用;从此由这台机器签名 / The old machine is dead: this one signs from now on."""
    backup.declare_dead(by=by, at=now(), escrow_targets=target or ())
    return Outcome({"signs": True, "escrow": len(target or ())})


@app.command("expire")
@verb
def expire(*, by: ByOption = "system") -> Outcome:
    """删除到期的备份 / Remove the copies whose last day is over."""
    found = backup.expire(by=by, at=now())
    return Outcome({"gone": list(found.gone), "away": list(found.away)}, holds=not found.away)


@app.command("list")
@verb
def list_copies() -> Outcome:
    """还在的备份和最近的演练 / The copies that still lie somewhere, and the drills."""
    drills = [
        {"copy": each.copy, "at": to_text(each.at), "passed": each.passed, "compared": each.sample}
        for each in backup_queries.drills()
    ]
    return Outcome({"copies": [_copy(each) for each in backup_queries.copies()], "drills": drills})


def _copy(view: backup_queries.CopyView) -> dict[str, Any]:
    return {
        "copy": view.id,
        "kind": view.kind,
        "folder": str(view.folder),
        "created": to_text(view.created),
        "expires": view.expires.isoformat(),
        "generation": view.generation,
        "bytes": view.size,
        "pages": view.pages,
        "changed": view.changed,
        "signed": view.signed,
    }


def _recovery(path: Path) -> bytes:
    return backup.open_recovery(path, session.passphrase("recovery"))


def _signer() -> Signer | None:
    """The company's signer when its passphrase is at hand; a copy or report without it is keyed or unsigned, and says
    so.
    """
    if backup_queries.awaits_declaration():
        return None
    try:
        return parties.company_signer(passphrase=session.passphrase("company"))
    except Refusal as refusal:
        if refusal.code != "secrets.absent":
            raise
        return None
