"""The plan prints on one A4 page, in both languages, whatever the change."""

import io
from dataclasses import replace

import pypdf
import pytest

from shouxin.cases import queries
from shouxin.ground.formats.papers import PlannedDay, PlannedStep, plan_pdf
from tests.faces.web import shop as shops


def pages(sheet, language):
    return pypdf.PdfReader(io.BytesIO(plan_pdf(sheet, language=language, at=shops.AT))).pages


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_shows_every_step_with_its_day_and_the_days_of_the_law(shop, language):
    sheet = queries.plan_sheet(shop.case, shops.AT, language=language)
    (page,) = pages(sheet, language)
    text = "".join(page.extract_text().split())
    steps = queries.case(shop.case).steps.all()
    assert len(sheet.steps) == len(steps)
    assert all(str(step.due) in text for step in steps)
    assert "2026-12-31" in text
    assert [day for day in sheet.days if day.day.startswith("2026-12-31")]
    told = queries.playbook_of(shop.case).step("decide")
    assert "".join((told.zh if language == "zh" else told.en).split())[:12] in text


def test_a_long_plan_still_fits_one_page(shop):
    sheet = queries.plan_sheet(shop.case, shops.AT, language="zh")
    step = PlannedStep("向登记机关申请登记，存登记通知书和清税证明", "个人信息保护负责人", "2027-01-20*", "open", True)
    day = PlannedDay("2026-11-23 – 2027-01-15*", "债权申报期满", True)
    long = replace(sheet, steps=[*sheet.steps, *[step] * 6], days=[day] * 20, clashes=["注销登记定得太早。"] * 4)
    assert len(pages(long, "zh")) == 1
