"""The shop keeps everything in one workbook, has no e-mail, and six customers without telephone."""

from shouxin.ground.samples import columns, write_shop

from .conftest import AS_OF, Written


def test_the_folder_holds_one_workbook_and_the_goods(shop: Written):
    assert sorted(path.name for path in shop.folder.iterdir()) == sorted((columns.SHOP_FILE, columns.GOODS_FILE))
    rows = shop.workbook(columns.SHOP_FILE)
    assert tuple(rows[0]) == tuple(columns.SHOP_COLUMNS)
    assert len(rows) == shop.truth.row_counts[columns.SHOP_FILE]
    assert len(shop.truth.customers()) == 80


def test_nobody_has_email_and_six_have_no_telephone_but_an_address(shop: Written):
    assert not any(row["电子邮箱"] for row in shop.workbook(columns.SHOP_FILE))
    without = [person for person in shop.truth.customers() if "phone" not in person.channels]
    assert len(without) == 6
    assert all(person.channels == ("address",) for person in without)


def test_the_last_order_and_the_balance_stand_in_the_row(shop: Written):
    rows = {row["客户编号"]: row for row in shop.workbook(columns.SHOP_FILE)}
    for person in shop.truth.customers():
        row = rows[person.customer_numbers[0]]
        assert bool(row["下单日期"]) is (person.orders == 1)
        assert (float(row["预付余额"] or 0) * 100 == person.prepaid_fen) or not person.orders
    assert any(person.prepaid_fen for person in shop.truth.customers())
    assert any(person.keys_held for person in shop.truth.customers())
    assert any(not person.orders for person in shop.truth.customers())


def test_the_same_seed_writes_the_same_workbook(shop: Written, tmp_path):
    again = write_shop(tmp_path, customers=80, seed=11, as_of=AS_OF)
    assert (tmp_path / columns.SHOP_FILE).read_bytes() == (shop.folder / columns.SHOP_FILE).read_bytes()
    assert again._plain() == shop.truth._plain()
