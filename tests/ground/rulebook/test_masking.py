"""Masked values: the owner knows them, nobody else does. All people are invented."""

import pytest

from shouxin.ground.rulebook.masking import mask, mask_any
from shouxin.ground.rulebook.terms import fields


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phone", "13900000000", "139****0000"),
        ("phone", "021-62340000", "****000"),
        ("name", "张三", "张*"),
        ("name", "欧阳娜娜", "欧***"),
        ("name", "Ida Brook", "I*** B***"),
        ("email", "wang@x.cn", "w***@x.cn"),
        ("address", "上海市浦东新区栖鹭路12弄3栋402室", "上海市浦东新区***"),
        ("address", "江苏省苏州市姑苏区栖鹭路1号", "江苏省苏州市姑苏区***"),
        ("address", "上海市阳光小区3栋", "上海市***"),
        ("address", "12, rue des Bouchers", "***"),
        ("id_no", "99010119900307123X", "990*************3X"),
        ("bank_card", "6299100000000000018", "**** 0018"),
        ("birth_date", "1990-03-07", "1990-**-**"),
        ("health", "花粉过敏", "****"),
        ("wechat", "wxid_abc", "w***"),
        ("gender", "女", "女"),
        ("name", " ", ""),
    ],
)
def test_each_field_shows_only_what_its_owner_needs(field, value, shown):
    assert mask(field, value) == shown


@pytest.mark.parametrize("field", [f for f, known in fields().items() if known.level != "public"])
def test_no_field_above_public_shows_a_value_whole(field):
    if field in ("payment_method", "frequency", "life_status"):  # a few words everyone uses; they name nobody
        return
    value = "栖鹭路12弄a1b2c3d4"
    assert value not in mask(field, value)


def test_a_sample_of_unknown_kind_keeps_its_shape_only():
    assert mask_any("7590-VHVEG") == "9999-xxxxx"
    assert mask_any("栖鹭路12弄") == "xxx99x"
