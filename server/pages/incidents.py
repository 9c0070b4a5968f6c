"""State secrets that got in: reported from the page of what bears them, decided upon, reported to whom the law says.

No page here shows what is held: only who, when, by which door, and digests.
"""

from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.document import Kind
from minutes.errors import InvalidContent, NotFound, RecordError, SecretContent
from minutes.incidents.incident import DOORS, LEVELS, STATES, Incident, IncidentState, Level, Thing
from minutes.workflow import store as workflow
from rooms import store as rooms
from server import directory
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.incident_things import Found
from server.keys import DATABASE, EXPORTS, INCIDENTS, RECORDS, SITTINGS, TASKS
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import access as document_access
from server.pages.desk_acts import actor
from server.pages.desk_new import signer_of
from server.pages.tasks import access as task_access
from server.recordings import KINDS, keepers
from server.rights import Act, IncidentAccess, MeetingAccess, may
from server.sittings import access as meeting_access

BACK: Mapping[Thing, str] = {
    Thing.DOCUMENT: "/desk",
    Thing.RECEIVED: "/registers/in",
    Thing.ARRIVAL: "/registers/waiting",
    Thing.PAPER: "/meetings",
    Thing.RECORDING: "/meetings",
    Thing.PROOF: "/tasks",
}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = "/incidents/{id:[0-9a-f]{32}}"
    return [
        web.get("/incidents", index),
        web.post("/incidents/officer", name_officer),
        web.get("/incidents/report", ask),
        web.post("/incidents/report", report),
        web.get(one, show),
        web.post(one + "/erase", erase),
        web.post(one + "/release", release),
        web.post(one + "/draft", draft),
    ]


async def _access(request: web.Request, account: Account) -> IncidentAccess:
    officer = await request.app[INCIDENTS].officer(account.unit.id)
    return IncidentAccess(account.unit.id, officer[0] if officer else "")


async def _account(request: web.Request, act: Act = "incident.read") -> Account:
    account = require(request, "incident.report")
    return require(request, act, await _access(request, account))


# Reporting


async def _asked(request: web.Request, given: Mapping[str, str]) -> tuple[Account, Found]:
    """The thing that is named, if the asker may read it. Raises Problem."""
    account = require(request, "incident.report")
    thing, ref = given.get("thing", ""), given.get("ref", "")
    if thing not in tuple(Thing) or len(ref) > 160:
        raise Problem("not_found")
    try:
        found = await request.app[INCIDENTS].found(Thing(thing), ref)
    except (NotFound, ValueError) as error:
        raise Problem("not_found") from error
    if not await _readable(request, account, found):
        raise Problem("not_found")
    return account, found


async def _readable(request: web.Request, account: Account, found: Found) -> bool:
    origin = found.origin
    if origin.thing in (Thing.RECEIVED, Thing.ARRIVAL):
        return may(account, "register.read", found.unit.id)
    if origin.thing is Thing.PROOF:
        return may(account, "task.read", task_access(await request.app[TASKS].get(int(origin.ref.partition("/")[0]))))
    async with request.app[DATABASE].read() as connection:
        if origin.thing is Thing.DOCUMENT:
            asked, document = await workflow.asked(connection, origin.ref), await request.app[RECORDS].get(origin.ref)
            charged = await request.app[TASKS].charged(document) | await request.app[RECORDS].sent_to(document)
            return may(account, "document.receive", document_access(document, asked, charged))
        entry = await rooms.get_meeting(connection, found.meeting)
        facts = await rooms.facts(connection, found.meeting, KINDS)
    if entry is None:
        return False
    sitting = request.app[SITTINGS].holding(entry.meeting)
    meeting = sitting.room.meeting if sitting is not None else entry.meeting
    if origin.thing is Thing.PAPER:
        return may(account, "paper.read", meeting_access(meeting, account))
    return may(account, "recording.read", MeetingAccess(meeting.room, keepers(entry.meeting, facts)))


async def ask(request: web.Request) -> web.Response:
    """GET /incidents/report?thing=&ref=: what will happen, and what is to be said of it."""
    _account, found = await _asked(request, request.query)
    return _ask(request, found, {})


