"""What a notice lacks, whichever kind it is."""

from shouxin.ground.formats.papers.change_notice import missing_in_change
from shouxin.ground.formats.papers.notice import NoticeText, missing_in_asking
from shouxin.ground.kernel.findings import Missing


def missing_in(text: NoticeText) -> tuple[Missing, ...]:
    """Everything that the law asks for and a form of the text lacks, or that no form may contain; each names its form.

    A text that asks for consent is held against PIPL 23, one that tells of a change against PIPL 17-2 and 22.
    """
    return missing_in_asking(text) if text.elements["asks"] else missing_in_change(text)
