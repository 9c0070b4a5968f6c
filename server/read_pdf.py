"""The text of a PDF that a stranger has sent.

Runs as a process of its own (`python -I read_pdf.py FOLDER [LETTERS]`). Imports nothing of ours. Reads
FOLDER/original.pdf, writes FOLDER/text.json: a list with the text of each page; with LETTERS, of each page that has
fewer letters and digits FOLDER/NNN.png. Exit code 1 where it is none, has a password or is too long: what is not read
to its end is not taken.
"""

import json
import resource
import sys
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]

PAGES, TEXT, PICTURES = 500, 50_000, 100
WORDS = 2_500_000
"""Characters of all pages: five thousand on each, more than a page of print has."""
DOTS, LARGEST = 200, 2600
"""Per inch, and on the longer side of a picture."""
MEMORY, PROCESSOR, OUTPUT = 2 << 30, 60, 40 << 20


def main() -> None:
    """`python -I read_pdf.py FOLDER`."""
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))
    folder = Path(sys.argv[1])
    try:
        document = pdfium.PdfDocument(folder / "original.pdf")
        if not 0 < len(document) <= PAGES:
            sys.exit(1)
        texts = [page.get_textpage().get_text_bounded() for page in document]
        if max(map(len, texts)) > TEXT or sum(map(len, texts)) > WORDS:
            sys.exit(1)
        if len(sys.argv) > 2:
            counted = [sum(letter.isalnum() for letter in text) for text in texts]
            _draw(document, folder, [number for number, count in enumerate(counted) if count < int(sys.argv[2])])
    except (pdfium.PdfiumError, MemoryError, ValueError):
        sys.exit(1)
    (folder / "text.json").write_text(json.dumps(texts), encoding="utf-8")


def _draw(document: pdfium.PdfDocument, folder: Path, wordless: list[int]) -> None:
    """Pictures of these pages, for a program that reads them."""
    if len(wordless) > PICTURES:
        sys.exit(1)
    for number in wordless:
        page = document[number]
        scale = min(DOTS / 72, LARGEST / max(*page.get_size(), 1))
        page.render(scale=scale).to_pil().convert("L").save(folder / f"{number:03d}.png")


if __name__ == "__main__":
    main()
