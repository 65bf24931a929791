"""In which role somebody acts, and whether that role may: judged here, by `rulebook.access`, for whoever asks.

Nobody acts before an undertaking is signed or after leaving. Two signatures are one of somebody who leads and one
beside it; two who only countersign decide nothing.
"""

from collections.abc import Collection
from datetime import datetime

from shouxin.ground.kernel.refusals import Refusal
from shouxin.ground.kernel.times import check_instant
from shouxin.ground.rulebook import access
from shouxin.stores.parties.models import Staff, Undertaking

SYSTEM = "system"


def role_of(by: str, at: datetime) -> str:
    """The role in which someone acts; a member of staff only while working here and after an undertaking.

    Raises:
        Refusal("access.no_staff"), ("access.staff_revoked"), ("access.no_undertaking").
    """
    if by == SYSTEM:
        return SYSTEM
    row = Staff.objects.filter(id=by).first()
    if row is None:
        raise Refusal("access.no_staff", by=by.partition(":")[0])
    if not row.is_active(check_instant(at)):
        raise Refusal("access.staff_revoked", staff=by)
    if not Undertaking.objects.filter(staff_id=by, signed_at__lte=at).exists():
        raise Refusal("access.no_undertaking", staff=by)
    return row.role


def check_may(*, by: str, act: str, at: datetime) -> None:
    """Let those pass who may act so on a case.

    Raises:
        Refusal("access.act_not_for_this_role"): with the roles that may; and as `role_of`.
    """
    access.check_act(role_of(by, at), act)


def check_signed(*, staff: Collection[str], act: str, at: datetime) -> None:
    """Let an act pass that these members of staff signed: one of them leads, each other may sign beside.

    Raises:
        as `check_may` and `check_led`.
    """
    for each in staff:
        check_may(by=each, act="countersign", at=at)
    check_led(staff=staff, act=act, at=at)


def check_led(*, staff: Collection[str], act: str, at: datetime) -> None:
    """Let an act pass of which one of these members of staff could answer alone.

    Raises:
        Refusal("access.nobody_leads"); and as `role_of`.
    """
    if not any(role_of(each, at) in access.ACTS[act] for each in staff):
        raise Refusal("access.nobody_leads", act=act)
