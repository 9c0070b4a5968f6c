"""Every route and every kind of person: who gets past its gate stands in the table, and nobody else does.

Whoever may is asked without the CSRF token, so that nothing happens; whoever may not sends it, and is refused for the
right that is missing. A route that is not in the table fails the test: nothing is open by mistake.
"""

import json
import re
from collections.abc import Iterator, Mapping

from minutes.casefiles import store as case_files
from minutes.incidents import store as incidents
from minutes.workflow import store as workflow
from server import auth, directory
from server.keys import DATABASE, TOKENS, VAULT
from server.pages.desk_acts import DEEDS
from server.pages.tasks import PERMISSIONS
from tests.server.pages.conftest import Office, Visitor
from tests.server.pages.test_incidents import report
from tests.server.pages.test_papers import brought
from tests.server.pages.test_registers import receive
from tests.server.pages.test_series import day, put_down

ALL = frozenset({"stranger", "guest", "hanh", "binh", "cuc", "kiem", "mai", "staff", "dung", "other"})
"""Nobody signed in; a token of the meeting's room; of the authority its leader (who chairs), secretary, clerk (who
administers, too), checker, archivist and an official without duty; whom the meeting invites from the unit that has its
task; who has every role elsewhere."""
OFFICIALS = ALL - {"stranger", "guest"}
OFFICE = frozenset({"hanh", "binh", "cuc", "kiem"})
INVITED = frozenset({"guest", "hanh", "binh", "cuc", "dung"})
OTHER = frozenset({"other"})
ARCHIVE = frozenset({"mai"})


def only(*names: str) -> frozenset[str]:
    return frozenset(names)


