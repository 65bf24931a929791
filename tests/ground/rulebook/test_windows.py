"""Days planned backwards under the law's windows, and the clashes found when planned."""

from datetime import date, timedelta

import pytest

from shouxin.cases.interview import BUSINESS_KINDS
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook import law, windows, workdays
from shouxin.ground.rulebook.gates import codes

DAY = timedelta(days=1)
NOTHING_ELSE = {
    "small_handler": True,
    "online": False,
    "branches": False,
    "important_data": False,
    "abroad_by_contract": False,
    "crosses_tax_office": False,
}


def plan(structures="deregistration", kind="limited_company", roles=("custodian",), today=date(2026, 9, 1), **more):
    """A small handler in deregistration on the ordinary road, unless told otherwise."""
    answers = {**NOTHING_ELSE, **more.pop("facts", {})}
    return windows.plan(
        structures=structures.split(),
        business_kind=kind,
        roles=roles,
        facts=answers,
        today=today,
        happened=more.pop("happened", {}),
        wanted=more.pop("wanted", {}),
        **more,
    )


def said(plan, language="zh"):
    return [each.say(language) for each in plan.clashes]


# --- the small handler's 30 working days against 20 and 10 days ------------------------------------------------------


def test_a_simplified_deregistration_announces_before_it_publishes():
    made = plan(facts={"simplified": True}, today=date(2026, 9, 14))
    # Over the National Day of 2026: 30 full working days after 14 September are over on 30 October.
    assert made.earliest_transfer == date(2026, 10, 31)
    assert made.earliest_deregistration == date(2026, 11, 1)
    assert made.events["announcement_ended"].earliest == date(2026, 10, 30)
    assert [each.code for each in made.foreseen] == ["windows.announcement-publication.foreseen"]
    (foreseen,) = made.foreseen
    assert foreseen.law == (("SH-9b", "PIPL-47b"), ("REGR-49", "REG-33", "CO-240"))
    assert "不早于2026-09-23" in foreseen.say("zh")  # published then: over 13 October, applied for on 1 November
    assert "no earlier than 2026-09-23" in foreseen.say("en")
    assert made.clashes == ()


def test_announcing_and_publishing_on_one_day_clashes_with_the_articles_of_both_sides():
    same_day = date(2026, 9, 14)
    made = plan(facts={"simplified": True}, today=same_day, wanted={"announced": same_day, "publication": same_day})
    (clash,) = made.clashes
    assert clash.code == "windows.announcement-publication.broken"
    assert clash.event.id == "publication"
    assert (clash.fixed, clash.lawful) == (same_day, date(2026, 9, 23))
    assert "SH-9b" in clash.law[0]
    assert {"REG-33", "CO-240"} <= set(clash.law[1])
    with pytest.raises(Refusal, match=r"windows\.clash"):
        windows.backwards(made)
    assert windows.moved(made, "publication", date(2026, 9, 23)).clashes == ()
    assert windows.moved(made, "publication", date(2026, 9, 22)).clashes != ()


def test_an_individual_business_that_has_applied_may_be_gone_after_ten_days():
    applied = {"announced": date(2026, 9, 14), "application": date(2026, 9, 14)}
    made = plan(kind="individual_business", facts={"simplified": True}, today=date(2026, 9, 14), wanted=applied)
    (clash,) = made.clashes
    assert clash.code == "windows.announcement-inquiry.broken"
    assert clash.lawful == date(2026, 10, 22)  # the hand-over on 31 October is the tenth day, the 22nd counted
    assert "REG-33" in clash.law[1]
    assert windows.moved(made, "application", date(2026, 10, 22)).clashes == ()
    assert windows.moved(made, "application", date(2026, 10, 21)).clashes != ()


