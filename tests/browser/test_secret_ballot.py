"""A secret ballot with a quorum, and a server that dies in the midst of it."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule, state
from tests.installation import Installation

MOTION = "Thông qua danh sách khen thưởng?"
TOLD = "(round) => window.giaoban.state().vote?.round === round"


@pytest.mark.timeout(120)
async def test_each_finds_their_secret_ballot_and_the_disk_knows_nobodys(
    installation: Installation, signed_in: Open
) -> None:
    secretary = await signed_in("binh")
    communes = ["ta-nang", "hoa-phuoc"]
    await schedule(secretary, installation.url, title="Họp xét khen thưởng", agenda=["Khen thưởng"], communes=communes)
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    chair, dung, lan = [await signed_in(person) for person in ("hanh", "dung", "lan")]
    everybody = (chair, secretary, dung, lan)
    await asyncio.gather(*(enter(page, room_url) for page in (chair, secretary)))
    await chair.click(hook("open-meeting"))
    await open_the_ballot(chair)
    await expect(chair.locator(hook("notice"))).to_contain_text(
        "Chưa đủ số đại biểu có mặt để biểu quyết: có mặt 1, cần ít nhất 2"
    )
    await asyncio.gather(*(enter(page, room_url) for page in (dung, lan)))
    await expect(chair.locator(hook("vote-turnout"))).to_have_text("Có mặt 3/3 đại biểu có quyền biểu quyết.")
    await chair.click(hook("vote-open"))

    await asyncio.gather(*(page.click(hook("vote-for")) for page in (chair, dung, lan)))
    for page in everybody:
        await page.wait_for_function("() => window.giaoban.state().vote.cast === 3")
    installation.kill()
    installation.start()
    for page in everybody:
        await page.wait_for_function(TOLD, arg=2)
        assert (await state(page))["vote"]["cast"] == 0, "not one of the first round is left"
        assert await page.locator(hook("vote-again")).count() == 1
    await expect(dung.locator(hook("vote-mine"))).to_contain_text("Chưa biểu quyết")

    for page, choice in ((dung, "for"), (lan, "for"), (chair, "against"), (dung, "against"), (dung, "for")):
        await page.click(hook(f"vote-{choice}"))
        await expect(page.locator(hook("vote-mine"))).to_contain_text("Mã phiếu")
    assert not await secretary.locator(hook("vote-for")).is_visible(), "the secretary has no vote"
    await expect(secretary.locator(hook("vote-mine"))).to_have_text(
        "Đồng chí không có quyền biểu quyết trong phiên này."
    )
    assert (await state(secretary))["vote"]["tally"] is None
    codes = [(await state(page))["ballots"][0]["code"] for page in (chair, dung, lan)]
    assert not [code for code in codes if on_disk(installation, code)], "before the end the disk has no ballot"

    await chair.click(hook("vote-close"))
    for page in everybody:
        await expect(page.locator(hook("vote-result"))).to_have_text(
            "Có 2/3 đại biểu tán thành, đạt 66,7%, cần ít nhất 2: được thông qua. Có mặt 3/3 đại biểu, cần ít nhất 2."
        )
    for page, choice in ((chair, "Không tán thành"), (dung, "Tán thành"), (lan, "Tán thành")):
        await expect(page.locator(hook("vote-mine"))).to_contain_text("đã được tính đúng")
        await expect(page.locator(hook("vote-mine"))).to_contain_text(choice)
    assert [on_disk(installation, code) for code in codes] == [True, True, True]
    await dung.reload()
    await dung.wait_for_selector(hook("tile"))  # a reload brings one back into the seat
    await panel(dung, "vote")
    await expect(dung.locator(hook("vote-mine"))).to_contain_text("đã được tính đúng")


async def open_the_ballot(chair: Page) -> None:
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), MOTION)
    await chair.click(hook("vote-ways"))
    for field, value in (("way", "secret"), ("majority", "two_thirds"), ("base", "members"), ("quorum", "two_thirds")):
        await chair.select_option(hook(f"vote-{field}"), value)
    await chair.select_option(hook("vote-seconds"), "600")
    await chair.click(hook("vote-open"))


def on_disk(installation: Installation, code: str) -> bool:
    """Whether any file of the database has it, its journals too."""
    return any(code.encode() in path.read_bytes() for path in installation.data.glob("giaoban.sqlite3*"))
