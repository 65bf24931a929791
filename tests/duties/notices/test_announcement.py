"""An announcement informs; it needs a place, days and a photograph, and counts when it has stood."""

from datetime import timedelta

import pytest

from shouxin.duties.consent import queries as consent
from shouxin.duties.notices import queries, services
from shouxin.duties.notices.models import Announcement
from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.gates.codes import Notice
from shouxin.stores.ledger import queries as ledger
from tests.duties.stage import AT, CASE, adopt, later

PHOTO = "sha256:" + "a" * 64


def announce(stage, **changed):
    plain = {"case": CASE, "place": "店门口", "days": 7, "photo_digest": PHOTO, "by": stage.officer, "at": AT}
    return services.record_announcement(**{**plain, **changed})


@pytest.mark.parametrize("changed", [{"place": " "}, {"days": 0}, {"photo_digest": "photo.jpg"}])
def test_it_is_refused_without_place_days_or_photograph(stage, changed):
    adopt(stage)
    with pytest.raises(Refusal, match=r"notices\.announcement_facts"):
        announce(stage, **changed)


def test_it_is_not_recorded_before_it_is_put_up_nor_without_a_text(stage):
    with pytest.raises(Refusal, match=r"notices\.no_text"):
        announce(stage)
    adopt(stage)
    with pytest.raises(Refusal, match=r"notices\.announcement_ahead"):
        announce(stage, posted_at=AT + timedelta(days=2))


def test_the_same_announcement_again_is_the_same_and_another_place_another(stage):
    adopt(stage)
    announce(stage)
    announce(stage, at=AT + timedelta(hours=1))
    announce(stage, place="街道布告栏")
    assert len(ledger.entries(kinds=("notices.announced",))) == Announcement.objects.count() == 2


def test_everyone_counts_as_announced_the_day_after_its_days_and_nobody_has_agreed(stage):
    adopt(stage)
    announce(stage)
    assert set(queries.states(CASE, later(days=7)).notice.tolist()) == {Notice.NONE}
    assert set(queries.states(CASE, later(days=8)).notice.tolist()) == {Notice.ANNOUNCED}
    assert len(consent.answers(CASE, later(days=8))) == 0
