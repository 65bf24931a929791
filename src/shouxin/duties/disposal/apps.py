"""The room's name for Django."""

from django.apps import AppConfig


class DisposalConfig(AppConfig):
    """Holds, permits, destruction, every registered place and its end, certificates."""

    name = "shouxin.duties.disposal"
    label = "disposal"
    default_auto_field = "django.db.models.BigAutoField"
