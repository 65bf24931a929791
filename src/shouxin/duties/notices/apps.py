"""The room's name for Django."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What we told whom, by which channel, delivered or not; codes and links under which answers come back."""

    name = "shouxin.duties.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
