"""From a batch of text columns to people: fields cleaned, keys, and the facts that the gates read. Pure functions.

Each takes values and gives values, so that the same function runs on one machine or on many.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from shouxin.ground.rulebook.classify import FREE_TEXT_FIELDS
from shouxin.ground.rulebook.identifiers import find
from shouxin.ground.rulebook.quality import Fault, age_bands, birth_dates, clean, second_emails, second_phones

DEAD = r"故|去世|死亡|逝|病亡|deceased|dead|died"
_ALIVE = r"在世|健在|alive|living|未"
_NO = r"^(?:否|无|没有|不|no|n|none|false|0|未)"
_SOLE_TRADER = "个体|个体工商户|经营部$"
_KIN = (
    *(
        "女儿",
        "儿子",
        "孩子",
        "小孩",
        "丈夫",
        "妻子",
        "老公",
        "老婆",
        "爱人",
        "母亲",
        "父亲",
        "妈",
        "爸",
        "婆婆",
        "公公",
    ),
    *(
        "岳母",
        "岳父",
        "爷爷",
        "奶奶",
        "外公",
        "外婆",
        "孙子",
        "孙女",
        "弟弟",
        "妹妹",
        "哥哥",
        "姐姐",
        "邻居",
        "保姆",
        "护工",
        "代收",
    ),
    *("husband", "wife", "daughter", "mother", "father", "neighbour", "neighbor", "concierge", "her son", "his son"),
)
_SPOKEN = ("id_no", "mobile", "landline", "email", "bank_card", "passport")
_OWN = ("phone", "phone2", "guardian_phone", "email", "email2", "id_no", "bank_card", "passport_no")
_PARTS_JOINED_BY = {"name": " ", "address": ", ", "service_address": ", "}


@dataclass(frozen=True, repr=False)
class FieldFault:
    """A fault of one field: the code and the batch positions it is true of."""

    field: str
    code: str
    rows: np.ndarray

    def __repr__(self) -> str:
        return f"FieldFault({self.field!r}, {self.code!r}, rows={self.rows.size})"


def fields_of(frame: pl.DataFrame, mapping: Mapping[str, str], constants: Mapping[str, str]) -> pl.DataFrame:
    """The frame's columns as fields: parts of one field joined, constants added where a row has nothing."""
    groups: dict[str, list[str]] = {}
    for column, name in mapping.items():
        groups.setdefault(name, []).append(column)
    expressions = {name: _joined(name, columns) for name, columns in groups.items()}
    for name, text in constants.items():
        expressions[name] = pl.coalesce(expressions[name], pl.lit(text)) if name in expressions else pl.lit(text)
    return frame.select(**expressions)


def _joined(name: str, columns: list[str]) -> pl.Expr:
    """Parts with one space or comma between them; Chinese names are written together."""
    parts = [pl.col(column).str.strip_chars() for column in columns]
    parts = [pl.when(part.str.len_bytes() > 0).then(part) for part in parts]
    if len(parts) == 1:
        return parts[0]
    text = pl.concat_str(parts, separator=_PARTS_JOINED_BY.get(name, " "), ignore_nulls=True)
    return pl.when(text.str.len_bytes() > 0).then(text)


def clean_fields(raw: pl.DataFrame) -> tuple[pl.DataFrame, tuple[FieldFault, ...]]:
    """Every field in its one form, with its faults. Of two numbers or addresses in one cell the second is kept too."""
    cleaned, faults = {}, []
    for name in raw.columns:
        result = clean(name, raw[name])
        cleaned[name] = result.values
        faults += [FieldFault(name, fault.code, fault.rows) for fault in result.faults]
    for name, seconds in (("phone", second_phones), ("email", second_emails)):
        if any(fault.code == f"{name}_several" and fault.field == name for fault in faults):
            present = cleaned.get(f"{name}2", pl.Series([None] * raw.height, dtype=pl.String))
            found = pl.DataFrame({"a": present, "b": seconds(raw[name])})
            cleaned[f"{name}2"] = found.select(pl.coalesce("a", "b"))["a"]
    return pl.DataFrame({name: values.rename(name) for name, values in cleaned.items()}), tuple(faults)


def empty_rows(raw: pl.DataFrame, mapping: Mapping[str, str]) -> np.ndarray:
    """Positions of rows that hold nothing in any mapped field."""
    own = [name for name in dict.fromkeys(mapping.values()) if name in raw.columns]
    return raw.select(pl.all_horizontal(pl.col(own).is_null())).to_series().arg_true().to_numpy()


