"""Where a key lies: customer × compartment → slot → page, and the names of the compartments.

slot = customer × 8 + compartment; 512 slots a page, so 64 customers a page.
"""

from collections.abc import Collection, Iterable

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.rulebook.terms import categories

COMPARTMENTS = 8
CUSTOMERS_A_PAGE = 64
SLOTS_A_PAGE = COMPARTMENTS * CUSTOMERS_A_PAGE
KEY = 32
DEAD_KEY = bytes(KEY)
ALL = 0xFF

NUMBER = {name: category.compartment for name, category in categories().items()}
NAME = {number: name for name, number in NUMBER.items()}
BASIC, EVIDENCE = NUMBER["basic"], NUMBER["evidence"]


def compartment(category: str) -> int:
    """The number of a category's compartment.

    Raises:
        Refusal("vault.category"): no such category.
    """
    try:
        return NUMBER[category]
    except KeyError:
        raise Refusal("vault.category", category=category[:24]) from None


def mask_of(names: Collection[str] | None) -> int:
    """The mask of some categories; None is the whole customer."""
    if names is None:
        return ALL
    mask = 0
    for name in names:
        mask |= 1 << compartment(name)
    return mask


def bits(mask: int) -> list[int]:
    """The compartments in a mask."""
    return [number for number in range(COMPARTMENTS) if mask >> number & 1]


def page_of(customer: int) -> int:
    """The page on which a customer's keys lie."""
    return customer // CUSTOMERS_A_PAGE


def pages_of(customers: Iterable[int]) -> list[int]:
    """The pages of some customers, each once, in order."""
    return sorted({customer // CUSTOMERS_A_PAGE for customer in customers})
