"""One process at a time: who comes second is refused for as long as a block lasts, or waits for a transaction's end."""

from threading import Event, Thread

import pytest
from django.db import connection, transaction

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.jobs.alone import alone, take_turn
from tests.stores.conftest import *  # noqa: F403


def test_who_comes_second_is_refused_until_the_first_has_ended(home):
    with alone("evidence"):
        with pytest.raises(Refusal, match=r"jobs\.under_way"), alone("evidence"):
            pass
        with alone("sources"):
            pass
    with pytest.raises(ZeroDivisionError), alone("evidence"):
        1 / 0  # noqa: B018
    with alone("evidence"):
        pass


def test_a_turn_lasts_as_long_as_a_transaction(durable_db):
    with pytest.raises(RuntimeError):
        take_turn("holds")
    with transaction.atomic():
        take_turn("holds")
        take_turn("holds")


@pytest.mark.only_on("postgresql")  # the embedded database lets one writer in at a time anyway
def test_who_comes_second_waits_for_the_end_of_the_first_one_s_transaction(durable_db):
    order, holds = [], Event()

    def second():
        holds.wait()
        with transaction.atomic():
            take_turn("holds")
            order.append("second")
        connection.close()

    thread = Thread(target=second)
    thread.start()
    with transaction.atomic():
        take_turn("holds")
        holds.set()
        thread.join(timeout=0.5)
        assert thread.is_alive()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
