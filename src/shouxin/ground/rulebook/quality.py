"""Clean columns: what a clerk wrote, in the one form that can be compared; doubts are told by row, never by value.

Rules:
- Cleaning never invents: a value that cannot be one of its kind becomes empty, and its row is named with a code.
- An identity number, card or credit code of the right shape but with a wrong check is kept (the company holds it) and
  named; it is never used to recognise a person.
- Rare characters stay as they are: compatibility forms of Han characters are folded only in keys.
- Two records are one person only on exact composite keys; a household's telephone alone never joins two people.

    clean("phone", pl.Series(["+86 138-0013-8000", "无"])) -> values 13800138000, None; faults phone_invalid at row 1
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from shouxin.ground.rulebook.identifiers import KINDS, find, text_column
from shouxin.ground.rulebook.identifiers.checks import id_from_fifteen
from shouxin.ground.rulebook.mailboxes import mailboxes

Rows = np.ndarray
V = pl.col("v")
_COMPATIBILITY_HAN = r"[\x{F900}-\x{FAFF}\x{2F800}-\x{2FA1F}]"
_MOBILE = r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}"
_MOBILE_ALONE = rf"(?:^|[^0-9])(?:\+?86|0086)?[ )-]*({_MOBILE})(?:[^0-9]|$)"
_LANDLINE = r"(?:^|[^0-9])(?:\+86[ -]?\(?0?|0086[ -]?\(?0?|\(?0)(10|2[0-9]|[3-9][0-9][0-9])\)?[ -]?([2-9][0-9]{6,7})"
_EXTENSION = r"(?:-|转|ext\.?) *([0-9]{1,6})$"
_TITLE = r"(?:先生|女士|小姐|太太)$"
_DATE = (
    r"^(?:(?<year>[0-9]{4})[-/.年](?<month>[0-9]{1,2})[-/.月](?<day>[0-9]{1,2})(?:日|[ T].*)?"
    r"|(?<year_joined>[0-9]{4})(?<month_joined>[0-9]{2})(?<day_joined>[0-9]{2}))$"
)


@dataclass(frozen=True, repr=False)
class Fault:
    """A code and the positions in the column (0 is its first row) that it is true of. No values."""

    code: str
    rows: Rows

    def __repr__(self) -> str:
        return f"Fault({self.code!r}, rows={self.rows.size})"


@dataclass(frozen=True, repr=False)
class Cleaned:
    """A cleaned column of the same length, and what was doubtful in it."""

    values: pl.Series
    faults: tuple[Fault, ...]

    def __repr__(self) -> str:
        return f"Cleaned({self.values.name!r}, {self.values.len()} rows, {self.faults!r})"


@dataclass(frozen=True, repr=False)
class KeyColumn:
    """One exact key per row (null: none), for the vault's blind index. The higher strength is trusted first."""

    kind: str
    strength: int
    values: pl.Series

    def __repr__(self) -> str:
        return f"KeyColumn({self.kind!r}, strength={self.strength}, rows={self.values.len()})"


def clean(field_id: str, column: pl.Series) -> Cleaned:
    """The column in its field's one form; a field without a form of its own is only trimmed, and empty text is null."""
    cleaner = CLEANERS.get(field_id, _clean_text)
    cleaned = cleaner(column.cast(pl.String).rename("v"))
    return Cleaned(cleaned.values.rename(field_id), cleaned.faults)


def person_keys(columns: Mapping[str, pl.Series], *, system: str) -> tuple[KeyColumn, ...]:
    """The exact keys of each row from cleaned columns, strongest first.

    `source_ref` is the customer's number within one system: numbers of two systems are never compared.
    """
    height = max((column.len() for column in columns.values()), default=0)
    frame = pl.DataFrame({name: columns.get(name, pl.Series([None] * height, dtype=pl.String)) for name in _KEY_FIELDS})
    frame = frame.with_columns(_id_key(frame["id_no"]), _name_key(frame["name"]), _road(frame["address"]))
    keyed = frame.select(
        id_no=pl.col("id_no"),
        email=pl.col("email"),
        phone_name=pl.concat_str("phone", "name", separator="|"),
        name_address=pl.concat_str("name", "road", separator="|"),
        source_ref=pl.concat_str(pl.lit(system), pl.col("customer_ref"), separator="|"),
    )
    return tuple(KeyColumn(kind, strength, keyed[kind]) for kind, strength in KEY_STRENGTHS)


