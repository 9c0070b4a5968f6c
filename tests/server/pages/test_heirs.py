"""Who has taken a unit's place reads its case files, tasks and metadata as its documents, and does nothing to them."""

from datetime import timedelta

from server import directory
from server.directory import Account, Unit
from server.keys import DATABASE
from server.rights import CaseAccess, TaskAccess, may
from tests.server.pages.conftest import Office
from tests.server.pages.test_registers import receive, today
from tests.server.papers_files import pdf


async def taken_over(office: Office) -> None:
    """A new province has taken the old one's place; it has a clerk, a leader and a delegate."""
    yesterday = (today(office) - timedelta(days=1)).isoformat()
    async with office.server.app[DATABASE].begin() as connection:
        new = Unit("moi", "Ủy ban nhân dân tỉnh Mới", "UBND tỉnh Mới", "Mới", "UBND")
        await directory.add_unit(connection, new, "2020-01-01")
        await directory.put_unit(connection, "lam-son", valid_to=yesterday, successor_id="moi")
        await directory.add_account(connection, "tiep", "Vũ Thị Tiếp", "Văn thư", "moi", ["clerk"])
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
    assert not any(page.has(act) for act in ("move", "add", "keep", "close"))
    for act, fields in (("group", {"group": "han-che"}), ("keep", {"period": "hop-ky"}), ("close", {"sure": "yes"})):
        assert (await heir.post(f"{where}/{act}", fields)).status == 403, act
    assert (await heir.post(f"/described/case/{where[-32:]}", {"Description": "x"})).status == 403


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
    assert (await heir.post("/tasks/1/cancel", {"reason": "Thôi"})).status == 403


def test_heirs_read_and_do_nothing_else() -> None:
    unit = Unit("moi", "", "", "", "")
    roles = frozenset({"leader", "secretary", "clerk", "archivist"})
    heir = Account("a", "A", "", unit, roles, inherits=frozenset({"cu"}))
    case = CaseAccess("cu", frozenset({"leader"}))
    assert all(may(heir, act, "cu") for act in ("case.read", "figures.read", "task.board"))  # type: ignore[arg-type]
    assert may(heir, "case.open", case)
    assert not may(heir, "case.open", CaseAccess("cu", frozenset({"checker"})))
    done = ("case.keep", "case.group", "case.dispose", "task.press", "register.handle")
    assert not any(may(heir, act, "cu") for act in done)  # type: ignore[arg-type]
    assert not may(heir, "case.move", case)
    for task in (TaskAccess("cu", "x"), TaskAccess("x", "cu"), TaskAccess("x", "y", frozenset({"cu"}))):
        assert may(heir, "task.read", task)
        assert not may(heir, "task.work", task)
        assert not may(heir, "task.decide", task)
    assert not may(heir, "task.read", TaskAccess("x", "y"))
