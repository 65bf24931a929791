"""The writers of the backup room.

found(escrow_targets=[…], kek=None, algorithm="aes-256-gcm", recovery_out=path, recovery_passphrase=…, at=at)
create(target=None, by=by, at=at)
escrow(targets=None, by=by, at=at)
drill(sample=200, recovery=open_recovery(path, passphrase), by=by, at=at)
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable
from shouxin.ground.kernel.signing import Signer, open_private, seal_private
from shouxin.stores.backup import escrowing, reading, writing
from shouxin.stores.backup.cataloguing import Expired, expire
from shouxin.stores.backup.drilling import SAMPLE, DrillReport, drill
from shouxin.stores.backup.escrowing import EscrowReport, escrow, keep_tail
from shouxin.stores.backup.queries import CopyView
from shouxin.stores.backup.restoring import RestoreReport, declare_dead, restore
from shouxin.stores.backup.tables import lay_out_tables
from shouxin.stores.backup.writing import KEEP_DAYS
from shouxin.stores.vault import durable
from shouxin.stores.vault import escrow as bundles
from shouxin.stores.vault import queries as vault_queries
from shouxin.stores.vault import services as vault

__all__ = [
    "KEEP_DAYS",
    "SAMPLE",
    "DrillReport",
    "EscrowReport",
    "Expired",
    "RestoreReport",
    "create",
    "declare_dead",
    "drill",
    "escrow",
    "expire",
    "found",
    "keep_tail",
    "lay_out_tables",
    "open_recovery",
    "restore",
]


def found(
    *,
    escrow_targets: Sequence[Path],
    kek: Path | None,
    algorithm: str,
    recovery_out: Path | None,
    recovery_passphrase: bytes,
    at: datetime,
) -> dict[str, Any]:
    """Make the company's keys and its first escrow; after a stop, the same call goes on.

    The recovery key's private half is written, under its holder's passphrase, before the first key exists.

    Raises:
        Refusal("backup.recovery_out"): escrow folders without a place for the recovery key, or one inside the home.
    """
    public = b""
    if escrow_targets:
        if recovery_out is None or recovery_out.resolve().is_relative_to(Path(settings.SHOUXIN_HOME).resolve()):
            raise Refusal("backup.recovery_out")
        public = _recovery_key(recovery_out, recovery_passphrase)
    if not vault_queries.is_founded():
        vault.found(at=at, algorithm=algorithm, kek=kek, escrow_targets=escrow_targets, recovery=public)
    return {"custody": vault_queries.custody(), "escrow": len(escrow_targets)}


def create(
    *,
    target: Path | None,
    by: str,
    at: datetime,
    signer: Signer | None = None,
    keep_days: int = KEEP_DAYS,
    full: bool = False,
    told: reading.Told | None = None,
) -> CopyView:
    """Make a copy, and lay the ledger's tail beside the escrow. Raises as `writing.create`."""
    made = writing.create(target=target, by=by, at=at, signer=signer, keep_days=keep_days, full=full, told=told)
    escrowing.keep_tail(at=at)
    return made


def open_recovery(path: Path, passphrase: bytes) -> bytes:
    """The recovery key's private half.

    Raises:
        Refusal("passphrase.wrong"); Unavailable: no such file; Corrupt: not a recovery key.
    """
    return open_private(from_base64(_read_recovery(path, "sealed"), where="recovery key"), passphrase)


def _read_recovery(path: Path, name: str) -> str:
    try:
        return str(decode(path.read_bytes(), where="recovery key")[name])
    except OSError as error:
        raise Unavailable(f"recovery key ({error.strerror})") from error
    except (KeyError, TypeError) as error:
        raise Corrupt("file that is no recovery key", "recovery key") from error


def _recovery_key(path: Path, passphrase: bytes) -> bytes:
    if path.is_file():
        return from_base64(_read_recovery(path, "public"), where="recovery key")
    private, public = bundles.new_recovery()
    sealed = to_base64(seal_private(private, passphrase))
    path.parent.mkdir(parents=True, exist_ok=True)
    durable.write_whole(path, encode({"public": to_base64(public), "sealed": sealed}))
    return public
