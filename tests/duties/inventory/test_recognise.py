"""The same person in two rows is one customer, on exact keys only; a dealing follows its customer number."""

import pytest

from shouxin.duties.inventory import queries
from shouxin.ground.kernel.refusals import Refusal
from tests.cast import CUSTOMERS
from tests.duties.inventory.shop import identity, sealed

ONE, TWO = CUSTOMERS[0], CUSTOMERS[1]
HOME = "测试市样例区丙三路3号2栋101室"
SAME = {
    "identity number": ({"姓名": "甲一", "身份证号": identity(1)}, {"姓名": "乙二", "身份证号": identity(1)}),
    "e-mail, however written": ({"电子邮箱": "A@Post.Example"}, {"姓名": "乙二", "电子邮箱": " a@post.example"}),
    "telephone and name": (
        {"姓名": ONE.name, "手机号码": ONE.mobile},
        {"姓名": ONE.name, "手机号码": f"+86 {ONE.mobile}"},
    ),
    "name and address": ({"姓名": ONE.name, "家庭住址": HOME}, {"姓名": ONE.name, "家庭住址": f"样例区{HOME[6:]}"}),
    "customer number": ({"客户编号": "KH1", "姓名": "甲一"}, {"客户编号": "KH1", "姓名": "改名"}),
}
OTHERS = {
    "a household's telephone": (
        {"姓名": ONE.name, "手机号码": ONE.mobile, "客户编号": "1"},
        {"姓名": TWO.name, "手机号码": ONE.mobile, "客户编号": "2"},
    ),
    "a shared address": (
        {"姓名": ONE.name, "家庭住址": HOME, "客户编号": "1"},
        {"姓名": TWO.name, "家庭住址": HOME, "客户编号": "2"},
    ),
    "a name alone": ({"姓名": ONE.name, "客户编号": "1"}, {"姓名": ONE.name, "客户编号": "2"}),
    "an identity number whose check is wrong": (
        {"姓名": "甲一", "身份证号": ONE.identity, "客户编号": "1"},
        {"姓名": "乙二", "身份证号": ONE.identity, "客户编号": "2"},
    ),
}


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "in two sources"])
@pytest.mark.parametrize("why", SAME)
def test_one_person_is_recognised_by(shop, why, together):
    first, second = SAME[why]
    if together:
        shop.collected(shop.customers([first, second]))
    else:
        shop.collected(shop.customers([first]))
        shop.collected(shop.customers([second], name="另一份.csv"))
    assert queries.counts()["customers"] == 1
    assert len(sealed()[1, "basic"]) == 2


@pytest.mark.parametrize("why", OTHERS)
def test_two_people_are_not_joined_by(shop, why):
    result = shop.collected(shop.customers(OTHERS[why]))
    assert (result.customers_new, result.conflicts) == (2, 0)


def test_the_number_of_another_system_is_another_number(shop):
    shop.collected(shop.customers([{"客户编号": "1", "姓名": ONE.name}]))
    result = shop.collected(shop.customers([{"客户编号": "1", "姓名": TWO.name}], name="加盟店.csv"), system="branch")
    assert result.customers_new == 1


def test_an_order_belongs_to_the_number_it_bears_whoever_answers_the_telephone(shop):
    shop.collected(
        shop.customers(
            [
                {"客户编号": "KH1", "姓名": ONE.name, "手机号码": ONE.mobile},
                {"客户编号": "KH2", "姓名": TWO.name, "手机号码": TWO.mobile},
            ]
        )
    )
    order = {"订单号": "13240000001", "客户编号": "KH1", "联系人": TWO.name, "联系电话": TWO.mobile, "服务项目": "保洁"}
    result = shop.collected(shop.orders([order]))
    assert (result.customers_new, result.rows_merged, result.conflicts) == (0, 0, 0)
    cells = sealed()
    assert cells[1, "purchase"][0]["f"]["item"] == "保洁"
    assert (2, "purchase") not in cells
    # The contact's name and telephone stay the second customer's own keys.
    again = shop.collected(shop.customers([{"姓名": TWO.name, "手机号码": TWO.mobile, "偏好": "怕吵"}], name="三.csv"))
    assert again.rows_merged == 1
    assert (2, "need") in sealed()


def test_an_order_without_a_known_number_goes_by_its_other_keys(shop):
    shop.collected(shop.customers([{"客户编号": "KH1", "姓名": ONE.name, "手机号码": ONE.mobile}]))
    orders = [
        {"订单号": "1", "联系人": ONE.name, "联系电话": ONE.mobile},
        {"订单号": "2", "客户编号": "KH7", "联系人": TWO.name, "联系电话": TWO.mobile},
        {"订单号": "3", "客户编号": "KH7", "联系人": "别人", "联系电话": ""},
        {"订单号": "4"},
    ]
    result = shop.collected(shop.orders(orders))
    assert (result.customers_new, result.rows_rejected, queries.counts()["customers"]) == (1, 1, 2)
    assert [row["f"]["order_no"] for row in sealed()[2, "purchase"]] == ["2", "3"]


def test_keys_that_name_two_people_are_noted_and_the_stronger_one_decides(shop):
    shop.collected(
        shop.customers(
            [
                {"客户编号": "KH1", "姓名": ONE.name, "电子邮箱": "a@post.example"},
                {"客户编号": "KH2", "姓名": TWO.name, "手机号码": TWO.mobile},
            ]
        )
    )
    both = {"姓名": TWO.name, "手机号码": TWO.mobile, "电子邮箱": "a@post.example"}
    result = shop.collected(shop.customers([both], name="又一份.csv"))
    assert (result.conflicts, result.customers_new) == (1, 0)
    assert queries.conflicts(result.source) == [{"table": "又一份", "row": 2, "kept": 1, "other": 2}]


def test_a_handle_is_given_once_and_kept(shop):
    shop.collected(shop.customers([{"客户编号": "KH1", "姓名": ONE.name}]))
    before = queries.handle(1)
    shop.collected(shop.customers([{"客户编号": "KH1", "姓名": ONE.name}], name="again.csv"))
    assert queries.handle(1) == before
    assert queries.customer(before) == 1
    with pytest.raises(Refusal, match=r"inventory\.no_such_customer"):
        queries.handle(2)
