"""Checks of case files: opened, gathered, described, closed, handed over and kept for their period."""

import hashlib
import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select

from minutes.casefiles.case import CaseState, ItemKind
from minutes.casefiles.group import FIRST, Group
from minutes.casefiles.handing import Step
from minutes.conformance.checklist import Outcome, Verdict, judged
from minutes.deposits import store as deposits
from minutes.deposits.store import deposit_table
from minutes.described.field import Subject, initial
from minutes.errors import Refused
from server import auth, casefile_reminders, directory, rights
from server.casefiles_handing import HandingOver
from server.conformance.documents import whole_way
from server.conformance.office import CHAIR, CLERK, DELEGATE, SECRETARY, Examined, words
from server.conformance.registering import arrivals

_OF_CASE = ("FileCode", "Title", "Maintenance", "Rights", "Language", "StartDate", "EndDate", "Keyword", "TotalDoc",
            "PageTotal", "Description")  # fmt: skip


async def whole_matter(seen: Examined) -> Outcome:
    """What comes, what goes out, and the case file that keeps both, with its metadata: each is tried."""
    tried = [await check(seen) for check in (whole_way, arrivals, case_deposited, case_fields)]
    return judged(
        all(one.verdict is Verdict.MET for one in tried),
        "Văn bản đến, văn bản đi, hồ sơ và dữ liệu đặc tả đi trọn quy trình thử: đăng ký, soạn, duyệt, ký, phát hành, "
        "lập hồ sơ, kết thúc, nộp lưu.",
        f"Chưa trọn quy trình: {next((one.said for one in tried if one.verdict is not Verdict.MET), '')}",
    )


async def case_listed(seen: Examined) -> Outcome:
    """A case file that is opened stands in the year's list, on the page and in print."""
    office, case = seen.office, await seen.office.case()
    page = await office.get("/casefiles", CLERK)
    printed = await office.get(f"/casefiles/{case.year}-list.pdf", CLERK)
    return judged(
        case.title in page.text and case.title in words(printed.body) and case.code in page.text,
        f"Hồ sơ thử số {case.code} có trong Danh mục hồ sơ năm {case.year}, trên trang và bản in.",
        "Danh mục hồ sơ thiếu hồ sơ vừa lập.",
    )


async def case_numbered(seen: Examined) -> Outcome:
    """Case files get codes one after the other, and what lies in one has its place."""
    office, case = seen.office, await seen.office.case()
    other = await office.open_case("Hồ sơ thử mã hồ sơ")
    documents = [one.ref for one in case.items]
    found = await office.case_files.holding(case.unit_id, ItemKind.DOCUMENT, documents[1])
    place = next((place for one, place in found if one.id == case.id), 0)
    return judged(
        other.number == case.number + 1 and place == 2,
        f"Hai hồ sơ thử được tạo mã {case.code}, {other.code}; văn bản thứ hai trong hồ sơ có số thứ tự {place}.",
        "Mã hồ sơ không liên tiếp, hoặc văn bản không có số thứ tự.",
    )


async def case_linked(seen: Examined) -> Outcome:
    """From the case file to each of its documents, and from a document to its case file and the others in it."""
    office, case = seen.office, await seen.office.case()
    page = await office.get(f"/casefiles/{case.id}", CLERK)
    back = await office.get(f"/described/document/{case.items[0].ref}", CLERK)
    there = all(f"/desk/{one.ref}" in page.text for one in case.items)
    return judged(
        there and f"/casefiles/{case.id}" in back.text and case.code in back.text,
        f"Từ hồ sơ thử mở được cả {len(case.items)} văn bản; từ văn bản mở được hồ sơ {case.code} cùng mã.",
        "Hồ sơ và văn bản của nó không dẫn đến nhau.",
    )


