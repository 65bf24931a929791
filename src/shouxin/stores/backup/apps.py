"""The room's name for Django."""

from django.apps import AppConfig


class BackupConfig(AppConfig):
    """Backups, key escrow, restore and restore drills."""

    name = "shouxin.stores.backup"
    label = "backup"
    default_auto_field = "django.db.models.BigAutoField"