def test_a_decision_taken_before_the_announcement_leaves_an_individual_business_too_little_time():
    decided = {"resolution": date(2026, 9, 14)}
    made = plan(kind="individual_business", facts={"simplified": True}, today=date(2026, 9, 14), happened=decided)
    assert [each.code for each in made.clashes] == ["windows.announcement-decision.broken"]
    assert made.clashes[0].law[1] == ("REGR-44", "REG-33", "REG-31")
    first = plan(kind="individual_business", facts={"simplified": True}, today=date(2026, 9, 14))
    assert first.clashes == ()
    assert {each.tension.id for each in first.foreseen} == {"announcement-inquiry", "announcement-decision"}


def test_twenty_nine_working_days_are_too_few():
    announced = {"announced": date(2026, 9, 1)}
    short = date(2026, 10, 19)
    assert workdays.full_workdays(date(2026, 9, 1), short) == 29
    made = plan(roles=("successor",), today=date(2026, 9, 1), happened=announced, wanted={"transfer": short})
    (clash,) = made.clashes
    assert (clash.code, clash.event.id, clash.lawful) == ("windows.too_early", "transfer", short + DAY)
    assert [window.id for window in clash.longer] == ["small-handler-ahead"]
    assert said(made) == ["移交定在2026-10-19，早于法定最早日2026-10-20。"]
    assert windows.moved(made, "transfer", short + DAY).clashes == ()


def test_of_several_chains_from_one_day_the_longest_is_named():
    announced = {"announced": date(2026, 9, 1)}
    made = plan(kind="individual_business", facts={"simplified": False}, happened=announced)
    early = windows.moved(made, "deregistration", made.earliest_deregistration - 2 * DAY)
    (clash,) = early.clashes
    assert clash.lawful == made.earliest_deregistration
    assert "custodian-ahead" in {window.id for window in clash.longer}


def test_a_late_application_is_late_by_its_own_article_where_nothing_was_announced():
    decided = {"resolution": date(2026, 9, 1)}
    made = plan(kind="individual_business", facts={"small_handler": False}, happened=decided)
    late = windows.moved(made, "application", date(2026, 10, 1))
    assert [(each.code, each.lawful) for each in late.clashes] == [("windows.too_late", date(2026, 9, 30))]
    moved_too = windows.moved(late, "transfer", date(2026, 10, 1))
    assert {each.code for each in moved_too.clashes} == {"windows.too_late", "windows.too_early"}


def test_who_is_no_small_handler_tells_everyone_but_need_not_announce_for_thirty_days():
    made = plan(roles=("successor",), facts={"small_handler": False})
    assert "announced" not in made.events
    assert made.earliest_transfer == date(2026, 9, 1)
    assert "told" in made.events


def test_a_fact_that_nobody_has_answered_counts_as_given():
    answers = {name: value for name, value in NOTHING_ELSE.items() if name != "small_handler"}
    made = windows.plan(
        structures={"merger"},
        business_kind="limited_company",
        roles=None,
        facts=answers,
        today=date(2026, 9, 1),
        happened={},
        wanted={},
    )
    assert {"small_handler", "company_ends"} == set(made.assumed)
    assert {"small-handler-ahead", "custodian-ahead", "consent-before-transfer"} <= {each.id for each in made.windows}


def test_the_small_handlers_rules_do_not_bind_a_hand_over_before_they_took_effect():
    moved = {name: date(2026, 8, 31) for name in ("transfer", "announced", "told", "assessed")}
    assert plan(roles=("successor",), today=date(2026, 9, 10), happened=moved).clashes == ()
    a_day_later = {name: day + DAY for name, day in moved.items()}
    (clash,) = plan(roles=("successor",), today=date(2026, 9, 10), happened=a_day_later).clashes
    assert clash.law[0] == ("SH-9b",)


# --- the authority's road --------------------------------------------------------------------------------------------