async def case_shared(seen: Examined) -> Outcome:
    """One document in two case files: both list it, the archive has it once."""
    office, case = seen.office, await seen.office.case()
    document = await office.records.get(case.items[0].ref)
    other = await office.open_case("Hồ sơ thử dùng chung văn bản")
    by = office.people[CLERK]
    await office.case_files.put_in(other.unit_id, other.id, document.number_symbol or "?", by=by)
    held = await office.case_files.holding(case.unit_id, ItemKind.DOCUMENT, document.id)
    async with office.database.read() as connection:
        query = select(func.count()).where(deposit_table.c.digest == document.digest)
        times = await connection.scalar(query)
    return judged(
        {case.id, other.id} <= {one.id for one, _ in held} and times == 1,
        f"Văn bản số {document.number_symbol} nằm trong hồ sơ {case.code} và {other.code}; kho lưu trữ chỉ có một bản.",
        "Văn bản không gán được cho hai hồ sơ, hoặc bị nhân bản.",
    )


async def case_exported(seen: Examined) -> Outcome:
    """A closed case file comes out as a bag: files in the order of time, digests that are right, the metadata."""
    office, case = seen.office, await seen.office.closed_case()
    sent = await office.get(f"/casefiles/{case.id}/bag", CLERK)
    with zipfile.ZipFile(io.BytesIO(sent.body)) as bag:
        files = {name.partition("/")[2]: bag.read(name) for name in bag.namelist()}
    listed = [line.split("  ", 1) for line in files["manifest-sha256.txt"].decode().splitlines()]
    sound = all(hashlib.sha256(files[name]).hexdigest() == digest for digest, name in listed)
    said = json.loads(files["metadata/ho-so.json"])
    order = [one["File"] for one in said["Documents"]]
    pdf = all(files[name].startswith(b"%PDF-") for name in order)
    return judged(
        sound and pdf and order == sorted(order) and len(order) == len(case.items) == said["TotalDoc"],
        f"Hồ sơ thử kết xuất thành gói BagIt (RFC 8493): {len(order)} tệp PDF theo trình tự thời gian, mã kiểm tra "
        "đúng, kèm dữ liệu đặc tả.",
        "Gói hồ sơ thiếu tệp, sai mã kiểm tra hoặc thiếu dữ liệu đặc tả.",
    )


async def case_deposited(seen: Examined) -> Outcome:
    """What lies in a closed case file, and its metadata, are in the archive's log; that it was handed over is kept."""
    office, case = seen.office, await seen.office.closed_case()
    async with office.database.read() as connection:
        logged = [await deposits.entries(connection, digest=one.digest) for one in case.items]
        metadata = await deposits.entries(connection, about=case.id)
    again = await office.open_case("Hồ sơ thử giao nộp")
    by = office.people[CLERK]
    document = await office.records.get(case.items[0].ref)
    await office.case_files.put_in(again.unit_id, again.id, document.number_symbol or "?", by=by)
    await office.case_files.close(again.unit_id, again.id, by=by)
    handing = HandingOver(office.database, auth.utcnow)
    await handing.take(again.unit_id, again.id, Step.OFFERED, by=office.people[SECRETARY])
    await handing.take(again.unit_id, again.id, Step.RECEIVED, by=by)
    handed = await office.case_files.get(again.unit_id, again.id)
    return judged(
        all(logged) and bool(metadata) and handed.handed_on is not None and handed.due_on is None,
        f"Khi kết thúc hồ sơ thử, {len(logged)} tài liệu và dữ liệu đặc tả được ghi vào nhật ký của kho lưu trữ; ngày "
        "giao nộp được lưu.",
        "Tài liệu của hồ sơ đã kết thúc không có trong kho lưu trữ.",
    )


async def case_due(seen: Examined) -> Outcome:
    """Thirty days before a closed case file is to be handed over, those who keep it are told; a day earlier not."""
    office, case = seen.office, await seen.office.closed_case()
    assert case.due_on is not None, "it was not handed over"
    wait = case.due_on - office.case_files.today

    async def told(days: int) -> int:
        async with office.database.begin() as connection:
            letters = await casefile_reminders.due(
                connection, await directory.accounts(connection), auth.utcnow() + wait + timedelta(days=days)
            )
        return sum(f"/casefiles/{case.id}" == one.path for one in letters)

    early, at_last, again = await told(-31), await told(-30), await told(-29)
    return judged(
        early == 0 and at_last > 0 and again == 0,
        f"Trước hạn giao nộp 30 ngày có thư nhắc người giữ hồ sơ ({at_last} thư, một lần).",
        "Không có thư nhắc hồ sơ đến hạn nộp lưu.",
    )


