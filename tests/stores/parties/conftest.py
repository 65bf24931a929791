"""The receiving company as a card: what the sending company gets to see of it."""

from dataclasses import dataclass

import pytest

from shouxin.ground.kernel.canonical import to_base64
from shouxin.ground.kernel.signing import KeySigner, signer
from shouxin.stores.parties import cards, services
from tests.cast import RECEIVER

CLAUSES = {
    "purpose": "继续向客户提供家政服务",
    "method": "加密文件一次性交付，双方核对",
    "scope": "基本信息、购买信息、需求信息",
    "security_duties": "加密保存，专人查看，发生泄露立即通知",
    "supervision": "每季度提交一次处理情况说明",
    "destruction_or_return": "目的实现后三十日内销毁并出具证明",
    "sub_processing": "未经书面同意不得再转交他人",
}


@dataclass(frozen=True)
class Receiver:
    """The receiving company's signer, one of its staff, and its card."""

    signer: KeySigner
    officer: KeySigner
    predicate: dict
    card: bytes


@pytest.fixture
def receiver() -> Receiver:
    """The receiving company, which is another installation."""
    own = signer(b"\x21" * 32, RECEIVER.origin)
    officer = signer(b"\x22" * 32, "staff:b")
    predicate = {
        "name": RECEIVER.name,
        "uscc": RECEIVER.uscc,
        "contact": RECEIVER.contact,
        "address": RECEIVER.address,
        "origin": RECEIVER.origin,
        "public": to_base64(own.public),
        "simulated": True,
        "staff": [
            {"staff": "staff:b", "name": "莫以南", "role": "privacy_officer", "public": to_base64(officer.public)}
        ],
        "issued": "2026-11-20T01:00:00Z",
    }
    return Receiver(own, officer, predicate, cards.write(predicate, signer=own))


@pytest.fixture
def pinned(founded, officer, receiver, at) -> str:
    """The receiving company as the sending company's recipient."""
    return services.add_recipient(
        card=receiver.card,
        contact="莫以南 021-00000002",
        purposes=["继续提供服务"],
        methods=["加密文件交付"],
        role="other_handler",
        by=officer.id,
        at=at,
    )
