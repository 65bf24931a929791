"""One customer is found by an exact key and shown to whom the table lets see; every look leaves an entry."""

import pytest

from shouxin.duties.inventory import queries, revealing, services
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger
from tests.cast import CUSTOMERS
from tests.duties.inventory.shop import AT, DAY, cast_rows, identity

ONE = CUSTOMERS[0]


@pytest.fixture
def held(shop):
    row = {**cast_rows()[0], "身份证号": identity(1), "健康状况": "对花粉过敏", "偏好": "怕吵"}
    shop.collected(shop.customers([row, *cast_rows()[1:]]))
    return shop


def card(by, *, masked=True, reason="客户来电"):
    return revealing.card(customer=1, by=by, reason=reason, at=AT, masked=masked)


def looks():
    return len(ledger.entries(kinds=("vault.opened",))), len(ledger.entries(kinds=("parties.granted",)))


@pytest.mark.parametrize(
    "text",
    [
        "c1@post.example",
        identity(1),
        "KH001",
        f"{ONE.name} {ONE.mobile}",
        f"+86 {ONE.mobile}".replace(" ", "") + f" {ONE.name}",
    ],
    ids=["e-mail", "identity number", "customer number", "name and telephone", "telephone and name"],
)
def test_an_exact_key_finds_the_person(held, text):
    assert revealing.find(text=text, by=held.clerk, reason="客户来电", at=AT) == [queries.handle(1)]


@pytest.mark.parametrize("text", ["15400000001", "叶青岚", "KH00", "c1@post", ""])
def test_what_is_no_key_finds_nobody(held, text):
    assert revealing.find(text=text, by=held.clerk, reason="客户来电", at=AT) == []


def test_the_officer_sees_all_masked_and_with_a_reason_as_it_is(held):
    before = looks()
    masked = {row["field"]: row["text"] for row in card(held.officer)["values"]}
    assert masked["phone"] == "154****0001"
    assert masked["name"] == "叶**"
    plain = {row["field"]: row["text"] for row in card(held.officer, masked=False)["values"]}
    assert (plain["phone"], plain["health"]) == (ONE.mobile, "对花粉过敏")
    assert [after - was for after, was in zip(looks(), before, strict=True)] == [2, 2]


def test_the_clerk_sees_who_the_person_is_and_nothing_sensitive(held):
    assert {row["category"] for row in card(held.clerk)["values"]} == {"basic"}


@pytest.mark.parametrize("who", ["outsider", "second"])
def test_whoever_has_no_part_in_it_is_refused_and_sees_nothing(held, who):
    before = looks()
    with pytest.raises(Refusal, match=r"access\.|parties\.no_staff"):
        card(getattr(held, who))
    with pytest.raises(Refusal, match=r"access\."):
        revealing.find(text="KH001", by=getattr(held, who), reason="好奇", at=AT)
    assert looks() == before


@pytest.mark.parametrize("reason", ["", "   ", "看看"])
def test_values_are_not_shown_without_a_reason(held, reason):
    with pytest.raises(Refusal, match=r"inventory\.reason"):
        card(held.officer, masked=False, reason=reason)


def test_a_person_who_is_not_there_is_not_shown(held):
    with pytest.raises(Refusal, match=r"inventory\.no_such_customer"):
        revealing.card(customer=99, by=held.officer, reason="客户来电", at=AT, masked=True)


def test_a_person_is_found_however_many_words_name_and_telephone_have_and_by_the_number_of_its_own_system(shop):
    row = {**cast_rows()[0], "客户编号": "ROOK", "姓名": "Anna Maria Rook", "手机号码": "+44 20 7946 0001"}
    source = shop.register(shop.customers([row]), system="wholesale")
    services.scan_source(source=source, as_of=DAY, by=shop.clerk, at=AT)
    services.confirm_columns(source=source, table="名单", by=shop.clerk, at=AT)
    services.collect(source=source, by=shop.clerk, at=AT)
    for text in ("Anna Maria Rook +44 20 7946 0001", "+44 20 7946 0001 Anna Maria Rook", "ROOK"):
        assert revealing.find(text=text, by=shop.clerk, reason="客户来电", at=AT) == [queries.handle(1)]
    for text in ("Anna Rook +44 20 7946 0001", "Anna Maria Rook +44 20 7946 0002", "ROO"):
        assert revealing.find(text=text, by=shop.clerk, reason="客户来电", at=AT) == []
