"""Every registered place and its own end.

1. A file goes only after the vault's destruction, only when its rows were taken in, only when it is still the file that
   was registered. It may hold people of whom something is kept: the vault holds what is kept, sealed; no plain copy
   stays for their sake.
2. The intent is written and committed before the first byte is overwritten. A file that is away with an intent is done;
   one that is away without an intent is *missing, not destroyed by us*, and stays open.
3. Then one looks again: the path, equal files beside it and among the registered ones, and values that were planted or
   sampled from the files before they went, in the rest of the registered places and in the home.
4. Paper and things end otherwise (`things`). What cannot end is excluded by name, with a reason.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from django.db import transaction

from shouxin.duties.consent.actors import check_staff
from shouxin.duties.disposal import queries, rescans, wiping
from shouxin.duties.disposal.models import Destruction, PlaceEnd, Rescan
from shouxin.duties.disposal.queries import PlaceView
from shouxin.duties.disposal.steps import step
from shouxin.duties.inventory import queries as inventory
from shouxin.duties.inventory import services as inventory_services
from shouxin.engine.sources import Source, open_source
from shouxin.ground.formats.certificate import LOOKS_PERSONAL, Words
from shouxin.ground.kernel.canonical import encode
from shouxin.ground.kernel.digests import digest, digest_file
from shouxin.ground.kernel.refusals import Refusal, ShouxinError
from shouxin.ground.kernel.times import to_text
from shouxin.stores.jobs.alone import alone
from shouxin.stores.ledger import services as ledger

BY_PROGRAM = ("file", "database", "spool")
IDENTIFIERS = ("phone", "phone2", "id_no", "email", "email2")
SAMPLES = 24
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Staged:
    """A file or folder that is no registered source but holds customers' information on its way: a package sent."""

    key: str
    kind: str
    title: str
    locator: str


@dataclass(frozen=True)
class SourcesResult:
    """What became of the files: per place its state and, where it is open, why. `where` names the files in which
    something was found again, by place or by path within the home.
    """

    confirmed: bool
    states: Mapping[str, str]
    reasons: Mapping[str, str]
    planted: int
    looked_for: int
    files_searched: int
    found: int
    where: tuple[str, ...] = field(default=())

    @property
    def is_clean(self) -> bool:
        """Whether every place of a program's end has ended or is excluded, and nothing was found again."""
        closed = all(state in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED) for state in self.states.values())
        return closed and not self.found


def dispose_sources(
    *,
    case: str,
    confirm: bool,
    home: Path,
    by: str,
    at: datetime,
    canaries: Sequence[str] = (),
    staged: Sequence[Staged] = (),
    progress: Progress | None = None,
) -> SourcesResult:
    """Remove every file copy, empty every spool, then look again. Without `confirm` only says what would go.

    Raises:
        Refusal("disposal.not_destroyed"): the vault's destruction comes first; ("parties.no_staff"), ("access.…");
        ("jobs.under_way"): what another process is removing would look as if it had been missing.
    """
    check_staff(by)
    with alone("sources") if confirm else nullcontext():
        return _dispose(
            case, confirm=confirm, home=home, by=by, at=at, canaries=canaries, staged=staged, progress=progress
        )


def _dispose(
    case: str,
    *,
    confirm: bool,
    home: Path,
    by: str,
    at: datetime,
    canaries: Sequence[str],
    staged: Sequence[Staged],
    progress: Progress | None,
) -> SourcesResult:
    row = queries.newest_destruction(case)
    places = queries.places()
    known = {place.key for place in places}
    places += [PlaceView(each.key, each.kind, each.title, each.locator) for each in staged if each.key not in known]
    todo = [place for place in places if place.kind in BY_PROGRAM]
    if not confirm:
        return _would(todo)
    samples: list[str] = []
    reasons: dict[str, str] = {}
    for number, place in enumerate(todo):
        found, why = _look_at(place)
        samples += found
        why = _take_away(place, why, case=case, by=by, at=at)
        if why:
            reasons[place.key] = why
        if progress is not None:
            progress("sources", number + 1, len(todo))
    seen = _look_again(row, todo, places, home=home, canaries=canaries, samples=samples, at=at)
    states = {place.key: _close(place, places, case=case, by=by, at=at) for place in todo}
    return SourcesResult(
        confirmed=True,
        states=states,
        reasons=reasons,
        planted=seen.planted,
        looked_for=seen.looked_for,
        files_searched=seen.files,
        found=seen.found,
        where=tuple(seen.where),
    )


def _would(todo: Sequence[PlaceView]) -> SourcesResult:
    reasons = {place.key: why for place in todo if (why := _obstacle(place, _opened(place)))}
    states = {place.key: place.state or "open" for place in todo}
    return SourcesResult(False, states, reasons, planted=0, looked_for=0, files_searched=0, found=0)


