"""The source of one of our documents, which its PDF carries as an attachment (PDF/A-3, relationship Source)."""

import io

from pyhanko.pdf_utils.reader import PdfFileReader

from minutes.envelope import BROKEN


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
