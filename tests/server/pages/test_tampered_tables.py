"""Tables changed behind the program's back: public pages show what was signed, or say that it is damaged."""

from sqlalchemy import text

from server.keys import DATABASE
from tests.server.pages.conftest import Office, begins_with, sealed_notice

pytestmark = begins_with(sealed_notice)


async def change(office: Office, statement: str, **values: object) -> None:
    async with office.server.app[DATABASE].begin() as connection:
        await connection.execute(text(statement), values)


async def address(office: Office, notice: str) -> str:
    document = await office.records.get(notice)
    return f"/documents/{document.unit.id}/{document.year}/{document.number_symbol}"


async def test_the_page_shows_the_signed_text_and_not_the_tables(office: Office) -> None:
    notice = await office.posted()
    citizen = office.stranger()
    before = (await citizen.get(await address(office, notice))).words
    await change(
        office,
        "UPDATE document_version SET content = replace(content, 'kết luận', 'GIẢ MẠO') WHERE document_id = :id",
        id=notice,
    )
    after = await citizen.get(await address(office, notice))
    assert "GIẢ MẠO" not in after.words
    assert after.words == before


async def test_another_documents_file_is_not_served_in_its_name(office: Office) -> None:
    notice = await office.posted()
    document = await office.records.get(notice)
    [minutes] = [one for one in await office.records.documents(meeting_id=document.meeting_id) if one.id != notice]
    await change(office, "UPDATE document SET digest = :digest WHERE id = :id", digest=minutes.digest, id=notice)
    citizen = office.stranger()
    for path in (await address(office, notice), f"/verify?code={document.code}"):
        page = await citizen.get(path)
        assert (page.status, "Tệp lưu trữ" in page.words) == (500, True), path
    assert (await citizen.get(f"/files/{minutes.digest}.pdf")).status == 404  # the log says whose file it is


async def test_a_page_seen_before_does_not_vouch_for_a_file_damaged_since(office: Office) -> None:
    notice = await office.posted()
    citizen = office.stranger()
    path = await address(office, notice)
    assert (await citizen.get(path)).status == 200
    digest = (await office.records.get(notice)).digest
    [file] = office.server.data.glob(f"archive/**/{digest}*")
    file.chmod(0o600)
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    page = await office.stranger().get(path)
    assert (page.status, "Tệp lưu trữ" in page.words) == (500, True)
