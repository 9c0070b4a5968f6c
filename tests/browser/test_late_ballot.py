"""Who had no line when a vote closed answers late: asked once more, free to change it, and told what was sent."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel, schedule
from tests.installation import Installation

MOTION, PERSONS = "Thông qua phương án sơ tán?", "Thông qua danh sách khen thưởng?"


async def vote(chair: Page, text: str, *, secret: bool = False) -> None:
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), text)
    if secret:
        await chair.click(hook("vote-ways"))
        await chair.select_option(hook("vote-way"), "secret")
    await chair.click(hook("vote-open"))
    await chair.click(hook("vote-for"))
    await close_vote(chair)


@pytest.mark.timeout(120)
async def test_who_was_cut_off_sends_a_late_ballot_and_sees_what_was_sent(
    installation: Installation, signed_in: Open
) -> None:
    secretary, dung = await signed_in("binh"), await signed_in("dung", width=360, height=740)
    chair = await signed_in("hanh")
    await schedule(secretary, installation.url, title="Giao ban", agenda=["Bão số 5"], communes=["ta-nang"])
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    await asyncio.gather(*(enter(page, room_url, microphone=False) for page in (chair, dung)))
    await chair.click(hook("open-meeting"))
    await dung.goto("about:blank")
    await vote(chair, MOTION)
    await expect(chair.locator(hook("result-verdict"))).to_have_text("Không được thông qua")
    await expect(chair.locator(hook("result-unheard"))).to_contain_text("Lò Văn Dũng")
    await chair.reload()  # what was not read yet stays to be read
    await expect(chair.locator(hook("result-question"))).to_have_text(MOTION)
    await vote(chair, PERSONS, secret=True)
    await expect(chair.locator(hook("result-question"))).to_have_text(PERSONS)
    await expect(chair.locator(hook("result-late"))).to_be_hidden()
    await chair.click(hook("result-close"))
    await expect(chair.locator(hook("result"))).to_be_hidden()
    await expect(chair.locator("#vote-past")).to_contain_text("nên chưa có ý kiến: Lò Văn Dũng.")
    await panel(chair, "floor")
    await chair.click(hook("late-open"))

    await enter(dung, room_url, microphone=False)
    await expect(dung.locator(hook("late-offer"))).to_contain_text("trả lời 1 lần biểu quyết đã lỡ")
    await dung.click(hook("late-offer-not"))
    await expect(dung.locator(hook("late-offer"))).to_be_hidden()
    await dung.click(hook("late-sign"))  # it folded into a sign, which leads there as well
    motion, persons = (dung.locator(f"{hook('late-vote-list')} li").filter(has_text=text) for text in (MOTION, PERSONS))
    await expect(persons).to_contain_text("Bỏ phiếu kín không nhận phiếu muộn")
    await expect(persons.get_by_role("button")).to_have_count(0)

    await motion.locator(hook("late-against")).click()
    await expect(dung.locator(hook("late-vote-question"))).to_have_text(
        f"Đồng chí gửi phiếu muộn “Không tán thành” về nội dung “{MOTION}”."
    )
    await dung.keyboard.press("Escape")
    await expect(motion).to_contain_text("Chưa gửi phiếu muộn.")
    for choice, words in (("against", "Không tán thành"), ("for", "Tán thành")):
        await motion.locator(hook(f"late-{choice}")).click()
        await dung.click(hook("late-vote-send"))
        await expect(motion).to_contain_text(f"Đã gửi phiếu muộn: {words}, lúc ")
        await expect(motion).to_contain_text("Đổi được đến ")
    await panel(chair, "vote")
    await expect(chair.locator("#vote-past")).to_contain_text("Lò Văn Dũng (Tán thành)")

    await panel(chair, "floor")
    await chair.click(hook("late-close"))
    await expect(motion.get_by_role("button")).to_have_count(0)
    await expect(motion).to_contain_text("Đã gửi phiếu muộn: Tán thành, lúc ")
    await expect(motion).not_to_contain_text("Đổi được đến ")
    await expect(dung.locator(hook("late-sign"))).to_be_hidden()


@pytest.mark.timeout(120)
async def test_the_chair_sees_who_lost_the_line_while_people_vote_and_is_asked_before_the_end(
    installation: Installation, signed_in: Open
) -> None:
    secretary, dung = await signed_in("binh"), await signed_in("dung")
    chair = await signed_in("hanh")
    await schedule(secretary, installation.url, title="Giao ban", agenda=["Bão số 5"], communes=["ta-nang"])
    room_url = installation.url + str(await secretary.get_attribute(hook("enter-room"), "href"))
    await asyncio.gather(*(enter(page, room_url, microphone=False) for page in (chair, dung)))
    await chair.click(hook("open-meeting"))
    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), MOTION)
    await chair.click(hook("vote-open"))
    await expect(dung.locator(hook("vote-for"))).to_be_visible()
    await dung.goto("about:blank")
    await expect(chair.locator(hook("vote-cut"))).to_have_text(
        "1 người mất kết nối, chưa được tính: Lò Văn Dũng.", timeout=30_000
    )
    await chair.click(hook("vote-close"))
    await expect(chair.locator(hook("unheard-who"))).to_have_text(
        "Lò Văn Dũng đã mất kết nối từ khi mở biểu quyết và chưa biểu quyết."
    )
    await expect(chair.locator(hook("unheard-late"))).to_contain_text("vẫn nhận được phiếu muộn")
    await chair.click(hook("vote-close-anyway"))
    await expect(chair.locator(hook("result-unheard"))).to_contain_text("Lò Văn Dũng")
    await expect(chair.locator(hook("vote-cut"))).to_be_hidden()
