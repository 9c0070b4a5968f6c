"""The text of a Word file as the parts of a document: subject, bases, blocks, recipients.

Runs as a process of its own (`python -I read_docx.py FOLDER`), because it opens what strangers wrote. Imports nothing
of ours. Reads FOLDER/original.docx, writes FOLDER/text.json: {"subject", "addressees", "bases", "intro", "body",
"closing", "recipients"}, the blocks as minutes/blocks.py has them. Only what is plain to see is told apart; everything
else is a paragraph. Says {"refused": code} and exit code 1 for what is no such file: word_unreadable, word_long.
"""

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

PACKED, ENTRIES = 60 << 20, 2000
"""Octets that the parts of the file may unpack to, and how many there may be."""
MEMORY, PROCESSOR, OUTPUT = 1 << 30, 30, 8 << 20
BLOCKS, ROWS, COLUMNS = 2000, 500, 20
LINE, PARAGRAPH = 500, 10_000

Json = dict[str, Any]

_COUNTRY = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
_TYPES = frozenset(
    {
        "NGHỊ QUYẾT", "QUYẾT ĐỊNH", "CHỈ THỊ", "QUY CHẾ", "QUY ĐỊNH", "THÔNG CÁO", "THÔNG BÁO", "HƯỚNG DẪN",
        "CHƯƠNG TRÌNH", "KẾ HOẠCH", "PHƯƠNG ÁN", "ĐỀ ÁN", "DỰ ÁN", "BÁO CÁO", "BIÊN BẢN", "TỜ TRÌNH", "HỢP ĐỒNG",
        "CÔNG ĐIỆN", "GIẤY MỜI", "GIẤY GIỚI THIỆU", "PHIẾU TRÌNH",
    }
)  # fmt: skip
_HEADINGS = (
    ("part", re.compile(r"(?i:phần)\s+(?:thứ\s+\w+|[IVXLC]+|\d+)\s*[.:]?\s*(.*)")),
    ("chapter", re.compile(r"(?i:chương)\s+(?:[IVXLC]+|\d+)\s*[.:]?\s*(.*)")),
    ("section", re.compile(r"(?i:mục)\s+(?:[IVXLC]+|\d+)\s*[.:]?\s*(.*)")),
    ("article", re.compile(r"(?i:điều)\s+\d+\s*[.:]\s*(.*)")),
    ("section", re.compile(r"[IVX]+\.\s+(.+)")),
)
_CLAUSE = re.compile(r"\d{1,3}[.)]\s+(.+)")
_POINT = re.compile(r"[a-zđ]\)\s+(.+)")
_BASIS = re.compile(r"(?i:căn cứ|theo đề nghị|xét đề nghị)\s")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


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


@dataclass
class Found:
    """What was found so far. `stage`: "head" until the subject, then "bases", "body", and "end" from the recipients."""

    stage: str = "head"
    titled: bool = False
    subject: list[str] = field(default_factory=list)
    addressees: list[str] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    body: list[Json] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    addressing: bool = False
    heading: bool = False
    """The last line was a heading without its text, which is the next line."""


def clean(text: str) -> str:
    """A text as records take it."""
    return _FORBIDDEN.sub("", text.replace("\u2028", "\n").replace("\v", "\n").replace("\xa0", " ")).strip()


def read(document: Document) -> Json:
    """The parts of the text. Raises Refused."""
    found = Found()
    for one in document.iter_inner_content():
        if isinstance(one, Table):
            _table(found, one)
        else:
            _paragraph(found, one)
        if len(found.body) > BLOCKS:
            raise Refused("word_long")
    return _result(found)


def _cells(table: Table) -> list[list[str]]:
    rows = []
    for row in table.rows[: ROWS + 2]:
        cells: list[str] = []
        last = None
        for cell in row.cells:
            if cell._tc is not last:  # a merged cell comes once for each of its columns
                cells.append(clean(cell.text)[:PARAGRAPH])
            last = cell._tc
        rows.append(cells)
    return rows


def _table(found: Found, table: Table) -> None:
    rows = _cells(table)
    whole = "\n".join("\n".join(row) for row in rows)
    if _COUNTRY in whole.upper():
        for line in whole.split("\n"):
            if line.strip().casefold().startswith("v/v"):
                found.subject.append(line.strip()[3:].strip())
        return
    if "nơi nhận" in whole.casefold() and len(rows) <= 3:
        cell = next(cell for row in rows for cell in row if "nơi nhận" in cell.casefold())
        found.recipients += _recipients(cell.split("\n"))
        found.stage = "end"
        return
    if found.stage == "end" or not any(any(row) for row in rows):
        return
    width = min(max(len(row) for row in rows), COLUMNS)
    if len(rows) > ROWS + 1 or max(len(row) for row in rows) > COLUMNS:
        raise Refused("word_long")
    even = [row[:width] + [""] * (width - len(row)) for row in rows]
    found.stage = "body"
    header = [" ".join(cell.split())[:LINE] for cell in even[0]]
    found.body.append({"block": "table", "header": header, "rows": even[1:]})


def _recipients(lines: list[str]) -> list[str]:
    bare = (line.strip().lstrip("-–+ ").rstrip(" ;.").strip() for line in lines)
    return [line[:LINE] for line in bare if line and not line.casefold().startswith("nơi nhận")]


