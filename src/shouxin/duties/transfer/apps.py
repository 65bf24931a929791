"""The room's name for Django."""

from django.apps import AppConfig


class TransferConfig(AppConfig):
    """The hand-over between two companies by signed files (PIT-1), as sender and as receiver."""

    name = "shouxin.duties.transfer"
    label = "transfer"
    default_auto_field = "django.db.models.BigAutoField"
