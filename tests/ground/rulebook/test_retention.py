"""How long which fields must be kept."""

from datetime import date

import numpy as np
import pytest

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.ground.rulebook import retention, terms
from shouxin.ground.rulebook.retention import Running


@pytest.mark.parametrize(
    ("record", "start", "end"),
    [
        ("tax_voucher", date(2026, 3, 1), date(2036, 3, 1)),
        ("tax_voucher", date(2024, 2, 29), date(2034, 2, 28)),
        ("contract_paper", date(2020, 12, 31), date(2030, 12, 31)),
        ("provision_record", date(2026, 12, 8), date(2029, 12, 8)),
        ("impact_assessment", date(2026, 11, 23), date(2029, 11, 23)),
        ("accounting_voucher", date(2026, 3, 1), date(2056, 12, 31)),
        ("network_log", date(2026, 8, 31), date(2027, 2, 28)),
    ],
)
def test_a_period_ends_on_its_day(record, start, end):
    assert retention.retention_end(record, start) == end


def test_a_class_without_a_period_rests_on_an_opinion_of_at_most_three_years():
    with pytest.raises(Refusal, match=r"retention\.no_period"):
        retention.retention_end("consent_evidence", date(2026, 1, 1))
    assert retention.opinion_end("consent_evidence", date(2026, 1, 1), years=3) == date(2029, 1, 1)
    with pytest.raises(Refusal, match=r"retention\.opinion_too_long"):
        retention.opinion_end("consent_evidence", date(2026, 1, 1), years=4)
    with pytest.raises(Refusal, match=r"retention\.opinion_too_long"):
        retention.opinion_end("tax_voucher", date(2026, 1, 1), years=1)


def test_the_tax_class_keeps_the_sale_and_nothing_about_the_home():
    kept = retention.fields_to_keep(["tax_voucher"])
    assert {"order_no", "ordered_on", "amount"} <= kept
    assert not kept & {"phone", "address", "service_address", "note", "preference", "id_no"}
    assert retention.record_class("tax_voucher").categories == {"purchase"}
    assert retention.record_class("provision_record").categories == {"evidence"}


def test_columns_agree_with_single_days_and_the_last_day_still_runs():
    starts = np.array(["2016-11-23", "2016-11-22", "2026-01-01", "NaT"], dtype="datetime64[D]")
    on = date(2026, 11, 23)
    assert retention.runs("tax_voucher", starts, on=on).tolist() == [True, False, True, False]
    for start in starts[:3]:
        single = retention.retention_end("tax_voucher", start.astype(object)) >= on
        assert retention.runs("tax_voucher", np.array([start]), on=on)[0] == single


def test_an_unverified_source_only_prolongs_and_is_shown_as_such():
    starts = np.array(["2010-05-01"], dtype="datetime64[D]")
    assert retention.running("accounting_voucher", starts, on=date(2026, 1, 1))[0] == Running.RUNS_UNVERIFIED
    assert retention.running("tax_voucher", starts, on=date(2026, 1, 1))[0] == Running.NONE
    assert retention.running("tax_voucher", starts, on=date(2019, 1, 1))[0] == Running.RUNS


@pytest.mark.parametrize(
    "text",
    [
        '[x]\nfields = ["shoe_size"]\nstart = "ordered_on"',
        '[x]\nfields = []\nstart = "d"\nperiod = { years = 1, source = "NOPE-1", mark = "V" }',
        '[x]\nfields = []\nstart = "d"\nperiod = { years = 1, source = "CC-201", mark = "V" }',
        '[x]\nfields = []\nstart = "d"\nperiod = { years = 1, source = "TAX-29", mark = "M" }',
    ],
)
def test_a_class_on_an_unknown_field_or_an_unverified_text_is_corrupt(text):
    with pytest.raises(Corrupt):
        retention.parse_classes(text)


def test_an_unknown_class_is_refused():
    with pytest.raises(Refusal, match=r"retention\.unknown_class"):
        retention.retention_end("shopping_list", date(2026, 1, 1))


def test_of_several_classes_the_longest_holds_and_is_named():
    days = np.array(["2020-05-06", "2010-05-06", "1990-01-01", "NaT"], dtype="datetime64[D]")
    on = date(2026, 6, 30)
    for order in (["tax_voucher", "accounting_voucher"], ["accounting_voucher", "tax_voucher"]):
        found = retention.standing(dict.fromkeys(order, days), on=on)
        assert found.running.tolist() == [Running.RUNS, Running.RUNS_UNVERIFIED, Running.NONE, Running.NONE]
        assert found.until[:2].astype(str).tolist() == ["2050-12-31", "2040-12-31"]
        assert np.isnat(found.until[2:]).all()
        ids = retention.class_ids()
        assert [ids[place] for place in found.record[:2]] == ["accounting_voucher"] * 2
        assert found.record[2:].tolist() == [-1, -1]
    alone = retention.standing({"tax_voucher": days}, on=on)
    assert alone.until[0].astype(object) == retention.retention_end("tax_voucher", date(2020, 5, 6))


def test_a_class_kept_on_an_opinion_alone_has_no_standing_by_law():
    with pytest.raises(Refusal, match=r"retention\.no_period"):
        retention.standing({"possible_claim": np.array(["2026-01-01"], "datetime64[D]")}, on=date(2026, 6, 30))


@pytest.mark.parametrize(
    ("id", "start", "end", "mark"),
    [
        ("aml_identity", date(2026, 1, 1), date(2036, 1, 1), "V"),
        ("aml_transaction", date(2026, 1, 1), date(2036, 1, 1), "V"),
        ("small_assessment", date(2026, 1, 1), date(2029, 1, 1), "V"),
        ("payment_record", date(2026, 1, 1), date(2029, 1, 1), "R"),
        ("outpatient_record", date(2026, 1, 1), date(2041, 1, 1), "M"),
        ("inpatient_record", date(2026, 1, 1), date(2056, 1, 1), "M"),
        ("invoice_stub", date(2026, 1, 1), date(2031, 1, 1), "M"),
        ("prepaid_card", date(2026, 1, 1), date(2031, 1, 1), "M"),
    ],
)
def test_each_class_ends_where_its_source_says_and_shows_how_far_that_is_checked(id, start, end, mark):
    record = retention.record_class(id)
    assert retention.retention_end(id, start) == end
    assert (record.period or record.prolonged_by).mark == mark
    assert f"retention_class.{id}" in terms.terms()


def test_every_class_has_a_word():
    assert {f"retention_class.{id}" for id in retention.class_ids()} <= set(terms.terms())
