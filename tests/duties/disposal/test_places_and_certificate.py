"""Every registered place has its own end or is named; the certificate says what happened and what did not."""

import zipfile
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shouxin.duties.disposal import evidence, queries, rescans, services, steps
from shouxin.duties.disposal.models import PlaceEnd, Sealed
from shouxin.duties.inventory import services as inventory_services
from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats import permit as permits
from shouxin.ground.formats.certificate import Copy, Words
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.kernel.signing import signer
from shouxin.stores.jobs.alone import alone
from shouxin.stores.ledger import queries as ledger_queries
from tests.duties.disposal.scene import (
    AT,
    CASE,
    certify,
    destroy,
    phone,
    register_list,
    write_list,
)

REASON = Words("出租方暂时不让进入仓库。", "The landlord lets nobody into the store room yet.")


def dispose(scene, home, **changed):
    """Dispose of the sources of the scene."""
    plain = {"case": CASE, "confirm": True, "home": home, "by": scene.clerk, "at": AT}
    return services.dispose_sources(**{**plain, **changed})


def read(view, scene):
    """The certificate inside, checked against the company's key and the permit."""
    company = {scene.company.key_id: scene.company.public}
    return certificates.check(view.envelope, company_keys=company, permit=permits.check(scene.envelope))


@pytest.fixture
def customer_list(scene, home, tmp_path):
    """A registered customer list in the clear, with copies of the same people in a spool."""
    path = tmp_path / "客户名单.csv"
    write_list(path)
    register_list(scene, path)
    spool = home / "spool" / "sms"
    spool.mkdir(parents=True)
    write_list(spool / "batch-1.csv")
    inventory_services.register_source(
        kind="spool", title="spool/sms", locator=str(spool), custodian=scene.clerk, by=scene.clerk, at=AT
    )
    return path


def key(title):
    """The key of the place with this title."""
    return next(place.key for place in queries.places() if place.title == title)


LIST, SPOOL = "客户名单", "spool/sms"


def test_without_destruction_there_is_no_certificate_and_no_file_goes(scene, home, customer_list):
    with pytest.raises(Refusal, match=r"disposal\.not_destroyed"):
        certify(scene)
    with pytest.raises(Refusal, match=r"disposal\.not_destroyed"):
        dispose(scene, home)
    assert customer_list.exists()


def test_what_another_process_is_removing_is_not_called_missing(scene, home, customer_list):
    destroy(scene)
    with alone("sources"):
        with pytest.raises(Refusal, match=r"jobs\.under_way"):
            dispose(scene, home)
        assert dispose(scene, home, confirm=False).states == {key(LIST): "open", key(SPOOL): "open"}
    assert customer_list.exists()
    assert dispose(scene, home).states == {key(LIST): "ended", key(SPOOL): "ended"}


def test_files_go_are_looked_for_and_the_certificate_becomes_complete(scene, home, customer_list):
    destroy(scene)
    first = certify(scene, folder=home / "evidence")
    assert first.headline == "partial"
    assert read(first, scene).open_places == (key(LIST), key(SPOOL))
    would = dispose(scene, home, confirm=False)
    assert customer_list.exists()
    assert (would.reasons, would.is_clean) == ({}, False)
    result = dispose(scene, home, canaries=["PLANTED-7731"])
    assert result.states == {key(LIST): "ended", key(SPOOL): "ended"}
    assert (result.planted, result.found) == (1, 0)
    assert result.looked_for > 9  # the planted value, the sampled telephones, every destroyed key
    assert not customer_list.exists()
    assert list((home / "spool" / "sms").iterdir()) == []
    second = certify(scene, folder=home / "evidence")
    content = read(second, scene)
    assert (second.headline, second.previous) == ("complete", first.digest)
    assert {place.method for place in content.places} == {"clear"}
    named = {each.code: each for each in content.exclusions}
    assert {"media_limits", "statutory_extract", "B04", "B03"} <= set(named)
    apart = list(Sealed.objects.all())
    assert named["statutory_extract"].until == max(each.until for each in apart if each.until).isoformat()
    assert f"sealed: {len(apart)}, " in named["statutory_extract"].words.en
    assert sorted(path.name for path in (home / "evidence").iterdir()) == [
        "certificate-0001.dsse",
        "certificate-0002.dsse",
    ]
    assert certify(scene, at=AT + timedelta(days=1)) == second
    assert evidence.places_ended_share(CASE, AT).holds
    assert evidence.certificate_issued(CASE, AT).holds
    assert queries.certificates(CASE) == {"0001": first.envelope, "0002": second.envelope}


