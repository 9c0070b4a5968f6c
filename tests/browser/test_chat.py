"""Talk beside the meeting: read by all, by the desk or the secretary alone, and one message goes into the minutes."""

from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook, panel
from tests.installation import Installation


async def test_a_message_a_private_note_and_a_reaction(installation: Installation, signed_in: Open) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    pages = {}
    for person, width in (("hanh", 1280), ("binh", 1280), ("dung", 360), ("lan", 360)):
        pages[person] = await signed_in(person, width=width, height=740)
        await enter(pages[person], room)
    hanh, binh, dung, lan = pages.values()
    await hanh.click(hook("open-meeting"))
    for page in pages.values():
        await panel(page, "chat")

    await lan.fill(hook("chat-text"), "Xã đã gửi số liệu lúc 9 giờ.")
    await lan.locator(hook("chat-text")).press("Enter")
    for page in pages.values():
        await expect(page.locator(hook("message"))).to_contain_text("Xã đã gửi số liệu lúc 9 giờ.")
    await expect(lan.locator(hook("chat-text"))).to_be_focused()
    await dung.select_option(hook("chat-to"), "desk")
    await dung.fill(hook("chat-text"), "Xin vắng từ 10 giờ.")
    await dung.click(hook("chat-send"))
    await expect(binh.locator(hook("message"))).to_have_count(2)
    await expect(binh.locator(hook("message")).nth(1)).to_contain_text("riêng với ")
    await expect(dung.locator(hook("chat-readers"))).to_contain_text("Nguyễn Thị Hạnh")
    await dung.select_option(hook("chat-to"), "secretary")
    await expect(dung.locator(hook("chat-readers"))).to_contain_text("Chỉ Trần Văn Bình đọc được")
    await dung.fill(hook("chat-text"), "Đề nghị sửa số liệu.")
    await dung.click(hook("chat-send"))
    await expect(binh.locator(hook("message"))).to_have_count(3)
    await expect(binh.locator(hook("message")).nth(2)).to_contain_text("riêng với Trần Văn Bình")
    assert await hanh.locator(hook("message")).count() == 2, (
        "the chair reads what went to the desk, not to the secretary"
    )
    assert await hanh.locator(f"{hook('chat-to')} option").all_inner_texts() == ["Mọi người", "Chỉ gửi thư ký"]
    assert await binh.locator(f"{hook('chat-to')} option").all_inner_texts() == [
        "Mọi người",
        "Chỉ gửi chủ trì và thư ký",
    ]

    await binh.locator(hook("message")).first.locator(hook("minute-message")).click()
    await expect(lan.locator(hook("message"))).to_contain_text("đã đưa vào biên bản")
    await hanh.check(hook("chat-lock"))
    await expect(lan.locator("#chat-hint")).to_contain_text("tạm khóa")
    await hanh.click(hook("react-applause"))
    await expect(dung.locator("#reactions li")).to_contain_text("Vỗ tay")
    assert await lan.locator(hook("message")).count() == 1, "a private note is nobody else's"
