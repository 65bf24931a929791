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
        with journal.writing(home, mailing.pk, messages=2) as told:
            told.note(rows[1], Delivery.SENT, "")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert Delivery.objects.get(pk=rows[1]).state == "sent"
    assert Delivery.objects.get(pk=rows[2]).state == "queued"


def test_a_line_stands_at_once_and_a_journal_holds_more_lines_than_were_announced(stopped):
    home, mailing, rows = stopped
    path = home / "spool" / "marks" / str(mailing.pk)
    with journal.writing(home, mailing.pk, messages=1) as told:
        for row in rows[1:]:
            told.note(row, Delivery.BOUNCED, "smtp_permanent" * 2)  # 40 signs are the longest reason
            assert path.read_bytes().rstrip(b"\0").endswith(b"%d bounced smtp_permanentsmtp_permanent\n" % row)
        told.keep()
    assert set(Delivery.objects.filter(pk__in=rows[1:]).values_list("state", flat=True)) == {"bounced"}
    assert not path.exists()


def test_zeros_behind_a_torn_line_are_no_line(stopped):
    home, mailing, rows = stopped
    path = home / "spool" / "marks" / str(mailing.pk)
    path.write_bytes(path.read_bytes() + b"\0" * 500)
    sending.take_up(home, mailing)
    found = dict(Delivery.objects.filter(mailing=mailing).values_list("pk", "state"))
    assert [found[row] for row in rows] == ["delivered", "bounced", *["queued"] * (len(rows) - 2)]


def test_what_the_disk_refuses_is_raised_before_the_next_message_ends(stopped, monkeypatch):
    home, mailing, rows = stopped

    def refuse(file):
        raise OSError(5, "the disk is gone")

    def write():
        with journal.writing(home, mailing.pk, messages=2) as told:
            monkeypatch.setattr(journal, "_sync", refuse)
            told.note(rows[1], Delivery.SENT, "")
            told.keep()

    with pytest.raises(OSError, match="the disk is gone"):
        write()
