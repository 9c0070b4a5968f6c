"""Who votes for somebody absent: whom the form offers, where it says no, and what of it is told with the result."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel, schedule
from tests.installation import Installation


@pytest.mark.timeout(120)
async def test_the_chair_names_a_proxy_whose_ballot_is_told_with_the_result(
    installation: Installation, signed_in: Open
) -> None:
    secretary, dung, lan = await signed_in("binh"), await signed_in("dung"), await signed_in("lan")
    chair = await signed_in("hanh")
    await schedule(
        secretary, installation.url, title="Giao ban", agenda=["Bão số 5"], communes=["ta-nang", "hoa-phuoc"]
    )
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    await asyncio.gather(*(enter(page, room_url, microphone=False) for page in (chair, dung, lan)))
    await chair.click(hook("open-meeting"))
    await panel(chair, "vote")
    await chair.click(hook("proxies"))
    await expect(chair.locator(f"{hook('proxy-principal')} option")).to_have_count(3)

    # Somebody who went off the list just now.
    await chair.select_option(hook("proxy-principal"), "lan")
    await chair.locator(hook("proxy-holder")).evaluate("(select) => (select.selectedOptions[0].value = 'nobody')")
    await chair.click(hook("proxy-name"))
    await expect(chair.locator(hook("proxy-refused"))).to_have_text("Không có đại biểu này trong cuộc họp.")
    await expect(chair.locator("#notice")).to_be_hidden()

    await chair.reload()
    await enter(chair, room_url, microphone=False)
    await panel(chair, "vote")
    await chair.click(hook("proxies"))
    await chair.select_option(hook("proxy-principal"), "lan")
    await chair.select_option(hook("proxy-holder"), "dung")
    await chair.click(hook("proxy-name"))
    await expect(chair.locator(hook("proxy-list"))).to_contain_text("Lò Văn Dũng biểu quyết thay Hoàng Thị Lan")
    await expect(chair.locator("#proxy-form")).to_be_hidden()  # nobody is left for the chair

    await lan.click(hook("leave"))
    await chair.fill(hook("vote-text"), "Thông qua?")
    await chair.click(hook("vote-open"))
    await expect(chair.locator("#count-none")).to_have_text("3")
    await expect(chair.locator(hook("vote-represented"))).to_have_text(
        "Tính cả người vắng mặt có người biểu quyết thay: Hoàng Thị Lan."
    )
    await chair.click(hook("vote-for"))
    await panel(dung, "vote")
    await dung.click(hook("vote-for"))
    await dung.click(hook("proxy-for"))
    await expect(chair.locator("#count-none")).to_have_text("0")
    await close_vote(chair)
    basis = "Tính trên 2 đại biểu có mặt và 1 đại biểu biểu quyết qua ủy quyền."
    await expect(chair.locator(hook("vote-result"))).to_contain_text(basis)
    await expect(chair.locator("#result-basis")).to_contain_text(basis)
