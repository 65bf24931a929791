"""The room's name for Django."""

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """The company, its staff and their undertakings, signing keys, recipients and agreements, roles and permissions."""

    name = "shouxin.stores.parties"
    label = "parties"
    default_auto_field = "django.db.models.BigAutoField"
