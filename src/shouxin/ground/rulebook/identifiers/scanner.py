"""One pass over the bytes of a text column: every run of letters and digits is looked at once, checked, and marked.

Rules:
- A match never leaves its cell: offsets are the only bounds the pass trusts, and a null cell's bytes are not read.
- A run is the longest stretch of [0-9A-Za-z]; a byte of Han text ends it, so 电话13800138000 needs no word boundary.
- Identity number, credit code and card need their check; a mobile number its prefix; a date must exist.
- An address of e-mail takes what was found inside it (13800138000.a@example.cn is one address, not also a number).
- When the output is full the pass says from which row to go on; nothing found is ever dropped.

Compiled by numba without the interpreter's lock; the compiled code is kept on disk where a folder allows it.
"""

# Kernels take positions, not objects, and compare with == because that is what numba compiles to the plainest code.
# mypy: allow-untyped-defs, disable-error-code=assignment
# ruff: noqa: PLR0917, PLR1714, SIM109, SIM110

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from shouxin.ground.rulebook.identifiers.checks import (
    ID_CHECKS,
    ID_WEIGHTS,
    MOBILE_PREFIXES,
    REGIONS,
    USCC_ALPHABET,
    USCC_REGISTRIES,
    USCC_WEIGHTS,
)

KINDS = (
    *("", "id_no", "mobile", "landline", "email", "bank_card"),
    *("uscc", "plate", "ipv4", "passport", "date"),
)
NONE, ID, MOBILE, LANDLINE, EMAIL, CARD, USCC, PLATE, IPV4, PASSPORT, DATE = range(len(KINDS))
_DIGIT, _UPPER, _LOWER, _LOCAL, _AT, _HIGH = 1, 2, 3, 4, 5, 6


def _classes() -> np.ndarray:
    table = np.zeros(256, np.uint8)
    table[ord("0") : ord("9") + 1] = _DIGIT
    table[ord("A") : ord("Z") + 1] = _UPPER
    table[ord("a") : ord("z") + 1] = _LOWER
    table[[ord(mark) for mark in "._%+-"]] = _LOCAL
    table[ord("@")] = _AT
    table[128:] = _HIGH
    return table


def _alphabet(letters: str) -> np.ndarray:
    table = np.full(256, 255, np.uint8)
    for value, letter in enumerate(letters):
        table[ord(letter)] = value
    return table


def _members(numbers: frozenset[int], size: int) -> np.ndarray:
    table = np.zeros(size, np.bool_)
    table[sorted(numbers)] = True
    return table


_CLASS = _classes()
_WEIGHT = np.array(ID_WEIGHTS, np.int64)
_CHECK = np.frombuffer(ID_CHECKS.encode(), np.uint8).copy()
_CREDIT = _alphabet(USCC_ALPHABET)
_CREDIT_WEIGHT = np.array(USCC_WEIGHTS, np.int64)
_REGISTRY = _members(frozenset(map(ord, USCC_REGISTRIES)), 256)
_REGION = _members(REGIONS, 100)
_CREDIT_REGION = _members(REGIONS | {10}, 100)  # 10: registered with a ministry, not with a place
_MOBILE = _members(MOBILE_PREFIXES, 1000)


def _packed(signs: str) -> tuple[int, ...]:
    return tuple(int.from_bytes(sign.encode(), "big") for sign in signs)


_YEAR, _MONTH, _DAY = _packed("年月日")
_EDITION = _packed("版本")
_PLATE_PLACES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLACE = np.array(sorted(_packed(_PLATE_PLACES)), np.int64)


