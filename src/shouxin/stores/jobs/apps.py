"""The room's name for Django."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Long work: steps, leases, progress, cancel, resume."""

    name = "shouxin.stores.jobs"
    label = "jobs"
    default_auto_field = "django.db.models.BigAutoField"
