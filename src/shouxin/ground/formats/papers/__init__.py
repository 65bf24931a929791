"""Papers for people: notices that ask or tell, letters, the assessment. Whole texts per language, versioned.

Texts are data beside this file (`<structure>.<language>.toml`, `*.typ`); nothing here invents a sentence. A notice is
complete without tapping a link: what happens and when, the five elements of PIPL 23, necessity and impact of sensitive
kinds (PIPL 30), what each answer does, how to answer. Start from `notice_text` and `assessment_document`.

A notice of a change names what changed, who takes over or keeps, and asks for nothing: `change_text`.

    text = notice_text(facts, wording, language="zh")
    text.fill("short", code="7QX2M9KD")
"""

from shouxin.ground.formats.papers.assessment import (
    Question,
    assessment_document,
    assessment_pdf,
    questions,
)
from shouxin.ground.formats.papers.change_notice import STRUCTURES as TOLD_STRUCTURES
from shouxin.ground.formats.papers.change_notice import Change, ChangeFacts, ChangeWording, change_text
from shouxin.ground.formats.papers.checking import missing_in
from shouxin.ground.formats.papers.notice import (
    FORMS,
    LINK_SLOT,
    SHORT_LIMIT,
    NoticeFacts,
    NoticeText,
    Wording,
    day_text,
    notice_text,
)
from shouxin.ground.formats.papers.plan import PlannedDay, PlannedStep, PlanSheet, plan_pdf
from shouxin.ground.formats.papers.typesetting import letters_pdf, missing_signs

__all__ = [
    "FORMS",
    "LINK_SLOT",
    "SHORT_LIMIT",
    "TOLD_STRUCTURES",
    "Change",
    "ChangeFacts",
    "ChangeWording",
    "NoticeFacts",
    "NoticeText",
    "PlanSheet",
    "PlannedDay",
    "PlannedStep",
    "Question",
    "Wording",
    "assessment_document",
    "assessment_pdf",
    "change_text",
    "day_text",
    "letters_pdf",
    "missing_in",
    "missing_signs",
    "notice_text",
    "plan_pdf",
    "questions",
]
