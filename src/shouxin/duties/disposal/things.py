"""Paper boxes and things that are sold: they end by the signatures or marks of two people, never by a program.

1. The counting sheet lists every box that is open, with the sheets that the frozen plan wants shredded and those it
   wants sealed whole. What was really done is left empty: two people count.
2. A filled-in sheet is taken whole or refused whole; a box that nobody counted yet stays open. Each box gets a signed
   statement, an entry and an end of its own. Handed in again, what was signed stands and the rest follows.
3. An original voucher or contract is never cut up: it is sealed whole, with a custodian and a last day (PIPL 47(2)).
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.db import transaction

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal import queries
from shouxin.duties.disposal.holding import check_two
from shouxin.duties.disposal.models import PlaceEnd
from shouxin.duties.disposal.queries import PlaceView
from shouxin.duties.inventory import queries as inventory
from shouxin.engine.sources import open_source
from shouxin.ground.formats.certificate import METHODS
from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.signing import Signer
from shouxin.ground.kernel.times import to_text
from shouxin.stores.ledger import queries as ledger_queries
from shouxin.stores.ledger import services as ledger

WIPE_METHODS = {"crypto_erase": "crypto_erase", "purge": "purge", "destroy": "destroy", "shred": "shred"}
BOX, TITLE, TO_SHRED, TO_SEAL, UNKNOWN = "存放地", "名称", "应粉碎", "应封存", "认不出客户"
SHREDDED, SEALED, CUSTODIAN, UNTIL = "已粉碎", "已封存", "保管人", "保管至"
COLUMNS = (BOX, TITLE, TO_SHRED, TO_SEAL, UNKNOWN, SHREDDED, SEALED, CUSTODIAN, UNTIL)
_TOLD = 20


@dataclass(frozen=True)
class BoxView:
    """A box that is open, and how many sheets the frozen plan wants shredded and sealed whole; and how many more lie in
    it of whom nobody knows, which two people look at and put to one of the two.
    """

    box: str
    title: str
    shred: int
    seal: int
    unmatched: int = 0


@dataclass(frozen=True)
class BoxCount:
    """What two people counted: sheets shredded, originals sealed whole, who keeps those and until which day."""

    box: str
    shredded: int
    sealed: int = 0
    custodian: str = ""
    until: date | None = None


def open_boxes(case: str) -> list[BoxView]:
    """The boxes that are still open.

    Raises:
        Refusal("disposal.not_destroyed"): the vault's destruction comes first.
    """
    row = queries.newest_destruction(case)
    return [
        BoxView(each.key, each.title, **_expected(row.papers, each.key), unmatched=_unmatched(row.papers, each.key))
        for each in queries.open_places()
        if each.kind == "box"
    ]


def write_sheet(path: Path, boxes: Sequence[BoxView]) -> None:
    """The counting sheet of these boxes, for spreadsheets."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(COLUMNS)
        sheet.writerows((each.box, each.title, each.shred, each.seal, each.unmatched, "", "", "", "") for each in boxes)


def read_sheet(path: Path) -> list[BoxCount]:
    """What was filled in, of the boxes that were counted.

    Raises:
        Refusal("disposal.sheet_columns", missing=…), ("disposal.sheet_cells", column=…, rows=…),
        ("disposal.sheet_empty"): no box was counted; and what opening the file refuses.
    """
    opened = open_source(path)
    table = opened.tables()[0]
    missing = [name for name in (BOX, SHREDDED, SEALED, CUSTODIAN, UNTIL) if name not in table.columns]
    if missing:
        raise Refusal("disposal.sheet_columns", file=path.name, missing=missing)
    read = [row for batch in opened.batches(table.name) for row in batch.to_pylist()]
    rows = {
        number: {name: (text or "").strip() for name, text in row.items()}
        for number, row in enumerate(read, start=opened.row_base)
        if row[SHREDDED] or row[SEALED]
    }
    if not rows:
        raise Refusal("disposal.sheet_empty", file=path.name)
    _check_cells(path, rows)
    return [
        BoxCount(
            box=row[BOX],
            shredded=int(row[SHREDDED] or 0),
            sealed=int(row[SEALED] or 0),
            custodian=row[CUSTODIAN],
            until=_day(row[UNTIL]),
        )
        for row in rows.values()
    ]


