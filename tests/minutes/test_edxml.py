"""edXML: what is written is read back, what others write differently too, and nothing hostile gets through."""

import base64
import io
import zipfile
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.errors import InvalidContent, SecretContent
from minutes.exchange import edxml, status
from minutes.exchange.edxml import Business, File, Message, dump, load, read
from minutes.exchange.element import DEEPEST, LIMIT, MOST_SAID, NAMESPACE, refuse_marked
from minutes.exchange.status import Code, Status
from minutes.zipped import ENTRIES, crowded

AT = datetime(2026, 2, 5, 3, tzinfo=UTC)
MESSAGE = Message(
    id="lam-son,2026/02/05,07/TB-UBND", organ_id="lam-son", organ_name="Ủy ban nhân dân tỉnh Lâm Sơn", number="07",
    notation="TB-UBND", place="Lâm Sơn", issued_on=date(2026, 2, 5), kind_name="Thông báo",
    subject="Kết luận <giao ban> & chỉ đạo", competence="KT. CHỦ TỊCH", position="PHÓ CHỦ TỊCH",
    signer="Nguyễn Thị Hạnh", to_places=("UBND các xã, phường", "VT"), priority="Hỏa tốc", pages=2,
    due_on=date(2026, 3, 1), files=(File("thong-bao.pdf", "application/pdf", b"%PDF-1.7\n\x00\xff"),),
)  # fmt: skip


def test_what_is_written_is_read_back_and_is_the_same_bytes_each_time() -> None:
    assert load(dump(MESSAGE, AT)) == MESSAGE
    assert dump(MESSAGE, AT) == dump(MESSAGE, AT)
    root = ET.fromstring(dump(MESSAGE, AT))
    assert root.tag == f"{{{NAMESPACE}}}edXML"
    assert root.find(f".//{{{NAMESPACE}}}DocumentType/{{{NAMESPACE}}}Type").text == "7"  # type: ignore[union-attr]


def test_another_namespace_other_dates_and_broken_lines_are_read() -> None:
    text = dump(MESSAGE, AT).decode().replace(NAMESPACE, "http://www.e-doc.vn/Schema/")
    text = text.replace("2026/02/05<", "05/02/2026<").replace("JVBERi0x", "JVBE\n Ri0x")
    assert load(text.encode()) == replace(MESSAGE, id=load(text.encode()).id)


