"""Signing in order with a PIN, and the seal last."""

import asyncio

import pytest

from minutes.document import State
from tests.server.pages.conftest import PIN, Office, Refuses, begins_with, sealed_minutes


async def test_secretary_chair_and_clerk_sign_one_after_another(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    for account, act, state in (("binh", "sign", "approved"), ("hanh", "sign", "signed"), ("cuc", "seal", "sealed")):
        visitor = await office.sign_in(account)
        page = await visitor.get(f"/desk/{minutes}")
        assert page.has("pin"), account
        page = await visitor.post(f"/desk/{minutes}/{act}", {"pin": PIN})
        assert (page.status, page.location) == (303, f"/desk/{minutes}"), page.words
        assert f'data-state="{state}"' in (await visitor.get(f"/desk/{minutes}")).text
    document = await office.records.get(minutes)
    assert [one.signer.account for one in document.signed] == ["binh", "hanh", "lam-son"]
    assert document.digest is not None


async def test_a_wrong_pin_keeps_the_page_with_a_sentence_and_signs_nothing(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    page = await (await office.sign_in("binh")).post(f"/desk/{minutes}/sign", {"pin": "sai-987654"})
    assert page.status == 422
    assert "Mã PIN không đúng." in page.words
    assert page.has("pin")
    assert "sai-987654" not in page.text
    assert (await office.records.get(minutes)).signed == ()


@pytest.mark.parametrize("pin", ["", "1" * 200])
async def test_without_a_usable_pin_one_is_asked_for_it(office: Office, pin: str) -> None:
    minutes = await office.minutes(State.APPROVED)
    page = await (await office.sign_in("binh")).post(f"/desk/{minutes}/sign", {"pin": pin})
    assert page.status == 422
    assert "Xin nhập mã PIN." in page.words


async def test_nobody_signs_before_their_turn(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    chair = await office.sign_in("hanh")
    assert not (await chair.get(f"/desk/{minutes}")).has("pin")
    page = await chair.post(f"/desk/{minutes}/sign", {"pin": PIN})
    assert page.status == 422
    assert "Chưa đến lượt đồng chí ký" in page.words
    page = await (await office.sign_in("cuc")).post(f"/desk/{minutes}/seal", {"pin": PIN})
    assert page.status == 422
    assert (await office.records.get(minutes)).signed == ()


async def test_only_those_named_sign_and_only_the_clerk_seals(office: Office, refuses: Refuses) -> None:
    minutes = await office.minutes(State.APPROVED)
    await refuses(office, f"/desk/{minutes}/sign", who="binh", others=("cuc", "dung", "lan"))
    await office.advance(minutes, State.SIGNED)
    await refuses(office, f"/desk/{minutes}/seal", who="cuc", others=("binh", "hanh", "dung"))
    assert (await office.records.get(minutes)).state is State.SIGNED


@begins_with(sealed_minutes)
async def test_the_pdf_is_shown_to_those_who_may_read_and_kept_nowhere(office: Office) -> None:
    minutes = await office.minutes(State.SEALED)
    page = await (await office.sign_in("binh")).get(f"/desk/{minutes}/pdf")
    assert (page.status, page.headers["Content-Type"]) == (200, "application/pdf")
    assert page.body == await office.records.pdf(minutes)
    assert page.headers["Cache-Control"] == "no-store"
    assert (await (await office.sign_in("lan")).get(f"/desk/{minutes}/pdf")).status == 403, "no task for that unit"
    assert (await office.stranger().get(f"/desk/{minutes}/pdf")).status == 401


async def test_after_five_wrong_pins_even_the_right_one_must_wait(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    for _ in range(5):
        assert "Mã PIN không đúng." in (await visitor.post(f"/desk/{minutes}/sign", {"pin": "000000"})).words
    page = await visitor.post(f"/desk/{minutes}/sign", {"pin": PIN})
    assert (page.status, "Xin đợi 15 phút" in page.words) == (422, True)
    assert (await office.records.get(minutes)).signed == ()


async def test_guesses_at_the_same_time_are_no_more_than_one_after_the_other(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    guesses = (visitor.post(f"/desk/{minutes}/sign", {"pin": f"00000{number}"}) for number in range(9))
    pages = await asyncio.gather(*guesses)
    assert sum("Mã PIN không đúng." in page.words for page in pages) == 5
    assert sum("Xin đợi 15 phút" in page.words for page in pages) == 4


async def test_no_other_act_forgives_wrong_pins(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    for _ in range(4):
        await visitor.post(f"/desk/{minutes}/sign", {"pin": "000000"})
    await visitor.post(f"/desk/{minutes}/submit", {"pin": "x"})
    await visitor.post(f"/desk/{minutes}/sign", {"pin": "000000"})
    page = await visitor.post(f"/desk/{minutes}/sign", {"pin": PIN})
    assert "Xin đợi 15 phút" in page.words
