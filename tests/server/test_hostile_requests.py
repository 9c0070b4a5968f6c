"""Requests that no browser sends: refused with a status of the sender's fault, never a 500."""

import pytest

from tests.server.conftest import Server

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
        ({"Content-Type": FORM, "Content-Encoding": "gzip"}, b"not gzip"),
        ({"Content-Type": f"{FORM}; charset=unicode_escape"}, b"code=\\ud800"),
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


@pytest.mark.parametrize("token", ["eyJhbGciOiJIUzI1NiIsImNyaXQiOjF9.e30.e30", "a.b", "....", "é.é.é"])
async def test_a_broken_token_is_the_senders_fault(server: Server, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert (await server.client.get("/api/v1/rooms/giao-ban/participants", headers=headers)).status == 401
