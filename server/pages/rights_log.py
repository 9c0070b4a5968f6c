"""The log of units, people and rights: read and printed, and changes of rights confirmed by whoever may."""

import asyncio
import csv
import io
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from aiohttp import web

from minutes.reading import VIETNAM
from minutes.sheets import LAYOUT, Column, sheet
from minutes.typeset import Typesetter
from server import directory_log
from server.administration import ROLES, confirmable
from server.auth import utcnow
from server.directory import Account
from server.directory_log import Change, Deed, Values
from server.i18n import N_, Reader
from server.keys import ADMINISTRATION, DATABASE
from server.pages import form, reader_of, require, see_other
from server.pages.caching import PRIVATE, pdf, private
from server.pages.people_form import LABELS
from server.rights import may

PAGE = 100
PRINTED = 5000
TOLD_FOR = timedelta(days=14)
DEEDS = {
    Deed.UNIT_NEW: N_("Lập đơn vị"),
    Deed.UNIT_CHANGE: N_("Sửa đơn vị"),
    Deed.UNIT_END: N_("Sáp nhập, giải thể đơn vị"),
    Deed.NEW: N_("Thêm người dùng"),
    Deed.CHANGE: N_("Sửa người dùng"),
    Deed.END: N_("Thôi nhiệm vụ"),
    Deed.RESUME: N_("Trở lại nhiệm vụ"),
    Deed.LINK: N_("Cấp đường dẫn đăng nhập"),
    Deed.REVOKE: N_("Thu hồi đường dẫn và phiên đăng nhập"),
}


def routes() -> list[web.RouteDef]:
    """The routes of this module; before those of one person, whose id cannot be "log"."""
    return [
        web.get("/people/log", show),
        web.post("/people/log/confirm", confirm),
        web.get("/people/log.pdf", printed),
        web.get("/people/log.csv", exported),
    ]


def _who(request: web.Request) -> tuple[Account, str | None]:
    """Who reads, and of which unit: administrators of all (None)."""
    account = require(request, "desk.open")
    unit_id = None if may(account, "people.manage") else account.unit.id
    return require(request, "rights.read", unit_id), unit_id


def told(values: Values, reader: Reader) -> Iterator[tuple[str, str]]:
    """(label, value) of what differed, in the reader's language."""
    for name, value in values.items():
        if name == "roles":
            value = ", ".join(reader.gettext(ROLES[role]).split(" (")[0] for role in ROLES if role in value)
        if name == "ends_on" and value:
            value = reader.local_day(date.fromisoformat(value))
        yield reader.gettext(LABELS[name]), str(value or "–")


def lines(change: Change, reader: Reader) -> list[tuple[str, str, str]]:
    """(label, before, after) of each value that differs; before is "" where there was none."""
    before = dict(told(change.before, reader))
    return [(label, before.get(label, ""), after) for label, after in told(change.after, reader)]


def words(request: web.Request) -> dict[str, Any]:
    """What templates need to tell of changes."""
    reader = reader_of(request)
    return {
        "deeds": DEEDS,
        "lines": lambda change: lines(change, reader),
        "day": lambda iso: reader.local_day(date.fromisoformat(iso)),
    }


async def show(request: web.Request) -> web.Response:
    """GET /people/log[?below=]: what waits for a confirmation, then everything, the newest first."""
    account, unit_id = _who(request)
    asked = request.query.get("below", "")
    below = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    async with request.app[DATABASE].read() as connection:
        waiting = [] if below else await directory_log.waiting(connection, unit_id)
        changes = await directory_log.changes(connection, unit_id, PAGE + 1, below=below)
        theirs = await confirmable(connection, account, waiting)
    return private(
        request, "people/log.html", unconfirmed=waiting, changes=changes[:PAGE], more=len(changes) > PAGE,
        confirmable={one.id for one in theirs},
        everything=unit_id is None, **words(request),
    )  # fmt: skip


