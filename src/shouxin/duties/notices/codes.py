"""Reply codes and link tokens: derived under the vault's index root, looked up by their tags, stored nowhere in clear.

A reply code is eight signs of Crockford's base32: seven carry 35 bits, the eighth is a check over GF(32) that notices
every wrong sign and every two signs that changed places. A token is 128 bits, 26 signs of base32.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shouxin.ground.kernel.refusals import Refusal
from shouxin.stores.vault import services as vault

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DATA_SIGNS = 7
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, "—": None, "–": None})
_POLYNOMIAL = 0b100101
_TOKEN_SIGNS = 26
_CODE_LABEL, _TOKEN_LABEL = "notices.code.look_up", "notices.token.look_up"


@dataclass(frozen=True)
class Key:
    """What one customer answers with, in clear, for the length of one message."""

    code: str = field(repr=False)
    token: str = field(repr=False)

    @property
    def spoken(self) -> str:
        """The code in two groups of four, as it is printed and read out."""
        return f"{self.code[:4]}-{self.code[4:]}"


def derive(case: str, customer: int, number: int) -> Key:
    """The code and token of one customer in one case; `number` counts on only where two codes would have met."""
    return derive_all(case, {customer: number})[customer]


def derive_all(case: str, numbers: Mapping[int, int]) -> dict[int, Key]:
    """The codes and tokens of many: customer → number in, customer → key out."""
    seeds = [f"{case}|{customer}|{number}" for customer, number in numbers.items()]
    told, linked = vault.token_tags("notices.code", seeds), vault.token_tags("notices.token", seeds)
    return {
        customer: Key(code=_code(int(code, 16)), token=_token(int(token, 16)))
        for customer, code, token in zip(numbers, told, linked, strict=True)
    }


def tags_of(keys: Sequence[Key]) -> list[tuple[str, str]]:
    """The look-up tags of code and token of each."""
    told = vault.token_tags(_CODE_LABEL, [key.code for key in keys])
    linked = vault.token_tags(_TOKEN_LABEL, [key.token for key in keys])
    return list(zip(told, linked, strict=True))


def code_tags(cleaned: Sequence[str]) -> list[str]:
    """The tags by which codes as they were issued (`clean_code`) are looked up, in the same order."""
    return vault.token_tags(_CODE_LABEL, cleaned)


def token_tag(token: str) -> str:
    """The tag by which a token is looked up."""
    return vault.token_tag(_TOKEN_LABEL, token)


def clean_code(said: str) -> str:
    """The code as it was issued: letters that look like digits read as such, spaces and hyphens dropped.

    Raises:
        Refusal("notices.code_mistyped"): another length, a foreign sign, or the check sign does not fit.
    """
    code = "".join(unicodedata.normalize("NFKC", said).upper().translate(_ALIKE).split())
    places = [SIGNS.find(sign) for sign in code]
    if len(places) != _DATA_SIGNS + 1 or min(places) < 0 or _check(places[:-1]) != places[-1]:
        raise Refusal("notices.code_mistyped")
    return code


def message_tags(case: str, attempts: Mapping[int, int]) -> dict[int, str]:
    """The local parts of the messages' ids, customer → attempt in, customer → id out: the same again when a message in
    doubt is sent again.
    """
    told = [f"{case}|{customer}|{attempt}" for customer, attempt in attempts.items()]
    return {
        customer: tag[:40] for customer, tag in zip(attempts, vault.token_tags("notices.message", told), strict=True)
    }


def _code(bits: int) -> str:
    signs = [bits >> (5 * place) & 31 for place in range(_DATA_SIGNS)]
    return "".join([SIGNS[sign] for sign in (*signs, _check(signs))])


def _token(bits: int) -> str:
    rest = bits & (1 << 128) - 1
    return "".join([SIGNS[rest >> (5 * place) & 31] for place in range(_TOKEN_SIGNS)])


def _check(signs: list[int]) -> int:
    """Σ αⁱ·dᵢ over GF(2⁵): differs when one sign differs, and when two different signs change places."""
    total = 0
    for sign in signs:
        total = _times_alpha(total ^ sign)
    return total


def _times_alpha(value: int) -> int:
    value <<= 1
    return value ^ _POLYNOMIAL if value & 0b100000 else value
