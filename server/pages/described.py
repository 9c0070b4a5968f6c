"""The metadata of a document, a case file or the fonds: what the System knows, and what people add."""

from collections import defaultdict
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from minutes.casefiles.case import ItemKind
from minutes.described.field import FIELDS, Form, Subject
from minutes.errors import InvalidContent, NotFound, RecordError
from server.accesses import Deed
from server.directory import Account, Unit
from server.errors import Problem
from server.i18n import N_
from server.keys import CASE_FILES, DESCRIBING, RECORDS
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import private
from server.pages.casefiles import access, case_of, opens
from server.pages.desk_acts import actor
from server.pages.heirs import unit_asked, unit_of
from server.rights import may

KNOWN = {
    "DocCode": N_("Mã định danh"),
    "FileCode": N_("Mã hồ sơ"),
    "FileCatalog": N_("Năm của danh mục hồ sơ"),
    "FileNotation": N_("Số của hồ sơ"),
    "DocOrdinal": N_("Số thứ tự văn bản trong hồ sơ"),
    "TypeName": N_("Tên loại"),
    "CodeNumber": N_("Số của văn bản"),
    "CodeNotation": N_("Ký hiệu của văn bản"),
    "IssuedDate": N_("Ngày văn bản"),
    "OrganName": N_("Cơ quan"),
    "OrganId": N_("Mã cơ quan"),
    "Subject": N_("Trích yếu"),
    "PageAmount": N_("Số trang"),
    "SignerInfo": N_("Người ký"),
    "To": N_("Nơi nhận"),
    "ToPlaces": N_("Đơn vị hoặc người nhận"),
    "Priority": N_("Mức độ khẩn"),
    "ArrivalDate": N_("Ngày đến"),
    "ArrivalNumber": N_("Số đến"),
    "Title": N_("Tiêu đề"),
    "Maintenance": N_("Thời hạn bảo quản"),
    "MaintenanceBasis": N_("Căn cứ"),
    "StartDate": N_("Thời gian bắt đầu"),
    "EndDate": N_("Thời gian kết thúc"),
    "TotalDoc": N_("Tổng số văn bản, tài liệu"),
    "PageTotal": N_("Tổng số trang"),
    "Mode": N_("Dạng hồ sơ"),
    "ArchivesTime": N_("Thời gian tài liệu"),
    "FileTotal": N_("Tổng số hồ sơ"),
    "DocTotal": N_("Tổng số văn bản, tài liệu"),
    "DueDate": N_("Thời hạn giải quyết"),
    "TraceHeaderList": N_("Ý kiến phân phối, chỉ đạo"),
    "Outcome": N_("Kết quả giải quyết"),
}
"""What the System fills in by itself, by the names of Decree 30/2020, Appendix VI."""


DEEDS = {Deed.VIEW: N_("Xem"), Deed.FILE: N_("Tải, in")}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    one = r"/described/{subject:fonds|case|document|received}/{ref:[a-z0-9-]{1,64}|\d{4}/\d{1,6}}"
    return [web.get(one, show), web.post(one, write)]


async def _asked(request: web.Request) -> tuple[Account, Unit, Subject, str]:
    """Who asks, of which unit the thing is, and which one."""
    account = require(request, "desk.open")
    subject, ref = Subject(request.match_info["subject"]), request.match_info["ref"]
    require(request, "case.read", account.unit.id)
    match subject:
        case Subject.FONDS:
            unit = await unit_of(request, account, (ref,))
        case Subject.CASE:
            unit = await unit_of(request, account, ((await case_of(request, account, ref)).unit_id,))
        case Subject.DOCUMENT:
            try:
                unit = await unit_of(request, account, ((await request.app[RECORDS].get(ref)).unit.id,))
            except NotFound as error:
                raise Problem("not_found") from error
        case Subject.RECEIVED:
            unit = await unit_asked(request, account)
    if unit is None:
        raise Problem("not_found")
    require(request, "case.read", unit.id)
    return account, unit, subject, ref


async def _writes(request: web.Request, account: Account, unit: Unit, subject: Subject, ref: str) -> bool:
    """Whether they may fill in fields of it."""
    match subject:
        case Subject.CASE:
            return may(account, "case.work", access(await case_of(request, account, ref)))
        case Subject.RECEIVED:
            lies_in = await request.app[CASE_FILES].holding(unit.id, ItemKind.RECEIVED, ref)
            worked_on = any(may(account, "case.work", access(case)) for case, _place in lies_in)
            return worked_on or may(account, "register.handle", unit.id)
        case _:
            return may(account, "case.keep", unit.id)


async def show(request: web.Request) -> web.Response:
    """GET /described/{subject}/{ref}: all fields, and who has written them."""
    return await _show(request, {})


async def _show(request: web.Request, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    account, unit, subject, ref = await _asked(request)
    try:
        found = await request.app[DESCRIBING].read(unit, subject, ref)
    except NotFound as error:
        raise Problem("not_found") from error
    return private(
        request,
        "records/described.html",
        status=422 if sentence else 200,
        found=found,
        cases=[(case, place) for case, place in found.cases if opens(account, case)],
        labels=KNOWN,
        fields=FIELDS[subject],
        names={**KNOWN, **{one.name: one.label for one in FIELDS[subject]}},
        form=Form,
        deeds=DEEDS,
        typed=defaultdict(str, typed or found.own),
        sentence=sentence,
        may_write=await _writes(request, account, unit, subject, ref),
        of_unit="" if unit.id == account.unit.id else f"?{urlencode({'unit': unit.id})}",
    )


async def write(request: web.Request) -> web.Response:
    """POST /described/{subject}/{ref}: fill in fields."""
    account, unit, subject, ref = await _asked(request)
    if not await _writes(request, account, unit, subject, ref):
        raise Problem("not_allowed")
    typed, reader = await form(request), reader_of(request)
    fields = {one.name: typed.get(one.name, "") for one in FIELDS[subject]}
    try:
        await request.app[DESCRIBING].write(unit, subject, ref, fields, by=actor(account, unit.id))
    except NotFound as error:
        raise Problem("not_found") from error
    except InvalidContent as error:
        label = next((reader.gettext(one.label) for one in FIELDS[subject] if one.name == error.field), error.field)
        text = N_("Chưa lưu được. %(field)s: %(reason)s.")
        return await _show(
            request, fields, reader.gettext(text, field=label, reason=wording.told(error.reason, reader))
        )
    except RecordError as error:
        return await _show(request, fields, wording.told(error.reason, reader))
    return see_other(request.path_qs)
