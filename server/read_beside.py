"""Every word in a PDF that is no text of its pages: of annotations, form fields, bookmarks, properties and files in it.

Runs as a process of its own (`python -I read_beside.py FILE`), because it opens what strangers wrote. Imports nothing
of ours. Writes words.txt beside the file, a text a line, as read_words.py does; files in the PDF that are office files
are unpacked there as `within-NN`, for that one to read. Exit code 1 for what cannot be read whole: then nobody can say
what is in it.
"""

import contextlib
import ctypes
import re
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdfium2 as pdfium  # type: ignore[import-untyped]
from pypdfium2 import raw

PAGES, ANNOTATIONS, FILES, DEPTH = 500, 20_000, 30, 3
OCTETS = 100 << 20
"""Of all files in the PDF, and of those in them."""
MEMORY, PROCESSOR, OUTPUT = 2 << 30, 60, 120 << 20
_SAID = (b"Contents", b"V", b"DV", b"TU", b"T", b"Subj", b"RC", b"NM")
"""What of an annotation or field may be words (ISO 32000-1, tables 164, 170 and 220)."""
_TAGS = re.compile(r"<[^>]{0,2000}>")
_SPOKEN = re.compile("[A-Za-z\u00c0-\u1ef9\\s.,:;_\u00ad\u200b-\u200d\u2060\ufeff-]{3,}")


class Unreadable(Exception):
    """It cannot be read whole."""


class Reader:
    """What is found in a PDF, and in the files in it. `folder`: where office files are put."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._left, self._annotations, self._files = OCTETS, ANNOTATIONS, 0

    def words(self, data: bytes, depth: int = DEPTH) -> Iterator[str]:
        """All texts. Raises Unreadable."""
        if depth == 0:
            raise Unreadable
        with contextlib.closing(pdfium.PdfDocument(data)) as document:
            if not 0 < len(document) <= PAGES:
                raise Unreadable
            document.init_forms()
            yield from document.get_metadata_dict(skip_empty=True).values()
            yield from (one.get_title() for one in document.get_toc(max_depth=30))
            for number in range(len(document)):
                yield from self._of_page(document, number, depth)
            for number in range(document.count_attachments()):
                file = document.get_attachment(number)
                yield file.get_name()
                yield from self._file(bytes(file.get_data()), depth)

    def _of_page(self, document: pdfium.PdfDocument, number: int, depth: int) -> Iterator[str]:
        page = document[number]
        if depth < DEPTH:  # of a PDF in a PDF nobody else reads these
            yield page.get_textpage().get_text_bounded()
        count = raw.FPDFPage_GetAnnotCount(page)
        self._annotations -= count
        if self._annotations < 0:
            raise Unreadable
        for index in range(count):
            annotation = raw.FPDFPage_GetAnnot(page, index)
            try:
                yield from self._said(document, annotation)
                if (file := raw.FPDFAnnot_GetFileAttachment(annotation)) is not None and file:
                    pinned = pdfium.PdfAttachment(file, document)
                    yield pinned.get_name()
                    yield from self._file(bytes(pinned.get_data()), depth)
            finally:
                raw.FPDFPage_CloseAnnot(annotation)
        # What annotations and fields show, whatever they say of themselves, becomes a part of the page.
        if count and raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_SUCCESS:
            page.close()
            yield document[number].get_textpage().get_text_bounded()

    def _said(self, document: pdfium.PdfDocument, annotation: object) -> Iterator[str]:
        for key in _SAID:
            yield _wide(lambda into, size, key=key: raw.FPDFAnnot_GetStringValue(annotation, key, into, size))
        if document.formenv is None:
            return
        for ask in (raw.FPDFAnnot_GetFormFieldValue, raw.FPDFAnnot_GetFormFieldAlternateName):
            yield _wide(lambda into, size, ask=ask: ask(document.formenv, annotation, into, size))
        for place in range(max(0, min(raw.FPDFAnnot_GetOptionCount(document.formenv, annotation), 1000))):
            yield _wide(
                lambda into, size, place=place: raw.FPDFAnnot_GetOptionLabel(
                    document.formenv, annotation, place, into, size
                )
            )

    def _file(self, data: bytes, depth: int) -> Iterator[str]:
        self._left -= len(data)
        self._files += 1
        if self._left < 0 or self._files > FILES:
            raise Unreadable
        if data.startswith(b"%PDF-"):
            yield from self.words(data, depth - 1)
        elif data.startswith(b"PK\x03\x04"):
            (self._folder / f"within-{self._files:02d}").write_bytes(data)
        else:
            yield from _SPOKEN.findall(_TAGS.sub("", data.decode("utf-8", "ignore")))
            for first in (0, 1):
                yield from _SPOKEN.findall(data[first:].decode("utf-16-le", "ignore"))


def _wide(ask: object) -> str:
    """A text that PDFium gives in UTF-16LE with a nul at its end, after it was asked how long it is."""
    assert callable(ask)
    size = ask(None, 0)
    if size <= 2:
        return ""
    if size > OUTPUT:
        raise Unreadable
    into = (ctypes.c_ushort * (size // 2 + 1))()
    ask(into, size)
    return bytes(into)[: size - 2].decode("utf-16-le", "ignore")


def main() -> None:
    """`python -I read_beside.py FILE`."""
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))
    file = Path(sys.argv[1])
    try:
        with file.with_name("words.txt").open("w", encoding="utf-8", errors="replace") as out:
            for text in Reader(file.parent).words(file.read_bytes()):
                out.write(text.replace("\r", "\n") + "\n")
    except Exception:  # what the readers of a hostile file leak is without end
        sys.exit(1)


if __name__ == "__main__":
    main()
