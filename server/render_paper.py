"""A meeting's paper as images of its pages, in two widths, and the text of each page.

Runs as a process of its own (`python -I render_paper.py FOLDER KIND WIDTH WIDTH`), because it opens what strangers
wrote. Imports nothing of ours. Reads FOLDER/original.KIND; writes FOLDER/NNN-WIDTH.webp, FOLDER/NNN.txt and at last
FOLDER/pages.json, a list of [width, height] of the larger images. Says {"done": pages, "of": pages} a line, or
{"refused": code} and exit code 1: paper_locked, paper_long, paper_unreadable.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from PIL import Image

PAGES = 300
PIXELS = 6_000_000  # of one image
TEXT = 50_000  # characters of a page: what is not looked through to its end is not taken
WORDS = 1_500_000  # characters of all pages: five thousand on each, more than a page of print has
MEMORY, OUTPUT, FILES = 4 << 30, 256 << 20, 512
PROCESSOR = 600  # seconds, together
CONVERSION, PAGE = 180, 60  # seconds by the clock
NICENESS = 10


class Refused(Exception):
    """The paper cannot be shown; the message is the code."""


def limit() -> None:
    """Bounds for this process and what it starts."""
    os.nice(NICENESS)
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_NOFILE, FILES), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))


def converted(folder: Path, original: Path) -> Path:
    """The PDF that LibreOffice makes of an office file. Raises Refused."""
    profile = folder / "profile"
    command = [
        "soffice", "--headless", "--norestore", f"-env:UserInstallation={profile.absolute().as_uri()}",
        "--convert-to", "pdf", "--outdir", str(folder), str(original),
    ]  # fmt: skip
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=2, timeout=CONVERSION, check=True)  # noqa: S603 - our own words
    except (subprocess.SubprocessError, OSError) as error:
        raise Refused("paper_unreadable") from error
    made = original.with_suffix(".pdf")
    if not made.is_file():
        raise Refused("paper_unreadable")  # it says nothing of a file that it does not understand
    return made


def opened(path: Path) -> pdfium.PdfDocument:
    """Raises Refused."""
    try:
        document = pdfium.PdfDocument(path)
        count = len(document)
    except pdfium.PdfiumError as error:
        locked = getattr(error, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD
        raise Refused("paper_locked" if locked else "paper_unreadable") from error
    if count > PAGES:
        raise Refused("paper_long")
    if count == 0:
        raise Refused("paper_unreadable")
    document.init_forms()
    return document


def draw(page: pdfium.PdfPage, folder: Path, number: int, widths: Sequence[int]) -> tuple[int, int]:
    """Write the images of one page; the size of the larger one."""
    width, height = (max(one, 1.0) for one in page.get_size())  # points
    scale = min(max(widths) / width, (PIXELS / (width * height)) ** 0.5, 16_000 / max(width, height))
    image = page.render(scale=scale).to_pil().convert("RGB")
    for wanted in widths:
        factor = min(wanted / image.width, 1.0)
        size = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
        shown = image if factor == 1.0 else image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        shown.save(folder / f"{number:03d}-{wanted}.webp", quality=76, method=3)
    return image.width, image.height


def write_text(page: pdfium.PdfPage, folder: Path, number: int, most: int) -> int:
    """Write the text of one page; how many characters it has. Raises Refused for more than `most`."""
    text = page.get_textpage().get_text_bounded()
    if len(text) > most:
        raise Refused("paper_unreadable")
    (folder / f"{number:03d}.txt").write_text("\n".join(text.splitlines()), encoding="utf-8", errors="replace")
    return len(text)


def run(folder: Path, kind: str, widths: Sequence[int]) -> None:
    """Everything. Raises Refused."""
    original = folder / f"original.{kind}"
    document = opened(original if kind == "pdf" else converted(folder, original))
    sizes, left = [], WORDS
    for number in range(1, len(document) + 1):
        signal.alarm(PAGE)  # ends the process: native code cannot be interrupted otherwise
        try:
            page = document[number - 1]
            left -= write_text(page, folder, number, min(TEXT, left))
            sizes.append(draw(page, folder, number, widths))
            page.close()
        except (pdfium.PdfiumError, MemoryError, ValueError) as error:
            raise Refused("paper_unreadable") from error
        finally:
            signal.alarm(0)
        print(json.dumps({"done": number, "of": len(document)}), flush=True)
    (folder / "pages.json").write_text(json.dumps(sizes), encoding="utf-8")


def main() -> None:
    """`python -I render_paper.py FOLDER KIND WIDTH WIDTH`."""
    limit()
    try:
        run(Path(sys.argv[1]), sys.argv[2], [int(width) for width in sys.argv[3:]])
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}), flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