TABLE: tuple[tuple[frozenset[str], str], ...] = (
    (ALL, """
        GET /  GET /documents  GET /documents/{unit}/{year}/{number}  GET /files/{digest}.pdf  GET /feed.atom
        GET /verify  POST /verify  GET /sign-in  POST /sign-in  POST /sign-out  POST /language
        GET /guest  POST /guest  GET /checkin  POST /checkin
        GET /archive/checkpoint  GET /archive/key  GET /archive/keys  GET /archive/proof/{digest}
        GET /healthz  GET /readyz  GET /metrics  GET /api/v1/openapi.json  GET /static/{version}/{name}"""),
    (ALL - {"stranger", "other"}, "GET /rooms/{room}  GET /rooms/{room}/line  POST /rooms/{room}/line"),
    (ALL - {"stranger"}, """
        PATCH /whip/{room}/sessions/{session}  PATCH /whep/{room}/sessions/{session}"""),
    (OFFICIALS, """
        GET /account  POST /account/picture  GET /account/picture.png  GET /meetings  GET /desk  GET /search
        GET /search/results.pdf  POST /search/saved  POST /search/saved/{id}/remove  GET /tasks
        GET /signing  POST /signing  GET /signing/program  GET /signing/runs/{run}  POST /signing/begin
        POST /signing/finish  POST /signing/vgca/issue  POST /signing/vgca/state"""),
    # Each in their own authority.
    (OFFICE | OTHER, """
        GET /registers/out  GET /registers/in  GET /registers/waiting  GET /registers/{which}/{year}.pdf
        GET /registers/{which}/{year}-report.pdf  GET /registers/numbering  GET /workflow
        GET /workflow/days  GET /delegations  GET /tasks/board  GET /tasks/scores"""),
    (OFFICE | OTHER | ARCHIVE, """
        GET /casefiles  GET /casefiles/retention  GET /casefiles/disposal  GET /casefiles/handing
        GET /casefiles/groups  GET /casefiles/{year}-{what}.pdf  GET /figures"""),
    (only("hanh", "binh", "cuc", "mai", "other"), "GET /archive"),
    (only("cuc"), """
        GET /people  GET /people/new  POST /people/new  GET /people/import  POST /people/import
        GET /people/{id}  POST /people/{id}  GET /people/{id}/end  POST /people/{id}/end
        POST /people/{id}/link  POST /people/{id}/revoke  POST /people/{id}/resume
        GET /people/units/new  POST /people/units/new  GET /people/units/{id}  POST /people/units/{id}
        GET /people/units/{id}/end  POST /people/units/{id}/end"""),
    (only("hanh", "cuc", "other"), """
        GET /people/log  POST /people/log/confirm  GET /people/log.pdf  GET /people/log.csv"""),
    (only("cuc", "other"), """
        GET /certificates  POST /certificates/picture  GET /certificates/picture.png
        POST /registers/out  POST /registers/out/end  POST /registers/in  POST /registers/in/edxml"""),
    (only("binh", "cuc", "mai", "other"), "POST /casefiles  POST /casefiles/retention"),
    (only("binh", "other"), """
        GET /desk/new  POST /desk/new  GET /meetings/new  POST /meetings/new  GET /meetings/series
        GET /meetings/series/new  POST /meetings/series/new  GET /meetings/council  POST /meetings/council"""),
    (only("hanh"), "POST /delegations/{id}/confirm"),
    (only("hanh", "cuc", "other"), "POST /casefiles/groups"),
    (only("hanh", "other"), "POST /registers/numbering  POST /casefiles/disposal  POST /incidents/officer"),
    (only("hanh", "binh", "other"), """
        POST /workflow/days  POST /workflow/days/remove  POST /workflow/days/decision
        GET /workflow/{kind}  POST /workflow/{kind}
        POST /delegations  POST /delegations/{id}/revoke  GET /tasks/pressing  POST /tasks/pressing  GET /incidents"""),
    # Of one meeting, room or series.
    (INVITED, """
        GET /meetings/{id}  GET /meetings/{id}/meeting.ics  GET /meetings/{id}/tasks  GET /meetings/{id}/papers
        GET /meetings/{id}/papers/{paper}  GET /meetings/{id}/papers/{paper}/file
        GET /meetings/{id}/papers/{paper}/{page}-{width}.webp  GET /meetings/{id}/papers/{paper}/{page}.txt
        GET /meetings/{id}/papers/{paper}/notes  POST /meetings/{id}/papers/{paper}/notes/{page}"""),
    (only("guest"), "GET /api/v1/rooms/{room}/participants"),
    (only("hanh", "binh", "cuc"), """
        POST /meetings/{id}/papers  POST /meetings/{id}/papers/{paper}/item
        POST /meetings/{id}/papers/{paper}/remove"""),
    (only("hanh", "binh"), """
        GET /meetings/{id}/guests  POST /meetings/{id}/guests  POST /meetings/{id}/guests/{link}/revoke
        POST /meetings/{id}/guests/{person}/link
        GET /meetings/{id}/recording/export  POST /meetings/{id}/recording/export
        POST /meetings/{id}/recording/cancel"""),
    (only("binh"), """
        GET /meetings/{id}/edit  POST /meetings/{id}/edit  POST /meetings/{id}/invitation  POST /meetings/{id}/invite
        POST /meetings/{id}/cancel  GET /meetings/{id}/mail  POST /meetings/{id}/mail
        GET /meetings/rooms/{room}  POST /meetings/rooms/{room}
        GET /meetings/series/{series}  GET /meetings/series/{series}/calendar.ics  GET /meetings/series/{series}/{day}
        GET /meetings/series/{series}/{day}/change  POST /meetings/series/{series}/{day}/change
        POST /meetings/series/{series}/{day}/{act}"""),
    # Of one record.
    (OFFICE, """
        GET /desk/{id}  GET /desk/{id}/pdf  GET /desk/{id}/word  GET /desk/{id}/versions
        GET /registers/in/{year}/{number}
        GET /incidents/report  POST /incidents/report"""),
    (OFFICE | ARCHIVE, """
        GET /casefiles/{id}  GET /casefiles/{id}/contents.pdf  GET /casefiles/{id}/handing.pdf
        GET /described/{subject}/{ref}"""),
    (only("binh"), """
        POST /desk/{id}/files  POST /desk/{id}/files/remove
        GET /desk/{id}/edit  POST /desk/{id}/edit  POST /desk/{id}/versions/{version}/restore  POST /desk/{id}/word
        GET /desk/{id}/ws  POST /desk/{id}/word/{answer}  POST /desk/{id}/consult  POST /desk/{id}/gather
        POST /desk/{id}/answer  POST /desk/{id}/signers  POST /desk/{id}/submit  POST /desk/{id}/take-back
        POST /desk/{id}/notice  POST /desk/{id}/change  POST /desk/{id}/discard  POST /desk/{id}/restore
        POST /incidents/{id}/draft"""),
    (only("hanh"), """
        POST /desk/{id}/approve  POST /desk/{id}/return  POST /desk/{id}/void
        POST /tasks/{id}/grant  POST /tasks/{id}/refuse  POST /tasks/{id}/correct  POST /tasks/{id}/cancel
        POST /incidents/{id}/erase  POST /incidents/{id}/release"""),
    (only("hanh", "binh"), """
        POST /desk/{id}/sign  GET /incidents/{id}  POST /tasks/{id}/confirm  POST /tasks/{id}/return"""),
    (only("hanh", "cuc"), """
        POST /desk/{id}/publish  POST /desk/{id}/withdraw  POST /registers/in/{year}/{number}/direct"""),
    (only("cuc"), """
        POST /desk/{id}/seal  POST /desk/{id}/dispatch  GET /desk/{id}/redact  POST /desk/{id}/redact
        POST /certificates/{kind}/{holder}  POST /certificates/{kind}/{holder}/{id}/end"""),
    (only("binh", "cuc", "mai"), """
        POST /casefiles/{id}/keep  POST /casefiles/{id}/add  POST /casefiles/{id}/close  POST /casefiles/{id}/hand
        POST /casefiles/{id}/supplement  POST /casefiles/{id}/take-out  POST /casefiles/{id}/submit
        POST /casefiles/{id}/submitted
        POST /casefiles/{id}/take-back  POST /described/{subject}/{ref}"""),
    (only("hanh", "binh", "cuc", "mai"), "POST /casefiles/{id}/group  GET /casefiles/{id}/bag"),
    (ARCHIVE, "POST /casefiles/{id}/receive  POST /casefiles/{id}/refuse"),
    (OFFICE | {"dung"}, "GET /tasks/{id}"),
    (only("dung"), """
        POST /tasks/{id}/accept  POST /tasks/{id}/begin  POST /tasks/{id}/hand  POST /tasks/{id}/report
        POST /tasks/{id}/ask"""),
    # Nobody here: nobody was asked for remarks or to check, there is no site and no ticket.
    (frozenset(), """
        POST /desk/{id}/remark  POST /desk/{id}/check
        GET /rooms/{room}/sites/{site}/code  POST /rooms/{room}/sites/{site}/phones  GET /signing/vgca/file.pdf
        GET /rooms/{room}/sites/{site}/people  POST /rooms/{room}/sites/{site}/people"""),
)  # fmt: skip
"""Who may: method and path as the route is written, but for what ACTS spells out."""
ELSEWHERE = {
    "GET /begin": "of use while there is nobody: test_founding", "POST /begin": "test_founding",
    "POST /signing/vgca/upload": "the ticket decides: test_vgca",
    "GET /rooms/{room}/ws": "a conversation: test_signalling",
    "POST /whip/{room}": "test_whip", "POST /whip/{room}/{participant}": "test_whip",
    "POST /whep/{room}": "test_whip", "POST /whep/{room}/{participant}": "test_whip",
    "DELETE /whip/{room}/sessions/{session}": "test_whip", "DELETE /whep/{room}/sessions/{session}": "test_whip",
    "GET /desk/{id}/pages/{name}.svg": "named by its content: test_drafting",
    "GET /meetings/{id}/recording/{file}": "test_recording_page",
    "GET /meetings/{id}/proceedings": "test_proceedings_page",
    "GET /registers/in/{year}/{number}/file": "test_registers", "GET /casefiles/{id}/items/{number}": "test_casefiles",
    "GET /casefiles/disposal/{id}.pdf": "test_disposal", "GET /tasks/{id}/evidence/{document}": "test_tasks",
    "GET /tasks/{id}/received/{place}": "test_directing", "GET /tasks/{id}/proof/{digest}": "test_tasks",
    "GET /desk/{id}/files/{place}": "test_attaching", "GET /files/{digest}/{place}": "test_attaching",
    "GET /series/{series}": "test_series", "GET /registers/waiting/{id}": "test_exchange",
    "GET /registers/waiting/{id}/files/{place}": "test_exchange", "POST /registers/waiting/{id}/{act}": "test_exchange",
}  # fmt: skip
"""Where the thing itself must be there to see, and its own test looks."""
ACTS: Mapping[str, tuple[str, ...]] = {
    "POST /desk/{id}/{act}": tuple(DEEDS),
    "POST /tasks/{id}/{act}": tuple(act.value for act in PERMISSIONS),
    "GET /casefiles/{id}/{what}.pdf": ("contents",),
}
"""Routes of several acts."""
DENIED = {"sign_in", "not_allowed", "not_yours", "not_invited", "not_found", "unknown_room"}


