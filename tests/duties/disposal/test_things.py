"""Paper boxes and things sold: counted and signed by two people, on a sheet of all boxes or one by one."""

import csv
from datetime import date

import pytest

from shouxin.duties.disposal import balancing, queries, services, things
from shouxin.duties.disposal.models import PlaceEnd
from shouxin.duties.disposal.services import BoxCount
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.inventory import services as inventory_services
from shouxin.duties.inventory.models import Box, BoxPaper, Good, Source
from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import permit as permits
from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.ledger import queries as ledger_queries
from tests.duties.disposal.scene import AT, CASE, EXTRACT, GONE, certify, destroy

KEPT = {"custodian": "档案室", "until": date(2036, 12, 31)}


@pytest.fixture
def boxes(scene):
    """Three boxes after the destruction: of who is gone and of whose purchase is kept; of who is gone; of nobody."""
    source = Source.objects.create(kind="boxes", title="boxes", locator="boxes.csv", custodian="店长", registered_at=AT)
    found = [
        Box.objects.create(source=source, number=number, place="库房", custodian="店长", contents="合同", sheets=5)
        for number in ("X1", "X2", "X3")
    ]
    BoxPaper.objects.create(box=found[0], customer=scene.customers[GONE], sheets=3)
    BoxPaper.objects.create(box=found[0], customer=scene.customers[EXTRACT], sheets=2)
    BoxPaper.objects.create(box=found[1], customer=scene.customers[GONE], sheets=4)
    BoxPaper.objects.create(box=found[2], customer=None, sheets=2)
    destroy(scene)
    return [f"box:{each.id}" for each in found]


def end(scene, counts, **changed):
    """Two people state what became of boxes."""
    plain = {"case": CASE, "signers": scene.signers, "by": scene.clerk, "at": AT}
    return services.end_boxes(**{**plain, "counts": counts, **changed})


def read(view, scene):
    """The certificate inside, checked against the company's key and the permit."""
    company = {scene.company.key_id: scene.company.public}
    return certificates.check(view.envelope, company_keys=company, permit=permits.check(scene.envelope))


def refused(act, *args, **kwargs):
    """The refusal of an act."""
    with pytest.raises(Refusal) as found:
        act(*args, **kwargs)
    return found.value


def test_a_box_ends_by_two_signatures_and_originals_are_sealed_whole(scene, boxes):
    one = {scene.officer: scene.signers[scene.officer]}
    good = BoxCount(boxes[0], shredded=3, sealed=2, **KEPT)
    for counts, changed, code in (
        ([good], {"signers": one}, "disposal.two_people"),
        ([BoxCount(boxes[0], shredded=5)], {}, "disposal.box_counts"),
        ([BoxCount(boxes[0], shredded=3, sealed=2, until=KEPT["until"])], {}, "disposal.custodian_missing"),
        ([BoxCount(boxes[0], shredded=3, sealed=2, custodian="档案室")], {}, "disposal.custodian_missing"),
        (
            [BoxCount(boxes[0], shredded=3, sealed=2, custodian="档案室", until=AT.date())],
            {},
            "disposal.custodian_missing",
        ),
        ([BoxCount("box:99", shredded=3)], {}, "disposal.no_such_place"),
    ):
        assert refused(end, scene, counts, **changed).code == code
    statement = end(scene, [good])[boxes[0]]
    content = read(certify(scene), scene)
    ended = {place.id: place.proof for place in content.places if not place.is_open}
    assert ended == {boxes[0]: statement}
    assert statement in content.evidence
    assert ("originals_sealed", "2036-12-31") in [(each.code, each.until) for each in content.exclusions]
    assert refused(end, scene, [BoxCount(boxes[0], 4, 2, **KEPT)]).code == "disposal.place_ended"


def test_the_balance_says_whose_the_papers_are_after_the_destruction_too(scene, boxes):
    told = [(each.of_customers, each.of_destroyed, each.unmatched) for each in inventory.papers_balance()]
    assert told == [(2, 3, 0), (0, 4, 0), (0, 0, 2)]
    views = services.open_boxes(CASE)
    assert [(each.shred, each.seal, each.unmatched) for each in views] == [(3, 2, 0), (4, 0, 0), (0, 0, 2)]
    # Whoever counts for a later decision still counts the sheets of those who are gone: they lie in the box.
    later = balancing.papers(scene.decided)
    assert later[boxes[0]] == {"shred": 3, "seal": 2, "unmatched": 0}
    assert later[boxes[2]] == {"shred": 0, "seal": 0, "unmatched": 2}


def test_boxes_end_all_of_them_or_none_each_with_its_own_statement_and_entry(scene, boxes):
    height = ledger_queries.height()
    good = [BoxCount(boxes[0], 3, 2, **KEPT), BoxCount(boxes[1], 4), BoxCount(boxes[2], 0)]
    short = [good[0], BoxCount(boxes[1], 3), BoxCount(boxes[2], 0)]
    told = refused(end, scene, short)
    assert (told.code, told.facts["places"]) == ("disposal.box_counts", [boxes[1]])
    assert told.facts["expected"] == {boxes[1]: {"shred": 4, "seal": 0}}
    assert refused(end, scene, [*good, BoxCount(boxes[1], 4)]).facts["places"] == [boxes[1], boxes[1]]
    assert (PlaceEnd.objects.count(), ledger_queries.height()) == (0, height)
    statements = end(scene, good)
    entries = [each for each in ledger_queries.entries(since=height) if each.kind == "disposal.place_ended"]
    assert {each.facts["place"]: each.facts["signed"] for each in entries} == statements
    assert len(set(statements.values())) == 3
    assert queries.open_places() == []


