"""The desk: what waits for me stands first, and others' papers are not mine to see."""

from minutes.document import State
from tests.server.pages.conftest import Office, begins_with, sealed_minutes, sealed_notice


def waiting(text: str) -> str:
    return text.partition('data-test="waiting"')[2].partition("</ul>")[0]


async def test_each_stage_waits_for_the_right_person(office: Office) -> None:
    minutes = await office.minutes()
    order = (
        (State.DRAFT, "binh"),
        (State.REVIEW, "hanh"),
        (State.APPROVED, "binh"),
        (State.SIGNED, "cuc"),
        (State.SEALED, "binh"),
    )
    for state, in_turn in order:
        await office.advance(minutes, state)
        for account in ("binh", "hanh", "cuc"):
            text = (await (await office.sign_in(account)).get("/desk")).text
            assert f"/desk/{minutes}" in text
            assert (f"/desk/{minutes}" in waiting(text)) is (account == in_turn), (state, account)


@begins_with(sealed_notice)
async def test_a_sealed_notice_waits_for_the_decision_to_post_it(office: Office) -> None:
    notice = await office.notice()
    for account in ("hanh", "cuc"):
        assert f"/desk/{notice}" in waiting((await (await office.sign_in(account)).get("/desk")).text)
    assert f"/desk/{notice}" not in waiting((await (await office.sign_in("binh")).get("/desk")).text)


async def test_a_delegate_finds_nothing_of_the_office_at_the_desk(office: Office) -> None:
    minutes = await office.minutes()
    delegate = await office.sign_in("dung")
    page = await delegate.get("/desk")
    assert page.status == 200
    assert "Không có văn bản nào đang chờ đồng chí" in page.words
    assert minutes not in page.text
    assert (await delegate.get(f"/desk/{minutes}")).status == 403


async def test_the_desk_is_closed_to_guests_and_strangers(office: Office) -> None:
    minutes = await office.minutes()
    guest = await office.with_token(office.server.token("secretary"))
    assert (await guest.get("/desk")).status == 403
    assert (await guest.get(f"/desk/{minutes}")).status == 403
    assert (await office.stranger().get("/desk")).status == 401


async def test_a_record_that_does_not_exist_looks_like_one_that_is_not_mine(office: Office) -> None:
    minutes = await office.minutes()
    other = await office.sign_in("dung")
    mine, missing = await other.get(f"/desk/{minutes}"), await other.get(f"/desk/{'0' * 32}")
    assert (mine.status, mine.words) == (missing.status, missing.words) == (403, mine.words)
    assert "Không có văn bản này, hoặc tài khoản của đồng chí không được đọc." in mine.words


@begins_with(sealed_minutes)
async def test_the_history_names_every_act_and_who_did_it(office: Office) -> None:
    minutes = await office.minutes(State.SEALED)
    page = await (await office.sign_in("binh")).get(f"/desk/{minutes}")
    history = page.words.partition("Quá trình xử lý")[2]
    for text in ("Lập dự thảo", "Trình duyệt", "Duyệt, cấp số", "Ký số", "Đóng dấu, vào sổ, lưu trữ", "Phạm Thu Cúc"):
        assert text in history


async def test_the_desk_speaks_english_and_japanese(office: Office) -> None:
    await office.minutes()
    assert "My work" in (await (await office.sign_in("binh", "en")).get("/desk")).words
    assert "自分の仕事" in (await (await office.sign_in("binh", "ja")).get("/desk")).words


async def test_the_desk_says_what_was_returned_by_whom_and_why(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    secretary = await office.sign_in("binh")
    assert not (await secretary.get("/desk")).has("returned")
    await (await office.sign_in("hanh")).post(f"/desk/{minutes}/return", {"reason": "Thiếu kết luận ở mục 2"})
    page = await secretary.get("/desk")
    assert "Bị trả lại Thiếu kết luận ở mục 2 (Nguyễn Thị Hạnh" in page.words
    assert "Sửa lại: Biên bản" in page.words
    await office.advance(minutes, State.REVIEW)
    assert not (await secretary.get("/desk")).has("returned")
