"""The playbooks that ship with the product, one file a kind of change, and the shelf of steps that they share.

names()                    ("address", "asset_sale", …)
read(shipped("equity"))    the playbook, whole, with this product's acts, checks and interview
read(text)                 a company's own playbook; Refusal("playbook.invalid") says everything that is wrong where
"""

from functools import cache, lru_cache
from importlib import resources

from shouxin.cases.acts import ACTS
from shouxin.cases.checks import CHECKS
from shouxin.cases.interview import BRANCHES
from shouxin.ground.formats import playbook
from shouxin.ground.kernel.refusals import Refusal

_SHELF = "shelf"


@cache
def names() -> tuple[str, ...]:
    """The playbooks that ship."""
    files = (each.name for each in resources.files(__name__).iterdir() if each.name.endswith(".toml"))
    return tuple(sorted(name.removesuffix(".toml") for name in files if name != f"{_SHELF}.toml"))


def shipped(name: str) -> str:
    """The text of a playbook that ships.

    Raises:
        Refusal("playbook.unknown").
    """
    if name not in names():
        raise Refusal("playbook.unknown", name=name)
    return _text(name)


@lru_cache(maxsize=64)
def read(text: str) -> playbook.Playbook:
    """A playbook, its shared steps taken from the shelf; or one that a case pinned whole.

    Raises:
        Refusal("playbook.syntax"), ("playbook.invalid"): with everything that is wrong, each with step and line.
    """
    return playbook.parse(text, acts=ACTS, checks=CHECKS, branches=BRANCHES, shelf=_text(_SHELF))


def _text(name: str) -> str:
    return resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
