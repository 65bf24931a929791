"""The room's name for Django."""

from django.apps import AppConfig


class VaultConfig(AppConfig):
    """Per-customer keys, sealed values, blind indexes; shredding of keys."""

    name = "shouxin.stores.vault"
    label = "vault"
    default_auto_field = "django.db.models.BigAutoField"
