"""The journal of a mailing: whole lines count, a torn one does not, and nothing marked since is marked back."""

import pytest

from shouxin.duties.notices import journal, sending, services
from shouxin.duties.notices.models import Delivery, Mailing
from tests.duties.stage import AT, CASE, adopt


@pytest.fixture
def stopped(stage, with_mail, home):
    """A mailing whose process ended: two lines whole, the third torn; a row was marked since."""
    adopt(stage)
    services.send(case=CASE, by=stage.clerk, at=AT)
    mailing = Mailing.objects.order_by("-people").first()
    rows = list(Delivery.objects.filter(mailing=mailing).order_by("id").values_list("pk", flat=True))
    assert not (home / "spool" / "marks" / str(mailing.pk)).exists()
    Delivery.objects.filter(pk__in=rows[1:]).update(state="queued")
    Delivery.objects.filter(pk=rows[0]).update(state="delivered")
    lines = f"{rows[0]} sent \n{rows[1]} bounced smtp_permanent\n{rows[2]} sen"
    (home / "spool" / "marks" / str(mailing.pk)).write_text(lines, "ascii")
    return home, mailing, rows


def test_what_is_whole_is_marked_and_only_the_first_unknown_is_in_doubt(stopped):
    home, mailing, rows = stopped
    sending.take_up(home, mailing)
    found = dict(Delivery.objects.filter(mailing=mailing).values_list("pk", "state"))
    assert [found[row] for row in rows] == ["delivered", "bounced", *["queued"] * (len(rows) - 2)]
    assert list(Delivery.objects.filter(in_doubt=True).values_list("pk", flat=True)) == [rows[2]]
    assert not (home / "spool" / "marks" / str(mailing.pk)).exists()


def test_a_sending_that_fails_leaves_its_marks_in_the_rows(stopped):
    home, mailing, rows = stopped

    def fail():
        with journal.writing(home, mailing.pk) as told:
            told.note(rows[1], Delivery.SENT, "")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert Delivery.objects.get(pk=rows[1]).state == "sent"
    assert Delivery.objects.get(pk=rows[2]).state == "queued"
