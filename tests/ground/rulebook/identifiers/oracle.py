"""The identifiers of one cell, found slowly with regular expressions and the check rules in plain Python."""

import re
from datetime import date

ID = re.compile(r"\d{17}[\dXx]")
WRITTEN = re.compile(r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})(?!\d|\2\d)|年(\d{1,2})月(\d{1,2})日)", re.A)
MOBILE_HEAD = "13[0-9]|14[5-9]|15[0-35-9]|16[2567]|17[0-8]|18[0-9]|19[0-35-9]"
RULES = [  # (kind, length of the run, pattern from the run's start); the first that holds decides
    ("mobile", (3,), re.compile(rf"(?:{MOBILE_HEAD})([ -])\d{{4}}\1\d{{4}}(?![0-9A-Za-z])")),
    ("landline", (3, 4), re.compile(r"(?:010|02\d|0[3-9]\d\d)[- )]([2-9]\d{6,7}(?:-\d{1,4})?+)(?![0-9A-Za-z])", re.A)),
    ("date", (4,), WRITTEN),
    ("bank_card", (4,), re.compile(r"(?<!\d )\d{4} \d{4} \d{4} \d{4}(?: \d{3})?(?![0-9A-Za-z])", re.A)),
    ("ipv4", (1, 2, 3), re.compile(r"(?<!\.)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![0-9A-Za-z])(?!\.\d)", re.A)),
    ("mobile", (11,), re.compile(rf"(?<!\.)(?:{MOBILE_HEAD})\d{{8}}(?!\.\d)")),
    ("mobile", (13,), re.compile(rf"(?<!\.)86(?:{MOBILE_HEAD})\d{{8}}(?!\.\d)")),
    ("mobile", (15,), re.compile(rf"(?<!\.)0086(?:{MOBILE_HEAD})\d{{8}}(?!\.\d)")),
    ("id_no", (18,), ID),
    ("uscc", (18,), re.compile(r"[1-9ANY][0-9A-Z]\d{6}[0-9A-Z]{10}")),
    ("bank_card", (15, 16, 17, 18, 19), re.compile(r"\d{15,19}")),
    ("date", (8,), re.compile(r"\d{8}")),
    ("passport", (9,), re.compile(r"[EGDSPH]\d{8}|E[A-Z]\d{7}")),
    ("plate", (6, 7), re.compile(r"[A-Z](?=[A-Z]*\d)[0-9A-Z]{5,6}")),
    ("plate", (1,), re.compile(r"[A-Z]·(?=[A-Z]*\d)[0-9A-Z]{5,6}(?![0-9A-Za-z])")),
]
EMAIL = re.compile(r"([0-9A-Za-z._%+-]+)@([0-9A-Za-z.-]+)")
PLACES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
REGIONS = {
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
    99,
}
SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def fold(text: str) -> str:
    return "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else " " if c == "\u3000" else c for c in text)


def is_day(year: str, month: str, day: str) -> bool:
    try:
        return 1900 <= date(int(year), int(month), int(day)).year <= 2099
    except ValueError:
        return False


def id_holds(text: str) -> bool:
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    check = (12 - total % 11) % 11
    right = "X" if check == 10 else str(check)
    return int(text[:2]) in REGIONS and is_day(text[6:10], text[10:12], text[12:14]) and text[17].upper() == right


def uscc_holds(text: str) -> bool:
    if any(sign not in SIGNS for sign in text) or int(text[2:4]) not in REGIONS | {10}:
        return False
    return sum(SIGNS.index(sign) * 3**place for place, sign in enumerate(text[:17])) % 31 == -SIGNS.index(text[17]) % 31


def card_holds(text: str) -> bool:
    digits = text.replace(" ", "")
    doubled = sum(sum(map(int, str(int(d) * (2 if place % 2 else 1)))) for place, d in enumerate(reversed(digits)))
    issuer = (
        (digits[:2] == "62" and len(digits) >= 16)
        or (digits[:2] in ("34", "37") and len(digits) == 15)
        or (digits[0] == "4" and len(digits) in (16, 19))
        or (
            len(digits) == 16
            and (digits[:2] in ("35", "51", "52", "53", "54", "55") or 2221 <= int(digits[:4]) <= 2720)
        )
    )
    return issuer and doubled % 10 == 0


def holds(kind: str, text: str, start: int, match: re.Match[str]) -> bool:
    found, before = match.group(), text[:start]
    if kind == "id_no":
        return id_holds(found)
    if kind == "uscc":
        return uscc_holds(found)
    if kind == "bank_card":
        return card_holds(found)
    if kind == "plate":
        return before[-1:] in PLACES and bool(before)
    if kind == "landline":
        brackets = found[len(re.match(r"\d+", found).group())] == ")"
        opened = before.endswith("(")
        return opened and before[-2:-1] != "-" if brackets else before[-1:] != "-"
    if kind == "ipv4":
        return max(map(int, match.groups())) <= 255 and not before.endswith("版本")
    if kind == "date" and len(found) == 8 and found.isdigit():
        return is_day(found[:4], found[4:6], found[6:])
    if kind == "date":
        parts = match.groups()
        return before[-1:] not in ("-", ".") and is_day(parts[0], parts[2] or parts[4], parts[3] or parts[5])
    return True


def begin(kind: str, text: str, start: int, length: int, found: str) -> int:
    if kind == "plate":
        return start - 1
    if kind == "landline" and found[length] == ")":
        return start - 1
    if kind == "mobile" and length in (3, 11):
        country = re.search(r"(?:\+86|(?<![0-9A-Za-z])0086)[ -]?$", text[:start])
        return country.start() if country else start
    if kind == "mobile" and length == 13 and text[start - 1 : start] == "+":
        return start - 1
    return start


def token(text: str, i: int) -> tuple[int, int, str] | None:
    run = re.compile("[0-9A-Za-z]+").match(text, i).group()
    if text[i + len(run) : i + len(run) + 1] == "@":
        return None
    for kind, lengths, pattern in RULES:
        match = pattern.match(text, i) if len(run) in lengths else None
        if match is None or not holds(kind, text, i, match):
            continue
        if match.end() < i + len(run):
            continue
        return begin(kind, text, i, len(run), match.group()), match.end(), kind
    return None


def email(text: str, at: int) -> tuple[int, int, str] | None:
    local = re.search(r"[0-9A-Za-z._%+-]+$", text[:at])
    domain = re.compile(r"[0-9A-Za-z.-]+").match(text, at + 1)
    if local is None or domain is None:
        return None
    host = domain.group().rstrip(".-")
    if not re.fullmatch(r"[0-9A-Za-z.-]+\.[A-Za-z]{2,}", host):
        return None
    return local.start(), at + 1 + len(host), "email"


def identifiers(cell: str) -> list[tuple[int, int, str]]:
    """(start, end, kind) in bytes of the cell as written."""
    text, found, i = fold(cell), [], 0
    while i < len(text):
        if text[i] == "@":
            hit = email(text, i)
            while hit and found and found[-1][1] > hit[0]:
                found.pop()
        elif re.match("[0-9A-Za-z]", text[i]):
            hit = token(text, i)
        else:
            i += 1
            continue
        if hit:
            found.append(hit)
            i = hit[1]
        elif text[i] == "@":
            i += 1
        else:
            i += len(re.compile("[0-9A-Za-z]+").match(text, i).group())
    return [(len(cell[:a].encode()), len(cell[:b].encode()), kind) for a, b, kind in found]
