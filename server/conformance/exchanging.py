"""Checks of the exchange of documents with other authorities: the office sends to a commune at the same axis."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from minutes.casefiles.handing import Step
from minutes.conformance.checklist import Outcome, Verdict, judged
from minutes.document import Document
from minutes.exchange import edxml
from minutes.exchange.arrival import PDF, RecallState
from minutes.exchange.edxml import Business, Message
from minutes.exchange.status import Code
from minutes.exchange.tables import message_table
from minutes.registers.entry import Direction
from minutes.tasks.task import Act
from server import auth
from server.casefiles_handing import HandingOver
from server.conformance.office import (
    CLERK,
    DELEGATE,
    ORGAN,
    PARTNER,
    PARTNER_LEADER,
    PARTNER_ORGAN,
    SECRETARY,
    Examined,
    Office,
)
from server.keys import SUBMITTING, TASKS
from server.records_reading import actor_of
from server.submitting import name_of


async def _sent(office: Office, subject: str) -> Document:
    """A document of the office that was sent to the commune, and has come there."""
    document = await office.issue(await office.draft(subject))
    await office.exchange.send(document.id, [PARTNER_ORGAN], by=office.people[CLERK])
    await office.carry()
    return document


async def _codes(office: Office, document: Document) -> list[Code]:
    """What the commune has answered so far."""
    await office.carry()
    (one,) = await office.exchange.sent(document.id)
    return [answer.code for answer in one.answers]


async def acknowledged(seen: Examined) -> Outcome:
    """Nobody does anything where the document has come, and the sender knows that it has."""
    office = seen.office
    document = await _sent(office, "Về việc thử báo đã nhận")
    codes = await _codes(office, document)
    page = await office.get(f"/desk/{document.id}", CLERK)
    return judged(
        codes == [Code.ARRIVED] and "Đã đến, chờ tiếp nhận" in page.text,
        f"Văn bản thử {document.number_symbol} gửi đi; hệ thống nhận tự động báo đã đến (mã 01), trang văn bản ghi rõ.",
        "Bên nhận không tự động báo đã nhận văn bản.",
    )


async def followed(seen: Examined) -> Outcome:
    """What is done with a document where it was sent to is seen at the sender's."""
    office, by = seen.office, seen.office.people[DELEGATE]
    document = await _sent(office, "Về việc thử theo dõi xử lý")
    arrivals = office.exchange.arrivals
    (one,) = [one for one in await arrivals.waiting(PARTNER.id) if one.received.subject == document.title]
    year, number = await arrivals.receive(PARTNER, one.id, "", by=by, knowing=False)
    said = Direction(PARTNER_LEADER, "", person=by.id)
    task = await office.registers.direct(PARTNER, year, number, said, by=by) or 0
    await office.app[TASKS].take(task, Act.ACCEPT, actor_of(by))
    codes = await _codes(office, document)
    page = await office.get(f"/desk/{document.id}", CLERK)
    wanted = [Code.ARRIVED, Code.RECEIVED, Code.ASSIGNED, Code.UNDER_WAY]
    return judged(
        sorted(codes) == wanted and by.name in page.text and f"Số đến {number:02d}" in page.text,
        f"Bên nhận tiếp nhận (số đến {number:02d}), phân công, xử lý; bên gửi xem được các mã 01, 03, 04, 05 và người "
        "xử lý tại trang văn bản.",
        "Bên gửi không xem được tình trạng xử lý của bên nhận.",
    )


async def connected(seen: Examined) -> Outcome:
    """By the configuration the office has a way to the axis, and what is sent there is an edXML message for its
    receiver; an authority that is not at the axis cannot be sent to."""
    office = seen.office
    document = await office.issue(await office.draft("Về việc thử kết nối liên thông"))
    await office.exchange.send(document.id, [PARTNER_ORGAN, "H99"], by=office.people[CLERK])
    await office.exchange.look(auth.utcnow())
    folder = office.config.exchange.folder
    messages = [edxml.read(path.read_bytes()) for path in sorted(folder.glob("outbox/*.edxml"))] if folder else []
    found = [one for one in messages if isinstance(one, Message) and one.subject == document.title]
    same = [one.files[0].content for one in found] == [await office.records.pdf(document.id)]
    return judged(
        same and found[0].to_organs == (PARTNER_ORGAN,) and found[0].organ_id == ORGAN,
        "Kết nối đặt trong cấu hình; văn bản thử ra trục thành gói edXML (QCVN 102:2016/BTTTT) đúng mã định danh nơi "
        "gửi, nơi nhận, kèm đúng tệp đã ký.",
        "Không đưa được văn bản ra trục liên thông.",
    )


