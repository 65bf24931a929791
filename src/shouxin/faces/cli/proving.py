"""`ledger`, `evidence`: checkpoints and cosignatures, the evidence pack, the sample for checks on site, verifier."""

import hashlib
import os
import random
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from shouxin.cases import keeping, proof, queries, services
from shouxin.duties.inventory import queries as inventory
from shouxin.faces import words
from shouxin.faces.cli.door import Outcome, given_text, session, verb
from shouxin.faces.cli.founding import now
from shouxin.ground.formats import pack, verifier
from shouxin.ground.formats.verify import verify
from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.backup import services as backup
from shouxin.stores.jobs.alone import alone
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties_queries
from shouxin.stores.parties import services as parties

ledger_app = typer.Typer(no_args_is_help=True, help="存证 / ledger")
evidence_app = typer.Typer(no_args_is_help=True, help="证明材料 / evidence")


@ledger_app.command("checkpoint")
@verb
def ledger_checkpoint(*, out: Annotated[Path | None, typer.Option(help="写到文件 / write it here")] = None) -> Outcome:
    """签出核对点 / Sign a checkpoint of the ledger."""
    signer = parties.company_signer(passphrase=session.passphrase("company"))
    note = ledger.checkpoint(signer=signer, at=now())
    backup.keep_tail(at=now())
    if out is not None:
        out.write_text(note, "utf-8")
    return Outcome({"size": ledger_queries.head().size, "note": note})


@ledger_app.command("cosign")
@verb
def ledger_cosign(
    note: Path,
    *,
    recipient: Annotated[str, typer.Option(help="对方 recipient:… / whose")],
    out: Annotated[Path | None, typer.Option(help="联署后的文件 / the cosigned note")] = None,
    ours: Annotated[bool, typer.Option("--ours", help="这是对方联署的我方核对点 / ours, cosigned by them")] = False,
) -> Outcome:
    """联署对方的核对点,或收回对方联署的我方核对点 / Cosign the other company's checkpoint, or keep ours cosigned."""
    text, other = given_text(note), parties_queries.recipient(recipient)
    if ours:
        ref = ledger.keep_cosigned(note=text, witness_name=other.origin, witness_public=other.public, at=now())
        return Outcome({"kept": ref.seq})
    signer = parties.company_signer(passphrase=session.passphrase("company"))
    signed = ledger.cosign_peer(note=text, peer_name=other.origin, peer_public=other.public, signer=signer, at=now())
    if out is not None:
        out.write_text(signed, "utf-8")
    return Outcome({"note": signed})


@ledger_app.command("proof")
@verb
def ledger_proof(seq: int) -> Outcome:
    """一条记录在账本中的证明 / The inclusion proof of one entry."""
    newest = ledger_queries.checkpoints()[-1]
    path = ledger_queries.inclusion(seq, newest.size)
    entry = next(iter(ledger_queries.raw(seq, seq + 1)))
    plain = {"seq": seq, "entry": entry.decode(), "path": [to_base64(each) for each in path], "checkpoint": newest.note}
    return Outcome(plain)


@evidence_app.command("export")
@verb
def evidence_export(
    case: str,
    *,
    out: Annotated[Path, typer.Option(help="写到 / write it here")],
    by: Annotated[str, typer.Option(help="staff:…")],
    public: Annotated[bool, typer.Option("--public", help="公开版(取整、小数目隐去) / rounded, suppressed")] = False,
    auditor: Annotated[str, typer.Option(help="审计方的 age 公钥 / encrypt to the auditor's age key")] = "",
    anew: Annotated[
        bool, typer.Option("--anew", help="已结案也重新出一份,并列出差异 / of a closed case too, with what differs")
    ] = False,
) -> Outcome:
    """导出证明材料并当场核验;已结案的给出同一份 / Export and verify the pack; the same again of a closed case."""
    with alone("evidence"):
        return _export(case, out, by=by, edition="public" if public else "auditor", auditor=auditor, anew=anew)


