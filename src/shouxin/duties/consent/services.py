"""The verbs of consent, its only writers. Each stands in a module of its own subject; this is the list.

1. `open_window`: what a case asks and until when. 2. `record`, `record_many`: answers. 3. `import_sheet`: answers that
staff wrote down.
"""

from shouxin.duties.consent.importing import AskedRow, RowRefusal, SheetResult, import_sheet
from shouxin.duties.consent.recording import (
    ANSWERS,
    INITIATIVES,
    ROUTES,
    AnswerRow,
    check_row,
    open_window,
    record,
    record_many,
)

__all__ = [
    "ANSWERS",
    "INITIATIVES",
    "ROUTES",
    "AnswerRow",
    "AskedRow",
    "RowRefusal",
    "SheetResult",
    "check_row",
    "import_sheet",
    "open_window",
    "record",
    "record_many",
]
