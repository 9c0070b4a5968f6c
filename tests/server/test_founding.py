"""From an empty folder to an office at work: `giaoban serve`, the first administrator, units, people, a meeting, a
document that a citizen reads."""

import asyncio
import os
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar, web
from aiohttp.test_utils import TestClient, TestServer

from server import auth, config, directory
from server.app import build_app
from server.demo_pki import DemoPki, Holder
from server.founding import Founding
from server.keys import DATABASE, TOKENS
from server.records_keys import KeyStore
from server.terminal import Terminal
from tests.installation import ROOT, free_port
from tests.postgresql import ON_BOTH
from tests.server.conftest import Seat
from tests.server.pages.conftest import Page, Visitor
from tests.server.pages.test_new_document import form_of
from tests.server.pages.test_people import link_on
from tests.server.pages.test_schedule_meeting import sheet
from tests.server.test_command_line import Giaoban, giaoban, one_sentence

__all__ = ["giaoban"]

FIRST = {
    "unit.name": "Ủy ban nhân dân xã Tà Năng", "unit.short_name": "UBND xã Tà Năng", "unit.place": "Tà Năng",
    "unit.symbol": "UBND", "name": "Vũ Đức Minh", "title": "Công chức Văn phòng", "address": "",
}  # fmt: skip
PEOPLE = """Nguyễn Thị Hạnh; Chủ tịch UBND xã; UBND xã Tà Năng; ; lãnh đạo
Trần Văn Bình; Công chức Văn phòng; UBND xã Tà Năng; ; thư ký
Phạm Thu Cúc; Văn thư; UBND xã Tà Năng; ; văn thư
Lò Văn Dũng; Trưởng thôn; Thôn Suối Cát; ; đại biểu"""
PIN = "654321"


@dataclass
class Empty:
    """An installation in which there is nobody."""

    app: web.Application
    client: TestClient[web.Request, web.Application]

    @property
    def code(self) -> str:
        return self.app[TOKENS].founding(auth.utcnow())


@pytest_asyncio.fixture
async def empty(tmp_path: Path, new_database: Callable[[Path], str]) -> AsyncIterator[Empty]:
    data = tmp_path / "giaoban-data"
    data.mkdir()
    url = new_database(data / "giaoban.sqlite3")
    settings = config.load(None, data=data, media={"host": "127.0.0.1"}, database={"url": url})
    await Founding(settings, Terminal()).prepare(settings)
    app = build_app(settings)
    async with TestClient(TestServer(app)) as client:
        yield Empty(app, client)


async def begin(empty: Empty, **fields: str) -> tuple[int, str]:
    async with empty.client.post("/begin", data={**FIRST, "code": empty.code, **fields}) as answer:
        return answer.status, await answer.text()


@ON_BOTH
async def test_whoever_has_the_code_begins_once(empty: Empty) -> None:
    async with empty.client.get("/begin") as page:
        assert page.status == 200
    done = await asyncio.gather(begin(empty), begin(empty))
    assert sorted(status for status, _text in done) == [200, 409], "two at once are one"
    async with empty.client.get("/people") as page:
        assert "Vũ Đức Minh" in await page.text(), "signed in"
    empty.client.session.cookie_jar.clear()
    assert (await begin(empty))[0] == 409
    async with empty.client.get("/begin") as page:
        assert page.status == 409
    async with empty.app[DATABASE].read() as connection:
        (first,) = await directory.accounts(connection)
    assert (first.id, first.roles, first.unit.id) == ("vu-duc-minh", {"administrator"}, "ubnd-xa-ta-nang")


async def test_nobody_begins_without_the_code_of_the_terminal(empty: Empty) -> None:
    other = empty.app[TOKENS].sign_in("vu-duc-minh", auth.utcnow())
    for code in ("", "x", other, empty.app[TOKENS].room("giao-ban", "A", "chair", "t-a", auth.utcnow())):
        assert (await begin(empty, code=code))[0] == 401
    async with empty.client.post("/sign-in", data={"code": empty.code}) as refused:
        assert refused.status == 401, "nor does it sign anybody in"
    async with empty.app[DATABASE].read() as connection:
        assert await directory.standings(connection) == []


