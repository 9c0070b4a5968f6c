"""Papers of a meeting: sent in, listed, read page by page, noted upon; for those who may enter the meeting."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from aiohttp import web

from rooms import OVER, BadMessage, Meeting, clean, store
from server import doors, papers_tables
from server.directory import Account
from server.errors import Problem, answer
from server.keys import DATABASE, PAPERS, SITTINGS
from server.pages import current, form, reader_of, require, see_other, upload_of
from server.pages.caching import PRIVATE, private
from server.pages.recordings import megabytes
from server.papers import WIDTHS, Pending, office_files
from server.papers_tables import Paper
from server.rights import MeetingAccess, may
from server.sittings import access

NOTE = 4000
"""Characters of a note on one page."""
WIDE = 2000
"""kbit/s: over a wider line a page comes as it may."""
SHARE, CHUNK = 0.5, 2048
"""Of the declared line, for the page that is looked at; octets at a time."""
_KEPT = {"Cache-Control": "private, max-age=43200, immutable"}
"""What stands under an address of a page never changes; as long as one is signed in at most."""
_ACCEPTED = ".pdf,application/pdf"
_OFFICE = ",.docx,.odt,.pptx,.odp,.xlsx,.ods"


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    paper = "/meetings/{id}/papers/{paper:[0-9a-f]{16}}"
    return [
        web.get("/meetings/{id}/papers", listed),
        web.post("/meetings/{id}/papers", send),
        web.get(paper, read),
        web.get(paper + "/file", download),
        web.get(paper + r"/{page:\d{1,3}}-{width:\d{1,4}}.webp", image),
        web.get(paper + r"/{page:\d{1,3}}.txt", text),
        web.get(paper + "/notes", notes),
        web.post(paper + r"/notes/{page:\d{1,3}}", note),
        web.post(paper + "/item", attach),
        web.post(paper + "/remove", remove),
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper as a page lists it."""

    paper: Paper
    item: str
    size: str
    may_change: bool


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the meeting's page shows of its papers."""

    papers: tuple[Listed, ...]
    pending: tuple[tuple[Pending, str], ...]
    may_add: bool
    accepted: str
    office: bool

    @property
    def busy(self) -> bool:
        """Something is on its way."""
        return any(not one.refused for one, _ in self.pending)


async def papers_of(request: web.Request, account: Account, entry: store.MeetingEntry) -> Shelf:
    """The papers of a meeting that `account` may enter; what is on its way only for whoever sent it."""
    meeting, papers, reader = _sheet(request, entry), request.app[PAPERS], reader_of(request)
    items = {item.id: item.title for item in meeting.agenda}
    over = entry.state in OVER
    return Shelf(
        papers=tuple(
            Listed(
                one, items.get(one.item or "", ""), megabytes(one.size, reader.language),
                not over and may(account, "paper.remove", _keepers(meeting, account, one)),
            )
            for one in await papers.of_meeting(meeting.id)
        ),
        pending=tuple(
            (one, reader.gettext(answer(one.refused).text) if one.refused else "")
            for one in papers.pending(meeting.id)
            if one.by == account.id
        ),
        may_add=not over and may(account, "paper.add", _providers(meeting, account)),
        accepted=_ACCEPTED + (_OFFICE if office_files() else ""),
        office=office_files(),
    )  # fmt: skip


def _sheet(request: web.Request, entry: store.MeetingEntry) -> Meeting:
    """The sheet as it stands now: in session somebody else may have taken the chair."""
    sitting = request.app[SITTINGS].holding(entry.meeting)
    return sitting.room.meeting if sitting is not None else entry.meeting


def _desk(meeting: Meeting, account: Account) -> frozenset[str]:
    """Chair, secretary, and the clerk of the authority that holds the meeting."""
    clerk = "clerk" in account.roles and account.unit.id == meeting.authority.id
    return meeting.desk | ({account.id} if clerk else set())


def _providers(meeting: Meeting, account: Account) -> MeetingAccess:
    """Who brings papers: the desk, and whom the agenda names as presenter, by name or by unit."""
    members = _desk(meeting, account)
    named = [name.casefold() for name in (account.name, account.unit.short_name) if name]
    invited = may(account, "meeting.enter", access(meeting, account))
    if invited and any(name in item.presenter.casefold() for item in meeting.agenda for name in named):
        members |= {account.id}
    return MeetingAccess(meeting.room, members)


