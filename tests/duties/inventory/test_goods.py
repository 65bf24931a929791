"""The list of goods sold: each marked with or without customers' information; each step by two people, in order."""

import pytest

from shouxin.duties.inventory import evidence, queries, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.duties.inventory.shop import AT

GOODS = ("编号", "物品", "品牌型号", "序列号", "有无客户信息")
ROWS = [
    {"编号": "G1", "物品": "手机", "序列号": "SN1", "有无客户信息": "有"},
    {"编号": "G2", "物品": "货架", "有无客户信息": "无"},
    {"编号": "G3", "物品": "电脑"},
]


def register(shop, rows=ROWS):
    return services.register_goods(path=shop.table("出售物品清单.csv", GOODS, rows), by=shop.clerk, at=AT)


def mark(shop, number, step, **changed):
    plain = {"method": "恢复出厂并覆写", "by": shop.clerk, "second": shop.second, "at": AT}
    return services.mark_good(number=number, step=step, **{**plain, **changed})


def test_each_thing_is_a_place_marked_or_open(shop):
    assert register(shop) == 3
    assert [(place.title, place.holds_information) for place in queries.places()] == [
        ("G1 手机", True),
        ("G2 货架", False),
        ("G3 电脑", None),
    ]
    share = evidence.goods_marked_share("case", AT)
    assert (share.holds, [missing.facts for missing in share.missing]) == (False, [{"good": "G3"}])


def test_steps_are_done_in_order_by_two_people_who_work_here(shop):
    register(shop)
    assert not evidence.goods_cleared_share("case", AT).holds
    steps = ("taken_out", "wiped", "checked", "handed_over")
    assert [mark(shop, "G1", step) for step in steps] == ["wiped", "checked", "handed_over", None]
    assert evidence.goods_cleared_share("case", AT).holds
    entries = ledger.entries(kinds=("inventory.good_marked",))
    assert [entry.facts["step"] for entry in entries] == list(steps)
    assert {(entry.by, entry.facts["second"]) for entry in entries} == {(shop.clerk, shop.second)}


@pytest.mark.parametrize(
    ("number", "step", "changed", "code"),
    [
        ("G9", "wiped", {}, "inventory.no_such_good"),
        ("G1", "wiped", {}, "inventory.step"),
        ("G1", "polished", {}, "inventory.step"),
        ("G2", "taken_out", {}, "inventory.step"),
        ("G3", "taken_out", {}, "inventory.step"),
        ("G1", "taken_out", {"method": " "}, "inventory.missing"),
        ("G1", "taken_out", {"second": ""}, "inventory.two_people"),
        ("G1", "taken_out", {"second": "clerk"}, "inventory.two_people"),
        ("G1", "taken_out", {"second": "outsider"}, "inventory.two_people"),
        ("G1", "taken_out", {"by": "outsider"}, "inventory.two_people"),
    ],
)
def test_it_refuses(shop, number, step, changed, code):
    register(shop)
    changed = {name: getattr(shop, text, text) for name, text in changed.items()}
    with pytest.raises(Refusal, match=code):
        mark(shop, number, step, **changed)
    assert queries.goods()[0].marks == {}


def test_a_thing_without_information_is_only_handed_over(shop):
    register(shop)
    assert mark(shop, "G2", "handed_over") is None


def test_the_list_again_keeps_what_was_done_and_does_not_undo_a_mark(shop):
    register(shop)
    mark(shop, "G1", "taken_out")
    assert register(shop, [*ROWS[:2], {**ROWS[2], "有无客户信息": "无"}]) == 3
    assert evidence.goods_marked_share("case", AT).holds
    assert set(queries.goods()[0].marks) == {"taken_out"}
    with pytest.raises(Refusal, match=r"inventory\.good_has_marks"):
        register(shop, [{**ROWS[0], "有无客户信息": "无"}])
    assert queries.goods()[0].holds_information is True


@pytest.mark.parametrize(
    ("headers", "row", "code", "facts"),
    [
        (("编号", "物品"), {"编号": "G1", "物品": "手机"}, "inventory.columns", {"missing": ["有无客户信息"]}),
        (
            GOODS,
            {"编号": "G1", "物品": "手机", "有无客户信息": "大概"},
            "inventory.cells",
            {"rows": [2], "column": "有无客户信息"},
        ),
        (GOODS, {"物品": "手机"}, "inventory.cells", {"rows": [2], "column": "编号"}),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_by_file_row_and_column(shop, headers, row, code, facts):
    path = shop.table("出售物品清单.csv", headers, [row])
    with pytest.raises(Refusal, match=code) as told:
        services.register_goods(path=path, by=shop.clerk, at=AT)
    assert told.value.facts["file"] == "出售物品清单.csv"
    assert {name: told.value.facts[name] for name in facts} == facts
    assert queries.places() == []
