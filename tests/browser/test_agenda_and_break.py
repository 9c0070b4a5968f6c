"""The office invites, changes and calls off a meeting; another one amends its agenda as it goes, and takes a break."""

from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel, schedule
from tests.installation import Installation

COVERED = """() => {
  const news = [...document.querySelectorAll("#live p")].map((p) => p.getBoundingClientRect());
  return [...document.querySelectorAll(".tile:not(.away) .caption")].filter((caption) => {
    const at = caption.getBoundingClientRect();
    return news.some((one) => one.top < at.bottom && at.top < one.bottom && one.left < at.right && at.left < one.right);
  }).map((caption) => caption.textContent);
}"""
TITLE = "Hội nghị phòng, chống thiên tai"


async def titles(page: Page) -> list[str]:
    return await page.locator(".agenda-title").all_text_contents()


async def test_invited_changed_and_called_off(installation: Installation, signed_in: Open) -> None:
    binh = await signed_in("binh")
    agenda = ["Tình hình mưa lũ | Văn phòng UBND tỉnh | 20", "Ý kiến của các xã | | 30"]
    meeting = await schedule(binh, installation.url, title=TITLE, agenda=agenda, communes=["ta-nang"])
    await binh.click(hook("draft-invitation"))
    await expect(binh.locator(".record")).to_contain_text("trân trọng kính mời: Đồng chí Lò Văn Dũng")
    await binh.goto(meeting)
    await binh.click(hook("send-without"))
    await binh.click(hook("send-invitations"))
    await expect(binh.locator(hook("mails"))).to_contain_text("dung@ta-nang.example")
    await binh.goto(meeting)
    await expect(binh.locator(hook("meeting-state"))).to_have_text("Đã triệu tập")
    await binh.click(hook("edit-sheet"))
    await binh.fill(hook("schedule-place"), "Hội trường lớn")
    await binh.click(hook("schedule-save"))
    dung = await signed_in("dung", width=360, height=740)
    await dung.goto(meeting)
    await expect(dung.locator("main")).to_contain_text("Hội trường lớn")
    await binh.click(hook("mail"))
    await expect(binh.locator(hook("mails"))).to_contain_text("Thay đổi lịch họp")
    await binh.goto(meeting)
    await binh.click(hook("cancel-open"))
    await binh.fill(hook("cancel-reason"), "Lãnh đạo đi chống bão")
    await binh.click(hook("cancel-meeting"))
    await expect(binh.locator(hook("cancelled"))).to_contain_text("Lãnh đạo đi chống bão")
    await dung.reload()
    await expect(dung.locator(hook("cancelled"))).to_be_visible()
    await expect(dung.locator(hook("enter-room"))).to_have_count(0)
    await expect(dung.locator(hook("calendar"))).to_have_count(0)
    await dung.goto(f"{installation.url}/meetings")
    await expect(dung.locator("section[aria-labelledby=cancelled]")).to_contain_text(TITLE)
    await expect(dung.locator("section[aria-labelledby=coming]")).not_to_contain_text(TITLE)


async def test_the_agenda_is_amended_and_the_meeting_takes_a_break(installation: Installation, signed_in: Open) -> None:
    binh = await signed_in("binh")
    agenda = ["Tình hình mưa lũ | Văn phòng UBND tỉnh | 20", "Ý kiến của các xã | | 30"]
    await schedule(binh, installation.url, title=TITLE, agenda=agenda, communes=["ta-nang"])
    room = f"{installation.url}{await binh.get_attribute(hook('enter-room'), 'href')}"
    chair = await signed_in("hanh")
    await enter(chair, room)
    await chair.click(hook("open-meeting"))
    dung = await signed_in("dung", width=360, height=740)
    await enter(dung, room)

    await panel(chair, "agenda")
    await chair.click(hook("agenda-add"))
    await chair.fill(hook("item-title"), "Việc phát sinh")
    await chair.fill(hook("item-minutes"), "10")
    await chair.click(hook("item-save"))
    second = chair.locator(hook("agenda-item")).nth(2)
    await second.locator(hook("agenda-edit")).click()
    await chair.click(hook("item-up"))
    await panel(dung, "agenda")
    await expect(dung.locator(".agenda-title")).to_have_text(
        ["Tình hình mưa lũ", "Việc phát sinh", "Ý kiến của các xã"]
    )
    await expect(dung.locator(hook("agenda-edit")).first).to_be_hidden()
    await chair.click(hook("next-item"))
    await dung.wait_for_selector("#live p")
    assert await dung.evaluate(COVERED) == [], "news under an open panel of a phone hide no name"
    await expect(chair.locator(hook("agenda-clock")).first).to_have_text("Đã bàn 0 phút, còn 20 phút")

    await chair.click(hook("pause-meeting"))
    await chair.click(hook("pause-15"))
    await expect(dung.locator(hook("pause-text"))).to_contain_text("dự kiến họp lại lúc")
    await expect(dung.locator(hook("go-on"))).to_be_hidden()
    await expect(dung.locator(hook("pause-text"))).to_contain_text("Mic và camera của đồng chí đã tắt.")
    for page in (dung, chair):
        for device in ("mic", "camera"):
            await expect(page.locator(hook(device))).to_have_attribute("data-on", "false")
    await expect(chair.locator(hook("next-item"))).to_be_hidden()
    await chair.click(hook("go-on"))
    await expect(dung.locator(hook("pause-text"))).to_have_text("Cuộc họp tiếp tục. Mic và camera của đồng chí đã tắt.")
    await dung.click(hook("camera"))
    await expect(dung.locator(hook("pause-on"))).to_have_text("Bật mic")
    await dung.click(hook("pause-on"))
    await expect(dung.locator(hook("mic"))).to_have_attribute("data-on", "true")
    await expect(dung.locator(hook("pause"))).to_be_hidden()
    await chair.click(hook("pause-off"))
    await expect(chair.locator(hook("pause"))).to_be_hidden()
    await expect(chair.locator(hook("mic"))).to_have_attribute("data-on", "false")
    await expect(chair.locator(hook("next-item"))).to_be_visible()

    await panel(chair, "floor")
    await chair.click(hook("late-open"))
    await expect(chair.locator(hook("late-state"))).not_to_be_empty()
    await chair.click(hook("close-meeting"))
    await expect(chair.locator(hook("close-late"))).to_contain_text("Đang nhận ý kiến gửi muộn đến")
    assert await titles(dung) == ["Tình hình mưa lũ", "Việc phát sinh", "Ý kiến của các xã"]
