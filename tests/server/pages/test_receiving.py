"""Whom an issued document names as a recipient reads it; and whoever has taken a unit's place reads what it had."""

from datetime import timedelta

import pytest

from minutes.document import State
from minutes.searching.entry import office as office_mark
from server import directory, rights
from server.directory import Account, Unit
from server.keys import DATABASE
from server.rights import DocumentAccess, may
from tests.server.filling import fill
from tests.server.pages.conftest import Office
from tests.server.pages.test_attaching import SHEET, send
from tests.server.pages.test_registers import receive, today
from tests.server.papers_files import pdf

RECIPIENTS = "UBND xã Tà Năng;\nCác sở, ngành\nLưu: VT, UBND xã Hòa Phước"


async def letter(office: Office, until: State = State.SEALED) -> str:
    """An issued document without tasks that names one of two communes as its recipient."""
    secretary = await office.sign_in("binh")
    fields = {"kind": "CT", "subject": "Về việc phòng cháy", "leader": "hanh", "secrecy": "none"}
    document = (await secretary.post("/desk/new", fields)).location.split("/")[2]
    await fill(office.records, document, await office.actor("binh"))
    data = await office.records.content_json(document)
    data["recipients"] = RECIPIENTS.split("\n")
    version = (await office.records.get(document)).version
    await office.records.edit(document, data, by=await office.actor("binh"), expected_version=version)
    await office.advance(document, until)
    return document


async def test_a_unit_that_a_document_was_sent_to_reads_it_as_it_was_issued(office: Office) -> None:
    document = await letter(office)
    named, kept = await office.sign_in("dung"), await office.sign_in("lan")
    assert (await named.get(f"/desk/{document}")).status == 200
    assert (await named.get(f"/desk/{document}/pdf")).body.startswith(b"%PDF")
    for inside in ("versions", "word", "edit"):
        assert (await named.get(f"/desk/{document}/{inside}")).status == 403, inside
    assert (await kept.get(f"/desk/{document}")).status == 403, "where a copy is kept is nobody it was sent to"


async def test_what_goes_with_a_document_was_sent_with_it(office: Office) -> None:
    document = await letter(office, State.DRAFT)
    assert (await send(await office.sign_in("binh"), document, "bieu.docx", SHEET)).status == 303
    named, other, path = await office.sign_in("dung"), await office.sign_in("lan"), f"/desk/{document}/files/1"
    assert (await named.get(path)).status == 403, "it is a draft"
    await office.advance(document, State.SEALED)
    assert path in (await named.get(f"/desk/{document}")).text
    assert (await named.get(path)).body == SHEET
    assert (await other.get(path)).status == 403


async def test_before_it_is_issued_nobody_has_received_it(office: Office) -> None:
    document = await letter(office, State.APPROVED)
    assert (await (await office.sign_in("dung")).get(f"/desk/{document}")).status == 403


async def test_who_was_called_so_on_the_day_of_a_document_has_received_it_and_no_later_unit_of_that_name(
    office: Office,
) -> None:
    document = await letter(office)
    assert (await (await office.sign_in("dung")).get(f"/desk/{document}")).status == 200
    async with office.server.app[DATABASE].begin() as connection:
        namesake = Unit("ta-nang-2", "Ủy ban nhân dân xã Tà Năng", "UBND xã Tà Năng", "Tà Năng", "UBND")
        later = (today(office) + timedelta(days=1)).isoformat()
        await directory.add_unit(connection, namesake, later)
        await directory.add_account(connection, "moi", "Ma Văn Mới", "Văn thư", "ta-nang-2", ["clerk"])
    assert (await (await office.sign_in("moi")).get(f"/desk/{document}")).status == 403
    assert (await (await office.sign_in("dung")).get(f"/desk/{document}")).status == 200


@pytest.mark.parametrize("over", [True, False])
async def test_whoever_takes_a_units_place_reads_its_records_from_the_day_it_is_no_more(
    office: Office, over: bool
) -> None:
    clerk = await office.sign_in("cuc")
    file = pdf("Công văn")
    where = (await receive(office, clerk, file)).location
    document = await letter(office)
    last = today(office) + timedelta(days=-1 if over else 0)
    async with office.server.app[DATABASE].begin() as connection:
        between = Unit("giua", "Ủy ban nhân dân tỉnh Giữa", "UBND tỉnh Giữa", "Giữa", "UBND")
        new = Unit("moi", "Ủy ban nhân dân tỉnh Mới", "UBND tỉnh Mới", "Mới", "UBND")
        for unit in (new, between):
            await directory.add_unit(connection, unit, "2020-01-01")
        await directory.put_unit(connection, "lam-son", valid_to=last.isoformat(), successor_id="giua")
        await directory.put_unit(connection, "giua", valid_to=last.isoformat(), successor_id="moi")
        await directory.add_account(connection, "tiep", "Vũ Thị Tiếp", "Văn thư", "moi", ["clerk"])
        await directory.add_account(connection, "khac", "Ngô Văn Khác", "Đại biểu", "moi", ["delegate"])
    heir, delegate = await office.sign_in("tiep"), await office.sign_in("khac")
    expected = 200 if over else 403
    for path in (f"/desk/{document}", f"/desk/{document}/pdf"):
        assert (await heir.get(path)).status == expected, path
        assert (await delegate.get(path)).status == 403, path
    assert (await heir.post(f"/desk/{document}/publish", {"reason": "x", "act": "publish"})).status == 403
    list_ = await heir.get("/registers/in?unit=lam-son")
    assert ("123/BNV-TCBC" in list_.words) is over
    assert not list_.has("enter") or not over
    line = await heir.get(f"{where}?unit=lam-son")
    assert line.status == (200 if over else 404)
    if over:
        assert (await heir.get(f"{where}/file?unit=lam-son")).body == file
        assert (await heir.get(where)).status == 404, "its own register is another"
    found = await heir.get("/search?q=phong+chay")
    assert found.has("results") is over


def test_heirs_read_and_do_nothing_else() -> None:
    unit = Unit("moi", "", "", "", "")
    heir = Account("a", "A", "", unit, frozenset({"leader", "secretary", "clerk"}), inherits=frozenset({"cu"}))
    theirs = DocumentAccess("cu", frozenset())
    assert may(heir, "document.read", theirs)
    assert may(heir, "register.read", "cu")
    acts = ("document.edit", "document.approve", "document.seal", "document.publish", "document.withdraw")
    assert not any(may(heir, act, theirs) for act in acts)  # type: ignore[arg-type]
    assert not may(heir, "register.enter", "cu")
    assert not may(heir, "register.direct", "cu")
    assert may(heir, "document.receive", DocumentAccess("x", frozenset(), charged=frozenset({"cu"})))
    assert rights.reach(heir) >= {office_mark("cu"), office_mark("moi")}
