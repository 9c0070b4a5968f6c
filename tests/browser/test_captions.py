"""Live captions: the words of who agreed are read by the others, and of nobody else."""

import json
import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Open
from tests.browser.room import enter, hook
from tests.installation import Installation

RECOGNISER = Path(__file__).parent.parent / "recogniser.py"


@pytest.fixture(autouse=True)
def recogniser(monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation, which starts after this, has one."""
    monkeypatch.setenv("GIAOBAN_CAPTIONS__COMMAND", json.dumps([sys.executable, str(RECOGNISER)]))


async def test_the_words_of_who_agreed_are_shown_to_the_others(installation: Installation, signed_in: Open) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    chair = await signed_in("hanh")
    await enter(chair, room)
    dung = await signed_in("dung", width=360, height=740)
    await enter(dung, room)
    await chair.click(hook("open-meeting"))
    await expect(dung.locator(hook("captions-start"))).to_be_hidden()
    await chair.click(hook("captions-start"))
    await chair.click(hook("captions-confirm"))
    # The chair's voice is heard: the fake microphone beeps once a second.
    await expect(dung.locator("#captions p").first).to_contain_text("Nguyễn Thị Hạnh: nghe")
    # Dũng is asked, by a name of its own, and answers by the keyboard.
    await expect(dung.locator("#captions-text")).to_contain_text("Phụ đề đang bật")
    await chair.keyboard.press("o")
    async with chair.expect_popup() as opened:
        await chair.click(hook("display-open"))
    hall = await opened.value
    await expect(hall.locator(hook("hall-captions"))).to_contain_text("Nguyễn Thị Hạnh: nghe")
    await hall.close()
    await chair.keyboard.press("Escape")
    assert not await chair.locator("#captions p", has_text="Lò Văn Dũng").count()
    await dung.locator(hook("captions-yes")).press("Enter")
    await expect(dung.locator(hook("captions-no"))).to_be_focused()
    await expect(chair.locator("#captions p", has_text="Lò Văn Dũng").first).to_be_visible()
    await chair.click(hook("captions-stop"))
    await expect(dung.locator("#captions")).to_be_hidden()
    await expect(dung.locator(hook("captions-consent"))).to_be_hidden()