def _ask(request: web.Request, found: Found, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    return private(
        request,
        "incidents/report.html",
        status=422 if sentence else 200,
        origin=found.origin,
        doors=DOORS,
        levels=LEVELS,
        typed=defaultdict(str, typed),
        sentence=sentence,
    )


async def report(request: web.Request) -> web.Response:
    """POST /incidents/report: set it aside; from now on nobody reads it."""
    typed = await form(request)
    account, found = await _asked(request, typed)
    reader = reader_of(request)
    level = typed.get("level", "")
    if level not in tuple(Level):
        return _ask(request, found, typed, reader.gettext(N_("Xin chọn mức độ ghi trên tài liệu.")))
    if found.origin.thing is Thing.RECORDING:
        request.app[EXPORTS].cancel(found.meeting)
        await request.app[SITTINGS].cut_recording(found.meeting)  # what was said until now is in it
    try:
        made = await request.app[INCIDENTS].report(
            found.origin.thing, found.origin.ref, Level(level), typed.get("seen", ""), by=actor(account)
        )
    except RecordError as error:
        return _ask(request, found, typed, _told(request, error))
    if may(account, "incident.read", await _access(request, account)) and account.unit.id == made.unit_id:
        return see_other(f"/incidents/{made.id}")
    return private(request, "incidents/thanks.html", incident=made, back=BACK[made.origin.thing])


def _told(request: web.Request, error: RecordError) -> str:
    reader = reader_of(request)
    said = wording.told(error.reason, reader)
    if isinstance(error, InvalidContent) and not isinstance(error, SecretContent):
        label = reader.gettext(N_("Căn cứ nhận biết"))
        return reader.gettext(N_("Chưa lưu được. %(field)s: %(reason)s."), field=label, reason=said)
    return said


# Deciding


async def index(request: web.Request) -> web.Response:
    """GET /incidents: all of the unit, and who decides."""
    return await _index(request, await _account(request))


async def waiting(request: web.Request, account: Account) -> int | None:
    """How many of the unit wait for a decision; None for those who may not know of them."""
    if not may(account, "incident.read", await _access(request, account)):
        return None
    return sum(one.state is IncidentState.HELD for one in await request.app[INCIDENTS].of_unit(account.unit.id))


async def _index(request: web.Request, account: Account, sentence: str = "") -> web.Response:
    incidents = request.app[INCIDENTS]
    async with request.app[DATABASE].read() as connection:
        people = [one for one in await directory.accounts(connection) if one.unit.id == account.unit.id]
    return private(
        request,
        "incidents/list.html",
        status=422 if sentence else 200,
        incidents=await incidents.of_unit(account.unit.id),
        states=STATES,
        levels=LEVELS,
        officer=await incidents.officer(account.unit.id),
        people=people,
        sentence=sentence,
        may_name=may(account, "incident.name", IncidentAccess(account.unit.id)),
    )


async def name_officer(request: web.Request) -> web.Response:
    """POST /incidents/officer: name who decides; "" for the leaders."""
    account = await _account(request, "incident.name")
    typed = await form(request)
    try:
        await request.app[INCIDENTS].name_officer(account.unit.id, typed.get("officer", ""), by=actor(account))
    except RecordError as error:
        return await _index(request, account, _told(request, error))
    return see_other("/incidents")


async def show(request: web.Request) -> web.Response:
    """GET /incidents/{id}: what is known of it, and what may be decided."""
    return await _show(request, await _account(request))


async def _one(request: web.Request, account: Account) -> Incident:
    try:
        return await request.app[INCIDENTS].get(account.unit.id, request.match_info["id"])
    except NotFound as error:
        raise Problem("not_found") from error


async def _show(
    request: web.Request, account: Account, sentence: str = "", typed: Mapping[str, str] | None = None, failed: str = ""
) -> web.Response:
    incident = await _one(request, account)
    given = await _access(request, account)
    return private(
        request,
        "incidents/show.html",
        status=422 if sentence else 200,
        incident=incident,
        doors=DOORS,
        states=STATES,
        levels=LEVELS,
        typed=defaultdict(str, typed or {}),
        failed=failed,
        sentence=sentence,
        may_decide=may(account, "incident.decide", given),
        may_draft=may(account, "incident.draft", given),
    )


async def erase(request: web.Request) -> web.Response:
    """POST …/erase: destroy it for good."""
    account = await _account(request, "incident.decide")
    typed, incident = await form(request), await _one(request, account)
    if typed.get("sure") != "yes":
        sentence = reader_of(request).gettext(N_("Xin đánh dấu xác nhận: nội dung bị xóa không khôi phục được."))
        return await _show(request, account, sentence, typed, "erase")
    try:
        await request.app[INCIDENTS].erase(account.unit.id, incident.id, typed.get("reason", ""), by=actor(account))
    except RecordError as error:
        return await _show(request, account, _told(request, error), typed, "erase")
    return see_other(f"/incidents/{incident.id}")


async def release(request: web.Request) -> web.Response:
    """POST …/release: it is no secret, and goes back to where it was."""
    account = await _account(request, "incident.decide")
    typed, incident = await form(request), await _one(request, account)
    try:
        await request.app[INCIDENTS].release(account.unit.id, incident.id, typed.get("reason", ""), by=actor(account))
    except RecordError as error:
        return await _show(request, account, _told(request, error), typed, "release")
    return see_other(f"/incidents/{incident.id}")


async def draft(request: web.Request) -> web.Response:
    """POST …/draft: the report as a draft on the desk, to be completed, signed and sent."""
    account = await _account(request, "incident.draft")
    await form(request)
    incident = await _one(request, account)
    async with request.app[DATABASE].read() as connection:
        leaders = directory.heads_first(await directory.accounts(connection), account.unit.id)
    if not leaders:
        raise Problem("not_allowed")
    try:
        made = await request.app[INCIDENTS].draft_report(
            account.unit.id, incident.id, by=account, leader=signer_of(Kind.REPORT, leaders[0])
        )
    except RecordError as error:
        return await _show(request, account, _told(request, error))
    return see_other(f"/desk/{made}")
