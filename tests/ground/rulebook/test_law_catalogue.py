"""The 132 duties in a form that can be asked: triggers, conditions, deadlines, severity."""

from collections import Counter

import pytest

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.rulebook import law
from shouxin.ground.rulebook.law.numerals import Length, from_chinese, lengths_in, to_chinese

EVERYTHING = sorted(law.shipped().obligations)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("十", 10),
        ("十五", 15),
        ("三十", 30),
        ("四十五", 45),
        ("一百六十二", 162),
        ("一百零五", 105),
        ("30", 30),
        ("两", 2),
    ],
)
def test_numbers_are_read_as_statutes_write_them(text, number):
    assert from_chinese(text) == number


@pytest.mark.parametrize("number", [1, 9, 10, 11, 20, 23, 99, 100, 101, 110, 115, 120, 266])
def test_an_article_s_number_is_written_and_read_back(number):
    assert from_chinese(to_chinese(number)) == number


@pytest.mark.parametrize("code", ["PIPL", "CO", "EC"])
def test_articles_are_labelled_as_they_are_numbered(code):
    for held in law.statute(code).articles.values():
        assert held.label == f"第{to_chinese(int(held.number))}条"


def test_lengths_are_found_in_words():
    assert list(lengths_in("至少提前30个工作日，公告期限不少于二十日，保存六个月，最迟4小时")) == [
        Length(30, "working_day"),
        Length(20, "day"),
        Length(6, "month"),
        Length(4, "hour"),
    ]


# --- triggers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", EVERYTHING)
def test_every_duty_is_set_off_by_codes_that_stand_in_its_words(id):
    duty = law.obligation(id)
    assert duty.triggers
    assert duty.triggers <= set(law.TRIGGERS)
    if duty.trigger not in ("同上", "出境"):
        assert set(duty.trigger.partition("（")[0].split("/")) == duty.triggers
    assert bool(duty.condition) == ("（" in duty.trigger or duty.trigger in ("同上", "出境"))


def test_a_deregistration_sets_off_its_duties_the_gravest_first():
    found = law.duties_on({"DEREG"}, conditions=None, always=False)
    ids = [duty.id for duty in found]
    assert {"PIPL-22a", "SH-9b", "PIPL-47a", "CO-232", "CO-240", "REG-31", "TAX-29"} <= set(ids)
    assert "REG-24" not in ids
    assert [duty.weight for duty in found] == sorted((duty.weight for duty in found), reverse=True)


def test_what_the_conditions_leave_out_is_not_asked_and_what_nobody_answered_is():
    bare = {duty.id for duty in law.duties_on({"DEREG"}, conditions=set(), always=False)}
    asked = {duty.id for duty in law.duties_on({"DEREG"}, conditions={"simplified"}, always=False)}
    unanswered = {duty.id for duty in law.duties_on({"DEREG"}, conditions=None, always=False)}
    assert asked - bare == {"CO-240"}
    assert {"CO-240", "PIPL-22a", "EC-16"} <= unanswered


def test_an_export_may_come_with_every_change_and_ditto_repeats_the_line_above():
    assert law.obligation("SCC-5").triggers == set(law.CHANGES)
    assert law.obligation("PIPL-39").triggers == law.obligation("PIPL-38").triggers
    assert "SCC-7" in {duty.id for duty in law.duties_on({"ADDR"}, conditions={"abroad"}, always=False)}


def test_duties_are_found_by_article_by_trigger_and_by_severity():
    assert {duty.id for duty in law.duties_read_from("SH-9")} == {"SH-9a", "SH-9b"}
    assert {duty.id for duty in law.duties_read_from("PIPL-22b")} == {"PIPL-22a", "PIPL-22b", "PIPL-22c"}
    fatal = law.duties_on(law.CHANGES, conditions=None, at_least=law.Severity.FATAL)
    assert len(fatal) == 23
    assert Counter(duty.weight for duty in law.obligations().values()) == {
        law.Severity.FATAL: 23,
        law.Severity.HIGH: 64,
        law.Severity.MEDIUM: 37,
        law.Severity.LOW: 5,
        law.Severity.NONE: 3,
    }


def test_a_case_s_structures_are_changes_of_the_catalogue():
    assert law.triggers_of(["equity", "merger"]) == {"EQUITY", "XFER"}
    assert law.triggers_of(["operator_change"]) == {"XFER", "ASSET", "DEREG"}


# --- deadlines -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("id", EVERYTHING)
def test_a_duty_has_deadlines_where_its_words_name_one_and_only_there(id):
    duty = law.obligation(id)
    assert bool(duty.deadlines) == bool(duty.deadline)


@pytest.mark.parametrize("id", [id for id in EVERYTHING if law.shipped().obligations[id].deadlines])
def test_what_is_read_stands_in_the_article_and_whatever_does_not_is_marked(id):
    duty = law.obligation(id)
    text = law.article(duty.statute, duty.article).text
    for each in duty.deadlines:
        if each.mark == "V":
            assert each.words
            assert each.words in text
        if each.words and each.amount:
            length = Length(each.amount, each.unit)
            assert length in list(lengths_in(each.words))
        if each.how in ("promptly", "at_once", "before", "at", "from"):
            assert each.amount == 0  # 及时 and 立即 have no length


@pytest.mark.parametrize("id", [id for id in EVERYTHING if law.shipped().obligations[id].deadline])
def test_every_length_in_a_deadline_s_words_is_read(id):
    duty = law.obligation(id)
    words = duty.deadline.replace("工作日", "个工作日")
    read = {Length(each.amount, each.unit) for each in duty.deadlines if each.amount}
    assert set(lengths_in(words)) <= read


def test_promptly_has_no_length_and_the_thirty_days_of_a_standard_are_from_memory():
    promptly, thirty = law.obligation("PIPL-45").deadlines
    assert (promptly.how, promptly.amount, promptly.mark) == ("promptly", 0, "V")
    assert (thirty.how, thirty.amount, thirty.mark, thirty.source) == ("within", 30, "M", "GBT-35273")


def test_the_small_handlers_announcement_has_two_times():
    ahead, standing = law.obligation("SH-9b").deadlines
    assert (ahead.how, ahead.amount, ahead.unit, ahead.event) == ("ahead", 30, "working_day", "transfer")
    assert (standing.how, standing.amount, standing.unit) == ("standing", 30, "working_day")


def _with_readings(find, put):
    text = law.shipped().text("readings.toml")
    assert text.count(find) == 1
    return law.Edition({**law.shipped().files, "readings.toml": text.replace(find, put).encode()})


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ('words = "应当提前三十日"', 'words = "应当提前四十日"'),
        ('amount = 15, unit = "day", event = "resolution"', 'amount = 16, unit = "day", event = "resolution"'),
        ('how = "ahead", amount = 30, unit = "day"', 'how = "around", amount = 30, unit = "day"'),
        ('mark = "M", source = "GBT-35273"', 'mark = "V", source = "GBT-35273"'),
        ('[CO-240]\ncondition = "simplified"', '[CO-240]\ncondition = "simple"'),
        ('[CO-221]\ncondition = "merger"', "[CO-221]"),
    ],
)
def test_a_reading_that_does_not_fit_its_words_is_corrupt(find, put):
    with pytest.raises(Corrupt):
        _ = _with_readings(find, put).obligations
