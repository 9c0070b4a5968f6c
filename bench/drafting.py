"""What writing a draft costs: an operation until it is kept, and the pages as they will be printed.

python -m bench.drafting
"""

from __future__ import annotations

import asyncio
import io
import statistics
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]

from minutes.authority import Authority
from minutes.blocks import ConclusionLine
from minutes.blocks import Heading as Title
from minutes.document import Actor, Kind, Signer
from minutes.text import TextContent
from minutes.typeset import Heading, Typesetter
from rooms.proceedings import Unit
from server import config, demo
from server.app import open_records
from server.database import Database
from server.editing.live import Editing
from server.editing.preview import PAUSE
from server.editing.seats import Seat
from server.editing.sheet import Write
from server.i18n import Reader

ROUNDS = 15
DENSITY = 110  # dots an inch, of pictures made of points: as wide as half a laptop's window
UNIT = Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn")
LEADER = Signer("leader", "hanh", "Nguyễn Thị Hạnh", ("CHỦ TỊCH",))
SIGNERS = (LEADER, Signer("seal", UNIT.id, UNIT.name, ()))
_SENTENCE = "Rà soát toàn bộ các hồ chứa, kiểm tra việc trực ban và báo cáo kết quả trước khi họp lần sau. "


@dataclass(frozen=True, slots=True)
class Drawing:
    """Milliseconds (median) to draw all pages of a text of which one word is another, and octets a page as sent."""

    pages: int
    milliseconds: float
    octets: float


@dataclass(frozen=True, slots=True)
class Seen:
    """`kept`: ms from an operation to its being on disk and told; `shown`: ms from the last of a burst to its pages."""

    kept: float
    shown: float


def content(lines: int, word: str) -> TextContent:
    """A notice of so many conclusions."""
    body = tuple(ConclusionLine(2 * _SENTENCE + word * (at == lines - 1), "UBND các xã", None) for at in range(lines))
    return TextContent(
        document_id="d",
        kind=Kind.NOTICE,
        subject="Kết luận tại cuộc họp giao ban",
        place_name="Lâm Sơn",
        intro=("Ngày 01 tháng 02 năm 2027, Chủ tịch đã chủ trì họp giao ban và kết luận như sau:",),
        body=(Title("section", "KẾT LUẬN"), *body),
        closing="Văn phòng thông báo để các đơn vị thực hiện",
        recipients=("Các xã", "Lưu: VT"),
    )


def drawings(lines: int) -> dict[str, Drawing]:
    """Each way from a text to pictures of its pages."""
    typesetter, heading = Typesetter(), Heading(Authority.of(UNIT), "d", SIGNERS)

    def svg(text: TextContent) -> list[bytes]:
        return [zlib.compress(page) for page in typesetter.pictures(Kind.NOTICE, text, heading)]

    def points(text: TextContent, form: str) -> list[bytes]:
        found = []
        for page in pdfium.PdfDocument(typesetter.typeset(Kind.NOTICE, text, heading, at=datetime.now(UTC)).pdf):
            out = io.BytesIO()
            image = page.render(scale=DENSITY / 72, grayscale=True).to_pil()
            image.save(out, form, **({"compress_level": 1} if form == "PNG" else {"quality": 76, "method": 3}))
            found.append(out.getvalue())
        return found

    ways: dict[str, Callable[[TextContent], list[bytes]]] = {
        "typst to SVG": svg,
        "typst to PDF, pypdfium2 to PNG": lambda text: points(text, "PNG"),
        "typst to PDF, pypdfium2 to WebP": lambda text: points(text, "WebP"),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    octets: dict[str, list[int]] = {}
    for round_ in range(ROUNDS):
        for name, way in ways.items():
            begun = time.perf_counter()
            pages = way(content(lines, f" {name} {round_}"))
            taken[name].append(1000 * (time.perf_counter() - begun))
            octets[name] = [len(page) for page in pages]
    return {
        name: Drawing(len(octets[name]), statistics.median(times), statistics.mean(octets[name]))
        for name, times in taken.items()
    }


async def writing(lines: int = 8) -> Seen:
    """One hand types in a draft of so many conclusions, with the preview open, over the real database."""
    with tempfile.TemporaryDirectory() as folder:
        settings = config.load(None, data=Path(folder) / "giaoban-data")
        settings.data.mkdir()
        await demo.prepare(settings)
        database = Database(settings.database_url)
        await database.migrate()
        records = open_records(settings, database)
        by = Actor("binh", "Trần Văn Bình", "")
        made = await records.begin(Kind.NOTICE, "Kết luận tại cuộc họp", by, unit=UNIT, leader=LEADER)
        editing = Editing(database, records)
        before = await records.content_json(made)
        body = [{**line, "block": "conclusion"} for line in _lines(lines)]
        await editing.become(made, {**before, "body": body}, by)
        live, seat = await editing.join(made, by, "binh-p1", Reader("vi"))
        block = live.sheet.standing("body")[-1]
        live.preview.watch(seat, wanted=True)
        kept, shown = [], []
        for number in range(1, 4 * ROUNDS):
            pad = live.sheet.items[block].texts["text"]
            change = Write(block, "text", pad.revision, (len(pad.text), "x"), "binh-p1", number)
            begun = time.perf_counter()
            await editing.do(live, seat, [change])
            kept.append(1000 * (time.perf_counter() - begun))
            if number % 4 == 0:
                await _drawn(seat)
                shown.append(1000 * (time.perf_counter() - begun))
        await editing.leave(live, seat)
        await editing.close()
        await database.close()
    return Seen(statistics.median(kept), statistics.median(shown))


async def _drawn(seat: Seat) -> None:
    """Until the page is told of pictures."""
    loop = asyncio.get_running_loop()
    while True:
        await seat.connection.ready()
        if '"type": "preview"' in (seat.connection.take(loop.time()) or ""):
            return


def _lines(count: int) -> list[dict[str, object]]:
    bare: dict[str, object] = {"owner_unit": None, "co_units": [], "deadline": None, "item": None}
    return [{"text": 2 * _SENTENCE, **bare} for _ in range(count)]


def main() -> None:
    for lines in (4, 8, 60):
        for name, one in drawings(lines).items():
            print(f"{one.pages} pages, {name}: {one.milliseconds:.0f} ms, {one.octets / 1000:.0f} kB a page")
    seen = asyncio.run(writing())
    print(f"an operation is kept and told: {seen.kept:.1f} ms; its pages are drawn {seen.shown:.0f} ms after it,")
    print(f"  of which {1000 * PAUSE:.0f} ms are waited for the next one")


if __name__ == "__main__":
    main()
