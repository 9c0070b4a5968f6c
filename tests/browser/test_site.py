"""A commune's hall: one device, a phone that checks in by the code on it, ten ticks, twelve people on record."""

import os
from datetime import UTC, datetime

from playwright.async_api import Browser, expect

from rooms import AgendaItem, Meeting, Person, Role, store
from server import config, directory
from server.auth import utcnow
from server.database import Database
from server.sittings import person_of
from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel
from tests.installation import Installation

SILENT = """() => {
  window.__asked = 0;
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (wanted) => { window.__asked += 1; return ask(wanted); };
}"""


async def summoned(installation: Installation) -> str:
    """A session of twelve of Tà Năng; the room's address."""
    database = Database(config.load(None, data=installation.data).database_url)
    try:
        async with database.begin() as connection:
            found = [await directory.account(connection, one) for one in ("hanh", "binh", "dung")]
            hanh, binh, dung = [
                person_of(one, role)
                for one, role in zip(found, (Role.CHAIR, Role.SECRETARY, Role.DELEGATE), strict=True)
                if one is not None
            ]
            others = tuple(
                Person(f"tn-{n}", f"Đại biểu thứ {n}", "Ủy viên", dung.unit, Role.DELEGATE) for n in range(1, 12)
            )
            meeting = Meeting(
                id="m-site", room="hop-site", title="Họp trực tuyến với cơ sở", place="Phòng họp số 1",
                authority=hanh.unit, starts_at=datetime.now(UTC).replace(microsecond=0), chair=hanh, secretary=binh,
                invited=(dung, *others), agenda=(AgendaItem("a1", "Tình hình chung", ""),), units=(dung.unit,),
            )  # fmt: skip
            await store.add_room(connection, store.RoomEntry(meeting.room, meeting.title, permanent=False))
            await store.add_meeting(connection, meeting, created_by="binh", created_at=utcnow())
    finally:
        await database.close()
    return f"{installation.url}/rooms/hop-site"


