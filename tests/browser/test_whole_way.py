"""The whole way: a meeting between real browsers becomes a signed, posted document that a citizen can check."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import Open
from tests.browser.room import close_vote, enter, hook, panel, schedule, sees_and_hears, state, until
from tests.installation import PIN, Installation

TITLE = "Giao ban trực tuyến về phòng, chống thiên tai"
MOTION = "Thống nhất lùi thời hạn báo cáo sang ngày 15 hằng tháng?"
CONCLUSION = "Rà soát các hộ dân ở vùng có nguy cơ sạt lở, báo cáo UBND tỉnh"

SEAT = "window.giaoban.state().participants.find((one) => one.id === 'dung')"
STILL = """async () => {
  const last = window.__still;
  const now = (window.__still = (await window.giaoban.stats()).dung);
  return last && last.framesDecoded === now.framesDecoded && last.audioPackets === now.audioPackets;
}"""


@pytest.mark.timeout(300)  # three browsers through everything, on a machine that may be busy
async def test_a_meeting_ends_in_a_posted_document_that_a_citizen_can_check(
    installation: Installation, signed_in: Open, browser: Any, tmp_path: Path
) -> None:
    secretary = await signed_in("binh")
    meeting_url = await schedule(
        secretary, installation.url, title=TITLE,
        agenda=["Báo cáo tình hình mưa lũ | Văn phòng UBND tỉnh", "Ý kiến của các xã"], communes=["ta-nang"],
    )  # fmt: skip
    room_url = await secretary.get_attribute(hook("enter-room"), "href")
    assert room_url is not None
    room_url = installation.url + room_url
    chair, delegate = await signed_in("hanh"), await signed_in("dung")

    for page in (chair, secretary, delegate):
        await enter(page, room_url)
    await hold_the_meeting(chair, secretary, delegate)

    minutes = await secretary.get_attribute(hook("minutes-link"), "href")
    assert minutes is not None
    for page in (chair, secretary, delegate):
        await page.goto("about:blank")  # cameras off: the rest is paper
    minutes_url = installation.url + minutes
    await finish_minutes(installation, minutes_url, chair, secretary)
    posted_url = await post_the_notice(installation, minutes_url, chair, secretary, tmp_path)
    assert await status_of(browser, f"{minutes_url}/pdf") in (401, 403), "minutes are not public"
    await citizen_checks(installation, browser, posted_url, tmp_path)
    assert meeting_url


async def hold_the_meeting(chair: Page, secretary: Page, delegate: Page) -> None:
    await sees_and_hears(chair, ["binh", "dung"])
    await sees_and_hears(secretary, ["hanh", "dung"])
    await sees_and_hears(delegate, ["hanh", "binh"])

    await chair.click(hook("open-meeting"))
    await delegate.wait_for_function("() => window.giaoban.state().meeting.state === 'open'")
    await panel(chair, "agenda")
    await chair.click(hook("next-item"))
    await delegate.wait_for_function("() => window.giaoban.state().agenda.current !== null")

    await delegate.click(hook("hand"))
    await panel(chair, "floor")
    await chair.click(hook("give-floor"))
    await delegate.wait_for_function("() => window.giaoban.state().floor.holder === 'dung'")
    await chair.click(hook("end-floor"))

    await panel(chair, "vote")
    await chair.fill(hook("vote-text"), MOTION)
    await chair.click(hook("vote-open"))
    await delegate.click(hook("vote-for"))
    await chair.click(hook("vote-for"))
    await chair.wait_for_function("() => window.giaoban.state().vote.cast === 2")
    await close_vote(chair)
    await delegate.wait_for_function("() => window.giaoban.state().vote.state === 'closed'")
    vote = (await state(delegate))["vote"]
    assert (vote["tally"]["for"], vote["outcome"]["result"]) == (2, "passed")

    await panel(secretary, "conclusions")
    await secretary.fill(hook("conclusion-text"), CONCLUSION)
    await secretary.select_option(hook("conclusion-owner"), "ta-nang")
    await secretary.fill(hook("conclusion-deadline"), "2028-01-14")
    await secretary.click("#conclusion-helping summary")
    await secretary.locator(hook("conclusion-helpers")).locator("input:not([value='ta-nang'])").first.check()
    await secretary.click(hook("conclusion-save"))
    await chair.wait_for_function("() => window.giaoban.state().conclusions[0]?.helpers.length === 1")
    await expect(secretary.locator("#conclusion-helpers input:checked")).to_have_count(0)

    await switch_off_and_on(chair, delegate)
    await delegate.click(hook("leave"))
    await chair.wait_for_function(f"() => !({SEAT}).present")
    await delegate.goto(delegate.url)
    await enter(delegate, delegate.url)
    await sees_and_hears(chair, ["dung"])

    await chair.click(hook("close-meeting"))
    await confirm(chair)
    await secretary.wait_for_selector(hook("minutes-link"))
    # Everybody was sent away: no list that calls all of them absent.
    await expect(secretary.locator(hook("people"))).to_be_hidden()


async def switch_off_and_on(chair: Page, delegate: Page) -> None:
    """Microphone and camera off: everybody is told and nothing more is forwarded; on again: it is back."""
    for name, kind in (("mic", "audio"), ("camera", "video")):
        await delegate.click(hook(name))
        await chair.wait_for_function(f"() => !({SEAT}).{kind}")
    await chair.evaluate("() => { window.__still = undefined; }")
    await until(chair, STILL, every=0.7)
    for name, kind in (("mic", "audio"), ("camera", "video")):
        await delegate.click(hook(name))
        await chair.wait_for_function(f"() => ({SEAT}).{kind}")
    await sees_and_hears(chair, ["dung"])


async def confirm(page: Page) -> None:
    """A confirmation asked in the page itself, where there is one."""
    button = page.locator("dialog[open] [data-test=confirm]")
    if await button.count():
        await button.click()


async def finish_minutes(installation: Installation, url: str, chair: Page, secretary: Page) -> None:
    await secretary.goto(url)
    text = await secretary.inner_text("main")
    for expected in (f"Họp g{TITLE[1:]}", "Lò Văn Dũng", MOTION, CONCLUSION, "UBND xã Tà Năng"):
        assert expected in text, f"the draft lacks {expected!r}"
    assert re.search(r"14(/01/| tháng 01 năm )2028", text), "the deadline"
    assert re.search(r"02/02 đại biểu tán thành", text), "the tally"
    row = next(line for line in text.splitlines() if "Lò Văn Dũng" in line and re.search(r"\d\d:\d\d", line))
    assert len(re.findall(r"\d\d:\d\d", row)) % 2 == 0, "attendance is intervals"
    await secretary.goto(f"{url}/edit")
    await secretary.click(hook("save"))
    await secretary.click(hook("submit"))
    await chair.goto(url)
    await chair.click(hook("approve"))
    await sign(secretary, url)
    await sign(chair, url)


async def sign(page: Page, url: str, button: str = "sign") -> None:
    await page.goto(url)
    await page.fill(hook("pin"), PIN)
    await page.click(hook(button))
    await page.wait_for_load_state()


async def post_the_notice(
    installation: Installation, minutes_url: str, chair: Page, secretary: Page, folder: Path
) -> str:
    clerk = chair.context.browser
    assert clerk is not None
    page = await (await clerk.new_context()).new_page()
    await page.goto(installation.links["cuc"])
    await page.wait_for_url(f"{installation.url}/meetings")
    await sign(page, minutes_url, "seal")
    assert await page.get_attribute(hook("document-state"), "data-state") == "sealed"

    await secretary.goto(minutes_url)
    await secretary.click(hook("notice"))
    await secretary.wait_for_url(lambda url: url.startswith(installation.url + "/desk/") and url != minutes_url)
    notice_url = secretary.url
    assert CONCLUSION in await secretary.inner_text("main")
    await secretary.click(hook("submit"))
    await chair.goto(notice_url)
    await chair.click(hook("approve"))
    await sign(chair, notice_url)
    await sign(page, notice_url, "seal")
    await page.fill(hook("publish-reason"), "Kết luận liên quan trực tiếp đến người dân vùng sạt lở")
    for box in await page.locator(hook("publish-check")).all():
        await box.check()
    await page.click(hook("publish"))
    posted = await page.get_attribute(hook("document-link"), "href")
    assert posted is not None
    return installation.url + posted


async def status_of(browser: Any, url: str) -> int:
    context = await browser.new_context()
    response = await context.request.get(url)
    status: int = response.status
    await context.close()
    return status


async def citizen_checks(installation: Installation, browser: Any, posted_url: str, folder: Path) -> None:
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 360, "height": 740}, locale="vi-VN"
    )
    citizen = await context.new_page()
    await citizen.goto(f"{installation.url}/documents")
    await citizen.click(f'a[href="{posted_url.removeprefix(installation.url)}"]')
    assert CONCLUSION in await citizen.inner_text("main")
    href = await citizen.get_attribute(hook("pdf-link"), "href")
    response = await context.request.get(f"{installation.url}{href}")
    genuine = folder / "thong-bao.pdf"
    genuine.write_bytes(await response.body())
    assert genuine.read_bytes().startswith(b"%PDF-1.7")

    damaged = bytearray(genuine.read_bytes())
    damaged[len(damaged) // 3] ^= 1
    changed = folder / "sua.pdf"
    changed.write_bytes(damaged)
    unrelated = folder / "khac.pdf"
    await make_unrelated(browser, unrelated)
    for file, kind, code in ((genuine, "genuine", 0), (changed, "changed", 1), (unrelated, "unknown", 2)):
        await citizen.goto(f"{installation.url}/verify")
        await citizen.set_input_files(hook("verify-file"), file)
        await citizen.click(hook("verify-submit"))
        assert await citizen.get_attribute(hook("verdict"), "data-verdict") == kind
        assert installation.command("verify", str(file)).returncode == code
    await context.close()
    checked = subprocess.run(["pdfsig", str(genuine)], capture_output=True, text=True, check=False)
    assert checked.stdout.count("Signature is Valid") == 2, checked.stdout


async def make_unrelated(browser: Any, file: Path) -> None:
    page = await browser.new_page()
    await page.set_content("<h1>Thông báo khác</h1>")
    await page.pdf(path=str(file))
    await page.close()
