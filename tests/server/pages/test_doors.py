"""No state secret comes in: the class is asked first, and a marked text is refused at every door."""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
from aiohttp import FormData
from aiohttp.web import UrlDispatcher
from sqlalchemy import inspect as look
from sqlalchemy import text

from minutes.document import Kind, State
from server import doors
from server.doors import CLASSES, DOORS, Look
from server.keys import DATABASE, PAPERS
from tests.server.pages.conftest import PIN, Office, Page, Visitor
from tests.server.pages.test_new_document import SUBJECT
from tests.server.pages.test_papers import brought, send
from tests.server.pages.test_schedule_meeting import sheet
from tests.server.pages.test_series import day, put_down, weekly
from tests.server.papers_files import docx, pdf

MARKED = "Phương án TỐI MẬT về phòng thủ"
NOTHING_TYPED = {
    "/incidents/officer", "/incidents/{id}/draft",
    "/sign-in", "/sign-out", "/language", "/meetings/{id}/invitation", "/meetings/{id}/invite", "/meetings/{id}/mail",
    "/meetings/{id}/guests/{link}/revoke", "/meetings/{id}/guests/{person}/link",
    "/meetings/{id}/recording/export", "/meetings/{id}/recording/cancel",
    "/meetings/{id}/papers/{paper}/item", "/meetings/{id}/papers/{paper}/remove", "/delegations/{id}/revoke",
    "/delegations/{id}/confirm",
    "/desk/{id}/versions/{version}/restore", "/rooms/{room}/sites/{site}/phones",
    "/casefiles/{id}/keep", "/casefiles/{id}/close", "/casefiles/{id}/hand", "/casefiles/{id}/supplement",
    "/casefiles/{id}/group", "/casefiles/{id}/submit", "/casefiles/{id}/take-back", "/casefiles/{id}/receive",
    "/registers/numbering",
    "/desk/{id}/dispatch", "/desk/{id}/files/remove", "/workflow/days/remove", "/search/saved/{id}/remove",
    "/certificates/{kind}/{holder}/{id}/end", "/certificates/{kind}/{holder}",
    "/people/{id}/link", "/people/{id}/revoke", "/people/{id}/end", "/people/{id}/resume", "/people/units/{id}/end",
    "/people/log/confirm",
}  # fmt: skip
"""Forms that only press a button or choose; they are looked at like any other."""

OTHERS = {
    "/registers/out", "/registers/out/end", "/registers/in", "/registers/in/{year}/{number}/direct",
    "/registers/numbering", "/tasks/pressing",
}  # fmt: skip
"""Forms that are looked at like any other, and are not walked here."""


def unsafe(router: UrlDispatcher) -> set[tuple[str, str]]:
    """Every route that takes something in."""
    routes = {(route.method, route.resource.canonical) for route in router.routes() if route.resource is not None}
    return {(method, path) for method, path in routes if method not in ("GET", "HEAD", "OPTIONS")}


async def test_every_listed_door_is_there_and_whoever_looks_away_says_why(office: Office) -> None:
    there = unsafe(office.server.app.router) | {("GET", "/rooms/{room}/ws"), ("GET", "/desk/{id}/ws")}
    assert DOORS.keys() <= there
    assert {path for _, path in there - DOORS.keys()} <= NOTHING_TYPED | OTHERS
    assert all(door.why for door in DOORS.values() if door.look is Look.NOBODY)


async def test_every_handler_reads_its_form_at_the_one_place_or_stands_in_the_list(office: Office) -> None:
    for route in office.server.app.router.routes():
        if route.resource is None or route.method in ("GET", "HEAD", "OPTIONS"):
            continue
        source = inspect.getsource(inspect.getmodule(route.handler) or route.handler)
        door = doors.door(route.method, route.resource.canonical)
        assert door.look is Look.NOBODY or "await form(request)" in source, route.resource.canonical


@dataclass(frozen=True)
class Way:
    """How somebody who may do it sends a text through a door: the path, and the form around the text."""

    who: str
    path: str
    fields: dict[str, str]
    marked: str


