"""The clerk binds certificates to the people and the seal of the unit; everybody leaves their own picture."""

import io
import re

import pytest
from aiohttp import FormData
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12
from PIL import Image, ImageDraw

from minutes.document import State
from server import certificates
from server.certificates import Holder
from server.keys import DATABASE
from tests.server.pages.conftest import EVIL, PIN, Office, Visitor


def certificate(office: Office, account: str, encoding: Encoding = Encoding.DER) -> bytes:
    kept = (office.server.data / "keys" / "keys" / "people" / f"{account}.p12").read_bytes()
    _key, found, _others = pkcs12.load_key_and_certificates(kept, PIN.encode())
    assert found is not None
    return found.public_bytes(encoding)


def file(visitor: Visitor, data: bytes, name: str = "chung-thu.cer", **fields: str) -> FormData:
    made = FormData(default_to_multipart=True)
    for key, value in {"csrf": visitor.csrf, **fields}.items():
        made.add_field(key, value)
    made.add_field("file", data, filename=name)
    return made


async def bound(office: Office, account: str, *, seal: bool = False) -> list[str]:
    async with office.server.app[DATABASE].read() as connection:
        return [one.name for one in await certificates.of(connection, Holder(account, seal))]


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
async def test_the_clerk_binds_a_certificate_and_takes_it_away(office: Office, encoding: Encoding) -> None:
    clerk = await office.sign_in("cuc")
    page = await clerk.post("/certificates/person/binh", file(clerk, certificate(office, "binh", encoding)))
    assert (page.status, page.location) == (303, "/certificates")
    (name,) = await bound(office, "binh")
    page = await clerk.get("/certificates")
    assert name in page.words
    assert page.has("standing")
    assert name in (await (await office.sign_in("binh")).get("/account")).words
    end = re.search(r'action="(/certificates/person/binh/\d+/end)"', page.text)
    assert end
    assert (await clerk.post(end.group(1))).status == 303
    assert await bound(office, "binh") == []


async def test_a_certificate_is_not_bound_to_two(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    data = certificate(office, "binh")
    await clerk.post("/certificates/person/binh", file(clerk, data))
    page = await clerk.post("/certificates/person/hanh", file(clerk, data))
    assert (page.status, "đang được gắn cho người khác" in page.words) == (422, True)
    assert await bound(office, "hanh") == []


@pytest.mark.parametrize("data", [b"", b"x" * 20_000, b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"])
async def test_a_file_that_is_no_certificate_is_told(office: Office, data: bytes) -> None:
    clerk = await office.sign_in("cuc")
    page = await clerk.post("/certificates/seal/lam-son", file(clerk, data))
    assert (page.status, "không phải chứng thư số" in page.words) == (422, True)


async def test_only_the_clerk_of_the_unit_binds(office: Office) -> None:
    for account in ("binh", "hanh", "dung"):
        visitor = await office.sign_in(account)
        assert (await visitor.get("/certificates")).status == 403
        page = await visitor.post("/certificates/person/binh", file(visitor, certificate(office, "binh")))
        assert page.status == 403
    clerk = await office.sign_in("cuc")
    for path in ("/certificates/person/dung", "/certificates/seal/ta-nang", "/certificates/person/nobody"):
        assert (await clerk.post(path, file(clerk, certificate(office, "dung")))).status == 403, path
    stranger = office.stranger()
    assert (await stranger.post("/certificates/person/binh", file(stranger, b""))).status == 401
    clerk.csrf = "x"
    assert (await clerk.post("/certificates/person/binh", file(clerk, certificate(office, "binh")))).status == 403
    assert await bound(office, "binh") == []


def drawing(colour: str) -> bytes:
    sheet = Image.new("RGB", (600, 300), "white")
    ImageDraw.Draw(sheet).line([(80, 200), (300, 60), (500, 220)], fill=colour, width=12)
    out = io.BytesIO()
    sheet.save(out, "PNG")
    return out.getvalue()


async def test_my_picture_stands_in_what_i_sign(office: Office) -> None:
    secretary = await office.sign_in("binh")
    default = (await secretary.get("/account/picture.png")).body
    page = await secretary.post("/account/picture", file(secretary, drawing("black"), "chu-ky.png"))
    assert (page.status, page.location) == (303, "/account")
    mine = (await secretary.get("/account/picture.png")).body
    assert mine != default
    assert Image.open(io.BytesIO(mine)).mode == "RGBA"
    document = await office.minutes(State.APPROVED)
    before = await office.records.pdf(document)
    await office.records.sign(document, by=await office.actor("binh"), pin=PIN)
    added = (await office.records.pdf(document))[len(before) :]
    width, height = Image.open(io.BytesIO(mine)).size
    assert re.search(rb"/Width %d\b" % width, added)
    assert re.search(rb"/Height %d\b" % height, added)
    await secretary.post("/account/picture", file(secretary, b"", "", remove="1"))
    assert (await secretary.get("/account/picture.png")).body == default


async def test_the_clerk_leaves_the_picture_of_the_seal(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    default = (await clerk.get("/certificates/picture.png")).body
    assert (await clerk.post("/certificates/picture", file(clerk, drawing("red"), "dau.png"))).status == 303
    drawn = Image.open(io.BytesIO((await clerk.get("/certificates/picture.png")).body))
    assert drawn.size[0] == drawn.size[1]
    assert (await clerk.get("/certificates/picture.png")).body != default
    for account in ("binh", "hanh"):
        visitor = await office.sign_in(account)
        assert (await visitor.post("/certificates/picture", file(visitor, drawing("red"), "dau.png"))).status == 403
    page = await clerk.post("/certificates/picture", file(clerk, EVIL.encode(), "dau.png"))
    assert (page.status, "Chỉ nhận ảnh PNG hoặc JPEG." in page.words) == (422, True)
