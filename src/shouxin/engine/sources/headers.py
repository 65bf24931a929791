"""The header row: every column has a name, no two the same, and none of them is somebody's number."""

from collections.abc import Sequence

import pyarrow as pa

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.identifiers import find

_LONGEST = 200
_PERSONAL = ("id_no", "mobile", "email", "bank_card")


def check_headers(file: str, headers: Sequence[str], *, table: str | None = None) -> None:
    """Refuse headers that would name columns wrongly, or carry a customer's value into names and logs.

    Raises:
        Refusal("source.header_missing"): the first row holds identifiers or is no header at all.
        Refusal("source.header_blank"): a column has no name; its position is told.
        Refusal("source.header_duplicate"): a name stands twice; name and positions are told.
    """
    where = {"file": file} | ({"table": table} if table else {})
    if (
        len(find(pa.array(list(headers), pa.string())).of_kind(*_PERSONAL))
        or max(map(len, headers), default=0) > _LONGEST
    ):
        raise Refusal("source.header_missing", **where, row=1, do="add_header_row")
    blank = [place for place, header in enumerate(headers, start=1) if not header]
    if blank:
        raise Refusal("source.header_blank", **where, row=1, columns=blank, do="name_or_delete_columns")
    doubled = sorted({header for header in headers if headers.count(header) > 1})
    if doubled:
        places = {header: [n for n, other in enumerate(headers, start=1) if other == header] for header in doubled}
        raise Refusal("source.header_duplicate", **where, row=1, columns=places, do="rename_columns")
