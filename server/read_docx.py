"""What a Word file says, paragraph by paragraph, and the content that Giaoban put into it.

Runs as a process of its own (`python -I read_docx.py FOLDER`), because it opens what strangers wrote. Imports nothing
of ours. Reads FOLDER/original.docx, writes FOLDER/text.json: {"lines": [...], "kind", "source"}. A line is
{"text", "bold", "level", "heading", "foot"} (minutes/word/line.py) or a table, {"rows": [["…"]], "ruled"}; `source` is
the JSON of a content, null where there is none; what the lines mean is not decided here. Says {"refused": code} and
exit code 1 for what is no such file: word_unreadable, word_long.
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

PACKED, ENTRIES = 60 << 20, 2000
"""Octets that the parts of the file may unpack to, and how many there may be."""
MEMORY, PROCESSOR, OUTPUT = 1 << 30, 30, 16 << 20
LINES, ROWS, COLUMNS = 20_000, 501, 20
SPANNED = 200
"""Columns that the cells of a row reach over, more than Word has: a cell is read once for each."""
PARAGRAPH = 10_000
SOURCE = "{urn:giaoban:content}content"
_HIDDEN = "\u00ad\u200b\u2060\ufeff"
_FORBIDDEN = re.compile(f"[\x00-\x08\x0b-\x1f\x7f-\x9f{_HIDDEN}\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

Json = dict[str, Any]


class Refused(Exception):
    """The file cannot be read; the message is the code."""


def limit() -> None:
    """Bounds for this process."""
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))


def opened(path: Path) -> Document:
    """Raises Refused. What a file says of the size of its parts is also how much is read of them."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
        if len(entries) > ENTRIES or sum(one.file_size for one in entries) > PACKED:
            raise Refused("word_long")
        return docx.Document(str(path))
    except Refused:
        raise
    except Exception as error:  # what the readers of a hostile archive and its XML leak is without end
        raise Refused("word_unreadable") from error


def clean(text: str) -> str:
    """A text as records take it."""
    return _FORBIDDEN.sub("", text.replace("\u2028", "\n").replace("\v", "\n").replace("\xa0", " ")).strip()


def read(document: Document) -> Json:
    """All that it says. Raises Refused."""
    lines = [*_lines(document), *_foot(document)]
    kind, source = _source(document)
    return {"lines": lines, "kind": kind, "source": source}


def _lines(document: Document) -> Iterator[Json]:
    count = 0
    for one in document.iter_inner_content():
        made = list(_table(one)) if isinstance(one, Table) else _paragraph(one)
        count += len(made)
        if count > LINES:
            raise Refused("word_long")
        yield from made


def _paragraph(paragraph: Paragraph) -> list[Json]:
    text = clean(paragraph.text)
    if not text:
        return []
    runs = [run for run in paragraph.runs if run.text.strip()]
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    said = {
        "bold": bool(runs) and all(run.bold for run in runs),
        "level": _level(paragraph),
        "heading": style.startswith("Heading"),
    }
    return [{"text": text[at : at + PARAGRAPH], **said} for at in range(0, len(text), PARAGRAPH)]


def _level(paragraph: Paragraph) -> int | None:
    """The level of an automatic number, from 0; None for a paragraph without one."""
    numbers = paragraph._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")
    levels = paragraph._p.xpath("./w:pPr/w:numPr/w:ilvl/@w:val")
    if not numbers or numbers[0] == "0":
        return None
    return int(levels[0]) if levels else 0


def _table(table: Table) -> Iterator[Json]:
    rows = []
    for row in table.rows[: ROWS + 1]:
        if row.grid_cols_before + sum(cell.grid_span for cell in row._tr.tc_lst) > SPANNED:
            raise Refused("word_long")
        cells: list[str] = []
        last = None
        for cell in row.cells:
            if cell._tc is not last:  # a merged cell comes once for each of its columns
                cells.append(clean(cell.text)[:PARAGRAPH])
            last = cell._tc
        rows.append(cells)
    if not any(any(row) for row in rows):
        return
    if len(rows) > ROWS or max(map(len, rows)) > COLUMNS:
        raise Refused("word_long")
    yield {"rows": rows, "ruled": _ruled(table)}


def _ruled(table: Table) -> bool:
    """Whether it has lines: its own, its cells', or those of its style."""
    style = (table.style.name or "") if table.style is not None else ""
    own = table._tbl.xpath("./w:tblPr/w:tblBorders/*/@w:val | .//w:tcPr/w:tcBorders/*/@w:val")
    return any(value not in ("none", "nil") for value in own) or style not in ("", "Normal Table", "Table Normal")


def _foot(document: Document) -> Iterator[Json]:
    """The foot of the first page, where it has one of its own."""
    section = document.sections[0] if len(document.sections) else None
    if section is None or not section.different_first_page_header_footer:
        return
    for paragraph in section.first_page_footer.paragraphs[:ROWS]:
        if text := clean(paragraph.text):
            yield {"text": text[:PARAGRAPH], "foot": True}


def _source(document: Document) -> tuple[str, Any]:
    """The kind and the content of a document that was written here; ("", None) for any other file."""
    for relation in document.part.rels.values():
        if relation.is_external or not str(relation.target_part.partname).startswith("/customXml/"):
            continue
        blob = relation.target_part.blob
        if b"urn:giaoban:content" not in blob or b"<!DOCTYPE" in blob or b"<!ENTITY" in blob:
            continue
        try:
            root = ElementTree.fromstring(blob)  # noqa: S314 - without declarations, behind walls
            if root.tag == SOURCE:
                return root.get("kind", ""), json.loads(root.text or "null")
        except (ElementTree.ParseError, ValueError, RecursionError):
            continue
    return "", None


def main() -> None:
    """`python -I read_docx.py FOLDER`."""
    limit()
    folder = Path(sys.argv[1])
    try:
        text = read(opened(folder / "original.docx"))
    except Refused as refused:
        print(json.dumps({"refused": str(refused)}), flush=True)
        sys.exit(1)
    except (MemoryError, RecursionError, ValueError, KeyError, AttributeError, IndexError):
        # A broken file that opens, and then lacks what its own index names.
        print(json.dumps({"refused": "word_unreadable"}), flush=True)
        sys.exit(1)
    (folder / "text.json").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
