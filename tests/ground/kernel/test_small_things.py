"""Times, ids, digests, findings and refusals: small, and everything rests on them."""

import hashlib
import hmac
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from shouxin.ground.kernel import digests, ids, times
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.findings import Finding, Missing
from shouxin.ground.kernel.refusals import Corrupt, Refusal, Unavailable


def test_an_instant_has_one_spelling_and_comes_back():
    beijing = datetime(2026, 11, 23, 9, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=8)))
    assert times.to_text(beijing) == "2026-11-23T01:00:00Z"
    assert times.from_text("2026-11-23T01:00:00Z") == datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23T01:00:00+00:00",
        "2026-11-23 01:00:00Z",
        "2026-11-23T01:00:00.0Z",
        "2026-1-23T01:00:00Z",
        "",
        "2026-02-30T00:00:00Z",
        None,
    ],
)
def test_another_spelling_of_an_instant_is_refused(text):
    with pytest.raises(Refusal) as refusal:
        times.from_text(text)
    assert refusal.value.code == "time.spelling"


def test_a_time_without_a_zone_is_refused_everywhere():
    naive = datetime(2026, 11, 23)  # noqa: DTZ001 - that is the point
    for act in (times.to_text, times.day_in_china, times.FixedClock, times.check_instant):
        with pytest.raises(Refusal) as refusal:
            act(naive)
        assert refusal.value.code == "time.naive"


def test_a_day_is_a_day_in_china():
    assert times.day_in_china(datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 23)
    assert times.day_in_china(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == date(2026, 11, 24)


def test_a_fixed_clock_stands_and_the_systems_runs_in_utc(at):
    assert times.FixedClock(at).now() == at
    now = times.SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond == 0


def test_an_id_is_its_prefix_and_128_random_bits():
    assert ids.new_id("case", bytes) == "case_" + "a" * 26
    made = {ids.new_id("case") for _ in range(1000)}
    assert len(made) == 1000
    assert all(ids.check_id(each, "case") == each for each in made)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "case_",
        "case_A" + "a" * 25,
        "tid_" + "a" * 26,
        "case_" + "a" * 27,
        "case_1" + "a" * 25,
        "case_" + "a" * 26 + "\n",
    ],
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(Refusal) as refusal:
        ids.check_id(text, "case")
    assert refusal.value.code == "id.shape"


def test_digests_of_bytes_parts_and_files_agree(tmp_path):
    raw = bytes(range(256)) * 9000
    path = tmp_path / "file"
    path.write_bytes(raw)
    expected = "sha256:" + hashlib.sha256(raw).hexdigest()
    assert digests.digest(raw) == digests.digest_file(path) == digests.digest_parts([raw[:7], b"", raw[7:]]) == expected


def test_keyed_and_derived_are_the_standards_own():
    key = bytes(range(32))
    assert digests.keyed(key, b"x") == hmac.new(key, b"x", "sha256").digest()
    for length in (16, 32, 80):
        expected = HKDFExpand(algorithm=SHA256(), length=length, info=b"label").derive(key)
        assert digests.derive(key, "label", length) == expected
    assert digests.derive(key, "label") != digests.derive(key, "other")
    assert digests.same(b"a", b"a")
    assert not digests.same(b"a", b"b")


def test_a_finding_goes_into_signed_json_without_floats():
    finding = Finding(
        name="notices.reached_or_announced_share",
        holds=False,
        value=2 / 3,
        missing=(Missing(code="notices.unreached", facts={"count": 4}, owner="clerk", due="2026-12-01"),),
        height=9,
        entries=(3, 5),
    )
    plain = finding.to_plain()
    assert plain["value"] == "0.6667"
    assert encode(plain).startswith(b'{"entries":[3,5],"height":9,"holds":false,"missing":[{"code"')


def test_the_three_errors_say_what_they_carry():
    assert str(Refusal("consent.not_given", case="case_1", count=2)) == "consent.not_given(case='case_1', count=2)"
    assert str(Corrupt("wrong digest", "part 3")) == "wrong digest at part 3"
    assert (Unavailable("mail server").permanent, Unavailable("gone", permanent=True).permanent) == (False, True)
