"""VGCA Sign Service signs the whole file: what comes back must be exactly what went out, and one signature more."""

import asyncio
import io
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

from minutes.document import FIELD_NAMES, State
from server import auth, certificates, uploads
from server.certificates import Holder
from server.config import HttpConfig, SigningConfig
from server.keys import CONFIG, DATABASE
from server.records_keys import open_keys
from server.records_signing import WAITS
from tests import vgca_service
from tests.server.pages.conftest import PIN, Office, Visitor
from tests.vgca_service import VgcaService


def signer_of(office: Office, account: str, folder: str = "people") -> signers.Signer:
    kept = (office.server.data / "keys" / "keys" / folder / f"{account}.p12").read_bytes()
    return vgca_service.signer_of(kept, PIN)


async def bind(office: Office, holder: Holder, signer: signers.Signer) -> None:
    async with office.server.app[DATABASE].begin() as connection:
        await certificates.bind(connection, holder, signer.signing_cert, "cuc", auth.utcnow())


@pytest_asyncio.fixture
async def service(office: Office, tmp_path: Path) -> AsyncIterator[VgcaService]:
    """Bình's machine; the installation offers this way and his certificate is bound."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    app_config = office.server.app[CONFIG]
    address = str(office.server.client.make_url("/")).rstrip("/")
    object.__setattr__(app_config, "http", HttpConfig(base_url=address))
    signer = signer_of(office, "binh")
    made = VgcaService(signer, FIELD_NAMES["secretary"])
    await made.start(tmp_path)
    object.__setattr__(app_config, "signing", SigningConfig(ways=["vgca"], vgca_port=made.port))
    await bind(office, Holder("binh"), signer)
    yield made
    await made.stop()


async def issued(visitor: Visitor, document: str) -> dict[str, Any]:
    async with visitor.session.post("/signing/vgca/issue", data={"csrf": visitor.csrf, "document": document}) as answer:
        assert answer.status == 200, await answer.text()
        told: dict[str, Any] = await answer.json()
        return told


async def through(visitor: Visitor, service: VgcaService, document: str) -> dict[str, Any]:
    """What the page's script does."""
    told = await issued(visitor, document)
    unknown = ssl.create_default_context()
    unknown.check_hostname, unknown.verify_mode = False, ssl.CERT_NONE
    address = f"wss://127.0.0.1:{service.port}/{told['act']}"
    async with ClientSession() as session, session.ws_connect(address, ssl=unknown) as socket:
        await socket.send_json(told["parameters"])
        answer: dict[str, Any] = await socket.receive_json(timeout=30)
        return answer


async def signed(office: Office, document: str) -> list[str]:
    return [one.signer.account for one in (await office.records.get(document)).signed]


@pytest.mark.parametrize("stamped", [False, True], ids=["without a time-stamp", "with a time-stamp"])
async def test_three_services_make_a_sealed_document(office: Office, service: VgcaService, stamped: bool) -> None:
    document = await office.minutes(State.APPROVED)
    if stamped:
        service.time_stamper = open_keys(office.server.data / "keys").time_stamper
    for account, role in (("binh", "secretary"), ("hanh", "chair"), ("cuc", "seal")):
        seal = role == "seal"
        holder = Holder("lam-son" if seal else account, seal)
        service.signer = signer_of(office, holder.id, "seals" if seal else "people")
        service.field = FIELD_NAMES[role]  # type: ignore[index]
        if account != "binh":
            await bind(office, holder, service.signer)
        visitor = await office.sign_in(account)
        answer = await through(visitor, service, document)
        assert (answer["Status"], answer["Message"]) == (0, "")
    assert [act for act, _parameters in service.asked] == ["SignApproved", "SignApproved", "SignIssued"]
    assert service.asked[-1][1]["DocNumber"] == "01/BB-UBND"
    assert (await office.records.get(document)).state is State.SEALED
    verdict = await office.records.verify(await office.records.pdf(document))
    assert verdict.kind == "genuine", verdict


async def test_the_page_may_speak_to_the_service_and_to_nothing_else(office: Office, service: VgcaService) -> None:
    await office.minutes(State.APPROVED)
    page = await (await office.sign_in("binh")).get("/signing")
    assert page.has("sign-vgca")
    (allowed,) = [one for one in page.headers["Content-Security-Policy"].split("; ") if one.startswith("connect-src")]
    assert allowed == f"connect-src 'self' wss://127.0.0.1:{service.port}"