KEY_STRENGTHS = (("id_no", 100), ("email", 80), ("phone_name", 70), ("name_address", 60), ("source_ref", 50))
_KEY_FIELDS = ("id_no", "email", "phone", "name", "address", "customer_ref")


def birth_dates(columns: Mapping[str, pl.Series]) -> pl.Series:
    """Each row's date of birth (ISO text or null) from cleaned columns: a valid identity number says it first.

    GB 11643: digits 7–14 of the number are the date of birth.
    """
    height = max((column.len() for column in columns.values()), default=0)
    nothing = pl.Series([None] * height, dtype=pl.String)
    frame = pl.DataFrame({name: columns.get(name, nothing) for name in ("id_no", "birth_date")})
    frame = frame.with_columns(_id_key(frame["id_no"]))
    digits = pl.col("id_no").str
    stated = digits.slice(6, 4) + "-" + digits.slice(10, 2) + "-" + digits.slice(12, 2)
    return frame.select(birth=pl.coalesce(stated, "birth_date"))["birth"]


def age_bands(births: pl.Series, *, as_of: date) -> pl.Series:
    """child (not yet 14: PIPL 28, 31), teen (14–17: Civil Code 17), adult, or unknown, on the day `as_of`.

    A birthday counts from its day (Civil Code 200: full years). A date after `as_of` or of 130 years ago is unknown.
    """
    day = births.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    frame = pl.DataFrame({"day": day})
    month, day_of_month = (part.cast(pl.Int32) for part in (pl.col("day").dt.month(), pl.col("day").dt.day()))
    before = month * 100 + day_of_month > as_of.month * 100 + as_of.day  # as Int8 the product would overflow
    years = as_of.year - pl.col("day").dt.year().cast(pl.Int32) - before.cast(pl.Int32)
    known = (pl.col("day") <= as_of) & (years < 130)
    band = (
        pl.when(~known.fill_null(value=False))
        .then(pl.lit("unknown"))
        .when(years < 14)
        .then(pl.lit("child"))
        .when(years < 18)
        .then(pl.lit("teen"))
        .otherwise(pl.lit("adult"))
    )
    return frame.select(age_band=band)["age_band"]


def second_phones(column: pl.Series) -> pl.Series:
    """The second mobile number of cells that hold two, else null: what `clean("phone")` leaves behind of them."""
    text = column.cast(pl.String).rename("v").to_frame().select(_narrow(V))
    rest = text.with_columns(V.str.replace(_MOBILE, "/")).select(_mobile(V))
    return rest["v"]


def _narrow(text: pl.Expr) -> pl.Expr:
    """NFKC: full-width letters, digits and marks become half-width."""
    return text.str.normalize("NFKC").str.strip_chars()


def _empty_as_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.len_bytes() > 0).then(text)


def _faults(frame: pl.DataFrame, **codes: pl.Expr) -> tuple[Fault, ...]:
    marks = frame.select(**{code: mark.fill_null(value=False) for code, mark in codes.items()})
    return tuple(Fault(code, marks[code].arg_true().to_numpy()) for code in codes if marks[code].any())


def _clean_text(column: pl.Series) -> Cleaned:
    return Cleaned(column.to_frame().select(_empty_as_null(V.str.strip_chars()))["v"], ())


def _mobile(text: pl.Expr) -> pl.Expr:
    return text.str.extract(_MOBILE_ALONE).str.replace_all("[ -]", "")


