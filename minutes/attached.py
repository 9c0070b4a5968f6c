"""The source of one of our documents, which its PDF carries as an attachment for machines (PDF/A-3, relationship
Source), and whether it says what the pages say.

People sign what they see; programs, and our own public pages, read the attachment. Where the two differ, a good
signature is over a lie. The attachment is typeset once more, and whatever of it does not stand on the file's pages in
the same order is named. Words of the form itself may differ, for files outlive the program's wording; that nothing
stands on the pages beyond the attachment cannot be seen this way, so it is compared with the text that was approved,
too (server.records_verify), and only documents that we know can be judged.
"""

import contextlib
import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import pypdfium2  # type: ignore[import-untyped]
from pyhanko.pdf_utils.reader import PdfFileReader

from minutes.envelope import BROKEN

_SHOWN = 12
"""Words of what differs that are named."""


def embedded(pdf: bytes) -> bytes:
    """The source file attached to one of our documents (its content as JSON). Raises ValueError where there is none."""
    try:
        root = PdfFileReader(io.BytesIO(pdf)).root
        data = root["/AF"][0]["/EF"]["/F"].data
    except BROKEN as error:
        raise ValueError("no source file is attached") from error
    if not isinstance(data, bytes):
        raise ValueError("no source file is attached")
    return data


def printed_words(pdf: bytes) -> list[str]:
    """The words on the pages of a PDF in reading order, without the pages' numbers. Raises ValueError."""
    words = []
    try:
        with contextlib.closing(pypdfium2.PdfDocument(pdf)) as opened:
            for number, page in enumerate(opened, 1):
                found = _words(page.get_textpage().get_text_bounded())
                words += found[1:] if number > 1 and found[:1] == [str(number)] else found
    except (pypdfium2.PdfiumError, UnicodeError) as error:
        raise ValueError("not a readable PDF") from error
    return words


def contradiction(pages: Sequence[str], typeset: Sequence[str], texts: Sequence[str]) -> str | None:
    """The first words of the attachment that do not stand on the pages where they should; None where all do.

    `pages` are the words of the file, `typeset` those of the attachment set anew, `texts` what stands in it.
    """
    if list(pages) == list(typeset):
        return None
    said = _said(typeset, texts)
    for tag, _start, _end, start, end in SequenceMatcher(None, pages, typeset, autojunk=False).get_opcodes():
        if tag != "equal" and any(said[start:end]):
            return " ".join(typeset[start : min(end, start + _SHOWN)])
    return None


def _said(typeset: Sequence[str], texts: Sequence[str]) -> list[bool]:
    """Of each word whether it comes from the attachment: it is part of one of its texts, or has a figure in it."""
    said = [any(sign.isdigit() for sign in word) for word in typeset]
    # In a letter "Về việc" becomes "V/v".
    for text in dict.fromkeys((*texts, *(re.sub(r"^về việc\s+", "", one, flags=re.IGNORECASE) for one in texts))):
        words = _words(text)
        for place in _places(typeset, words):
            said[place : place + len(words)] = [True] * len(words)
    return said


def _places(typeset: Sequence[str], words: Sequence[str]) -> Iterator[int]:
    if words:
        for place, word in enumerate(typeset):
            if word == words[0] and typeset[place : place + len(words)] == words:
                yield place


def _words(text: str) -> list[str]:
    """Without case and without what is set around words: headings are printed in capitals, rows end with stops."""
    plain = unicodedata.normalize("NFC", text).casefold()
    return [word for part in re.split(r"[\s\u00ad\u200b\ufffe]+", plain) if (word := part.strip(".,;:/“”\"'()"))]
