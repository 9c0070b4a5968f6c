"""Papers become images once, in a process that reaches neither the network nor files of ours."""

import asyncio
import contextlib
import io
import os
import shutil
import subprocess
import threading
import zipfile
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from minutes.keyring import Keyring
from minutes.zipped import ENTRIES
from server import papers_tables, render_paper, sandbox
from server.database import Database, sqlite_url
from server.errors import Problem
from server.page_reader import PageReader
from server.papers import WIDTHS, Papers, Pending, clean_name, kind_of, office_files
from server.papers_tables import Paper
from tests.server.papers_files import docx, odp, pdf

REPORT = ("Báo cáo tình hình mưa lũ", "Kiến nghị")


@pytest_asyncio.fixture
async def papers(tmp_path: Path) -> AsyncIterator[Papers]:
    database = Database(sqlite_url(tmp_path / "db.sqlite3"))
    await database.migrate()
    found = Papers(tmp_path / "papers", database, Keyring(tmp_path / "content-keys"))
    await found.start()
    yield found
    await found.close()
    await database.close()


async def begin(papers: Papers, content: bytes, name: str = "bao-cao.pdf", meeting: str = "m-1") -> Pending:
    return await papers.take(meeting, name, io.BytesIO(content), item=None, by="binh", by_name="Trần Thị Bình")


async def taken(papers: Papers, content: bytes, name: str = "bao-cao.pdf", meeting: str = "m-1") -> Paper:
    await begin(papers, content, name, meeting)
    return await asyncio.wait_for(papers.news.get(), 60)


async def refusal(papers: Papers, content: bytes, name: str = "bao-cao.pdf") -> str:
    """The code with which a file is refused, at the door or once it was opened."""
    try:
        pending = await begin(papers, content, name)
    except Problem as problem:
        return problem.code
    async with asyncio.timeout(60):
        while not (found := next(one for one in papers.pending("m-1") if one.id == pending.id)).refused:
            await asyncio.sleep(0.02)  # another process's work
    return found.refused


def file(papers: Papers, paper: Paper, name: str) -> bytes:
    return b"".join(papers.pieces(paper, name))


def words(papers: Papers, paper: Paper, page: int = 1) -> str:
    return file(papers, paper, f"{page:03d}.txt").decode()


async def test_a_pdf_becomes_two_images_and_the_text_of_each_page(papers: Papers) -> None:
    paper = await taken(papers, pdf(*REPORT))
    assert len(paper.pages) == 2
    for page, text in enumerate(REPORT, 1):
        assert words(papers, paper, page) == text
        for width in WIDTHS:
            with Image.open(io.BytesIO(file(papers, paper, f"{page:03d}-{width}.webp"))) as image:
                assert (image.format, image.width) == ("WEBP", width)
                dark, light = image.convert("L").getextrema()  # something is drawn on white
                assert (dark < 60, light > 250) == (True, True)
    assert paper.pages[0] == Image.open(io.BytesIO(file(papers, paper, "001-1600.webp"))).size
    assert await papers.of_meeting("m-1") == [paper]
    assert papers.pending("m-1") == []


@pytest.mark.parametrize(("name", "content"), [("a.docx", docx(*REPORT)), ("a.odp", odp(REPORT[0]))])
async def test_an_office_file_is_shown_as_libreoffice_prints_it(papers: Papers, name: str, content: bytes) -> None:
    assert office_files(), "tests/debian.sh installs bubblewrap and LibreOffice"
    paper = await taken(papers, content, name)
    assert REPORT[0] in words(papers, paper)
    assert file(papers, paper, f"original.{paper.kind}") == content