def _landline(text: pl.Expr) -> pl.Expr:
    area, number = text.str.extract(_LANDLINE, 1), text.str.extract(_LANDLINE, 2)
    whole = pl.lit("0") + area + "-" + number
    extension = text.str.extract(_EXTENSION)
    beyond = text.str.replace(_LANDLINE, "").str.contains(r"^[0-9]")  # more digits than a number has
    return pl.when(beyond).then(None).when(extension.is_not_null()).then(whole + "-" + extension).otherwise(whole)


def _clean_phone(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V)))
    frame = frame.with_columns(
        digits=V.str.replace_all(r"\D", ""),
        mobile=_mobile(V),
        landline=_landline(V),
        masked=V.str.contains(r"\*|[0-9][xX]{3}"),
    )
    length = pl.col("digits").str.len_bytes()
    callable_length = (length >= 7) & (length <= 15)
    abroad = V.str.contains(r"^\+[0-9 ().-]+$") & callable_length
    local = V.str.contains(r"^[2-9][0-9]{2,3}[ -]?[0-9]{4}$")
    grouped = V.str.contains(r"^[(0-9][0-9]*[0-9 ()./-]+$") & V.str.contains(r"[ ().-]") & callable_length
    frame = frame.with_columns(
        kind=pl.when(pl.col("masked"))
        .then(pl.lit("masked"))
        .when(pl.col("mobile").is_not_null())
        .then(pl.lit("mobile"))
        .when(pl.col("landline").is_not_null())
        .then(pl.lit("landline"))
        .when(abroad)
        .then(pl.lit("abroad"))
        .when(local)
        .then(pl.lit("local"))
        .when(grouped)
        .then(pl.lit("grouped"))
        .otherwise(pl.lit("invalid"))
    )
    kind, filled = pl.col("kind"), V.is_not_null()
    values = frame.select(
        v=pl.when(kind == "mobile")
        .then(pl.col("mobile"))
        .when(kind == "landline")
        .then(pl.col("landline"))
        .when(kind == "abroad")
        .then("+" + pl.col("digits"))
        .when(kind.is_in(["local", "grouped"]))
        .then(pl.col("digits"))
    )["v"]
    return Cleaned(
        values,
        _faults(
            frame,
            phone_invalid=filled & (kind == "invalid"),
            phone_masked=filled & (kind == "masked"),
            phone_no_area=filled & (kind == "local"),
            phone_unusual=filled & (kind == "grouped"),
            phone_several=V.str.count_matches(_MOBILE) > 1,
        ),
    )


def _kept(text: pl.Expr) -> pl.Expr:
    """Half-width, unless that would replace a Han character by its twin (a name's own form is the person's)."""
    return pl.when(text.str.contains(_COMPATIBILITY_HAN)).then(text.str.strip_chars()).otherwise(_narrow(text))


def _clean_name(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(raw=V, v=_empty_as_null(_kept(V)))
    closed, single = V.str.replace_all(r"\s+", ""), V.str.replace_all(r"\s+", " ")
    spaced = pl.when(V.str.contains(r"\p{Han}")).then(closed).otherwise(single)
    frame = frame.with_columns(spaced.str.replace_all("[•・‧]", "·").str.replace(r"[((]本人[))]$", ""))
    bare = V.str.replace(_TITLE, "")
    title_only = V.str.contains(_TITLE) & (bare.str.len_chars() < 2)
    values = frame.select(v=_empty_as_null(pl.when(title_only).then(V).otherwise(bare)))["v"]
    faults = _faults(
        frame,
        name_title_only=title_only,
        name_masked=V.str.contains(r"[*＊]|\p{Han}某"),
        name_has_digits=V.str.contains(r"[0-9]"),
    )
    return Cleaned(values, faults)


def _checked(values: pl.Series, kind: str) -> pl.Series:
    """True where the whole cell is one number of this kind with its check right."""
    cells = text_column(values.to_arrow())
    spans = find(cells)
    whole = (spans.kinds == KINDS.index(kind)) & (spans.starts == 0) & (spans.ends == cells.lengths[spans.rows])
    marks = np.zeros(values.len(), np.bool_)
    marks[spans.rows[whole]] = True
    return pl.Series("checked", marks)


def _clean_id_no(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V).str.replace_all(r"[\s-]", "").str.to_uppercase()))
    older = V.str.contains(r"^[0-9]{15}$")
    if frame.select(older.any()).item():
        longer = frame["v"].map_elements(lambda text: id_from_fifteen(text) or text, return_dtype=pl.String)
        frame = frame.with_columns(v=longer)
    frame = frame.with_columns(_checked(frame["v"], "id_no"))
    shaped = V.str.contains(
        r"^[1-9][0-9]{5}(?:18|19|20)[0-9][0-9](?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$"
    )
    passport = V.str.contains(r"^[A-Z]{1,2}[0-9]{6,9}$")
    masked = V.str.contains(r"\*")
    values = frame.select(v=pl.when(shaped | passport).then(V))["v"]
    faults = _faults(
        frame,
        id_invalid=~(shaped | passport | masked),
        id_masked=masked,
        id_check_failed=shaped & ~pl.col("checked"),
        id_is_passport=passport,
    )
    return Cleaned(values, faults)