async def ways(office: Office) -> list[Way]:
    """One for each field of the doors that take text."""
    meeting = await office.meeting()
    minutes = await office.minutes(room="hop-bbbb1234")
    notice = await office.notice(room="hop-cccc1234")
    paper = await brought(office, meeting, "Mưa lũ")
    _, series = await put_down(office)
    begin = {"secrecy": "none", "kind": "CV", "subject": SUBJECT, "leader": "hanh"}
    ticked = {"check.secret": "on", "check.personal": "on", "check.agreed": "on"}
    change = {"secrecy": "none", "deed": "recalls"}
    chosen = {"role": "guest", "hours": "4"}
    return [
        Way("binh", "/desk/new", begin, "subject"),
        *(Way("binh", "/meetings/new", sheet(), name) for name in ("title", "place", "agenda.0.title")),
        Way("binh", "/meetings/new", sheet(guests="A | B | C | a@b.vn"), "guest.0.name"),
        *(Way("binh", f"/meetings/{meeting.id}/edit", sheet(), name) for name in ("title", "agenda.1.presenter")),
        Way("binh", f"/meetings/{meeting.id}/cancel", {}, "reason"),
        Way("binh", "/meetings/series/new", weekly(), "title"),
        Way("binh", f"{series}/{day(1)}/change", weekly(), "agenda.0.title"),
        *(Way("binh", f"{series}/{day(1)}/{act}", {}, "reason") for act in ("drop", "end")),
        Way("binh", f"/meetings/{meeting.id}/guests", chosen, "name"),
        Way("binh", "/meetings/rooms/new", {"chair": "hanh", "secretary": "binh"}, "title"),
        *(Way("binh", "/meetings/council", {"deputy.0.name": "Tám"}, f"deputy.0.{part}") for part in ("name", "title")),
        Way("binh", f"/meetings/{meeting.id}/papers/{paper.id}/notes/1", {}, "text"),
        Way("binh", f"/desk/{minutes}/edit", {"expected_version": "1"}, "title"),
        Way("binh", f"/desk/{minutes}/consult", {}, "note"),
        Way("binh", f"/desk/{notice}/change", change, "note"),
        Way("cuc", f"/desk/{notice}/publish", ticked, "reason"),
        Way("cuc", f"/desk/{notice}/redact", {"step": "look"}, "row.0.words"),
        Way("hanh", f"/desk/{notice}/withdraw", {}, "reason"),
        Way("hanh", "/delegations", {}, "reason"),
        Way("cuc", "/registers/out", {}, "subject"),
        Way("cuc", "/registers/out/end", {}, "reason"),
        Way("cuc", "/registers/in/2026/1/direct", {}, "opinion"),
        Way("cuc", f"/registers/waiting/{'0' * 32}/refuse", {}, "reason"),
        Way("cuc", "/casefiles", {}, "title"),
        Way("cuc", "/casefiles/retention", {}, "title"),
        Way("hanh", "/casefiles/groups", {"code": "nhan-su"}, "title"),
        Way("cuc", f"/casefiles/{'0' * 32}/add", {}, "what"),
        Way("cuc", f"/casefiles/{'0' * 32}/take-out", {"item": "document/1"}, "reason"),
        Way("cuc", f"/casefiles/{'0' * 32}/refuse", {}, "reason"),
        Way("cuc", f"/casefiles/{'0' * 32}/submitted", {}, "receipt"),
        Way("cuc", "/described/fonds/lam-son", {}, "Description"),
        Way("hanh", "/workflow/days", {}, "note"),
        Way("hanh", "/workflow/days/decision", {}, "number"),
        Way("cuc", "/search/saved", {"query": "q=x"}, "name"),
        Way("hanh", "/casefiles/disposal", {"year": "2026", "sure": "yes"}, "decision"),
        Way("cuc", "/incidents/report", {"thing": "document", "ref": notice, "level": "first"}, "seen"),
        Way("hanh", f"/incidents/{'0' * 32}/erase", {"sure": "yes"}, "reason"),
        Way("hanh", f"/incidents/{'0' * 32}/release", {}, "reason"),
        Way("hanh", "/workflow/TB", {}, "name"),
        *(Way("cuc", f"/people/{page}", {}, "name") for page in ("new", "binh", "units/new", "units/ta-nang")),
        Way("cuc", "/people/import", {}, "list"),
    ]


async def test_a_marked_text_is_refused_at_every_door_and_kept_nowhere(office: Office) -> None:
    found, visitors = await ways(office), {who: await office.sign_in(who) for who in ("binh", "hanh", "cuc")}
    before = await everything(office)
    walked = set()
    for way in found:
        page = await visitors[way.who].post(way.path, {**way.fields, way.marked: MARKED})
        assert page.status in (400, 422), (way, page.status, page.words)
        assert "độ mật" in page.words, (way, page.words)
        walked.add(canonical(office, way.path))
    texts = {path for (_, path), door in DOORS.items() if door.look in (Look.FORM, Look.PAGE) and not door.why}
    elsewhere = {"/guest", "/checkin", "/begin", "/rooms/{room}/sites/{site}/people"}
    assert texts - walked == elsewhere, "those of people without account and of sites have their own tests"
    assert await everything(office) == before


def canonical(office: Office, path: str) -> str:
    """The route of a path, as it is written."""
    for resource in office.server.app.router.resources():
        if resource.get_info().get("pattern") is None and resource.canonical == path:
            return path
    found = [
        resource.canonical
        for resource in office.server.app.router.resources()
        if (pattern := resource.get_info().get("pattern")) is not None and pattern.fullmatch(path)
    ]
    return next(one for one in found if ("POST", one) in DOORS)


