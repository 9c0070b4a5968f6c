"""Whoever may enter the room may measure the way to it, with so much data and no more; nobody else may."""

from server.pages.line_check import MOST
from tests.server.pages.conftest import Office

LINE = "/rooms/giao-ban/line"


async def test_a_delegate_gets_as_many_octets_as_asked_for_and_never_the_same(office: Office) -> None:
    dung = await office.sign_in("dung")
    first, second = [await dung.get(f"{LINE}?octets=4096") for _ in range(2)]
    assert (first.status, len(first.body)) == (200, 4096)
    assert first.body != second.body
    assert "no-store" in first.headers["Cache-Control"]
    assert len((await dung.get(f"{LINE}?octets={MOST}")).body) == MOST
    for odd in (MOST + 1, -1, "", "1e3", "٣", "9" * 30):
        assert (await dung.get(f"{LINE}?octets={odd}")).status == 400, odd


async def test_what_is_sent_is_thrown_away_and_bounded(office: Office) -> None:
    dung = await office.sign_in("dung")
    assert (await dung.post(LINE, {"data": "x" * 1000})).status == 204
    assert (await dung.post(LINE, {"data": "x" * (MOST + 1)})).status == 413


async def test_nobody_else_may(office: Office) -> None:
    assert (await office.stranger().get(f"{LINE}?octets=10")).status == 401
    assert (await office.stranger().post(LINE)).status in (401, 403)
    lan = await office.sign_in("lan")
    assert (await lan.get("/rooms/none/line?octets=10")).status == 404
