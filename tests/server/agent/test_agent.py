"""The agent on the official's machine: whom it answers, what it looks at, and what the token signs."""

import asyncio
import base64
import html
import io
import logging
import re
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, web
from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from PIL import Image

from minutes import appearance, interrupted, signing
from minutes.document import Signer
from minutes.interrupted import Interrupted
from minutes.typeset import Typeset
from server.agent import app
from server.agent.app import AGENT, build_agent, origin_of
from server.agent.token import Token
from server.demo_pki import Holder
from tests.minutes.conftest import Office
from tests.minutes.sample_meeting import CHAIR, SECRETARY
from tests.soft_token import DRIVER, PIN, SoftToken

PAIRED = "https://hop.lamson.gov.vn"
EVIL = "https://evil.example"


@dataclass
class Desk:
    """An agent that runs, the certificate on its token, and what waits to be signed with it."""

    session: ClientSession
    url: str
    certificate: bytes
    half: Interrupted

    def message(self, half: Interrupted | None = None, **other: Any) -> dict[str, Any]:
        half = half or self.half
        file = {"pdf": text(half.pdf), "attributes": text(half.attributes)}
        return {"certificate": text(self.certificate), "files": [file], **other}

    async def ask(self, message: Any, origin: str = PAIRED) -> tuple[int, Any]:
        async with self.session.post(f"{self.url}/jobs", json=message, headers={"Origin": origin}) as response:
            return response.status, await response.json() if response.status in (200, 422) else None

    async def state(self, job: str) -> Any:
        async with self.session.get(f"{self.url}/jobs/{job}", headers={"Origin": PAIRED}) as response:
            return await response.json()

    async def page(self, url: str, **fields: str) -> tuple[int, str]:
        """As the official's browser opens and sends it."""
        if fields:
            async with self.session.post(url, data=fields, headers={"Origin": self.url}) as response:
                return response.status, html.unescape(await response.text())
        async with self.session.get(url) as response:
            return response.status, html.unescape(await response.text())


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def holds(certificate: bytes, signature: bytes, data: bytes) -> None:
    key = x509.load_der_x509_certificate(certificate).public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        key.verify(algos.DSASignature.from_p1363(signature).dump(), data, ec.ECDSA(hashes.SHA256()))


@pytest_asyncio.fixture(params=["ec", "rsa"])
async def desk(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, office: Office, page: Typeset
) -> AsyncIterator[Desk]:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    token = SoftToken.make(tmp_path / "token")
    monkeypatch.setenv("SOFTHSM2_CONF", str(token.configuration))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048) if request.param == "rsa" else None
    packed = office.pki.credential(Holder(SECRETARY.id, SECRETARY.name, SECRETARY.unit.name, "x"), key=key)
    certificate = token.put(packed, "x")
    signer = Signer("secretary", SECRETARY.id, SECRETARY.name, ("THƯ KÝ",))
    half = await begun(office, page, signer, certificate)
    agent = build_agent(PAIRED, Token(DRIVER))
    runner = web.AppRunner(agent)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    agent[AGENT].port = runner.addresses[0][1]
    async with ClientSession() as session:
        yield Desk(session, f"http://127.0.0.1:{agent[AGENT].port}", certificate, half)
    await runner.cleanup()


async def begun(office: Office, page: Typeset, signer: Signer, certificate: bytes) -> Interrupted:
    return await interrupted.begin(
        signing.prepare(page.pdf, page.fields),
        signer.field,
        asn1_x509.Certificate.load(certificate),
        trust=office.trust,
        time_stamper=office.time_stamper,
        image=appearance.handwriting(signer.name),
        certify=True,
    )


async def test_the_official_sees_the_document_and_signs_it_with_the_token(desk: Desk) -> None:
    status, job = await desk.ask(desk.message())
    assert status == 200, job
    assert (await desk.state(job["job"]))["state"] == "waiting"
    status, shown = await desk.page(job["page"])
    assert status == 200
    assert "07/BB-UBND" in shown, "the number, out of the file itself"
    assert desk.half.document_digest.hex() in shown
    assert SECRETARY.name in shown
    picture = re.search(r'src="(/jobs/[^"]+\.png)"', shown)
    assert picture
    async with desk.session.get(desk.url + picture.group(1)) as response:
        assert (await response.read()).startswith(b"\x89PNG")
    status, done = await desk.page(job["page"], pin=PIN)
    assert (status, 'data-test="signed"' in done) == (200, True)
    told = await desk.state(job["job"])
    (signature,) = told["signatures"]
    holds(desk.certificate, base64.b64decode(signature), desk.half.attributes)
    assert (await desk.state(job["job"]))["state"] == "gone", "given once"


