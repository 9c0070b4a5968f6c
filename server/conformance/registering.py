"""Checks of the registers, of what comes, and of the metadata of documents."""

from datetime import date

from minutes.conformance.checklist import Outcome, Verdict, judged
from minutes.described.field import Subject, initial
from minutes.errors import Refused
from minutes.registers.entry import Direction
from minutes.tasks.task import Act
from server.conformance.office import CHAIR, CLERK, SECRETARY, UNIT, Examined, words
from server.keys import TASKS
from server.records_reading import actor_of

OUTGOING = ("FileCode", "DocOrdinal", "TypeName", "CodeNumber", "CodeNotation", "IssuedDate", "OrganName", "Subject",
            "Language", "PageAmount", "Description", "SignerInfo", "To", "Priority", "IssuedAmount",
            "DueDate")  # fmt: skip
INCOMING = ("FileCode", "DocOrdinal", "ArrivalDate", "ArrivalNumber", "TypeName", "CodeNumber", "CodeNotation",
            "IssuedDate", "OrganName", "Subject", "Language", "PageAmount", "Description", "SignerInfo", "Priority",
            "ToPlaces", "TraceHeaderList", "DueDate")  # fmt: skip


async def arrivals(seen: Examined) -> Outcome:
    """Two documents that came get numbers one after the other; the same one again is noticed."""
    office = seen.office
    first = await office.arrival()
    second = await office.arrive("124/BNV-VP", "V/v thử số đến")
    try:
        await office.registers.receive(office.people[CLERK].unit, first.received, None, by=office.people[CLERK])
        noticed = False
    except Refused:
        noticed = True
    return judged(
        second.number > first.number and noticed,
        f"Văn bản đến thử được cấp số đến {first.number:02d}, {second.number:02d}; đăng ký trùng thì được cảnh báo.",
        "Số đến không liên tiếp, hoặc đăng ký trùng không được cảnh báo.",
    )


async def directed(seen: Examined) -> Outcome:
    """A leader says who is to deal with a document that came and by when; it is on that person's desk, who signs for
    it, and all of it is there to be seen."""
    office, came = seen.office, await seen.office.arrival()
    clerk, chair = office.people[CLERK], office.people[CHAIR]
    unit, opinion = clerk.unit, "Giao Văn phòng tham mưu"
    said = Direction(CHAIR, opinion, person=SECRETARY, deadline=date(2099, 12, 31))
    task = await office.registers.direct(unit, came.year, came.number, said, by=chair) or 0
    await office.app[TASKS].take(task, Act.ACCEPT, actor_of(office.people[SECRETARY]))
    page = await office.get(f"/registers/in/{came.ref}", CLERK)
    desk = await office.get("/desk", SECRETARY)
    report = words((await office.get(f"/registers/in/{came.year}-report.pdf", CLERK)).body)
    one = await office.registers.one_incoming(unit.id, came.year, came.number)
    return judged(
        opinion in page.text
        and chair.name in page.text
        and f'href="/tasks/{task}"' in desk.text
        and one.taken_at is not None
        and "31/12/2099" in report,
        f"Văn bản đến thử số {came.number:02d} được ghi ý kiến chỉ đạo, thời hạn, hiện trên bàn làm việc của người xử "
        "lý và được ký nhận; báo cáo theo dõi có thời hạn đó.",
        "Ý kiến chỉ đạo hoặc thời hạn giải quyết không được theo dõi.",
    )


async def incoming_printed(seen: Examined) -> Outcome:
    """The register of incoming documents in print, with all columns."""
    office, came = seen.office, await seen.office.arrival()
    printed = words((await office.get(f"/registers/in/{came.year}.pdf", CLERK)).body)
    wanted = ("SỔ ĐĂNG KÝ VĂN BẢN ĐẾN", "Ký nhận", came.received.number_symbol, came.received.author)
    return judged(
        all(one in printed for one in wanted),
        f"Sổ đăng ký văn bản đến năm {came.year} in đủ 10 cột theo Phụ lục IV, có văn bản đến thử.",
        "Sổ đăng ký văn bản đến không in được hoặc thiếu văn bản.",
    )


async def outgoing_printed(seen: Examined) -> Outcome:
    """The register of outgoing documents in print, with all columns."""
    office, document = seen.office, await seen.office.issued()
    printed = words((await office.get(f"/registers/out/{document.year}.pdf", CLERK)).body)
    wanted = ("SỔ ĐĂNG KÝ VĂN BẢN ĐI", "Nơi nhận văn bản", document.number_symbol or "?")
    return judged(
        all(one in printed for one in wanted),
        f"Sổ đăng ký văn bản đi năm {document.year} in đủ 8 cột theo Phụ lục IV, có văn bản thử "
        f"{document.number_symbol}.",
        "Sổ đăng ký văn bản đi không in được hoặc thiếu văn bản.",
    )


async def incoming_reported(seen: Examined) -> Outcome:
    """How far what came was settled, in print."""
    office = seen.office
    came = await office.arrive("125/BNV-VP", "V/v thử báo cáo giải quyết")
    path, outcome = f"/registers/in/{came.year}-report.pdf", "Đã trả lời bằng văn bản thử"
    said = Direction(CHAIR, "", person=SECRETARY, deadline=date(2020, 1, 1))
    chair, secretary = office.people[CHAIR], office.people[SECRETARY]
    task = await office.registers.direct(chair.unit, came.year, came.number, said, by=chair) or 0
    before = words((await office.get(path, CLERK)).body)
    await office.app[TASKS].take(task, Act.REPORT, actor_of(secretary), reason=outcome)
    after = words((await office.get(path, CLERK)).body)
    return judged(
        "Quá hạn" in before and outcome in after and "Đã giải quyết" in after,
        "Báo cáo tình hình giải quyết văn bản đến in được: văn bản thử từ quá hạn chuyển sang đã giải quyết.",
        "Báo cáo văn bản đến không theo kịp việc giải quyết.",
    )


