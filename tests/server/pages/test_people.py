"""Units, people and rights: made, changed and ended by an administrator (Cúc), on record, and felt at once."""

import asyncio
import csv
import html
import io
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from minutes.document import State
from minutes.reading import VIETNAM
from server import auth, directory, directory_log, outbox
from server.administration import Official, UnitValues
from server.directory_log import Deed, change_table
from server.errors import Problem
from server.keys import ADMINISTRATION, DATABASE, TOKENS
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import EVIL, Office, Page, Visitor
from tests.server.pages.test_redact import words_of

TODAY = auth.utcnow().astimezone(VIETNAM).date()
MINH = {"name": "Vũ Đức Minh", "title": "Chuyên viên", "unit": "lam-son", "address": "minh@lam-son.example"}


def form_of(page: Page) -> dict[str, str]:
    """The form of a person or unit as the page has it, to be sent back with something changed."""
    names = [
        name for name in ("name", "title", "address", "short_name", "place", "symbol") if f'name="{name}"' in page.text
    ]
    typed = {name: page.value(name) for name in (*names, "seen")}
    if (unit := re.search(r'<option value="([a-z-]+)" selected', page.text.split('name="unit"')[-1])) is not None:
        typed["unit"] = unit[1]
    return typed | dict.fromkeys(re.findall(r'name="(role\.[a-z]+)" value="1" checked', page.text), "1")


def link_on(page: Page) -> str:
    """The sign-in link that the page shows."""
    found = re.search(r'data-test="link">([^<]+)<', page.text)
    assert found is not None
    return html.unescape(found[1])


async def change(who: Visitor, path: str, **others: str) -> Page:
    """Change something of a person or unit; a right is dropped by ""."""
    typed = form_of(await who.get(path)) | {name.replace("__", "."): text for name, text in others.items()}
    return await who.post(path, {name: text for name, text in typed.items() if text or not name.startswith("role.")})


async def end(who: Visitor, path: str, on: date = TODAY, **others: str) -> Page:
    seen = (await who.get(f"{path}/end")).value("seen")
    return await who.post(f"{path}/end", {"on": on.isoformat(), "seen": seen, **others})