def test_the_same_sheet_again_signs_only_what_is_new(scene, boxes):
    first = end(scene, [BoxCount(boxes[0], 3, 2, **KEPT)], at=AT)
    height = ledger_queries.height()
    later = date(2037, 1, 1)
    again = [BoxCount(boxes[0], 3, 2, **KEPT), BoxCount(boxes[1], 4)]
    told = end(scene, again, at=AT.replace(year=later.year))  # past the originals' last day, which was fine when signed
    assert told[boxes[0]] == first[boxes[0]] != told[boxes[1]]
    assert end(scene, again, at=AT.replace(year=later.year)) == told
    ended = [each for each in ledger_queries.entries(since=height) if each.kind == "disposal.place_ended"]
    assert [each.facts["place"] for each in ended] == [boxes[1]]
    assert refused(end, scene, [BoxCount(boxes[0], 3, 2, "别处", KEPT["until"])]).code == "disposal.place_ended"


def test_the_counting_sheet_comes_back_with_what_was_counted_so_far(scene, boxes, tmp_path):
    sheet = tmp_path / "清点表.csv"
    listed = services.open_boxes(CASE)
    assert [(each.box, each.shred, each.seal) for each in listed] == [
        (boxes[0], 3, 2),
        (boxes[1], 4, 0),
        (boxes[2], 0, 0),
    ]
    services.write_sheet(sheet, listed)
    assert refused(services.read_sheet, sheet).code == "disposal.sheet_empty"
    fill_in(sheet, {boxes[0]: {"已粉碎": "3", "已封存": "2", "保管人": "档案室", "保管至": "2036-12-31"}})
    counts = services.read_sheet(sheet)
    assert counts == [BoxCount(boxes[0], 3, 2, **KEPT)]
    end(scene, counts)
    assert [each.box for each in services.open_boxes(CASE)] == boxes[1:]
    services.write_sheet(sheet, services.open_boxes(CASE))
    fill_in(sheet, {boxes[1]: {"已粉碎": "4"}, boxes[2]: {"已粉碎": "0"}})
    end(scene, services.read_sheet(sheet))
    assert read(certify(scene), scene).headline == "complete"


@pytest.mark.parametrize(
    ("column", "text"), [("已粉碎", "三"), ("已粉碎", "-1"), ("已封存", "2.5"), ("保管至", "明年"), ("存放地", "box:7")]
)
def test_a_sheet_that_cannot_be_understood_is_refused_by_column_and_row(boxes, tmp_path, column, text):
    sheet = tmp_path / "清点表.csv"
    services.write_sheet(sheet, [things.BoxView("box:7", "X7", 1, 0), things.BoxView("box:8", "X8", 1, 0)])
    good = {"已粉碎": "1", "已封存": "", "保管人": "", "保管至": ""}
    fill_in(sheet, {"box:7": good, "box:8": {**good, column: text}})
    told = refused(services.read_sheet, sheet)
    assert (told.code, told.facts["column"]) == ("disposal.sheet_cells", column)
    assert told.facts["rows"] == ([2, 3] if column == "存放地" else [3])
    assert text not in str(told.facts) or column == "存放地"
    sheet.write_text("存放地,已粉碎\nbox:7,1\n", "utf-8")
    assert refused(services.read_sheet, sheet).facts["missing"] == ["已封存", "保管人", "保管至"]


def fill_in(path, cells):
    """The sheet, with some cells of some boxes written over."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="gb18030", newline="") as file:  # as a Chinese spreadsheet saves it
        sheet = csv.DictWriter(file, fieldnames=list(rows[0]))
        sheet.writeheader()
        sheet.writerows({**row, **cells.get(row["存放地"], {})} for row in rows)


def test_things_end_when_two_people_emptied_wiped_and_checked_them(scene):
    source = Source.objects.create(kind="goods", title="goods", locator="goods.csv", custodian="店长", registered_at=AT)
    for number, item, holds in (("G1", "手机 13800000000", True), ("G2", "货架", False), ("G3", "电脑", None)):
        Good.objects.create(source=source, number=number, item=item, holds_information=holds)
    for step, method in (("taken_out", "export"), ("wiped", "factory_reset"), ("checked", "look")):
        inventory_services.mark_good(
            number="G1", step=step, method=method, by=scene.officer, second=scene.second, at=AT
        )
    destroy(scene)
    goods = {good.number: f"good:{good.id}" for good in inventory.goods()}
    assert services.end_goods(case=CASE, by=scene.clerk, at=AT) == [goods["G1"]]
    content = read(certify(scene), scene)
    # What holds nothing needs no end; what nobody marked stays open.
    assert {place.id: place.is_open for place in content.places} == {goods["G1"]: False, goods["G3"]: True}
    assert set(content.places[0].signed_by) == {scene.officer, scene.second}
    assert "13800000000" not in content.places[0].title
    assert services.end_goods(case=CASE, by=scene.clerk, at=AT) == []