async def case_period(seen: Examined) -> Outcome:
    """Every case file has a period of the authority's own table, which it keeps when the table changes; its documents
    and their metadata are there to be read."""
    office, case = seen.office, await seen.office.closed_case()
    by, changed = office.people[CLERK], replace(case.period, title="Nhóm hồ sơ thử", years=3)
    await office.case_files.set_period(case.unit_id, changed, by=by)
    again = await office.case_files.get(case.unit_id, case.id)
    periods = await office.case_files.periods(case.unit_id)
    said = await office.case_files.metadata(again)
    files = [b"".join(office.case_files.read(one)) for one in again.items]
    return judged(
        again.period == case.period and changed in periods and said["Maintenance"] and all(files),
        f"Hồ sơ thử có thời hạn bảo quản {said['Maintenance'].lower()} theo bảng {len(periods)} dòng của cơ quan, giữ "
        f"nguyên khi bảng thay đổi; {len(files)} văn bản và dữ liệu đặc tả còn đủ.",
        "Hồ sơ không có thời hạn bảo quản, hoặc thời hạn thay đổi theo bảng.",
    )


async def case_frozen(seen: Examined) -> Outcome:
    """A closed case file takes nothing more and loses nothing; its documents cannot be edited."""
    office, case = seen.office, await seen.office.closed_case()
    by, refused = office.people[CLERK], 0
    other = await office.issued()
    document = await office.records.get(case.items[0].ref)
    text = await office.records.content_json(document.id)
    for act in (
        office.case_files.put_in(case.unit_id, case.id, other.number_symbol or "?", by=by),
        office.case_files.keep_for(case.unit_id, case.id, case.period.code),
        office.case_files.close(case.unit_id, case.id, by=by),
        office.records.edit(document.id, text, by=office.people[SECRETARY], expected_version=document.version),
    ):
        try:
            await act
        except Refused:
            refused += 1
    again = await office.case_files.get(case.unit_id, case.id)
    return judged(
        refused == 4 and again.state is CaseState.CLOSED and again.items == case.items,
        "Hồ sơ đã kết thúc là một tập hợp bị khóa: đưa thêm, đổi thời hạn, kết thúc lại và sửa văn bản trong đó đều "
        "bị từ chối.",
        "Hồ sơ đã kết thúc vẫn còn thay đổi được.",
    )


async def case_contents(seen: Examined) -> Outcome:
    """The contents of a case file in print."""
    office, case = seen.office, await seen.office.closed_case()
    printed = words((await office.get(f"/casefiles/{case.id}/contents.pdf", CLERK)).body)
    wanted = [f"{one.said['CodeNumber']}/{one.said['CodeNotation']}" for one in case.items]
    return judged(
        all(one in printed for one in wanted) and case.code in printed,
        f"Mục lục văn bản của hồ sơ thử in đủ {len(wanted)} văn bản, để ký và lưu.",
        "Mục lục văn bản trong hồ sơ thiếu văn bản.",
    )


async def cases_printed(seen: Examined) -> Outcome:
    """The list of closed case files in print."""
    office, case = seen.office, await seen.office.closed_case()
    printed = words((await office.get(f"/casefiles/{case.year}-closed.pdf", CLERK)).body)
    return judged(
        case.title in printed and case.code in printed,
        f"Mục lục hồ sơ năm {case.year} in được, có hồ sơ thử đã kết thúc kèm thời hạn bảo quản và số trang.",
        "Mục lục hồ sơ thiếu hồ sơ đã kết thúc.",
    )


