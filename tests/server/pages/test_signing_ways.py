"""Signing many documents by one PIN entry, by the key store or by a key file that is brought along."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import FormData
from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from minutes.document import State
from server import auth, certificates, uploads
from server.certificates import Holder
from server.config import SigningConfig
from server.keys import CONFIG, DATABASE
from tests.server.pages.conftest import PIN, Office, Page, Visitor

OWN_PIN = "ma-rieng-2468"


def form(visitor: Visitor, documents: list[str], way: str, pin: str, key_file: bytes | None = None) -> FormData:
    made = FormData(default_to_multipart=True)
    for name, value in [("csrf", visitor.csrf), (f"pin.{way}", pin), ("way", way)]:
        made.add_field(name, value)
    for document in documents:
        made.add_field(f"document.{document}", "on")
    if key_file is not None:
        made.add_field("file", key_file, filename="khoa.p12", content_type="application/x-pkcs12")
    return made


async def result(visitor: Visitor, page: Page) -> Page:
    """The page of results, when the run is over."""
    assert page.status == 303, page.words
    while True:
        shown = await visitor.get(page.location)
        if shown.has("result"):
            return shown
        assert shown.has("bar")
        await asyncio.sleep(0.05)


def offer(office: Office, *ways: str) -> None:
    """What the installation has configured."""
    object.__setattr__(office.server.app[CONFIG], "signing", SigningConfig(ways=list(ways)))  # type: ignore[arg-type]


@dataclass(frozen=True)
class KeyFile:
    """A PKCS#12 file as an official has it at home."""

    data: bytes
    certificate: asn1_x509.Certificate


def key_file_of(office: Office, account: str) -> KeyFile:
    kept = (office.server.data / "keys" / "keys" / "people" / f"{account}.p12").read_bytes()
    key, certificate, others = pkcs12.load_key_and_certificates(kept, PIN.encode())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert certificate is not None
    locked = BestAvailableEncryption(OWN_PIN.encode())
    data = pkcs12.serialize_key_and_certificates(b"khoa", key, certificate, others, locked)
    return KeyFile(data, asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)))


async def two(office: Office) -> list[str]:
    """Two minutes that wait for Bình."""
    return [await office.minutes(State.APPROVED, room=f"hop-abcd123{number}") for number in (1, 2)]


async def test_two_documents_are_signed_by_one_pin_entry(office: Office) -> None:
    documents = await two(office)
    visitor = await office.sign_in("binh")
    assert (await visitor.get("/desk")).has("to-signing")
    shown = await visitor.get("/signing")
    assert shown.text.count('data-test="document"') == 2
    assert " checked" not in shown.text, "whoever signs says what"
    assert 'data-check-all="to-sign"' in shown.text
    page = await visitor.post("/signing", form(visitor, documents, "store", PIN))
    shown = await result(visitor, page)
    assert "Đã ký 2 trên 2 văn bản." in shown.words
    for document in documents:
        assert [one.signer.account for one in (await office.records.get(document)).signed] == ["binh"]
    assert "Không có văn bản nào chờ đồng chí ký." in (await visitor.get("/signing")).words


