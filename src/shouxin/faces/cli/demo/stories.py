"""The stories by name: whose company it is, what it says, and how its change is told."""

from pathlib import Path

from shouxin.faces.cli.demo.instrument_words import INSTRUMENTS
from shouxin.faces.cli.demo.senders import made_up
from shouxin.faces.cli.demo.story import Story
from shouxin.faces.cli.demo.told import ToldStory
from shouxin.faces.cli.demo.told_words import ADDRESS, EQUITY
from shouxin.faces.cli.door import Teller
from shouxin.ground.samples import INSTRUMENT_FIRM

_TOLD = {"address": ADDRESS, "equity": EQUITY}


def story(name: str, *, folder: Path, customers: int, seed: int, stages: Teller) -> Story:
    """One telling, ready to begin."""
    if name in _TOLD:
        speech = _TOLD[name]
        sender = made_up(customers=customers, seed=seed, says=speech.says, shape=speech.shape)
        return ToldStory(folder=folder, sender=sender, teller=stages, speech=speech)
    if name == "transfer":
        sender = made_up(customers=customers, seed=seed, says=INSTRUMENTS, shape=INSTRUMENT_FIRM)
    else:
        sender = made_up(customers=customers, seed=seed)
    return Story(folder=folder, sender=sender, teller=stages)