async def test_a_marked_text_of_somebody_without_account_is_refused(office: Office) -> None:
    for path in ("/guest", "/checkin"):
        page = await office.stranger().post(path, {"secret": "x", "name": MARKED, "key": "x"})
        assert page.status in (400, 422, 403, 404), (path, page.status)
        assert "Phương án" not in page.words


async def everything(office: Office) -> str:
    """All that is in the database, but for the sessions."""
    async with office.server.app[DATABASE].read() as connection:
        names = await connection.run_sync(lambda plain: look(plain).get_table_names())
        rows = {}
        for name in sorted(set(names) - {"session"}):
            rows[name] = [tuple(row) for row in await connection.execute(text(f'SELECT * FROM "{name}"'))]
    return repr(rows)


Begin = Callable[[Office, Visitor, str | None], Awaitable[Page]]


async def begin_document(_office: Office, visitor: Visitor, declared: str | None) -> Page:
    return await visitor.post("/desk/new", answered({"kind": "CV", "subject": SUBJECT, "leader": "hanh"}, declared))


async def begin_meeting(_office: Office, visitor: Visitor, declared: str | None) -> Page:
    return await visitor.post("/meetings/new", answered(sheet(), declared))


async def begin_series(_office: Office, visitor: Visitor, declared: str | None) -> Page:
    return await visitor.post("/meetings/series/new", answered(weekly(), declared))


async def bring_paper(office: Office, visitor: Visitor, declared: str | None) -> Page:
    meeting = await office.meeting()
    fields = FormData(answered({"csrf": visitor.csrf}, declared), quote_fields=False)
    fields.add_field("file", pdf("Mưa lũ"), filename="a.pdf", content_type="application/pdf")
    page = await visitor.post(f"/meetings/{meeting.id}/papers", fields)
    assert office.server.app[PAPERS].pending(meeting.id) == []
    assert not list(office.server.app[PAPERS].folder.glob("*"))
    return page


async def amend_document(office: Office, visitor: Visitor, declared: str | None) -> Page:
    notice = await office.notice()
    return await visitor.post(f"/desk/{notice}/change", answered({"deed": "recalls"}, declared))


async def take_word(office: Office, visitor: Visitor, declared: str | None) -> Page:
    (notice,) = [one.id for one in await office.records.documents(kind=Kind.NOTICE)] or [
        await office.notice(State.DRAFT)
    ]
    fields = FormData(answered({"csrf": visitor.csrf}, declared), quote_fields=False)
    fields.add_field("file", docx("Mưa lũ", MARKED), filename="a.docx")
    return await visitor.post(f"/desk/{notice}/word", fields)


def answered(fields: dict[str, str], declared: str | None) -> dict[str, str]:
    rest = {name: value for name, value in fields.items() if name != "secrecy"}
    return rest if declared is None else {"secrecy": declared, **rest}


@pytest.mark.parametrize("begin", [begin_document, begin_meeting, begin_series, bring_paper, amend_document, take_word])
async def test_whoever_has_not_said_the_class_is_asked_first(office: Office, begin: Begin) -> None:
    binh = await office.sign_in("binh")
    page = await begin(office, binh, None)
    assert page.status == 422
    assert "Xin trả lời trước: nội dung có chứa bí mật nhà nước không?" in page.words


@pytest.mark.parametrize("begin", [begin_document, begin_meeting, begin_series, bring_paper, take_word])
@pytest.mark.parametrize("declared", sorted(CLASSES.keys() - {"none"}))
async def test_what_is_declared_secret_is_refused_with_what_to_do_instead(
    office: Office, begin: Begin, declared: str
) -> None:
    binh = await office.sign_in("binh")
    page = await begin(office, binh, declared)
    assert page.status == 422
    assert "117/2025/QH15" in page.words
    assert "máy tính độc lập" in page.words
    assert SUBJECT not in page.words


async def test_a_marked_file_or_file_name_is_refused(office: Office) -> None:
    meeting, binh = await office.meeting(), await office.sign_in("binh")
    assert (await send(binh, meeting, pdf("Mưa lũ"), name="TUYỆT MẬT.pdf")).status == 400
    assert await office.server.app[PAPERS].of_meeting(meeting.id) == []


async def test_a_marked_word_file_leaves_the_draft_as_it_was(office: Office) -> None:
    binh = await office.sign_in("binh")
    page = await take_word(office, binh, "none")
    assert page.status in (400, 422)
    assert "độ mật" in page.words
    (notice,) = await office.records.documents(kind=Kind.NOTICE)
    assert MARKED not in str(await office.records.content_json(notice.id))


async def test_the_reason_of_a_voided_number_is_looked_at_too(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    page = await (await office.sign_in("hanh")).post(f"/desk/{minutes}/void", {"reason": MARKED, "pin": PIN})
    assert page.status == 422
    assert (await office.records.get(minutes)).state is State.APPROVED
