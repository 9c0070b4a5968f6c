"""Two officials write one draft at once through the editor's socket: kept before told, cut into versions."""

import io
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import structlog
from aiohttp import ClientWebSocketResponse, WSCloseCode, WSServerHandshakeError
from docx import Document
from sqlalchemy import text

from minutes.document import Kind, State
from server.editing import live as open_drafts
from server.editing.live import Editing
from server.keys import DATABASE, EDITING
from server.pages import editing as pages_editing
from tests.server.pages.conftest import Office, Visitor
from tests.server.pages.test_edit_minutes import fields_of

Message = dict[str, Any]


@dataclass
class Hand:
    """One page that has the draft open."""

    socket: ClientWebSocketResponse
    page: str
    sheet: Message
    numbers: Any

    async def hears(self, kind: str) -> Message:
        while True:
            message: Message = await self.socket.receive_json(timeout=10)
            if message["type"] == kind:
                return message

    async def do(self, **operation: Any) -> None:
        number = operation.pop("number", None) or next(self.numbers)
        wanted = {**operation, "number": number}
        await self.socket.send_json({"type": "do", "source": self.page, "operations": [wanted]})

    async def write(self, block: str, delta: list[Any], revision: int = 0, field: str = "text", **more: Any) -> None:
        await self.do(do="write", block=block, field=field, revision=revision, delta=delta, **more)

    async def asks(self, kind: str, answer: str, **fields: Any) -> Message:
        await self.socket.send_json({"type": kind, **fields})
        return await self.hears(answer)

    def text(self, block: str, field: str = "text") -> str:
        found: str = self.sheet["items"][block]["texts"][field]["text"]
        return found


async def sit(visitor: Visitor, document: str, page: str) -> Hand:
    socket = await visitor.session.ws_connect(f"/desk/{document}/ws?page={page}")
    welcome = await socket.receive_json(timeout=10)
    assert welcome["type"] == "welcome"
    return Hand(socket, page, welcome["sheet"], count(1))


def editing(office: Office) -> Editing:
    return office.server.app[EDITING]


async def versions(office: Office, document: str) -> list[tuple[int, str]]:
    async with office.server.app[DATABASE].read() as connection:
        rows = await connection.execute(
            text("SELECT version, authors FROM draft_author WHERE document_id = :id ORDER BY version"), {"id": document}
        )
        return [(row.version, row.authors) for row in rows]


