"""Checks of creating and following documents: each acts in the office as its people would, and looks at what is on
record afterwards."""

from collections import defaultdict
from datetime import timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from minutes import content
from minutes.archive import digest_of
from minutes.conformance.checklist import Outcome, judged
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind as Deposited
from minutes.document import Act, Kind, State
from minutes.errors import Conflict, Refused
from minutes.starting import STARTED
from minutes.tables import register_table
from minutes.verification import Finding
from minutes.workflow.consultation import Answer, Invited
from minutes.workflow.plan import Comments, Workflow
from minutes.workflow.relation import Deed
from server import auth
from server.conformance.office import CHAIR, CLERK, DELEGATE, SECRETARY, UNIT, Examined, words
from server.deadlines import Deadlines
from server.demo import PIN
from server.keys import POSTMAN


async def whole_way(seen: Examined) -> Outcome:
    """Draft, submit, approve, sign, seal: then registered and archived; and no act out of its turn."""
    office = seen.office
    early = await office.draft("Về việc thử đóng dấu khi chưa duyệt")
    try:
        await office.records.seal(early, by=office.people[CLERK], pin=PIN)
        skipped = True
    except Refused:
        skipped = False
    document = await office.issued()
    acts = [one.act for one in await office.records.history(document.id)]
    expected = ["draft", Act.SUBMIT, Act.APPROVE, Act.SIGN_LAST, Act.SEAL]
    async with office.database.read() as connection:
        entry = await connection.scalar(
            select(register_table.c.state).where(register_table.c.document_id == document.id)
        )
    archived = document.digest is not None and bool(await office.records.pdf(document.id))
    return judged(
        acts == expected and document.state is State.SEALED and entry is not None and archived and not skipped,
        f"Văn bản thử số {document.number_symbol} đi đủ các bước trình, duyệt, ký, đóng dấu, đăng ký, lưu trữ; "
        "đóng dấu khi chưa duyệt bị từ chối.",
        "Văn bản thử không đi đúng các bước của quy trình.",
    )


async def every_kind(seen: Examined) -> Outcome:
    """Each type of document is begun, and comes out as PDF and as a Word file."""
    office, wrong = seen.office, []
    leader = (await office.issued()).signers[0]
    for kind in STARTED:
        made = await office.records.begin(
            kind, "Về việc thử thể thức", office.people[SECRETARY], unit=UNIT, leader=leader
        )
        pdf, word = await office.records.pdf(made), await office.records.word(made)
        if not pdf.startswith(b"%PDF-") or not word.startswith(b"PK"):
            wrong.append(kind.value)
    return judged(
        not wrong,
        f"{len(STARTED)} loại văn bản được tạo mới và chuyển ra PDF, .docx.",
        f"Không tạo hoặc không chuyển được: {', '.join(wrong)}.",
    )


async def attached(seen: Examined) -> Outcome:
    """A file is attached to a draft, printed in it by its digest, deposited with its seal and sent with it."""
    office, by = seen.office, seen.office.people[SECRETARY]
    drafted = await office.draft("Về việc thử đính kèm tệp")
    file = await office.records.pdf(await office.draft("Phụ lục của văn bản thử"))
    await office.records.attach(drafted, "bieu-so-01.pdf", file, by=by)
    document = await office.issue(drafted)
    _name, kept = await office.records.attached(document.id, 1)
    printed = words(await office.records.pdf(document.id)).replace(" ", "")
    async with office.database.read() as connection:
        deposited = [one.entry.kind for one in await deposits.entries(connection, about=document.id)]
    return judged(
        kept == file and digest_of(file) in printed and Deposited.ATTACHMENT in deposited,
        f"Văn bản thử {document.number_symbol} kèm một tệp: tên và mã kiểm tra in trong văn bản đã ký, tệp vào kho lưu "
        "trữ cùng văn bản.",
        "Tệp đính kèm không được ký, hoặc không được lưu trữ cùng văn bản.",
    )


async def identified(seen: Examined) -> Outcome:
    """Documents have different ids and codes; the code leads to the document."""
    office = seen.office
    document, other = await office.issued(), await office.posted()
    differ = document.id != other.id and document.code != other.code
    page = await office.get(f"/verify?code={other.code}")
    found = page.status == 200 and (other.number_symbol or "?") in page.text
    return judged(
        differ and found,
        f"Mỗi văn bản có mã riêng in dưới mã QR (ví dụ {other.code}); tra mã thì thấy văn bản.",
        "Mã trùng nhau, hoặc tra mã không thấy văn bản.",
    )