def _check_cells(path: Path, rows: Mapping[int, Mapping[str, str]]) -> None:
    """Refuse, naming the column and the rows and not what stands in them."""
    boxes = [row[BOX] for row in rows.values()]
    readable = {
        BOX: lambda text: boxes.count(text) == 1 and text != "",
        SHREDDED: lambda text: (text or "0").isdecimal(),
        SEALED: lambda text: (text or "0").isdecimal(),
        UNTIL: lambda text: not text or _day(text) is not None,
    }
    for column, is_readable in readable.items():
        wrong = [number for number, row in rows.items() if not is_readable(row[column])]
        if wrong:
            raise Refusal("disposal.sheet_cells", file=path.name, column=column, rows=wrong[:_TOLD], count=len(wrong))


def _day(text: str) -> date | None:
    """A day as ISO 8601 or a spreadsheet spells it, or None."""
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


@transaction.atomic
def end_boxes(
    *,
    case: str,
    counts: Sequence[BoxCount],
    signers: Mapping[str, Signer],
    by: str,
    at: datetime,
    method: str = "shred",
) -> dict[str, str]:
    """Two people state what became of each of these boxes, all of them or none. Gives each statement's digest; of a
    box that ended with the very same counts, the one that was signed then.

    Raises:
        Refusal("disposal.no_such_place"), ("disposal.place_ended"): with other counts; ("disposal.two_people"),
        ("disposal.not_the_signers_key"), ("disposal.box_counts", places=…): fewer sheets than the frozen plan counts,
        or a box twice; ("disposal.custodian_missing", places=…): originals without custodian and last day;
        ("disposal.not_destroyed").
    """
    check_staff(by)
    check_two(dict(signers))
    papers, signed = queries.newest_destruction(case).papers, _signed_already(case, counts, method)
    fresh = [each for each in counts if each not in signed]
    boxes = _open_boxes(fresh)
    _check_counts(fresh, papers, method, at)
    return {
        each.box: signed.get(each)
        or _end_box(boxes[each.box], each, case=case, signers=signers, by=by, at=at, method=method)
        for each in counts
    }


def _signed_already(case: str, counts: Sequence[BoxCount], method: str) -> dict[BoxCount, str]:
    """Those of these counts that two people signed before, with the digest of their statement."""
    ended = PlaceEnd.objects.filter(place__in=[each.box for each in counts], kind="box", state=PlaceEnd.ENDED)
    envelopes = {row.place: bytes(row.envelope) for row in ended}
    found = {}
    for each in counts:
        envelope = envelopes.get(each.box, b"")
        told = dsse.peek(envelope, where="place")["predicate"] if envelope else {}
        if _told(case, each, method).items() <= told.items():
            found[each] = digest(envelope)
    return found


def _told(case: str, counted: BoxCount, method: str) -> dict[str, Any]:
    """What a statement says of one box, but for who signed it and when."""
    return {
        "case": case,
        "place": counted.box,
        "method": method,
        "shredded_sheets": counted.shredded,
        "sealed_sheets": counted.sealed,
        "custodian": counted.custodian,
        "until": counted.until.isoformat() if counted.until else "",
    }


def _expected(papers: Mapping[str, Mapping[str, int]], box: str) -> dict[str, int]:
    counted = papers.get(box, {})
    return {name: counted.get(name, 0) for name in ("shred", "seal")}


def _unmatched(papers: Mapping[str, Mapping[str, int]], box: str) -> int:
    return papers.get(box, {}).get("unmatched", 0)


def _open_boxes(counts: Sequence[BoxCount]) -> dict[str, PlaceView]:
    boxes = {place.key: place for place in queries.places() if place.kind == "box"}
    for each in counts:
        if each.box not in boxes:
            raise Refusal("disposal.no_such_place", place=each.box)
        if boxes[each.box].state == PlaceEnd.ENDED:
            raise Refusal("disposal.place_ended", place=each.box)
    return boxes


