"""A false start is discarded by its office: out of everybody's way, on record, and to be had back."""

from minutes.document import Kind, State
from minutes.workflow import store as workflow
from server.keys import DATABASE
from tests.server.pages.conftest import Office, Refuses
from tests.server.pages.test_change import changed
from tests.server.pages.test_new_document import begun


async def test_a_draft_is_discarded_with_a_reason_and_restored(office: Office) -> None:
    draft = await begun(office, Kind.DECISION)
    binh = await office.sign_in("binh")
    page = await binh.get(f"/desk/{draft}")
    assert page.has("discard")
    assert not page.has("restore")
    refused = await binh.post(f"/desk/{draft}/discard")
    assert refused.status == 422
    assert "Xin ghi lý do" in refused.words
    assert (await binh.post(f"/desk/{draft}/discard", {"reason": "Lập nhầm"})).status == 303
    assert await office.records.count_waiting(await office.account("binh")) == 0
    async with office.server.app[DATABASE].read() as connection:
        assert await workflow.unsettled(connection) == ()
    page = await binh.get(f"/desk/{draft}")
    assert "Lập nhầm" in page.words
    assert not page.has("edit")
    assert (await binh.post(f"/desk/{draft}/submit")).status == 422
    assert (await binh.post(f"/desk/{draft}/restore")).status == 303
    assert (await office.records.get(draft)).state is State.DRAFT
    assert await office.records.count_waiting(await office.account("binh")) == 1


async def test_what_is_under_way_or_belongs_to_a_meeting_is_not_discarded(office: Office) -> None:
    draft = await changed(office, await office.notice(), "replaces", State.REVIEW)
    binh = await office.sign_in("binh")
    assert not (await binh.get(f"/desk/{draft}")).has("discard")
    assert (await binh.post(f"/desk/{draft}/discard", {"reason": "Thôi"})).status == 422
    minutes = await office.minutes(room="hop-bbbb1234")
    assert not (await binh.get(f"/desk/{minutes}")).has("discard")
    page = await binh.post(f"/desk/{minutes}/discard", {"reason": "Thôi"})
    assert "thuộc hồ sơ cuộc họp" in page.words
    assert (await office.records.get(minutes)).state is State.DRAFT


async def test_only_the_office_discards(office: Office, refuses: Refuses) -> None:
    draft = await begun(office, Kind.DECISION)
    await refuses(office, f"/desk/{draft}/discard", who="binh", others=("hanh", "cuc", "dung"))
