"""A guest comes by a link, waits, is let in, is kept in order; and the chair passes to the deputy and back."""

import re

from playwright.async_api import Browser, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule, state, until
from tests.installation import Installation

PREVIEW = "async () => document.getElementById('waiting-preview').videoWidth > 0"


async def test_a_guest_waits_and_is_let_in_and_the_chair_passes_to_the_deputy_and_back(
    browser: Browser, signed_in: Open, installation: Installation
) -> None:
    binh = await signed_in("binh")
    meeting = await schedule(
        binh, installation.url, title="Giao ban tuần", agenda=["Tình hình chung"], communes=["ta-nang", "hoa-phuoc"]
    )
    room_url = await binh.locator(hook("enter-room")).get_attribute("href")
    assert room_url
    room_url = installation.url + room_url
    await binh.goto(f"{meeting}/guests")
    await binh.click(hook("make-guest-link"))
    link = await binh.input_value(hook("guest-link"))

    context = await browser.new_context(
        viewport={"width": 360, "height": 720}, permissions=["camera", "microphone"], locale="vi-VN"
    )
    minh = await context.new_page()
    await minh.goto(link)
    await minh.fill(hook("guest-name"), "Hoàng Minh")
    await minh.click(hook("guest-enter"))
    await minh.wait_for_url(room_url)
    await minh.check(hook("check-audio"))
    await minh.click(hook("join"))
    await minh.wait_for_selector(hook("waiting-status"))
    await until(minh, PREVIEW)
    assert not (await state(minh))["welcomed"]
    assert "chưa khai mạc" in await minh.inner_text(hook("waiting-status"))
    await minh.click(hook("waiting-leave"))  # the way out, and back to the door
    await minh.click(hook("take-back"))
    await minh.wait_for_selector(hook("waiting-status"))
    await until(minh, PREVIEW)

    hanh, lan = await signed_in("hanh"), await signed_in("lan")
    for page in (binh, hanh, lan):
        await enter(page, room_url)
    await hanh.click(hook("open-meeting"))
    await minh.wait_for_function("() => document.getElementById('waiting-status').textContent.includes('đang diễn ra')")
    await panel(binh, "agenda")
    await minh.reload()  # knocks anew, and takes nobody's open panel away
    await expect(binh.locator("#live")).to_contain_text("Hoàng Minh đang đợi ở phòng chờ.")
    await expect(binh.locator(hook("tab-lobby"))).to_have_class(re.compile("urgent"))
    await expect(binh.locator("#agenda")).to_be_visible()
    await panel(binh, "lobby")
    await binh.click(hook("admit"))
    await minh.wait_for_selector(hook("tile"))
    assert await lan.locator(hook("tab-lobby")).is_hidden()
    await minh.reload()
    await minh.wait_for_selector(hook("tile"))

    guest = (await state(minh))["you"]
    menu = hook("person-menu") + f'[data-participant="{guest}"]'
    await minh.wait_for_selector(f'{hook("mic")}[data-on="true"]')
    await panel(binh, "people")
    await binh.click(menu)
    await binh.click(hook("hush"))
    await minh.wait_for_selector(f'{hook("mic")}[data-on="false"]')

    await panel(hanh, "people")
    await hanh.click(hook("person-menu") + '[data-participant="lan"]')
    await hanh.select_option("#person-role", "deputy")
    await hanh.click(hook("set-role"))
    await lan.wait_for_function(
        "() => window.giaoban.state().participants.find((p) => p.id === 'lan').role === 'deputy'"
    )
    await hanh.click(hook("leave"))
    await lan.click(hook("chair-take"))
    await lan.wait_for_selector(hook("close-meeting"))
    await hanh.click(hook("take-back"))
    await hanh.wait_for_selector(hook("chair-take"))
    await hanh.click(hook("chair-take"))
    await hanh.wait_for_selector(hook("close-meeting"))
    assert await lan.locator(hook("close-meeting")).is_hidden()

    await panel(hanh, "people")
    await hanh.click(menu)
    await hanh.click(hook("set-vote"))
    await minh.wait_for_function(
        "(id) => window.giaoban.state().participants.find((p) => p.id === id).votes", arg=guest
    )
    await hanh.click(menu)
    await hanh.fill(hook("remove-reason"), "Hết phần việc của khách.")
    await hanh.click(hook("remove"))
    await minh.wait_for_function("() => document.getElementById('ended-text').textContent.includes('Hết phần việc')")
