"""The proceedings of a meeting as a file: for those who chaired it and took its minutes."""

import re

from aiohttp import web

from rooms import store
from rooms.proceedings import Proceedings
from rooms.proceedings.exported import export
from server.directory import Account
from server.errors import Problem
from server.keys import DATABASE
from server.pages import require
from server.pages.caching import PRIVATE
from server.recordings import KINDS, keepers
from server.rights import MeetingAccess, may


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/meetings/{id}/proceedings", download)]


async def keeps(request: web.Request, account: Account, entry: store.MeetingEntry) -> bool:
    """Whether the meeting's page offers its proceedings to this account."""
    if entry.state != "closed":
        return False
    async with request.app[DATABASE].read() as connection:
        facts = await store.facts(connection, entry.meeting.id, KINDS)
    return may(account, "proceedings.read", MeetingAccess(entry.meeting.room, keepers(entry.meeting, facts)))


async def download(request: web.Request) -> web.Response:
    """GET /meetings/{id}/proceedings: one fact a line, once the meeting is over. Raises Problem, BrokenChain."""
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, request.match_info["id"])
        facts = await store.facts(connection, entry.meeting.id) if entry is not None else []
    if entry is None:
        require(request, "meetings.list")
        raise Problem("not_allowed")  # the same answer as for one that is not theirs
    require(request, "proceedings.read", MeetingAccess(entry.meeting.room, keepers(entry.meeting, facts)))
    if entry.state != "closed":
        raise Problem("not_found")
    if not facts:
        raise Problem("erased")
    name = re.sub(r"[^A-Za-z0-9-]", "", entry.meeting.id)
    return web.Response(
        body=b"".join(export(Proceedings.from_facts(facts))),
        content_type="application/jsonl",
        headers={**PRIVATE, "Content-Disposition": f'attachment; filename="dien-bien-{name}.jsonl"'},
    )
