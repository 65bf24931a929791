"""The accelerated sealing makes what the plain one makes: each opens the other's, and neither a changed one."""

import pytest

from shouxin.ground.kernel.refusals import Corrupt, Refusal
from shouxin.stores.vault import accelerate, keyring, records, services
from shouxin.stores.vault.numbers import KEY
from tests.stores.vault.conftest import AT

SIZES = (0, 1, 15, 16, 17, 300, 4096)


@pytest.fixture
def quick():
    """The accelerated sealing, which this machine may lack."""
    found = accelerate.sealer()
    if found is None:
        pytest.skip("no OpenSSL 3 library here: sealing goes the plain way")
    return found


def sealed(monkeypatch, found, *, cells, raws):
    """The envelopes by one of the two ways."""
    monkeypatch.setattr(accelerate, "sealer_for", lambda _: found)
    return records.seal(keyring.current(), cells=cells, raws=raws, first=2**33 + 5, kind="collected")


def opened(cells, bodies):
    """The values, by the plain way."""
    ring, values = keyring.current(), []
    for at, ((customer, compartment), body) in enumerate(zip(cells, bodies, strict=True)):
        stored = records.Stored(2**33 + 5 + at, customer, compartment, 1, "collected", 1, "", None, body)
        values += [value.raw for _, value in records.opened(ring, [stored])]
    return values


def test_both_ways_make_envelopes_of_the_same_form_that_open_alike(vault, quick, monkeypatch):
    numbers = services.allocate(1200)
    cells = [(number, at % 7) for at, number in enumerate(numbers)]
    raws = [bytes([at % 251]) * SIZES[at % len(SIZES)] for at in range(len(cells))]
    fast, plain = (sealed(monkeypatch, found, cells=cells, raws=raws) for found in (quick, None))
    assert opened(cells, fast) == opened(cells, plain) == raws
    assert [body[:14] for body in fast] == [body[:14] for body in plain]
    assert [len(body) for body in fast] == [len(body) for body in plain]
    nonces = [body[14:26] for body in [*fast, *plain]]
    assert len(set(nonces)) == len(nonces)


@pytest.mark.parametrize("place", [0, 5, 13, 14, 25, 26, -17, -16, -1])
def test_a_changed_byte_an_envelope_moved_or_another_kind_does_not_open(vault, quick, monkeypatch, place):
    numbers = services.allocate(2)
    cells = [(number, 0) for number in numbers]
    first, second = sealed(monkeypatch, quick, cells=cells, raws=[b"a" * 40, b"b" * 40])
    changed = bytearray(first)
    changed[place] ^= 1
    for bodies in ([bytes(changed), second], [second, first]):
        with pytest.raises(Corrupt):
            opened(cells, bodies)


def test_a_destroyed_key_seals_nothing(vault, quick, monkeypatch):
    numbers = services.allocate(3)
    services.shred(
        cells={numbers[1]: frozenset({"need"})}, reason={"n": 1}, at=AT, by="system", held=lambda customers: ()
    )
    with pytest.raises(Refusal, match=r"vault\.destroyed"):
        sealed(monkeypatch, quick, cells=[(number, 2) for number in numbers], raws=[b"x"] * 3)


def test_keys_are_overwritten_in_the_array_that_the_loop_read(vault, quick, monkeypatch):
    seen, loop = [], quick._loop

    def watched(context, keys, *rest):
        seen.append(keys)
        return loop(context, keys, *rest)

    monkeypatch.setattr(quick, "_loop", watched)
    (number,) = services.allocate(1)
    sealed(monkeypatch, quick, cells=[(number, 0)], raws=[b"x"])
    assert len(seen[0]) >= KEY
    assert not seen[0].any()


def test_without_a_library_everything_goes_the_plain_way(vault, monkeypatch):
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    monkeypatch.setattr(accelerate, "WORTH_LOADING", 0)
    accelerate.sealer.cache_clear()
    try:
        assert accelerate.sealer_for(10**6) is None
        (number,) = services.allocate(1)
        bodies = records.seal(keyring.current(), cells=[(number, 0)], raws=[b"x"], first=2**33 + 5, kind="collected")
        assert opened([(number, 0)], bodies) == [b"x"]
    finally:
        accelerate.sealer.cache_clear()