@pytest.mark.parametrize("filling", ["<a/>" * 100_000, "<a" + "".join(f" a{n} = ''" for n in range(50_000)) + "/>"])
def test_what_holds_more_than_any_message_is_not_even_read(filling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty megabytes of empty elements would take all memory, and a stranger may have written the file."""
    monkeypatch.delattr("minutes.exchange.element.ET.fromstring")
    with pytest.raises(InvalidContent, match="edXML"):
        load(dump(MESSAGE, AT).replace(b"</", filling.encode() + b"</", 1))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a/>",
        b"\xff\xfe<",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        dump(MESSAGE, AT).replace(b"2026/02/05<", b"2026/02/31<"),
        dump(MESSAGE, AT).replace(b"JVBERi0x", b"!VBERi0x"),
        dump(MESSAGE, AT).replace("Nguyễn".encode(), "\u202enày".encode()),
        dump(MESSAGE, AT).replace("Nguyễn".encode(), b"x" * 10_001),
        b"<a>" * DEEPEST + dump(MESSAGE, AT).partition(b"?>")[2] + b"</a>" * DEEPEST,
        b"<a>" * 40_000 + b"</a>" * 40_000,
    ],
)
def test_what_is_none_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(InvalidContent, match="edXML"):
        load(data)


@given(st.integers(0, 4000), st.binary(max_size=8))
def test_whatever_is_changed_it_is_a_message_or_refused(at: int, with_: bytes) -> None:
    whole = dump(MESSAGE, AT)
    with suppress(InvalidContent):
        load(whole[: at % len(whole)] + with_ + whole[at % len(whole) + len(with_) :])


def packed(name: str, data: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(name, data)
    return into.getvalue()


def with_file(data: bytes) -> bytes:
    before = base64.b64encode(MESSAGE.files[0].content)
    return dump(MESSAGE, AT).replace(before, base64.b64encode(data))


def test_a_file_that_was_packed_for_the_way_is_unpacked_within_bounds() -> None:
    assert load(with_file(packed("thong-bao.pdf", b"%PDF-1.7 packed"))).files[0].content == b"%PDF-1.7 packed"
    for wrong in (packed("bomb.pdf", bytes(LIMIT + 1)), packed("a", b"a")[:-9], b"PK\x03\x04"):
        with pytest.raises(InvalidContent, match="edXML"):
            load(with_file(wrong))


def test_many_files_unpack_to_no_more_than_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each within bounds, fifty of them took gigabytes of memory."""
    bomb = packed("bomb.pdf", bytes(1000))
    three = replace(MESSAGE, files=tuple(File(f"{name}.pdf", "", bomb) for name in "abc"))
    assert len(load(dump(three, AT)).files) == 3
    monkeypatch.setattr(edxml, "LIMIT", 2500)
    with pytest.raises(InvalidContent, match="edXML"):
        load(dump(three, AT))


def test_a_packed_file_of_countless_entries_is_not_opened() -> None:
    assert not crowded(io.BytesIO(packed("a.pdf", b"a")))
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as file:
        for number in range(ENTRIES * 7):
            file.writestr(str(number), b"")
    assert crowded(into)
    with pytest.raises(InvalidContent, match="edXML"):
        load(with_file(into.getvalue()))


@pytest.mark.parametrize("business", list(Business))
def test_what_a_message_does_to_earlier_documents_is_read_back(business: Business) -> None:
    targets = () if business is Business.NEW else ("H41,2026/01/05,01/TB-UBND", "H41,2026/01/06,02/TB-UBND")
    sent = replace(MESSAGE, business=business, targets=targets, to_organs=("H41.1", "H41.2"))
    assert load(dump(sent, AT)) == sent


def test_a_document_that_is_sent_once_more_to_be_revoked_names_itself() -> None:
    sent = dump(MESSAGE, AT).replace(b"DocType>0<", b"DocType>1<")
    assert (load(sent).business, load(sent).targets) == (Business.REVOKES, (MESSAGE.document_id,))
    assert load(dump(MESSAGE, AT).replace(b"DocType>0<", b"DocType>9<")).business is Business.NEW


STATUS = Status(
    "H41.1", "UBND xã Tà Năng", "lam-son", MESSAGE.document_id, Code.REFUSED, AT, "Tệp <hỏng> & thiếu", "Lò Văn Dũng"
)


@pytest.mark.parametrize("code", list(Code))
def test_what_is_said_of_a_document_is_read_back(code: Code) -> None:
    said = replace(STATUS, code=code)
    assert read(status.dump(said)) == said
    assert read(dump(MESSAGE, AT)) == MESSAGE


def test_a_status_in_an_envelope_of_soap_with_the_day_first_is_read() -> None:
    said = status.dump(STATUS).decode().replace("2026/02/05 10:00:00", "05/02/2026 10:00:00").replace(">02<", ">2<")
    said = said.replace("edXML:edXML>", "edXML:Envelope>").replace("<edXML:edXML ", "<edXML:Envelope ")
    assert read(said.encode()) == STATUS
    assert read(said.replace(">2<", ">14<").encode()) == replace(STATUS, code=Code.GIVEN_BACK)


@given(st.integers(0, 4000), st.binary(max_size=8))
def test_whatever_is_changed_in_a_status_it_is_one_or_refused(at: int, with_: bytes) -> None:
    whole = status.dump(STATUS)
    with suppress(InvalidContent):
        read(whole[: at % len(whole)] + with_ + whole[at % len(whole) + len(with_) :])


@pytest.mark.parametrize(
    ("element", "marked"),
    [
        ("<edXML:SecurityLevel>Mật</edXML:SecurityLevel>", True),
        ("<edXML:Content>Kế hoạch TỐI MẬT</edXML:Content>", True),
        ("<edXML:Level name='Tuyệt mật'/>", True),
        ("<edXML:Level>Tối</edXML:Level><edXML:Level>mật</edXML:Level>", True),
        ("<edXML:Content>Bảo mật thông tin</edXML:Content>", False),
    ],
)
def test_a_mark_of_secrecy_is_found_wherever_in_the_header_it_stands(element: str, marked: bool) -> None:
    for sent, end in ((dump(MESSAGE, AT), "MessageHeader"), (status.dump(STATUS), "Status")):
        text = sent.decode().replace(f"</edXML:{end}>", f"{element}</edXML:{end}>")
        said = read(text.encode())
        with pytest.raises(SecretContent) if marked else nullcontext():
            refuse_marked(said.everything)


def test_a_header_longer_than_any_is_not_searched() -> None:
    sent = dump(replace(MESSAGE, subject="x"), AT).decode()
    with pytest.raises(InvalidContent, match="edXML"):
        load(sent.replace("<edXML:Content>x", "<edXML:Content>" + "x" * (MOST_SAID + 1)).encode())