def _clean_email(column: pl.Series) -> Cleaned:
    frame = mailboxes(column)
    found = pl.col("first").is_not_null()
    faults = _faults(
        frame,
        email_invalid=V.is_not_null() & ~found,
        email_unusual=pl.col("unusual"),
        email_several=pl.col("second").is_not_null(),
    )
    return Cleaned(frame["first"].rename("v"), faults)


def second_emails(column: pl.Series) -> pl.Series:
    """The second address of cells that hold two, else null: what `clean("email")` leaves behind of them."""
    return mailboxes(column)["second"].rename("v")


def _clean_address(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_kept(V)))
    spaced = pl.when(V.str.contains(r"\p{Han}")).then(V.str.replace_all(r"\s+", "")).otherwise(V)
    values = frame.select(v=spaced)["v"]
    return Cleaned(values, _faults(frame, address_short=V.str.len_chars() < 5, address_masked=V.str.contains(r"\*")))


def _clean_date(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V)))
    frame = frame.with_columns(groups=V.str.extract_groups(_DATE))
    pieces = [
        pl.coalesce(pl.col("groups").struct[name], pl.col("groups").struct[f"{name}_joined"]).str.zfill(2)
        for name in ("year", "month", "day")
    ]
    day = pl.concat_str(pieces, separator="-").str.to_date("%Y-%m-%d", strict=False)
    frame = frame.with_columns(day=pl.when(day.dt.year().is_between(1800, 2200)).then(day))
    unclear = V.str.contains(r"^[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}$")
    faults = _faults(
        frame,
        date_invalid=pl.col("day").is_null() & V.is_not_null() & ~unclear,
        date_ambiguous=unclear & V.is_not_null(),
    )
    return Cleaned(frame["day"].dt.to_string("%Y-%m-%d"), faults)


def _clean_amount(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V)))
    bare = V.str.replace_all(r"[¥￥$€£,\s]|人民币|RMB|CNY|元整?", "")
    negative = bare.str.contains(r"^\(.*\)$|^-")
    number = bare.str.replace_all(r"^[(+-]+|\)$", "").str.extract(r"^0*([0-9]+(?:\.[0-9]+)?)$")
    signed = pl.when(negative & number.str.contains("[1-9]")).then("-" + number).otherwise(number)
    frame = frame.with_columns(number=signed)
    return Cleaned(frame["number"], _faults(frame, amount_invalid=pl.col("number").is_null() & V.is_not_null()))


def _clean_uscc(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V).str.replace_all(r"[\s-]", "").str.to_uppercase()))
    frame = frame.with_columns(_checked(frame["v"], "uscc"))
    shaped = V.str.contains(r"^[0-9A-HJ-NPQRTUWXY]{18}$")
    values = frame.select(v=pl.when(shaped).then(V))["v"]
    return Cleaned(values, _faults(frame, uscc_invalid=~shaped, uscc_check_failed=shaped & ~pl.col("checked")))


