"""Checks of what is told of use: how often documents, case files and the System were looked at, and by whom."""

from minutes.conformance.checklist import Outcome, judged
from server import figures
from server.accesses import Deed, Thing, of
from server.conformance.office import CLERK, DELEGATE, SECRETARY, Examined


async def looks_kept(seen: Examined) -> Outcome:
    """Who opens a document or takes its file is on record with the time; who was refused has not looked at it."""
    office, document = seen.office, await seen.office.issued()
    async with office.database.read() as connection:
        before = len(await of(connection, Thing.DOCUMENT, document.id, 1000))
    for path, who in (("", SECRETARY), ("/pdf", SECRETARY), ("", DELEGATE), ("", "")):
        await office.get(f"/desk/{document.id}{path}", who)
    async with office.database.read() as connection:
        found = await of(connection, Thing.DOCUMENT, document.id, 1000)
    new = [(one.name, one.deed) for one in found[: len(found) - before]]
    name = office.people[SECRETARY].name
    page = await office.get(f"/described/document/{document.id}", CLERK)
    return judged(
        new == [(name, Deed.FILE), (name, Deed.VIEW)] and "Ai đã xem" in page.text,
        "Mở và tải văn bản thử: lịch sử có người xem, người tải và thời gian; người bị từ chối không có lượt xem.",
        "Lượt xem văn bản không được ghi đúng.",
    )


async def case_looks_kept(seen: Examined) -> Outcome:
    """The same of case files and their files."""
    office, case = seen.office, await seen.office.closed_case()
    for path in ("", "/items/1"):
        await office.get(f"/casefiles/{case.id}{path}", CLERK)
    async with office.database.read() as connection:
        found = await of(connection, Thing.CASE, case.id, 2)
    return judged(
        [one.deed for one in found] == [Deed.FILE, Deed.VIEW],
        "Mở hồ sơ thử và tải tài liệu trong đó: lịch sử truy cập và sử dụng có cả hai lượt.",
        "Lịch sử truy cập, sử dụng hồ sơ thiếu lượt vừa thử.",
    )


async def things_counted(seen: Examined) -> Outcome:
    """How many documents and case files there are, and how often each was looked at, on the page of figures."""
    office, document, case = seen.office, await seen.office.issued(), await seen.office.closed_case()
    for path in (f"/desk/{document.id}", f"/casefiles/{case.id}"):
        await office.get(path, CLERK)
    found = await figures.of_year(office.database, office.people[CLERK].unit, office.case_files.today.year)
    page = await office.get("/figures", CLERK)
    looked = {one.path: one.times for one in found.most}
    paths = (f"/desk/{document.id}", f"/casefiles/{case.id}")
    return judged(
        bool(found.kinds) and all(looked.get(path) for path in paths) and all(path in page.text for path in paths),
        f"Thống kê năm {found.year}: {sum(all for all, _ in found.kinds.values())} văn bản, {found.arrived} văn bản "
        f"đến, {sum(all for all, _ in found.makers.values())} hồ sơ, kèm lượt xem từng văn bản, hồ sơ.",
        "Thống kê thiếu số lượng hoặc lượt xem.",
    )


async def people_counted(seen: Examined) -> Outcome:
    """How often each official signed in, opened and took something."""
    office, clerk = seen.office, seen.office.people[CLERK]
    year = office.case_files.today.year
    before = await figures.of_year(office.database, clerk.unit, year)
    await office.get("/desk", CLERK)
    after = await figures.of_year(office.database, clerk.unit, year)
    times = [
        {one.account_id: one.times[Deed.SIGN_IN] for one in found.readers}.get(CLERK, 0) for found in (before, after)
    ]
    return judged(
        times[1] == times[0] + 1,
        f"Văn thư thử đăng nhập thêm một lần: thống kê lượt truy cập của từng người tăng từ {times[0]} lên {times[1]}.",
        "Lượt truy cập Hệ thống không được thống kê.",
    )


async def makers_counted(seen: Examined) -> Outcome:
    """Case files by the account that opened them."""
    office = seen.office
    year, clerk = office.case_files.today.year, office.people[CLERK]
    before = await figures.of_year(office.database, clerk.unit, year)
    await office.open_case("Hồ sơ thử thống kê")
    after = await figures.of_year(office.database, clerk.unit, year)
    counts = [found.makers.get(clerk.name, (0, 0))[0] for found in (before, after)]
    return judged(
        counts[1] == counts[0] + 1,
        f"Thống kê hồ sơ theo người lập: {clerk.name} từ {counts[0]} lên {counts[1]} hồ sơ.",
        "Hồ sơ không được thống kê theo người lập.",
    )


CHECKS = {one.__name__: one for one in (looks_kept, case_looks_kept, things_counted, people_counted, makers_counted)}
