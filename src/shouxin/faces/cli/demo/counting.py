"""The demo's two people at the paper boxes: they take the counting sheet, find what it expects, and fill it in."""

import csv
from datetime import date
from pathlib import Path

KEPT_UNTIL = date(2037, 12, 31)


def fill_in(path: Path, *, custodian: str) -> None:
    """Every box counted; originals go to the custodian."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        boxes = list(csv.DictReader(file))
    for box in boxes:
        box["已粉碎"], box["已封存"] = box["应粉碎"], box["应封存"]
        if int(box["已封存"]):
            box["保管人"], box["保管至"] = custodian, KEPT_UNTIL.isoformat()
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        sheet = csv.DictWriter(file, fieldnames=list(boxes[0]))
        sheet.writeheader()
        sheet.writerows(boxes)
