"""Who has taken a unit's place reads its case files, tasks and metadata as its documents, and goes on with what is not
finished of them, under its own name."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from minutes.casefiles.store import case_table
from minutes.described.field import Subject
from server import casefile_reminders, directory
from server.directory import Account, Unit
from server.keys import CASE_FILES, DATABASE, DISPOSALS, TASKS
from server.rights import CaseAccess, TaskAccess, may
from tests.server.pages import test_disposal as disposal
from tests.server.pages.conftest import Office
from tests.server.pages.test_described import fields
from tests.server.pages.test_registers import receive, today
from tests.server.papers_files import pdf


async def taken_over(office: Office) -> None:
    """A new province has taken the old one's place; it has a clerk, an archivist, a leader and a delegate."""
    yesterday = (today(office) - timedelta(days=1)).isoformat()
    async with office.server.app[DATABASE].begin() as connection:
        new = Unit("moi", "Ủy ban nhân dân tỉnh Mới", "UBND tỉnh Mới", "Mới", "UBND")
        await directory.add_unit(connection, new, "2020-01-01")
        await directory.put_unit(connection, "lam-son", valid_to=yesterday, successor_id="moi")
        await directory.add_account(connection, "tiep", "Vũ Thị Tiếp", "Văn thư", "moi", ["clerk"])
        await directory.add_account(connection, "giu", "Đinh Văn Giữ", "Lưu trữ", "moi", ["archivist"], "g@moi.example")
        await directory.add_account(connection, "dau", "Lê Văn Chủ", "Chủ tịch", "moi", ["leader"])
        await directory.add_account(connection, "khac", "Ngô Văn Khác", "Đại biểu", "moi", ["delegate"])


