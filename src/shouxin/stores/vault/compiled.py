"""The loop of `accelerate` as machine code, kept on disk if some folder is writable. Imported by it alone, and late.

It calls OpenSSL under symbols of our own, so that no other OpenSSL of this process is called in its place: `link` says
where they lie, before the first call.
"""

from collections.abc import Callable, Mapping
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import njit, types

from shouxin.ground.kernel.sealing import HEADER, NONCE, OVERHEAD, TAG

FUNCTIONS = ("EVP_EncryptInit_ex", "EVP_EncryptUpdate", "EVP_EncryptFinal_ex", "EVP_CIPHER_CTX_ctrl")
DESTROYED, REFUSED = -1, -2
_HEADER, _KEY, _SLOT = HEADER.size, 32, 2
_FRONT, _NUMBER, _GET_TAG = _HEADER + NONCE, _HEADER + 16, 0x10
_at, _size = types.uintp, types.int32
_FORMS: tuple[Any, ...] = (
    _size(_at, _at, _at, _at, _at),
    _size(_at, _at, _at, _at, _size),
    _size(_at, _at, _at),
    _size(_at, _size, _size, _at),
)
_CALLS: tuple[Any, ...] = tuple(
    types.ExternalFunction(f"shouxin_{name}", form) for name, form in zip(FUNCTIONS, _FORMS, strict=True)
)
_init, _update, _final, _control = _CALLS


def link(addresses: Mapping[str, int]) -> None:
    """Where the functions lie in this process."""
    for name in FUNCTIONS:
        llvm.add_symbol(f"shouxin_{name}", addresses[name])


def _kept(function: Callable[..., int]) -> Callable[..., int]:
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:  # no folder for the machine code: a read-only installation
        return njit(nogil=True, error_model="numpy")(function)


@_kept
def seal_all(  # noqa: PLR0917 - numba takes places
    context: int,
    keys: Any,
    places: Any,
    slots: Any,
    bound: Any,
    number: int,
    nonces: Any,
    raw: Any,
    ends: Any,
    out: Any,
) -> Any:
    """Write every envelope one after the other into `out`; how many, or why not."""
    got = np.zeros(1, np.int32)
    size, start, to = np.int32(bound.size), np.int64(0), np.int64(0)
    for at in range(ends.size):
        first, slot, own = places[at], slots[at], number + at
        some = np.uint8(0)
        for place in range(first, first + _KEY):
            some |= keys[place]
        if some == 0:
            return DESTROYED
        for place in range(8):
            bound[_SLOT + 7 - place] = slot >> 8 * place & 255
            bound[_NUMBER + 7 - place] = own >> 8 * place & 255
        for place in range(_HEADER):
            out[to + place] = bound[place]
        for place in range(NONCE):
            out[to + _HEADER + place] = nonces[at * NONCE + place]
        length = np.int32(ends[at] - start)
        body = out.ctypes.data + to + _FRONT
        good = _init(context, 0, 0, keys.ctypes.data + first, body - NONCE)
        good &= _update(context, 0, got.ctypes.data, bound.ctypes.data, size)
        good &= _update(context, body, got.ctypes.data, raw.ctypes.data + start, length)
        good &= _final(context, body + length, got.ctypes.data)
        good &= _control(context, _GET_TAG, TAG, body + length)
        if good != 1:
            return REFUSED
        start, to = ends[at], to + length + OVERHEAD
    return ends.size