def _keepers(meeting: Meeting, account: Account, paper: Paper) -> MeetingAccess:
    return MeetingAccess(meeting.room, _desk(meeting, account) | {paper.added_by})


async def _entry(request: web.Request) -> tuple[store.MeetingEntry, Account]:
    """The meeting of the path and who asks, if its papers are for them. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, request.match_info["id"])
    # The same answer for a meeting that does not exist and one that is not theirs.
    if entry is None or not may(account, "paper.read", access(_sheet(request, entry), account)):
        raise Problem("not_invited")
    if account.room is not None and entry.state in OVER:
        raise Problem("not_invited")  # a token is for a room, not for all that was ever held in it
    return entry, account


async def _paper(request: web.Request) -> tuple[store.MeetingEntry, Account, Paper]:
    entry, account = await _entry(request)
    return entry, account, await request.app[PAPERS].get(entry.meeting.id, request.match_info["paper"])


async def _changeable(request: web.Request) -> tuple[Account, Meeting, Paper, Mapping[str, str]]:
    """The paper of the path, if whoever sent this form may change it. Raises Problem."""
    entry, account, paper = await _paper(request)
    meeting = _sheet(request, entry)
    require(request, "paper.remove", _keepers(meeting, account, paper))
    if entry.state in OVER:
        raise Problem(entry.state)
    return account, meeting, paper, await form(request)


def _page(request: web.Request, paper: Paper) -> int:
    page = int(request.match_info["page"])
    if not 1 <= page <= len(paper.pages):
        raise Problem("not_found")
    return page


def _done(request: web.Request, meeting: Meeting) -> web.Response:
    """Back to where the form stood; a script of ours gets no page."""
    if request.headers.get("Accept") == "application/json":
        return web.json_response({}, headers=PRIVATE)
    return see_other(f"/meetings/{meeting.id}#papers")


async def listed(request: web.Request) -> web.Response:
    """GET /meetings/{id}/papers: what is on its way, for scripts that show progress. Raises Problem."""
    entry, account = await _entry(request)
    shelf = await papers_of(request, account, entry)
    pending = [
        {"id": one.id, "name": one.name, "done": one.done, "of": one.of, "refused": sentence}
        for one, sentence in shelf.pending
    ]
    found: dict[str, Any] = {
        "may_add": shelf.may_add,
        "accepted": shelf.accepted,
        "pending": pending,
        "changeable": [one.paper.id for one in shelf.papers if one.may_change],
    }
    return web.json_response(found, headers=PRIVATE)


async def send(request: web.Request) -> web.Response:
    """POST /meetings/{id}/papers: take a file in, for an agenda item if one is named. Raises Problem."""
    entry, account = await _entry(request)
    meeting = _sheet(request, entry)
    require(request, "paper.add", _providers(meeting, account))
    if entry.state in OVER:
        raise Problem(entry.state)
    typed = await form(request)
    sent = upload_of(request)
    if doors.unasked(typed):
        raise Problem("class_unasked")
    if sent is None:
        raise Problem("no_file")
    await request.app[PAPERS].take(
        meeting.id, sent.filename, sent.file, item=_item(meeting, typed), by=account.id, by_name=account.name
    )
    return _done(request, meeting)


def _item(meeting: Meeting, typed: Mapping[str, str]) -> str | None:
    wanted = typed.get("item", "")
    if wanted and all(item.id != wanted for item in meeting.agenda):
        raise Problem("unknown_item")
    return wanted or None


async def read(request: web.Request) -> web.Response:
    """GET /meetings/{id}/papers/{paper}: all pages, to be read before or after the meeting. Raises Problem."""
    entry, account, paper = await _paper(request)
    papers = request.app[PAPERS]
    texts = [(await papers.read(paper, f"{n:03d}.txt")).decode() for n in range(1, len(paper.pages) + 1)]
    async with request.app[DATABASE].read() as connection:
        written = await papers_tables.notes(connection, paper.id, account.id)
    return private(
        request, "meetings/paper.html", meeting=entry.meeting, paper=paper, texts=texts, widths=WIDTHS, notes=written
    )


async def image(request: web.Request) -> web.StreamResponse:
    """GET …/{page}-{width}.webp: one page. Raises Problem."""
    entry, account, paper = await _paper(request)
    width = int(request.match_info["width"])
    if width not in WIDTHS:
        raise Problem("not_found")
    data = await request.app[PAPERS].read(paper, f"{_page(request, paper):03d}-{width}.webp")
    headers = {**_KEPT, "Content-Type": "image/webp"}
    sitting = request.app[SITTINGS].holding(entry.meeting)
    kbps = sitting.studio.lines.get(account.id) if sitting is not None else None
    if kbps is None or kbps > WIDE or request.method != "GET":
        return web.Response(body=data, headers=headers)
    return await _trickled(request, data, headers, kbps)


async def _trickled(request: web.Request, data: bytes, headers: Mapping[str, str], kbps: int) -> web.StreamResponse:
    """No faster than a share of the line that the reader's site has declared: voices come first."""
    response = web.StreamResponse(headers={**headers, "Content-Length": str(len(data))})
    await response.prepare(request)
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        await response.write(chunk)
        await asyncio.sleep(8 * len(chunk) / (1000 * kbps * SHARE))
    await response.write_eof()
    return response