async def test_a_changed_prefix_is_refused(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    other = await office.records.pdf(await office.minutes(State.APPROVED, room="hop-khac1234"))

    def in_the_text(issued: bytes, signed: bytes) -> bytes:
        place = issued.index(b"/Title")
        return signed[:place] + b"/Tytle" + signed[place + 6 :]

    spoilt = {
        "a changed byte": in_the_text,
        "nothing added": lambda issued, _signed: issued,
        "cut off": lambda issued, _signed: issued[:-20],
        "another document": lambda _issued, _signed: other,
        "no PDF": lambda _issued, _signed: b"MZ" * 500,
        "nothing": lambda _issued, _signed: b"",
        "added without a signature": lambda issued, _signed: issued + b"% no signature\n",
        "more after the signature": lambda _issued, signed: signed + b"\n% something\n",
    }
    for what, spoil in spoilt.items():
        service.spoil = spoil
        answer = await through(visitor, service, document)
        assert answer["Status"] != 0, what
        assert answer["Message"], what
    assert await signed(office, document) == []


async def test_another_persons_certificate_is_refused(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    service.signer = signer_of(office, "hanh")
    await bind(office, Holder("hanh"), service.signer)
    answer = await through(await office.sign_in("binh"), service, document)
    assert (answer["Status"], "chưa được gắn với tài khoản" in answer["Message"]) == (2, True)
    assert await signed(office, document) == []


async def test_two_signatures_at_once_are_refused(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    once = service.sign

    async def twice(pdf: bytes, field: str | None = None) -> bytes:
        return await once(await once(pdf), FIELD_NAMES["chair"])

    service.sign = twice  # type: ignore[method-assign]
    answer = await through(await office.sign_in("binh"), service, document)
    assert (answer["Status"], "đúng một chữ ký mới" in answer["Message"]) == (2, True)
    assert await signed(office, document) == []


async def test_a_signature_in_another_field_is_refused(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    for field in (FIELD_NAMES["chair"], FIELD_NAMES["seal"], "Signature1"):
        service.field = field
        answer = await through(visitor, service, document)
        assert (answer["Status"], "ô dành cho người ký" in answer["Message"]) == (2, True), field
    assert await signed(office, document) == []


async def test_something_painted_over_the_page_before_signing_is_refused(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    once = service.sign

    async def painted(pdf: bytes, field: str | None = None) -> bytes:
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        fields.append_signature_field(writer, fields.SigFieldSpec("Them", on_page=0, box=(10, 10, 90, 90)))
        out = io.BytesIO()
        writer.write(out)
        return await once(out.getvalue(), field)

    await office.advance(document, State.APPROVED)
    await office.records.sign(document, by=await office.actor("binh"), pin=PIN)
    service.sign = painted  # type: ignore[method-assign]
    service.signer, service.field = signer_of(office, "hanh"), FIELD_NAMES["chair"]
    await bind(office, Holder("hanh"), service.signer)
    answer = await through(await office.sign_in("hanh"), service, document)
    assert (answer["Status"], bool(answer["Message"])) == (2, True)
    assert await signed(office, document) == ["binh"]


async def test_an_upload_is_taken_once(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    told = await issued(visitor, document)
    address = told["parameters"]["FileUploadHandler"]
    data = await service.sign(await office.records.pdf(document))
    assert (await service.send(address, data))[1]["Status"] is True
    status, again = await service.send(address, data)
    assert (status, again["Status"], "bắt đầu ký lại" in again["Message"]) == (200, False, True)
    assert await signed(office, document) == ["binh"]
    async with ClientSession() as session, session.get(told["parameters"]["FileName"]) as response:
        assert response.status == 403


async def test_an_expired_or_invented_ticket_gets_and_gives_nothing(
    office: Office, service: VgcaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    parameters = (await issued(visitor, document))["parameters"]
    data = await service.sign(await office.records.pdf(document))
    later = auth.utcnow() + WAITS + timedelta(seconds=1)
    monkeypatch.setattr(office.records, "_now", lambda: later)
    assert (await service.send(parameters["FileUploadHandler"], data))[1]["Status"] is False
    monkeypatch.undo()
    base = parameters["FileUploadHandler"].partition("=")[0]
    for ticket in ("", "x", "0" * 43):
        assert (await service.send(f"{base}={ticket}", data))[1]["Status"] is False
    assert await signed(office, document) == []


async def test_a_file_that_does_not_come_on_is_cut_off(
    office: Office, service: VgcaService, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await issued(await office.sign_in("binh"), await office.minutes(State.APPROVED)))["parameters"]
    monkeypatch.setattr(uploads, "PATIENCE", 0.1)
    over = asyncio.Event()

    async def dripping() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-'
        await over.wait()

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    async with (
        ClientSession() as session,
        session.post(address["FileUploadHandler"], data=dripping(), headers=kind) as answer,
    ):
        assert answer.status == 408
    over.set()


async def test_issuing_again_makes_the_first_ticket_worthless(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    visitor = await office.sign_in("binh")
    first = (await issued(visitor, document))["parameters"]["FileUploadHandler"]
    await issued(visitor, document)
    data = await service.sign(await office.records.pdf(document))
    assert (await service.send(first, data))[1]["Status"] is False
    assert await signed(office, document) == []


async def test_only_whose_turn_it_is_gets_a_ticket(office: Office, service: VgcaService) -> None:
    document = await office.minutes(State.APPROVED)
    for account, status in (("hanh", 422), ("cuc", 422), ("dung", 403)):
        visitor = await office.sign_in(account)
        fields_ = {"csrf": visitor.csrf, "document": document}
        async with visitor.session.post("/signing/vgca/issue", data=fields_) as answer:
            assert answer.status == status, account
    visitor = await office.sign_in("binh")
    async with visitor.session.post("/signing/vgca/issue", data={"document": document}) as answer:
        assert answer.status == 403, "without the token of its page"