async def things(office: Office) -> dict[str, str]:
    """One of everything, of the authority: what stands in paths for {name}, or for {id} under a beginning of a path."""
    meeting = await office.meeting()
    paper = await brought(office, meeting, "Mưa lũ")
    notice = await office.records.get(await office.posted(room="hop-bbbb1234"))
    sealed = await office.notice(room="hop-eeee1234")
    draft, reported = [await office.minutes(room=room) for room in ("hop-cccc1234", "hop-dddd1234")]
    assert (await receive(office, await office.sign_in("cuc"))).status == 303
    secretary, series = await put_down(office)
    await office.server.app[VAULT].checkpoint()
    given = {"account": "cuc", "capacity": "TL", "since": "2026-01-01", "basis": "Quyết định 1/QĐ-UBND"}
    assert (await secretary.post("/delegations", given)).status == 303
    assert (await report(secretary, "document", reported)).status == 303
    async with office.server.app[DATABASE].begin() as connection:
        (case, *_) = await case_files.of_unit(connection, "lam-son")
        incident = (await incidents.held(connection))[0].id
        for who, unit, roles in (("kiem", "lam-son", ["checker"]), ("staff", "lam-son", ["delegate"])):
            await directory.add_account(connection, who, who, "", unit, roles)
        roles = ["leader", "secretary", "clerk", "checker", "delegate"]
        await directory.add_account(connection, "other", "other", "", "hoa-phuoc", roles)
    return {
        "/desk/": draft, "/meetings/": meeting.id, "/casefiles/": case.id, "/tasks/": "1", "/certificates/": "1",
        "/incidents/": incident, "/search/": "1",
        "/people/": "lan", "/people/units/": "hoa-phuoc", "/delegations/": "1",
        "/desk/{id}/redact": sealed, "thing": draft,
        "paper": paper.id, "series": series.rsplit("/", 1)[1], "day": str(day(1)), "room": meeting.room,
        "unit": "lam-son", "year": str(notice.year), "number": "1", "symbol": notice.number_symbol or "",
        "digest": notice.digest or "", "version": "1", "answer": "apply", "page": "1", "width": "720", "which": "out",
        "what": "list", "kind": "person", "holder": "hanh", "link": "x", "subject": "fonds", "ref": "lam-son",
        "person": "x", "site": "x", "run": "x", "session": "x", "act": "drop",
    }  # fmt: skip


