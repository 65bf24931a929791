"""Sealing a batch in one compiled loop over the system's OpenSSL, where there is one: byte for byte the form that
`records` and `kernel.sealing` make with AES-256-GCM. Why, and at what price: decision 0004.

1. Never needed: without an OpenSSL 3 library, or when what it makes does not open on the plain path, `sealer` answers
   None and everything goes the plain way.
2. One cipher context per call, keyed anew for each envelope; the lock is released meanwhile.
3. Keys are read where the opened leaves lie joined, in one array that is overwritten at the end.
"""

import ctypes
import ctypes.util
import os
from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise

import numpy as np

from shouxin.ground.kernel.refusals import Corrupt
from shouxin.ground.kernel.sealing import AES_256_GCM, HEADER, NONCE, OVERHEAD, unseal

VERSION = 1
WORTH_LOADING = 100_000
_NEEDED = 0x30000000
_KEY, _DESTROYED = 32, -1
_AT_ONCE = 512  # what one call touches stays in the processor's cache


_sealed = 0


class Sealer:
    """The accelerated sealing."""

    def __init__(self, library: ctypes.CDLL, loop: Callable[..., int]) -> None:
        self._library, self._loop = library, loop

    def seal(
        self,
        leaves: Sequence[bytes],
        places: np.ndarray,
        slots: np.ndarray,
        raws: Sequence[bytes],
        *,
        first: int,
        ends: tuple[bytes, bytes],
    ) -> list[bytes] | None:
        """The envelopes of values, numbered from `first`, under the keys at some places of the leaves in a row; bound
        to vault and kind (`ends`). None when one of the keys is gone.

        Raises:
            Corrupt: the library refused.
        """
        keys = np.frombuffer(bytearray().join(leaves), np.uint8)
        bound = np.frombuffer(
            bytearray(HEADER.pack(1, AES_256_GCM, 0, VERSION) + ends[0] + bytes(8) + ends[1]), np.uint8
        )
        nonces, out = np.frombuffer(os.urandom(NONCE * len(raws)), np.uint8), list[bytes]()
        context = self._library.EVP_CIPHER_CTX_new()
        try:
            self._library.EVP_EncryptInit_ex(context, self._library.EVP_aes_256_gcm(), None, None, None)
            for at in range(0, len(raws), _AT_ONCE):
                some = raws[at : at + _AT_ONCE]
                stops = np.cumsum(np.fromiter(map(len, some), np.int64, len(some)))
                edges = [0, *(stops + np.arange(1, len(some) + 1) * OVERHEAD).tolist()]
                raw, laid = np.frombuffer(b"".join(some) or b"\0", np.uint8), np.empty(edges[-1], np.uint8)
                done = self._loop(
                    context, keys, places[at:], slots[at:], bound, first + at, nonces[at * NONCE :], raw, stops, laid
                )
                if done == _DESTROYED:
                    return None
                if done != len(some):
                    raise Corrupt("cipher library that fails", f"batch of {len(raws)}")
                whole = laid.tobytes()
                out += [whole[start:stop] for start, stop in pairwise(edges)]
            return out
        finally:
            self._library.EVP_CIPHER_CTX_free(context)
            keys[:] = 0


def sealer_for(envelopes: int) -> Sealer | None:
    """The accelerated sealing for so many envelopes, or None: once this process has sealed as many as loading the loop
    takes the time of.
    """
    global _sealed  # noqa: PLW0603 - a count that never shrinks; a race costs nothing but an early or late start
    _sealed += envelopes
    return sealer() if _sealed >= WORTH_LOADING else None


@cache
def sealer() -> Sealer | None:
    """The accelerated sealing, tried against the plain one; None where it cannot be had."""
    try:
        library = _library()
        found = Sealer(library, _linked(library)) if library else None
        return found if found and _agrees(found) else None
    except (ImportError, OSError, AttributeError, RuntimeError, Corrupt):
        return None


def _library() -> ctypes.CDLL | None:
    name = ctypes.util.find_library("crypto")
    library = ctypes.CDLL(name) if name else None
    if library is None or library.OpenSSL_version_num() < _NEEDED:
        return None
    for function in ("EVP_CIPHER_CTX_new", "EVP_aes_256_gcm"):
        getattr(library, function).restype = ctypes.c_void_p
    library.EVP_CIPHER_CTX_free.argtypes = (ctypes.c_void_p,)
    library.EVP_EncryptInit_ex.argtypes = (ctypes.c_void_p,) * 5
    return library


def _linked(library: ctypes.CDLL) -> Callable[..., int]:
    """The compiled loop, calling this library. Imported here: its compiler would cost half a second of every command
    that seals no large batch.
    """
    compiled = import_module("shouxin.stores.vault.compiled")
    compiled.link(
        {name: ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0 for name in compiled.FUNCTIONS}
    )
    loop: Callable[..., int] = compiled.seal_all
    return loop


def _agrees(found: Sealer) -> bool:
    """Whether what it makes opens on the plain path, an empty value among it."""
    leaf, raws, vault = os.urandom(2 * _KEY), [b"", b"a" * 15, os.urandom(300)], os.urandom(16)
    places, slots = np.array([_KEY, 0, _KEY]), np.array([7, 2**40, 9])
    made = found.seal([leaf], places, slots, raws, first=5, ends=(vault, b"kind")) or []
    context = [vault + (5 + at).to_bytes(8, "big") + b"kind" for at in range(len(made))]
    keys = [leaf[place : place + _KEY] for place in places.tolist()]
    opened = [
        unseal(key, body, slot=slot, context=bound).raw
        for key, body, slot, bound in zip(keys, made, slots.tolist(), context, strict=True)
    ]
    return opened == raws
