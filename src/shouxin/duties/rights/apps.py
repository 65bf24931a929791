"""The room's name for Django."""

from django.apps import AppConfig


class RightsConfig(AppConfig):
    """What customers ask for: see, copy, correct, delete; state and clock."""

    name = "shouxin.duties.rights"
    label = "rights"
    default_auto_field = "django.db.models.BigAutoField"