def _look_at(place: PlaceView) -> tuple[list[str], str]:
    """What to look for when a place is gone, and why it cannot go now; a file is opened once for both, and let go."""
    source = _opened(place)
    return _samples(place, source), _obstacle(place, source)


def _opened(place: PlaceView) -> Source | None:
    """The registered file or database, unless its end has begun or it cannot be opened."""
    is_source = place.key.startswith("source:") and place.kind in ("file", "database")
    if not is_source or place.state not in ("", PlaceEnd.MISSING):
        return None
    try:
        return open_source(place.locator)
    except ShouxinError:
        return None


def _take_away(place: PlaceView, why: str, *, case: str, by: str, at: datetime) -> str:
    """Intend, then remove; why not, when it could not."""
    if place.state in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED):
        return ""
    if why == "missing":
        _note_missing(place, case=case, by=by, at=at)
    if why:
        return why
    if place.state not in (PlaceEnd.INTENDED, PlaceEnd.REMAINS):
        _intend(place, case=case, by=by, at=at)
    step("intent committed")
    try:
        _remove(place)
    except OSError:
        return "cannot_be_written"
    step("file gone")
    return ""


def _obstacle(place: PlaceView, source: Source | None) -> str:
    """Why this place cannot go now: empty, or a code."""
    if place.state in (PlaceEnd.ENDED, PlaceEnd.EXCLUDED, PlaceEnd.INTENDED, PlaceEnd.REMAINS):
        return ""
    if "://" in place.locator:
        return "on_a_server"
    path = Path(place.locator)
    if place.kind == "spool":
        return ""
    if not path.exists():
        return "missing"
    if not place.key.startswith("source:"):
        return ""
    number = int(place.key.partition(":")[2])
    view = next(each for each in inventory.sources() if each.id == number)
    if not view.is_collected and view.kind in ("file", "database"):
        return "not_collected"
    if view.digest and _digest_of(source) != view.digest:
        return "changed_since_registered"
    return ""


def _digest_of(source: Source | None) -> str:
    try:
        return source.digest() if source is not None else ""
    except ShouxinError:
        return ""


@transaction.atomic
def _intend(place: PlaceView, *, case: str, by: str, at: datetime) -> None:
    path = Path(place.locator)
    facts = {
        "place": place.key,
        "kind": place.kind,
        "digest": digest_file(path) if path.is_file() else "",
        "bytes": path.stat().st_size if path.is_file() else 0,
    }
    PlaceEnd.objects.update_or_create(
        place=place.key,
        defaults={
            "case": case,
            "kind": place.kind,
            "title": place.title,
            "state": PlaceEnd.INTENDED,
            "method": "clear",
            "tool": wiping.TOOL,
            "standard": wiping.STANDARD,
            "started_at": at,
            "facts": {**facts, "locator": place.locator},
            "by": by,
            "at": at,
        },
    )
    ledger.append(kind="disposal.place_intended", scope=f"case:{case}", at=at, by=by, facts=facts)


@transaction.atomic
def _note_missing(place: PlaceView, *, case: str, by: str, at: datetime) -> None:
    _, is_new = PlaceEnd.objects.get_or_create(
        place=place.key,
        defaults={
            "case": case,
            "kind": place.kind,
            "title": place.title,
            "state": PlaceEnd.MISSING,
            "by": by,
            "at": at,
        },
    )
    if is_new:
        facts = {"place": place.key, "kind": place.kind}
        ledger.append(kind="disposal.place_missing", scope=f"case:{case}", at=at, by=by, facts=facts)


def _remove(place: PlaceView) -> None:
    path = Path(place.locator)
    if place.kind == "spool" or path.is_dir():
        if path.is_dir():
            wiping.empty(path)
        return
    wiping.clear(path)
    for sibling in wiping.beside(path):
        wiping.clear(sibling)


def _samples(place: PlaceView, source: Source | None) -> list[str]:
    """A few identifiers out of a source before it goes, held in memory only: what the search afterwards looks for."""
    if place.state or source is None:
        return []
    wanted: dict[str, list[str]] = {}
    for column in inventory.columns(int(place.key.partition(":")[2])):
        if column["field"] in IDENTIFIERS:
            wanted.setdefault(column["dataset__name"], []).append(column["name"])
    found: list[str] = []
    try:
        for table, columns in wanted.items():
            found += _first_values(source, table, columns)
    except ShouxinError:
        return found
    return found


def _first_values(source: Source, table: str, columns: list[str]) -> list[str]:
    for batch in source.batches(table, columns=columns, size=256):
        texts = {text for column in batch.columns for text in column.to_pylist() if text and len(text) >= 8}
        return sorted(texts)[:SAMPLES]
    return []