def address(written: str, things: Mapping[str, str]) -> str:
    """A path in which real things stand."""
    own = max((one for one in things if one.startswith("/") and written.startswith(one)), key=len, default="")
    known = {**things, "id": things.get(own, "")}
    if written.startswith("/documents"):
        known["number"] = things["symbol"]
    if written.startswith("/workflow"):
        known["kind"] = "TB"
    if written.startswith("/static"):
        known |= {"version": "0" * 12, "name": "style.css"}
    if written.startswith("/meetings/rooms"):
        known["room"] = "giao-ban"
    return re.sub(r"{(\w+)}", lambda name: known[name[1]], written)


def expected(office: Office) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Method, path as it is written, and who may, of every route."""
    table = {route: who for who, routes in TABLE for route in re.findall(r"[A-Z]+ \S+", routes)}
    there = {
        f"{route.method} {route.resource.canonical}"
        for route in office.server.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    spelled = {
        re.sub(r"{(act|what)}", act, written, count=1) for written in there & ACTS.keys() for act in ACTS[written]
    }
    walked = (there - ACTS.keys() - ELSEWHERE.keys()) | spelled
    assert walked == table.keys()
    assert ELSEWHERE.keys() <= there
    for route in sorted(walked):
        method, written = route.split(" ")
        yield method, written, table[route]


async def code_of(visitor: Visitor, method: str, path: str, fields: dict[str, str]) -> str:
    """What a request is refused with, "" if it is not."""
    given = {"params" if method == "GET" else "data": fields}
    headers = {"Accept": "application/json"}
    async with visitor.session.request(method, path, headers=headers, allow_redirects=False, **given) as response:
        body = await response.read()
    try:
        return str(json.loads(body).get("error", ""))
    except (ValueError, AttributeError):
        return ""


async def test_nobody_gets_past_a_gate_that_the_table_does_not_open(office: Office) -> None:
    known = await things(office)
    people = {"stranger": office.stranger()}
    token = office.server.app[TOKENS].room(known["room"], "Khách", "delegate", "t-khach", auth.utcnow())
    people["guest"] = await office.with_token(token)
    for name in sorted(ALL - people.keys()):
        people[name] = await office.sign_in(name)
    wrong = []
    for method, written, may in expected(office):
        fields = {"thing": "document", "ref": known["thing"]} if written == "/incidents/report" else {}
        for name, visitor in people.items():
            sent = {**fields, "csrf": visitor.csrf} if name not in may and method != "GET" else fields
            code = await code_of(visitor, method, address(written, known), sent)
            if (code in DENIED) == (name in may):
                wrong.append(f"{method} {written}: {name} {code or 'passes'}")
    assert not wrong, "\n".join(wrong)


async def test_another_authority_takes_no_right_to_sign_away(office: Office) -> None:
    given = {"account": "hanh", "capacity": "KT", "since": "2026-01-01", "basis": "Quyết định 1/QĐ-UBND"}
    assert (await (await office.sign_in("binh")).post("/delegations", given)).status == 303
    async with office.server.app[DATABASE].begin() as connection:
        await directory.add_account(connection, "other", "other", "", "hoa-phuoc", ["leader"])
    page = await (await office.sign_in("other")).post("/delegations/1/revoke", {"reason": "Không còn"})
    assert page.status == 422
    async with office.server.app[DATABASE].read() as connection:
        assert [one.revoked_at for one in await workflow.delegations(connection, "lam-son")] == [None]
