"""How a process of the command line ends: its databases closed; nothing taken apart that ends with it anyway."""

import atexit
import gc
import sys
from importlib import import_module


def leave_lightly() -> None:
    """Let this process end so. Taking two thousand modules apart would take longer than many a verb."""
    atexit.register(_leave)


def _leave() -> None:
    if "django.db" in sys.modules:
        import_module("django.db").connections.close_all()
    gc.freeze()
