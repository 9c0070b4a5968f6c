"""Every word in an office file, wherever it stands: on its pages, and in what no page shows.

Runs as a process of its own (`python -I read_words.py FILE [texts]`), because it opens what strangers wrote. Imports
nothing of ours. Writes words.txt beside the file: texts of all parts (headers, footers, text boxes, comments, what was
struck out, properties, files within the file), a paragraph a line, and, but with `texts`, what stands in attributes
(names of pictures, watermarks) and in parts that are no XML.
Exit code 1 for what cannot be read whole: then nobody can say what is in it.
"""

import html
import io
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

READ, ENTRIES, DEPTH = 200 << 20, 5000, 3
"""Octets that are unpacked of all parts but pictures and sounds, parts, and files within files within files."""
MEMORY, PROCESSOR, OUTPUT = 2 << 30, 60, 16 << 20
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"BM", b"RIFF", b"OTTO", b"\0\1\0\0", b"ID3")
_INLINE = frozenset({"tab", "ptab", "s", "noBreakHyphen", "softHyphen"})
"""Elements that stand between the words of a line, not at its end."""
_PARAGRAPHS = frozenset({"p", "h", "si", "br", "cr", "line-break", "is", "c", "v", "f", "table-cell", "title", "text"})
_TAGS = re.compile(r"<[^>]{0,2000}>")
_SPOKEN = re.compile("[A-Za-z\u00c0-\u1ef9\\s.,:;_\u00ad\u200b-\u200d\u2060\ufeff-]{3,}")
"""What may be words among octets of any kind."""


class Unreadable(Exception):
    """It cannot be read whole."""


def words(data: bytes, *, texts_only: bool = False) -> Iterator[str]:
    """The texts of an office file (OOXML, ODF). Raises Unreadable for any other."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if not {"[Content_Types].xml", "content.xml"} & set(archive.namelist()):
            raise Unreadable
    yield from _packed(data, [READ], DEPTH, texts_only)


def _packed(data: bytes, left: list[int], depth: int, texts_only: bool) -> Iterator[str]:
    """`left`: how much may still be unpacked, of this file and all within it."""
    if depth == 0:
        raise Unreadable
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        if len(entries) > ENTRIES:
            raise Unreadable
        for entry in entries:
            with archive.open(entry) as part:
                head = part.read(512)
                if head.startswith(_PICTURES):
                    continue
                body = head + part.read(left[0] + 1)
            left[0] -= len(body)
            if left[0] < 0:
                raise Unreadable
            if not texts_only:
                yield entry.filename
            yield from _part(entry.filename, body, left, depth, texts_only)


def _part(name: str, body: bytes, left: list[int], depth: int, texts_only: bool) -> Iterator[str]:
    if body.startswith(b"PK\x03\x04"):
        yield from _packed(body, left, depth - 1, texts_only)
    elif name.lower().endswith((".xml", ".rels", ".vml", ".rdf")) or b"<?xml" in body[:64]:
        yield from _xml(body)[: 1 if texts_only else 2] if body.strip() else ()
    elif not texts_only:  # what an older program, or a page of the web, put into it
        yield from _SPOKEN.findall(html.unescape(_TAGS.sub("", body.decode("utf-8", "ignore"))))
        for first in (0, 1):
            yield from _SPOKEN.findall(body[first:].decode("utf-16-le", "ignore"))


def _xml(body: bytes) -> list[str]:
    """Texts as they are read, then what attributes and comments say."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    texts: list[str] = []
    beside: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2] in _INLINE:
            texts.append(" ")
        beside.extend(f"{value}\n" for value in attributes.values() if len(value) > 2)

    def say(text: str) -> None:
        if not (text.isspace() and "\n" in text):  # that is how the file is laid out, not what it says
            texts.append(text)

    def end(name: str) -> None:
        if name.rpartition(":")[2] in _PARAGRAPHS:
            texts.append("\n")

    def declared(*_told: object) -> None:
        raise Unreadable  # no office program writes a document type, and entities would hide words

    parser.StartElementHandler, parser.EndElementHandler = begin, end
    parser.CharacterDataHandler, parser.CommentHandler = say, beside.append
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise Unreadable from error
    return ["".join(texts), "".join(beside)]


def main() -> None:
    """`python -I read_words.py FILE [texts]`."""
    for what, bound in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, PROCESSOR), (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(what, (bound, bound))
    file = Path(sys.argv[1])
    try:
        with file.with_name("words.txt").open("w", encoding="utf-8", errors="replace") as out:
            for text in words(file.read_bytes(), texts_only=sys.argv[2:] == ["texts"]):
                out.write(text + "\n")
    except Exception:  # what the readers of a hostile archive leak is without end
        sys.exit(1)


if __name__ == "__main__":
    main()