async def test_no_state_secret_begins_an_office(empty: Empty) -> None:
    status, text = await begin(empty, name="Phương án TỐI MẬT")
    assert status == 400
    assert "độ mật" in text


async def test_what_is_missing_is_said_and_what_was_typed_stays(empty: Empty) -> None:
    code = empty.code
    status, text = await begin(empty, code=code, title="", **{"unit.symbol": "/"})
    assert status == 422
    assert "Chỉ dùng chữ cái" in text
    assert "Nội dung này còn để trống." in text
    assert 'value="Vũ Đức Minh"' in text
    assert code in text, "the code is not to be looked for again"


# --- the whole way, with a process of its own ---------------------------------------------------------------------


@dataclass
class Served:
    """`giaoban serve` over a folder with nothing but whom to trust (`pki`); `link` is what it printed to begin by."""

    url: str
    link: str
    data: Path
    pki: DemoPki


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    data, port, pki = tmp_path / "giaoban-data", free_port(), DemoPki(auth.utcnow())
    pki.write(data / "keys", [], [])
    environment = {
        **os.environ, "GIAOBAN_HTTP__PORT": str(port), "GIAOBAN_MEDIA__HOST": "127.0.0.1", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "serve", "--data", str(data)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env=environment,
        )  # fmt: skip
    assert process.stdout is not None
    giving_up = threading.Timer(120, process.kill)
    giving_up.start()
    try:
        found = next((one for line in process.stdout if (one := re.search(r"http://\S+/begin#\S+", line))), None)
        assert found is not None, (tmp_path / "log").read_text()
        yield Served(f"http://127.0.0.1:{port}", found[0], data, pki)
    finally:
        giving_up.cancel()
        process.terminate()
        process.wait(20)


@pytest_asyncio.fixture
async def people(served: Served) -> AsyncIterator[Callable[[str], Visitor]]:
    async with AsyncExitStack() as stack:
        sessions: list[ClientSession] = []

        def stranger(_name: str = "") -> Visitor:
            sessions.append(ClientSession(base_url=served.url, cookie_jar=CookieJar(unsafe=True)))
            return Visitor(sessions[-1])

        yield stranger
        for session in sessions:
            await stack.enter_async_context(session)


async def signed_in(visitor: Visitor, link: str) -> Visitor:
    page = await visitor.post("/sign-in", {"code": link})
    assert page.status == 303, page.words
    visitor.csrf = (await visitor.get("/verify")).value("csrf")
    return visitor


async def did(page: Page) -> Page:
    assert page.status == 303, page.words
    return page


async def sit(visitor: Visitor, room: str) -> Seat:
    socket = await visitor.session.ws_connect(f"/rooms/{room}/ws")
    welcome = await socket.receive_json(timeout=10)
    assert welcome["type"] == "welcome", welcome
    return Seat(socket, welcome)


@pytest.mark.timeout(240)
async def test_an_office_begins_meets_and_issues(served: Served, people: Callable[..., Visitor]) -> None:
    administrator = people()
    begun = await administrator.post("/begin", {**FIRST, "code": served.link})
    assert begun.status == 200, begun.words
    own = link_on(begun)
    administrator.csrf = (await administrator.get("/verify")).value("csrf")
    hamlet = {"name": "Thôn Suối Cát", "short_name": "Thôn Suối Cát", "place": "Tà Năng", "symbol": "TSC"}
    await did(await administrator.post("/people/units/new", hamlet))
    await did(await administrator.post("/people/import", {"list": PEOPLE, "sure": "1"}))
    ids = {
        "leader": "nguyen-thi-hanh",
        "secretary": "tran-van-binh",
        "clerk": "pham-thu-cuc",
        "delegate": "lo-van-dung",
    }
    links = {
        role: link_on(await administrator.post(f"/people/{one}/link", {"days": "30"})) for role, one in ids.items()
    }
    office = {role: await signed_in(people(), link) for role, link in links.items()}
    await signed_in(people(), own)
    keys_of(served, ids)

    room = await met(office, ids)
    assert room
    await issued(office, ids)
    citizen = people()
    assert "Về việc vệ sinh đường thôn" in (await citizen.get("/documents")).words
    assert "Nhật ký phân quyền" in (await office["leader"].get("/people/log")).words