def test_an_ordinary_liquidation_runs_from_resolution_to_deregistration():
    resolved = {"resolution": date(2026, 9, 1)}
    made = plan(happened=resolved)
    assert made.events["liquidation_group"].latest == date(2026, 9, 15)  # fifteen days, the first counted: CO-232
    assert made.events["cause_published"].latest == date(2026, 9, 10)  # ten: CO-229
    formed = windows.happened(made, "liquidation_group", date(2026, 9, 10), today=date(2026, 9, 10))
    assert formed.events["creditors_told"].latest == date(2026, 9, 19)
    assert formed.events["creditors_announced"].latest == date(2026, 11, 8)
    announced = windows.happened(formed, "creditors_announced", date(2026, 9, 12), today=date(2026, 9, 12))
    assert announced.events["claims_closed"].earliest == date(2026, 10, 27)  # 45 days: CO-235
    assert announced.events["debts_paid"].earliest == date(2026, 10, 28)
    ended = windows.happened(announced, "liquidation_ended", date(2026, 11, 2), today=date(2026, 11, 2))
    assert ended.events["application"].latest == date(2026, 12, 1)  # thirty days: REG-32
    assert ended.events["tax_cleared"].latest == date(2026, 12, 1)


def test_a_liquidation_group_formed_late_is_named_with_its_article():
    days = {"resolution": date(2026, 9, 1), "liquidation_group": date(2026, 9, 16)}
    made = plan(today=date(2026, 9, 16), happened=days)
    late = next(each for each in made.clashes if each.event.id == "liquidation_group")
    assert (late.code, late.fixed, late.lawful) == ("windows.too_late", date(2026, 9, 16), date(2026, 9, 15))
    assert late.law == ((), ("CO-232",))


def test_a_limit_that_ran_out_before_today_is_found_without_any_wanted_day():
    made = plan(today=date(2026, 10, 15), happened={"resolution": date(2026, 9, 1)})
    late = [each for each in made.clashes if each.code == "windows.too_late"]
    assert late
    assert all(each.fixed == date(2026, 10, 15) for each in late)


def test_a_refund_while_claims_are_declared_clashes():
    days = {
        "liquidation_group": date(2026, 9, 1),
        "creditors_told": date(2026, 9, 2),
        "creditors_announced": date(2026, 9, 2),
        "debts_paid": date(2026, 10, 1),
    }
    made = plan(today=date(2026, 10, 2), happened=days)
    refund = next(each for each in made.clashes if each.event.id == "debts_paid")
    assert refund.lawful == date(2026, 10, 18)
    assert "CO-235" in refund.law[0]


def test_tax_clearance_comes_before_the_application():
    made = plan(wanted={"application": date(2026, 12, 1), "tax_cleared": date(2026, 12, 2)}, facts={"simplified": True})
    clash = next(each for each in made.clashes if each.event.id == "application")
    assert set(clash.law[0]) >= {"REGR-46", "TAX-15"}


def test_a_merger_waits_for_its_creditors_and_moves_nothing_before_it_is_registered():
    made = plan("merger", roles=("successor",), facts={"company_ends": True}, happened={"resolution": date(2026, 9, 1)})
    assert made.events["creditors_told"].latest == date(2026, 9, 10)
    assert made.events["creditors_announced"].latest == date(2026, 9, 30)
    assert made.events["merger_registered"].earliest == date(2026, 10, 17)  # 45 full days of announcement: REGR-21
    assert made.earliest_transfer == date(2026, 10, 20)  # and 30 full working days
    assert made.earliest_deregistration is None


def test_a_company_that_ends_by_merger_is_deregistered_without_liquidation():
    together = {"roles": ("successor",), "facts": {"company_ends": True}, "happened": {"resolution": date(2026, 9, 1)}}
    made = plan("merger deregistration", **together)
    assert not {"liquidation_group", "liquidation_ended", "tax_told"} & set(made.events)  # CO-232 leaves 229(3) out
    assert {"tax_cleared", "merger_registered", "application"} <= set(made.events)
    assert made.events["creditors_told"].until == "merger-creditors-told"
    assert made.clashes == ()
    alone = plan("deregistration", **together)
    assert {"liquidation_group", "liquidation_ended", "tax_told"} <= set(alone.events)