async def destroyed(seen: Examined) -> Outcome:
    """An authority recalls what it has sent: the page says so, the clerk destroys it, its file is gone, the register
    keeps the line, and the sender hears."""
    office, clerk = seen.office, seen.office.people[CLERK]
    file = await office.records.pdf(await office.draft("Nội dung sẽ bị thu hồi"))
    first = Message(
        id="", organ_id="H42", organ_name="Cơ quan thử", number="71", notation="BNV-VP", place="Hà Nội",
        issued_on=(auth.utcnow() - timedelta(days=1)).date(), kind_name="Công văn", subject="V/v thử hủy theo thu hồi",
        competence="", position="", signer="Người ký thử", to_places=(), to_organs=(ORGAN,),
        files=(edxml.File("van-ban.pdf", PDF, file),),
    )  # fmt: skip
    recall = replace(
        first, number="72", subject="V/v thu hồi", business=Business.REVOKES, targets=(first.document_id,),
        files=(edxml.File("thu-hoi.pdf", PDF, await office.records.pdf(await office.draft("Thông báo thu hồi"))),),
    )  # fmt: skip
    arrivals, unit = office.exchange.arrivals, clerk.unit
    await arrivals.take(unit.id, ORGAN, first, "1" * 64, auth.utcnow())
    (one,) = [one for one in await arrivals.waiting(unit.id) if one.document_id == first.document_id]
    year, number = await arrivals.receive(unit, one.id, "", by=clerk, knowing=False)
    await arrivals.take(unit.id, ORGAN, recall, "2" * 64, auth.utcnow())
    marked = "thu hồi" in (await office.get(f"/registers/in/{year}/{number}", CLERK)).text
    digest = one.files[0].digest
    await arrivals.destroy(unit.id, one.id, by=clerk)
    line = await office.registers.one_incoming(unit.id, year, number)
    after, _ = await arrivals.get(unit.id, one.id)
    async with office.database.read() as connection:
        query = select(message_table.c.code).where(message_table.c.key == first.document_id)
        told = list(await connection.scalars(query))
    gone = office.vault.archive.keys.erased(digest)
    kept = line.received.number_symbol == "71/BNV-VP" and line.received.subject != first.subject
    return judged(
        marked and gone and kept and after.recall is RecallState.DESTROYED and Code.GIVEN_BACK in told,
        f"Văn bản đến thử số {number:02d} bị nơi gửi thu hồi: trang báo thu hồi, văn thư hủy, tệp không còn mở được, "
        "trích yếu đã xóa; sổ giữ số đến và việc hủy, kho lưu trữ có bản ghi, nơi gửi được báo (mã 15).",
        "Văn bản đến bị thu hồi chưa hủy được, hoặc không để lại bản ghi.",
    )


async def linked(seen: Examined) -> Outcome:
    """Documents go to another system and come from it; a closed case file that is kept for good is handed in to the
    historical archive, and what that answers is on record."""
    office, by = seen.office, seen.office.people[CLERK]
    folder, submitting = office.config.historical.folder, office.app[SUBMITTING]
    assert folder is not None, "this office is connected"
    exchanged = [await check(seen) for check in (connected, followed)]
    document = await office.issued()
    period = next(one for one in await office.case_files.periods(by.unit.id) if one.years is None)
    case_id = await office.case_files.open(by.unit, "Hồ sơ thử nộp vào Lưu trữ lịch sử", period.code, by=by)
    await office.case_files.put_in(by.unit.id, case_id, document.number_symbol or "?", by=by)
    await office.case_files.close(by.unit.id, case_id, by=by)
    handing = HandingOver(office.database, auth.utcnow)
    await handing.take(by.unit.id, case_id, Step.OFFERED, by=office.people[SECRETARY])
    await handing.take(by.unit.id, case_id, Step.RECEIVED, by=by)
    await submitting.hand_in(by.unit.id, case_id, by=by)
    case = await office.case_files.get(by.unit.id, case_id)
    bag = (folder / "outbox" / f"{name_of(case)}.zip").read_bytes()
    digest = hashlib.sha256(bag).hexdigest()
    answer = {"digest": digest, "accepted": True, "by": "Lưu trữ lịch sử (thử)"}
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "inbox" / f"{name_of(case)}.json").write_text(json.dumps(answer), encoding="utf-8")
    await submitting.look(auth.utcnow())
    after = (await office.case_files.get(by.unit.id, case_id)).submission
    return judged(
        all(one.verdict is Verdict.MET for one in exchanged)
        and after is not None
        and after.accepted is True
        and after.digest == digest,
        "Văn bản thử đi, đến qua trục liên thông và có trả lời; hồ sơ thử bảo quản vĩnh viễn được nộp thẳng vào nơi "
        "nhận của Lưu trữ lịch sử (gói BagIt, kèm mã kiểm tra), trả lời đã nhận được ghi vào hồ sơ.",
        "Chưa liên thông được với hệ thống khác hoặc với Lưu trữ lịch sử.",
    )


CHECKS = {one.__name__: one for one in (acknowledged, followed, connected, destroyed, linked)}
