"""The room's name for Django."""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """A change of the company: playbook, steps, evidence, decision, permit, closing."""

    name = "shouxin.cases"
    label = "cases"
    default_auto_field = "django.db.models.BigAutoField"
