"""The chair records the meeting; everybody sees it, each one is asked, and who agrees plays in the file."""

import asyncio
import contextlib
import json
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from minutes.keyring import Keyring
from server.recording_files import RecordingFiles
from tests.browser.conftest import Open
from tests.browser.room import enter, hook
from tests.installation import Installation


async def sit(signed_in: Open, person: str, url: str, **size: int) -> Page:
    page = await signed_in(person, **size)
    await enter(page, url)
    return page


def probe(path: Path) -> list[dict[str, Any]]:
    """The streams of a file that ffprobe reads to its end without a complaint."""
    told = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert told.stderr == ""
    streams: list[dict[str, Any]] = json.loads(told.stdout)["streams"]
    return streams


def recorded(installation: Installation, to: Path) -> list[Path]:
    """The files that the proceedings name, as they were recorded."""
    files = RecordingFiles(installation.data / "recordings", Keyring(installation.data / "content-keys"))
    with contextlib.closing(sqlite3.connect(installation.data / "giaoban.sqlite3")) as database:
        rows = database.execute("SELECT meeting_id, data FROM fact WHERE kind = 'recording_segment'").fetchall()
    found = []
    for meeting, data in rows:
        one = json.loads(data)
        with files.open(meeting, one["file"], one["sha256"]) as file:
            found.append(to / one["file"])
            found[-1].write_bytes(file.read())
    return sorted(found)


async def test_each_is_asked_and_who_agrees_is_recorded(
    installation: Installation, signed_in: Open, tmp_path: Path
) -> None:
    room = f"{installation.url}/rooms/giao-ban"
    chair = await sit(signed_in, "hanh", room)
    await chair.click(hook("open-meeting"))
    dung = await sit(signed_in, "dung", room, width=390, height=780)
    await chair.click(hook("record-start"))
    await chair.keyboard.press("Escape")
    await expect(chair.locator(hook("recording"))).to_be_hidden()
    await chair.click(hook("record-start"))
    await chair.click(hook("record-confirm"))

    await expect(chair.locator(hook("consent-text"))).to_have_text("Hình và tiếng của đồng chí đang được ghi.")
    await expect(dung.locator(hook("recording"))).to_contain_text("Đang ghi hình")
    await expect(dung.locator(hook("consent-text"))).to_contain_text("Đồng chí có đồng ý")
    await expect(dung.locator(hook("record-stop"))).to_be_hidden()
    # By the keyboard alone: yes, and no again; the place on the page is not lost.
    await dung.locator(hook("consent-yes")).press("Enter")
    await expect(dung.locator(hook("consent-no"))).to_be_focused()
    await expect(chair.locator(hook("recording"))).to_contain_text("2/2 người đồng ý")
    folder = installation.data / "recordings"
    async with asyncio.timeout(45):
        while sum(path.stat().st_size for path in folder.rglob("*dung-video*")) < 20_000:
            await asyncio.sleep(0.2)  # a file of another process
    await dung.locator(hook("consent-no")).press("Enter")
    await expect(dung.locator(hook("consent-text"))).to_have_text("Hình và tiếng của đồng chí không được ghi.")
    await chair.click(hook("record-stop"))
    await expect(dung.locator(hook("recording"))).to_be_hidden()
    await expect(dung.locator(hook("consent"))).to_be_hidden()

    files = recorded(installation, tmp_path)
    for kind, codec in (("audio", "opus"), ("video", "vp8")):
        # Sound goes on in one file; with another size of the picture, as a busy machine sends, another file begins.
        paths = [path for path in files if path.name.endswith(f"-dung-{kind}.webm")]
        assert len(paths) == 1 or (kind == "video" and paths), paths
        streams = [stream for path in paths for stream in probe(path)]
        assert {stream["codec_name"] for stream in streams} == {codec}
        assert len(streams) == len(paths)
        assert sum(int(stream["nb_read_frames"]) for stream in streams) > 5
