"""A card from a stranger is a card or corrupt; nothing else comes out of reading one."""

from shouxin.ground.kernel import dsse
from shouxin.ground.kernel.canonical import decode, encode
from shouxin.ground.kernel.digests import digest
from shouxin.ground.kernel.signing import signer
from shouxin.stores.parties import cards
from tests.cast import RECEIVER
from tests.faces.web.shop import receiver_card
from tests.ground import hostile

OWN = signer(b"\x21" * 32, RECEIVER.origin)
CARD = receiver_card()


def strange_cards():
    """Bytes, envelope and statement made strange; and a predicate made strange with its subject put right."""
    yield from hostile.of_bytes(CARD, rounds=30)
    yield from hostile.spelled(hostile.of_value(decode(CARD)))
    stated = dict(dsse.peek(CARD))
    for _, value in hostile.of_value(stated):
        yield from hostile.spelled_by(lambda value=value: dsse.sign(value, [OWN]))
    for _, plain in hostile.of_value(dict(stated["predicate"])):
        yield from hostile.spelled_by(lambda plain=plain: signed_by_itself(plain))


def signed_by_itself(plain):
    origin = plain.get("origin", "") if isinstance(plain, dict) else ""
    subject = {origin if isinstance(origin, str) else "": digest(encode(plain))}
    statement = dsse.statement(subject=subject, predicate_type=cards.CARD, predicate={})
    return dsse.sign({**statement, "predicate": plain}, [OWN])


def test_a_card_is_taken_or_corrupt():
    assert hostile.told(cards.read, CARD) == ""
    found = [hostile.told(cards.read, raw) for raw in strange_cards()]
    assert all(told == "" or told.startswith("corrupt: ") for told in found)
    assert found.count("") < len(found) / 10  # a name, a contact, an address may be any text
