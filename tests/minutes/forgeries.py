"""What somebody could make of a signed file that they hold: each forgery is the bytes of a file."""

import hashlib
import io
import re
import zlib
from collections.abc import Callable

from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.timestamps import TimeStamper


def updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """`pdf` with `change` appended as a revision."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def painted_over(pdf: bytes) -> bytes:
    """Hide (a shadow attack): a white sheet over part of the page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        paint = generic.StreamObject(stream_data=b"1 1 1 rg 50 300 400 60 re f")
        page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), writer.add_object(paint)])
        writer.update_container(page)

    return updated(pdf, change)


def covered_by_an_annotation(pdf: bytes) -> bytes:
    """Hide, by an annotation with its own appearance, which readers draw over the page."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        look = generic.StreamObject(
            {
                pdf_name("/Type"): pdf_name("/XObject"),
                pdf_name("/Subtype"): pdf_name("/Form"),
                pdf_name("/BBox"): generic.ArrayObject(map(generic.FloatObject, (0, 0, 400, 60))),
            },
            stream_data=b"1 1 1 rg 0 0 400 60 re f",
        )
        stamp = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Annot"),
                pdf_name("/Subtype"): pdf_name("/Stamp"),
                pdf_name("/F"): generic.NumberObject(4),
                pdf_name("/Rect"): generic.ArrayObject(map(generic.FloatObject, (50, 300, 450, 360))),
                pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): writer.add_object(look)}),
            }
        )
        annotations = page.get("/Annots", generic.ArrayObject())
        annotations.append(writer.add_object(stamp))
        page["/Annots"] = annotations
        writer.update_container(page)

    return updated(pdf, change)


def other_page(pdf: bytes) -> bytes:
    """Replace: the same page with other contents."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        reference, _ = writer.find_page_for_modification(0)
        page = reference.get_object()
        page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT (1.000.000.000) Tj ET"))
        writer.update_container(page)

    return updated(pdf, change)


def other_font(pdf: bytes) -> bytes:
    """Replace, by a font whose letters look like others."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fonts = writer.prev.root["/Pages"]["/Kids"][0]["/Resources"]["/Font"]
        font = fonts[next(iter(fonts))]
        font["/Encoding"] = pdf_name("/Identity-V")
        writer.mark_update(font.container_ref)

    return updated(pdf, change)


def with_a_hidden_tree(pdf: bytes) -> bytes:
    """Before signing: a second tree of pages that nothing refers to yet."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = generic.DictionaryObject(writer.prev.root["/Pages"]["/Kids"][0])
        page[pdf_name("/Contents")] = writer.add_object(generic.StreamObject(stream_data=b"BT (khac) Tj ET"))
        pages = generic.DictionaryObject(
            {
                pdf_name("/Type"): pdf_name("/Pages"),
                pdf_name("/Count"): generic.NumberObject(1),
                pdf_name("/Kids"): generic.ArrayObject([writer.add_object(page)]),
            }
        )
        writer.add_object(pages)

    return updated(pdf, change)


def hidden_tree_shown(pdf: bytes, before: bytes) -> bytes:
    """Hide and replace: after signing, the catalogue refers to the tree that `before` has as its last object."""
    number = max(int(found) for found in re.findall(rb"\n(\d+) 0 obj", before))

    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root[pdf_name("/Pages")] = generic.IndirectObject(number, 0, writer)
        writer.update_root()

    return updated(pdf, change)


def other_attachment(pdf: bytes) -> bytes:
    """The data inside the file, which machines read, swapped."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        file = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object()["/EF"]
        file["/F"] = writer.add_object(generic.StreamObject(stream_data=b'{"forged": true}'))
        writer.update_container(file)

    return updated(pdf, change)


def without_its_signatures(pdf: bytes) -> bytes:
    """The form emptied, so that readers show no signature."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        writer.root["/AcroForm"][pdf_name("/Fields")] = generic.ArrayObject()
        writer.update_container(writer.root["/AcroForm"])
        writer.update_root()

    return updated(pdf, change)