async def outgoing_reported(seen: Examined) -> Outcome:
    """How far what is drafted and issued has come, in print."""
    office, document = seen.office, await seen.office.issued()
    waiting = await office.draft("Về việc thử báo cáo văn bản đi")
    printed = words((await office.get(f"/registers/out/{document.year}-report.pdf", CLERK)).body)
    return judged(
        document.title in printed and (await office.records.get(waiting)).title in printed,
        "Báo cáo tình hình giải quyết văn bản đi in được: có văn bản đã phát hành và dự thảo đang xử lý, kèm người giữ "
        "lượt và hạn.",
        "Báo cáo văn bản đi thiếu văn bản.",
    )


async def outgoing_fields(seen: Examined) -> Outcome:
    """Which of the fields of an outgoing document (part II, section I) are on record."""
    office, case = seen.office, await seen.office.closed_case()
    ref, clerk = case.items[0].ref, office.people[CLERK]
    about = initial(Subject.DOCUMENT) | {"Description": "Thử", "IssuedAmount": "12", "DueDate": "2099-12-31"}
    await office.describing.write(clerk.unit, Subject.DOCUMENT, ref, about, by=clerk)
    found = await office.describing.read(clerk.unit, Subject.DOCUMENT, ref)
    return _fields(OUTGOING, {**found.own, **found.known})


async def incoming_fields(seen: Examined) -> Outcome:
    """The same of an incoming one (section II)."""
    office = seen.office
    came = await office.arrive(
        "126/BNV-VP", "V/v thử trường dữ liệu", await office.records.pdf((await office.issued()).id)
    )
    clerk, ref = office.people[CLERK], came.ref
    said = Direction(CHAIR, "Giao Văn phòng", person=SECRETARY, deadline=date(2099, 12, 31))
    await office.registers.direct(clerk.unit, came.year, came.number, said, by=office.people[CHAIR])
    case = await office.open_case("Hồ sơ thử văn bản đến")
    await office.case_files.put_in(UNIT.id, case.id, f"đến {came.number}", by=clerk)
    about = initial(Subject.RECEIVED) | {
        "Description": "Thử", "SignerInfo": "Thứ trưởng Lê Văn Thử", "Priority": "Khẩn",
    }  # fmt: skip
    await office.describing.write(clerk.unit, Subject.RECEIVED, ref, about, by=clerk)
    found = await office.describing.read(clerk.unit, Subject.RECEIVED, ref)
    return _fields(INCOMING, {**found.known, **{name: value for name, value in found.own.items() if value}})


async def filled_in(seen: Examined) -> Outcome:
    """The System fills in what it knows: nobody typed any of it."""
    office, case = seen.office, await seen.office.closed_case()
    found = await office.describing.read(office.people[CLERK].unit, Subject.DOCUMENT, case.items[1].ref)
    known = ("FileCode", "DocOrdinal", "CodeNumber", "CodeNotation", "IssuedDate", "OrganName", "PageAmount",
             "SignerInfo", "To")  # fmt: skip
    missing = [name for name in known if not found.known.get(name)]
    return judged(
        not missing and not found.written,
        f"{len(known)} trường của văn bản thử do Hệ thống tự ghi, gồm mã hồ sơ, số thứ tự trong hồ sơ và số trang.",
        f"Hệ thống chưa tự ghi: {', '.join(missing)}.",
    )


async def added_later(seen: Examined) -> Outcome:
    """Metadata are added to an issued document; what they were before, and by whom, stays on record."""
    office, document = seen.office, await seen.office.issued()
    clerk = office.people[CLERK]
    for keyword in ("thử một", "thử hai"):
        about = initial(Subject.DOCUMENT) | {"Keyword": keyword}
        await office.describing.write(clerk.unit, Subject.DOCUMENT, document.id, about, by=clerk)
    found = await office.describing.read(clerk.unit, Subject.DOCUMENT, document.id)
    written = [one.value for one in found.written if one.field == "Keyword"]
    same = await office.records.verify(await office.records.pdf(document.id))
    return judged(
        written == ["thử một", "thử hai"] and found.own["Keyword"] == "thử hai" and same.in_force,
        "Bổ sung từ khóa cho văn bản đã phát hành hai lần: giá trị mới có hiệu lực, giá trị cũ và người ghi còn lưu; "
        "tệp đã ký không đổi.",
        "Dữ liệu đặc tả không bổ sung được, hoặc mất giá trị cũ.",
    )


def _fields(wanted: tuple[str, ...], said: dict[str, str]) -> Outcome:
    missing = [name for name in wanted if not said.get(name)]
    told = f"Hệ thống ghi {len(wanted) - len(missing)} trong {len(wanted)} trường"
    if missing:
        return Outcome(Verdict.FAILED, f"{told}; thiếu: {', '.join(missing)}.")
    return Outcome(Verdict.MET, f"{told}.")


CHECKS = {
    one.__name__: one
    for one in (
        arrivals, directed, incoming_printed, outgoing_printed, incoming_reported, outgoing_reported, outgoing_fields,
        incoming_fields, filled_in, added_later,
    )
}  # fmt: skip
