"""Addresses: real cities and districts, invented roads. One position gives one address; no two positions share one."""

# ruff: noqa: SIM905 - lists of short words read better as one line of text

from dataclasses import dataclass
from typing import Any

from shouxin.ground.samples.identifiers import full_width


@dataclass(frozen=True, slots=True)
class City:
    """A city with its telephone area and some of its districts (in both scripts)."""

    zh: str
    en: str
    area_code: str
    districts: tuple[tuple[str, str], ...]


CITIES = (
    City("上海市", "Shanghai", "021", (("普陀区", "Putuo"), ("杨浦区", "Yangpu"), ("闵行区", "Minhang"))),
    City("杭州市", "Hangzhou", "0571", (("拱墅区", "Gongshu"), ("西湖区", "Xihu"), ("滨江区", "Binjiang"))),
    City("南京市", "Nanjing", "025", (("鼓楼区", "Gulou"), ("秦淮区", "Qinhuai"), ("建邺区", "Jianye"))),
    City("苏州市", "Suzhou", "0512", (("姑苏区", "Gusu"), ("吴中区", "Wuzhong"), ("相城区", "Xiangcheng"))),
)
# Both characters are rare in road names and in texts: an address of ours is not found by accident.
_ROAD_FIRST = tuple(
    zip("栖汀葭澜蘅芷霁岫棠榆筱菡", "qi ting jia lan heng zhi ji xiu tang yu xiao han".split(), strict=True)
)
_ROAD_LAST = tuple(zip("鹭苇汐浦砚篱坞蓼渚榭畹埭", "lu wei xi pu yan li wu liao zhu xie wan dai".split(), strict=True))
ROADS = tuple((a + b, (p + q).capitalize()) for a, p in _ROAD_FIRST for b, q in _ROAD_LAST)

_NUMBERS, _BUILDINGS, _ROOMS = 400, 20, 90
HOUSES = len(ROADS) * _NUMBERS * _BUILDINGS * _ROOMS
_SPREAD = 38_196_601


@dataclass(frozen=True, slots=True)
class House:
    """One flat: the numbers behind its address."""

    city: City
    district: tuple[str, str]
    road: tuple[str, str]
    number: int
    building: int
    room: int

    def zh(self) -> str:
        """The address as the list has it."""
        return f"{self.city.zh}{self.district[0]}{self._street()}{self.building}栋{self.room}室"

    def zh_variants(self) -> tuple[str, ...]:
        """Other ways in which clerks write the same address."""
        district, street = self.district[0], self._street()
        return (
            f"{self.city.zh}{district}{street}{self.building}号楼{self.room}室",
            f"{district}{street}{self.building}栋{self.room}室",
            full_width(self.zh()),
        )

    def en(self) -> str:
        """The address in English."""
        where = f"Lane {self.number} {self.road[1]} Road, {self.district[1]}, {self.city.en}"
        return f"Room {self.room}, Building {self.building}, {where}"

    def _street(self) -> str:
        return f"{self.road[0]}路{self.number}弄"


def house_numbers(positions: Any, *, home_city: int, offset: int) -> tuple[Any, Any, Any, Any, Any]:
    """City, road, number, building and room of a position or of an array of positions."""
    # The road also picks the district.
    place = (positions * _SPREAD + offset) % HOUSES
    road, rest = place % len(ROADS), place // len(ROADS)
    number, rest = rest % _NUMBERS + 1, rest // _NUMBERS
    building, flat = rest % _BUILDINGS + 1, rest // _BUILDINGS
    away = (place % 20 == 7) * (1 + place % (len(CITIES) - 1))
    return (home_city + away) % len(CITIES), road, number, building, (flat // 3 + 1) * 100 + flat % 3 + 1


def house(position: int, *, home_city: int, offset: int) -> House:
    """The flat at a position (positions less than `HOUSES` apart differ); 19 in 20 lie in the company's own city."""
    city, road, number, building, room = house_numbers(position, home_city=home_city, offset=offset)
    where = CITIES[city]
    return House(where, where.districts[road % len(where.districts)], ROADS[road], number, building, room)