def without_the_last_signature(pdf: bytes) -> bytes:
    """One field emptied."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][2]
        del field["/V"]
        writer.update_container(field)

    return updated(pdf, change)


def scripted(pdf: bytes) -> bytes:
    """An action when the file is opened."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.pdf_string("app.alert(1)")}
        writer.root[pdf_name("/OpenAction")] = generic.DictionaryObject(action)
        writer.update_root()

    return updated(pdf, change)


def _appended(pdf: bytes, number: int, body: bytes, *, trailer: bytes = b"") -> bytes:
    """A revision written by hand: one object, and a table with that one entry."""
    at = len(pdf)
    size = int(re.findall(rb"/Size (\d+)", pdf)[-1])
    root = re.findall(rb"/Root (\d+ 0 R)", pdf)[-1]
    previous = re.findall(rb"startxref\s+(\d+)", pdf)[-1]
    written = b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"xref\n%d 1\n%010d 00000 n \n" % (number, at)
    end = b"trailer\n<</Size %d /Root %s /Prev %s %s>>\nstartxref\n%d\n%%%%EOF\n"
    return pdf + written + table + end % (max(size, number + 1), root, previous, trailer, at + len(written))


def _root_number(pdf: bytes) -> int:
    return int(re.findall(rb"/Root (\d+) 0 R", pdf)[-1])


def by_hand(pdf: bytes) -> bytes:
    """Another catalogue in a revision written by hand."""
    return _appended(pdf, _root_number(pdf), b"<</Type /Catalog /Pages 2 0 R>>")


def hybrid(pdf: bytes) -> bytes:
    """Two tables for one revision, of which readers choose (ISO 32000-1, 7.5.8.4)."""
    return _appended(pdf, 9000, b"<</Type /XRef>>", trailer=b"/XRefStm 15")


def overlapping_tables(pdf: bytes) -> bytes:
    """A table that says of the first signature's object that it lies elsewhere."""
    number = int(re.findall(rb"\n(\d+) 0 obj\n<<\n/Contents", pdf)[0]) if b"/Contents <" in pdf else 5
    return _appended(pdf, number, b"<</Type /Sig>>")


def from_an_object_stream(pdf: bytes) -> bytes:
    """The catalogue overridden from within a compressed stream of objects."""
    at, number = len(pdf), _root_number(pdf)
    inner = b"%d 0 <</Type /Catalog /Pages 2 0 R /OpenAction 3 0 R>>" % number
    first = inner.index(b"<<")
    packed = zlib.compress(inner)
    holder = (
        b"9001 0 obj\n<</Type /ObjStm /N 1 /First %d /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream\nendobj\n"
    )
    written = holder % (first, len(packed), packed)
    previous = int(re.findall(rb"startxref\s+(\d+)", pdf)[-1])
    rows = bytes([2]) + (9001).to_bytes(4, "big") + bytes([0]) + bytes([1]) + at.to_bytes(4, "big") + bytes([0])
    table = (
        b"9002 0 obj\n<</Type /XRef /Size 9003 /W [1 4 1] /Index [%d 1 9001 1] /Root %d 0 R /Prev %d /Length %d>>\n"
        b"stream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
    )
    start = at + len(written)
    return pdf + written + table % (number, number, previous, len(rows), rows, start)


