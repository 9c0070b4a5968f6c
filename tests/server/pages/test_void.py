"""Giving up a number: the way out when a mistake is seen after approval."""

from minutes.document import State
from tests.server.pages.conftest import PIN, Office, Refuses


async def test_the_leader_voids_the_number_and_the_text_can_be_edited_again(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    await secretary.post(f"/desk/{minutes}/sign", {"pin": PIN})
    assert (await leader.get(f"/desk/{minutes}")).has("void")
    assert (await leader.post(f"/desk/{minutes}/void", {"reason": "Sai tên một đại biểu"})).status == 303
    page = await secretary.get(f"/desk/{minutes}")
    assert page.has("edit")
    assert "Sai tên một đại biểu" in page.words
    document = await office.records.get(minutes)
    assert (document.state, document.number, document.signed) == (State.DRAFT, None, ())


async def test_a_voided_number_is_never_used_again(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    first = (await office.records.get(minutes)).number
    await (await office.sign_in("hanh")).post(f"/desk/{minutes}/void", {"reason": "Sai nội dung"})
    await office.advance(minutes, State.APPROVED)
    assert (await office.records.get(minutes)).number != first


async def test_a_reason_is_needed_and_only_the_leader_and_who_is_to_sign_may(office: Office, refuses: Refuses) -> None:
    minutes = await office.minutes(State.APPROVED)
    page = await (await office.sign_in("hanh")).post(f"/desk/{minutes}/void", {"reason": " "})
    assert page.status == 422
    await refuses(office, f"/desk/{minutes}/void", who="hanh", others=("cuc", "dung"))
    assert (await office.records.get(minutes)).state is State.APPROVED
