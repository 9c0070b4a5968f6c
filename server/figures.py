"""An authority's year in figures: its documents and case files, who opened them, and how often they were looked at."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from minutes import store as records
from minutes.casefiles import store as casefiles
from minutes.casefiles.case import Case, CaseState
from minutes.document import KIND_NAMES, Kind, State
from minutes.reading import VIETNAM
from minutes.registers import store as registers
from server import accesses
from server.accesses import Reader, Thing
from server.database import Database
from server.directory import Unit

MOST_READ = 50
_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Read:
    """A thing and how often it was looked at."""

    title: str
    path: str
    times: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`kinds`: documents drafted or issued by kind, as (all, issued). `makers`: case files by who opened them, as (all,
    closed). `most`: what was looked at most often, first."""

    year: int
    kinds: Mapping[str, tuple[int, int]]
    arrived: int
    makers: Mapping[str, tuple[int, int]]
    readers: tuple[Reader, ...]
    most: tuple[Read, ...]


async def of_year(database: Database, unit: Unit, year: int, opens: Callable[[Case], bool] = lambda _: True) -> Figures:
    """The figures of a unit's year; case files are named as far as who asks `opens` them."""
    since, until = (datetime(one, 1, 1, tzinfo=VIETNAM) for one in (year, year + 1))
    async with database.read() as connection:
        found = await records.search(connection, _ALL, readable=True, unit_id=unit.id)
        documents = [one for one in found if since <= one.created_at < until or one.year == year]
        cases = await casefiles.of_unit(connection, unit.id)
        arrived = await registers.incoming(connection, unit.id, year)
        times = {one: await accesses.counted(connection, one, since, until) for one in Thing}
        readers = await accesses.readers(connection, unit.id, since, until)
    things = [
        *(
            (Thing.DOCUMENT, one.id, f"/desk/{one.id}", f"{one.number_symbol or 'Dự thảo'} {one.title}")
            for one in found
        ),
        *((Thing.CASE, one.id, f"/casefiles/{one.id}", f"{one.code} {one.title}") for one in cases if opens(one)),
        *(
            (Thing.RECEIVED, f"{one.year}/{one.number}", f"/registers/in/{one.year}/{one.number}",
             f"{one.received.number_symbol} {one.received.subject}")
            for one in arrived
        ),
    ]  # fmt: skip
    read = [Read(" ".join(title.split()), path, times[thing].get(ref, 0)) for thing, ref, path, title in things]
    most = sorted((one for one in read if one.times), key=lambda one: (-one.times, one.title))[:MOST_READ]
    made = [one for one in cases if one.year == year]
    return Figures(
        year,
        _pairs(Counter(one.kind for one in documents), Counter(x.kind for x in documents if x.state is State.SEALED)),
        len(arrived),
        {
            name: (count, sum(one.opened_by == name and one.state is CaseState.CLOSED for one in made))
            for name, count in sorted(Counter(one.opened_by for one in made).items())
        },
        readers,
        tuple(most),
    )


def _pairs(everything: Mapping[Kind, int], issued: Mapping[Kind, int]) -> dict[str, tuple[int, int]]:
    return {KIND_NAMES[kind]: (everything[kind], issued.get(kind, 0)) for kind in Kind if kind in everything}
