"""The playbooks that ship: whole, in both languages, in an order in which nothing happens before what it rests on."""

import pytest

from shouxin.cases import playbooks


def before(book, id):
    """Every step that must be closed before this one."""
    found = set()
    for need in book.step(id).needs:
        found |= {need} | before(book, need)
    return found


@pytest.mark.parametrize("name", playbooks.names())
def test_each_is_whole_and_every_step_has_a_day(name):
    book = playbooks.read(playbooks.shipped(name))
    assert book.id == name
    assert all(step.due and step.law for step in book.steps)


@pytest.mark.parametrize("name", playbooks.names())
def test_nothing_moves_before_assessment_agreement_drill_and_decision(name):
    book = playbooks.read(playbooks.shipped(name))
    ids = [step.id for step in book.steps]
    if "pack" in ids:
        assert {"assess-impact", "sign-agreement", "drill-restore", "decide", "tell-customers"} <= before(book, "pack")
    assert "destroy" not in ids or {"permit", "decide", "assess-impact"} <= before(book, "destroy")
    assert "pack" not in ids or "destroy" not in ids or "settle" in before(book, "destroy")


def test_a_step_that_the_interview_does_not_ask_for_is_left_out():
    book = playbooks.read(playbooks.shipped("asset_sale"))
    assert "report-plan" not in [step.id for step in book.in_order({"important_data": False})]
    assert "report-plan" in [step.id for step in book.in_order({"important_data": True})]
