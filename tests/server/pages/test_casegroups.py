"""Groups of case files by how far what they tell may go: who opens a case file is said by its group."""

from server import administration
from server.conformance.office import words
from server.keys import CASE_FILES
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office


@ON_BOTH
async def test_a_case_file_of_a_narrower_group_is_closed_to_the_others_at_once(office: Office) -> None:
    clerk, secretary = await office.sign_in("cuc"), await office.sign_in("binh")
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ kê khai tài sản", "period": "hop-ky"})).location
    id = where.rpartition("/")[2]
    assert "Phổ biến trong cơ quan" in (await secretary.get(where)).words
    assert (await clerk.post(where + "/group", {"group": "khong-co"})).status == 422
    assert (await clerk.post(where + "/group", {"group": "han-che"})).status == 303
    year = office.server.app[CASE_FILES].today.year
    assert "Hạn chế" in (await clerk.get("/casefiles")).words
    for path in (where, f"{where}/contents.pdf", f"/described/case/{id}"):
        assert (await clerk.get(path)).status == 200
        assert (await secretary.get(path)).status == 403
    for act, fields in (("group", {"group": "chung"}), ("keep", {"period": "hop-ky"}), ("close", {"sure": "yes"})):
        assert (await secretary.post(f"{where}/{act}", fields)).status == 403
    assert (await secretary.post(f"/described/case/{id}", {"Description": "x"})).status == 403
    assert "kê khai tài sản" not in (await secretary.get("/casefiles")).words
    assert (await secretary.get(f"/casefiles/{year}-list.pdf")).status == 200

    assert (await clerk.post(where + "/group", {"group": "chung"})).status == 303
    assert (await secretary.get(where)).status == 200


async def test_the_list_that_is_printed_names_what_its_reader_may_open(office: Office) -> None:
    clerk, secretary = await office.sign_in("cuc"), await office.sign_in("binh")
    year = office.server.app[CASE_FILES].today.year
    await clerk.post("/casefiles", {"title": "Hồ sơ trồng rừng", "period": "hop-ky"})
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ kê khai", "period": "hop-ky"})).location
    await clerk.post(where + "/group", {"group": "han-che"})
    whole, part = [words((await one.get(f"/casefiles/{year}-list.pdf")).body) for one in (clerk, secretary)]
    assert ("trồng rừng" in whole, "kê khai" in whole) == (True, True)
    assert ("trồng rừng" in part, "kê khai" in part) == (True, False)


async def test_who_opens_a_group_is_said_by_leaders_and_administrators(office: Office) -> None:
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")
    secretary, elsewhere = await office.sign_in("binh"), await office.sign_in("dung")
    wanted = {"code": "nhan-su", "title": "Hồ sơ nhân sự", "role.secretary": "1"}
    assert (await secretary.post("/casefiles/groups", wanted)).status == 403
    assert (await elsewhere.get("/casefiles/groups")).status == 403
    assert (await leader.post("/casefiles/groups", wanted)).status == 303
    assert "Hồ sơ nhân sự" in (await secretary.get("/casefiles/groups")).words

    where = (await clerk.post("/casefiles", {"title": "Hồ sơ bổ nhiệm", "period": "hop-ky"})).location
    assert (await clerk.post(where + "/group", {"group": "nhan-su"})).status == 303
    assert [(await one.get(where)).status for one in (leader, secretary, clerk)] == [200, 200, 403]
    assert (await leader.post("/casefiles/groups", wanted | {"role.clerk": "1"})).status == 303
    assert (await clerk.get(where)).status == 200

    assert (await leader.post("/casefiles/groups", wanted | {"role.clerk": "1"})).status == 303, "nothing has changed"
    shown = await secretary.get("/casefiles/groups")
    told = shown.words.partition("Các lần thay đổi: 2")[2].split("nhan-su")
    labels = {role: administration.ROLES[role] for role in ("leader", "secretary", "clerk")}
    first = f"{labels['leader']}; {labels['secretary']}"
    assert f"{first} → {first}; {labels['clerk']} Nguyễn Thị Hạnh" in told[1], "the last first"
    assert f"Nhóm mới → {first} Nguyễn Thị Hạnh" in told[2]

    narrowed = await leader.post("/casefiles/groups", {"code": "chung", "title": "Hẹp"})
    assert narrowed.status == 422
    assert "không thu hẹp được" in narrowed.words


async def test_a_leader_moves_a_case_file_and_every_move_stays_on_record(office: Office) -> None:
    leader, clerk, secretary = [await office.sign_in(one) for one in ("hanh", "cuc", "binh")]
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ kê khai", "period": "hop-ky"})).location
    assert not (await clerk.get(where)).has("moves")
    await clerk.post(where + "/group", {"group": "han-che"})
    assert (await clerk.post(where + "/group", {"group": "han-che"})).status == 303, "it is there already"
    assert (await leader.get(where)).has("move")
    assert (await leader.post(where + "/group", {"group": "chung"})).status == 303
    page = await secretary.get(where)
    told = page.words.partition("Đã chuyển nhóm: 2 lần")[2]
    first, _, second = told.partition("Hạn chế: lãnh đạo, văn thư, lưu trữ → Phổ biến trong cơ quan")
    assert "Phổ biến trong cơ quan → Hạn chế: lãnh đạo, văn thư, lưu trữ Phạm Thu Cúc" in first
    assert second.strip().startswith("Nguyễn Thị Hạnh")
    assert (await leader.post(where + "/keep", {"period": "hop-ky"})).status == 403, "that is who keeps it"


async def test_who_moves_a_case_file_out_of_their_own_sight_is_back_at_the_list(office: Office) -> None:
    secretary = await office.sign_in("binh")
    where = (await secretary.post("/casefiles", {"title": "Hồ sơ kê khai", "period": "hop-ky"})).location
    moved = await secretary.post(where + "/group", {"group": "han-che"})
    assert (moved.status, moved.location.startswith("/casefiles?")) == (303, True)
    assert (await secretary.get(moved.location)).status == 200
    assert (await secretary.post(where + "/group", {"group": "chung"})).status == 403
