"""The population behind a company: households, children, guardians, sole traders, contacts of organisations, the dead.

Rules that hold for every seed:
- Shares are quotas, not chances: a company of 300 has each kind too.
- Two people of one household never share the pinyin of their whole name, so telephone + pinyin tells people apart.
- Every form in which a person's identifier is written is noted on the draft when it is written (`said`): the truth is
  kept by the pen, not guessed afterwards.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from shouxin.ground.samples import identifiers, names, places
from shouxin.ground.samples.draws import Draws, quota
from shouxin.ground.samples.trade import GRAPHICS, HOUSEKEEPING, INSTRUMENTS, Trade
from shouxin.ground.samples.truth import RowRef

BOTH, PHONE, ADDRESS, NOTHING = "both", "phone", "address", "nothing"
NEVER, LONG_AGO, RECENT = "never", "long_ago", "recent"
CHILD, TEEN, FOREIGN, TRADER, CONTACT, ADULT = "child", "teen", "foreign", "trader", "contact", "adult"


@dataclass(frozen=True, slots=True)
class Shape:
    """The shares of one company's customers."""

    story: str
    both: float
    phone: float
    address: float
    nothing: float
    never_ordered: float = 0.30
    ordered_long_ago: float = 0.04
    twice_listed: float = 0.02
    no_phone_count: int | None = None
    trade: Trade = HOUSEKEEPING


COMPANY = Shape(story="asset", both=0.55, phone=0.30, address=0.10, nothing=0.05)
INSTRUMENT_FIRM = Shape(story="transfer", both=0.70, phone=0.22, address=0.05, nothing=0.03, trade=INSTRUMENTS)
GRAPHICS_FIRM = Shape(story="equity", both=0.45, phone=0.42, address=0.08, nothing=0.05, trade=GRAPHICS)
SHOP = Shape(story="shop", both=0.0, phone=1.0, address=0.0, nothing=0.0, no_phone_count=6)


@dataclass(slots=True, eq=False)
class Draft:
    """A person while the files are written; becomes a `TruePerson` when they are done."""

    key: str
    label: str
    name: names.Name
    gender: str
    born: date
    house: places.House
    household: int
    reach: str = PHONE
    dealing: str = NEVER
    mobile: str = ""
    second: str = ""
    email: str = ""
    id_no: str = ""
    wechat: str = ""
    bank_card: str = ""
    organisation: str = ""
    uscc: str = ""
    job_title: str = ""
    health: str = ""
    kind: str = "contract_party"
    guardian: "Draft | None" = None
    dead: bool = False
    age_shown: bool = False
    marks: set[str] = field(default_factory=set)
    texts: dict[str, dict[str, None]] = field(default_factory=dict)
    categories: set[str] = field(default_factory=set)
    numbers: list[str] = field(default_factory=list)
    rows: list[RowRef] = field(default_factory=list)
    mentioned_by: dict[str, None] = field(default_factory=dict)
    order_dates: list[date] = field(default_factory=list)
    starts_on: date = date.min
    prepaid_fen: int = 0
    keys_held: bool = False

    def said(self, kind: str, text: str) -> str:
        """The text, noted as one that betrays this person."""
        if text:
            self.texts.setdefault(kind, {})[text] = None
        return text

    def said_by(self, other: "Draft", kind: str, text: str) -> str:
        """The text, noted as this person's and standing in another one's row."""
        if text and other is not self:
            self.mentioned_by[other.key] = None
        return self.said(kind, text)

    @property
    def phone_owner(self) -> "Draft":
        """Whose telephone is called about this person: a child's guardian's."""
        return self.guardian or self

    @property
    def has_phone(self) -> bool:
        """Whether a working telephone is on record."""
        return self.reach in (BOTH, PHONE)

    @property
    def home(self) -> str:
        """The address in this person's language."""
        return self.house.en() if self.label == FOREIGN and self.household % 2 else self.house.zh()


