"""The room's name for Django."""

from django.apps import AppConfig


class ConsentConfig(AppConfig):
    """Answers customers gave: to what text, for which recipient and kinds, by which act, with which proof."""

    name = "shouxin.duties.consent"
    label = "consent"
    default_auto_field = "django.db.models.BigAutoField"
