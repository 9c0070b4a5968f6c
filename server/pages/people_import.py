"""A list of people, pasted from a spreadsheet: looked at line by line before anything of it is kept, all or nothing."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from aiohttp import web

from minutes.searching.tokens import composed, words
from server import directory
from server.administration import ROLES, Official
from server.directory import Holder, Standing
from server.i18n import N_, Reader
from server.keys import ADMINISTRATION, DATABASE
from server.pages import form, reader_of, require, see_other
from server.pages.caching import private
from server.pages.people import open_units
from server.pages.people_form import LABELS, read_person

MOST = 500
COLUMNS = ("name", "title", "unit", "address", "roles")
CALLED: Mapping[str, str] = {
    "lanh dao": "leader", "thu ky": "secretary", "chuyen vien": "secretary", "van thu": "clerk",
    "phap che": "checker", "luu tru": "archivist", "dai bieu": "delegate", "quan tri": "administrator",
}  # fmt: skip
"""Rights by what a list calls them, without marks."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line: its number in the list, its cells, and the person that it is, or what is wrong with it."""

    number: int
    cells: Mapping[str, str]
    person: Official | None
    errors: tuple[str, ...]


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/people/import", show), web.post("/people/import", take)]


def plain(text: str) -> str:
    """Words without marks, to compare what people call the same."""
    return " ".join(folded for _written, folded in words(composed(text)))


def cells(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line, its cells): by tabs as spreadsheets copy them, else by semicolons, else by commas. A first
    line of headings is passed over."""
    separator = next((one for one in "\t;" if one in text), ",")
    for number, row in enumerate(csv.reader(text.splitlines(), delimiter=separator), 1):
        found = [" ".join(cell.split()) for cell in row]
        if any(found) and not (number == 1 and plain(found[0]) == plain(LABELS["name"])):
            yield number, found


def read(text: str, units: Sequence[Standing], holders: Sequence[Holder], reader: Reader) -> list[Row]:
    """Every line, with what is wrong with it."""
    known: dict[str, str] = {}
    for one in units:
        known |= {plain(name): one.unit.id for name in (one.unit.name, one.unit.short_name, one.unit.id)}
    names = {one.unit.id: one.unit.short_name for one in units}
    there = {(plain(one.account.name), one.account.unit.id) for one in holders if one.active}
    rows = []
    for number, row in cells(text):
        typed = dict(zip_longest(COLUMNS, row[: len(COLUMNS)], fillvalue=""))
        asked = [part for part in typed["roles"].replace("+", ",").replace("/", ",").split(",") if part.strip()]
        strange = [part.strip() for part in asked if plain(part) not in CALLED]
        chosen = {f"role.{CALLED[plain(part)]}": "1" for part in asked if plain(part) in CALLED}
        unit_id = known.get(plain(typed["unit"]), "")
        person, errors = read_person({**typed, "unit": unit_id} | chosen, names, reader)
        if not unit_id:
            errors["unit"] = reader.gettext(N_("Không có đơn vị “%(name)s”."), name=typed["unit"][:100])
        if strange:
            errors["roles"] = reader.gettext(N_("Không có quyền “%(name)s”."), name=strange[0][:100])
        key = plain(typed["name"]), unit_id
        if key in there:
            errors["name"] = reader.gettext(N_("Người này đã có trong đơn vị."))
        there.add(key)
        said = tuple(f"{reader.gettext(LABELS[field])}: {sentence}" for field, sentence in errors.items())
        rows.append(Row(number, typed, None if errors else person, said))
    return rows


async def show(request: web.Request) -> web.Response:
    """GET /people/import: the form."""
    require(request, "people.manage")
    return await _page(request, "", [], "")


async def _page(request: web.Request, text: str, rows: Sequence[Row], sentence: str) -> web.Response:
    return private(
        request, "people/import.html", status=422 if sentence else 200, text=text, rows=rows, sentence=sentence,
        labels=LABELS, columns=COLUMNS, roles=ROLES, units=await open_units(request),
        ready=bool(rows) and all(row.person for row in rows),
    )  # fmt: skip


async def take(request: web.Request) -> web.Response:
    """POST /people/import: look at the list; with `sure`, and nothing wrong with it, keep all of it."""
    account, typed = require(request, "people.manage"), await form(request)
    reader, text = reader_of(request), typed.get("list", "")
    async with request.app[DATABASE].read() as connection:
        holders = await directory.holders(connection)
    try:
        rows = read(text, await open_units(request), holders, reader)
    except csv.Error:
        return await _page(request, text, [], reader.gettext(N_("Không đọc được danh sách này.")))
    if not rows:
        return await _page(request, text, [], reader.gettext(N_("Danh sách còn để trống.")))
    if len(rows) > MOST:
        return await _page(request, text, [], reader.gettext(N_("Danh sách có quá %(limit)s dòng."), limit=MOST))
    wrong = sum(row.person is None for row in rows)
    if wrong:
        said = reader.gettext(N_("%(count)s dòng cần sửa; chưa ghi dòng nào."), count=wrong)
        return await _page(request, text, rows, said)
    if "sure" not in typed:
        return await _page(request, text, rows, "")
    people = [row.person for row in rows if row.person is not None]
    await request.app[ADMINISTRATION].add_people(people, by=account)
    return see_other("/people")
