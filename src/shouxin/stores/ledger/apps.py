"""The room's name for Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Append-only entries in a Merkle tree; signed checkpoints; proofs; the company's clock."""

    name = "shouxin.stores.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
