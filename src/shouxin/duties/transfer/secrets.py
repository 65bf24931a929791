"""The secrets of a transfer: sealed under the company's passphrase, opened for one verb, destroyed by deletion.

`key` is K, under which both sides compute tags; `package` the receiver's age identity for one package; `withdrawals`
the age identity for lists of persons; `seed-…` what a later draw will reveal. Each is sealed under one wrapping key,
which rests under the passphrase: a new passphrase rewraps one row. Like the company's own key it is stretched once in a
process that keeps what it opens.
"""

from django.db import connection, transaction

from shouxin.duties.transfer.models import Secret, Transfer, Wrapping
from shouxin.ground.kernel import sealing
from shouxin.ground.kernel.canonical import length_prefixed
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import new_private
from shouxin.stores.parties.private_keys import opener

KEY, PACKAGE, WITHDRAWALS = "key", "package", "withdrawals"


@transaction.atomic
def wrapping_key(passphrase: bytes) -> bytes:
    """The company's wrapping key; made at its first use.

    Raises:
        Refusal("passphrase.wrong"), Refusal("passphrase.short").
    """
    row = Wrapping.objects.select_for_update().first()
    if row is not None:
        return opener.open(bytes(row.sealed), passphrase)
    key = new_private()
    Wrapping.objects.create(sealed=opener.seal(key, passphrase))
    return key


@transaction.atomic
def rewrap(*, old_passphrase: bytes, passphrase: bytes) -> None:
    """The company has a new passphrase: the wrapping key rests under it from now on. Raises as `wrapping_key`."""
    key = wrapping_key(old_passphrase)
    opener.forget()
    Wrapping.objects.update(sealed=opener.seal(key, passphrase))


def keep(row: Transfer, name: str, secret: bytes, wrapping: bytes) -> None:
    """Seal a secret; the same name again replaces it (a key that was lost before delivery)."""
    sealed = sealing.seal(wrapping, secret, slot=0, context=_context(row, name))
    Secret.objects.update_or_create(transfer=row, name=name, defaults={"sealed": sealed})


def open_secret(row: Transfer, name: str, wrapping: bytes) -> bytes:
    """The secret.

    Raises:
        Refusal("transfer.secret_destroyed"): the protocol ended its life, or it was lost; Corrupt: it does not open.
    """
    found = row.secrets.filter(name=name).first()
    if found is None:
        raise Refusal("transfer.secret_destroyed", transfer=row.tid, secret=name)
    return sealing.unseal(wrapping, bytes(found.sealed), slot=0, context=_context(row, name)).raw


def has(row: Transfer, name: str) -> bool:
    """Whether the secret is still there."""
    return row.secrets.filter(name=name).exists()


def destroy(row: Transfer, *names: str) -> int:
    """Delete secrets in the caller's transaction, all of them when none is named; `scrub` afterwards."""
    rows = row.secrets.filter(name__in=names) if names else row.secrets.all()
    return int(rows.delete()[0])


def scrub() -> None:
    """What was deleted leaves the files too: SQLite zeroes freed pages (`secure_delete`) and drops its log."""
    if connection.in_atomic_block:
        raise RuntimeError("a scrub runs outside transactions")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return
        for table in ("transfer_secret", "transfer_buckettable"):
            cursor.execute(f"VACUUM (FULL) {table}")


def _context(row: Transfer, name: str) -> bytes:
    return b"transfer" + length_prefixed([row.tid.encode(), name.encode()])