async def test_two_write_at_once_and_the_version_has_both(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-1")
    other = await sit(await office.sign_in("binh"), minutes, "binh-2")
    title = binh.text("the-title")
    await binh.write("the-title", ["A: ", len(title)])
    await binh.hears("done")
    await other.write("the-title", [len(title), " (B)"], revision=0)
    (first,) = (await other.hears("done"))["changes"]
    assert first["delta"] == ["A: ", len(title)]
    (second,) = (await other.hears("done"))["changes"]
    assert second["delta"] == [len(title) + 3, " (B)"]
    assert (await binh.asks("settle", "settled"))["problem"] == ""
    content = await office.records.content_json(minutes)
    assert content["title"] == f"A: {title} (B)"
    assert (await office.records.get(minutes)).version == 2


async def test_blocks_are_put_moved_taken_out_and_put_back(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    first, *_, last = binh.sheet["lists"]["recipients"]
    await binh.do(do="put", list="recipients", id="mine", after=first, kind="line", texts={"text": "Công an tỉnh"})
    await binh.do(do="move", block=last, after=None)
    await binh.do(do="remove", block=first)
    await binh.do(do="remove", block="mine")
    await binh.do(do="restore", block="mine")
    (conclusion,) = binh.sheet["lists"]["conclusions"]
    await binh.do(do="set", block=conclusion, field="deadline", value="2028-03-01")
    await binh.asks("settle", "settled")
    content = await office.records.content_json(minutes)
    assert content["recipients"] == ["Lưu: VT, Hồ sơ", "Công an tỉnh", "Các đơn vị dự họp"]
    assert content["conclusions"][0]["deadline"] == "2028-03-01"


async def test_what_was_told_is_on_disk_and_outlives_a_crash(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    venue = binh.text("the-venue")
    await binh.write("the-venue", [len(venue), ", phòng 2"])
    await binh.hears("done")
    after_crash = Editing(office.server.app[DATABASE], office.records)
    await after_crash.settle(minutes)
    assert (await office.records.content_json(minutes))["venue"] == f"{venue}, phòng 2"


async def test_a_change_that_is_sent_twice_over_a_bad_line_is_made_once(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    venue = binh.text("the-venue")
    for _ in range(2):
        await binh.write("the-venue", [len(venue), "!"], number=7)
    for _ in range(2):
        await binh.do(do="put", list="recipients", id="mine", after=None, kind="line", number=8, texts={"text": "X"})
    await binh.asks("settle", "settled")
    content = await office.records.content_json(minutes)
    assert content["venue"] == f"{venue}!"
    assert content["recipients"].count("X") == 1
    again = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    assert again.sheet["written"]["binh-p1"] == 8
    assert again.sheet["items"]["the-venue"]["texts"]["text"]["written"]["binh-p1"] == 7


async def test_the_same_page_in_two_windows_writes_in_the_later_one(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    first = await sit(visitor, minutes, "binh-p1")
    await sit(visitor, minutes, "binh-p1")
    assert (await first.hears("bye"))["reason"] == "elsewhere"


async def test_a_pause_and_another_author_each_make_a_version(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    minutes = await office.minutes()
    clock = [1000.0]
    drafts = Editing(office.server.app[DATABASE], office.records, lambda: clock[0])
    reader = (await office.actor("binh"), await office.actor("hanh"))
    live, binh = await drafts.join(minutes, reader[0], "binh-p1", open_drafts.Reader("vi"))
    _, hanh = await drafts.join(minutes, reader[1], "hanh-p2", open_drafts.Reader("vi"))
    size = len(live.sheet.text("the-venue", "text"))
    numbers = count(1)

    async def type_(seat: open_drafts.Seat, words: str) -> None:
        now = len(live.sheet.text("the-venue", "text"))
        revision = live.sheet.items["the-venue"].texts["text"].revision
        change = open_drafts.Write(
            "the-venue", "text", revision, (now, words), seat.connection.participant, next(numbers)
        )
        assert await drafts.do(live, seat, [change]) == []

    await type_(binh, " một")
    clock[0] += 5
    await type_(hanh, " hai")  # at the same time: one version of both
    clock[0] += 20
    await type_(binh, " ba")  # who has written in it goes on
    clock[0] += 20
    await drafts._look_at(live)
    assert live.version == 1, "they are not at rest yet"
    clock[0] += open_drafts.PAUSE
    await drafts._look_at(live)
    assert live.version == 2
    await type_(hanh, " bốn")
    clock[0] += open_drafts.TURN + 1
    await type_(binh, " năm")  # another author after a while
    assert live.version == 3
    await drafts.leave(live, binh)
    await drafts.leave(live, hanh)
    assert live.version == 4, "the last one who leaves"
    names = [authors.count('","') // 2 for _, authors in await versions(office, minutes)]
    assert names == [2, 1, 1]
    assert (await office.records.content_json(minutes))["venue"][size:] == " một hai ba bốn năm"


async def test_submitting_hands_on_what_was_just_written_once_it_was_seen(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    seen = (await visitor.get(f"/desk/{minutes}")).value("version")
    await binh.write("the-venue", [len(binh.text("the-venue")), ", phòng 2"])
    await binh.hears("done")
    page = await visitor.post(f"/desk/{minutes}/submit", {"version": seen})
    assert page.status == 422
    assert "vừa được người khác xử lý" in page.words
    assert (await visitor.post(f"/desk/{minutes}/submit", {"version": page.value("version")})).status == 303
    assert (await office.records.get(minutes)).state is State.REVIEW
    await binh.hears("closed")
    await binh.write("the-venue", [1], revision=1)
    assert (await binh.hears("refused"))["code"] == "draft_closed"


async def test_what_cannot_be_kept_says_why_and_stays_in_the_draft(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    await binh.write("the-title", [-len(binh.text("the-title"))])
    await binh.hears("done")
    assert "Tên cuộc họp: để trống" in (await binh.asks("settle", "settled"))["problem"]
    version = (await visitor.get(f"/desk/{minutes}")).value("version")
    page = await visitor.post(f"/desk/{minutes}/submit", {"version": version})
    assert "Tên cuộc họp: để trống" in page.words
    assert (await office.records.get(minutes)).state is State.DRAFT
    assert (await sit(visitor, minutes, "binh-p2")).text("the-title") == ""


async def test_what_cannot_be_kept_is_said_and_logged_once_until_it_is_mended(office: Office) -> None:
    minutes = await office.minutes()
    clock = [1000.0]
    drafts = Editing(office.server.app[DATABASE], office.records, lambda: clock[0])
    live, binh = await drafts.join(minutes, await office.actor("binh"), "binh-p1", open_drafts.Reader("vi"))
    title = live.sheet.text("the-title", "text")

    async def write(number: int, *delta: int | str) -> None:
        revision = live.sheet.items["the-title"].texts["text"].revision
        assert await drafts.do(live, binh, [open_drafts.Write("the-title", "text", revision, delta, "p", number)]) == []

    with structlog.testing.capture_logs() as logged:
        await write(1, -len(title))
        for _ in range(3):
            clock[0] += open_drafts.PAUSE
            await drafts._look_at(live)
        assert [one["event"] for one in logged] == ["no version yet"]
        _, again = await drafts.join(minutes, await office.actor("binh"), "binh-p2", open_drafts.Reader("vi"))
        assert "Tên cuộc họp: để trống" in live.told_version(again.reader)["problem"], "who comes anew hears of it too"
        await write(2, "Họp")
        clock[0] += open_drafts.SOON
        await drafts._look_at(live)
        assert [one["event"] for one in logged] == ["no version yet"]
    assert live.told_version(again.reader) == {"type": "version", "version": 2, "problem": ""}
    assert (await office.records.content_json(minutes))["title"] == "Họp"


async def test_who_opens_a_draft_that_cannot_be_kept_hears_why(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    assert (await binh.hears("version"))["problem"] == ""
    await binh.write("the-title", [-len(binh.text("the-title"))])
    await binh.hears("done")
    assert (await visitor.get(f"/desk/{minutes}/edit")).status == 200
    other = await sit(visitor, minutes, "binh-p2")
    for hand in (binh, other):
        assert "Tên cuộc họp: để trống" in (await hand.hears("version"))["problem"]
    await other.write("the-title", ["Họp"], revision=1)
    await other.hears("done")
    await other.asks("settle", "version")
    assert (await binh.hears("version")) == {"type": "version", "version": 2, "problem": ""}


async def test_a_mark_of_secrecy_typed_letter_by_letter_is_refused(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    size = len(binh.text("the-venue"))
    await binh.write("the-venue", [size, " TỐI MẬ"])
    await binh.hears("done")
    await binh.write("the-venue", [size + 7, "T"], revision=1)
    assert (await binh.hears("refused"))["code"] == "secret_marking"


async def test_the_form_and_the_editor_lose_nothing_of_each_other(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    fields = fields_of(await visitor.get(f"/desk/{minutes}/edit"))
    await binh.write("the-venue", [len(binh.text("the-venue")), ", phòng 2"])
    await binh.hears("done")
    page = await visitor.post(f"/desk/{minutes}/edit", {**fields, "title": "Tên từ biểu mẫu"})
    assert page.status == 409, "what was written in the editor became a version first"
    assert page.value("title") == "Tên từ biểu mẫu"
    merged = {**fields_of(page), "venue": "Phòng 3"}
    assert (await visitor.post(f"/desk/{minutes}/edit", merged)).status == 303
    told: list[Message] = []
    while not {one["block"] for one in told} >= {"the-title", "the-venue"}:
        told += (await binh.hears("done"))["changes"]
    content = await office.records.content_json(minutes)
    assert (content["title"], content["venue"]) == ("Tên từ biểu mẫu", "Phòng 3")


async def test_a_word_file_has_what_was_just_typed(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    (conclusion,) = binh.sheet["lists"]["conclusions"]
    await binh.write(conclusion, ["Khẩn trương: ", len(binh.text(conclusion))])
    await binh.hears("done")
    page = await visitor.get(f"/desk/{minutes}/word")
    assert "Khẩn trương: " in "".join(one.text or "" for one in Document(io.BytesIO(page.body)).element.iter())


async def test_an_older_version_comes_back_as_a_new_one(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    before = await office.records.content_json(minutes)
    (conclusion,) = binh.sheet["lists"]["conclusions"]
    await binh.write(conclusion, [3, "lại ", len(binh.text(conclusion)) - 3])
    await binh.do(do="remove", block=binh.sheet["lists"]["recipients"][0])
    await binh.asks("settle", "settled")
    page = await visitor.get(f"/desk/{minutes}/versions?from=1&to=2")
    assert "<ins>" in page.text
    assert page.words.count("Đã sửa gì") == 1, "the first version has none before it"
    assert "[thêm: lại ]" in page.words
    assert "[bỏ: Chủ tọa, thư ký cuộc họp ]" in page.words
    assert (await visitor.post(f"/desk/{minutes}/versions/1/restore")).status == 303
    assert await office.records.content_json(minutes) == before
    assert (await office.records.get(minutes)).version == 3
    assert (await visitor.get(f"/desk/{minutes}/versions?from=1&to=3")).has("no-difference")
    assert (await visitor.get(f"/desk/{minutes}/versions?from=1&to=9")).status == 404


async def test_remarks_stand_in_the_margin_until_they_are_settled(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    await binh.hears("remarks")
    (one,) = (await binh.asks("remark", "remarks", block="the-venue", text="Ghi rõ phòng họp"))["remarks"]
    assert (one["text"], one["settled"]) == ("Ghi rõ phòng họp", "")
    page = await (await office.sign_in("hanh")).get(f"/desk/{minutes}")
    assert page.has("margin"), "who approves it reads the margin too"
    assert "Ghi rõ phòng họp" in page.words
    assert "Địa điểm" in page.words
    visitor = await office.sign_in("binh")
    assert "Còn 1 ghi chú chưa xử lý." in (await visitor.get(f"/desk/{minutes}")).words, "told before it is submitted"
    assert (await visitor.post(f"/desk/{minutes}/submit")).status == 303
    leader = await office.sign_in("hanh")
    assert "Còn 1 ghi chú chưa xử lý." in (await leader.get(f"/desk/{minutes}")).words, "and before it is approved"
    assert (await visitor.post(f"/desk/{minutes}/take-back")).status == 303
    (one,) = (await binh.asks("resolve", "remarks", remark=one["id"]))["remarks"]
    assert one["settled"] == "Trần Văn Bình"
    assert not (await visitor.get(f"/desk/{minutes}")).has("open-notes")
    refused = await binh.asks("remark", "refused", block="the-venue", text="TỐI MẬT")
    assert refused["code"] == "secret_marking"


async def test_pages_are_drawn_for_who_looks_and_named_by_their_content(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    binh = await sit(visitor, minutes, "binh-p1")
    name, *_ = (await binh.asks("look", "preview", wanted=True))["pages"]
    picture = await visitor.get(f"/desk/{minutes}/pages/{name}.svg")
    assert picture.status == 200
    assert picture.headers["Content-Type"].startswith("image/svg+xml")
    assert b"<svg" in picture.body
    await binh.write("the-venue", [len(binh.text("the-venue")), ", phòng 2"])
    other, *_ = (await binh.hears("preview"))["pages"]
    assert other != name
    assert (await visitor.get(f"/desk/{minutes}/pages/{'0' * 32}.svg")).status == 404
    assert (await (await office.sign_in("dung")).get(f"/desk/{minutes}/pages/{other}.svg")).status == 403


@pytest.mark.parametrize("who", ["hanh", "cuc", "dung", None])
async def test_only_those_who_may_edit_have_the_editor(office: Office, who: str | None) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in(who) if who else office.stranger()
    with pytest.raises(WSServerHandshakeError) as refused:
        await visitor.session.ws_connect(f"/desk/{minutes}/ws?page=binh-p1")
    assert refused.value.status in (401, 403)


async def test_another_site_opens_no_socket(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    with pytest.raises(WSServerHandshakeError) as refused:
        await visitor.session.ws_connect(f"/desk/{minutes}/ws?page=binh-p1", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


async def test_nobody_writes_in_the_name_of_anothers_page(office: Office) -> None:
    minutes = await office.minutes()
    visitor = await office.sign_in("binh")
    with pytest.raises(WSServerHandshakeError) as refused:
        await visitor.session.ws_connect(f"/desk/{minutes}/ws?page=hanh-p1")
    assert refused.value.status == 400
    binh = await sit(visitor, minutes, "binh-p1")
    forged = {"do": "remove", "block": binh.sheet["lists"]["recipients"][0], "number": 1}
    await binh.socket.send_json({"type": "do", "source": "hanh-p1", "operations": [forged]})
    assert (await binh.hears("refused"))["code"] == "bad_message"


async def test_broken_messages_end_the_socket(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-p1")
    for _ in range(10):
        await binh.socket.send_str("no JSON")
    while not (message := await binh.socket.receive(timeout=10)).type.name.startswith("CLOS"):
        assert message.type.name == "TEXT"
    assert binh.socket.close_code == 1008


async def test_who_may_write_no_more_is_sent_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a minute; another role, another unit, or none of them any more."""
    monkeypatch.setattr(pages_editing, "ASKED_AGAIN", 0.0)
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-1")
    async with office.server.app[DATABASE].begin() as connection:
        await connection.execute(text("UPDATE account SET roles = '[\"delegate\"]' WHERE id = 'binh'"))
    await binh.write("the-title", ["A: ", len(binh.text("the-title"))])
    async for _message in binh.socket:
        pass
    assert binh.socket.close_code == WSCloseCode.POLICY_VIOLATION
    assert not (await office.records.get(minutes)).title.startswith("A: ")


async def test_a_flood_of_long_changes_is_held_back_sooner_than_one_of_short_ones(office: Office) -> None:
    minutes = await office.minutes()
    binh = await sit(await office.sign_in("binh"), minutes, "binh-1")
    for _ in range(12):
        await binh.write("no-such-block", ["a" * 190_000])
    codes = [(await binh.hears("refused"))["code"] for _ in range(12)]
    assert (codes[0], codes[-1]) == ("unknown_block", "busy")


async def test_every_kind_of_document_opens_in_the_editor(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    binh = await sit(await office.sign_in("binh"), notice, "binh-p1")
    assert (await office.records.get(notice)).kind is Kind.NOTICE
    (conclusion,) = [id for id in binh.sheet["lists"]["body"] if binh.sheet["items"][id]["kind"] == "conclusion"]
    after = {"do": "put", "list": "body", "id": "t1", "after": conclusion, "kind": "table"}
    inner = {"rows": ["r1"], "columns": ["c1", "c2"]}
    await binh.do(**after, inner=inner, texts={"head.c1": "Xã", "head.c2": "Số hộ", "r1.c1": "Tà Năng"})
    await binh.write("t1", ["12"], field="r1.c2")
    await binh.do(do="put", list="t1/rows", id="r2", after=None, kind="row")
    await binh.write("t1", ["A"], field="r2.c1")
    assert (await binh.asks("settle", "settled"))["problem"] == ""
    table = (await office.records.content_json(notice))["body"][-1]
    assert table == {"block": "table", "header": ["Xã", "Số hộ"], "rows": [["A", ""], ["Tà Năng", "12"]]}
