"""The room's name for Django."""

from django.apps import AppConfig


class ReviewConfig(AppConfig):
    """Impact assessments and their two signatures."""

    name = "shouxin.duties.review"
    label = "review"
    default_auto_field = "django.db.models.BigAutoField"