_OPTIONS: dict[str, Any] = {"nogil": True, "_nrt": False, "error_model": "numpy"}
_INNER: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as machine code that releases the lock; kept on disk if some folder is writable, else in memory.

    Without numba's reference counts (`_nrt`): nothing here makes an array, and counting at every call cost 2–7 times.
    """
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # numba found no folder for its cache: a read-only installation with no home
        return njit(**_OPTIONS)(function)


# Steps called by compiled code only: no door for Python, which is a third of the compiling. The hottest are written
# into their caller.
step = njit(**_OPTIONS, **_INNER)
inlined = njit(forceinline=True, **_OPTIONS, **_INNER)


@step
def _two(data, i):
    return np.int64(data[i]) * 10 + data[i + 1] - 48 * 11


@step
def _three(data, i):
    return _two(data, i) * 10 + data[i + 2] - 48


@step
def _four(data, i):
    return _two(data, i) * 100 + _two(data, i + 2)


@step
def _digits_until(data, i, end, b):
    """Digits stand from i to end, inside the cell."""
    if end > b:
        return False
    for k in range(i, end):
        if data[k] < 48 or data[k] > 57:
            return False
    return True


@step
def _is_word(data, i, a, b):
    """A letter or digit stands at i, inside the cell."""
    if i < a or i >= b:
        return False
    group = _CLASS[data[i]]
    return group == _DIGIT or group == _UPPER or group == _LOWER


@step
def _is_digit(data, i, a, b):
    return a <= i < b and 48 <= data[i] <= 57


@step
def _date_exists(year, month, day):
    if year < 1900 or year > 2099 or month < 1 or month > 12 or day < 1:
        return False
    last = 31
    if month == 4 or month == 6 or month == 9 or month == 11:
        last = 30
    elif month == 2:
        last = 29 if (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)) else 28
    return day <= last


@step
def _identity(data, i):
    if not _REGION[_two(data, i)]:
        return False
    if not _date_exists(_four(data, i + 6), _two(data, i + 10), _two(data, i + 12)):
        return False
    total = 0
    for k in range(17):
        total += (data[i + k] - 48) * _WEIGHT[k]
    last = data[i + 17]
    return (88 if last == 120 else last) == _CHECK[total % 11]


@step
def _credit_code(data, i, b):
    if not _REGISTRY[data[i]] or not _digits_until(data, i + 2, i + 8, b) or not _CREDIT_REGION[_two(data, i + 2)]:
        return False
    total = 0
    for k in range(17):
        value = _CREDIT[data[i + k]]
        if value == 255:
            return False
        total += value * _CREDIT_WEIGHT[k]
    return _CREDIT[data[i + 17]] == (31 - total % 31) % 31


@step
def _luhn(data, i, j):
    """Luhn over the digits from i to j; single spaces between groups are stepped over."""
    total = 0
    place = 0
    for k in range(j - 1, i - 1, -1):
        if data[k] == 32:
            continue
        value = np.int64(data[k]) - 48
        if place & 1:
            value *= 2
            if value > 9:
                value -= 9
        total += value
        place += 1
    return total % 10 == 0


@step
def _issuer(data, i, length):
    """An issuer prefix together with a length that its cards have: length alone makes time stamps into cards."""
    two = _two(data, i)
    if two == 62:
        return 16 <= length <= 19
    if two == 34 or two == 37:
        return length == 15
    if data[i] == 52:
        return length == 16 or length == 19
    four = _four(data, i)
    return length == 16 and (51 <= two <= 55 or two == 35 or 2221 <= four <= 2720)


@step
def _card_in_groups(data, i, j, a, b):
    """End of a card written 4 4 4 4 (3) from i, or 0."""
    if i > a and data[i - 1] == 32 and _is_digit(data, i - 2, a, b):
        return 0
    end = j
    for _ in range(3):
        if not (end < b and data[end] == 32 and _digits_until(data, end + 1, end + 5, b)):
            return 0
        end += 5
    length = 16
    if end < b and data[end] == 32 and _digits_until(data, end + 1, end + 4, b):
        end += 4
        length = 19
    if _is_word(data, end, a, b) or not _issuer(data, i, length) or not _luhn(data, i, end):
        return 0
    return end


@step
def _mobile_in_groups(data, i, j, a, b):
    """End of a mobile number written 3 4 4 with spaces or hyphens from i, or 0."""
    if not _MOBILE[_three(data, i)] or j >= b or (data[j] != 32 and data[j] != 45):
        return 0
    if (
        not _digits_until(data, j + 1, j + 5, b)
        or j + 5 >= b
        or data[j + 5] != data[j]
        or not _digits_until(data, j + 6, j + 10, b)
    ):
        return 0
    return 0 if _is_word(data, j + 10, a, b) else j + 10


@step
def _country_start(data, i, a):
    """Where a +86 or 0086 before i begins, or i."""
    k = i
    if k > a and (data[k - 1] == 32 or data[k - 1] == 45):
        k -= 1
    if k - 3 >= a and data[k - 2] == 56 and data[k - 1] == 54:
        if data[k - 3] == 43:
            return k - 3
        if k - 4 >= a and data[k - 3] == 48 and data[k - 4] == 48 and not _is_word(data, k - 5, a, i):
            return k - 4
    return i


@step
def _area_code(data, i, length):
    if data[i] != 48:
        return False
    if length == 3:
        return data[i + 1] == 50 or (data[i + 1] == 49 and data[i + 2] == 48)
    return length == 4 and data[i + 1] >= 51


@step
def _landline(data, i, j, a, b):
    """(start, end) of area code and number, or (0, 0): 021-62345678, 021 62345678, (021)62345678; -801 may follow."""
    if not _area_code(data, i, j - i) or j >= b:
        return 0, 0
    start = i
    if data[j] == 41:
        if i == a or data[i - 1] != 40:
            return 0, 0
        start = i - 1
    elif data[j] != 45 and data[j] != 32:
        return 0, 0
    if not _digits_until(data, j + 1, j + 8, b) or data[j + 1] < 50 or (start > a and data[start - 1] == 45):
        return 0, 0
    end = j + 8
    if _is_digit(data, end, a, b):
        end += 1
    if end < b and data[end] == 45 and _is_digit(data, end + 1, a, b):
        end += 1
        for _ in range(4):
            if _is_digit(data, end, a, b):
                end += 1
    if _is_word(data, end, a, b):
        return 0, 0
    return start, end


@step
def _sign_at(data, i, a, b):
    """The three bytes at i as one number (a Han character's), or 0 where the cell has not three there."""
    if i < a or i + 3 > b:
        return np.int64(0)
    return (np.int64(data[i]) << 16) | (np.int64(data[i + 1]) << 8) | np.int64(data[i + 2])


@step
def _part(data, i, b):
    """(value, end) of the one or two digits of a month or day at i; end is i when there are none or more."""
    k = i
    value = 0
    while k < b and 48 <= data[k] <= 57 and k - i < 3:
        value = value * 10 + data[k] - 48
        k += 1
    if k - i > 2:
        return 0, i
    return value, k


@step
def _written_date(data, i, j, a, b):
    """End of a date from its four-digit year at i: 2001-02-03, 2001/2/3, 2001.2.3, 2001年2月3日; or 0."""
    if j >= b or (i > a and (data[i - 1] == 45 or data[i - 1] == 46)):
        return 0
    in_han = _sign_at(data, j, a, b) == _YEAR
    mark = data[j]
    if not in_han and mark != 45 and mark != 47 and mark != 46:
        return 0
    month, k = _part(data, j + (3 if in_han else 1), b)
    if in_han:
        if _sign_at(data, k, a, b) != _MONTH:
            return 0
        day, end = _part(data, k + 3, b)
        if _sign_at(data, end, a, b) != _DAY:
            return 0
        end += 3
    else:
        if k >= b or data[k] != mark:
            return 0
        day, end = _part(data, k + 1, b)
        if _is_digit(data, end, a, b) or (end + 1 < b and data[end] == mark and _is_digit(data, end + 1, a, b)):
            return 0
    return end if _date_exists(_four(data, i), month, day) else 0


@step
def _ip_address(data, i, a, b):
    """End of four numbers up to 255 from i, or 0; the word 版本 before them makes them a version."""
    if i > a and data[i - 1] == 46:
        return 0
    if _sign_at(data, i - 6, a, b) == _EDITION[0] and _sign_at(data, i - 3, a, b) == _EDITION[1]:
        return 0
    k = i
    for group in range(4):
        value = 0
        first = k
        while k < b and 48 <= data[k] <= 57 and k - first < 4:
            value = value * 10 + data[k] - 48
            k += 1
        if k == first or k - first > 3 or value > 255:
            return 0
        if group < 3:
            if k >= b or data[k] != 46:
                return 0
            k += 1
    if _is_word(data, k, a, b) or (k + 1 < b and data[k] == 46 and _is_digit(data, k + 1, a, b)):
        return 0
    return k


@step
def _short_number(data, i, j, a, b):
    """(kind, start, end) for a run of at most four digits, which is only the head of something longer."""
    length = j - i
    if j >= b:
        return NONE, i, j
    if length == 3:
        end = _mobile_in_groups(data, i, j, a, b)
        if end:
            return MOBILE, _country_start(data, i, a), end
    if length >= 3:
        start, end = _landline(data, i, j, a, b)
        if end:
            return LANDLINE, start, end
    if length == 4:
        end = _written_date(data, i, j, a, b)
        if end:
            return DATE, i, end
        end = _card_in_groups(data, i, j, a, b)
        return (CARD, i, end) if end else (NONE, i, j)
    end = _ip_address(data, i, a, b) if data[j] == 46 else 0
    return (IPV4, i, end) if end else (NONE, i, j)


@step
def _mobile(data, i, j, a, b):
    """(kind, start, end) for 11 digits, or 13 or 15 with the country's code run together with them."""
    length = j - i
    head = i + length - 11
    if not _MOBILE[_three(data, head)]:
        return NONE, i, j
    if length == 13 and not (data[i] == 56 and data[i + 1] == 54):
        return NONE, i, j
    if length == 15 and _four(data, i) != 86:
        return NONE, i, j
    if (i > a and data[i - 1] == 46) or (j < b and data[j] == 46 and _is_digit(data, j + 1, a, b)):
        return NONE, i, j  # a fraction, not a number to call
    if length == 11:
        return MOBILE, _country_start(data, i, a), j
    return MOBILE, (i - 1 if length == 13 and i > a and data[i - 1] == 43 else i), j


@step
def _all_digits(data, i, j, a, b):
    length = j - i
    if length <= 4:
        return _short_number(data, i, j, a, b)
    if length == 11 or length == 13 or length == 15:
        kind, start, end = _mobile(data, i, j, a, b)
        if kind:
            return kind, start, end
    if length == 18:
        if _identity(data, i):
            return ID, i, j
        if _credit_code(data, i, b):
            return USCC, i, j
    if 15 <= length <= 19 and _issuer(data, i, length) and _luhn(data, i, j):
        return CARD, i, j
    if length == 8 and _date_exists(_four(data, i), _two(data, i + 4), _two(data, i + 6)):
        return DATE, i, j
    return NONE, i, j


@step
def _passport(data, i, digits):
    """Nine characters: E, G, D, S, P or H and eight digits, or E with a second letter and seven."""
    first = data[i]
    if first == 69 and _CLASS[data[i + 1]] == _UPPER:
        return digits == 7
    return digits == 8 and (first == 69 or first == 71 or first == 68 or first == 83 or first == 80 or first == 72)


@step
def _place_before(data, i, a):
    value = _sign_at(data, i - 3, a, i)
    k = np.searchsorted(_PLACE, value)
    return k < _PLACE.size and _PLACE[k] == value


@step
def _plate_with_dot(data, i, j, a, b):
    """End of 沪A·12345 from its letter at i, or 0."""
    if j - i != 1 or j + 2 > b or data[j] != 0xC2 or data[j + 1] != 0xB7:
        return 0
    end = j + 2
    digits = 0
    while end < b and (_CLASS[data[end]] == _DIGIT or _CLASS[data[end]] == _UPPER):
        digits += _CLASS[data[end]] == _DIGIT
        end += 1
    length = end - j - 2
    if (length != 5 and length != 6) or digits == 0 or _is_word(data, end, a, b):
        return 0
    return end


@step
def _mixed(data, i, j, a, b, digits, uppers):
    """(kind, start, end) for a run that holds a letter."""
    length = j - i
    if length == 18:
        last = data[j - 1]
        if digits == 17 and (last == 88 or last == 120) and _identity(data, i):
            return ID, i, j
        if uppers + digits == 18 and _credit_code(data, i, b):
            return USCC, i, j
        return NONE, i, j
    if _CLASS[data[i]] != _UPPER:
        return NONE, i, j
    if length == 9 and uppers + digits == 9 and _passport(data, i, digits):
        return PASSPORT, i, j
    if (length == 6 or length == 7) and uppers + digits == length and digits and _place_before(data, i, a):
        return PLATE, i - 3, j
    if length == 1 and _place_before(data, i, a):
        end = _plate_with_dot(data, i, j, a, b)
        if end:
            return PLATE, i - 3, end
    return NONE, i, j


@step
def _email(data, at, a, b):
    """(start, end) of the address round the @ at `at`, or (0, 0)."""
    start = at
    while start > a and 1 <= _CLASS[data[start - 1]] <= _LOCAL:
        start -= 1
    end = at + 1
    while end < b and (1 <= _CLASS[data[end]] <= _LOWER or data[end] == 45 or data[end] == 46):
        end += 1
    while end > at + 1 and (data[end - 1] == 46 or data[end - 1] == 45):
        end -= 1
    dot = end - 1
    while dot > at and data[dot] != 46:
        if _CLASS[data[dot]] != _UPPER and _CLASS[data[dot]] != _LOWER:
            return 0, 0
        dot -= 1
    if start == at or dot <= at + 1 or end - dot < 3:
        return 0, 0
    return start, end


@inlined
def _run(data, i, b):
    """(end, digits, capitals) of the run of letters and digits at i."""
    j = i
    digits = 0
    uppers = 0
    while j < b:
        group = _CLASS[data[j]]
        if group == _DIGIT:
            digits += 1
        elif group == _UPPER:
            uppers += 1
        elif group != _LOWER:
            break
        j += 1
    return j, digits, uppers


@inlined
def _scan_cell(data, a, b, row, n, rows, starts, ends, kinds):
    """Mark the cell's finds from output place n on; the new place, or -1 when the output is full."""
    first = n
    i = a
    while i < b:
        group = _CLASS[data[i]]
        if group == 0 or group == _LOCAL or group == _HIGH:
            i += 1
            continue
        if group == _AT:
            start, end = _email(data, i, a, b)
            kind = EMAIL if end else NONE
            j = i + 1
            while kind and n > first and ends[n - 1] > start - a:
                n -= 1
        else:
            j, digits, uppers = _run(data, i, b)
            kind, start, end = NONE, i, j
            if j >= b or data[j] != 64:
                if digits == j - i:
                    kind, start, end = _all_digits(data, i, j, a, b)
                elif digits or uppers == 1:
                    kind, start, end = _mixed(data, i, j, a, b, digits, uppers)
        if not kind:
            i = j
            continue
        if n >= rows.size:
            return -1
        rows[n], starts[n], ends[n], kinds[n] = row, start - a, end - a, kind
        n += 1
        i = end
    return n


@compiled
def scan(data, offsets, valid, first, n, rows, starts, ends, kinds):
    """Scan cells from row `first`; (finds, next row). A next row below the count means the output was full there."""
    for row in range(first, offsets.size - 1):
        if valid.size and not valid[row]:
            continue
        after = _scan_cell(data, offsets[row], offsets[row + 1], row, n, rows, starts, ends, kinds)
        if after < 0:
            return n, row
        n = after
    return n, offsets.size - 1


@compiled
def fold_width(data, offsets, valid, out, out_offsets):
    """Copy cells with full-width ASCII (U+FF01–FF5E) and U+3000 made half-width; out_offsets gets the new bounds."""
    k = 0
    for row in range(offsets.size - 1):
        out_offsets[row] = k
        if valid.size and not valid[row]:
            continue
        i = offsets[row]
        b = offsets[row + 1]
        while i < b:
            narrow = _narrow(data, i, b)
            out[k] = narrow if narrow else data[i]
            i += 3 if narrow else 1
            k += 1
    out_offsets[offsets.size - 1] = k


@inlined
def _narrow(data, i, b):
    """The ASCII byte of the full-width character at i, or 0."""
    if i + 3 > b:
        return 0
    if data[i] == 0xEF:
        if data[i + 1] == 0xBC and 0x81 <= data[i + 2] <= 0xBF:
            return data[i + 2] - 0x60
        if data[i + 1] == 0xBD and 0x80 <= data[i + 2] <= 0x9E:
            return data[i + 2] - 0x20
        return 0
    return 32 if data[i] == 0xE3 and data[i + 1] == 0x80 and data[i + 2] == 0x80 else 0


@compiled
def widen(data, offsets, rows, starts, ends):
    """Turn offsets in folded cells back into offsets in the cells as written (in place; finds are in row order)."""
    for n in range(rows.size):
        b = offsets[rows[n] + 1]
        a = offsets[rows[n]]
        i = a
        folded = 0
        while folded < starts[n]:
            i += 3 if _narrow(data, i, b) else 1
            folded += 1
        start = i
        while folded < ends[n]:
            i += 3 if _narrow(data, i, b) else 1
            folded += 1
        starts[n] = start - a
        ends[n] = i - a


@compiled
def has_wide(data):
    """True when some full-width character could be part of an identifier; wide commas and stops are not."""
    leads = 0
    for k in range(data.size):
        leads |= (data[k] == 0xEF) | (data[k] == 0xE3)
    if not leads:  # the common answer, at the speed of memory
        return False
    for k in range(data.size - 2):
        if data[k] == 0xEF or data[k] == 0xE3:
            narrow = _narrow(data, k, data.size)
            if narrow and (_CLASS[narrow] or narrow == 32 or narrow == 40 or narrow == 41 or narrow == 47):
                return True
    return False
