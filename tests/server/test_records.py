"""From the closed meeting to the published notice, act by act."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from minutes.archive import Archive
from minutes.content import MinutesContent
from minutes.document import Act, State
from minutes.errors import Conflict, InvalidContent, NotFound, RecordError, Refused, SecretContent, WrongPin
from minutes.register import EntryState
from minutes.typeset import Typesetter
from rooms.proceedings import Fact, Proceedings, chained
from server import directory
from tests.minutes.sample_meeting import CHAIR, MEETING, PROVINCE, SECRETARY, held
from tests.server.records_office import (
    CHAIR_ACTOR,
    CLERK_ACTOR,
    PIN,
    SECRETARY_ACTOR,
    RecordsOffice,
    open_office,
)


@pytest.fixture
async def office(tmp_path: Path, new_database: Callable[[Path], str]) -> AsyncIterator[RecordsOffice]:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    async with open_office(tmp_path, database_url=new_database(tmp_path / "giaoban.sqlite3")) as opened:
        yield opened


async def test_a_closed_meeting_has_its_minutes_once(office: RecordsOffice) -> None:
    first, second = await asyncio.gather(office.records.draft_minutes(held()), office.records.draft_minutes(held()))
    assert first == second == await office.records.document_of(held().meeting.id)
    content = await office.records.content(first)
    assert isinstance(content, MinutesContent)
    assert content.document_id == first
    assert content.votes[0].in_favour == 4
    assert len(content.attendance) == 8
    assert len(content.conclusions) == 3
    assert await office.records.document_of("no-such-meeting") is None


async def test_the_whole_way_to_the_archive(office: RecordsOffice) -> None:
    document_id = await office.sealed_minutes()
    document = await office.records.get(document_id)
    assert document.state is State.SEALED
    assert document.number_symbol == "01/BB-UBND"
    assert [one.signer.name for one in document.signed] == [SECRETARY.name, CHAIR.name, PROVINCE.name]
    history = await office.records.history(document_id)
    assert [entry.act for entry in history] == ["draft", "submit", "approve", "sign", "sign_last", "seal"]
    assert [entry.by.name for entry in history][1:] == [
        SECRETARY.name,
        CHAIR.name,
        SECRETARY.name,
        CHAIR.name,
        CLERK_ACTOR.name,
    ]
    pdf = await office.records.pdf(document_id)
    (archived,) = [path for path in office.archive.rglob("*") if path.is_file()]
    assert archived.name == document.digest
    assert Archive(office.archive).fetch(archived.name) == pdf
    assert pdf[:200] not in archived.read_bytes(), "it is encrypted"
    (entry,) = await office.register(PROVINCE.id, document.year or 0)
    assert (entry.number, entry.state, entry.document_id) == (1, EntryState.COMPLETE, document_id)


async def test_every_act_is_refused_where_the_table_has_no_row(office: RecordsOffice) -> None:
    records = office.records
    document_id = await records.draft_minutes(held())
    content = await records.content_json(document_id)
    acts = {
        Act.EDIT: lambda: records.edit(document_id, content, by=SECRETARY_ACTOR, expected_version=1),
        Act.SUBMIT: lambda: records.submit(document_id, by=SECRETARY_ACTOR),
        Act.RETURN: lambda: records.send_back(document_id, by=CHAIR_ACTOR, reason="Sửa lại"),
        Act.APPROVE: lambda: records.approve(document_id, by=CHAIR_ACTOR),
        Act.SIGN: lambda: records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN),
        Act.SEAL: lambda: records.seal(document_id, by=CLERK_ACTOR, pin=PIN),
        Act.VOID: lambda: records.void(document_id, by=CHAIR_ACTOR, reason="Sai số"),
        Act.PUBLISH: lambda: records.publish(document_id, by=CLERK_ACTOR, reason="Công khai"),
        Act.WITHDRAW: lambda: records.withdraw(document_id, by=CLERK_ACTOR, reason="Thu hồi"),
    }

    async def refused(*names: Act) -> None:
        before = (await records.get(document_id), await records.history(document_id))
        for name in names:
            with pytest.raises(Refused):
                await acts[name]()
        assert (await records.get(document_id), await records.history(document_id)) == before

    await refused(Act.RETURN, Act.APPROVE, Act.SIGN, Act.SEAL, Act.VOID, Act.PUBLISH, Act.WITHDRAW)
    await records.submit(document_id, by=SECRETARY_ACTOR)
    await refused(Act.EDIT, Act.SUBMIT, Act.SIGN, Act.SEAL, Act.VOID, Act.PUBLISH, Act.WITHDRAW)
    await records.approve(document_id, by=CHAIR_ACTOR)
    await refused(Act.EDIT, Act.SUBMIT, Act.RETURN, Act.APPROVE, Act.SEAL, Act.PUBLISH, Act.WITHDRAW)
    await records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    await records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    await refused(Act.EDIT, Act.SUBMIT, Act.RETURN, Act.APPROVE, Act.SIGN, Act.PUBLISH, Act.WITHDRAW)
    await records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    await refused(*acts)


async def test_an_edit_is_a_new_version_and_the_second_editor_is_told(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    content = await office.records.content_json(document_id)
    content["title"] = "Họp giao ban tháng Hai"
    assert await office.records.edit(document_id, content, by=SECRETARY_ACTOR, expected_version=1) == 2
    with pytest.raises(Conflict) as conflict:
        await office.records.edit(document_id, content, by=CHAIR_ACTOR, expected_version=1)
    assert conflict.value.current == 2
    document = await office.records.get(document_id)
    assert (document.version, document.title) == (2, "Họp giao ban tháng Hai")


async def test_an_editor_cannot_change_what_ties_the_text_to_the_meeting(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    content = await office.records.content_json(document_id)
    forged = {**content, "document_id": "f" * 32, "proceedings_root": "0" * 64, "proceedings_count": 1}
    await office.records.edit(document_id, forged, by=SECRETARY_ACTOR, expected_version=1)
    assert await office.records.content_json(document_id) == content


async def test_a_mark_of_secrecy_is_refused_at_the_edit_and_at_the_approval(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    content = await office.records.content_json(document_id)
    content["course"][0]["paragraphs"].append("Nội dung TỐI MẬT")
    with pytest.raises(SecretContent) as refusal:
        await office.records.edit(document_id, content, by=SECRETARY_ACTOR, expected_version=1)
    assert refusal.value.field == "course[0].paragraphs[2]"


async def test_what_cannot_be_printed_is_told_to_the_editor(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    content = await office.records.content_json(document_id)
    with pytest.raises(InvalidContent) as refusal:
        await office.records.edit(
            document_id, {**content, "venue": "Phòng họp 👍"}, by=SECRETARY_ACTOR, expected_version=1
        )
    assert refusal.value.field == "venue"
    assert (await office.records.get(document_id)).version == 1


async def test_the_letterhead_comes_from_the_directory(office: RecordsOffice) -> None:
    async with office.database.begin() as connection:
        unit = directory.Unit(PROVINCE.id, PROVINCE.name, "UBND tỉnh Lâm Sơn", "Thành phố Lâm Sơn", "UBND-VP")
        await directory.add_unit(connection, unit, "2025-07-01")
    document = await office.records.get(await office.approved_minutes())
    assert (document.number_symbol, document.place) == ("01/BB-UBND-VP", "Thành phố Lâm Sơn")


async def test_a_meeting_with_a_marked_title_gets_no_number(office: RecordsOffice) -> None:
    marked = held(replace(MEETING, title="Họp TUYỆT MẬT"))
    document_id = await office.records.draft_minutes(marked)
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    with pytest.raises(SecretContent):
        await office.records.approve(document_id, by=CHAIR_ACTOR)
    document = await office.records.get(document_id)
    assert (document.state, document.number) == (State.REVIEW, None)
    assert await office.register(PROVINCE.id, datetime.now(UTC).year) == ()
    # Returned and mended, it goes its way.
    await office.records.send_back(document_id, by=CHAIR_ACTOR, reason="Tên có dấu chỉ độ mật")
    content = await office.records.content_json(document_id) | {"title": "Họp giao ban"}
    await office.records.edit(document_id, content, by=SECRETARY_ACTOR, expected_version=1)
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)


async def test_a_returned_draft_says_why(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    with pytest.raises(Refused) as refusal:
        await office.records.send_back(document_id, by=CHAIR_ACTOR, reason="  ")
    assert refusal.value.code == "reason_needed"
    await office.records.send_back(document_id, by=CHAIR_ACTOR, reason="Thiếu ý kiến xã Mỹ Lộc")
    assert (await office.records.history(document_id))[-1].reason == "Thiếu ý kiến xã Mỹ Lộc"
    assert (await office.records.get(document_id)).state is State.DRAFT


async def test_people_sign_in_order_and_only_for_themselves(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    for wrong in (CHAIR_ACTOR, CLERK_ACTOR):
        with pytest.raises(Refused) as refusal:
            await office.records.sign(document_id, by=wrong, pin=PIN)
        assert refusal.value.code == "not_your_turn"
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    with pytest.raises(Refused):
        await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    with pytest.raises(Refused):
        await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    assert (await office.records.get(document_id)).state is State.SIGNED


async def test_a_wrong_pin_changes_nothing(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    before = await office.records.pdf(document_id)
    with pytest.raises(WrongPin):
        await office.records.sign(document_id, by=SECRETARY_ACTOR, pin="000000")
    assert await office.records.pdf(document_id) == before
    assert (await office.records.get(document_id)).signed == ()


async def test_two_windows_of_one_person_make_one_signature(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    outcomes = await asyncio.gather(
        *(office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "Refused"]
    assert len((await office.records.get(document_id)).signed) == 1


async def test_simultaneous_approvals_number_without_gap_or_double(office: RecordsOffice) -> None:
    records = office.records
    ids = [await office.directive(f"Về việc thứ {count}") for count in range(12)]
    for document_id in ids:
        await records.submit(document_id, by=CLERK_ACTOR)
    await asyncio.gather(*(records.approve(document_id, by=CHAIR_ACTOR) for document_id in ids))
    numbers = [(await records.get(document_id)).number for document_id in ids]
    assert sorted(number or 0 for number in numbers) == list(range(1, 13))
    # Minutes are a series of their own.
    assert (await records.get(await office.approved_minutes())).number_symbol == "01/BB-UBND"


async def test_an_approval_that_fails_takes_no_number(office: RecordsOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await office.directive(), await office.directive()
    for document_id in (first, second):
        await office.records.submit(document_id, by=CLERK_ACTOR)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("typesetting failed")

    with monkeypatch.context() as patch:
        patch.setattr("minutes.typeset.Typesetter.typeset", broken)
        with pytest.raises(RuntimeError):
            await office.records.approve(first, by=CHAIR_ACTOR)
    assert (await office.records.get(first)).state is State.REVIEW
    await office.records.approve(second, by=CHAIR_ACTOR)
    assert (await office.records.get(second)).number == 1


async def test_a_voided_number_stays_void_with_its_reason(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    year = (await office.records.get(document_id)).year or 0
    await office.records.void(document_id, by=CHAIR_ACTOR, reason="Sai tên đại biểu")
    document = await office.records.get(document_id)
    assert (document.state, document.number, document.signed) == (State.DRAFT, None, ())
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    assert (await office.records.get(document_id)).number_symbol == "02/BB-UBND"
    entries = await office.register(PROVINCE.id, year)
    assert [(entry.number, entry.state, entry.reason) for entry in entries] == [
        (1, EntryState.VOID, "Sai tên đại biểu"),
        (2, EntryState.RESERVED, None),
    ]


async def test_numbers_begin_again_with_the_year_in_vietnam(office: RecordsOffice) -> None:
    records = office.records
    ids = [await office.directive() for _ in range(3)]
    times = ["2026-12-31T16:59:59+00:00", "2026-12-31T17:00:00+00:00", "2027-01-05T00:00:00+00:00"]
    found = []
    for document_id, moment in zip(ids, times, strict=True):
        office.clock.moment = datetime.fromisoformat(moment)
        await records.submit(document_id, by=CLERK_ACTOR)
        await records.approve(document_id, by=CHAIR_ACTOR)
        document = await records.get(document_id)
        found.append((document.year, document.number, str(document.issued_on)))
    assert found == [(2026, 1, "2026-12-31"), (2027, 1, "2027-01-01"), (2027, 2, "2027-01-05")]


async def test_a_signature_that_would_break_the_file_is_thrown_away(
    office: RecordsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = await office.approved_minutes()
    before = await office.records.pdf(document_id)

    async def careless(pdf: bytes, *_: object, **__: object) -> bytes:
        return pdf + b"% signed, honestly\n"

    with monkeypatch.context() as patch:
        patch.setattr("minutes.signing.sign", careless)
        with pytest.raises(RecordError):
            await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    assert await office.records.pdf(document_id) == before
    assert (await office.records.get(document_id)).signed == ()
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)


async def test_a_crash_between_archive_and_database_can_be_repeated(
    office: RecordsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = await office.approved_minutes()
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)

    async def crash(*_: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr("minutes.deposits.store.append", crash)
        with pytest.raises(RuntimeError):
            await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    document = await office.records.get(document_id)
    assert (document.state, document.digest, len(document.signed)) == (State.SIGNED, None, 2)
    (orphan,) = [path for path in office.archive.rglob("*") if path.is_file()]
    assert (await office.records.verify(Archive(office.archive).fetch(orphan.name))).kind == "changed"
    await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    assert (await office.records.verify(await office.records.pdf(document_id))).kind == "genuine"


async def test_a_notice_is_drafted_from_sealed_minutes_and_published(office: RecordsOffice) -> None:
    records = office.records
    minutes_id = await office.approved_minutes()
    with pytest.raises(Refused):
        await records.draft_notice(minutes_id, CLERK_ACTOR)
    await records.sign(minutes_id, by=SECRETARY_ACTOR, pin=PIN)
    await records.sign(minutes_id, by=CHAIR_ACTOR, pin=PIN)
    await records.seal(minutes_id, by=CLERK_ACTOR, pin=PIN)
    notice_id = await records.draft_notice(minutes_id, CLERK_ACTOR)
    await records.submit(notice_id, by=CLERK_ACTOR)
    await records.approve(notice_id, by=CHAIR_ACTOR)
    with pytest.raises(Refused):
        await records.publish(notice_id, by=CLERK_ACTOR, reason="Công khai")
    await records.sign(notice_id, by=CHAIR_ACTOR, pin=PIN)
    await records.seal(notice_id, by=CLERK_ACTOR, pin=PIN)
    assert (await records.public_list()).items == ()
    await records.publish(notice_id, by=CLERK_ACTOR, reason="Theo chỉ đạo của Chủ tịch")
    (public,) = (await records.public_list()).items
    document = await records.get(notice_id)
    assert public.number_symbol == "01/TB-UBND"
    assert "Hoàn thành giải phóng mặt bằng" in str(public.content)
    assert await records.public_document(PROVINCE.id, public.year, "01/TB-UBND") == public
    assert await records.by_code(document.code.lower()) == public
    assert await records.public_pdf(public.digest) == await records.pdf(notice_id)


async def test_the_public_sees_nothing_that_is_not_published(office: RecordsOffice) -> None:
    records = office.records
    minutes = await records.get(await office.sealed_minutes())
    directive = await records.get(await office.sealed_directive())
    for hidden in (minutes, directive):
        with pytest.raises(NotFound):
            await records.by_code(hidden.code)
        with pytest.raises(NotFound):
            await records.public_pdf(hidden.digest or "")
        with pytest.raises(NotFound):
            await records.public_document(PROVINCE.id, hidden.year or 0, hidden.number_symbol or "")
    with pytest.raises(Refused):
        await records.publish(minutes.id, by=CLERK_ACTOR, reason="Công khai")
    await records.publish(directive.id, by=CLERK_ACTOR, reason="Công khai")
    await records.withdraw(directive.id, by=CLERK_ACTOR, reason="Có sai sót")
    assert (await records.public_list()).total == 0
    with pytest.raises(NotFound):
        await records.by_code(directive.code)
    publication = (await records.get(directive.id)).publication
    assert publication is not None
    assert (publication.reason, publication.withdrawn_reason) == ("Công khai", "Có sai sót")


async def test_the_public_searches_without_marks(office: RecordsOffice) -> None:
    for subject in ("Về việc phòng cháy rừng", "Về việc đường liên xã 100%"):
        document_id = await office.sealed_directive(subject)
        await office.records.publish(document_id, by=CLERK_ACTOR, reason="Công khai")
    found = {
        query: [item.subject for item in (await office.records.public_list(query=query)).items]
        for query in (
            "duong lien",
            "PHÒNG CHÁY",
            "về việc",
            "100%",
            "%",
            "không có",
            "ra soat phuong an",
            "phòng chày",
        )
    }
    assert found["duong lien"] == ["Về việc đường liên xã 100%"] == found["100%"]
    assert found["%"] == [] == found["phòng chày"]
    assert len(found["ra soat phuong an"]) == 2
    assert found["PHÒNG CHÁY"] == ["Về việc phòng cháy rừng"]
    assert len(found["về việc"]) == 2
    assert found["không có"] == []
    assert (await office.records.public_list(page=99)).items == ()


async def test_the_event_loop_goes_on_while_a_signature_is_made(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    signing = asyncio.create_task(office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN))
    turns = 0
    while not signing.done():
        await asyncio.sleep(0.001)
        turns += 1
    await signing
    assert turns >= 10


async def test_a_draft_can_be_read_as_a_page_before_approval(office: RecordsOffice) -> None:
    document_id = await office.records.draft_minutes(held())
    assert (await office.records.pdf(document_id)).startswith(b"%PDF-1.7")
    with pytest.raises(NotFound):
        await office.records.pdf("0" * 32)


async def test_documents_are_listed_by_what_is_asked(office: RecordsOffice) -> None:
    minutes, directive = await office.records.draft_minutes(held()), await office.directive()
    records = office.records
    assert {one.id for one in await records.documents()} == {minutes, directive}
    assert [one.id for one in await records.documents(meeting_id=held().meeting.id)] == [minutes]
    assert [one.id for one in await records.documents(state=State.REVIEW)] == []
    assert [one.id for one in await records.documents(limit=1, unit_id=PROVINCE.id)] == [directive]


async def test_a_vote_with_signs_that_cannot_be_printed_is_approved(office: RecordsOffice) -> None:
    facts: list[Fact] = []
    for fact in held().facts:
        data = {**fact.data, "text": "Chọn 👍 hay 王\ufe0f"} if fact.kind == "vote_opened" else fact.data
        facts.append(chained(facts[-1] if facts else None, fact.at, fact.kind, fact.actor, data))
    document_id = await office.records.draft_minutes(Proceedings.from_facts(facts))
    content = await office.records.content(document_id)
    assert isinstance(content, MinutesContent)
    assert content.votes[0].text.startswith("Chọn □ hay □")
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    assert (await office.records.get(document_id)).number_symbol == "01/BB-UBND"


async def test_what_nobody_can_sign_gets_no_number(office: RecordsOffice) -> None:
    (office.archive.parent / "keys" / "keys" / "people" / f"{CHAIR.id}.p12").unlink()
    document_id = await office.records.draft_minutes(held())
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    with pytest.raises(Refused) as refusal:
        await office.records.approve(document_id, by=CHAIR_ACTOR)
    assert refusal.value.code == "no_key"
    assert f"{CHAIR.name} chưa có chứng thư số" in str(refusal.value)
    assert (await office.records.get(document_id)).number is None


async def test_minutes_have_one_notice_however_often_it_is_asked_for(office: RecordsOffice) -> None:
    minutes_id = await office.sealed_minutes()
    asked = [office.records.draft_notice(minutes_id, by) for by in (CLERK_ACTOR, SECRETARY_ACTOR, CLERK_ACTOR)]
    assert len(set(await asyncio.gather(*asked))) == 1


async def test_a_text_that_could_not_be_read_back_is_not_stored(
    office: RecordsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = await office.records.content(await office.records.draft_minutes(held()))
    assert isinstance(content, MinutesContent)
    with monkeypatch.context() as patch:
        patch.setattr("minutes.draft.minutes", lambda *_: replace(content, document_id="e" * 32, venue=""))
        with pytest.raises(InvalidContent):
            await office.records.draft_minutes(held(replace(MEETING, id="khac")))
    assert await office.records.document_of("khac") is None


async def test_others_write_while_an_edit_is_set_for_trial(
    office: RecordsOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id, other = await office.records.draft_minutes(held()), await office.directive()
    content = await office.records.content_json(document_id)
    setting, go_on = threading.Event(), threading.Event()
    original = Typesetter.typeset

    def slow(*given: Any, **named: Any) -> Any:
        setting.set()
        assert go_on.wait(20)
        return original(*given, **named)

    with monkeypatch.context() as patch:
        patch.setattr("minutes.typeset.Typesetter.typeset", slow)
        edit = asyncio.create_task(
            office.records.edit(document_id, {**content, "venue": "Hội trường"}, by=SECRETARY_ACTOR, expected_version=1)
        )
        await asyncio.to_thread(setting.wait, 20)
        await asyncio.wait_for(office.records.submit(other, by=CLERK_ACTOR), 3)
        assert not edit.done()
        go_on.set()
        assert await edit == 2
