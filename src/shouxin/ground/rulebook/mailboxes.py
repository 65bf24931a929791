"""E-mail addresses in the cells of a column: internationalised ones too, out of what people write round them.

Letters keep their own form, since another form is another mailbox; only marks become half-width. An address that no
standard forbids outright but a mail server may (two dots in a row, a quoted name, a number for a host) is kept and
told as unusual. What holds no address at all gives none.
"""

import polars as pl

# Addresses by RFC 5322 (dot-atom) and, with letters of any script, RFC 6531; domains by RFC 5890.
_MAIL_SIGN = r"(?:[0-9a-z!#$%&'*+/=?^_`{|}~-]|[[^\x00-\x7F]&&[^\p{C}\p{Z}]]|[\x{200C}\x{200D}])"
_HOST_SIGN = r"(?:[0-9a-z]|[[^\x00-\x7F]&&[\p{L}\p{M}\p{N}]]|[\x{B7}\x{30FB}\x{200C}\x{200D}])"
_LABEL = rf"{_HOST_SIGN}(?:(?:{_HOST_SIGN}|-)*{_HOST_SIGN})?"
_TOP = r"(?:[a-z]{2,}|xn--[0-9a-z-]+|(?:[[^\x00-\x7F]&&[\p{L}\p{M}\p{N}]]){2,})"
_USUAL = rf"^{_MAIL_SIGN}+(?:\.{_MAIL_SIGN}+)*@(?:{_LABEL}\.)+{_TOP}$"
_UNUSUAL = (
    rf"^(?:(?:{_MAIL_SIGN}|\.)+|\"[^\"\\\p{{C}}]+\")@"
    rf"(?:(?:(?:{_HOST_SIGN}|[-_])+\.)+{_TOP}|\[(?:ipv6:)?[0-9a-f.:]+\])$"
)
_LONGEST = 254  # RFC 5321, 4.5.3.1.3
_AMONG = r"[^\s;,/|、<>()]+@[^\s;,/|、<>()]+"
_LABELLED = r"^(?:mailto|e-?mail|(?:电子)?邮[箱件](?:地址)?) *:"
_INVISIBLE = r"[\x{200B}\x{2060}\x{FEFF}]"
_WIDE = [chr(sign) for sign in range(0xFF01, 0xFF5F)] + ["。", "｡"]
_NARROW = [chr(sign - 0xFEE0) for sign in range(0xFF01, 0xFF5F)] + [".", "."]

V = pl.col("v")


def mailboxes(column: pl.Series) -> pl.DataFrame:
    """Per cell the text as read (`v`), the first and the second address that can be one, and whether the first is
    unusual.
    """
    text = V.str.replace_many(_WIDE, _NARROW).str.replace_all(_INVISIBLE, "").str.normalize("NFC").str.to_lowercase()
    frame = column.cast(pl.String).rename("v").to_frame().select(text.str.strip_chars())
    frame = frame.select(v=pl.when(V.str.len_bytes() > 0).then(V)).with_columns(bare=_bare(V))
    usual = pl.col("bare").str.contains(_USUAL) & (pl.col("bare").str.len_bytes() <= _LONGEST)
    frame = frame.with_columns(usual=usual.fill_null(value=False), row=pl.int_range(pl.len()))
    others = _others(frame.filter(V.is_not_null() & ~pl.col("usual")).select("row", "v", "bare"))
    return frame.join(others, on="row", how="left", maintain_order="left").select(
        "v",
        first=pl.when("usual").then("bare").otherwise("first"),
        second="second",
        unusual=(~pl.col("usual") & ~pl.col("first").str.contains(_USUAL)).fill_null(value=False),
    )


def _others(frame: pl.DataFrame) -> pl.DataFrame:
    """The same of cells that are not simply one usual address."""
    among = V.str.extract_all(_AMONG).list.eval(_bare(pl.element()).filter(_can_be(_bare(pl.element()))))
    several = frame.with_columns(among=pl.when(V.str.count_matches("@") > 1).then(among))
    alone = _can_be(pl.col("bare"))
    return several.select(
        "row",
        first=pl.when(alone).then("bare").otherwise(pl.col("among").list.get(0, null_on_oob=True)),
        second=pl.when(~alone).then(pl.col("among").list.get(1, null_on_oob=True)),
    )


def _bare(text: pl.Expr) -> pl.Expr:
    """The address of a text that holds one: out of angle brackets, without a label, spaces and a stop behind it."""
    inner = pl.coalesce(text.str.extract(r"<([^<>]+)>"), text)
    spaced = pl.when(inner.str.contains(r"^\".*\"@")).then(inner).otherwise(inner.str.replace_all(r"\s", ""))
    return spaced.str.replace(_LABELLED, "").str.replace(r"[.,;:、]+$", "")


def _can_be(text: pl.Expr) -> pl.Expr:
    return (text.str.contains(_USUAL) | text.str.contains(_UNUSUAL)) & (text.str.len_bytes() <= _LONGEST)
