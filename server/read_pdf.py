"""The text of a PDF that a stranger has sent.

Runs as a process of its own (`python -I read_pdf.py FOLDER`). Imports nothing of ours. Reads FOLDER/original.pdf,
writes FOLDER/text.json: a list with the text of each page. Exit code 1 where it is none, has a password or is too long.
"""

import json
import resource
import sys
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]

PAGES, TEXT = 500, 20_000
MEMORY, PROCESSOR, OUTPUT = 2 << 30, 30, 40 << 20


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
        texts = [page.get_textpage().get_text_bounded()[:TEXT] for page in document]
    except (pdfium.PdfiumError, MemoryError, ValueError):
        sys.exit(1)
    (folder / "text.json").write_text(json.dumps(texts), encoding="utf-8")


if __name__ == "__main__":
    main()
