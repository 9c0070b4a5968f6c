"""Who has had a hand in a text does not check it."""

from minutes.document import Kind, State
from minutes.workflow.plan import Workflow
from server import directory
from server.editing import tables
from server.keys import DATABASE
from tests.server.filling import fill
from tests.server.pages.conftest import Office


async def colleague(office: Office, account: str, name: str) -> None:
    """Another secretary of the office."""
    async with office.server.app[DATABASE].begin() as connection:
        await directory.add_account(connection, account, name, "Chuyên viên", "lam-son", ["secretary"])


async def edited_by(office: Office, document: str, account: str) -> None:
    """The draft gets another title, kept by `account`."""
    content, version = await office.records.content_json(document), (await office.records.get(document)).version
    content["title"] = f"{content['title']} ({account})"
    await office.records.edit(document, content, by=await office.actor(account), expected_version=version)


async def draft(office: Office) -> str:
    """Minutes that a secretary has to check."""
    way = Workflow(check="secretary")
    await office.records.set_plan("lam-son", Kind.MINUTES, way, by=await office.actor("hanh"))
    return await office.minutes()


async def test_who_has_edited_the_text_does_not_check_it_and_reads_who_may(office: Office) -> None:
    await colleague(office, "tam", "Vũ Thị Tâm")
    await colleague(office, "nga", "Lê Thúy Nga")
    minutes = await draft(office)
    await edited_by(office, minutes, "tam")
    await edited_by(office, minutes, "binh")
    await office.advance(minutes, State.CHECK)
    tam, nga = await office.sign_in("tam"), await office.sign_in("nga")
    page = await tam.get(f"/desk/{minutes}")
    assert page.has("own-hand")
    assert not page.has("check")
    assert "Người kiểm tra được: Lê Thúy Nga." in page.words
    refused = await tam.post(f"/desk/{minutes}/check")
    assert refused.status == 422
    assert "không tự kiểm tra văn bản đó" in refused.words
    assert (await office.records.get(minutes)).state is State.CHECK
    assert (await nga.get(f"/desk/{minutes}")).has("check")
    assert (await nga.post(f"/desk/{minutes}/check")).status == 303
    assert (await office.records.get(minutes)).state is State.REVIEW


async def test_who_submits_does_not_check_either(office: Office) -> None:
    await colleague(office, "tam", "Vũ Thị Tâm")
    minutes = await draft(office)
    binh = await office.sign_in("binh")
    await fill(office.records, minutes, await office.actor("binh"))
    assert (await binh.post(f"/desk/{minutes}/submit")).status == 303
    page = await binh.post(f"/desk/{minutes}/check")
    assert page.status == 422
    assert "Người kiểm tra được: Vũ Thị Tâm." in page.words


async def test_what_nobody_could_check_is_not_submitted(office: Office) -> None:
    await colleague(office, "tam", "Vũ Thị Tâm")
    minutes = await draft(office)
    await edited_by(office, minutes, "tam")
    await fill(office.records, minutes, await office.actor("binh"))
    binh = await office.sign_in("binh")
    page = await binh.post(f"/desk/{minutes}/submit")
    assert page.status == 422
    assert "chưa có ai kiểm tra được văn bản này" in page.words
    assert (await office.records.get(minutes)).state is State.DRAFT
    await colleague(office, "nga", "Lê Thúy Nga")
    assert (await binh.post(f"/desk/{minutes}/submit")).status == 303


async def test_who_wrote_into_a_version_that_another_one_kept_counts_too(office: Office) -> None:
    """Two write at once in the editor; the version bears the name of one of them."""
    await colleague(office, "tam", "Vũ Thị Tâm")
    await colleague(office, "nga", "Lê Thúy Nga")
    minutes = await draft(office)
    await edited_by(office, minutes, "binh")
    both = (await office.actor("tam"), await office.actor("binh"))
    async with office.server.app[DATABASE].begin() as connection:
        await tables.put_authors(connection, minutes, (await office.records.get(minutes)).version, both)
    await office.advance(minutes, State.CHECK)
    assert (await (await office.sign_in("tam")).post(f"/desk/{minutes}/check")).status == 422