def last_hole(pdf: bytes) -> tuple[int, int]:
    """Where the last signature stands, from its "<" to behind its ">"."""
    _zero, first, second, _length = map(int, re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", pdf)[-1])
    return first, second


def with_two_ranges(pdf: bytes) -> bytes:
    """A second /ByteRange in the dictionary of the last signature, written where blanks are."""
    place = pdf.rindex(b"/ByteRange [")
    end = pdf.index(b"]", place) + 1
    second = b" /ByteRange [0 9 9 9]"
    return pdf[:end] + second + pdf[end + len(second) :]


def with_two_contents(pdf: bytes) -> bytes:
    """A second /Contents."""
    end = pdf.index(b"]", pdf.rindex(b"/ByteRange [")) + 1
    second = b" /Contents <3080>"
    return pdf[:end] + second + pdf[end + len(second) :]


def wrapped(pdf: bytes) -> bytes:
    """Wrapping: the second stretch moved to the end, and a revision of the forger's own in the widened hole."""
    first, second = last_hole(pdf)
    tail = pdf[second:]
    planted = b"\n" + b"1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n" * 3
    place = pdf.rindex(b"/ByteRange [")
    before, after = pdf[:second], planted + tail
    moved = before + after
    old = moved[place : moved.index(b"]", place) + 1]
    new = b"/ByteRange [0 %d %d %d]" % (first, len(before) + len(planted), len(tail))
    return moved.replace(old, new.ljust(len(old)), 1)


def emptied(pdf: bytes) -> bytes:
    """The last signature's contents overwritten by zeros."""
    first, second = last_hole(pdf)
    return pdf[: first + 1] + b"0" * (second - first - 2) + pdf[second - 1 :]


def padded(pdf: bytes) -> bytes:
    """Something put behind the last signature, in the hole."""
    _first, second = last_hole(pdf)
    return pdf[: second - 5] + b"abcd" + pdf[second - 1 :]


def in_other_letters(pdf: bytes) -> bytes:
    """One digit of the last signature written otherwise, which changes no value."""
    first, second = last_hole(pdf)
    place = next(place for place in range(first, second) if pdf[place] in b"abcdefABCDEF")
    return pdf[:place] + pdf[place : place + 1].swapcase() + pdf[place + 1 :]


def with_bytes_before(pdf: bytes) -> bytes:
    """Another file in front."""
    return b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" + pdf


def with_bytes_after(pdf: bytes) -> bytes:
    """Readers look for the end of a file near its end, not at it."""
    return pdf + b"\n% nothing\n"


_CHANGED = "có thay đổi không được phép sau khi ký"
_REMOVED = "Chữ ký số trong tệp đã bị gỡ bỏ"
_UNREADABLE = "Không đọc được tệp PDF này"
_RANGES = "Tệp khai nhiều phạm vi ký cho cùng một chữ ký, hoặc giấu chữ ký"
_HOLE = "Phạm vi của một chữ ký trong tệp không đúng quy cách"

FORGERIES: tuple[tuple[Callable[[bytes], bytes], str], ...] = (
    (painted_over, _CHANGED),
    (covered_by_an_annotation, _CHANGED),
    (other_page, _CHANGED),
    (other_font, _CHANGED),
    (other_attachment, _CHANGED),
    (scripted, _CHANGED),
    (without_the_last_signature, "Thiếu chữ ký “DauCoQuan”"),
    (without_its_signatures, _REMOVED),
    (by_hand, _REMOVED),
    (from_an_object_stream, _REMOVED),
    (overlapping_tables, _RANGES),
    (hybrid, _UNREADABLE),
    (with_two_ranges, _UNREADABLE),
    (with_two_contents, _UNREADABLE),
    (wrapped, _UNREADABLE),
    (emptied, _UNREADABLE),
    (padded, _HOLE),
    (in_other_letters, _HOLE),
    (with_bytes_before, _UNREADABLE),
    (with_bytes_after, "Có dữ liệu nằm ngoài phạm vi chữ ký cuối cùng"),
)
"""Each with what must be said of it."""


async def with_another_token(pdf: bytes, stamper: TimeStamper) -> bytes:
    """A second time-stamp token, by `stamper`, put before the one of the last signature; nobody signs those."""
    start, end = last_hole(pdf)
    content = cms.ContentInfo.load(bytes.fromhex(pdf[start + 1 : end - 1].decode()))
    signer = content["content"]["signer_infos"][0]
    digest = hashlib.sha256(signer["signature"].native).digest()
    token = await stamper.async_timestamp(digest, "sha256")
    tokens = signer["unsigned_attrs"][0]["values"]
    signer["unsigned_attrs"] = [{"type": "signature_time_stamp_token", "values": [token, *tokens]}]
    written = content.dump(force=True).hex().encode()
    assert len(written) <= end - start - 2
    return pdf[: start + 1] + written.ljust(end - start - 2, b"0") + pdf[end - 1 :]