async def text(request: web.Request) -> web.StreamResponse:
    """GET …/{page}.txt: the words of one page, for those who do not see it. Raises Problem."""
    _, _, paper = await _paper(request)
    words = await request.app[PAPERS].read(paper, f"{_page(request, paper):03d}.txt")
    return web.Response(body=words, headers={**_KEPT, "Content-Type": "text/plain; charset=utf-8"})


async def download(request: web.Request) -> web.StreamResponse:
    """GET …/file: the file as it was sent. Raises Problem."""
    _, _, paper = await _paper(request)
    name = f"attachment; filename=\"{paper.id}.{paper.kind}\"; filename*=UTF-8''{quote(paper.name, safe='')}"
    pieces = request.app[PAPERS].pieces(paper, f"original.{paper.kind}")
    first = await asyncio.to_thread(next, pieces, b"")  # what cannot be read is told before anything is sent
    headers = {**PRIVATE, "Content-Disposition": name, "Content-Length": str(paper.size)}
    return web.Response(body=_sent(first, pieces), content_type="application/octet-stream", headers=headers)


async def _sent(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while first:
        yield first
        first = await asyncio.to_thread(next, pieces, b"")


async def notes(request: web.Request) -> web.Response:
    """GET …/notes: what the asker has written on this paper, by page; nobody else ever sees it. Raises Problem."""
    _, account, paper = await _paper(request)
    async with request.app[DATABASE].read() as connection:
        found = await papers_tables.notes(connection, paper.id, account.id)
    return web.json_response({"notes": {str(page): written for page, written in found.items()}}, headers=PRIVATE)


async def note(request: web.Request) -> web.Response:
    """POST …/notes/{page}: keep one's own note on a page; an empty one is forgotten. Raises Problem."""
    entry, account, paper = await _paper(request)
    page, written = _page(request, paper), (await form(request)).get("text", "")
    try:
        cleaned = clean(written, NOTE, lines=True) if written.strip() else ""
    except BadMessage as error:
        raise Problem(error.code) from error
    async with request.app[DATABASE].begin() as connection:
        await papers_tables.note(connection, paper.id, account.id, page, cleaned)
    return _done(request, entry.meeting)


async def attach(request: web.Request) -> web.Response:
    """POST …/item: let a paper belong to an agenda item, or to none. Raises Problem."""
    _, meeting, paper, typed = await _changeable(request)
    await request.app[PAPERS].attach(paper, _item(meeting, typed))
    return _done(request, meeting)


async def remove(request: web.Request) -> web.Response:
    """POST …/remove: take a paper from the meeting. Raises Problem."""
    account, meeting, paper, _ = await _changeable(request)
    await request.app[PAPERS].remove(paper, account.id)
    return _done(request, meeting)
