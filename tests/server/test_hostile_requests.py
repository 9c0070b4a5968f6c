"""Requests that no browser sends: refused with a status of the sender's fault, never a 500."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from aiohttp import ClientError, FormData

from server import pages, uploads
from server.doors import DOORS
from server.keys import CHECKS_RUNNING
from tests.server.conftest import Server
from web import TEMPLATES

FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("wish", ["//[", "http://[x", "/\\[", "https://evil.example/", "//evil.example", "/a\r\nb"])
async def test_a_strange_wish_leads_to_the_front_page(server: Server, wish: str) -> None:
    assert (await server.client.get("/sign-in", params={"next": wish})).status == 200
    response = await server.client.post("/language", data={"lang": "en", "back": wish}, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"Content-Type": f"{FORM}; charset=nope"}, b"code=x"),
        ({"Content-Type": f"{FORM}; charset=zlib_codec"}, b"code=x"),
        ({"Content-Type": "multipart/form-data"}, b"--x"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"garbage"),
        ({"Content-Type": "multipart/form-data; boundary=x"}, b"--x\r\n\r\nnameless\r\n--x--\r\n"),
        (
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\0b.pdf"\r\n\r\nx\r\n--x--\r\n',
        ),
        ({"Content-Type": FORM, "Content-Encoding": "gzip"}, b"not gzip"),
        ({"Content-Type": f"{FORM}; charset=unicode_escape"}, b"code=\\ud800"),
        ({"Content-Type": FORM}, b"code=%00"),
        ({"Content-Type": FORM, "Origin": "http://["}, b"code=x"),
        ({"Content-Type": FORM, "Sec-Fetch-Site": "cross-site"}, b"code=x"),
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/verify"])
async def test_a_broken_form_is_the_senders_fault(
    server: Server, path: str, headers: dict[str, str], body: bytes
) -> None:
    response = await server.client.post(path, data=body, headers=headers, allow_redirects=False)
    assert 400 <= response.status < 500


FIELD = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
MULTIPART = "multipart/form-data; boundary=x"


class Endless:
    """A body that goes on for fifty megabytes, and how much of it was taken."""

    def __init__(self, beginning: bytes) -> None:
        self.beginning = beginning
        self.sent = 0

    async def body(self) -> AsyncIterator[bytes]:
        yield self.beginning
        while self.sent < 60 << 20:
            self.sent += 1 << 16
            yield b"x" * (1 << 16)

    async def status(self, server: Server, path: str, kind: str) -> int:
        """Of the answer; 0 where the line was cut before."""
        with suppress(ClientError):
            return (await server.client.post(path, data=self.body(), headers={"Content-Type": kind})).status
        return 0


@pytest.mark.parametrize("path", ["/language", "/verify"])
@pytest.mark.parametrize(("kind", "beginning"), [(FORM, b"a="), (MULTIPART, FIELD)])
async def test_what_is_no_file_is_read_no_further_than_forms_go(
    server: Server, path: str, kind: str, beginning: bytes
) -> None:
    """Fifty megabytes in memory for each of some hundred connections would be too many, and anybody may open them."""
    form = Endless(beginning)
    assert await form.status(server, path, kind) in (0, 400, 413)
    assert form.sent < 20 << 20


async def test_nobody_sends_a_file_to_a_queue_that_is_full(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server.app[CHECKS_RUNNING], "_room", 0)
    form = Endless(FILE)
    assert await form.status(server, "/verify", MULTIPART) in (0, 429)
    assert form.sent < 20 << 20


async def test_a_form_that_does_not_come_on_is_cut_off(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PATIENCE", 0.1)
    monkeypatch.setattr(pages, "PATIENCE", 0.1)
    over = asyncio.Event()

    async def dripping(beginning: bytes) -> AsyncIterator[bytes]:
        yield beginning
        await over.wait()

    for path, kind, beginning in (("/verify", MULTIPART, FILE), ("/verify", MULTIPART, b""), ("/sign-in", FORM, b"a=")):
        response = await server.client.post(path, data=dripping(beginning), headers={"Content-Type": kind})
        assert response.status == 408
    over.set()


async def test_one_form_brings_one_file(server: Server) -> None:
    form = FormData()
    for name in ("file", "another"):
        form.add_field(name, b"%PDF-1.7", filename="a.pdf")
    assert (await server.client.post("/verify", data=form)).status == 400


async def test_a_long_text_beside_a_file_is_not_looked_through(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking at fifty million letters one by one stops the server for seconds, and anybody may send them."""
    seen = 0

    class Counted:
        def search(self, value: str) -> None:
            nonlocal seen
            seen += len(value)

    monkeypatch.setattr(pages, "_UNKEPT", Counted())
    form = FormData({"text": "x" * 300_000})
    form.add_field("file", b"%PDF-1.7", filename="a.pdf")
    assert (await server.client.post("/verify", data=form)).status == 400
    assert seen == 0


def test_every_form_that_takes_a_file_goes_through_a_door_that_does() -> None:
    forms = "".join(page.read_text(encoding="utf-8") for page in TEMPLATES.rglob("*.html"))
    found = set(re.findall(r'action="([^"]+)" enctype="multipart/form-data"', forms)) - {"/signing"}
    known = {re.sub(r"{[^}]+}", "{}", path) for (_, path), door in DOORS.items() if door.file}
    assert len(found) == forms.count("multipart/form-data") - 1
    assert {re.sub(r"{{[^}]+}}", "{}", path) for path in found} == known


@pytest.mark.parametrize("token", ["eyJhbGciOiJIUzI1NiIsImNyaXQiOjF9.e30.e30", "a.b", "....", "é.é.é"])
async def test_a_broken_token_is_the_senders_fault(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert (await server.client.get("/api/v1/rooms/giao-ban/participants", headers=headers)).status == 401
