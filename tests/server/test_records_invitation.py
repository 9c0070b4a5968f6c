"""A meeting's invitation among the records: drafted from the sheet, numbered in its own series, replaced by number."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from minutes.content import InvitationContent
from minutes.document import Kind, State
from minutes.errors import Refused
from tests.minutes.sample_meeting import LEADERS, MEETING
from tests.server.records_office import (
    CHAIR_ACTOR,
    CLERK_ACTOR,
    PIN,
    SECRETARY_ACTOR,
    RecordsOffice,
    open_office,
)


@pytest_asyncio.fixture
async def office(tmp_path: Path) -> AsyncIterator[RecordsOffice]:
    async with open_office(tmp_path) as found:
        yield found


async def sealed(office: RecordsOffice) -> str:
    document_id = await office.records.draft_invitation(MEETING, SECRETARY_ACTOR)
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
    return document_id


async def test_it_is_numbered_signed_sealed_and_found_genuine(office: RecordsOffice) -> None:
    document_id = await sealed(office)
    document = await office.records.get(document_id)
    assert (document.kind, document.state, document.number_symbol) == (Kind.INVITATION, State.SEALED, "01/GM-UBND")
    assert document.meeting_id == MEETING.id
    verdict = await office.records.verify(await office.records.pdf(document_id))
    assert verdict.kind == "genuine"
    with pytest.raises(Refused, match="đích danh"):
        await office.records.publish(document_id, by=CLERK_ACTOR, reason="thử")


async def test_a_draft_follows_the_sheet_as_a_new_version_with_its_signer(office: RecordsOffice) -> None:
    first = await office.records.draft_invitation(MEETING, SECRETARY_ACTOR)
    moved = replace(MEETING, place="Hội trường", chair=LEADERS[0])
    assert await office.records.draft_invitation(moved, SECRETARY_ACTOR) == first
    document, text = await office.records.get(first), await office.records.content(first)
    assert isinstance(text, InvitationContent)
    assert (document.version, text.venue, text.document_id) == (2, "Hội trường", first)
    assert document.signers[0].account == LEADERS[0].id


async def test_while_it_is_being_approved_it_is_not_drafted_anew(office: RecordsOffice) -> None:
    document_id = await office.records.draft_invitation(MEETING, SECRETARY_ACTOR)
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    with pytest.raises(Refused) as refused:
        await office.records.draft_invitation(MEETING, SECRETARY_ACTOR)
    assert refused.value.code == "invitation_under_way"
    assert (await office.records.get(document_id)).version == 1


async def test_after_the_seal_another_one_replaces_it_by_number(office: RecordsOffice) -> None:
    first = await sealed(office)
    second = await office.records.draft_invitation(MEETING, SECRETARY_ACTOR)
    assert second != first
    text = await office.records.content(second)
    assert isinstance(text, InvitationContent)
    assert "thay thế Giấy mời số 01/GM-UBND ngày" in text.notes[0]
    newest = await office.records.invitation(MEETING.id)
    assert newest is not None
    assert newest.id == second
