"""Goods that are sold and paper boxes: they hold no rows that are read, and must meet an end of their own."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction

from shouxin.duties.inventory.models import Box, BoxPaper, Good, Source
from shouxin.engine.sources import open_source
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import services as ledger
from shouxin.stores.parties import queries as parties
from shouxin.stores.vault import services as vault

HOLDS = {"有": True, "无": False, "": None}
_TOLD = 20
_PAPER = "INSERT INTO inventory_boxpaper (box_id, customer, sheets, is_gone) VALUES (%s, %s, %s, %s)"
Line = Mapping[str, str]


@transaction.atomic
def register_goods(*, path: Path, by: str, at: datetime) -> int:
    """Register the list of goods sold from a table; each thing is marked with or without customers' information.

    The list again, repaired or longer, is taken as it now is; steps that were done stay done.

    Raises:
        Refusal("inventory.columns"), Refusal("inventory.cells"): a needed column or cell is missing or cannot be read;
        Refusal("inventory.good_has_marks"): a thing whose steps have begun is no longer said to hold information; and
        what opening the file refuses.
    """
    digest, rows = _read_table(path, ("编号", "物品", "有无客户信息"), filled=("编号", "物品"))
    _check_cells(path, {number: row["有无客户信息"] not in HOLDS for number, row in rows.items()}, "有无客户信息")
    source = _listed("goods", path, digest, by=by, at=at)
    begun = {good.number for good in Good.objects.filter(source=source) if good.marks}
    turned = sorted(row["编号"] for row in rows.values() if row["编号"] in begun and not HOLDS[row["有无客户信息"]])
    if turned:
        raise Refusal("inventory.good_has_marks", goods=turned)
    for row in rows.values():
        Good.objects.update_or_create(
            source=source,
            number=row["编号"],
            defaults={
                "item": row["物品"],
                "model": row.get("品牌型号", ""),
                "serial": row.get("序列号", ""),
                "holds_information": HOLDS[row["有无客户信息"]],
            },
        )
    facts = {"source": source.id, "goods": len(rows), "digest": digest}
    ledger.append(kind="inventory.goods_registered", scope="company", at=at, by=by, facts=facts)
    return len(rows)


@transaction.atomic
def mark_good(*, number: str, step: str, method: str, by: str, second: str, at: datetime) -> str | None:
    """Two people state that a step of a thing is done: taken_out, wiped, checked, handed_over. Gives the next step.

    Raises:
        Refusal("inventory.no_such_good"); Refusal("inventory.two_people"): both are one, or one does not work here;
        Refusal("inventory.step"): not the next one; Refusal("inventory.missing"): no word on how.
    """
    good = Good.objects.select_for_update().filter(number=number).first()
    if good is None:
        raise Refusal("inventory.no_such_good", good=number)
    if by == second or not {by, second} <= {each.id for each in parties.staff()}:
        raise Refusal("inventory.two_people", good=number)
    if good.holds_information is None or step != good.next_step:
        raise Refusal("inventory.step", good=number, step=step, next=good.next_step or "")
    if not method.strip():
        raise Refusal("inventory.missing", fields=["method"])
    good.marks = {**good.marks, step: {"by": by, "second": second, "at": at.isoformat(), "method": method}}
    good.save(update_fields=["marks"])
    facts = {"good": good.id, "step": step, "method": method, "by": by, "second": second}
    ledger.append(kind="inventory.good_marked", scope="company", at=at, by=by, facts=facts)
    return good.next_step


@transaction.atomic
def register_boxes(*, boxes: Path, contracts: Path | None, system: str, by: str, at: datetime) -> dict[str, int]:
    """Register paper boxes, and whose papers lie in them by the contract index.

    Raises:
        Refusal("inventory.columns"), Refusal("inventory.cells"): a needed column or cell is missing or cannot be read,
        or the index names a box that is not registered; and what opening the files refuses.
    """
    digest, rows = _read_table(boxes, ("箱号", "位置", "保管人", "内容"), filled=("箱号",))
    for column in ("份数", "年份"):
        wrong = {number: not (row.get(column) or "0").isdecimal() for number, row in rows.items()}
        _check_cells(boxes, wrong, column)
    source = _listed("boxes", boxes, digest, by=by, at=at)
    kept = _keep_boxes(source, rows.values())
    papers, unknown = _register_papers(kept, contracts, system) if contracts else (0, 0)
    facts = {"source": source.id, "boxes": len(kept), "papers": papers, "unknown": unknown, "digest": digest}
    ledger.append(kind="inventory.boxes_registered", scope="company", at=at, by=by, facts=facts)
    return {"boxes": len(kept), "papers": papers, "unknown": unknown}


def _keep_boxes(source: Source, rows: Iterable[Line]) -> dict[str, int]:
    """The boxes as the list now has them; a box's number → its key."""
    told = {row["箱号"]: row for row in rows}
    boxes = [
        Box(
            source=source,
            number=number,
            place=row["位置"],
            custodian=row["保管人"],
            contents=row["内容"],
            sheets=int(row.get("份数") or 0),
            year=int(row["年份"]) if row.get("年份") else None,
        )
        for number, row in told.items()
    ]
    Box.objects.bulk_create(
        boxes,
        update_conflicts=True,
        unique_fields=["source", "number"],
        update_fields=["place", "custodian", "contents", "sheets", "year"],
    )
    return {number: key for number, key in source.boxes.values_list("number", "id") if number in told}