def _look_again(
    row: Destruction,
    todo: Sequence[PlaceView],
    places: Sequence[PlaceView],
    *,
    home: Path,
    canaries: Sequence[str],
    samples: Sequence[str],
    at: datetime,
) -> Rescan:
    """Search the ended places and the home's own files; what still stands open or excluded is named anyway."""
    states = queries.place_states()
    open_files = {
        path.resolve()
        for place in places
        if states.get(place.key) not in (PlaceEnd.ENDED, PlaceEnd.INTENDED, PlaceEnd.REMAINS)
        for path in _files_of(place)
    }
    names = {path.resolve(): place.key for place in todo for path in _files_of(place)}
    paths = {path.resolve() for path in rescans.files_in(home)} | set(names)
    wanted = rescans.Needles({*canaries, *samples})
    found = rescans.search(paths - open_files, wanted) if len(wanted) else {}
    cells = row.rescans.filter(method=rescans.VAULT).order_by("id").last()
    return Rescan.objects.create(
        case=row.case,
        destruction=row,
        method=rescans.FILES,
        planted=len(set(canaries)),
        looked_for=len(set(canaries) | set(samples)) + (cells.looked_for if cells else 0),
        files=len(paths - open_files),
        found=sum(found.values()) + (cells.found if cells else 0),
        where=[names.get(path) or path.relative_to(home.resolve()).as_posix() for path in found],
        at=at,
    )


def _files_of(place: PlaceView) -> list[Path]:
    if "://" in place.locator or place.kind not in BY_PROGRAM:
        return []
    path = Path(place.locator)
    return rescans.files_in(path) if path.is_dir() else [path] if path.is_file() else []


@transaction.atomic
def _close(place: PlaceView, places: Sequence[PlaceView], *, case: str, by: str, at: datetime) -> str:
    """Where an intent was carried out: nothing is left, or what is."""
    end = PlaceEnd.objects.select_for_update().filter(place=place.key).first()
    if end is None:
        return "open"
    if end.state not in (PlaceEnd.INTENDED, PlaceEnd.REMAINS):
        return end.state
    left = len(_files_of(place)) + _equal_files(end, places)
    end.rescan_method, end.rescan_found = "path, files of equal content beside it and among the registered", left
    end.ended_at, end.at = at, at
    end.state = PlaceEnd.REMAINS if left else PlaceEnd.ENDED
    told = {
        **{name: end.facts[name] for name in ("place", "kind", "digest", "bytes")},
        "method": end.method,
        "found": left,
    }
    end.proof = digest(encode({**told, "ended": to_text(at)}))
    end.save()
    ledger.append(kind="disposal.place_ended", scope=f"case:{case}", at=at, by=by, facts={**told, "proof": end.proof})
    if not left and place.key.startswith("source:"):
        inventory_services.mark_gone(source=int(place.key.partition(":")[2]), by=by, at=at)
    step("place closed")
    return end.state


def _equal_files(end: PlaceEnd, places: Sequence[PlaceView]) -> int:
    """Copies: files of the same content in the folder where it lay, and among the registered places."""
    size, content = end.facts["bytes"], end.facts["digest"]
    if not content or not size:
        return 0
    folder = Path(end.facts["locator"]).parent
    beside = [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    registered = [path for place in places if place.key != end.place for path in _files_of(place)]
    candidates = {path.resolve() for path in (*beside, *registered) if path.stat().st_size == size}
    return sum(1 for path in candidates if digest_file(path) == content)


@transaction.atomic
def exclude(
    *, case: str, place: str, code: str, reason: Words, by: str, at: datetime, until: date | None = None
) -> None:
    """Name a place that does not end now, with the reason in both languages; it stands on the certificate's first page.

    Raises:
        Refusal("disposal.no_such_place"), ("disposal.place_ended"), ("disposal.exclusion_reason"): a language is empty;
        ("disposal.looks_personal"): the words hold what looks like somebody's number.
    """
    check_staff(by)
    found = next((each for each in queries.places() if each.key == place), None)
    if found is None:
        raise Refusal("disposal.no_such_place", place=place)
    if found.state == PlaceEnd.ENDED:
        raise Refusal("disposal.place_ended", place=place)
    if not reason.zh.strip() or not reason.en.strip() or not code.strip():
        raise Refusal("disposal.exclusion_reason", place=place)
    if LOOKS_PERSONAL.search(reason.zh) or LOOKS_PERSONAL.search(reason.en):
        raise Refusal("disposal.looks_personal", place=place)
    told = {"code": code, "until": until.isoformat() if until else "", "zh": reason.zh, "en": reason.en}
    PlaceEnd.objects.update_or_create(
        place=place,
        defaults={
            "case": case,
            "kind": found.kind,
            "title": found.title,
            "state": PlaceEnd.EXCLUDED,
            "exclusion": told,
            "by": by,
            "at": at,
        },
    )
    facts = {"place": place, "code": code, "until": told["until"], "reason": digest(encode(told))}
    ledger.append(kind="disposal.place_excluded", scope=f"case:{case}", at=at, by=by, facts=facts)
