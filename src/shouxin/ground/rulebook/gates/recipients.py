"""Who stands at the other end of a flow, and what that makes of it; the flows that nobody declares.

A successor only where moving is needed: merger and division; in dissolution, for whom the open contract, claim or
warranty is taken over. A shareholder, a group company, a buyer of goods, a new operator are other handlers. Whoever
acts for the company itself (liquidation group, administrator) receives nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from shouxin.ground.rulebook.gates.codes import FlowRole, Question, Structure
from shouxin.ground.rulebook.gates.facts import Facts, Flags
from shouxin.ground.rulebook.gates.flows import FlowFacts, counting_for
from shouxin.ground.rulebook.gates.opinions import columns_chosen


class RecipientKind(StrEnum):
    """Who receives, in the field's words."""

    MERGED_COMPANY = "merged_company"
    DIVIDED_COMPANY = "divided_company"
    CONTRACT_TAKER = "contract_taker"
    ESTATE_BUYER = "estate_buyer"
    SHAREHOLDER = "shareholder"
    GROUP_COMPANY = "group_company"
    BUSINESS_BUYER = "business_buyer"
    GOODS_BUYER = "goods_buyer"
    NEW_OPERATOR = "new_operator"
    MOVER = "mover"
    CLOUD = "cloud"
    BOOKKEEPER = "bookkeeper"
    ADVISER = "adviser"
    KEEPER = "keeper"
    PERSONS_CHOICE = "persons_choice"
    LIQUIDATION_GROUP = "liquidation_group"
    ADMINISTRATOR = "administrator"


_R, _F = RecipientKind, FlowRole

# None: acts for the company itself, so nothing flows.
ROLE_OF: Mapping[RecipientKind, FlowRole | None] = MappingProxyType(
    {
        _R.MERGED_COMPANY: _F.SUCCESSOR,
        _R.DIVIDED_COMPANY: _F.SUCCESSOR,
        _R.CONTRACT_TAKER: _F.SUCCESSOR,
        _R.ESTATE_BUYER: _F.SUCCESSOR,
        _R.SHAREHOLDER: _F.OTHER_HANDLER,
        _R.GROUP_COMPANY: _F.OTHER_HANDLER,
        _R.BUSINESS_BUYER: _F.OTHER_HANDLER,
        _R.GOODS_BUYER: _F.OTHER_HANDLER,
        _R.NEW_OPERATOR: _F.OTHER_HANDLER,
        _R.MOVER: _F.PROCESSOR,
        _R.CLOUD: _F.PROCESSOR,
        _R.BOOKKEEPER: _F.PROCESSOR,
        _R.ADVISER: _F.PROCESSOR,
        _R.KEEPER: _F.CUSTODIAN,
        _R.PERSONS_CHOICE: _F.SUBJECT_DIRECTED,
        _R.LIQUIDATION_GROUP: None,
        _R.ADMINISTRATOR: None,
    }
)


@dataclass(frozen=True)
class UndeclaredFlow:
    """A movement that people forget to name: what moves, and what its recipient is unless shown otherwise."""

    id: str
    role: FlowRole


# Asked in every interview until somebody has answered.
UNDECLARED: tuple[UndeclaredFlow, ...] = (
    UndeclaredFlow("due_diligence_room", _F.OTHER_HANDLER),
    UndeclaredFlow("computers_and_storage", _F.OTHER_HANDLER),
    UndeclaredFlow("telephones_and_numbers", _F.OTHER_HANDLER),
    UndeclaredFlow("wechat_accounts", _F.OTHER_HANDLER),
    UndeclaredFlow("platform_accounts", _F.OTHER_HANDLER),
    UndeclaredFlow("customer_groups", _F.OTHER_HANDLER),
    UndeclaredFlow("single_sign_on", _F.OTHER_HANDLER),
    UndeclaredFlow("bookkeeping_agency", _F.PROCESSOR),
    UndeclaredFlow("return_after_rescission", _F.OTHER_HANDLER),
)

_UNIVERSAL = frozenset({Structure.MERGER, Structure.DIVISION})
_TAKING_OVER = frozenset({Structure.DISSOLUTION, Structure.BANKRUPTCY})
_ON_OPINION = frozenset({Structure.BUSINESS_SALE, Structure.ASSET_SALE, Structure.OPERATOR_CHANGE})


def takes_over(facts: Facts, flow: FlowFacts) -> Flags:
    """For whom the recipient is a successor (PIPL 22); for anybody else it is another handler (PIPL 23).

    In a bankruptcy the declared reason is in the text, the need to move everybody is a reading: without an opinion it
    is like a dissolution. A sale or another operator is a successor's case on an opinion only.
    """
    if flow.role is not FlowRole.SUCCESSOR or not flow.succession_on_record:
        return np.zeros((1, 1), dtype=np.bool_)
    structures = flow.sender.structures
    if structures & _UNIVERSAL:
        return np.ones((1, 1), dtype=np.bool_)
    found: Flags = np.zeros((1, len(facts.categories)), dtype=np.bool_)
    if structures & _ON_OPINION:
        found = found | columns_chosen(counting_for(flow, Question.SUCCESSION), facts.categories)
    if Structure.BANKRUPTCY in structures:
        found = found | columns_chosen(counting_for(flow, Question.BANKRUPTCY), facts.categories)
    if structures & _TAKING_OVER:
        found = found | facts.taken_over[:, None]
    return found
