"""The list of persons who withdrew or objected: tags under the transfer's key, sealed to the other side, root in the
clear. Each list is whole: who applies the newest has applied all."""

from collections.abc import Collection, Mapping
from typing import Any

from shouxin.ground.formats.package import open_small, seal_small
from shouxin.ground.formats.roots import TAG, tags_root
from shouxin.ground.kernel.canonical import decode, encode, from_base64, to_base64
from shouxin.ground.kernel.refusals import Corrupt


def seal_tags(tags: Collection[bytes], *, tid: str, epoch: int, recipient: str) -> dict[str, str]:
    """The fields `tags` and `tags_root` of a WITHDRAW.

    Raises:
        Refusal("transfer.recipient_key").
    """
    plain = encode({"epoch": epoch, "tags": sorted({tag.hex() for tag in tags}), "tid": tid})
    return {"tags": to_base64(seal_small(plain, recipient)), "tags_root": tags_root(set(tags)).hex()}


def open_tags(withdraw: Mapping[str, Any], *, identity: str) -> frozenset[bytes]:
    """The tags inside a verified WITHDRAW's predicate.

    Raises:
        Refusal("transfer.cannot_open"): sealed to another key; Corrupt: not the list of this message.
    """
    plain = decode(open_small(from_base64(withdraw["tags"], where="withdraw"), identity), where="withdraw")
    if not isinstance(plain, dict) or set(plain) != {"epoch", "tags", "tid"}:
        raise Corrupt("list of a refused form", "withdraw")
    if (plain["tid"], plain["epoch"]) != (withdraw["tid"], withdraw["epoch"]):
        raise Corrupt("list of another message", "withdraw")
    tags = _read_tags(plain["tags"])
    if tags_root(tags).hex() != withdraw["tags_root"]:
        raise Corrupt("list that does not come to its root", "withdraw")
    return frozenset(tags)


def _read_tags(listed: Any) -> list[bytes]:
    try:
        tags = [bytes.fromhex(each) for each in listed]
    except (TypeError, ValueError) as error:
        raise Corrupt("list of a refused form", "withdraw") from error
    spelled = [tag.hex() for tag in tags]
    if spelled != listed or any(len(tag) != TAG for tag in tags) or sorted(set(spelled)) != spelled:
        raise Corrupt("list of a refused form", "withdraw")
    return tags
