"""Sealing gives tasks in its own transaction; later documents say them anew or end them."""

from datetime import date
from pathlib import Path

import pytest

from minutes.document import Kind
from minutes.tasks.task import Act, State
from minutes.workflow.relation import Deed
from server import directory, tasks
from server.directory import Unit
from server.tasks import Tasks
from tests.minutes.sample_meeting import PROVINCE
from tests.server.filling import fill
from tests.server.records_office import (
    CHAIR_ACTOR,
    CLERK_ACTOR,
    DIRECTIVE,
    LEADER,
    PIN,
    SECRETARY_ACTOR,
    RecordsOffice,
    open_office,
)

ROWS = [
    {
        "block": "conclusion", "text": "Kiểm tra các trạm bơm", "owner_unit": "UBND xã Tà Năng",
        "co_units": ["Sở Nông nghiệp"], "deadline": "2036-12-20", "item": "Phòng, chống lụt bão",
    },
    {
        "block": "conclusion", "text": "Báo cáo", "owner_unit": "Ban Quản lý",
        "co_units": [], "deadline": None, "item": None,
    },
]  # fmt: skip


async def sealed(office: RecordsOffice, document_id: str) -> str:
    records = office.records
    await fill(records, document_id, SECRETARY_ACTOR)
    await records.submit(document_id, by=CLERK_ACTOR)
    await records.approve(document_id, by=CHAIR_ACTOR)
    await records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    await records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    return document_id


async def directive(office: RecordsOffice) -> str:
    async with office.database.begin() as connection:
        if await directory.unit(connection, "ta-nang") is None:
            unit = Unit("ta-nang", "Ủy ban nhân dân xã Tà Năng", "UBND xã Tà Năng", "Tà Năng", "UBND")
            await directory.add_unit(connection, unit, "2025-07-01")
    data = {**DIRECTIVE, "body": ROWS}
    drafted = await office.records.draft_text(Kind.DIRECTIVE, data, CLERK_ACTOR, unit=PROVINCE, leader=LEADER)
    return await sealed(office, drafted)


async def test_the_rows_of_a_sealed_directive_are_tasks_and_those_of_a_draft_are_none(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        document_id = await directive(office)
        first, second = await Tasks(office.database).of_document(document_id)
        document = await office.records.get(document_id)
        assert (first.text, first.owner and first.owner.id, first.deadline) == (
            "Kiểm tra các trạm bơm", "ta-nang", date(2036, 12, 20),
        )  # fmt: skip
        assert [unit.name for unit in first.co_units] == ["Sở Nông nghiệp"]
        assert (first.source.symbol, first.source.place, first.source.item) == (
            document.number_symbol, "1", "Phòng, chống lụt bão",
        )  # fmt: skip
        assert second.owner is not None
        assert (second.owner.id, second.owner.name) == ("", "Ban Quản lý")
        assert [one.act for one in await Tasks(office.database).history(first.id)] == ["assign"]


async def test_a_sealing_that_fails_gives_no_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_office(tmp_path) as office:

        async def broken(*_arguments: object) -> None:
            raise RuntimeError("the power went off")

        monkeypatch.setattr(office.records, "_take", broken)
        with pytest.raises(RuntimeError):
            await directive(office)
        monkeypatch.undo()
        assert await Tasks(office.database).of_authority(PROVINCE.id) == ()


async def test_the_notice_restates_the_tasks_of_its_minutes(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        minutes = await office.sealed_minutes()
        given = await Tasks(office.database).of_document(minutes)
        assert len(given) == 3
        notice = await office.records.draft_notice(minutes, SECRETARY_ACTOR)
        await sealed(office, notice)
        found = await Tasks(office.database).of_authority(PROVINCE.id)
        assert [one.id for one in found] == [one.id for one in given]
        assert {one.source.document_id for one in found} == {notice}
        acts = await Tasks(office.database).history(found[0].id)
        assert [one.act for one in acts] == ["assign", Act.RESTATE]


async def test_what_recalls_a_document_ends_its_tasks_with_the_reason(tmp_path: Path) -> None:
    async with open_office(tmp_path) as office:
        document_id = await directive(office)
        recall = await office.records.draft_change(document_id, Deed.RECALLS, SECRETARY_ACTOR)
        await sealed(office, recall)
        found = await Tasks(office.database).of_document(document_id)
        assert [one.state for one in found] == [State.CANCELLED, State.CANCELLED]
        last = (await Tasks(office.database).history(found[0].id))[-1]
        assert "thu hồi" in last.reason
        assert last.by == tasks.SYSTEM