def _register_papers(kept: Mapping[str, int], contracts: Path, system: str) -> tuple[int, int]:
    _, rows = _read_table(contracts, ("合同编号", "客户编号", "箱号"), filled=("箱号",))
    _check_cells(contracts, {number: row["箱号"] not in kept for number, row in rows.items()}, "箱号")
    wanted = [("source_ref", f"{system}|{row['客户编号']}") for row in rows.values()]
    owners = [found[0] if found else None for found in vault.look_up(entries=wanted)]
    gone = _papers_of_the_destroyed(kept.values())
    BoxPaper.objects.filter(box__in=list(kept.values())).delete()
    papers = []
    for row, owner in zip(rows.values(), owners, strict=True):
        box = kept[row["箱号"]]
        is_gone = owner is None and gone[box] > 0
        gone[box] -= is_gone
        papers.append((box, owner, 1, is_gone))
    with connection.cursor() as cursor:
        cursor.executemany(_PAPER, papers)
    return len(papers), sum(1 for _, owner, _, is_gone in papers if owner is None and not is_gone)


def _papers_of_the_destroyed(boxes: Iterable[int]) -> Counter[int]:
    """How many papers of each box are of people destroyed: the index may still name them, and nobody can find them."""
    rows = BoxPaper.objects.filter(box__in=list(boxes), is_gone=True)
    return Counter(rows.values_list("box_id", flat=True))


def _listed(kind: str, path: Path, digest: str, *, by: str, at: datetime) -> Source:
    source, is_new = Source.objects.get_or_create(
        locator=str(path),
        defaults={"kind": kind, "title": path.name, "custodian": by, "digest": digest, "registered_at": at},
    )
    if source.kind != kind:
        raise Refusal("inventory.kind", kind=kind, kinds=[source.kind])
    if not is_new:
        Source.objects.filter(id=source.id).update(digest=digest)
    return source


def _read_table(path: Path, needed: Sequence[str], *, filled: Sequence[str]) -> tuple[str, dict[int, Line]]:
    """The file's digest, and its rows by the number that its owner sees; empty cells are empty text."""
    opened = open_source(path)
    table = opened.tables()[0]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise Refusal("inventory.columns", file=path.name, missing=missing)
    read = [row for batch in opened.batches(table.name) for row in batch.to_pylist()]
    rows: dict[int, Line] = {
        number: {name: (text or "").strip() for name, text in row.items()}
        for number, row in enumerate(read, start=opened.row_base)
        if any(row.values())
    }
    for column in filled:
        _check_cells(path, {number: not row[column] for number, row in rows.items()}, column)
    return opened.digest(), rows


def _check_cells(path: Path, wrong: Mapping[int, bool], column: str) -> None:
    """Refuse, naming the rows and not what stands in them."""
    rows = [number for number, is_wrong in wrong.items() if is_wrong]
    if rows:
        raise Refusal("inventory.cells", file=path.name, column=column, rows=rows[:_TOLD], count=len(rows))
