"""Paper boxes, and whose papers lie in them."""

import pytest

from shouxin.duties.inventory import queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT

BOXES = ("箱号", "位置", "保管人", "内容", "份数", "年份")
CONTRACTS = ("合同编号", "客户编号", "箱号")
ROWS = [
    {"箱号": "BX-1", "位置": "库房甲", "保管人": "店长", "内容": "合同", "份数": "3", "年份": "2024"},
    {"箱号": "BX-2", "位置": "库房乙", "保管人": "店长", "内容": "收据"},
]
INDEX = [
    {"合同编号": "HT1", "客户编号": "KH001", "箱号": "BX-1"},
    {"合同编号": "HT2", "客户编号": "KH002", "箱号": "BX-1"},
    {"合同编号": "HT3", "客户编号": "KH999", "箱号": "BX-1"},
]


def register(shop, boxes=ROWS, index=INDEX):
    return services.register_boxes(
        boxes=shop.table("纸箱.csv", BOXES, boxes),
        contracts=shop.table("合同.csv", CONTRACTS, index) if index else None,
        system="shop",
        by=shop.clerk,
        at=AT,
    )


def test_papers_are_found_by_customer_number_and_those_of_nobody_are_counted(shop):
    shop.collected(shop.customers())
    assert register(shop) == {"boxes": 2, "papers": 3, "unknown": 1}
    (box,) = queries.box_papers()
    assert queries.box_papers()[box] == [(1, 1), (2, 1)]
    assert queries.unmatched_papers() == 1
    assert [place.kind for place in queries.places()] == ["file", "box", "box"]
    (entry,) = ledger.entries(kinds=("inventory.boxes_registered",))
    assert (entry.facts["boxes"], entry.facts["unknown"]) == (2, 1)


def test_the_register_again_is_taken_as_it_now_is(shop):
    shop.collected(shop.customers())
    register(shop)
    first = [place.key for place in queries.places() if place.kind == "box"]
    moved = [ROWS[0], {**ROWS[1], "位置": "库房丙"}, {**ROWS[1], "箱号": "BX-3"}]
    assert register(shop, boxes=moved, index=INDEX[:1]) == {"boxes": 3, "papers": 1, "unknown": 0}
    assert queries.unmatched_papers() == 0
    boxes = [place for place in queries.places() if place.kind == "box"]
    assert [place.key for place in boxes][:2] == first
    assert [place.locator for place in boxes] == ["库房甲", "库房丙", "库房乙"]


@pytest.mark.parametrize(
    ("boxes", "index", "column", "rows"),
    [
        ([{**ROWS[0], "份数": "三份"}], [], "份数", [2]),
        ([ROWS[0], {**ROWS[1], "年份": "去年"}], [], "年份", [3]),
        ([{**ROWS[0], "箱号": ""}], [], "箱号", [2]),
        (ROWS, [INDEX[0], {**INDEX[1], "箱号": "BX-7"}], "箱号", [3]),
    ],
)
def test_a_cell_that_cannot_be_read_is_named_and_nothing_is_kept(shop, boxes, index, column, rows):
    with pytest.raises(Refusal, match=r"inventory\.cells") as told:
        register(shop, boxes, index)
    assert (told.value.facts["column"], told.value.facts["rows"]) == (column, rows)
    assert queries.places() == []


def test_a_missing_column_is_named(shop):
    path = shop.table("纸箱.csv", ("箱号", "位置"), [{"箱号": "BX-1"}])
    with pytest.raises(Refusal, match=r"inventory\.columns") as told:
        services.register_boxes(boxes=path, contracts=None, system="shop", by=shop.clerk, at=AT)
    assert told.value.facts["missing"] == ["保管人", "内容"]