def test_a_file_that_is_away_without_our_doing_is_missing_and_never_called_destroyed(scene, home, customer_list):
    destroy(scene)
    customer_list.unlink()
    result = dispose(scene, home)
    assert (result.states[key(LIST)], result.reasons[key(LIST)]) == ("missing", "missing")
    content = read(certify(scene), scene)
    assert content.headline == "partial"
    assert [each.code for each in content.failures] == ["place_missing"]
    services.exclude(
        case=CASE,
        place=key(LIST),
        code="not_found",
        reason=Words("去向不明。", "Whereabouts unknown."),
        by=scene.clerk,
        at=AT,
    )
    content = read(certify(scene), scene)
    assert (content.headline, content.failures) == ("complete", ())
    assert "not_found" in [each.code for each in content.exclusions]


@pytest.mark.parametrize("point", ["intent committed", "file gone", "place closed"])
def test_a_removal_that_was_stopped_goes_on_where_it_stopped(scene, home, customer_list, monkeypatch, point):
    destroy(scene)

    def stop(name):
        if name == point:
            raise KeyboardInterrupt

    monkeypatch.setattr(steps, "reached", stop)
    with pytest.raises(KeyboardInterrupt):
        dispose(scene, home)
    monkeypatch.setattr(steps, "reached", None)
    result = dispose(scene, home)
    assert set(result.states.values()) == {"ended"}
    assert not customer_list.exists()
    assert certify(scene).headline == "complete"
    assert len(ledger_queries.entries(kinds={"disposal.place_ended"})) == 2


def test_a_file_stays_that_was_changed_or_never_taken_in(scene, home, tmp_path):
    changed, unread = tmp_path / "a.csv", tmp_path / "b.csv"
    write_list(changed)
    write_list(unread, places=range(3))
    one = register_list(scene, changed)
    two = register_list(scene, unread, is_collected=False)
    write_list(changed, places=range(5))
    destroy(scene)
    result = dispose(scene, home)
    assert result.reasons == {f"source:{one}": "changed_since_registered", f"source:{two}": "not_collected"}
    assert changed.exists()
    assert unread.exists()
    assert not result.is_clean


def test_a_copy_beside_the_file_is_found_and_nothing_is_called_complete(scene, home, customer_list):
    copy = customer_list.with_name("客户名单 (2).csv")
    copy.write_bytes(customer_list.read_bytes())
    destroy(scene)
    result = dispose(scene, home)
    assert result.states[key(LIST)] == "remains"
    content = read(certify(scene), scene)
    assert (content.headline, [each.code for each in content.failures]) == ("partial", ["place_remains"])
    copy.unlink()
    assert dispose(scene, home).is_clean
    assert certify(scene).headline == "complete"


