"""A file that came: the words of its pages, those of pictures too where a program reads them."""

import asyncio
import contextlib
import io
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium  # type: ignore[import-untyped]
import pytest
from PIL import Image

from minutes.errors import SecretContent
from minutes.trust import Trust
from server import sandbox
from server.errors import Problem
from server.page_reader import PageReader
from server.received import looked_at, searched
from tests.server.papers_files import pdf

NOBODY = Trust((), (), (), ())


def reader(folder: Path, does: str) -> PageReader:
    """A program that stands for one that reads pictures: it makes sure that it was given one, then `does`."""
    program = folder / "reads.sh"
    program.write_text(f'test "$(head -c 4 "$1" | tail -c 3)" = PNG || exit 9\n{does}\n')
    return PageReader(["/bin/sh", str(program), "{image}"])


def scanned() -> bytes:
    """A page with no text of its own."""
    made = io.BytesIO()
    Image.new("RGB", (400, 600), "white").save(made, "PDF")
    return made.getvalue()


async def test_what_a_program_reads_in_a_picture_counts_as_the_words_of_the_page(tmp_path: Path) -> None:
    found = await looked_at(scanned(), NOBODY, reader(tmp_path, "echo 'V/v cắt điện'"))
    assert [text.strip() for text in found.texts] == ["V/v cắt điện"]
    with pytest.raises(SecretContent):
        await looked_at(scanned(), NOBODY, reader(tmp_path, "echo 'Độ mật: TỐI MẬT'"))


async def test_pages_that_have_words_are_not_read_again(tmp_path: Path) -> None:
    words = "Phòngchốngmưalũởbảyxã"
    found = await looked_at(pdf(words), NOBODY, reader(tmp_path, "echo 'Độ mật: TỐI MẬT'"))
    assert [text.strip() for text in found.texts] == [words]


async def test_a_number_that_a_scanner_has_put_on_a_picture_does_not_hide_it(tmp_path: Path) -> None:
    with pytest.raises(SecretContent):
        await looked_at(pdf("Trang 1"), NOBODY, reader(tmp_path, "echo 'Độ mật: TỐI MẬT'"))


async def test_a_mark_behind_much_text_is_found_and_what_is_longer_than_any_page_not_taken() -> None:
    """Of what was read only in part the rest was taken unseen."""
    small = "#set page(margin: 0pt); #set text(size: 1pt);"
    with pytest.raises(SecretContent):
        await looked_at(pdf(f'{small} #("lũ " * 8000) Độ mật: TỐI MẬT'), NOBODY, PageReader())
    with pytest.raises(Problem, match="received_unreadable"):
        await looked_at(pdf(f'{small} #("lũ " * 20000)'), NOBODY, PageReader())


async def test_more_words_than_so_many_pages_have_are_not_taken() -> None:
    """Each page within bounds: twenty-five million letters were searched while everybody waited."""
    full = pdfium.PdfDocument(pdf('#set page(margin: 0pt); #set text(size: 1pt); #("lũ " * 13000)'))
    for pages, taken in ((50, True), (70, False)):
        made, out = pdfium.PdfDocument.new(), io.BytesIO()
        made.import_pages(full, [0] * pages)
        made.save(out)
        if taken:
            assert len((await looked_at(out.getvalue(), NOBODY, PageReader())).texts) == pages
        else:
            with pytest.raises(Problem, match="received_unreadable"):
                await looked_at(out.getvalue(), NOBODY, PageReader())


async def test_no_more_than_two_files_are_looked_into_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may take two gigabytes of memory."""
    running, most, start = 0, 0, asyncio.create_subprocess_exec

    async def counted(*command: str, **asked: Any) -> asyncio.subprocess.Process:
        nonlocal running, most
        process = await start(*command, **asked)
        wait, running = process.wait, running + 1
        most = max(most, running)

        async def waited() -> int:
            nonlocal running
            code = await wait()
            running -= 1
            return code

        monkeypatch.setattr(process, "wait", waited)
        return process

    monkeypatch.setattr(asyncio, "create_subprocess_exec", counted)
    await asyncio.gather(*(searched("a.pdf", pdf("Công văn"), PageReader()) for _ in range(5)))
    assert (running, most) == (0, 2)


async def test_without_a_program_a_picture_is_taken_as_it_is_and_with_a_broken_one_it_is_not(tmp_path: Path) -> None:
    assert (await looked_at(scanned(), NOBODY, PageReader())).texts == ("",)
    with pytest.raises(Problem) as refused:
        await looked_at(scanned(), NOBODY, reader(tmp_path, "exit 3"))
    assert refused.value.code == "unseen_pages"


async def test_where_many_files_wait_the_next_is_told_and_not_kept_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "FILES", 1)
    async with sandbox.place():
        for looked in (searched("a.pdf", pdf("Dự toán"), PageReader()), looked_at(scanned(), NOBODY, PageReader())):
            with pytest.raises(Problem, match="files_waiting"):
                await looked
    await searched("a.pdf", pdf("Dự toán"), PageReader())


async def test_pictures_of_pages_are_read_in_turn_with_everything_else(tmp_path: Path) -> None:
    program = reader(tmp_path, f"touch {tmp_path}/began; echo Chữ")
    (tmp_path / "page.png").write_bytes(b"\x89PNG")
    async with contextlib.AsyncExitStack() as taken:
        for _ in range(sandbox.AT_ONCE):
            await taken.enter_async_context(sandbox.turn())
        reading = asyncio.create_task(program.words(tmp_path / "page.png"))
        for _ in range(3):  # longer than the program would take
            await (await asyncio.create_subprocess_exec("/bin/sh", "-c", "echo")).wait()
        assert not (tmp_path / "began").exists()
    assert (await reading).strip() == "Chữ"
