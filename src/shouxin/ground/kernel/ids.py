"""Identifiers: 128 random bits under a prefix that says what is named. They carry no meaning and no personal data."""

import base64
import os
import re
from collections.abc import Callable

from shouxin.ground.kernel.refusals import Refusal

Entropy = Callable[[int], bytes]

_SHAPE = re.compile(r"[a-z]{1,12}_[a-z2-7]{26}")


def new_id(prefix: str, entropy: Entropy = os.urandom) -> str:
    """A fresh identifier such as `case_k3…`: prefix, underscore, 26 characters of base32."""
    return f"{prefix}_{base64.b32encode(entropy(16)).decode().rstrip('=').lower()}"


def check_id(text: str, prefix: str) -> str:
    """The same text.

    Raises:
        Refusal("id.shape"): it is not an identifier under that prefix.
    """
    if not _SHAPE.fullmatch(text) or not text.startswith(prefix + "_"):
        raise Refusal("id.shape", prefix=prefix)
    return text