def keys_of(served: Served, ids: dict[str, str]) -> None:
    """What the office's certification authority gives: keys of two people and of the seal."""
    pki = served.pki
    store, unit = KeyStore(served.data / "keys" / "keys"), "ubnd-xa-ta-nang"
    for role in ("leader", "secretary"):
        store.put_person(ids[role], pki.credential(Holder(ids[role], role, FIRST["unit.name"], PIN)))
    store.put_seal(unit, pki.credential(Holder(unit, FIRST["unit.name"], FIRST["unit.name"], PIN)))


async def met(office: dict[str, Visitor], ids: dict[str, str]) -> str:
    """The secretary convenes; chair and delegate come in, and the chair holds the meeting."""
    who = {"chair": ids["leader"], "secretary": ids["secretary"], "unit.thon-suoi-cat": "thon-suoi-cat"}
    typed = {name: text for name, text in sheet().items() if not name.startswith("unit.")} | who
    made = await did(await office["secretary"].post("/meetings/new", typed))
    found = re.search(r'href="/rooms/([a-z0-9-]+)"', (await office["secretary"].get(made.location)).text)
    assert found is not None
    chair, secretary, delegate = [await sit(office[role], found[1]) for role in ("leader", "secretary", "delegate")]
    assert (await chair.say("meeting.open"))["type"] == "ack"
    assert (await chair.say("agenda.step", item=chair.welcome["agenda"]["items"][0]["id"]))["type"] == "ack"
    assert (await delegate.say("hand.raise"))["type"] == "ack"
    assert (await chair.say("meeting.close"))["type"] == "ack"
    for seat in (chair, secretary, delegate):
        await seat.socket.close()
    assert "Biên bản" in (await office["secretary"].get("/desk")).words
    return found[1]


async def issued(office: dict[str, Visitor], ids: dict[str, str]) -> None:
    """A letter goes the whole way: drafted, approved and so numbered, signed, sealed by the clerk, posted."""
    secretary, leader, clerk = office["secretary"], office["leader"], office["clerk"]
    started = {"secrecy": "none", "kind": "CV", "subject": "Về việc vệ sinh đường thôn", "leader": ids["leader"]}
    edit = (await did(await secretary.post("/desk/new", started))).location
    typed = form_of(await secretary.get(edit))
    await did(await secretary.post(edit, {name: text.replace("…", "các thôn") for name, text in typed.items()}))
    desk = edit.removesuffix("/edit")
    await did(await secretary.post(f"{desk}/submit"))
    await did(await leader.post(f"{desk}/approve"))
    await did(await leader.post(f"{desk}/sign", {"pin": PIN}))
    await did(await clerk.post(f"{desk}/seal", {"pin": PIN}))
    assert "01/UBND" in (await clerk.get("/registers/out")).words
    ticked = {"check.secret": "on", "check.personal": "on", "check.agreed": "on", "reason": "Liên quan đến người dân"}
    await did(await clerk.post(f"{desk}/publish", ticked))


# --- the command line ---------------------------------------------------------------------------------------------


def test_whoever_holds_the_machine_lets_an_administrator_in_again(
    giaoban: Giaoban, tmp_path: Path, demo_data: Callable[..., object]
) -> None:
    data = tmp_path / "giaoban-data"
    asyncio.run(demo_data(data))  # type: ignore[arg-type]
    printed = giaoban("invite", "binh", "--administrator", "--data", str(data)).stdout
    token = printed.strip().rpartition("#")[2]
    secret = auth.load_secret(data / "secret.key")
    assert auth.Tokens(secret).read(token, auth.utcnow())["sub"] == "binh"
    assert "nobody" in one_sentence(giaoban("invite", "nobody", "--data", str(data)))
    assert "Không có hệ thống nào" in one_sentence(giaoban("invite", "binh", "--data", str(tmp_path / "nothing")))