class Population:
    """Everyone the files speak of; strangers in notes are added while notes are written."""

    def __init__(self, shape: Shape, *, customers: int, seed: int, as_of: date) -> None:
        self.shape, self.seed, self.as_of = shape, seed, as_of
        self.draws = Draws(seed, "people")
        self.city = self.draws.one(len(places.CITIES))
        self._offset = self.draws.one(10**7)
        self._serials = dict.fromkeys(("mobile", "landline", "house", "paper", "other"), 0)
        self.members: dict[int, list[Draft]] = {}
        self.others: list[Draft] = []
        self.people = self._drawn(customers)
        self.staff = [self.stranger("staff") for _ in range(quota(customers, 0.004, least=3))]

    def _serial(self, what: str) -> int:
        self._serials[what] += 1
        return self._serials[what]

    def new_mobile(self) -> str:
        """A mobile number nobody else has."""
        return identifiers.mobile(self._serial("mobile"), offset=self._offset)

    def new_landline(self, house: places.House) -> str:
        """A fixed number nobody else has."""
        return identifiers.landline(self._serial("landline"), house.city.area_code, offset=self._offset)

    def new_house(self) -> places.House:
        """A flat nobody else lives in."""
        return places.house(self._serial("house"), home_city=self.city, offset=self._offset)

    def stranger(self, kind: str, *, near: Draft | None = None) -> Draft:
        """Somebody who is no customer: staff, a household member, a third party in a note."""
        surname = near.name.surname if near and near.label != FOREIGN and self.draws.chance(0.6) else None
        taken = {member.name.pinyin for member in self.members.get(near.household, ())} if near else set()
        name = self._fresh_name(taken, surname=surname)
        draft = Draft(
            key=f"t{self._serial('other'):06d}",
            label=ADULT,
            name=name,
            gender="女" if self.draws.chance(0.5) else "男",
            born=self._birthday(20, 70),
            house=near.house if near else places.house(0, home_city=self.city, offset=self._offset),
            household=near.household if near else 0,
            mobile=self.new_mobile(),
            kind=kind,
        )
        self.others.append(draft)
        return draft

    def _fresh_name(self, taken: set[str], *, surname: tuple[str, str] | None = None, rare: bool = False) -> names.Name:
        while True:
            name = names.chinese_name(self.draws, surname=surname, rare=rare)
            if name.pinyin not in taken:
                return name

    def _birthday(self, youngest: int, oldest: int) -> date:
        age = self.draws.between(youngest, oldest)
        return self.as_of - timedelta(days=int(age * 365.25) + 2 + self.draws.one(358))

    def _drawn(self, count: int) -> list[Draft]:
        labels = self._labels(count)
        homes = self._homes(labels)
        people = [self._person(i, label, homes[i]) for i, label in enumerate(labels)]
        self._give_reach(people)
        self._give_guardians(people)
        self._give_contacts(people)
        self._give_papers(people)
        self._give_organisations(people)
        self._give_fates(people)
        return people

    def _labels(self, count: int) -> list[str]:
        shares = self.shape.trade.labels.items()
        labels = [label for label, (share, least) in shares for _ in range(quota(count, share, least=least))]
        labels += [ADULT] * (count - len(labels))
        return [labels[i] for i in self.draws.shuffled(count).tolist()]

    def _homes(self, labels: list[str]) -> list[int]:
        """A household number for each: three in ten live with other customers; two contacts may share an office."""
        homes = list(range(1, len(labels) + 1))
        for label, shared in ((ADULT, 0.3), (CONTACT, 0.3)):
            same = [i for i, own in enumerate(labels) if own == label]
            head = 0
            for place, i in enumerate(same):
                if place and self.draws.chance(shared) and place - head < (3 if label == ADULT else 2):
                    homes[i] = homes[same[head]]
                else:
                    head = place
        return homes

    def _person(self, i: int, label: str, home: int) -> Draft:
        family = self.members.setdefault(home, [])
        if label == FOREIGN:
            name = names.foreign_name(self.draws)
        else:
            alike = family and label == ADULT and self.draws.chance(0.4)
            name = self._fresh_name({m.name.pinyin for m in family}, surname=family[0].name.surname if alike else None)
        ages = {CHILD: (3, 12), TEEN: (14, 16)}.get(label, (20, 82))
        draft = Draft(
            key=f"p{i + 1:06d}",
            label=label,
            name=name,
            gender="女" if self.draws.chance(0.62) else "男",
            born=self._birthday(*ages),
            house=family[0].house if family else self.new_house(),
            household=home,
        )
        family.append(draft)
        return draft

    def _give_reach(self, people: list[Draft]) -> None:
        """Who can be reached how. Only adults without an office are out of telephone reach."""
        count, shape = len(people), self.shape
        lone = self.draws.some([p for p in people if p.label == ADULT], count)
        if shape.no_phone_count is not None:
            without, nothing = shape.no_phone_count, 0
        else:
            without, nothing = quota(count, shape.address), quota(count, shape.nothing)
        for draft in lone[:without]:
            draft.reach = ADDRESS
        for place, draft in enumerate(lone[without : without + nothing]):
            draft.reach = NOTHING
            draft.marks.add(("blank_contact", "phone_word", "phone_slip")[place % 3])
        able = [p for p in people if p.reach == PHONE and p.label not in (CHILD, TEEN)]
        for draft in self.draws.some(able, round(count * shape.both)):
            draft.reach = BOTH

    def _give_guardians(self, people: list[Draft]) -> None:
        """Children live with their guardian; two guardians in three are customers themselves."""
        adults = [p for p in people if p.label == ADULT and p.has_phone]
        for place, draft in enumerate(p for p in people if p.label in (CHILD, TEEN)):
            if place % 3 == 2 or not adults:
                guardian = self.stranger("household_member", near=draft)
            else:
                guardian = self.draws.pick(adults)
                self._move_in(draft, guardian)
            draft.guardian = guardian
            draft.marks.add("minor")

    def _move_in(self, child: Draft, guardian: Draft) -> None:
        family = self.members[guardian.household]
        child.name = self._fresh_name({m.name.pinyin for m in family}, surname=guardian.name.surname)
        self.members[child.household].remove(child)
        child.household, child.house = guardian.household, guardian.house
        family.append(child)

    def _give_contacts(self, people: list[Draft]) -> None:
        for serial, draft in enumerate(people, start=1000):
            if draft.label in (CHILD, TEEN):
                continue
            if draft.has_phone:
                draft.mobile = self.new_mobile()
                if self.draws.chance(0.18):
                    draft.second = self.new_mobile()
                    draft.marks.add("several_phones")
                if self.draws.chance(0.35):
                    own = f"{draft.name.pinyin.replace('.', '')}_{serial}"
                    draft.wechat = draft.mobile if self.draws.chance(0.2) else own
            if draft.reach == BOTH:
                draft.email = f"{draft.name.pinyin}{serial}@{self.draws.pick(identifiers.MAIL_HOSTS)}"
        self._share_telephones()
        slips = [p for p in people if p.reach == PHONE and p.mobile] if self.shape.both else []
        for draft in self.draws.some(slips, quota(len(people), 0.006)):
            draft.email = f"{draft.name.pinyin}{people.index(draft) + 1000}{identifiers.MAIL_HOSTS[0]}"
            draft.marks.add("email_slip")

    def _share_telephones(self) -> None:
        """One line for the household; in some, one mobile for two."""
        shared = 0
        for family in self.members.values():
            able = [p for p in family if p.mobile]
            if able and self.draws.chance(0.25):
                line = self.new_landline(able[0].house)
                for draft in able:
                    draft.second = draft.second or line
            if len(able) > 1 and able[0].label == ADULT and (shared == 0 or self.draws.chance(0.15)):
                shared += 1
                able[1].mobile = able[0].mobile
                able[1].wechat = "" if able[1].wechat.isdigit() else able[1].wechat
                for draft in able[:2]:
                    draft.marks.add("shared_phone")

    def _give_papers(self, people: list[Draft]) -> None:
        births = np.array([int(p.born.strftime("%Y%m%d")) for p in people], dtype=np.int64)
        numbers = identifiers.id_numbers(births, np.arange(len(people), dtype=np.int64) + self._offset)
        for place, draft in enumerate(people):
            holds = self.draws.chance({CHILD: 0.6, TRADER: 0.5, FOREIGN: 0.7, CONTACT: 0.0}.get(draft.label, 0.25))
            if holds and draft.label == FOREIGN:
                draft.id_no = identifiers.passport(place + self._offset)
            elif holds:
                draft.id_no = numbers[place]
            draft.age_shown = bool(draft.id_no and draft.label != FOREIGN)
        payers = [p for p in people if p.label in (ADULT, TRADER)]
        for place, draft in enumerate(self.draws.some(payers, quota(len(people), 0.04))):
            draft.bank_card = identifiers.bank_card(place + self._offset)
        for draft in self.draws.some(
            [p for p in people if p.age_shown and p.label == ADULT], quota(len(people), 0.005)
        ):
            draft.id_no = draft.id_no[:-1] + ("1" if draft.id_no[-1] != "1" else "7")
            draft.marks.add("id_slip")

    def _give_organisations(self, people: list[Draft]) -> None:
        for serial, draft in enumerate(people):
            if draft.label == CONTACT:
                self._make_contact(draft, serial)
            if draft.label == TRADER:
                own_name = (
                    draft.name.text if self.draws.chance(0.3) else self.draws.pick(self.shape.trade.organisation_first)
                )
                stall = self.draws.pick(self.shape.trade.stalls)
                draft.organisation = f"{draft.house.district[0]}{own_name}{stall}(个体工商户)"
                draft.uscc = identifiers.credit_code(serial + self._offset, sole_trader=True)
                draft.job_title = "经营者"
                draft.marks.add("sole_trader")
            if draft.label == FOREIGN:
                draft.marks.add("foreign")

    def _make_contact(self, draft: Draft, serial: int) -> None:
        """Colleagues of one office share the organisation, its code and its line."""
        first = self.members[draft.household][0]
        draft.kind = "contact_of_organisation"
        draft.job_title = self.draws.pick(self.shape.trade.titles)
        draft.organisation = first.organisation or self._organisation_name(serial)
        draft.uscc = first.uscc or identifiers.credit_code(serial + self._offset, sole_trader=False)
        draft.second = self.new_landline(draft.house) if draft is first else first.second
        draft.marks.discard("several_phones")

    def _organisation_name(self, serial: int) -> str:
        parts = (
            self.shape.trade.organisation_first,
            self.shape.trade.organisation_trade,
            self.shape.trade.organisation_end,
        )
        first, line, end = (self.draws.pick(part) for part in parts)
        return f"{places.CITIES[self.city].zh[:2]}{first}{line}{end}" + (f"第{serial}分部" if serial % 9 == 0 else "")

    def _give_fates(self, people: list[Draft]) -> None:
        """Who died, who has a rare character, whose age nobody noted, who ordered when."""
        count, draws = len(people), self.draws
        guardians = {p.guardian.key for p in people if p.guardian}
        free = draws.some([p for p in people if p.label == ADULT and p.key not in guardians], count)
        for draft in free[: quota(count, 0.015)]:
            draft.dead, draft.born = True, min(draft.born, self._birthday(60, 95)) if not draft.id_no else draft.born
            draft.marks.add("dead")
        for draft in free[-quota(count, 0.012, least=2) :]:
            self._rename_rare(draft)
        for draft in people:
            shown = draft.label in (CHILD, TEEN) or draft.age_shown or draws.chance(0.45)
            draft.age_shown = shown and draft.label != CONTACT
            if draft.label in (ADULT, TEEN, CHILD) and draws.chance(0.06):
                draft.health = draws.pick(self.shape.trade.healths)
        children = [p for p in people if p.label == CHILD]
        for draft in children[::6] if len(children) >= 4 else []:
            draft.age_shown, draft.id_no = False, ""
            draft.marks.add("child_of_unknown_age")
        self._give_second_rows(people)
        self._give_dealings(people)

    def _give_second_rows(self, people: list[Draft]) -> None:
        """Who stands in the list twice, and what joins the two rows: telephone, identity number or e-mail."""
        able = [p for p in people if p.label == ADULT and p.mobile and not p.dead and "id_slip" not in p.marks]
        queue = self.draws.some(able, len(able))
        for place in range(min(len(queue), quota(len(people), self.shape.twice_listed, least=3))):
            joins = ("duplicate_by_phone", "duplicate_by_id", "duplicate_by_email")[place % 3]
            fit = {"duplicate_by_id": lambda p: p.id_no, "duplicate_by_email": lambda p: "@" in p.email}.get(joins)
            draft = next((p for p in queue if fit is None or fit(p)), None)
            if draft is None:
                joins, draft = "duplicate_by_phone", queue[0]
            queue.remove(draft)
            draft.marks |= {"duplicate", joins}

    def _rename_rare(self, draft: Draft) -> None:
        """A rare name; the e-mail follows it, or the address would still spell the old one."""
        old = draft.name.pinyin
        taken = {m.name.pinyin for m in self.members[draft.household]}
        draft.name = self._fresh_name(taken, surname=draft.name.surname, rare=True)
        draft.email = draft.email.replace(old, draft.name.pinyin)
        draft.wechat = draft.wechat.replace(old, draft.name.pinyin)
        draft.marks.add("rare_character")

    def _give_dealings(self, people: list[Draft]) -> None:
        count = len(people)
        queue = self.draws.some(people, count)
        never, long_ago = quota(count, self.shape.never_ordered), quota(count, self.shape.ordered_long_ago, least=2)
        for place, draft in enumerate(queue):
            draft.dealing = NEVER if place < never else LONG_AGO if place < never + long_ago else RECENT
            if draft.dealing == LONG_AGO and draft.label in (CHILD, TEEN):
                draft.dealing = RECENT
            years = (11.8, 15.0) if draft.dealing == LONG_AGO else (0.1, 2.0 if draft.guardian else 8.0)
            days = self.draws.between(int(years[0] * 365.25), int(years[1] * 365.25))
            draft.starts_on = self.as_of - timedelta(days=days)
            if draft.dealing != RECENT:
                draft.marks.add("never_ordered" if draft.dealing == NEVER else "ordered_long_ago")
        recent = self.draws.some([p for p in people if p.dealing == RECENT and not p.dead], count)
        for draft in recent[: quota(count, 0.02)]:
            draft.prepaid_fen = self.draws.between(2, 60) * 5_000
            draft.marks.add("prepaid")
        for draft in recent[-quota(count, 0.01) :]:
            draft.keys_held = True
            draft.marks.add("keys_held")