def test_an_address_is_applied_for_before_moving_in_and_the_site_follows_within_fifteen_days():
    days = {"resolution": date(2026, 9, 1), "change_applied": date(2026, 9, 8), "moved_in": date(2026, 9, 8)}
    made = plan("address", roles=("processor",), facts={"online": True}, today=date(2026, 9, 8), happened=days)
    clash = next(each for each in made.clashes if each.event.id == "moved_in")
    assert clash.lawful == date(2026, 9, 9)
    assert clash.law[0] == ("REGR-35", "REG-27")
    licensed = windows.happened(made, "licence_changed", date(2026, 9, 10), today=date(2026, 9, 10))
    assert licensed.events["site_updated"].latest == date(2026, 9, 24)
    assert licensed.events["tax_changed"].latest == date(2026, 10, 9)


def test_the_end_of_e_commerce_is_counted_in_calendar_days():
    made = plan("asset_sale", roles=("other_handler",), facts={"online": True, "ends_business": True})
    posted = windows.happened(made, "ending_posted", date(2026, 9, 21), today=date(2026, 9, 21))
    assert posted.events["service_ended"].earliest == date(2026, 10, 22)  # the National Day does not stop it


def test_other_shareholders_have_thirty_days():
    asked = {"buyer_is_outsider": True, "shareholders_silent": True}
    told = {"shareholders_told": date(2026, 9, 1)}
    made = plan("equity", roles=(), facts=asked, happened=told)
    assert made.events["equity_transferred"].earliest == date(2026, 10, 2)
    assert plan("equity", roles=(), facts={**asked, "shareholders_silent": False}).events[
        "equity_transferred"
    ].earliest == date(2026, 9, 1)
    assert made.earliest_transfer is None  # an equity change moves nothing


def test_a_standard_contract_is_filed_within_ten_working_days():
    made = plan("asset_sale", roles=("other_handler",), facts={"abroad_by_contract": True})
    signed = windows.happened(made, "contract_effective", date(2026, 9, 24), today=date(2026, 9, 24))
    # The 24th is the first; 25 to 27 September and 1 to 7 October are free, 10 October is worked.
    assert signed.events["contract_filed"].latest == date(2026, 10, 14)


# --- backwards, moving, provisional ----------------------------------------------------------------------------------


def test_from_the_day_wanted_the_plan_counts_back_to_the_day_to_begin():
    made = plan(facts={"simplified": True}, wanted={"deregistration": date(2026, 12, 18)})
    begin = made.events["announced"].latest
    assert windows.backwards(made)["announced"] == begin
    assert made.events["announced"].until == "custodian-ahead"
    on_time = windows.happened(made, "announced", begin, today=begin)
    a_day_late = windows.happened(made, "announced", begin + DAY, today=begin + DAY)
    assert on_time.clashes == ()
    assert [each.event.id for each in a_day_late.clashes] == ["deregistration"]


def test_moving_one_day_recomputes_the_others_and_says_which():
    made = plan(facts={"simplified": True}, wanted={"deregistration": date(2026, 12, 18)})
    later = windows.moved(made, "deregistration", date(2026, 12, 25))
    changed = later.differences(made)
    assert {"deregistration", "announced", "publication", "transfer"} <= set(changed)
    assert changed["deregistration"][1].fixed == date(2026, 12, 18)
    assert later.events["announced"].latest > made.events["announced"].latest
    assert later.earliest_deregistration == made.earliest_deregistration


def test_what_has_happened_cannot_be_moved_and_nothing_happens_tomorrow():
    made = plan(happened={"resolution": date(2026, 9, 1)})
    with pytest.raises(Refusal, match=r"windows\.has_happened"):
        windows.moved(made, "resolution", date(2026, 9, 2))
    with pytest.raises(Refusal, match=r"windows\.not_yet"):
        windows.happened(made, "liquidation_group", date(2026, 9, 3), today=date(2026, 9, 2))


def test_a_plan_into_a_year_without_a_notice_is_provisional_and_waits_longer():
    made = plan(roles=("successor",), today=date(2026, 12, 21))
    assert made.is_provisional
    assert made.events["transfer"].provisional
    likely = workdays.add_workdays(date(2026, 12, 21), 30).date + DAY
    assert made.earliest_transfer > likely
    assert not plan(roles=("successor",), today=date(2026, 9, 1)).is_provisional