async def test_the_page_of_a_run_says_which_is_signed_and_which_is_being_signed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = await two(office)
    sign, go_on, second = office.records.sign, asyncio.Event(), asyncio.Event()
    asked: list[str] = []

    async def slowly(document_id: str, **options: object) -> None:
        asked.append(document_id)
        if len(asked) == 2:
            second.set()
            await go_on.wait()
        await sign(document_id, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(office.records, "sign", slowly)
    visitor = await office.sign_in("binh")
    begun = await visitor.post("/signing", form(visitor, documents, "store", PIN))
    await second.wait()
    shown = await visitor.get(begun.location)
    assert "Đã xong 1 trên 2 văn bản." in shown.words
    assert re.findall(r'data-state="(\w+)"', shown.text) == ["done", "now"]
    assert 'role="status" id="heard"' in shown.text
    go_on.set()
    assert "Đã ký 2 trên 2 văn bản." in (await result(visitor, begun)).words


async def test_after_a_restart_the_page_of_a_run_says_what_is_signed_and_what_is_left(office: Office) -> None:
    first, second = await two(office)
    visitor = await office.sign_in("binh")
    await result(visitor, await visitor.post("/signing", form(visitor, [first], "store", PIN)))
    # As another process finds it, which knows nothing of the run.
    path = f"/signing/runs/of-before?document={first}&document={second}"
    shown = await visitor.get(path)
    assert (
        "Việc ký bị gián đoạn do hệ thống khởi động lại: 1 trên 2 văn bản đã ký, còn 1 văn bản chưa ký." in shown.words
    )
    assert re.findall(r'data-state="(\w+)"', shown.text) == ["done", "waiting"]
    assert f'href="/signing?document={second}"' in shown.text
    await result(visitor, await visitor.post("/signing", form(visitor, [second], "store", PIN)))
    assert "Đã ký 2 trên 2 văn bản." in (await visitor.get(path)).words
    delegate = await office.sign_in("dung")
    assert (await delegate.get(path)).location in ("/signing", ""), "whoever may not read them learns nothing of them"
    assert (await visitor.get("/signing/runs/of-before")).location == "/signing"


async def test_only_what_is_ticked_is_signed(office: Office) -> None:
    first, second = await two(office)
    visitor = await office.sign_in("binh")
    shown = await visitor.get(f"/signing?document={second}")
    assert shown.text.count(" checked") == 1
    await result(visitor, await visitor.post("/signing", form(visitor, [second], "store", PIN)))
    assert not (await office.records.get(first)).signed
    assert (await office.records.get(second)).signed


async def test_one_failure_does_not_stop_the_others(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = await two(office)
    sign = office.records.sign

    async def meanwhile(document_id: str, **options: object) -> None:
        if document_id == first:
            await office.records.void(first, by=await office.actor("hanh"), reason="Sai ngày")
        await sign(document_id, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(office.records, "sign", meanwhile)
    visitor = await office.sign_in("binh")
    shown = await result(visitor, await visitor.post("/signing", form(visitor, [first, second], "store", PIN)))
    assert "Đã ký 1 trên 2 văn bản." in shown.words
    assert re.findall(r'data-state="(\w+)"', shown.text).count("failed") == 1
    assert (await office.records.get(second)).signed


async def test_a_wrong_pin_begins_nothing_and_keeps_what_was_ticked(office: Office) -> None:
    first, _second = await two(office)
    visitor = await office.sign_in("binh")
    for _ in range(5):
        page = await visitor.post("/signing", form(visitor, [first], "store", "sai-999"))
        assert (page.status, "Mã PIN không đúng" in page.words) == (422, True)
        assert page.text.count(" checked") == 1
        assert "sai-999" not in page.text
    page = await visitor.post("/signing", form(visitor, [first], "store", PIN))
    assert "Xin đợi 15 phút" in page.words
    assert not (await office.records.get(first)).signed


async def test_with_several_ways_each_button_names_its_own(office: Office) -> None:
    offer(office, "store", "file", "vgca")
    await two(office)
    text = (await (await office.sign_in("binh")).get("/signing")).text
    buttons = re.findall(r'data-test="sign-\w+">([^<]+)<', text)
    assert buttons == [
        f"Ký các văn bản đã chọn: {way}"
        for way in ("Chứng thư số đã cấp trong hệ thống", "Tệp khóa", "VGCA Sign Service")
    ]


async def test_the_clerk_seals_by_the_same_page(office: Office) -> None:
    document = await office.minutes(State.SIGNED)
    visitor = await office.sign_in("cuc")
    shown = await visitor.get("/signing")
    assert "Văn bản chờ đồng chí đóng dấu" in shown.words
    assert "Đóng dấu các văn bản đã chọn" in shown.words
    assert "Ký các văn bản đã chọn" not in shown.words
    shown = await result(visitor, await visitor.post("/signing", form(visitor, [document], "store", PIN)))
    assert "Đã đóng dấu 1 trên 1 văn bản." in shown.words
    assert (await office.records.get(document)).state is State.SEALED


async def test_a_key_file_signs_if_its_certificate_is_bound_to_the_person(office: Office) -> None:
    offer(office, "file")
    documents = await two(office)
    key_file = key_file_of(office, "binh")
    visitor = await office.sign_in("binh")
    assert not (await visitor.get(f"/desk/{documents[0]}")).has("pin"), "the key store is not configured"
    page = await visitor.post("/signing", form(visitor, documents, "file", OWN_PIN, key_file.data))
    shown = await result(visitor, page)
    assert "chưa được gắn với tài khoản" in shown.words
    async with office.server.app[DATABASE].begin() as connection:
        await certificates.bind(connection, Holder("binh"), key_file.certificate, "cuc", auth.utcnow())
    page = await visitor.post("/signing", form(visitor, documents, "file", OWN_PIN, key_file.data))
    assert "Đã ký 2 trên 2 văn bản." in (await result(visitor, page)).words
    (signed,) = (await office.records.get(documents[0])).signed
    assert signed.serial == key_file.certificate.serial_number


async def test_the_key_file_is_kept_nowhere(office: Office) -> None:
    offer(office, "file")
    (document, _other) = await two(office)
    key_file = key_file_of(office, "binh")
    visitor = await office.sign_in("binh")
    await result(visitor, await visitor.post("/signing", form(visitor, [document], "file", OWN_PIN, key_file.data)))
    for path in office.server.data.rglob("*"):
        if path.is_file():
            kept = path.read_bytes()
            assert key_file.data not in kept, path
            assert OWN_PIN.encode() not in kept, path


@pytest.mark.parametrize("data", [b"", b"no key", b"\x30\x82" * 200])
async def test_a_file_that_is_no_key_is_told_in_a_sentence(office: Office, data: bytes) -> None:
    offer(office, "file")
    (document, _other) = await two(office)
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, [document], "file", OWN_PIN, data))
    assert (page.status, page.has("failure")) == (422, True)


async def test_a_key_file_that_is_too_large_is_refused(office: Office) -> None:
    offer(office, "file")
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, ["x"], "file", OWN_PIN, b"0" * 70_000))
    assert page.status == 400


