"""Signing by a remote service (CSC API v2): the service keeps the key, asks for the PIN, and signs hashes only."""

import base64
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from asn1crypto import x509 as asn1_x509
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from minutes.document import State
from minutes.errors import RecordError
from server import auth, certificates, csc
from server.certificates import Holder
from server.config import RemoteConfig, SigningConfig
from server.csc import RemoteSigning
from server.keys import CONFIG, DATABASE, REMOTE
from tests.csc_service import CLIENT, CscService
from tests.server.pages.conftest import PIN, Office
from tests.server.pages.test_signing_ways import form, result, two

OWN_PIN = "dich-vu-8642"


def keys_of(office: Office, account: str, folder: str = "people") -> bytes:
    return (office.server.data / "keys" / "keys" / folder / f"{account}.p12").read_bytes()


async def bind(office: Office, holder: Holder, certificate: bytes) -> None:
    async with office.server.app[DATABASE].begin() as connection:
        read = asn1_x509.Certificate.load(certificate)
        await certificates.bind(connection, holder, read, "cuc", auth.utcnow())


@pytest_asyncio.fixture
async def service(office: Office) -> AsyncIterator[CscService]:
    """Two keys at the service: Bình's, who is about to sign, and Hạnh's."""
    made = CscService()
    for account in ("binh", "hanh"):
        await bind(office, Holder(account), made.add(f"cred-{account}", keys_of(office, account), PIN, OWN_PIN))
    await made.start()
    app = office.server.app
    remote = RemoteConfig(url=made.url, client_id=CLIENT[0], client_secret=SecretStr(CLIENT[1]))
    object.__setattr__(app[CONFIG], "signing", SigningConfig(ways=["remote"], remote=remote))
    held = app[REMOTE]
    held.__init__(made.url, *CLIENT)  # type: ignore[misc]
    yield made
    await made.stop()


async def test_documents_are_signed_by_one_authorisation(office: Office, service: CscService) -> None:
    documents = await two(office)
    visitor = await office.sign_in("binh")
    shown = await result(visitor, await visitor.post("/signing", form(visitor, documents, "remote", OWN_PIN)))
    assert "Đã ký 2 trên 2 văn bản." in shown.words
    assert service.calls.count("credentials/authorize") == service.calls.count("signatures/signHash") == 1
    for document in documents:
        assert [one.signer.account for one in (await office.records.get(document)).signed] == ["binh"]


async def test_the_seal_may_be_there_as_well(office: Office, service: CscService) -> None:
    document = await office.minutes(State.SIGNED)
    packed = keys_of(office, "lam-son", "seals")
    await bind(office, Holder("lam-son", seal=True), service.add("dau", packed, PIN, OWN_PIN))
    clerk = await office.sign_in("cuc")
    await result(clerk, await clerk.post("/signing", form(clerk, [document], "remote", OWN_PIN)))
    assert (await office.records.get(document)).state is State.SEALED


async def test_a_wrong_pin_or_code_is_told_and_signs_nothing(office: Office, service: CscService) -> None:
    documents = await two(office)
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, documents, "remote", "sai"))
    assert (page.status, "Mã PIN không đúng" in page.words) == (422, True)
    service.otp = "123456"
    page = await visitor.post("/signing", form(visitor, documents, "remote", OWN_PIN))
    assert page.status == 422
    assert not (await office.records.get(documents[0])).signed
    with_code = form(visitor, documents, "remote", OWN_PIN)
    with_code.add_field("otp", "123456")
    await result(visitor, await visitor.post("/signing", with_code))
    assert (await office.records.get(documents[0])).signed


async def test_a_certificate_that_is_bound_to_nobody_signs_nothing(office: Office, service: CscService) -> None:
    documents = await two(office)
    async with office.server.app[DATABASE].begin() as connection:
        (bound,) = await certificates.of(connection, Holder("binh"))
        await certificates.unbind(connection, Holder("binh"), bound.id, auth.utcnow())
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, documents, "remote", OWN_PIN))
    assert (page.status, "không có chứng thư số nào gắn với tài khoản này" in page.words) == (422, True)
    assert "credentials/authorize" not in service.calls


