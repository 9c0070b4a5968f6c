"""The words in a file of an office program (OOXML, ODF): zipped XML, read within bounds, only to be searched in."""

import html
import io
import re
import zipfile
import zlib

ENTRIES, UNPACKED = 2000, 60 << 20
"""How many parts there may be, and the octets that those of text may unpack to."""
_ENDS = re.compile(r"</(?:\w+:)?(?:p|si|h|tr|row|tc|table-cell)\s*>")
_TAG = re.compile(r"<[^>]*>")


def office_text(data: bytes) -> str | None:
    """All words, a paragraph or cell a line; None where it is no such file, or more than is read of one."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            entries = packed.infolist()
            names = {one.filename for one in entries}
            if len(entries) > ENTRIES or not names & {"[Content_Types].xml", "content.xml"}:
                return None
            return _read(packed, [one for one in entries if one.filename.endswith(".xml")])
    except (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, OSError, EOFError):
        return None


def _read(packed: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> str | None:
    left, texts = UNPACKED, []
    for one in entries:
        with packed.open(one) as file:
            part = file.read(left + 1)
        left -= len(part)
        if left < 0:
            return None
        # A word may be cut up by marks of form, so only what ends a paragraph or a cell separates.
        text = _TAG.sub("", _ENDS.sub("\n", part.decode("utf-8", errors="replace")))
        texts.append(html.unescape(text))
    return "\n".join(texts)