def _clean_bank_card(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V).str.replace_all(r"[\s-]", "")))
    frame = frame.with_columns(_checked(frame["v"], "bank_card"))
    shaped = V.str.contains(r"^[0-9]{12,19}$")
    masked = V.str.contains(r"\*")
    values = frame.select(v=pl.when(shaped).then(V))["v"]
    faults = _faults(
        frame, card_invalid=~(shaped | masked), card_masked=masked, card_check_failed=shaped & ~pl.col("checked")
    )
    return Cleaned(values, faults)


def _clean_language(column: pl.Series) -> Cleaned:
    frame = column.to_frame().select(_empty_as_null(_narrow(V).str.to_lowercase()))
    zh = V.str.contains(r"^(?:zh|cn|chinese)|中文|汉语|普通话")
    en = V.str.contains(r"^en|英")
    values = frame.select(v=pl.when(zh).then(pl.lit("zh")).when(en).then(pl.lit("en")).otherwise(V))["v"]
    return Cleaned(values, ())


def _id_key(column: pl.Series) -> pl.Series:
    checked = column.to_frame("v").with_columns(_checked(column, "id_no"))
    return checked.select(id_no=pl.when(pl.col("checked")).then(V))["id_no"]


def _name_key(names: pl.Series) -> pl.Series:
    """The name as compared: no spaces, no case; none for a starred name, a title, or a single character."""
    frame = names.to_frame("v").select(V.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"[ \t·.]", ""))
    vague = V.str.contains(r"\*|某|(?:先生|女士|小姐|太太)$") | (V.str.len_chars() < 2)
    return frame.select(name=pl.when(~vague).then(V))["name"]


def _road(addresses: pl.Series) -> pl.Series:
    """What stays the same when an address is written otherwise: road and numbers; abroad, its letters and digits.

    Each step is worked out once and kept: as one expression the text would be folded again for every use of it.
    """
    frame = addresses.to_frame("v").select(V.str.normalize("NFKC").str.replace_all("[ \t\u3000]", ""))
    is_han = frame["v"].str.contains("[\u4e00-\u9fff]").fill_null(value=False)
    han, other = frame.with_columns(v=pl.when(is_han).then(V)), frame.select(v=pl.when(~is_han).then(V))
    han = han.with_columns(
        road=V.str.extract("([\u4e00-\u9fff]{2}(?:大道|大街|胡同|路|街|巷|弄|道|村))[0-9]"),
        numbers=V.str.extract_all("[0-9]+"),
    ).with_columns(count=pl.col("numbers").list.len())
    ends = pl.concat_list(pl.col("numbers").list.head(1), pl.col("numbers").list.tail(2)).list.join("-")
    chosen = pl.when(pl.col("count") >= 3).then(ends).otherwise(pl.col("numbers").list.join("-"))
    chinese = han.select(v=pl.when(pl.col("count") >= 2).then(pl.col("road") + "|" + chosen))["v"]
    if not other["v"].count():
        return chinese.rename("road")
    letters = other.select(V.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]", ""))
    abroad = letters.select(v=pl.when((V.str.len_chars() >= 8) & V.str.contains("[0-9]")).then(V))["v"]
    return pl.DataFrame({"a": chinese, "b": abroad}).select(road=pl.coalesce("a", "b"))["road"]


Cleaner = Callable[[pl.Series], Cleaned]
CLEANERS: Mapping[str, Cleaner] = {
    "phone": _clean_phone,
    "phone2": _clean_phone,
    "guardian_phone": _clean_phone,
    "name": _clean_name,
    "guardian_name": _clean_name,
    "id_no": _clean_id_no,
    "email": _clean_email,
    "email2": _clean_email,
    "address": _clean_address,
    "service_address": _clean_address,
    "birth_date": _clean_date,
    "registered_on": _clean_date,
    "ordered_on": _clean_date,
    "visit_on": _clean_date,
    "amount": _clean_amount,
    "prepaid_balance": _clean_amount,
    "quantity": _clean_amount,
    "uscc": _clean_uscc,
    "bank_card": _clean_bank_card,
    "language": _clean_language,
}
"""Field → its cleaner; a field not named here is trimmed only."""
