"""Large files for the benches: the same columns as the company's, built column by column and written block by block.

A block is 50,000 customers and their orders; memory stays that of one block. Telephones, e-mails and addresses follow
from the customer's position, so a million people have a million telephones without any set being kept.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import polars as pl

from shouxin.ground.samples import columns, identifiers, names, places
from shouxin.ground.samples.draws import Draws
from shouxin.ground.samples.trade import HOUSEKEEPING

BLOCK = 50_000
LIST_FILE, ORDERS_FILE = "customers.csv", "orders.csv"

Array = np.ndarray[Any, Any]

_AS_OF = date(2026, 11, 23)
_DAYS = [_AS_OF - timedelta(days=back) for back in range(1, 15 * 365)]
_ISO = pl.Series([day.isoformat() for day in _DAYS])
_YEARS = np.array([day.year % 100 for day in _DAYS])
_BIRTHS = [date(1944, 1, 1) + timedelta(days=day) for day in range(75 * 365)]
_BIRTH_ISO = pl.Series([day.isoformat() for day in _BIRTHS])
_BIRTH_NUMBERS = np.array([int(day.strftime("%Y%m%d")) for day in _BIRTHS], dtype=np.int64)
_GIVEN = [*names.SINGLE, *((a + c, p + q) for a, p in names.OPENING for c, q in names.CLOSING)]
_SERVICES = (*HOUSEKEEPING.services, *HOUSEKEEPING.office_services)


def bench_files(folder: Path, *, customers: int, seed: int, orders_per_customer: int = 4) -> tuple[Path, Path]:
    """Write `customers.csv` and `orders.csv` (UTF-8) for a bench and return their paths.

    About 55 % have e-mail, 85 % a telephone, 30 % no order, 20 % an identity number. There are exactly
    `orders_per_customer` times as many orders as customers; order numbers stay distinct up to ten million.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / LIST_FILE, folder / ORDERS_FILE
    with paths[0].open("wb") as people, paths[1].open("wb") as orders:
        for first in range(0, customers, BLOCK):
            draws = Draws(seed, f"bulk/{first}")
            block = _people(draws, first, min(BLOCK, customers - first), offset=seed % 10**7)
            _write(block.select(list(columns.LIST_COLUMNS)), people, header=first == 0)
            for part in _orders(draws, block, first, orders_per_customer):
                _write(part, orders, header=orders.tell() == 0)
    return paths


def _write(block: pl.DataFrame, file: BinaryIO, *, header: bool) -> None:
    block.write_csv(file, include_header=header, line_terminator="\r\n")


def _picked(draws: Draws, things: Sequence[str], count: int) -> pl.Series:
    return pl.Series(things)[pl.Series(draws.below(len(things), count))]


def _sparse(draws: Draws, share: float, values: pl.Series) -> pl.Series:
    """The values of about a share of the rows, the others empty."""
    return _where(draws.fractions(len(values)) < share, values)


def _where(keep: Array, values: pl.Series) -> pl.Series:
    return values.zip_with(pl.Series(keep), _blank(len(values)))


def _blank(count: int) -> pl.Series:
    return pl.Series([None], dtype=pl.String).new_from_index(0, count)


def _padded(numbers: Array, width: int) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(width)


def _named(draws: Draws, count: int) -> tuple[pl.Series, pl.Series]:
    """Names and their pinyin."""
    family = pl.Series((len(names.SURNAMES) * draws.fractions(count) ** 1.5).astype(np.int64))
    given = pl.Series(draws.below(len(_GIVEN), count))
    text, spoken = (
        pl.Series([pair[at] for pair in names.SURNAMES])[family] + pl.Series([pair[at] for pair in _GIVEN])[given]
        for at in (0, 1)
    )
    return text, spoken


def _mobiles(serials: Array, offset: int) -> pl.Series:
    tails = identifiers.mobile_tails(serials, offset=offset)
    prefixes = pl.Series(identifiers.MOBILE_PREFIXES)
    return prefixes[pl.Series(identifiers.prefix_place(tails))] + _padded(tails, 8)


def _addresses(serials: Array, offset: int) -> pl.Series:
    city, road, number, building, room = places.house_numbers(serials, home_city=0, offset=offset)
    towns = pl.Series([town.zh + district for town in places.CITIES for district, _ in town.districts])
    roads = pl.Series([f"{zh}路" for zh, _ in places.ROADS])
    parts = {
        "town": towns[pl.Series(city * 3 + road % 3)],
        "road": roads[pl.Series(road)],
        "number": pl.Series(number),
        "building": pl.Series(building),
        "room": pl.Series(room),
    }
    whole = pl.concat_str("town", "road", "number", pl.lit("弄"), "building", pl.lit("栋"), "room", pl.lit("室"))
    return pl.DataFrame(parts).select(whole.alias("address"))["address"]