@ON_BOTH
async def test_a_new_official_is_made_invited_comes_in_and_is_confirmed_by_the_leader(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    made = await clerk.post("/people/new", MINH | {"role.secretary": "1"})
    assert made.location == "/people/vu-duc-minh"
    link = link_on(await clerk.post(made.location + "/link", {"days": "7"}))
    minh = await office.with_token(link)
    assert (await minh.get("/desk")).status == 200
    assert (await minh.get("/people")).status == 403
    assert link not in (await clerk.get(made.location)).text, "it is shown once"

    leader = await office.sign_in("hanh")
    assert (await leader.get("/desk")).has("rights-waiting")
    log = await leader.get("/people/log")
    assert "Thêm người dùng: Vũ Đức Minh" in log.words
    assert "Quyền: Thư ký" in log.words
    boxes = re.findall(r'name="(change\.\d+)"', log.text)
    assert len(boxes) == 2, "the account, and the link into it"
    assert (await leader.post("/people/log/confirm", dict.fromkeys(boxes, "1"))).status == 303
    assert "Đã xác nhận: Nguyễn Thị Hạnh" in (await leader.get("/people/log")).words
    assert not (await leader.get("/desk")).has("rights-waiting")


@pytest.mark.parametrize("path", ["", "/new", "/import", "/units/new", "/units/lam-son", "/binh", "/binh/end"])
async def test_only_an_administrator_sees_and_changes_people(office: Office, path: str) -> None:
    path = f"/people{path}"
    assert (await office.stranger().get(path)).status == 401
    for other in ("hanh", "binh", "dung"):
        visitor = await office.sign_in(other)
        assert (await visitor.get(path)).status == 403
        if path != "/people":
            assert (await visitor.post(path, MINH)).status == 403
    clerk = await office.sign_in("cuc")
    assert (await clerk.get(path)).status == 200
    if path != "/people":
        assert (await clerk.post(path, MINH, csrf=False)).status == 403


async def test_a_guest_of_a_room_and_a_delegate_do_not_read_the_log(office: Office) -> None:
    guest = await office.with_token(office.server.token("chair"))
    for visitor in (guest, await office.sign_in("dung"), await office.sign_in("binh")):
        for path in ("/people/log", "/people/log.pdf", "/people/log.csv"):
            assert (await visitor.get(path)).status == 403
        assert (await visitor.post("/people/log/confirm", {"change.1": "1"})).status == 403


async def test_what_cannot_be_a_person_or_unit_is_said_beside_it_and_nothing_is_lost(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    bad = await clerk.post("/people/new", {"name": EVIL, "title": "", "unit": "nowhere", "address": "a@b"})
    assert bad.status == 422
    assert bad.value("name") == EVIL
    assert EVIL not in bad.text
    for said in ("Nội dung này còn để trống.", "Xin chọn đơn vị.", "“a@b” không hợp lệ"):
        assert said in bad.words
    unit = await clerk.post("/people/units/new", {"name": "Sở Y tế", "short_name": "x" * 101, "symbol": "SỞ Y/TẾ"})
    assert unit.status == 422
    assert "Dài quá 100 ký tự." in unit.words
    assert "Chỉ dùng chữ cái" in unit.words
    assert (await clerk.post("/people/no-such/link", {"days": "7"})).status == 404
    assert (await end(clerk, "/people/binh", date(2199, 1, 1))).status == 422
    assert (await clerk.post("/people/binh/end", {"on": "x", "seen": "0"})).status == 422


@ON_BOTH
async def test_whose_office_ends_is_out_of_every_page_at_once(office: Office) -> None:
    clerk, binh = await office.sign_in("cuc"), await office.sign_in("binh")
    seat = await office.server.sit(office.server.person("binh"))
    watching = await office.server.sit(office.server.person("hanh"))
    token = office.server.app[TOKENS].sign_in("binh", auth.utcnow())
    await office.meeting()

    asked = await clerk.get("/people/binh/end")
    assert "Họp giao ban tháng 02" in asked.words, "what goes on without him is said before"
    assert (await end(clerk, "/people/binh")).location == "/people/binh"

    assert (await binh.get("/desk")).status == 401
    assert (await office.stranger().post("/sign-in", {"code": token})).status == 401
    while not seat.socket.closed:
        await seat.socket.receive(timeout=10)
    gone = await watching.until(lambda one: one["type"] == "participant" and one["participant"]["id"] == "binh")
    assert not gone["participant"]["present"]
    assert not (await clerk.get("/people")).has("person-binh"), "who is gone is not in the way"
    assert (await clerk.get("/people/binh")).has("ended")
    again = await clerk.post("/people/binh/resume", {"seen": (await clerk.get("/people/binh")).value("seen")})
    assert again.status == 303
    assert (await (await office.with_token(token)).get("/desk")).status == 200


async def test_an_office_ends_on_its_day_and_not_before(office: Office) -> None:
    clerk, binh = await office.sign_in("cuc"), await office.sign_in("binh")
    await end(clerk, "/people/binh", TODAY + timedelta(3))
    assert (await binh.get("/desk")).status == 200
    assert (await clerk.get("/people/binh")).has("ending")
    administration = office.server.app[ADMINISTRATION]
    await administration.look(auth.utcnow() + timedelta(days=2))
    assert (await binh.get("/desk")).status == 200
    await administration.look(auth.utcnow() + timedelta(days=3))
    assert (await binh.get("/desk")).status == 401


async def test_links_and_sessions_of_a_lost_telephone_are_taken_back(office: Office) -> None:
    clerk, binh = await office.sign_in("cuc"), await office.sign_in("binh")
    old = link_on(await clerk.post("/people/binh/link", {"days": "30"}))
    assert (await clerk.post("/people/binh/revoke")).status == 303
    assert (await binh.get("/desk")).status == 401
    assert (await office.stranger().post("/sign-in", {"code": old})).status == 401
    new = link_on(await clerk.post("/people/binh/link", {"days": "30"}))
    assert (await (await office.with_token(new)).get("/desk")).status == 200
    log = (await clerk.get("/people/log")).words
    assert log.count("Cấp đường dẫn đăng nhập: Trần Văn Bình") == 4, "each on record, and waiting to be confirmed"
    assert "Thu hồi đường dẫn và phiên đăng nhập: Trần Văn Bình" in log


async def test_nobody_is_let_into_a_leaders_account_without_others_hearing_of_it(office: Office) -> None:
    async with office.server.app[DATABASE].begin() as connection:
        await directory.put_account(connection, "hanh", address="hanh@lamson.example")
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    await change(clerk, "/people/binh", role__administrator="1")
    link = link_on(await clerk.post("/people/hanh/link", {"days": "1"}))
    assert (await leader.get("/desk")).status == 401, "whoever was in is out, and so hears of it"
    came = await office.with_token(link)
    desk = await came.get("/desk")
    assert desk.has("way-in")
    assert "Phạm Thu Cúc đã cấp đường dẫn đăng nhập tài khoản này" in desk.words
    async with office.server.app[DATABASE].read() as connection:
        mails = [one.letter for one in await outbox.of_meeting(connection, "")]
    (told,) = [one for one in mails if "đường dẫn mới" in one.subject]
    assert (told.person_id, outbox.LINK in told.text) == ("hanh", False)

    async with office.server.app[DATABASE].read() as connection:
        (waits,) = [one for one in await directory_log.waiting(connection, "lam-son") if one.deed is Deed.LINK]
    for who in (came, clerk):
        assert not (await who.get("/people/log")).has(f"confirm-{waits.id}"), "nor who came by it, nor who made it"
        assert (await who.post("/people/log/confirm", {f"change.{waits.id}": "1"})).status == 403
    other = await office.sign_in("binh")
    assert (await other.get("/people/log")).has(f"confirm-{waits.id}")
    assert (await other.post("/people/log/confirm", {f"change.{waits.id}": "1"})).status == 303
    assert (await came.get("/desk")).has("way-in"), "the person goes on being told"


async def test_a_link_for_who_may_not_sign_ends_nothing(office: Office) -> None:
    clerk, delegate = await office.sign_in("cuc"), await office.sign_in("dung")
    link_on(await clerk.post("/people/dung/link", {"days": "1"}))
    assert (await delegate.get("/desk")).status == 200
    own = link_on(await clerk.post("/people/cuc/link", {"days": "1"}))
    assert (await (await office.with_token(own)).get("/desk")).status == 200
    assert not (await clerk.get("/desk")).has("way-in")


async def test_another_mail_address_of_who_signs_is_confirmed_by_somebody_else(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await change(clerk, "/people/dung", role__administrator="1")
    await change(clerk, "/people/hanh", address="ke-khac@lamson.example")
    page = await (await office.sign_in("hanh")).post("/people/log/confirm", {"change.2": "1"})
    assert page.status == 403, "nor by who has it: links go there"
    assert (await (await office.sign_in("dung")).post("/people/log/confirm", {"change.2": "1"})).status == 303


async def test_the_last_administrator_stays(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    kept = await change(clerk, "/people/cuc", role__administrator="")
    assert kept.status == 409
    assert "người quản trị cuối cùng" in kept.words
    assert (await end(clerk, "/people/cuc")).status == 409
    assert (await end(clerk, "/people/units/lam-son")).status == 409, "nor does the unit go with them"
    await change(clerk, "/people/binh", role__administrator="1")
    await end(clerk, "/people/binh", TODAY + timedelta(30))
    assert (await end(clerk, "/people/cuc")).status == 409, "another one whose office ends is no other one"


@ON_BOTH
async def test_two_administrators_who_remove_each_other_leave_one(office: Office) -> None:
    administration = office.server.app[ADMINISTRATION]
    await change(await office.sign_in("cuc"), "/people/binh", role__administrator="1")
    cuc, binh = await office.account("cuc"), await office.account("binh")
    async with office.server.app[DATABASE].read() as connection:
        seen = {one: await directory_log.version(connection, one) for one in ("cuc", "binh")}
    done = await asyncio.gather(
        administration.end_office("binh", TODAY, seen=seen["binh"], by=cuc),
        administration.end_office("cuc", TODAY, seen=seen["cuc"], by=binh),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in done) == ["NoneType", "Problem"]
    async with office.server.app[DATABASE].read() as connection:
        left = [one for one in await directory.accounts(connection) if "administrator" in one.roles]
    assert len(left) == 1


async def test_who_lost_the_right_meanwhile_changes_nothing(office: Office) -> None:
    await change(await office.sign_in("cuc"), "/people/binh", role__administrator="1")
    before = await office.account("binh")
    await change(await office.sign_in("cuc"), "/people/binh", role__administrator="")
    with pytest.raises(Problem, match="not_allowed"):
        await office.server.app[ADMINISTRATION].add_unit(UnitValues("Sở", "Sở", "Lâm Sơn", "S"), by=before)


async def test_the_second_to_save_is_told_and_loses_nothing(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    seen = form_of(await clerk.get("/people/binh"))
    assert (await change(clerk, "/people/binh", title="Phó Chánh Văn phòng")).status == 303
    late = await clerk.post("/people/binh", seen | {"name": "Trần Văn Bình B"})
    assert late.status == 409
    assert "người khác đã thay đổi" in late.words
    assert late.value("name") == "Trần Văn Bình B"
    assert (await office.account("binh")).title == "Phó Chánh Văn phòng"


async def test_a_right_that_is_taken_away_is_gone_at_the_next_step(office: Office) -> None:
    clerk, binh = await office.sign_in("cuc"), await office.sign_in("binh")
    assert (await binh.get("/desk/new")).status == 200
    await change(clerk, "/people/binh", role__secretary="", role__delegate="1")
    assert (await binh.get("/desk/new")).status == 403


async def test_what_somebody_gives_themselves_is_seen_and_confirmed_by_another(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await change(clerk, "/people/cuc", role__leader="1")
    log = await clerk.get("/people/log")
    assert "Chờ xác nhận: 1" in log.words
    assert "change." not in log.text, "nobody confirms what they did themselves, leader or not"
    async with office.server.app[DATABASE].read() as connection:
        (waiting,) = await directory_log.waiting(connection)
    assert (await clerk.post("/people/log/confirm", {f"change.{waiting.id}": "1"})).status == 403
    leader = await office.sign_in("hanh")
    assert (await leader.post("/people/log/confirm", {f"change.{waiting.id}": "1"})).status == 303
    assert (await leader.post("/people/log/confirm", {f"change.{waiting.id}": "1"})).status == 303, "twice is once"
    assert "Chờ xác nhận" not in (await clerk.get("/people/log")).words


async def test_an_administrator_confirms_nothing_by_accounts_of_their_own_making(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    made = [(await clerk.post("/people/new", MINH | {"role.leader": "1"})).location for _ in range(2)]
    first, second = [await office.with_token(link_on(await clerk.post(f"{one}/link", {"days": "1"}))) for one in made]
    async with office.server.app[DATABASE].read() as connection:
        waiting = [one.id for one in await directory_log.waiting(connection)]
    assert len(waiting) == 4, "two accounts, and the links into them"
    for puppet in (first, second):
        assert "change." not in (await puppet.get("/people/log")).text
        assert not (await puppet.get("/desk")).has("rights-waiting")
        for number in waiting:
            assert (await puppet.post("/people/log/confirm", {f"change.{number}": "1"})).status == 403
    leader = await office.sign_in("hanh")
    assert (await leader.post("/people/log/confirm", {f"change.{one}": "1" for one in waiting})).status == 303
    assert "Chờ xác nhận" not in (await clerk.get("/people/log")).words


async def test_leaders_see_and_confirm_what_is_of_their_unit_alone(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await change(clerk, "/people/dung", role__leader="1")
    await change(clerk, "/people/lan", role__clerk="1")
    dung = await office.sign_in("dung")
    assert "Lò Văn Dũng" in (await dung.get("/people/log")).words
    assert "Hoàng Thị Lan" not in (await dung.get("/people/log")).words
    async with office.server.app[DATABASE].read() as connection:
        other = next(one for one in await directory_log.waiting(connection) if one.subject.id == "lan")
    assert (await dung.post("/people/log/confirm", {f"change.{other.id}": "1"})).status == 403


async def test_a_unit_that_is_renamed_keeps_its_documents_names(office: Office) -> None:
    old = await office.notice()
    clerk = await office.sign_in("cuc")
    renamed = await change(
        clerk, "/people/units/lam-son", name="Ủy ban nhân dân tỉnh Lam Sơn Mới", short_name="UBND tỉnh Lam Sơn Mới"
    )
    assert renamed.status == 303
    assert (await office.records.get(old)).unit.name == "Ủy ban nhân dân tỉnh Lâm Sơn"
    new = await office.records.get(await office.minutes(State.DRAFT, room="hop-bbbb1234"))
    assert new.unit.name == "Ủy ban nhân dân tỉnh Lam Sơn Mới"
    assert "UBND tỉnh Lâm Sơn → UBND tỉnh Lam Sơn Mới" in (await clerk.get("/people/units/lam-son")).words.replace(
        "trước là ", ""
    )


@ON_BOTH
async def test_a_unit_that_is_merged_takes_its_people_along_as_delegates(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await change(clerk, "/people/lan", role__leader="1")
    assert "4 người chuyển sang đơn vị đó" in (await clerk.get("/people/units/hoa-phuoc/end")).words
    assert (await end(clerk, "/people/units/hoa-phuoc", successor="hoa-phuoc")).status == 422
    assert (await end(clerk, "/people/units/hoa-phuoc", TODAY + timedelta(2), successor="ta-nang")).status == 303
    assert (await office.account("lan")).unit.id == "hoa-phuoc", "not before its day"
    await office.server.app[ADMINISTRATION].look(auth.utcnow() + timedelta(days=2))
    lan = await office.account("lan")
    assert (lan.unit.id, lan.roles) == ("ta-nang", {"delegate"})
    assert (await office.account("phuong")).roles == set(), "who had no right is given none"
    assert (await end(clerk, "/people/units/suoi-thau", successor="hoa-phuoc")).status == 422, "it ends itself"


async def test_a_unit_that_is_dissolved_ends_its_peoples_offices(office: Office) -> None:
    clerk, lan = await office.sign_in("cuc"), await office.sign_in("lan")
    assert (await end(clerk, "/people/units/hoa-phuoc")).status == 303
    assert (await lan.get("/meetings")).status == 401
    assert (await clerk.post("/people/new", MINH | {"unit": "hoa-phuoc", "role.delegate": "1"})).status == 422
    assert "UBND xã Hòa Phước" not in (await clerk.get("/people/new")).words
    assert (await change(clerk, "/people/units/ta-nang", name="Ủy ban nhân dân xã Tà Năng")).status == 303
    assert "Hòa Phước" in (await clerk.get("/people?all=1")).words


LIST = """Họ và tên\tChức vụ\tĐơn vị\tThư điện tử\tQuyền
Vũ Đức Minh\tChuyên viên\tUBND tỉnh Lâm Sơn\tminh@lam-son.example\tThư ký + Quản trị
Nông Thị Hoa\tPhó Chủ tịch UBND xã\tỦy ban nhân dân xã Tà Năng\t\tlãnh đạo, đại biểu
"""


async def test_a_list_is_looked_at_first_and_kept_whole(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    looked = await clerk.post("/people/import", {"list": LIST})
    assert looked.has("sure")
    async with office.server.app[DATABASE].read() as connection:
        assert await directory.account(connection, "vu-duc-minh") is None
    assert (await clerk.post("/people/import", {"list": looked.area("list"), "sure": "1"})).status == 303
    assert (await office.account("vu-duc-minh")).roles == {"secretary", "administrator"}
    hoa = await office.account("nong-thi-hoa")
    assert (hoa.unit.id, hoa.roles) == ("ta-nang", {"leader", "delegate"})


async def test_a_list_with_a_wrong_line_names_it_and_keeps_nothing(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    bad = LIST + "Vũ Đức Minh\tChuyên viên\tUBND tỉnh Lâm Sơn\t\tthư ký\nHai\tx\tSở Lạ\ta@b\tvua\n" + EVIL + "\n"
    page = await clerk.post("/people/import", {"list": bad, "sure": "1"})
    assert page.status == 422
    assert page.text.count('data-test="wrong-row"') == 3
    assert "3 dòng cần sửa; chưa ghi dòng nào." in page.words
    for said in ("Người này đã có trong đơn vị.", "Không có đơn vị “Sở Lạ”.", "Không có quyền “vua”."):
        assert said in page.words
    assert EVIL not in page.text
    assert page.area("list").split() == bad.split()
    async with office.server.app[DATABASE].read() as connection:
        assert await directory.account(connection, "vu-duc-minh") is None
    for nothing in ("", "\n\n", "x;" * 100_000):
        assert (await clerk.post("/people/import", {"list": nothing})).status in (400, 422)


async def test_the_log_is_printed_and_taken_away_as_data(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await clerk.post("/people/new", MINH | {"title": "=SUM(A1)", "role.secretary": "1"})
    printed = await clerk.get("/people/log.pdf")
    assert printed.headers["Content-Type"] == "application/pdf"
    assert "Vũ Đức Minh" in words_of(printed.body)
    rows = list(csv.reader(io.StringIO((await clerk.get("/people/log.csv")).text.removeprefix("\ufeff"))))
    assert rows[1][2:5] == ["Phạm Thu Cúc", "Thêm người dùng", "Vũ Đức Minh (vu-duc-minh)"]
    assert rows[1][6] == "chưa xác nhận"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


async def test_ids_are_never_given_twice_and_never_mean_something_else(office: Office) -> None:
    administration, cuc = office.server.app[ADMINISTRATION], await office.account("cuc")
    people = [Official(name, "x", "lam-son", frozenset({"delegate"})) for name in ("Log", "Ê", "Đỗ Ý", "Đỗ Ý", "王")]
    assert await administration.add_people(people, by=cuc) == ["id-log", "id-e", "do-y", "do-y-2", "id"]


async def test_nothing_but_adding_is_done_to_the_log(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await clerk.post("/people/new", MINH | {"role.secretary": "1"})
    async with office.server.app[DATABASE].read() as connection:
        before = (await connection.execute(select(change_table))).all()
    leader = await office.sign_in("hanh")
    await leader.post("/people/log/confirm", {f"change.{before[0].id}": "1"})
    await end(clerk, "/people/vu-duc-minh")
    async with office.server.app[DATABASE].read() as connection:
        after = (await connection.execute(select(change_table).order_by(change_table.c.id))).all()
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2


async def test_an_archivist_keeps_case_files_and_an_administrator_opens_none(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await clerk.post("/people/new", MINH | {"role.archivist": "1"})
    await clerk.post("/people/new", MINH | {"name": "Đỗ Văn Khoa", "role.administrator": "1"})
    keeper, manager = await office.sign_in("vu-duc-minh"), await office.sign_in("do-van-khoa")
    assert (await keeper.get("/desk")).has("casefiles-link")
    period = re.search(r'<option value="([^"]+)"', (await keeper.get("/casefiles")).text)
    assert period is not None
    opened = await keeper.post("/casefiles", {"title": "Hồ sơ thử", "period": period[1]})
    assert opened.status == 303, opened.words
    for path in ("/casefiles", opened.location, "/figures", "/registers/out", "/archive"):
        assert (await manager.get(path)).status == 403
    minutes = await office.minutes()
    for visitor in (keeper, manager):
        assert (await visitor.get(f"/desk/{minutes}")).status == 403