def facts_of(values: pl.DataFrame, *, as_of: date, person_kind: str | None) -> pl.DataFrame:
    """One row of facts per person row, from cleaned fields."""
    columns = {name: values[name] for name in values.columns}
    height = values.height
    frame = values.with_columns(
        [pl.lit(None, dtype=pl.String).alias(name) for name in _READ_BY_FACTS if name not in values.columns]
    )
    bands = age_bands(birth_dates(columns), as_of=as_of) if height else pl.Series("age_band", [], dtype=pl.String)
    facts = frame.select(
        person_kind=pl.lit(person_kind) if person_kind else _kind(),
        dead=_says(pl.col("life_status"), DEAD) & ~_says(pl.col("life_status"), _ALIVE),
        language=_language(),
        has_phone=pl.col("phone").is_not_null() | pl.col("phone2").is_not_null(),
        has_email=pl.col("email").is_not_null() | pl.col("email2").is_not_null(),
        has_address=pl.col("address").is_not_null() | pl.col("service_address").is_not_null(),
        has_guardian_phone=pl.col("guardian_phone").is_not_null(),
        prepaid=(pl.col("prepaid_balance").cast(pl.Float64, strict=False) > 0).fill_null(value=False),
        keys_held=_yes(pl.col("keys_held")) | pl.col("door_code").is_not_null(),
        last_purchase_on=pl.coalesce("ordered_on"),
    )
    others = pl.Series("free_text_names_others", names_others(columns, height))
    return facts.with_columns(age_band=bands, free_text_names_others=others)


_READ_BY_FACTS = (
    *("organisation", "name", "life_status", "language", "phone", "phone2", "email", "email2", "address"),
    *("guardian_phone", "service_address", "prepaid_balance", "keys_held", "door_code", "ordered_on"),
)


def _kind() -> pl.Expr:
    """A sole trader is a person (Civil Code 54); anyone else with an organisation is its contact."""
    organisation = pl.col("organisation")
    trader = _says(organisation, _SOLE_TRADER) | organisation.str.contains(pl.col("name"), literal=True).fill_null(
        False
    )
    contact = organisation.is_not_null() & ~trader
    return pl.when(contact).then(pl.lit("contact_of_organisation")).otherwise(pl.lit("contract_party"))


def _says(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.to_lowercase().str.contains(pattern).fill_null(value=False)


def _yes(text: pl.Expr) -> pl.Expr:
    return text.is_not_null() & ~_says(text, _NO)


def _language() -> pl.Expr:
    """The stated language; else a name without Han characters is addressed in English."""
    stated = pl.col("language").str.to_lowercase()
    latin = pl.col("name").str.contains(r"[A-Za-z]") & ~pl.col("name").str.contains(r"\p{Han}")
    guessed = pl.when(latin).then(pl.lit("en")).otherwise(pl.lit("zh"))
    return (
        pl.when(stated.is_in(["zh", "en"]))
        .then(stated)
        .when(stated.is_not_null())
        .then(pl.lit("en"))
        .otherwise(guessed)
    )


def names_others(columns: Mapping[str, pl.Series], height: int) -> np.ndarray:
    """Rows whose free text holds an identifier that is not the row's own, or speaks of family or neighbours."""
    marks = np.zeros(height, np.bool_)
    for name in FREE_TEXT_FIELDS & columns.keys():
        text = columns[name]
        marks |= text.str.contains_any(list(_KIN), ascii_case_insensitive=True).fill_null(value=False).to_numpy()
        marks[_foreign_finds(text, columns)] = True
    return marks


def _foreign_finds(text: pl.Series, columns: Mapping[str, pl.Series]) -> list[int]:
    spans = find(text.to_arrow()).of_kind(*_SPOKEN)
    own = [columns[name] for name in _OWN if name in columns]
    foreign = []
    for row, start, end in zip(spans.rows.tolist(), spans.starts.tolist(), spans.ends.tolist(), strict=True):
        said = _bare(text[row].encode()[start:end].decode())
        if not any(said.endswith(_bare(column[row])) for column in own if column[row]):
            foreign.append(row)
    return foreign


def _bare(text: str) -> str:
    half = "".join(chr(ord(sign) - 0xFEE0) if 0xFF01 <= ord(sign) <= 0xFF5E else sign for sign in text)
    return re.sub(r"[\s()+-]", "", half).lower()


def fault_counts(faults: tuple[FieldFault, ...], height: int) -> pl.Series:
    """How many faults each row has."""
    counts = np.zeros(height, np.int32)
    for fault in faults:
        counts[fault.rows] += 1
    return pl.Series("faults", counts)


__all__ = [
    "Fault",
    "FieldFault",
    "clean_fields",
    "empty_rows",
    "facts_of",
    "fault_counts",
    "fields_of",
    "names_others",
]
