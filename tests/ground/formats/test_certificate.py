"""A certificate: its headline is computed, it is never early, it names no person and hides no remain."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shouxin.ground.formats import certificate as certificates
from shouxin.ground.formats.certificate import Failure, PlaceRescan, Words
from shouxin.ground.kernel.refusals import Corrupt, Refusal
from tests.ground.formats.test_pack import cast

CASE = cast.closed_case(filler=2)
GOOD = CASE.content
FILE, BOX, TAX = GOOD.places
LATE = GOOD.issued + timedelta(seconds=1)


def issue(**changes: object) -> bytes:
    return certificates.issue(replace(GOOD, **changes), company=cast.COMPANY, signers=[cast.WITNESS])


def test_what_was_issued_is_what_is_read():
    read = certificates.check(CASE.certificate, company_keys={cast.COMPANY.key_id: cast.COMPANY.public})
    assert read == GOOD
    assert read.digest == certificates.chain_digest(CASE.certificate)
    assert read.signed_by == (cast.COMPANY.key_id, cast.WITNESS.key_id)


@pytest.mark.parametrize(
    ("places", "failures", "headline", "still_open"),
    [
        ((FILE, BOX, TAX), (), "complete", ()),
        ((FILE,), (Failure("spool", Words("失败", "Failed")),), "partial", ()),
        ((), (), "partial", ()),
        ((replace(FILE, method=""),), (), "partial", (FILE.id,)),
        ((replace(FILE, proof=""),), (), "partial", (FILE.id,)),
        ((replace(FILE, ended=None),), (), "partial", (FILE.id,)),
        ((replace(FILE, rescan=None),), (), "partial", (FILE.id,)),
        ((replace(BOX, signed_by=("staff:1", "staff:1")),), (), "partial", (BOX.id,)),
        ((replace(TAX, exclusion=None),), (), "partial", (TAX.id,)),
    ],
)
def test_the_headline_is_computed_from_the_places(places, failures, headline, still_open):
    envelope = issue(places=places, failures=failures)
    read = certificates.check(envelope)
    assert (read.headline, read.open_places) == (headline, still_open)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("certificate.early", {"issued": GOOD.ended - timedelta(seconds=1)}),
        ("certificate.early", {"started": GOOD.ended + timedelta(seconds=1)}),
        ("certificate.early", {"places": (replace(FILE, ended=LATE),)}),
        ("certificate.early", {"places": (replace(FILE, started=LATE),)}),
        ("certificate.early", {"rescan": replace(GOOD.rescan, at=GOOD.ended - timedelta(seconds=1))}),
        ("certificate.remains", {"rescan": replace(GOOD.rescan, found=1)}),
        ("certificate.remains", {"rescan": replace(GOOD.rescan, looked_for=39)}),
        ("certificate.remains", {"rescan": replace(GOOD.rescan, planted=0, looked_for=0)}),
        ("certificate.remains", {"places": (replace(FILE, rescan=PlaceRescan("scan", 3)),)}),
        ("certificate.approvals", {"approvals": GOOD.approvals[:1]}),
        ("certificate.approvals", {"approvals": (GOOD.approvals[0], replace(GOOD.approvals[0], by="staff:9"))}),
        ("certificate.approvals", {"approvals": tuple(replace(each, at=LATE) for each in GOOD.approvals)}),
        ("certificate.personal", {"places": (replace(FILE, title="名单" + "1" + "3" * 10),)}),
        ("certificate.personal", {"custody": replace(GOOD.custody, words=Words("9" * 17 + "X", "x"))}),
        ("certificate.witness", {"witness": replace(GOOD.witness, key_id=cast.OUTSIDER.key_id)}),
    ],
)
def test_it_is_not_issued_when(code, change):
    with pytest.raises(Refusal) as refused:
        issue(**change)
    assert refused.value.code == code


def test_it_is_not_issued_on_an_entry_the_checkpoint_does_not_cover():
    with pytest.raises(Corrupt):
        issue(ledger=replace(GOOD.ledger, index=1))
    later = CASE.log.proof(len(CASE.log.entries) - 1)
    with pytest.raises(Corrupt, match="not the destruction"):
        issue(ledger=later)


@pytest.mark.parametrize("text", ["12 月 31 日", "vol-0001", "91310000MA00000X0X", "2026-11-23", "1,100 人"])
def test_ordinary_numbers_are_no_personal_numbers(text):
    assert certificates.LOOKS_PERSONAL.search(text) is None


@pytest.mark.parametrize("text", ["1" + "5" * 10, "电话1" + "9" * 10 + "。", "6" * 16, "9" * 18, "9" * 17 + "x"])
def test_what_looks_like_a_persons_number_is_seen(text):
    assert certificates.LOOKS_PERSONAL.search(text)
