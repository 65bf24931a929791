"""Papers for people: the notice of an asset sale, letters, the impact assessment. Whole texts per language, versioned.

Texts are data beside this file (`<structure>.<language>.toml`, `*.typ`); nothing here invents a sentence. A notice is
complete without tapping a link: what happens and when, the five elements of PIPL 23, necessity and impact of sensitive
kinds (PIPL 30), what each answer does, how to answer. Start from `notice_text` and `assessment_document`.

    text = notice_text(facts, wording, language="zh", with_link=False)
    text.fill("short", code="7QX2M9KD")
"""

from shouxin.ground.formats.papers.assessment import (
    Question,
    assessment_document,
    assessment_pdf,
    questions,
)
from shouxin.ground.formats.papers.notice import (
    FORMS,
    LINK_SLOT,
    SHORT_LIMIT,
    NoticeFacts,
    NoticeText,
    Wording,
    day_text,
    missing_in,
    notice_text,
)
from shouxin.ground.formats.papers.typesetting import letters_pdf, missing_signs

__all__ = [
    "FORMS",
    "LINK_SLOT",
    "SHORT_LIMIT",
    "NoticeFacts",
    "NoticeText",
    "Question",
    "Wording",
    "assessment_document",
    "assessment_pdf",
    "day_text",
    "letters_pdf",
    "missing_in",
    "missing_signs",
    "notice_text",
    "questions",
]