async def test_what_a_file_links_to_is_never_fetched(papers: Papers) -> None:
    asked: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        linked = docx("Có ảnh liên kết", picture=f"http://127.0.0.1:{server.server_port}/x.png")
        paper = await taken(papers, linked, "a.docx")
        assert "Có ảnh liên kết" in words(papers, paper)
        assert asked == []
        # The same file outside the walls does ask, or the test would prove nothing.
        folder = papers.folder.parent / "open"
        folder.mkdir()
        (folder / "a.docx").write_bytes(linked)
        await asyncio.to_thread(
            subprocess.run,
            ["soffice", "--headless", f"-env:UserInstallation={(folder / 'p').as_uri()}", "--convert-to", "pdf",
             "--outdir", str(folder), str(folder / "a.docx")],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        assert "/x.png" in asked
        server.shutdown()


def test_behind_the_walls_there_are_no_files_of_ours_and_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("x")
    place = tmp_path / "place"
    place.mkdir()
    found = subprocess.run(
        sandbox.confined(["/usr/bin/ls", str(tmp_path)], writable=place),
        capture_output=True, text=True, check=True, env={**os.environ, "GIAOBAN_TURN__SECRET": "x"},
    )  # fmt: skip
    assert found.stdout.split() == ["place"]
    found = subprocess.run(
        sandbox.confined(["/usr/bin/env"], writable=place),
        capture_output=True, text=True, check=True, env={**os.environ, "GIAOBAN_TURN__SECRET": "x"},
    )  # fmt: skip
    assert "GIAOBAN" not in found.stdout


@pytest.mark.parametrize("mark", ["MẬT", "TỐI MẬT", "Tuyệt mật"])
async def test_a_paper_with_a_mark_of_secrecy_leaves_nothing_behind(papers: Papers, mark: str) -> None:
    assert await refusal(papers, pdf("Trang đầu", mark)) == "secret_marking"
    assert await papers.of_meeting("m-1") == []
    assert [path for path in papers.folder.rglob("*") if path.is_file()] == []


@pytest.mark.skipif(not office_files(), reason="no office files here")
async def test_a_mark_that_no_page_of_an_office_file_shows_is_found(papers: Papers) -> None:
    """The file itself is kept and handed out, with its comments."""
    whole = io.BytesIO(docx("Báo cáo"))
    with zipfile.ZipFile(whole, "a") as archive:
        archive.writestr("word/comments.xml", "<w:comments xmlns:w='w'><w:t>Tài liệu TỐI MẬT</w:t></w:comments>")
    assert await refusal(papers, whole.getvalue(), "bao-cao.docx") == "secret_marking"
    assert not any((papers.folder / "incoming").iterdir())


async def test_a_name_with_a_mark_of_secrecy_is_refused_at_the_door(papers: Papers) -> None:
    assert await refusal(papers, pdf("Báo cáo"), "TỐI MẬT.pdf") == "secret_marking"


def crowd() -> bytes:
    """An office file with more entries than any has."""
    into = io.BytesIO(docx("x"))
    with zipfile.ZipFile(into, "a") as file:
        for number in range(ENTRIES * 7):
            file.writestr(str(number), b"")
    return into.getvalue()


def test_more_words_than_the_pages_of_a_file_have_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page within bounds: fifteen million letters are searched for marks of secrecy."""
    monkeypatch.setattr(render_paper, "WORDS", 20)
    for pages, taken in ((2, True), (3, False)):
        (tmp_path / "original.pdf").write_bytes(pdf(*["Công văn"] * pages))
        (tmp_path / "pages.json").unlink(missing_ok=True)
        with contextlib.nullcontext() if taken else pytest.raises(render_paper.Refused, match="paper_unreadable"):
            render_paper.run(tmp_path, "pdf", [40])
        assert (tmp_path / "pages.json").exists() is taken


async def test_what_cannot_be_shown_is_refused_with_its_reason(papers: Papers, tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(pdf("Báo cáo"))
    subprocess.run(["qpdf", "--encrypt", "user", "owner", "256", "--", str(plain), str(locked)], check=True)
    assert await refusal(papers, locked.read_bytes()) == "paper_locked"
    assert await refusal(papers, pdf(*["x"] * 301)) == "paper_long"
    assert await refusal(papers, b"%PDF-1.7\nnothing") == "paper_unreadable"
    assert await refusal(papers, b"MZ\x90\x00 a program") == "paper_kind"
    assert await refusal(papers, docx("x")[:300]) == "paper_kind"
    assert await refusal(papers, crowd()) == "paper_kind"
    assert await refusal(papers, pdf("x") + bytes(51 * 2**20)) == "too_large"
    assert [path for path in papers.folder.rglob("*") if path.is_file()] == []


async def test_a_page_as_long_as_a_road_stays_an_image_of_bounded_size(papers: Papers) -> None:
    made = pdf("#set page(width: 20cm, height: 500cm)\nMột trang rất dài")
    paper = await taken(papers, made)
    for width, height in paper.pages:
        assert width * height <= 6_100_000  # a row or column more by rounding
        assert max(width, height) <= 16_000


async def test_the_same_file_is_drawn_once_for_two_meetings_and_stays_until_neither_has_it(papers: Papers) -> None:
    content = pdf("Dự thảo nghị quyết")
    first = await taken(papers, content)
    drawn = (papers.folder / first.sha256 / "001-720.webp").stat().st_mtime_ns
    second = await taken(papers, content, meeting="m-2")
    assert (papers.folder / second.sha256 / "001-720.webp").stat().st_mtime_ns == drawn
    await papers.remove(first, "binh")
    assert (papers.folder / second.sha256 / "001-720.webp").exists()
    await papers.remove(second, "binh")
    assert not (papers.folder / second.sha256 / "001-720.webp").exists()


async def test_a_start_throws_away_what_a_stop_left(papers: Papers) -> None:
    kept = await taken(papers, pdf("Báo cáo"))
    for left in ("incoming/abc", "0" * 64):
        (papers.folder / left).mkdir(parents=True)
        (papers.folder / left / "original.pdf").write_bytes(b"x")
    await Papers(papers.folder, papers.database, papers.keys).start()
    assert [path.name for path in papers.folder.iterdir()] == [kept.sha256]


async def test_notes_are_by_person_and_page_and_go_with_the_paper(papers: Papers) -> None:
    paper = await taken(papers, pdf(*REPORT))
    async with papers.database.begin() as connection:
        await papers_tables.note(connection, paper.id, "dung", 2, "hỏi lại số liệu")
        await papers_tables.note(connection, paper.id, "lan", 2, "khác")
        await papers_tables.note(connection, paper.id, "dung", 2, "hỏi số liệu xã Tà Năng")
        assert await papers_tables.notes(connection, paper.id, "dung") == {2: "hỏi số liệu xã Tà Năng"}
        await papers_tables.note(connection, paper.id, "dung", 2, "")
        assert await papers_tables.notes(connection, paper.id, "dung") == {}
    await papers.remove(paper, "binh")
    async with papers.database.read() as connection:
        assert await papers_tables.notes(connection, paper.id, "lan") == {}


def test_a_file_is_known_by_its_content() -> None:
    assert kind_of(io.BytesIO(pdf("x"))) == "pdf"
    assert kind_of(io.BytesIO(docx("x"))) == "docx"
    assert kind_of(io.BytesIO(odp("x"))) == "odp"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("C:\\Users\\x\\Báo cáo.pdf", "Báo cáo.pdf"), ("../../etc/passwd", "passwd"), ("  a   b.pdf ", "a b.pdf")],
)
def test_a_paper_is_called_by_the_last_part_of_its_name(sent: str, shown: str) -> None:
    assert clean_name(sent) == shown


# --- pages that are pictures -----------------------------------------------------------------------------------


def reader(folder: Path, does: str) -> PageReader:
    """A program that stands for one that reads pictures: it makes sure that it was given one, then `does`."""
    program = folder / "reads.sh"
    program.write_text(f'test "$(head -c 4 "$1")" = RIFF || exit 9\n{does}\n')
    return PageReader(["/bin/sh", str(program), "{image}"])


def scanned() -> bytes:
    """A page with no text of its own."""
    made = io.BytesIO()
    Image.new("RGB", (400, 600), "white").save(made, "PDF")
    return made.getvalue()


SAYS = "echo 'Độ mật: {mark}'"


async def test_a_mark_in_the_picture_of_a_page_is_found_where_a_program_reads_it(
    papers: Papers, tmp_path: Path
) -> None:
    papers.reader = reader(tmp_path, SAYS.format(mark="TỐI MẬT"))
    assert await refusal(papers, scanned()) == "secret_marking"
    assert not list((tmp_path / "papers" / "incoming").iterdir())


async def test_nobody_hears_of_a_refusal_before_the_file_is_gone(
    papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    remove = shutil.rmtree

    def removing(path: Path, ignore_errors: bool = False) -> None:
        told.extend(one.refused for one in papers.pending("m-1"))
        remove(path, ignore_errors=ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", removing)
    papers.reader = reader(tmp_path, SAYS.format(mark="TỐI MẬT"))
    assert await refusal(papers, scanned()) == "secret_marking"
    assert told == [""]


async def test_pages_that_have_words_are_not_read_again(papers: Papers, tmp_path: Path) -> None:
    papers.reader = reader(tmp_path, SAYS.format(mark="TỐI MẬT"))
    assert (await taken(papers, pdf("Báo cáo tình hình mưa lũ ở bảy xã"))).pages


async def test_a_picture_in_which_no_mark_is_found_is_taken(papers: Papers, tmp_path: Path) -> None:
    papers.reader = reader(tmp_path, SAYS.format(mark="không"))
    assert (await taken(papers, scanned())).pages


@pytest.mark.parametrize("does", ["exit 3", "head -c 2000000 /dev/zero"])
async def test_a_page_that_nobody_could_read_does_not_come_in(papers: Papers, tmp_path: Path, does: str) -> None:
    papers.reader = reader(tmp_path, does)
    assert await refusal(papers, scanned()) == "unseen_pages"


async def test_a_program_that_is_not_there_lets_no_picture_in(papers: Papers) -> None:
    papers.reader = PageReader(["/nonexistent/reader", "{image}"])
    assert await refusal(papers, scanned()) == "unseen_pages"


@pytest.mark.skipif(not sandbox.walls(), reason="needs bubblewrap")
async def test_the_program_sees_no_file_of_ours_and_no_network(papers: Papers, tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("x")
    tries = (
        f"if [ -e {tmp_path / 'secret.key'} ]; then echo MẬT; fi\n"
        "if tail -n +3 /proc/net/dev | grep -qv ' lo:'; then echo MẬT; fi"
    )
    papers.reader = reader(tmp_path, tries)
    assert (await taken(papers, scanned())).pages