async def urgency(seen: Examined) -> Outcome:
    """The stamp of urgency is printed where it was chosen, and nowhere else."""
    office = seen.office
    urgent = words(await office.records.pdf(await office.draft("Về việc thử mức độ khẩn", urgency="express")))
    plain = words(await office.records.pdf(await office.draft("Về việc thử mức độ thường")))
    return judged(
        "HỎA TỐC" in urgent and "HỎA TỐC" not in plain,
        "Văn bản được chọn hỏa tốc có dấu HỎA TỐC trên trang đầu; văn bản thường không có.",
        "Mức độ khẩn không hiện trên văn bản.",
    )


async def numbered(seen: Examined) -> Outcome:
    """Two documents get numbers one after the other; the installation's own registers have no gap."""
    office = seen.office
    numbers = []
    for _ in range(2):
        made = await office.draft("Về việc thử cấp số", Kind.PLAN)
        await office.records.submit(made, by=office.people[SECRETARY])
        await office.records.approve(made, by=office.people[CHAIR])
        numbers.append(await office.records.get(made))
    first, second = numbers
    rows = defaultdict(set)
    async with seen.database.read() as connection:
        columns = [register_table.c[name] for name in ("unit_id", "year", "series", "number")]
        for unit, year, series, number in await connection.execute(select(*columns)):
            rows[unit, year, series].add(number)
    given = {key: set[int]().union(*(rows[one] for one in rows if one[:2] == key[:2])) for key in rows}
    gaps = [key for key, numbers in rows.items() if _gap(numbers, given[key])]
    told = ", ".join(f"{series} {year}" for _unit, year, series in gaps)
    return judged(
        second.number == (first.number or 0) + 1 and not gaps,
        f"Hai văn bản thử được cấp số {first.number_symbol}, {second.number_symbol}; {len(rows)} sổ của cơ quan liên "
        f"tục, không nhảy số ({sum(map(len, rows.values()))} số).",
        f"Số không liên tục: {told or 'văn bản thử'}.",
    )


async def no_double(seen: Examined) -> Outcome:
    """The register takes no number twice."""
    office = seen.office
    document = await office.issued()
    query = select(register_table).where(register_table.c.document_id == document.id)
    async with office.database.read() as connection:
        entry = (await connection.execute(query)).one()._asdict()
    try:
        async with office.database.begin() as connection:
            await connection.execute(insert(register_table).values(**entry))
        taken = True
    except IntegrityError:
        taken = False
    return judged(
        not taken,
        f"Ghi lần thứ hai số {document.number_symbol} vào sổ bị cơ sở dữ liệu từ chối.",
        "Sổ nhận hai lần cùng một số.",
    )


async def turns(seen: Examined) -> Outcome:
    """Whoever has to act next sees the document among what waits for them, and others do not."""
    office = seen.office
    chair, clerk = office.people[CHAIR], office.people[CLERK]
    before = [await office.records.count_waiting(one) for one in (chair, clerk)]
    await office.records.submit(await office.draft("Về việc thử thông báo"), by=office.people[SECRETARY])
    after = [await office.records.count_waiting(one) for one in (chair, clerk)]
    return judged(
        after == [before[0] + 1, before[1]],
        "Trình dự thảo thì người duyệt thấy ngay thêm một văn bản chờ xử lý, người khác không thấy.",
        "Văn bản mới không được báo cho người phải xử lý.",
    )


async def reminded(seen: Examined) -> Outcome:
    """A week after a draft was submitted and left lying, a letter to whoever has the turn is in the outbox, once."""
    office = seen.office
    await office.records.submit(await office.draft("Về việc thử nhắc hạn"), by=office.people[SECRETARY])
    deadlines = Deadlines(office.database, office.app[POSTMAN])
    later = auth.utcnow() + timedelta(days=14)
    first, again = await deadlines.look(later), await deadlines.look(later)
    return judged(
        first > 0 and again == 0,
        f"Văn bản quá hạn thì có thư nhắc người đang giữ lượt ({first} thư), mỗi hạn nhắc một lần.",
        "Văn bản quá hạn không được nhắc, hoặc bị nhắc lặp lại.",
    )


async def returned(seen: Examined) -> Outcome:
    """A leader sends a draft back with a reason; the author edits it and submits it again."""
    office, reason = seen.office, "Bổ sung thời hạn báo cáo"
    records, secretary = office.records, office.people[SECRETARY]
    made = await office.draft("Về việc thử chuyển lại dự thảo")
    await records.submit(made, by=secretary)
    await records.send_back(made, by=office.people[CHAIR], reason=reason)
    data = await records.content_json(made)
    await records.edit(made, {**data, "closing": "Báo cáo trước ngày 25"}, by=secretary, expected_version=1)
    await records.submit(made, by=secretary)
    acts = [(one.act, one.reason) for one in await records.history(made)]
    return judged(
        (Act.RETURN, reason) in acts and (await records.get(made)).state is State.REVIEW,
        "Dự thảo được chuyển lại kèm lý do, sửa thành phiên bản 2 và trình lại; lý do còn trong lịch sử.",
        "Dự thảo không chuyển lại được, hoặc mất lý do.",
    )