async def test_one_device_a_phone_and_ten_ticks_are_twelve_people_on_record(
    browser: Browser, signed_in: Open, installation: Installation
) -> None:
    room_url = await summoned(installation)
    hanh, dung = await signed_in("hanh"), await signed_in("dung")
    await enter(hanh, room_url)
    await hanh.click(hook("open-meeting"))
    await panel(hanh, "sites")
    await expect(hanh.locator(hook("sites-empty"))).to_contain_text("Chưa có điểm cầu nào")
    await enter(dung, room_url)
    await panel(dung, "sites")
    await dung.click(hook("site-open"))
    await dung.wait_for_selector(hook("site-code"))
    link = await dung.get_attribute(hook("site-code"), "data-link")
    await dung.click(hook("site-code-large"))
    large = await dung.locator(hook("code-large")).bounding_box()
    assert large
    assert large["width"] > 400, "to be scanned from across a hall"
    await dung.keyboard.press("Escape")
    await expect(dung.locator(hook("code-dialog"))).to_be_hidden()
    assert link

    context = await browser.new_context(viewport={"width": 360, "height": 720}, locale="vi-VN")
    await context.add_init_script(f"({SILENT})()")
    phone = await context.new_page()
    phone.set_default_timeout(20_000)
    await phone.goto(link)
    await phone.select_option(hook("checkin-person"), label="Đại biểu thứ 1")
    await phone.click(hook("checkin-ask"))
    number = await phone.inner_text(hook("checkin-number"))
    await expect(dung.locator(hook("site-phones"))).to_contain_text(number)
    await dung.click(hook("site-tick-phone"))
    await phone.wait_for_url("**/rooms/hop-site?phone")
    await phone.wait_for_function("() => window.giaoban?.state().welcomed")
    await expect(phone.locator(hook("listener"))).to_contain_text("Màn hình riêng của đồng chí")

    for n in range(2, 12):
        await dung.check(f'[data-seat="tn-{n}"] {hook("site-seat")}')
    await hanh.wait_for_function("() => window.giaoban.state().turnout.present === 13")
    listed = hanh.locator(hook("sites-list"))
    await expect(listed).to_contain_text("(Lò Văn Dũng)11 người đã điểm danh: Đại biểu thứ 1, ")
    await expect(hanh.locator(hook("sites-empty"))).to_be_hidden()
    for own in ("site-code", "site-close"):
        await expect(dung.locator(hook(own))).to_be_visible()
        await expect(hanh.locator(hook(own))).to_be_hidden()
    await expect(hanh.locator(hook("site-open"))).to_be_visible()
    await dung.check(f'[data-seat="vinh"] {hook("site-seat")}')
    for name in ("Cao Văn Bảy", "Trần Thị Nhầm"):
        await dung.fill(hook("site-add-name"), name)
        await dung.fill(hook("site-add-title"), "Trưởng thôn")
        await dung.click(hook("site-add-button"))
        await expect(dung.locator(hook("site-seats"))).to_contain_text(name)
    mistaken = dung.locator(f"{hook('site-seats')} > li", has_text="Trần Thị Nhầm")
    await mistaken.locator(hook("site-strike")).click()
    await expect(mistaken).to_have_count(0)
    await expect(listed).to_contain_text("13 người đã điểm danh: ")
    assert await hanh.evaluate("() => window.giaoban.state().turnout.present") == 13, "who was added has no vote"
    if shots := os.environ.get("SHOTS"):
        await hanh.screenshot(path=f"{shots}/chair.png")
    await phone.click(hook("hand"))
    await hanh.wait_for_function("() => window.giaoban.state().participants.find((one) => one.id === 'tn-1').hand")

    await panel(hanh, "vote")
    await hanh.fill(hook("vote-text"), "Thông qua phương án?")
    await hanh.click(hook("vote-open"))
    await phone.click(hook("vote-for"))
    await panel(dung, "sites")
    await dung.click(f'[data-seat="tn-2"] {hook("site-vote-against")}')
    await hanh.wait_for_function("() => window.giaoban.state().vote.cast === 2")
    if shots := os.environ.get("SHOTS"):
        await phone.screenshot(path=f"{shots}/phone.png")
        await dung.screenshot(path=f"{shots}/site.png")
        await dung.set_viewport_size({"width": 360, "height": 740})
        await dung.screenshot(path=f"{shots}/site360.png", full_page=True)
        await dung.set_viewport_size({"width": 1440, "height": 900})
        await dung.screenshot(path=f"{shots}/site1440.png")
    await close_vote(hanh)
    await panel(hanh, "groups")
    await expect(hanh.locator(hook("group-of"))).to_have_count(1)  # Dũng's device; who sits before it goes with it
    await hanh.click(hook("groups-even"))
    await hanh.click(hook("groups-start"))
    await expect(phone.locator(hook("groups-here"))).to_have_text("Đồng chí đang ở Tổ 1.")
    inside = await hanh.evaluate("() => window.giaoban.state().groups.inside")
    assert inside["dung"] == inside["tn-1"] == inside["tn-2"]
    await hanh.click(hook("groups-end"))
    assert await phone.evaluate("() => window.__asked") == 0, "no microphone, no camera"
    await expect(phone.locator("#quality-word")).to_be_hidden()
    await phone.close()

    await hanh.click(hook("close-meeting"))
    await hanh.click("dialog[open] [data-test=confirm]")
    await hanh.wait_for_selector(hook("minutes-link"))
    minutes = await hanh.get_attribute(hook("minutes-link"), "href")
    await hanh.goto(f"{installation.url}{minutes}")
    text = await hanh.inner_text("main")
    assert text.count("dự tại điểm cầu") == 13, "and Dũng, whose device it is"
    assert text.count("(bổ sung tại điểm cầu, do Lò Văn Dũng ghi tên)") == 2, "Vinh of the directory, and Bảy"
    assert "Trần Thị Nhầm" not in text
    assert "Lò Văn Dũng" in text