async def test_pages_that_a_browser_asks_for_at_once_are_drawn_by_one_thread(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PDFium bears no more: with two, pages fail to load and memory is overwritten."""
    threads, opened = set(), app._opened

    def noted(pdf: bytes) -> Any:
        threads.add(threading.get_ident())
        return opened(pdf)

    monkeypatch.setattr(app, "_opened", noted)
    _status, job = await desk.ask(desk.message())
    (picture,) = set(re.findall(r'src="(/jobs/[^"]+/0/0\.png)"', (await desk.page(job["page"]))[1]))

    async def drawn() -> bytes:
        async with desk.session.get(desk.url + picture) as response:
            assert response.status == 200
            return await response.read()

    assert len(set(await asyncio.gather(*(drawn() for _ in range(8))))) == 1
    assert len(threads) == 1


async def test_a_wrong_pin_signs_nothing_and_is_nowhere_shown(desk: Desk) -> None:
    _status, job = await desk.ask(desk.message())
    status, shown = await desk.page(job["page"], pin="00009999")
    assert (status, "Mã PIN không đúng" in shown, "00009999" in shown) == (422, True, False)
    assert (await desk.state(job["job"]))["state"] == "waiting"
    assert (await desk.page(job["page"], pin=PIN))[0] == 200


async def test_a_form_that_is_sent_twice_tries_the_pin_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Few wrong ones lock a token for good."""
    _status, job = await desk.ask(desk.message())
    tried, sign, go_on = [], Token.sign, threading.Event()

    def noted(token: Token, *of: Any) -> Any:
        tried.append(of[1])
        assert go_on.wait(20)
        return sign(token, *of)

    monkeypatch.setattr(Token, "sign", noted)
    first = asyncio.create_task(desk.page(job["page"], pin="00009999"))
    async with asyncio.timeout(20):
        while not tried:
            await asyncio.sleep(0)
    status, shown = await desk.page(job["page"], pin="00009999")
    assert (status, "Đang ký bằng thiết bị" in shown) == (422, True)
    await desk.page(job["page"], refuse="1")
    go_on.set()
    assert "Mã PIN không đúng" in (await first)[1]
    assert len(tried) == 1
    assert (await desk.state(job["job"]))["state"] == "waiting"


@pytest.mark.parametrize("box", ["0 0 0.001 14400", "0 0 14400 0.001", "0 0 0 0", "0 0 1000000000 1000000000"])
def test_a_page_of_any_shape_is_drawn_in_bounds(box: str) -> None:
    page = (
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\n"
        b"endobj\n3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[" + box.encode() + b"]>>\nendobj\ntrailer\n"
        b"<</Size 4/Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    )
    assert max(Image.open(io.BytesIO(app.picture(page, 0))).size) <= app.TALLEST
    with pytest.raises(IndexError):
        app.picture(page, 1)


async def test_who_says_no_gives_no_signature(desk: Desk) -> None:
    _status, job = await desk.ask(desk.message())
    await desk.page(job["page"], refuse="1", pin=PIN)
    assert await desk.state(job["job"]) == {"state": "refused", "signatures": []}


async def test_the_certificates_are_told_to_the_paired_origin_only(desk: Desk) -> None:
    async with desk.session.get(f"{desk.url}/certificates", headers={"Origin": PAIRED}) as response:
        told = await response.json()
        assert response.headers["Access-Control-Allow-Origin"] == PAIRED
    assert [one["der"] for one in told["certificates"]] == [text(desk.certificate)]
    for headers in ({"Origin": EVIL}, {"Origin": "null"}, {}, {"Origin": desk.url}):
        async with desk.session.get(f"{desk.url}/certificates", headers=headers) as response:
            assert response.status == 403, headers
            assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_foreign_name_that_leads_here_gets_nothing(desk: Desk) -> None:
    port = desk.url.rpartition(":")[2]
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", f"0.0.0.0:{port}"):
        for path in ("/", "/certificates"):
            async with desk.session.get(desk.url + path, headers={"Host": host, "Origin": PAIRED}) as response:
                assert response.status == 421, host


async def test_a_preflight_is_answered_for_the_paired_origin_only(desk: Desk) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Private-Network": "true"}
    async with desk.session.options(f"{desk.url}/jobs", headers={"Origin": PAIRED, **asked}) as response:
        assert response.headers["Access-Control-Allow-Private-Network"] == "true"
        assert response.headers["Access-Control-Allow-Origin"] == PAIRED
    async with desk.session.options(f"{desk.url}/jobs", headers={"Origin": EVIL, **asked}) as response:
        assert response.status == 403
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_no_other_page_begins_a_job_or_presses_the_button(desk: Desk) -> None:
    assert (await desk.ask(desk.message(), origin=EVIL))[0] == 403
    _status, job = await desk.ask(desk.message())
    for origin in (EVIL, PAIRED, "null"):
        async with desk.session.post(job["page"], data={"pin": PIN}, headers={"Origin": origin}) as response:
            assert response.status == 403, origin
    async with desk.session.post(job["page"], data={"pin": PIN}) as response:
        assert response.status == 403, "no browser leaves Origin out of a POST"
    async with desk.session.get(job["page"], headers={"Origin": PAIRED}) as response:
        assert response.status == 403, "the paired page reads no page of the agent"
    assert (await desk.state(job["job"]))["state"] == "waiting"


async def test_what_is_not_of_the_document_shown_is_refused(desk: Desk, office: Office, page: Typeset) -> None:
    chair = Signer("chair", CHAIR.id, CHAIR.name, ("CHỦ TỌA",))
    other = await begun(office, page, chair, desk.certificate)
    strangers = await begun(office, page, chair, office.credential(chair).certificate.dump())
    half = desk.half
    attributes = cms.CMSAttributes.load(half.attributes)
    wrongly_typed = cms.CMSAttributes(
        [cms.CMSAttribute({"type": "content_type", "values": ["signed_data"]})]
        + [one for one in attributes if one["type"].native != "content_type"]
    ).dump()
    filled = half.pdf[: half.start + 1] + b"1" + half.pdf[half.start + 2 :]
    wrong = {
        "attributes of another file": (half.pdf, other.attributes),
        "another certificate": (strangers.pdf, strangers.attributes),
        "a changed file": (half.pdf.replace(b"/Type", b"/Tyqe", 1), half.attributes),
        "bytes after the end": (half.pdf + b"\n", half.attributes),
        "a filled gap": (filled, half.attributes),
        "no file at all": (b"%PDF-1.7\n", half.attributes),
        "another content": (half.pdf, wrongly_typed),
        "no attributes": (half.pdf, b""),
        "something else to sign": (half.pdf, b"I owe you 1000000"),
        "bytes after the attributes": (half.pdf, half.attributes + b"\x00"),
    }
    for what, (pdf, part) in wrong.items():
        message = desk.message(files=[{"pdf": text(pdf), "attributes": text(part)}])
        status, told = await desk.ask(message)
        assert (status, bool(told and told["message"])) == (422, True), what


@pytest.mark.parametrize("message", [None, [], {}, {"certificate": 1}, {"files": []}, {"files": [{}]}, "x"])
async def test_strange_messages_are_refused_with_a_sentence(desk: Desk, message: Any) -> None:
    if isinstance(message, dict) and message:
        message = {**desk.message(), **message}
    status, told = await desk.ask(message)
    assert (status, bool(told["message"])) == (422, True)


async def test_a_certificate_that_is_not_on_the_token_is_refused(desk: Desk, office: Office) -> None:
    chair = Signer("chair", CHAIR.id, CHAIR.name, ("CHỦ TỌA",))
    other = office.credential(chair).certificate.dump()
    assert (await desk.ask(desk.message(certificate=text(other))))[0] == 422


@pytest.mark.parametrize("text_of_origin", ["http://hop.lamson.gov.vn", "hop.lamson.gov.vn", "https://a/b", "", "*"])
def test_an_agent_pairs_with_nothing_but_an_origin(text_of_origin: str) -> None:
    with pytest.raises(ValueError):
        origin_of(text_of_origin)


def test_addresses_of_this_machine_may_do_without_encryption() -> None:
    assert origin_of("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"
    assert origin_of("https://Hop.LamSon.gov.vn") == "https://hop.lamson.gov.vn"