def _numbering(paragraph: Paragraph) -> int | None:
    """The level of an automatic number, from 0; None for a paragraph without one."""
    numbers = paragraph._p.xpath("./w:pPr/w:numPr/w:numId/@w:val")
    levels = paragraph._p.xpath("./w:pPr/w:numPr/w:ilvl/@w:val")
    if not numbers or numbers[0] == "0":
        return None
    return int(levels[0]) if levels else 0


def _paragraph(found: Found, paragraph: Paragraph) -> None:
    text = clean(paragraph.text)
    if not text:
        found.addressing = False
        return
    lowered = text.casefold()
    if lowered.startswith("nơi nhận"):
        found.stage = "end"
        found.recipients += _recipients(text.split("\n"))
    elif found.stage == "end":
        if text.startswith(("-", "–", "+")):
            found.recipients += _recipients(text.split("\n"))
    elif found.stage == "head":
        _head(found, text, lowered, paragraph)
    else:
        _text(found, text, paragraph)


def _head(found: Found, text: str, lowered: str, paragraph: Paragraph) -> None:
    if text.upper() in _TYPES:
        found.titled = True
    elif lowered.startswith("v/v") or (lowered.startswith("về việc") and not found.subject):
        found.subject.append(text[3:].strip() if lowered.startswith("v/v") else text)
    elif lowered.startswith("kính gửi"):
        found.addressing = True
        rest = text.split(":", 1)[1].strip() if ":" in text else ""
        found.addressees += _recipients(rest.split("\n"))
    elif found.addressing and text.startswith("-"):
        found.addressees += _recipients([text])
    elif _BASIS.match(text):
        found.stage = "bases"
        _text(found, text, paragraph)
    elif (found.titled and not found.subject) or (found.titled and _bold(paragraph) and len(found.subject) < 3):
        found.subject.append(text)
    elif (
        found.titled
        or found.subject
        or found.addressees
        or _kind(text, paragraph)[0] != "paragraph"
        or not _letterhead(text, lowered)
    ):
        found.stage = "body"
        _text(found, text, paragraph)


def _letterhead(text: str, lowered: str) -> bool:
    """A line of the head that stands outside a table: names, number, motto, date."""
    return text.isupper() or lowered.startswith(("số:", "độc lập", "---", "___")) or " ngày" in lowered[:60]


def _bold(paragraph: Paragraph) -> bool:
    runs = [run for run in paragraph.runs if run.text.strip()]
    return bool(runs) and all(run.bold for run in runs)


def _kind(text: str, paragraph: Paragraph) -> tuple[str, str | int, str]:
    """(block, level, text without its number)"""
    for level, pattern in _HEADINGS:
        match = pattern.fullmatch(text)
        if match is not None:
            return "heading", level, match[1].strip()
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    if style.startswith("Heading") and len(text) <= LINE:
        return "heading", "section", text
    if match := _POINT.fullmatch(text):
        return "paragraph", 2, match[1]
    if match := _CLAUSE.fullmatch(text):
        return "paragraph", 1, match[1]
    numbered = _numbering(paragraph)
    return "paragraph", 0 if numbered is None else min(numbered + 1, 2), text


def _text(found: Found, text: str, paragraph: Paragraph) -> None:
    if found.stage == "bases" and _BASIS.match(text):
        found.bases += [line.strip().rstrip(";.,")[:LINE] for line in text.split("\n") if line.strip()]
        return
    if text.rstrip(":").upper() in _TYPES or text.rstrip(": ").upper() == "QUYẾT NGHỊ":
        return  # the order between bases and articles, which the layout has
    found.stage = "body"
    block, level, rest = _kind(text.replace("\n", " ") if "\n" in text and len(text) < LINE else text, paragraph)
    if found.heading and block == "paragraph" and (_bold(paragraph) or rest.isupper()) and len(rest) <= LINE:
        found.body[-1]["text"] = rest
        found.heading = False
        return
    found.heading = block == "heading" and not rest and level != "article"
    if block == "heading" and len(rest) > LINE:
        found.body += [{"block": "heading", "level": level, "text": ""}] if level == "article" else []
        block, level = "paragraph", 0
    found.body += [
        {"block": block, "level": level, "text": rest[at : at + PARAGRAPH]}
        for at in range(0, max(len(rest), 1), PARAGRAPH)
    ]


def _result(found: Found) -> Json:
    body = [one for one in found.body if one["block"] == "table" or one["text"] or one["level"] == "article"]
    closing = ""
    if body and body[-1]["block"] == "paragraph":
        last = body[-1]["text"].rstrip()
        ended = last.endswith("./.")
        body[-1]["text"] = last.removesuffix("./.").rstrip() if ended else last
        if ended and body[-1]["level"] == 0 and len(body) > 1 and len(last) <= LINE:
            closing = body.pop()["text"].rstrip(".")
    plain = list(_leading(body))
    numbered = any(one["block"] == "heading" or one.get("level") not in (0, None) for one in body)
    intro = [one["text"] for one in plain] if numbered and len(plain) < len(body) else []
    return {
        "subject": "\n".join(line for line in found.subject if line)[:LINE],
        "addressees": found.addressees[:ROWS],
        "bases": found.bases[:ROWS],
        "intro": intro[:ROWS],
        "body": body[len(plain) :] if intro else body,
        "closing": closing,
        "recipients": found.recipients[:ROWS],
    }


def _leading(body: list[Json]) -> Iterator[Json]:
    for one in body:
        if one["block"] != "paragraph" or one["level"] != 0:
            return
        yield one


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
