"""Points of the agenda and guests on the form of a meeting's sheet: a row each, its fields named "agenda.0.title",
"guest.2.address". Empty rows are passed over, so that rows can be added without a script."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable, Mapping

from rooms.proceedings import AgendaItem, Person, Role, Unit
from rooms.proceedings.values import OUTSIDE
from server.auth import NAMED_GUEST
from server.config import ADDRESS
from server.council import OUTSIDERS
from server.i18n import N_
from server.pages.texts import Unfit, on_record

ITEMS, GUESTS = 60, 200
TITLE, NAME = 300, 200
MINUTES = 24 * 60
GUEST_UNIT = Unit(OUTSIDE, "Khách mời")
BLANK = 4
"""Empty rows below the filled ones."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "agenda": ("title", "presenter", "minutes"),
    "guest": ("name", "title", "unit", "address"),
    "deputy": ("name", "title", "address"),
}
Wrong = Callable[..., None]
"""Takes a msgid, the number of the row (from 1) or 0, and the values; what is wrong with a list is said once."""


def shown(typed: Mapping[str, str], kind: str) -> int:
    """How many rows of a kind have something in them, or stand before one that has."""
    return max((row + 1 for row in numbered(typed, kind)), default=0)


def written(kind: str, rows: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """The fields of rows, each with its values in the order of PARTS."""
    return {
        f"{kind}.{row}.{part}": value
        for row, values in enumerate(rows)
        for part, value in zip(PARTS[kind], values, strict=True)
    }


def agenda_rows(items: Iterable[AgendaItem]) -> dict[str, str]:
    """The fields of an agenda."""
    return written("agenda", ((one.title, one.presenter, str(one.minutes or "")) for one in items))


def guest_rows(people: Iterable[Person], addresses: Mapping[str, str]) -> dict[str, str]:
    """The fields of the guests among `people`; deputies of a council have a list of their own."""
    guests = [one for one in people if one.id.startswith(NAMED_GUEST) and not one.id.startswith(OUTSIDERS)]
    units = {one.id: "" if one.unit == GUEST_UNIT else one.unit.name for one in guests}
    return written("guest", ((one.name, one.title, units[one.id], addresses.get(one.id, "")) for one in guests))


def read_agenda(
    typed: Mapping[str, str], before: Iterable[AgendaItem], wrong: Wrong, *, needed: bool
) -> tuple[AgendaItem, ...]:
    """The agenda; a point that was there `before` keeps its id. `needed`: an empty one is wrong."""
    rows = numbered(typed, "agenda")
    if needed and not rows:
        wrong(N_("Chương trình họp còn để trống."))
    if len(rows) > ITEMS:
        wrong(N_("Chương trình họp có quá %(items)s nội dung."), items=ITEMS)
        return ()
    ids = _Ids({item.title: item.id for item in before}, "item")
    items = []
    for number, row in enumerate(rows.values(), 1):
        try:
            title = on_record(row["title"], TITLE)
            by = on_record(row["presenter"], NAME) if row["presenter"] else ""
        except Unfit as unfit:
            wrong(str(unfit), number, limit=TITLE)
            continue
        minutes = row["minutes"] or "0"
        if not re.fullmatch(r"[0-9]{1,4}", minutes) or int(minutes) > MINUTES:
            wrong(N_("Số phút là một số không quá %(limit)s."), number, limit=MINUTES)
            continue
        items.append(AgendaItem(ids.of(title), title, by, int(minutes)))
    return tuple(items)


def read_guests(typed: Mapping[str, str], before: Iterable[Person], wrong: Wrong) -> list[tuple[Person, str]]:
    """The guests with their addresses ("" where none is given); one who was there `before` keeps their id."""
    rows = numbered(typed, "guest")
    if len(rows) > GUESTS:
        wrong(N_("Có quá %(limit)s khách mời."), limit=GUESTS)
        return []
    known = {person.name: person.id for person in before if person.id.startswith(NAMED_GUEST)}
    found: list[tuple[Person, str]] = []
    for number, row in enumerate(rows.values(), 1):
        try:
            name = on_record(row["name"], NAME)
            title, unit = (on_record(row[part], NAME) if row[part] else "" for part in ("title", "unit"))
        except Unfit as unfit:
            wrong(str(unfit), number, limit=NAME)
            continue
        address = row["address"]
        if address and not ADDRESS.fullmatch(address):
            wrong(N_("Địa chỉ thư “%(address)s” không hợp lệ."), number, address=address[:100])
            continue
        person = known.pop(name, None) or f"{NAMED_GUEST}{secrets.token_hex(6)}"
        found.append((Person(person, name, title, _unit(unit), Role.GUEST), address))
    return found


def _unit(name: str) -> Unit:
    """Of the same name, the same: minutes list people by unit."""
    if not name:
        return GUEST_UNIT
    return Unit(f"{GUEST_UNIT.id}-{hashlib.sha256(name.encode()).hexdigest()[:12]}", name)


def numbered(typed: Mapping[str, str], kind: str) -> dict[int, dict[str, str]]:
    """The rows that have something in them, by number, with all of their parts."""
    rows: dict[int, dict[str, str]] = {}
    for field, text in typed.items():
        found = re.fullmatch(rf"{kind}\.([0-9]{{1,3}})\.([a-z]+)", field)
        if found and found[2] in PARTS[kind] and text.strip():
            rows.setdefault(int(found[1]), dict.fromkeys(PARTS[kind], ""))[found[2]] = " ".join(text.split())
    return dict(sorted(rows.items()))


class _Ids:
    """Names for lines of a list: a line that was there keeps its own."""

    def __init__(self, known: dict[str, str], prefix: str) -> None:
        self._known = known
        self._taken = set(known.values())
        self._prefix = prefix

    def of(self, text: str) -> str:
        found = self._known.pop(text, None)
        number = 1
        while found is None:
            name = f"{self._prefix}-{number}"
            found = None if name in self._taken else name
            number += 1
        self._taken.add(found)
        return found