def _check_counts(
    counts: Sequence[BoxCount], papers: Mapping[str, Mapping[str, int]], method: str, at: datetime
) -> None:
    named = [each.box for each in counts]
    wrong = [
        each.box
        for each in counts
        if method not in METHODS
        or named.count(each.box) > 1
        or each.shredded < _expected(papers, each.box)["shred"]
        or each.sealed < _expected(papers, each.box)["seal"]
    ]
    if wrong:
        raise Refusal("disposal.box_counts", places=wrong, expected={box: _expected(papers, box) for box in wrong})
    alone = [
        each.box
        for each in counts
        if each.sealed and (not each.custodian.strip() or each.until is None or each.until <= at.date())
    ]
    if alone:
        raise Refusal("disposal.custodian_missing", places=alone)


def _end_box(
    place: PlaceView,
    counted: BoxCount,
    *,
    case: str,
    signers: Mapping[str, Signer],
    by: str,
    at: datetime,
    method: str,
) -> str:
    told = {
        **_told(case, counted, method),
        "signed_by": list(signers),
        "at": to_text(at),
        "simulated": ledger_queries.is_simulated(),
    }
    content = dsse.statement(subject={"place": digest(encode(told))}, predicate_type="place-end/v1", predicate=told)
    envelope = dsse.sign(content, list(signers.values()))
    sealed = {"sheets": counted.sealed, "custodian": counted.custodian, "until": told["until"]}
    _write_end(
        place,
        case=case,
        by=by,
        at=at,
        method=method,
        tool="shredder" if method == "shred" else "by hand",
        signed_by=list(signers),
        envelope=envelope,
        proof=digest(envelope),
        started_at=at,
        ended_at=at,
        sealed_whole=sealed if counted.sealed else None,
    )
    facts = {name: told[name] for name in ("place", "method", "shredded_sheets", "sealed_sheets", "signed_by")}
    ledger.append(
        kind="disposal.place_ended", scope=f"case:{case}", at=at, by=by, facts={**facts, "signed": digest(envelope)}
    )
    return digest(envelope)


@transaction.atomic
def end_goods(*, case: str, by: str, at: datetime) -> list[str]:
    """Things that two people emptied, wiped and checked have met their end; the keys of those that now have.

    Raises:
        Refusal("parties.no_staff"), Refusal("access.staff_revoked").
    """
    check_staff(by)
    ended = []
    known = {place.key: place for place in queries.places() if place.kind == "good"}
    for good in inventory.goods():
        place = known.get(f"good:{good.id}")
        if place is None or place.state in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED) or not _is_cleared(good.marks):
            continue
        checked = good.marks["checked"]
        proof = digest(encode(good.marks))
        _write_end(
            place,
            case=case,
            by=by,
            at=at,
            method=WIPE_METHODS.get(good.marks["wiped"]["method"], "clear"),
            tool=good.marks["wiped"]["method"],
            signed_by=sorted({checked["by"], checked["second"]}),
            proof=proof,
            started_at=datetime.fromisoformat(good.marks["taken_out"]["at"]),
            ended_at=datetime.fromisoformat(checked["at"]),
        )
        facts = {"place": place.key, "method": good.marks["wiped"]["method"], "proof": proof}
        ledger.append(kind="disposal.place_ended", scope=f"case:{case}", at=at, by=by, facts=facts)
        ended.append(place.key)
    return ended


def _is_cleared(marks: Mapping[str, Mapping[str, str]]) -> bool:
    return {"taken_out", "wiped", "checked"} <= set(marks) and marks["checked"]["by"] != marks["checked"]["second"]


def _write_end(place: PlaceView, *, case: str, by: str, at: datetime, **columns: Any) -> None:
    PlaceEnd.objects.update_or_create(
        place=place.key,
        defaults={
            "case": case,
            "kind": place.kind,
            "title": place.title,
            "state": PlaceEnd.ENDED,
            "exclusion": None,
            "by": by,
            "at": at,
            **columns,
        },
    )