@pytest.mark.parametrize("form", ["plain", "gb18030", "zip"])
def test_a_planted_value_that_is_found_again_stops_the_certificate(scene, home, customer_list, form):
    left = home / "papers" / "leftover"
    left.parent.mkdir()
    text = "预埋客户七七三一"
    if form == "zip":
        with zipfile.ZipFile(left, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("list.txt", f"{text}\n" * 50)
    else:
        left.write_bytes(text.encode("utf-8" if form == "plain" else "gb18030"))
    destroy(scene)
    result = dispose(scene, home, canaries=[text])
    assert (result.found, result.where) == (1, ("papers/leftover",))
    with pytest.raises(Refusal, match=r"certificate\.remains"):
        certify(scene)
    left.unlink()
    assert dispose(scene, home, canaries=[text]).found == 0
    assert certify(scene).headline == "complete"


def test_a_telephone_sampled_from_the_list_is_found_in_a_forgotten_file(scene, home, customer_list):
    (home / "export.txt").write_text(f"{phone(0)} 已联系", encoding="utf-8")
    destroy(scene)
    result = dispose(scene, home)
    assert result.where == ("export.txt",)


def test_values_are_found_across_the_edges_of_reading_and_never_where_they_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(rescans, "_CHUNK", 16)
    needles = rescans.Needles({phone(0), phone(1), "另有客户", "x", "客户"})
    file = tmp_path / "odd"
    for start in range(40):
        file.write_bytes(b"\0" * start + phone(0).encode() + "另有客户".encode("gb18030"))
        assert rescans.search([file], needles) == {file: 2}
    file.write_bytes(phone(0).encode()[:-1] + b"x" + phone(2).encode() + "客户".encode("gb18030"))
    assert rescans.search([file, tmp_path / "away"], needles) == {}


@given(
    texts=st.sets(st.text("12a", min_size=4, max_size=9), min_size=1, max_size=6),
    around=st.text("12a", max_size=120),
    encoding=st.sampled_from(rescans.ENCODINGS),
)
def test_what_the_tables_find_is_what_stands_there(texts, around, encoding):
    needles = rescans.Needles(texts)
    window = around.encode(encoding)
    assert needles.in_window(window) == {each for each in needles.wanted if each in window}
    for each in needles.wanted:
        assert each in needles.in_window(window + each)


def test_an_exclusion_needs_both_languages_and_no_number_of_anybody(scene, home, customer_list):
    destroy(scene)
    good = {"case": CASE, "place": key(LIST), "code": "landlord", "reason": REASON, "by": scene.clerk, "at": AT}
    for change, code in (
        ({"reason": Words("有原因", "")}, "disposal.exclusion_reason"),
        ({"reason": Words("找13800000000", "ask")}, "disposal.looks_personal"),
        ({"place": "source:999"}, "disposal.no_such_place"),
        ({"by": "staff:" + "o" * 26}, "parties.no_staff"),
    ):
        with pytest.raises(Refusal) as refused:
            services.exclude(**{**good, **change})
        assert refused.value.code == code
    services.exclude(**good, until=date(2027, 6, 30))
    result = dispose(scene, home)
    assert result.states[key(LIST)] == "excluded"
    assert customer_list.exists()
    # The excluded file still holds the telephones: it is named on the first page, and no remain of what was ended.
    assert result.found == 0
    content = read(certify(scene), scene)
    assert content.headline == "complete"
    assert [(each.code, each.until) for each in content.exclusions if each.code == "landlord"] == [
        ("landlord", "2027-06-30")
    ]


def test_the_witness_signs_the_deed_and_the_certificate(scene):
    watching = signer(b"\x0b" * 32, "公证员")
    destroy(scene, witness=watching)
    view = certify(scene, witness=watching, copies=[Copy("escrow", "escrow 1", "", Words("托管。", "Escrow."))])
    content = read(view, scene)
    assert content.witness == certificates.Witness("公证员", watching.key_id)
    assert len(content.evidence) == 1
    assert [copy.kind for copy in content.copies] == ["escrow"]
    assert content.approvals[0].by in scene.signers
    with pytest.raises(Corrupt):
        certificates.check(view.envelope.replace(b'"payload":"e', b'"payload":"f', 1))


def test_no_certificate_is_dated_before_its_destruction(scene):
    destroy(scene)
    with pytest.raises(Refusal, match=r"certificate\.early"):
        certify(scene, at=AT - timedelta(days=1))
    with pytest.raises(Refusal, match=r"ledger\.signer"):
        certify(scene, company=scene.signers[scene.officer])
    assert queries.issued(CASE) == []


def test_a_staged_package_is_cleared_with_the_sources(scene, home):
    package = home / "messages" / "t1" / "0003-package.age"
    package.parent.mkdir(parents=True)
    package.write_bytes(b"age-encryption.org/v1" + bytes(100))
    destroy(scene)
    staged = [services.Staged("package:t1/0003", "file", "package 0003", str(package))]
    assert dispose(scene, home, staged=staged).states == {"package:t1/0003": "ended"}
    assert not package.exists()
    assert [place.id for place in read(certify(scene), scene).places] == ["package:t1/0003"]
    assert PlaceEnd.objects.get().started_at == datetime(2026, 11, 23, 1, tzinfo=UTC)
