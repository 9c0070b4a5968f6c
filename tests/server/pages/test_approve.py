"""From the secretary's draft to the leader's approval, or back with a reason."""

from minutes.document import State
from tests.server.pages.conftest import EVIL, Office, Refuses


async def test_the_secretary_submits_and_the_leader_approves(office: Office) -> None:
    minutes = await office.minutes()
    page = await (await office.sign_in("binh")).post(f"/desk/{minutes}/submit")
    assert (page.status, page.location) == (303, f"/desk/{minutes}")
    assert (await office.records.get(minutes)).state is State.REVIEW
    leader = await office.sign_in("hanh")
    assert (await leader.post(f"/desk/{minutes}/approve")).status == 303
    document = await office.records.get(minutes)
    assert document.state is State.APPROVED
    assert document.number_symbol == "01/BB-UBND"
    page = await leader.get(f"/desk/{minutes}")
    assert "Biên bản số 01/BB-UBND" in page.words
    assert 'data-state="approved"' in page.text
    assert "Đang chờ đồng chí Trần Văn Bình ký số." in page.words


async def test_each_sees_only_the_acts_that_are_theirs_now(office: Office) -> None:
    minutes = await office.minutes()
    acts = ("edit", "submit", "approve", "return", "sign", "seal", "notice", "publish", "withdraw")

    async def offered(account: str) -> set[str]:
        page = await (await office.sign_in(account)).get(f"/desk/{minutes}")
        return {act for act in acts if page.has(act)}

    assert await offered("binh") == {"edit", "submit"}
    assert await offered("hanh") == set()
    await office.advance(minutes, State.REVIEW)
    assert await offered("binh") == set()
    assert await offered("hanh") == {"approve", "return"}
    await office.advance(minutes, State.APPROVED)
    assert await offered("binh") == {"sign"}
    assert await offered("hanh") == set()
    assert await offered("cuc") == set()


async def test_only_the_roles_in_charge_submit_approve_and_return(office: Office, refuses: Refuses) -> None:
    minutes = await office.minutes()
    await refuses(office, f"/desk/{minutes}/submit", who="binh", others=("hanh", "cuc", "dung"))
    await office.advance(minutes, State.REVIEW)
    await refuses(office, f"/desk/{minutes}/approve", who="hanh", others=("binh", "cuc", "dung"))
    await refuses(office, f"/desk/{minutes}/return", who="hanh", others=("binh", "cuc", "dung"))
    assert (await office.records.get(minutes)).state is State.REVIEW


async def test_the_leader_returns_the_draft_with_a_reason_that_the_secretary_reads(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    leader = await office.sign_in("hanh")
    assert (await leader.post(f"/desk/{minutes}/return", {"reason": f"Bổ sung {EVIL}"})).status == 303
    secretary = await office.sign_in("binh")
    top = (await secretary.get(f"/desk/{minutes}")).text.partition('data-test="returned"')[2].partition("</p>")[0]
    assert "Bổ sung" in top
    assert "Nguyễn Thị Hạnh" in top
    assert EVIL not in top
    page = await (await office.sign_in("binh")).get(f"/desk/{minutes}")
    assert page.has("submit")
    assert "Bổ sung" in page.words
    assert "<script>alert" not in page.text


async def test_returning_without_a_reason_keeps_the_page_with_a_sentence(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    leader = await office.sign_in("hanh")
    page = await leader.post(f"/desk/{minutes}/return", {"reason": "  "})
    assert page.status == 422
    assert "Xin ghi lý do." in page.words
    page = await leader.post(f"/desk/{minutes}/return", {"reason": "dài " * 200})
    assert page.status == 422
    assert page.area("reason").startswith("dài dài")
    assert (await office.records.get(minutes)).state is State.REVIEW


async def test_a_second_press_is_told_that_it_came_too_late(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    page = await (await office.sign_in("hanh")).post(f"/desk/{minutes}/approve")
    assert page.status == 422
    assert "không làm được khi văn bản ở trạng thái “Đã duyệt, đang ký số”" in page.words
    assert (await office.records.get(minutes)).number_symbol == "01/BB-UBND"


async def test_an_unknown_act_is_not_found_and_a_get_does_nothing(office: Office) -> None:
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    assert (await secretary.post(f"/desk/{minutes}/explode")).status == 404
    assert (await secretary.get(f"/desk/{minutes}/submit")).status == 405
    assert (await office.records.get(minutes)).state is State.DRAFT


async def test_a_page_opened_before_the_text_changed_approves_nothing(office: Office) -> None:
    minutes = await office.minutes(State.REVIEW)
    leader, secretary = await office.sign_in("hanh"), await office.sign_in("binh")
    seen = (await leader.get(f"/desk/{minutes}")).value("version")
    assert (await leader.post(f"/desk/{minutes}/return", {"reason": "Bổ sung", "version": seen})).status == 303
    content = await office.records.content_json(minutes)
    document = await office.records.get(minutes)
    await office.records.edit(
        minutes, content | {"title": "Tên khác"}, by=await office.actor("binh"), expected_version=document.version
    )
    await secretary.post(f"/desk/{minutes}/submit")
    page = await leader.post(f"/desk/{minutes}/approve", {"version": seen})
    assert (page.status, "vừa được người khác xử lý" in page.words) == (422, True)
    assert (await office.records.get(minutes)).state is State.REVIEW