def _export(case: str, out: Path, *, by: str, edition: str, auditor: str, anew: bool) -> Outcome:
    if out.exists():
        raise Refusal("cases.pack_exists", file=out.name)
    part = _fresh(out)
    earlier = keeping.newest(case, edition=edition) if queries.case(case).state != "open" else None
    again = earlier if earlier is not None and earlier.is_whole and not anew else None
    if again is not None:
        shutil.copyfile(again.path, part)
    digest = again.digest if again is not None else _issue(case, part, edition=edition, at=now())
    verdict, entries = verify(part), keeping.entries(part)
    keeping.keep(part, digest)
    noted = services.note_pack(
        case=case,
        pack_digest=digest,
        file_name=out.name,
        exit_code=verdict.exit_code,
        edition=edition,
        entries=entries,
        by=by,
        at=now(),
    )
    if auditor:
        sealed = out.with_suffix(".age")
        pack.encrypt(part, recipient=auditor, out=_fresh(sealed))
        _settle(sealed)
    report = out.with_name("report.pdf")
    day = again.at if again is not None else noted.at
    report.write_bytes(proof.cover(case=case, pack=part, at=day, language=words.language()))
    _settle(out)
    plain = {
        "pack": str(out),
        "digest": digest,
        "edition": edition,
        "verified": verdict.exit_code,
        "report": str(report),
        "ends": proof.people_by_end(case),
        **(_compared(earlier, digest, entries) if earlier else {}),
    }
    return Outcome(plain, holds=verdict.exit_code in keeping.GOOD)


def _issue(case: str, part: Path, *, edition: str, at: datetime) -> str:
    """A pack over the whole ledger up to now; its digest."""
    signer = parties.company_signer(passphrase=session.passphrase("company"))
    ledger.checkpoint(signer=signer, at=at)
    return proof.write_pack(case=case, signer=signer, out=part, at=at, edition=edition)


def _compared(earlier: keeping.Kept, digest: str, entries: Mapping[str, str]) -> dict[str, Any]:
    """Whether it is the pack that was given out before, and each entry that is not the same."""
    differs = [] if digest == earlier.digest else keeping.differences(earlier.entries, entries)
    return {
        "before": earlier.digest,
        "same": digest == earlier.digest,
        "differs": [vars(each) for each in differs],
    }


def _fresh(path: Path) -> Path:
    """The name under which a file is written until it is whole; what a stopped export left there is removed."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    return part


def _settle(path: Path) -> None:
    """Give the whole file its name."""
    part = path.with_name(path.name + ".part")
    with part.open("r+b") as file:
        os.fsync(file.fileno())
    os.replace(part, path)


@evidence_app.command("trust")
@verb
def evidence_trust(
    *,
    recipient: Annotated[str, typer.Option(help="对方 recipient:… / whose")],
    out: Annotated[Path, typer.Option(help="写到 / write it here")],
) -> Outcome:
    """写出对另一家公司的信任文件(由我方另行取得) / The trust file about another company, as pinned here."""
    out.write_bytes(proof.trust_of(recipient))
    return Outcome({"trust": str(out)})


@evidence_app.command("sample")
@verb
def evidence_sample(
    number: int,
    *,
    seed: Annotated[str, typer.Option(help="事先约定的种子 / the seed agreed before")],
    case: Annotated[str, typer.Option(help="变更事项 / case")],
) -> Outcome:
    """按约定的种子抽取现场核对的人 / Draw persons for checks on site, by a seed agreed before."""
    customers = queries.final_decision(case).customers.tolist()
    order = random.Random(hashlib.sha256(seed.encode()).digest())  # noqa: S311 - drawn in the open, to be repeated
    drawn = sorted(order.sample(customers, min(number, len(customers))))
    named = inventory.handles(drawn)
    return Outcome({"seed": seed, "drawn": [{"number": each, "handle": named.get(each, "")} for each in drawn]})


@evidence_app.command("verifier")
@verb
def evidence_verifier(out: Path) -> Outcome:
    """写出单文件核验程序(只用标准库) / Write the one-file verifier."""
    shutil.copyfile(Path(verifier.__file__), out)
    return Outcome({"verifier": str(out)})