async def test_a_key_file_that_does_not_come_on_is_cut_off(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.1)
    over = asyncio.Event()

    async def dripping() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.p12"\r\n\r\n0'
        await over.wait()

    visitor = await office.sign_in("binh")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with visitor.session.post("/signing", data=dripping(), headers=kind) as answer:
        assert answer.status == 408
    over.set()


async def test_what_is_not_configured_is_not_taken(office: Office) -> None:
    (document, _other) = await two(office)
    visitor = await office.sign_in("binh")
    for way in ("file", "agent", "x", ""):
        page = await visitor.post("/signing", form(visitor, [document], way, PIN, b"0"))
        assert page.status == 400, way
    assert (await visitor.post("/signing/begin", {"document": document, "certificate": ""})).status == 400


async def test_others_sign_nothing_of_it(office: Office) -> None:
    (document, _other) = await two(office)
    for account in ("hanh", "cuc", "dung"):
        visitor = await office.sign_in(account)
        page = await visitor.post("/signing", form(visitor, [document], "store", PIN))
        assert (page.status, "Chưa chọn văn bản nào" in page.words) == (422, True), account
    stranger = office.stranger()
    assert (await stranger.get("/signing")).status == 401
    visitor = await office.sign_in("binh")
    visitor.csrf = "x"
    assert (await visitor.post("/signing", form(visitor, [document], "store", PIN))).status == 403
    assert not (await office.records.get(document)).signed


async def test_nobody_reads_anothers_results(office: Office) -> None:
    (document, _other) = await two(office)
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, [document], "store", PIN))
    await result(visitor, page)
    assert (await (await office.sign_in("hanh")).get(page.location)).location == "/signing"


async def test_enter_in_the_field_of_another_way_means_that_way(office: Office) -> None:
    offer(office, "store", "file")
    (document, _other) = await two(office)
    visitor = await office.sign_in("binh")
    made = form(visitor, [document], "file", OWN_PIN, key_file_of(office, "binh").data)
    made._fields = [  # as a browser sends it: the first button of the form
        (name, headers, "store" if name.get("name") == "way" else value) for name, headers, value in made._fields
    ]
    shown = await result(visitor, await visitor.post("/signing", made))
    assert "chưa được gắn với tài khoản" in shown.words, "the key file was taken"


async def test_a_fault_of_ours_stops_no_other_document(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    documents = await two(office)
    sign, tried = office.records.sign, list[str]()

    async def faulty(document_id: str, **options: object) -> None:
        tried.append(document_id)
        if len(tried) == 1:
            raise RuntimeError("disk full")
        await sign(document_id, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(office.records, "sign", faulty)
    visitor = await office.sign_in("binh")
    shown = await result(visitor, await visitor.post("/signing", form(visitor, documents, "store", PIN)))
    assert "Đã ký 1 trên 2 văn bản." in shown.words
    assert "Có lỗi của hệ thống" in shown.words
    assert "disk full" not in shown.text
    assert [bool((await office.records.get(one)).signed) for one in tried] == [False, True]