def _people(draws: Draws, first: int, count: int, *, offset: int) -> pl.DataFrame:
    serials = np.arange(first + 1, first + count + 1, dtype=np.int64)
    born = draws.below(len(_BIRTHS), count)
    named, spoken = _named(draws, count)
    reach = draws.fractions(count)
    homes = serials - (draws.fractions(count) < 0.2)  # one in five lives where the customer before lives
    cells = {
        "客户编号": "KH" + _padded(serials, 7),
        "姓名": named,
        "性别": _picked(draws, ("女", "男"), count),
        "手机号码": _where(reach < 0.85, _mobiles(serials, offset)),
        "备用电话": _where((reach < 0.85) & (draws.fractions(count) < 0.15), _mobiles(serials + 10**7, offset)),
        "电子邮箱": _where(reach < 0.55, spoken + pl.Series(serials).cast(pl.String) + "@mail.example"),
        "家庭住址": _where(reach < 0.95, _addresses(homes, offset)),
        "出生日期": _sparse(draws, 0.5, _BIRTH_ISO[pl.Series(born)]),
        "身份证号": _sparse(draws, 0.2, pl.Series(identifiers.id_numbers(_BIRTH_NUMBERS[born], serials))),
        "微信号": _sparse(draws, 0.3, spoken + "_" + pl.Series(serials).cast(pl.String)),
        "语言": pl.Series(["zh"]).new_from_index(0, count),
        "在世状态": _picked(draws, ("在世",) * 49 + ("已故",), count),
        "登记日期": _ISO[pl.Series(draws.below(len(_DAYS), count))],
        "服务需求": _sparse(draws, 0.7, _picked(draws, HOUSEKEEPING.requirements, count)),
        "偏好": _sparse(draws, 0.7, _picked(draws, HOUSEKEEPING.preferences, count)),
        "服务频次": _sparse(draws, 0.7, _picked(draws, HOUSEKEEPING.frequencies, count)),
        "家庭情况": _sparse(draws, 0.7, _picked(draws, HOUSEKEEPING.households, count)),
        "健康状况": _sparse(draws, 0.06, _picked(draws, HOUSEKEEPING.healths, count)),
    }
    return pl.DataFrame({header: cells.get(header, _blank(count)) for header in columns.LIST_COLUMNS})


def _orders(draws: Draws, block: pl.DataFrame, first: int, per_customer: int) -> Iterator[pl.DataFrame]:
    """The orders of one block of customers, in parts of a block's size."""
    buyers = draws.shuffled(len(block))[: max(1, len(block) * 7 // 10)]
    for part in range(per_customer):
        count = len(block)
        chosen = pl.Series(buyers[draws.below(len(buyers), count)])
        positions = np.arange(count, dtype=np.int64) + first * per_customer + part * count
        yield _order_part(draws, block[chosen], positions)


def _order_part(draws: Draws, theirs: pl.DataFrame, positions: Array) -> pl.DataFrame:
    count = len(theirs)
    day, service, quantity = (
        draws.below(len(_DAYS), count),
        draws.below(len(_SERVICES), count),
        draws.below(4, count) + 1,
    )
    fen = np.array([price for _, price in _SERVICES])[service] * quantity
    prepaid = (draws.fractions(count) < 0.004) * (draws.below(60, count) + 1) * 50
    cells = {
        "订单号": "13" + _padded(_YEARS[day], 2) + _padded(positions % 10**7, 7),
        "客户编号": theirs["客户编号"],
        "联系人": theirs["姓名"],
        "联系电话": theirs["手机号码"],
        "下单日期": _ISO[pl.Series(day)],
        "服务项目": pl.Series([item for item, _ in _SERVICES])[pl.Series(service)],
        "数量": pl.Series(quantity).cast(pl.String),
        "金额": pl.Series(fen // 100).cast(pl.String) + "." + _padded(fen % 100, 2),
        "付款方式": _picked(draws, HOUSEKEEPING.payments, count),
        "发票抬头": _sparse(draws, 0.2, theirs["姓名"]),
        "服务地址": theirs["家庭住址"],
        "合同编号": _sparse(draws, 0.5, "HT20" + _padded(_YEARS[day], 2) + "-" + _padded(positions % 10**7, 7)),
        "预付余额": pl.Series(prepaid).cast(pl.String) + ".00",
        "代管钥匙": _picked(draws, ("否",) * 99 + ("是",), count),
    }
    return pl.DataFrame({header: cells[header] for header in columns.ORDER_COLUMNS})
