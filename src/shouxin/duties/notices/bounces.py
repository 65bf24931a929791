"""Mail that came back: delivery status notifications (RFC 3464), one message per file, and whose message each names."""

import email
from email.message import Message
from email.policy import default
from pathlib import Path

_FAILED = "failed"


def failed_message_ids(folder: Path) -> frozenset[str]:
    """The local parts of the ids of messages that failed for good. Files that are not such notices are passed over."""
    found = set()
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            notice = email.message_from_binary_file(file, policy=default)
        if _has_failed(notice):
            found |= {
                _local_part(part["Message-ID"]) for part in notice.walk() if part is not notice and part["Message-ID"]
            }
            found |= _ids_in_headers(notice)
    return frozenset(each for each in found if each)


def _has_failed(notice: Message) -> bool:
    for part in notice.walk():
        if part.get_content_type() == "message/delivery-status":
            blocks = part.get_payload()
            if isinstance(blocks, list) and any(_action(each) == _FAILED for each in blocks):
                return True
    return False


def _action(block: object) -> str:
    return str(block["Action"]).strip().lower() if isinstance(block, Message) else ""


def _ids_in_headers(notice: Message) -> set[str]:
    """Some servers return the headers alone, as text."""
    found = set()
    for part in notice.walk():
        if part.get_content_type() != "text/rfc822-headers":
            continue
        raw = part.get_payload(decode=True)
        if isinstance(raw, bytes):
            found.add(_local_part(email.message_from_bytes(raw)["Message-ID"]))
    return found


def _local_part(message_id: str | None) -> str:
    return str(message_id or "").strip().strip("<>").partition("@")[0]
