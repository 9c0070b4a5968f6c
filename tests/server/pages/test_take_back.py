"""Who has submitted a draft may have it back while nobody has looked at it."""

from minutes.document import State
from minutes.workflow.plan import Workflow
from tests.server.pages.conftest import Office, Refuses


async def test_a_submitted_draft_comes_back_to_be_changed(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    binh = await office.sign_in("binh")
    page = await binh.get(f"/desk/{minutes}")
    assert page.has("take-back")
    assert (await binh.post(f"/desk/{minutes}/take-back")).status == 303
    assert (await office.records.get(minutes)).state is State.DRAFT
    page = await binh.get(f"/desk/{minutes}")
    assert page.has("edit")
    assert "Rút lại để sửa" in page.words, "the history says so"


async def test_what_was_checked_or_approved_is_not_taken_back(office: Office) -> None:
    document = await office.records.get(await office.minutes())
    checked, hanh = Workflow(check="clerk"), await office.actor("hanh")
    await office.records.set_plan("lam-son", document.kind, checked, by=hanh, drafts=True)
    await office.advance(document.id, State.CHECK)
    binh = await office.sign_in("binh")
    assert (await binh.get(f"/desk/{document.id}")).has("take-back")
    await office.records.pass_check(document.id, by=await office.actor("cuc"))
    assert not (await binh.get(f"/desk/{document.id}")).has("take-back")
    refused = await binh.post(f"/desk/{document.id}/take-back")
    assert refused.status == 422
    assert (await office.records.get(document.id)).state is State.REVIEW


async def test_only_the_office_takes_back(office: Office, refuses: Refuses) -> None:
    minutes = await office.minutes(State.REVIEW)
    await refuses(office, f"/desk/{minutes}/take-back", who="binh", others=("dung",))