async def test_more_than_the_service_signs_at_once_is_told(office: Office, service: CscService) -> None:
    service.keys["cred-binh"].multisign = 1
    documents = await two(office)
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, documents, "remote", OWN_PIN))
    assert (page.status, "chỉ ký được 1 văn bản một lần" in page.words) == (422, True)


HOSTILE = {
    "another key's signature": {"signatures": [base64.b64encode(b"\x30" * 70).decode()] * 2},
    "too few": {"signatures": []},
    "no list": {"signatures": "x"},
    "no base64": {"signatures": ["%%", "%%"]},
    "nothing": {},
}


@pytest.mark.parametrize("answer", HOSTILE.values(), ids=HOSTILE)
async def test_what_the_service_sends_instead_of_signatures_is_thrown_away(
    office: Office, service: CscService, answer: object
) -> None:
    documents = await two(office)
    service.answers["signatures/signHash"] = web.json_response(answer)
    visitor = await office.sign_in("binh")
    page = await visitor.post("/signing", form(visitor, documents, "remote", OWN_PIN))
    if page.status == 303:
        page = await result(visitor, page)
        assert "Đã ký 0 trên 2 văn bản." in page.words
    else:
        assert (page.status, page.has("failure")) == (422, True)
    assert not (await office.records.get(documents[0])).signed


async def test_a_redirect_is_not_followed_and_a_flood_not_read(office: Office, service: CscService) -> None:
    remote = RemoteSigning(service.url, *CLIENT)
    elsewhere = {"Location": "http://169.254.169.254/latest/meta-data"}
    for answer in (
        web.Response(status=307, headers=elsewhere),
        web.Response(text="x" * 2_000_000, content_type="application/json"),
        web.Response(text="<html>", content_type="text/html"),
        web.Response(text="[" * 100_000, content_type="application/json"),
        web.json_response([1]),
    ):
        service.answers["credentials/list"] = answer
        with pytest.raises(RecordError):
            await remote.credential([])
    assert service.calls[-1] == "credentials/list"


async def test_an_answer_that_comes_in_pieces_is_read_to_its_end(office: Office, service: CscService) -> None:
    """What is at hand when one begins to read is the first piece, here of white space."""
    service.answers["credentials/list"] = web.Response(
        text=" " * 900_000 + '{"credentialInfos": []}', content_type="application/json"
    )
    with pytest.raises(RecordError, match="không có chứng thư số nào"):
        await RemoteSigning(service.url, *CLIENT).credential([])


async def test_a_service_that_is_away_is_told(office: Office) -> None:
    with pytest.raises(RecordError, match="không liên lạc được"):
        await RemoteSigning("http://127.0.0.1:9", *CLIENT).credential([])


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda one: st.lists(one) | st.dictionaries(
            st.sampled_from(["cert", "certificates", "credentialID", "multisign", "x"]), one), max_leaves=8)
        .map(lambda told: json.dumps(told).encode()),
    )
)  # fmt: skip
def test_any_answer_is_read_or_refused(data: bytes) -> None:
    try:
        csc._credential(csc._parsed(data))
    except RecordError as refusal:
        assert refusal.reason  # noqa: PT017


def test_the_service_is_an_encrypted_address() -> None:
    with pytest.raises(ValueError, match="https"):
        RemoteConfig(url="http://ca.example.vn/csc/v2", client_id="a", client_secret=SecretStr("b"))
    with pytest.raises(ValueError, match="client_id"):
        RemoteConfig(url="https://ca.example.vn/csc/v2")
    with pytest.raises(ValueError, match=r"signing\.remote\.url"):
        SigningConfig(ways=["remote"])
