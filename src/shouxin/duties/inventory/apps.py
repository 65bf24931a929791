"""The room's name for Django."""

from django.apps import AppConfig


class InventoryConfig(AppConfig):
    """Sources, columns, the customer index, goods and boxes; collecting into the vault."""

    name = "shouxin.duties.inventory"
    label = "inventory"
    default_auto_field = "django.db.models.BigAutoField"
