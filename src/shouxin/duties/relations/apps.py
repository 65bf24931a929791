"""The room's name for Django."""

from django.apps import AppConfig


class RelationsConfig(AppConfig):
    """Complaints and call-backs: state and clock."""

    name = "shouxin.duties.relations"
    label = "relations"
    default_auto_field = "django.db.models.BigAutoField"