async def process_kept(seen: Examined) -> Outcome:
    """Remarks, answers, checks, returns and versions of one document are all on record."""
    office = seen.office
    records, secretary, people = office.records, office.people[SECRETARY], office.people
    plan = Workflow(comments=Comments.OPTIONAL)
    await records.set_plan(UNIT.id, Kind.GUIDANCE, plan, by=people[CHAIR])
    made = await office.draft("Về việc thử lưu quá trình giải quyết", Kind.GUIDANCE)
    now = auth.utcnow()
    invited = [Invited(DELEGATE, "", people[DELEGATE].name)]
    await records.consult(made, invited, now + timedelta(days=3), by=secretary)
    await records.remark(
        made, "Đề nghị nêu rõ đơn vị chủ trì.", by=people[DELEGATE], unit=people[DELEGATE].unit.id, agrees=False
    )
    await records.gather(made, by=secretary)
    asked = (await records.asked(made))[0]
    await records.answer(made, asked.id, Answer.ACCEPTED, "", by=secretary)
    await office.issue(made)
    acts = {one.act for one in await records.history(made)}
    wanted = {Act.CONSULT, Act.REMARK, Act.GATHER, Act.ANSWER, Act.SUBMIT, Act.APPROVE, Act.SIGN_LAST, Act.SEAL}
    kept = (await records.asked(made))[0].remark
    return judged(
        wanted <= acts and kept is not None,
        "Lịch sử của văn bản thử có đủ: lấy ý kiến, góp ý, tiếp thu, trình, duyệt, ký, đóng dấu; nội dung góp ý "
        "còn lưu.",
        f"Lịch sử thiếu: {', '.join(sorted(wanted - acts)) or 'nội dung góp ý'}.",
    )


async def recalled(seen: Examined) -> Outcome:
    """A recall takes a document out of force; nothing of it can be changed before or after."""
    office = seen.office
    records, secretary = office.records, office.people[SECRETARY]
    old, _recall = await office.recalled()
    before = await records.pdf(old.id)
    try:
        data = await records.content_json(old.id)
        await records.edit(old.id, data, by=secretary, expected_version=old.version)
        frozen = False
    except Refused:
        frozen = True
    verdict = await records.verify(before)
    return judged(
        frozen and not verdict.in_force and verdict.kind is Finding.GENUINE,
        f"Thu hồi văn bản thử số {old.number_symbol}: kết quả xác minh ghi đã thu hồi, nội dung và dữ liệu giữ nguyên, "
        "sửa bị từ chối.",
        "Văn bản đã thu hồi vẫn còn hiệu lực hoặc còn sửa được.",
    )


async def recall_kept(seen: Examined) -> Outcome:
    """Which document recalled it, and when, stays with the old one."""
    office = seen.office
    old, recall = await office.recalled()
    changes = await office.records.changes(old.id)
    page = await office.get(f"/desk/{old.id}", SECRETARY)
    kept = any(one.deed is Deed.RECALLS and one.number_symbol == recall.number_symbol for one in changes)
    return judged(
        kept and (recall.number_symbol or "?") in page.text,
        f"Văn bản cũ ghi rõ bị thu hồi bằng văn bản số {recall.number_symbol}, ngày nào; cả hai còn trong kho lưu trữ.",
        "Văn bản cũ không cho biết bị thu hồi bằng văn bản nào.",
    )


async def conflict(seen: Examined) -> Outcome:
    """Who saves a text that was changed meanwhile is told so, and nothing is lost."""
    office = seen.office
    records, secretary = office.records, office.people[SECRETARY]
    made = await office.draft("Về việc thử xung đột")
    data = await records.content_json(made)
    await records.edit(made, {**data, "closing": "Bản thứ nhất"}, by=secretary, expected_version=1)
    try:
        await records.edit(made, {**data, "closing": "Bản thứ hai"}, by=secretary, expected_version=1)
        told = False
    except Conflict:
        told = True
    kept = content.to_json(await records.content(made))["closing"]
    return judged(
        told and kept == "Bản thứ nhất",
        "Hai người sửa cùng một phiên bản: người lưu sau được báo xung đột, bản lưu trước không mất.",
        "Người lưu sau ghi đè bản lưu trước mà không được báo.",
    )


def _gap(numbers: set[int], given: set[int]) -> bool:
    """Whether a series lacks a number. Where its authority changes within a year how it counts, a series begins above
    the numbers of another one (`given`: all of the year)."""
    missing = set(range(1, max(numbers))) - numbers
    return any(one > min(numbers) or one not in given for one in missing)


CHECKS = {
    one.__name__: one
    for one in (
        whole_way, every_kind, attached, identified, urgency, numbered, no_double, turns, reminded, returned,
        process_kept, recalled, recall_kept, conflict,
    )
}  # fmt: skip