async def test_the_case_files_of_a_former_unit_are_listed_and_read(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ trồng rừng", "period": "hop-ky"})).location
    closed = (await clerk.post("/casefiles", {"title": "Hồ sơ kê khai", "period": "hop-ky"})).location
    await clerk.post(closed + "/group", {"group": "han-che"})
    await taken_over(office)
    heir, delegate = await office.sign_in("tiep"), await office.sign_in("khac")
    assert "trồng rừng" not in (await heir.get("/casefiles")).words, "its own list is another"
    assert (await heir.get("/casefiles")).has("before")
    page = await heir.get("/casefiles?unit=lam-son")
    assert "Hồ sơ trồng rừng" in page.words
    assert "Hồ sơ kê khai" in page.words, "a clerk opens the group that it is in"
    for path in (where, closed, f"{where}/contents.pdf", f"/described/case/{where[-32:]}"):
        assert (await heir.get(path)).status == 200, path
        assert (await delegate.get(path)).status == 403, path
    year = today(office).year
    assert (await heir.get(f"/casefiles/{year}-list.pdf?unit=lam-son")).status == 200
    page = await heir.get(where)
    assert page.has("former")
    assert page.has("taken-over")
    for act, typed in (("group", {"group": "han-che"}), ("keep", {"period": "hop-ky"}), ("close", {"sure": "yes"})):
        assert (await delegate.post(f"{where}/{act}", typed)).status == 403, act


async def test_an_open_case_file_is_finished_and_handed_over_by_the_successor(office: Office) -> None:
    document = await office.records.get(await office.notice())
    clerk = await office.sign_in("cuc")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ trồng rừng", "period": "hop-ky"})).location
    await taken_over(office)
    heir, archivist = await office.sign_in("tiep"), await office.sign_in("giu")
    described = f"/described/case/{where[-32:]}"
    assert (await heir.post(described, fields(Subject.CASE, Description="Tiếp nhận"))).status == 303
    assert (await heir.post(where + "/group", {"group": "han-che"})).status == 303
    assert (await heir.post(where + "/group", {"group": "chung"})).status == 303
    assert "Vũ Thị Tiếp (UBND tỉnh Mới)" in (await heir.get(where)).words, "who has moved it"
    symbol = document.number_symbol or ""
    assert (await heir.post(where + "/add", {"what": symbol, "issuer": "moi"})).status == 422, "it has issued none yet"
    assert (await heir.post(where + "/add", {"what": symbol, "issuer": "lam-son"})).status == 303
    assert (await heir.post(where + "/close", {"sure": "yes"})).status == 303
    closed = await heir.get(where)
    assert "Vũ Thị Tiếp (UBND tỉnh Mới)" in closed.words
    assert not any(closed.has(act) for act in ("move", "add", "keep", "close", "taken-over"))
    for act, typed in (("group", {"group": "han-che"}), ("keep", {"period": "hop-ky"}), ("add", {"what": symbol})):
        assert (await heir.post(f"{where}/{act}", typed)).status == 403, act
    assert (await heir.post(described, fields(Subject.CASE))).status == 403

    assert (await heir.post(where + "/hand")).status == 303
    assert "Đinh Văn Giữ" in (await heir.get("/casefiles/handing")).words, "its archivist is the one who receives"
    assert (await heir.post(where + "/receive")).status == 403
    assert (await archivist.post(where + "/receive")).status == 303
    assert "Đinh Văn Giữ (UBND tỉnh Mới)" in (await archivist.get(where)).words

    async with office.server.app[DATABASE].begin() as connection:
        await connection.execute(update(case_table).values(handed_on=None))
        accounts = await directory.accounts(connection, today(office).isoformat())
        letters = await casefile_reminders.due(connection, accounts, datetime.now(UTC) + timedelta(days=340))
    assert "g@moi.example" in {one.address for one in letters}


async def test_case_files_of_a_former_unit_are_destroyed_by_a_decision_that_names_it(office: Office) -> None:
    code, cases = await disposal.closed(office), office.server.app[CASE_FILES]
    async with office.server.app[DATABASE].begin() as connection:
        await directory.add_unit(connection, Unit("cu", "Sở Nông nghiệp", "Sở NN", "Lâm Sơn", "SNN"), "2020-01-01")
        await directory.put_unit(connection, "cu", valid_to="2020-12-31", successor_id="lam-son")
        await connection.execute(update(case_table).values(unit_id="cu"))
    (case,) = await cases.of_year("cu", today(office).year)
    leader, clerk, where = await office.sign_in("hanh"), await office.sign_in("cuc"), f"{disposal.WHERE}?unit=cu"
    assert code not in (await leader.get(disposal.WHERE)).words
    page = await leader.get(where)
    assert code in page.words
    assert page.has("named-former")
    chosen = {f"case.{case.id}": "1", "year": str(today(office).year), "sure": "yes"}
    unnamed = {**chosen, "decision": await disposal.decided(office, code)}
    assert (await clerk.post(where, unnamed)).status == 403
    assert "không nêu “Sở Nông nghiệp”" in (await leader.post(where, unnamed)).words
    named = {**chosen, "decision": await disposal.decided(office, code, "của Sở Nông nghiệp")}
    assert (await leader.post(disposal.WHERE, named)).status == 422, "its own case files are others"
    assert (await leader.post(where, named)).status == 303
    (made,) = await office.server.app[DISPOSALS].done("lam-son")
    assert made.by == "Nguyễn Thị Hạnh"
    assert (await clerk.get(f"{disposal.WHERE}/{made.id}.pdf")).status == 200
    assert (await clerk.get(f"/casefiles/{case.id}")).has("disposed")


async def test_the_metadata_and_the_figures_of_a_former_unit_are_read(office: Office) -> None:
    document = await office.notice()
    line = (await receive(office, await office.sign_in("cuc"), pdf("Công văn"))).location
    received = line.removeprefix("/registers/in/")
    await taken_over(office)
    heir, delegate = await office.sign_in("tiep"), await office.sign_in("khac")
    theirs = ("/described/fonds/lam-son", f"/described/document/{document}", f"/described/received/{received}")
    for path in (*theirs[:2], f"{theirs[2]}?unit=lam-son"):
        page = await heir.get(path)
        assert page.status == 200, path
        assert not page.has("write")
        assert (await heir.post(path, {})).status == 403, path
        assert (await delegate.get(path)).status == 403, path
    assert (await heir.get(theirs[2])).status == 404, "its own register is another"
    assert (await heir.get(f"/desk/{document}")).has("described")
    assert (await heir.get(f"{line}?unit=lam-son")).has("described")
    figures = await heir.get("/figures?unit=lam-son")
    assert "Ủy ban nhân dân tỉnh Lâm Sơn" in figures.words
    assert (await (await office.sign_in("lan")).get("/described/fonds/lam-son")).status == 403


async def test_the_tasks_that_a_former_unit_has_given_are_read(office: Office) -> None:
    await office.notice()
    await taken_over(office)
    heir, delegate = await office.sign_in("dau"), await office.sign_in("khac")
    assert "Rà soát các hộ" not in (await heir.get("/tasks/board")).words
    board = await heir.get("/tasks/board?unit=lam-son")
    assert "Rà soát các hộ" in board.words
    assert not board.has("pressing")
    assert (await heir.get("/tasks/scores?unit=lam-son")).status == 200
    assert (await heir.get("/tasks/1")).status == 200
    assert (await delegate.get("/tasks/1")).status == 403
    assert (await delegate.post("/tasks/1/cancel", {"reason": "Thôi"})).status == 403
    assert (await heir.post("/tasks/1/cancel", {"reason": "Đã sáp nhập"})).status == 303
    page = await heir.get("/tasks/1")
    assert "Lê Văn Chủ (UBND tỉnh Mới)" in page.words
    assert not page.has("open-cancel"), "what is over stays as it is"


async def test_the_tasks_that_a_former_unit_leads_are_done_by_the_successor(office: Office) -> None:
    await office.notice()
    task = await office.server.app[TASKS].get(1)
    assert task.owner is not None
    yesterday = (today(office) - timedelta(days=1)).isoformat()
    async with office.server.app[DATABASE].begin() as connection:
        new = Unit("moi", "Ủy ban nhân dân xã Mới", "UBND xã Mới", "Mới", "UBND")
        await directory.add_unit(connection, new, "2020-01-01")
        await directory.put_unit(connection, task.owner.id, valid_to=yesterday, successor_id="moi")
        await directory.add_account(connection, "moi1", "Vũ Thị Tiếp", "Chủ tịch", "moi", ["delegate"], "t@moi.example")
    heir = await office.sign_in("moi1")
    assert "Rà soát các hộ" in (await heir.get("/desk")).words
    assert (await heir.post("/tasks/1/accept", {"person": "moi1"})).status == 303
    assert (await heir.post("/tasks/1/accept", {"person": "binh"})).status == 422
    page = await heir.get("/tasks/1")
    assert "Vũ Thị Tiếp (UBND xã Mới)" in page.words
    leader = await office.sign_in("hanh")
    corrected = {"text": "Rà soát lại", "owner": task.owner.id, "until": "", "reason": "Rõ hơn"}
    assert f'value="{task.owner.id}" selected' in (await leader.get("/tasks/1")).text
    assert (await leader.post("/tasks/1/correct", corrected)).status == 303
    assert (await heir.get("/tasks/1")).has("open-begin")


def test_heirs_go_on_with_what_is_open_and_read_the_rest() -> None:
    unit = Unit("moi", "", "", "", "")
    roles = frozenset({"leader", "secretary", "clerk", "archivist"})
    heir = Account("a", "A", "", unit, roles, inherits=frozenset({"cu"}))
    closed, still = CaseAccess("cu", frozenset({"leader"})), CaseAccess("cu", frozenset({"leader"}), open=True)
    for act in ("case.read", "figures.read", "task.board", "case.dispose"):
        assert may(heir, act, "cu"), act  # type: ignore[arg-type]
    assert may(heir, "case.open", closed)
    assert not may(heir, "case.open", CaseAccess("cu", frozenset({"checker"})))
    for act in ("case.keep", "case.group", "task.press", "register.handle", "register.enter"):
        assert not may(heir, act, "cu"), act  # type: ignore[arg-type]
    assert may(heir, "case.work", still)
    assert may(heir, "case.move", still)
    assert not may(heir, "case.work", closed)
    assert not may(heir, "case.move", closed)
    assert may(heir, "case.hand", closed)
    assert not may(heir, "case.work", CaseAccess("cu", frozenset({"checker"}), open=True)), "the group shuts it out"
    for task in (TaskAccess("cu", "x"), TaskAccess("x", "cu"), TaskAccess("x", "y", frozenset({"cu"}))):
        assert may(heir, "task.read", task)
    assert may(heir, "task.work", TaskAccess("x", "cu"))
    assert may(heir, "task.decide", TaskAccess("cu", "x"))
    assert not may(heir, "task.decide", TaskAccess("cu", "x", handler=heir.id))
    assert not may(heir, "task.work", TaskAccess("cu", "x"))
    assert not may(heir, "task.decide", TaskAccess("x", "cu"))
    assert not may(heir, "task.read", TaskAccess("x", "y"))
    other = Account("b", "B", "", unit, roles)
    assert not may(other, "case.work", still)
    assert not may(other, "case.hand", closed)
    assert not may(other, "case.dispose", "cu")