def test_a_published_notice_makes_the_plan_certain():
    head, _, tail = workdays.shipped_text().partition("[years.2027]\nprovisional = true")
    published = law.Edition({**law.shipped().files, "workdays.toml": f"{head}[years.2027]{tail}".encode()})
    made = plan(roles=("successor",), today=date(2026, 12, 21), edition=published)
    assert not made.is_provisional
    assert made.earliest_transfer < plan(roles=("successor",), today=date(2026, 12, 21)).earliest_transfer


def test_readings_are_named_and_what_is_not_held_is_asked():
    made = plan(facts={"simplified": True})
    assert {"custodian-ahead", "transfer-before-application"} <= {each.id for each in made.readings}
    assert all(each.mark in ("R", "K") for each in made.readings)
    sole = plan(kind="sole_proprietorship")
    assert [each.id for each in sole.not_held] == ["sole-proprietorship"]
    assert "creditors_told" not in sole.events
    assert [each.id for each in plan("bankruptcy", roles=("successor",)).not_held] == ["bankruptcy"]


@pytest.mark.parametrize(
    ("wrong", "kind"),
    [
        ({"structures": "closing"}, "structure"),
        ({"kind": "partnership"}, "business_kind"),
        ({"roles": ("shareholder",)}, "role"),
        ({"facts": {"smal_handler": True}}, "fact"),
        ({"wanted": {"handover": date(2026, 9, 9)}}, "event"),
    ],
)
def test_a_word_that_no_window_knows_is_refused(wrong, kind):
    with pytest.raises(Refusal) as refused:
        plan(**wrong)
    assert (refused.value.code, refused.value.facts["kind"]) == ("windows.unknown", kind)


def test_windows_that_contradict_one_another_are_a_clash_not_an_endless_search():
    text = law.shipped().text("windows.toml")
    circle = text.replace(
        'from = "told"\nto = "transfer"\nhow = "order"', 'from = "told"\nto = "transfer"\nhow = "before"'
    )
    circle = circle.replace('from = "agreed"\nto = "transfer"', 'from = "transfer"\nto = "told"')
    assert circle.count('from = "transfer"\nto = "told"') == 1
    edition = law.Edition({**law.shipped().files, "windows.toml": circle.encode()})
    made = plan(edition=edition)
    assert [each.code for each in made.clashes] == ["windows.impossible"]


# --- the table -------------------------------------------------------------------------------------------------------


def test_the_words_of_the_windows_are_the_house_s_words():
    table = law.current().windows
    assert table.structures <= set(codes.Structure)
    assert set(law.TRIGGERS_OF) == set(codes.Structure)
    assert tuple(BUSINESS_KINDS) == windows.BUSINESS_KINDS
    assert table.kinds <= set(windows.BUSINESS_KINDS)
    assert set(windows.ROLES) == set(codes.FlowRole)
    assert frozenset().union(*(each.when.roles for each in table.windows.values())) <= set(windows.ROLES)


@pytest.mark.parametrize("id", law.shipped().windows.windows)
def test_every_window_stands_on_words_of_its_article(id):
    window = law.current().windows.windows[id]
    if window.mark in ("V", "R"):
        source = law.current().article_of(window.law[0])
        code, _, number = source.partition("-")
        assert window.words
        assert window.words in law.article(code, number).text
    assert window.mark == "V" or not window.is_verified
    assert all(law.knows(source) for source in window.law)


@pytest.mark.parametrize("sentence", ["foreseen", "broken"])
def test_every_tension_and_clash_speaks_both_languages(sentence):
    facts = {"event": "e", "fixed": "f", "lawful": "l", "needs": "n", "leaves": "v"}
    table = law.current().windows
    said = [getattr(each, sentence) for each in table.tensions] + list(table.clashes.values())
    for each in said:
        assert each.say("zh", **facts) != each.say("en", **facts)
    for event in table.events.values():
        assert event.say("zh") != event.say("en")
