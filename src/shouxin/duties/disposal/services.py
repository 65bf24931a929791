"""The verbs of disposal, its only writers. Each stands in a module of its own subject; this is the list.

1. `place_hold`, `release_hold`: who must not be destroyed. 2. `plan`, `approve`: what would end, signed by two.
3. `destroy`: under a permit, in steps. 4. `dispose_sources`, `end_boxes`, `end_goods`, `exclude`: every place.
5. `certificate`: what was done, and what was not.

    destroy(case=case, decided=decided, permit_envelope=envelope, by=officer, at=at)
    dispose_sources(case=case, confirm=True, home=home, by=officer, at=at)
    certificate(case=case, company=signer, by=officer, at=at, folder=home / "evidence")
"""

from shouxin.duties.disposal.certifying import certificate
from shouxin.duties.disposal.destruction import DestroyResult, destroy, moved_since
from shouxin.duties.disposal.holding import REASONS, place_hold, release_hold
from shouxin.duties.disposal.places import SourcesResult, Staged, dispose_sources, exclude
from shouxin.duties.disposal.planning import approve, plan
from shouxin.duties.disposal.things import BoxCount, BoxView, end_boxes, end_goods, open_boxes, read_sheet, write_sheet

__all__ = [
    "REASONS",
    "BoxCount",
    "BoxView",
    "DestroyResult",
    "SourcesResult",
    "Staged",
    "approve",
    "certificate",
    "destroy",
    "dispose_sources",
    "end_boxes",
    "end_goods",
    "exclude",
    "moved_since",
    "open_boxes",
    "place_hold",
    "plan",
    "read_sheet",
    "release_hold",
    "write_sheet",
]
