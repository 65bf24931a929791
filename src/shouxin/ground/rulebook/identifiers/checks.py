"""The check-digit rules of single numbers, in plain Python: what `scanner` does in bulk, readable one value at a time.

Region codes are evidence, never a veto: a person keeps the code of a district that no longer exists, or did not yet
exist when the person was born. Only the first two digits are looked at, and 99 is the test range that no place has.
"""

from datetime import date

ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
ID_CHECKS = "10X98765432"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
USCC_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))
USCC_REGISTRIES = "123456789ANY"
TEST_REGION = 99
REGIONS = frozenset(
    [
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
        TEST_REGION,
    ]
)
MOBILE_PREFIXES = frozenset(set(range(130, 200)) - {*range(140, 145), 154, 160, 161, 163, 164, 168, 169, 179, 194})
EARLIEST_YEAR, LATEST_YEAR = 1900, 2099


def id_check_character(first_seventeen: str) -> str:
    """The eighteenth character that GB 11643 asks for after these seventeen digits."""
    total = sum(int(digit) * weight for digit, weight in zip(first_seventeen, ID_WEIGHTS, strict=True))
    return ID_CHECKS[total % 11]


def id_check_holds(number: str) -> bool:
    """True when an 18-character identity number carries the check character of GB 11643."""
    if len(number) != 18 or not _ascii_digits(number[:17]):
        return False
    return id_check_character(number[:17]) == number[17].upper()


def id_number_holds(number: str) -> bool:
    """True when the check character, the date and the region of an identity number are all possible (GB 11643)."""
    if not id_check_holds(number) or int(number[:2]) not in REGIONS:
        return False
    return birth_date_of(number) is not None


def birth_date_of(number: str) -> date | None:
    """The date of birth that an 18-character identity number states, or None when there is no such day."""
    if len(number) != 18 or not _ascii_digits(number[:17]):
        return None
    return real_date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def id_from_fifteen(number: str) -> str | None:
    """The 18-character form of a 15-digit identity number of before 1999, or None when it is not one."""
    if len(number) != 15 or not _ascii_digits(number):
        return None
    longer = number[:6] + "19" + number[6:]
    longer += id_check_character(longer)
    return longer if birth_date_of(longer) else None


def uscc_holds(code: str) -> bool:
    """True when a unified social credit code carries the check character of GB 32100 (mod 31)."""
    if len(code) != 18 or any(letter not in USCC_ALPHABET for letter in code) or not code[2:8].isdigit():
        return False
    values = [USCC_ALPHABET.index(letter) for letter in code]
    total = sum(value * weight for value, weight in zip(values[:17], USCC_WEIGHTS, strict=True))
    return values[17] == (31 - total % 31) % 31


def luhn_holds(digits: str) -> bool:
    """True when a run of digits passes the Luhn check (ISO/IEC 7812-1)."""
    if not _ascii_digits(digits):
        return False
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(int(digit) * 2, 10)) for digit in even)) % 10 == 0


def real_date(year: int, month: int, day: int) -> date | None:
    """The day, when the calendar has it and the year is one a living person's papers could show; else None."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _ascii_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