async def confirm(request: web.Request) -> web.Response:
    """POST /people/log/confirm: the ticked changes are as they should be."""
    account, _unit = _who(request)
    typed = await form(request)
    found = (name.removeprefix("change.") for name in typed if name.startswith("change."))
    numbers = {int(one) for one in found if one.isascii() and one.isdigit() and len(one) < 10}
    await request.app[ADMINISTRATION].confirm(numbers, by=account)
    return see_other("/people/log")


async def waiting(request: web.Request, account: Account) -> int:
    """How many changes of rights wait for the confirmation of `account`; told at the desk until there is none."""
    unit_id = None if may(account, "people.manage") else account.unit.id
    if not may(account, "rights.read", unit_id):
        return 0
    async with request.app[DATABASE].read() as connection:
        return len(await confirmable(connection, account, await directory_log.waiting(connection, unit_id)))


async def way_in(request: web.Request, account: Account) -> Change | None:
    """The newest link into the account of who reads that somebody else had made lately; told at their desk, whoever has
    confirmed it."""
    since = utcnow() - TOLD_FOR
    async with request.app[DATABASE].read() as connection:
        found = await directory_log.of_subject(connection, account.id, PAGE)
    made = (one for one in found if one.deed is Deed.LINK and one.by.id != account.id and one.at > since)
    return next(made, None)


# --- on paper and as data -------------------------------------------------------------------------------------

HEADINGS = ("Số", "Thời gian", "Người thực hiện", "Việc", "Đối tượng", "Trước → sau", "Xác nhận")


def rows(changes: Sequence[Change]) -> Iterator[list[str]]:
    """The log as it is kept on paper: in Vietnamese, the oldest first."""
    reader = Reader("vi")
    for one in sorted(changes, key=lambda change: change.id):
        values = "; ".join(
            f"{label}: {before} → {after}" if before else f"{label}: {after}"
            for label, before, after in lines(one, reader)
        )
        confirmed = "chưa xác nhận" if one.waits else ""
        if one.confirmed is not None:
            confirmed = f"{one.confirmed[0]}, {one.confirmed[1].astimezone(VIETNAM):%d/%m/%Y %H:%M}"
        yield [
            str(one.id), f"{one.at.astimezone(VIETNAM):%d/%m/%Y %H:%M}", one.by.name, DEEDS[one.deed],
            f"{one.subject.name} ({one.subject.id})", values, confirmed,
        ]  # fmt: skip


async def _all(request: web.Request) -> tuple[Account, list[list[str]]]:
    account, unit_id = _who(request)
    async with request.app[DATABASE].read() as connection:
        changes = await directory_log.changes(connection, unit_id, PRINTED)
    return account, list(rows(changes))


async def printed(request: web.Request) -> web.Response:
    """GET /people/log.pdf: the log as a list to sign and keep."""
    account, found = await _all(request)
    widths = (5, 11, 14, 13, 17, 30, 14)
    columns = [Column(name, width, centred=width == 5) for name, width in zip(HEADINGS, widths, strict=True)]
    closing = f"Cộng: {len(found)} thay đổi."
    title, cover = "Nhật ký phân quyền", ("", "", f"Đến ngày {request.app[ADMINISTRATION].today:%d/%m/%Y}")
    data = sheet(title, [account.unit.name], columns, found, unit="thay đổi", closing=closing, cover=cover)
    made = await asyncio.to_thread(Typesetter().sheets, LAYOUT, data, at=utcnow())
    return pdf(made, "nhat-ky-phan-quyen.pdf", headers=PRIVATE)


async def exported(request: web.Request) -> web.Response:
    """GET /people/log.csv: the same as data."""
    _account, found = await _all(request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS)
    writer.writerows([_inert(cell) for cell in row] for row in found)
    headers = {**PRIVATE, "Content-Disposition": 'attachment; filename="nhat-ky-phan-quyen.csv"'}
    return web.Response(text="\ufeff" + out.getvalue(), content_type="text/csv", charset="utf-8", headers=headers)


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell
