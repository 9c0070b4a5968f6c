"""Checks of the administration: rights are given, changed with the position, warned of until confirmed, and logged."""

from minutes.conformance.checklist import Outcome, judged
from server import directory, directory_log
from server.administration import Official, confirmable
from server.conformance.office import CHAIR, CLERK, DELEGATE, SECRETARY, UNIT, Examined, Office
from server.directory import Account
from server.directory_log import Change, Deed
from server.errors import Problem
from server.keys import ADMINISTRATION


async def _added(office: Office, name: str, *roles: str) -> str:
    """Somebody new in the unit, made by the administrator."""
    wanted = Official(name, "Chuyên viên", UNIT.id, frozenset(roles))
    return (await office.app[ADMINISTRATION].add_people([wanted], by=office.people[CLERK]))[0]


async def _changed(office: Office, account_id: str, *roles: str, unit_id: str = UNIT.id) -> None:
    """Other rights, or another unit, given by the administrator."""
    async with office.database.read() as connection:
        seen = await directory_log.version(connection, account_id)
    account = await _account(office, account_id)
    wanted = Official(account.name, account.title, unit_id, frozenset(roles))
    await office.app[ADMINISTRATION].change_person(account_id, wanted, seen=seen, by=office.people[CLERK])


async def _account(office: Office, account_id: str) -> Account:
    async with office.database.read() as connection:
        found = await directory.account(connection, account_id)
    assert found is not None
    return found


async def _newest(office: Office, account_id: str) -> Change:
    async with office.database.read() as connection:
        return (await directory_log.of_subject(connection, account_id, 1))[0]


async def rights_given(seen: Examined) -> Outcome:
    """Who is given a right may at once, and may no more when it is taken or the position changes; nobody else gives
    any."""
    office = seen.office
    who = await _added(office, "Người thử phân quyền", "secretary")
    may_first = (await office.get("/desk/new", who)).status == 200
    await _changed(office, who, "delegate")
    after_taking = (await office.get("/desk/new", who)).status
    await _changed(office, who, "secretary", unit_id=office.people[DELEGATE].unit.id)
    elsewhere = (await office.get(f"/desk/{(await office.issued()).id}", who)).status
    strangers = [one for one in (CHAIR, SECRETARY, DELEGATE, "") if (await office.get("/people", one)).status == 200]
    return judged(
        may_first and after_taking == elsewhere == 403 and not strangers,
        "Người thử được giao quyền thì làm được ngay; bị thôi quyền hoặc chuyển đơn vị thì bị từ chối ngay ở thao tác "
        "sau; chỉ người quản trị mở được trang phân quyền.",
        "Thay đổi quyền không có hiệu lực ngay, hoặc người không quản trị mở được trang phân quyền.",
    )


async def rights_warned(seen: Examined) -> Outcome:
    """A change of rights is shown to who may confirm it until they have; not to be confirmed by who made it."""
    office, administration = seen.office, seen.office.app[ADMINISTRATION]
    who = await _added(office, "Người thử cảnh báo", "clerk")
    change = await _newest(office, who)
    by, leader = office.people[CLERK], office.people[CHAIR]
    mark = 'data-test="rights-waiting"'
    warned = mark in (await office.get("/desk", CHAIR)).text
    try:
        await administration.confirm([change.id], by=by)
        own = True
    except Problem:
        async with office.database.read() as connection:
            own = bool(await confirmable(connection, by, [change]))
    async with office.database.read() as connection:
        waiting = [one.id for one in await directory_log.waiting(connection, UNIT.id)]
    await administration.confirm(waiting, by=leader)
    over = mark not in (await office.get("/desk", CHAIR)).text
    named = (await _newest(office, who)).confirmed
    return judged(
        warned and not own and over and named is not None and named[0] == leader.name,
        "Cấp quyền thử: bàn làm việc của lãnh đạo cảnh báo cho đến khi xác nhận; người cấp không tự xác nhận được; "
        "nhật ký ghi ai xác nhận, lúc nào.",
        "Thay đổi quyền không được cảnh báo, hoặc được chính người thay đổi xác nhận.",
    )


async def rights_logged(seen: Examined) -> Outcome:
    """Who changed whose rights, when, before and after; it is read and taken away as a list."""
    office = seen.office
    who = await _added(office, "Người thử nhật ký", "delegate")
    await _changed(office, who, "secretary")
    change = await _newest(office, who)
    listed = (await office.get("/people/log.csv", CLERK)).text
    printed = await office.get("/people/log.pdf", CLERK)
    refused = (await office.get("/people/log.csv", DELEGATE)).status
    well = (
        change.deed is Deed.CHANGE
        and change.by.id == CLERK
        and (change.before["roles"], change.after["roles"]) == (["delegate"], ["secretary"])
        and "Người thử nhật ký" in listed
        and printed.body.startswith(b"%PDF")
        and refused == 403
    )
    return judged(
        well,
        "Nhật ký phân quyền có người làm, thời gian, quyền trước và sau, in và tải về được; nhật ký xử lý và truy cập "
        "văn bản được kiểm tra ở III.5.a.",
        "Nhật ký phân quyền thiếu thay đổi vừa thử.",
    )


async def case_access(seen: Examined) -> Outcome:
    """Case files and their metadata are opened by who has the right to, an archivist among them, and by nobody because
    they administer."""
    office, case = seen.office, await seen.office.closed_case()
    keeper = await _added(office, "Người thử lưu trữ", "archivist")
    manager = await _added(office, "Người thử quản trị", "administrator")
    paths = (f"/casefiles/{case.id}", f"/described/case/{case.id}")
    opened = {one: [(await office.get(path, one)).status for path in paths] for one in (keeper, manager, DELEGATE)}
    return judged(
        opened == {keeper: [200, 200], manager: [403, 403], DELEGATE: [403, 403]},
        "Người giữ quyền lưu trữ mở được hồ sơ và dữ liệu đặc tả; quyền quản trị không mở được hồ sơ; người của đơn vị "
        "khác bị từ chối.",
        "Hồ sơ hoặc dữ liệu đặc tả mở cho người không có quyền, hoặc không mở cho người có quyền.",
    )


CHECKS = {one.__name__: one for one in (rights_given, rights_warned, rights_logged, case_access)}