async def case_fields(seen: Examined) -> Outcome:
    """Which of the fields of a case file (part II, section III) are on record."""
    office, case = seen.office, await seen.office.closed_case()
    by, about = office.people[CLERK], {**initial(Subject.CASE), "Keyword": "thử", "Description": "Hồ sơ thử"}
    await office.describing.write(office.people[CLERK].unit, Subject.CASE, case.id, about, by=by)
    said = await office.case_files.metadata(case)
    missing = [name for name in _OF_CASE if not said.get(name)]
    told = f"Hệ thống ghi {len(_OF_CASE) - len(missing)} trong {len(_OF_CASE)} trường"
    if missing:
        return Outcome(Verdict.FAILED, f"{told}; thiếu: {', '.join(missing)}.")
    return Outcome(Verdict.MET, f"{told}, trong dữ liệu đặc tả đi kèm gói hồ sơ.")


async def case_guarded(seen: Examined) -> Outcome:
    """Who is not of the office sees neither a case file, nor its files, nor its metadata."""
    office, case = seen.office, await seen.office.closed_case()
    paths = [f"/casefiles/{case.id}{rest}" for rest in ("", "/bag", "/items/1", "/contents.pdf")]
    paths.append(f"/described/case/{case.id}")
    shown = [path for path in paths for who in (DELEGATE, "") if (await office.get(path, who)).status == 200]
    mine = [(await office.get(path, CLERK)).status for path in paths]
    return judged(
        not shown and mine == [200] * len(paths),
        f"Người ngoài cơ quan và người chưa đăng nhập bị từ chối cả {len(paths)} trang của hồ sơ lưu trữ và dữ liệu "
        "đặc tả; văn thư xem được.",
        "Hồ sơ lưu trữ hoặc dữ liệu đặc tả lộ ra ngoài cơ quan.",
    )


async def case_groups(seen: Examined) -> Outcome:
    """Who has the right makes a group with the roles that open it; what is put into it is closed to the others at once,
    as pages, lists and files."""
    office, case = seen.office, await seen.office.closed_case()
    made = Group("thu", "Nhóm thử: lãnh đạo, văn thư", frozenset({"leader", "clerk"}), office.people[CHAIR].name)
    await office.case_files.set_group(case.unit_id, made)
    paths = [f"/casefiles/{case.id}", f"/casefiles/{case.id}/contents.pdf", f"/described/case/{case.id}"]
    lists = ["/casefiles", f"/described/document/{case.items[0].ref}"]

    async def opened_by(who: str) -> tuple[list[int], list[bool]]:
        answers = [await office.get(path, who) for path in paths]
        return [one.status for one in answers], [case.title in (await office.get(path, who)).text for path in lists]

    before = await opened_by(SECRETARY)
    await office.case_files.move(case.unit_id, case.id, made.code, by=office.people[CLERK])
    inside, outside = await opened_by(CLERK), await opened_by(SECRETARY)
    await office.case_files.move(case.unit_id, case.id, FIRST, by=office.people[CLERK])
    may_group = [rights.may(office.people[one], "case.group", case.unit_id) for one in (CHAIR, SECRETARY, DELEGATE)]
    every = ([200] * 3, [True] * 2)
    return judged(
        before == inside == every and outside == ([403] * 3, [False] * 2) and may_group == [True, False, False],
        "Lập nhóm hồ sơ thử theo cấp độ thông tin, đưa hồ sơ vào: người có vai trò của nhóm mở được; người khác trong "
        "cơ quan bị từ chối ngay, không thấy tên hồ sơ. Văn bản trong hồ sơ giữ quyền của từng văn bản (III.3.b); tài "
        "liệu bí mật nhà nước bị từ chối.",
        "Hồ sơ của nhóm mở cho người không có vai trò của nhóm, hoặc không mở cho người có vai trò.",
    )


CHECKS = {
    one.__name__: one
    for one in (
        whole_matter, case_listed, case_numbered, case_linked, case_shared, case_exported, case_deposited, case_due,
        case_period, case_frozen, case_contents, cases_printed, case_fields, case_guarded,
        case_groups,
    )
}  # fmt: skip
