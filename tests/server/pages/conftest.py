"""Readers with a browser's manners: own cookies, the CSRF token of their pages, and no redirects followed unasked."""

import functools
import html
import re
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession, CookieJar, FormData
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDictProxy

from minutes.document import Actor, State
from rooms import store
from rooms.proceedings import AgendaItem, Conclusion, Fact, Meeting, Proceedings, Role, Unit, chained
from server import auth, config, demo, directory
from server.app import build_app
from server.directory import Account
from server.keys import DATABASE, RECORDS, TOKENS
from server.records import Records
from server.sittings import person_of
from tests.server.conftest import Server
from tests.server.filling import fill

PIN = demo.PIN
EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>'
"""Text that must come out as text."""


@dataclass
class Page:
    """What came back."""

    status: int
    text: str
    headers: CIMultiDictProxy[str]
    body: bytes = b""

    @property
    def location(self) -> str:
        return self.headers["Location"]

    @property
    def words(self) -> str:
        """The text without markup, as a reader sees it."""
        body = re.sub(r"(?s)<(script|style).*?</\1>", " ", self.text)
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())

    def has(self, hook: str) -> bool:
        """Whether the page has an element with this test hook."""
        return f'data-test="{hook}"' in self.text

    def value(self, name: str) -> str:
        """The value of the input with this name."""
        for tag in re.findall(r"<input\b[^>]*>", self.text):
            if f'name="{name}"' in tag:
                found = re.search(r'\bvalue="([^"]*)"', tag)
                return html.unescape(found[1]) if found else ""
        raise AssertionError(f"no input {name!r}")

    def area(self, name: str) -> str:
        """The text of the textarea with this name."""
        found = re.search(rf'(?s)<textarea\b[^>]*name="{re.escape(name)}"[^>]*>(.*?)</textarea>', self.text)
        assert found is not None, f"no textarea {name!r}"
        return html.unescape(found[1])


@dataclass
class Visitor:
    """Somebody with a browser; `csrf` is that of their session, "" for a citizen without account."""

    session: ClientSession
    csrf: str = ""
    language: str = "vi"

    async def get(self, path: str, **headers: str) -> Page:
        sent = {"Accept-Language": self.language} | {name.replace("_", "-"): text for name, text in headers.items()}
        async with self.session.get(path, allow_redirects=False, headers=sent) as response:
            body = await response.read()
            return Page(response.status, body.decode(errors="replace"), response.headers, body)

    async def post(self, path: str, fields: dict[str, str] | FormData | None = None, *, csrf: bool = True) -> Page:
        fields = {} if fields is None else fields
        if csrf and isinstance(fields, dict):
            fields = {"csrf": self.csrf, **fields}
        sent = {"Accept-Language": self.language}
        async with self.session.post(path, data=fields, allow_redirects=False, headers=sent) as response:
            body = await response.read()
            return Page(response.status, body.decode(errors="replace"), response.headers, body)


@dataclass
class Office:
    """The demo authority behind real pages."""

    server: Server
    visitors: list[Visitor] = field(default_factory=list)
    begun: "Beginning | None" = None

    def done(self, act: "Act") -> str | None:
        """What an act left that was carried out before the server started. Only for who asks first: done again it
        would leave another."""
        if self.begun is None or self.begun.act is not act:
            return None
        left, self.begun = self.begun.left, None
        return left

    @property
    def records(self) -> Records:
        return self.server.app[RECORDS]

    def stranger(self, language: str = "vi") -> Visitor:
        """A browser that nobody has signed in with."""
        session = ClientSession(base_url=self.server.client.make_url("/"), cookie_jar=CookieJar(unsafe=True))
        self.visitors.append(Visitor(session, language=language))
        return self.visitors[-1]

    async def sign_in(self, account: str, language: str = "vi") -> Visitor:
        """A browser in which `account` has signed in by the form."""
        return await self.with_token(self.server.app[TOKENS].sign_in(account, auth.utcnow()), language)

    async def with_token(self, token: str, language: str = "vi") -> Visitor:
        visitor = self.stranger(language)
        page = await visitor.post("/sign-in", {"code": token})
        assert page.status == 303, page.words
        visitor.csrf = (await visitor.get("/verify")).value("csrf")
        assert visitor.csrf
        return visitor

    async def account(self, account_id: str) -> Account:
        async with self.server.app[DATABASE].read() as connection:
            found = await directory.account(connection, account_id)
        assert found is not None
        return found

    async def actor(self, account_id: str) -> Actor:
        found = await self.account(account_id)
        return Actor(found.id, found.name, found.title)

    async def meeting(
        self, *, title: str = "Họp giao ban tháng 02", room: str = "hop-abcd1234", presenter: str = "Văn phòng"
    ) -> Meeting:
        """A scheduled meeting: Hạnh chairs, Bình writes, Dũng is invited."""
        chair, secretary, delegate = [await self.account(one) for one in ("hanh", "binh", "dung")]
        meeting = Meeting(
            id=f"m-{room}",
            room=room,
            title=title,
            place="Trụ sở UBND tỉnh",
            authority=Unit(chair.unit.id, chair.unit.name),
            starts_at=datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2),
            chair=person_of(chair, Role.CHAIR),
            secretary=person_of(secretary, Role.SECRETARY),
            invited=(person_of(delegate, Role.DELEGATE),),
            agenda=(AgendaItem("item-1", "Tình hình mưa lũ", presenter),),
            units=(Unit(delegate.unit.id, delegate.unit.short_name),),
        )
        async with self.server.app[DATABASE].begin() as connection:
            await store.add_room(connection, store.RoomEntry(room, title, permanent=False))
            await store.add_meeting(connection, meeting, created_by="binh", created_at=auth.utcnow())
        return meeting

    async def held(self, meeting: Meeting, conclusion: str = "Rà soát các hộ ở vùng có nguy cơ sạt lở") -> None:
        """Hold the meeting: everybody comes, one conclusion is put, the chair closes it; the minutes are drafted."""
        facts: list[Fact] = []
        start = auth.utcnow() - timedelta(hours=1)

        def tell(minute: int, kind: str, actor: str, /, **data: object) -> None:
            facts.append(chained(facts[-1] if facts else None, start + timedelta(minutes=minute), kind, actor, data))

        tell(0, "convened", "system", **meeting.to_json())
        people = (meeting.chair, meeting.secretary, *meeting.invited)
        for person in people:
            tell(1, "joined", person.id, person=person.to_json())
        tell(2, "opened", meeting.chair.id)
        tell(3, "agenda_step", meeting.chair.id, item=meeting.agenda[0].id)
        put = Conclusion("k1", conclusion, meeting.units[0], date(2028, 9, 15), meeting.agenda[0].id).to_json()
        tell(20, "concluded", meeting.secretary.id, conclusion=put.pop("id"), **put)
        for person in people:
            tell(30, "left", person.id, person=person.id, since=facts[-1].at.isoformat(), reason="closed")
        tell(30, "closed", meeting.chair.id)
        async with self.server.app[DATABASE].begin() as connection:
            await store.keep(connection, meeting.id, facts)
        await self.records.draft_minutes(Proceedings.from_facts(facts))

    async def minutes(self, until: State = State.DRAFT, **options: str) -> str:
        """The id of minutes that have come as far as `until`."""
        if until is State.SEALED and not options and (done := self.done(sealed_minutes)):
            return done
        meeting = await self.meeting(**options)
        await self.held(meeting)
        (document,) = await self.records.documents(meeting_id=meeting.id)
        await self.advance(document.id, until)
        return document.id

    async def notice(self, until: State = State.SEALED, **options: str) -> str:
        """The id of a notice of conclusions that has come as far as `until`."""
        if until is State.SEALED and not options and (done := self.done(sealed_notice)):
            return done
        minutes = await self.minutes(State.SEALED, **options)
        notice = await self.records.draft_notice(minutes, await self.actor("binh"))
        await self.advance(notice, until)
        return notice

    async def advance(self, document_id: str, until: State) -> None:
        """Carry a record on by the same use cases as the pages call."""
        while (document := await self.records.get(document_id)).state is not until:
            match document.state:
                case State.DRAFT | State.REVISED:
                    await fill(self.records, document_id, await self.actor("binh"))
                    await self.records.submit(document_id, by=await self.actor("binh"))
                case State.REVIEW:
                    await self.records.approve(document_id, by=await self.actor("hanh"))
                case State.APPROVED:
                    signer = document.next_signers[0]
                    await self.records.sign(document_id, by=await self.actor(signer.account), pin=PIN)
                case _:
                    await self.records.seal(document_id, by=await self.actor("cuc"), pin=PIN)

    async def posted(self, **options: str) -> str:
        """The id of a published notice."""
        notice = await self.notice(**options)
        await self.records.publish(notice, by=await self.actor("cuc"), reason="Liên quan đến người dân")
        return notice


Act = Callable[[Office], Awaitable[str]]


def begins_with(act: Act) -> pytest.MarkDecorator:
    """Of stories that begin with the same act, which takes long: once a worker it is carried out, and their servers
    start from copies of the folder that it has left. Their own call of it, which must ask `Office.done`, only takes
    over what it left. On PostgreSQL each story carries it out."""
    return pytest.mark.begins_with.with_args(act)


async def sealed_minutes(office: Office) -> str:
    return await office.minutes(State.SEALED)


async def sealed_notice(office: Office) -> str:
    return await office.notice()


class Beginning:
    """An act, and the folder of an office in which it was carried out."""

    def __init__(self, act: Act, folder: Path, demo_data: Callable[[Path], Awaitable[None]]) -> None:
        self.act = act
        self.left = ""
        self._folder = folder
        self._demo_data = demo_data

    async def copy(self, target: Path) -> None:
        if not self.left:
            await self._demo_data(self._folder)
            app = build_app(config.load(None, data=self._folder, media={"host": "127.0.0.1"}))
            async with TestClient(TestServer(app)) as client:
                self.left = await self.act(Office(Server(app, client, self._folder)))
        shutil.copytree(self._folder, target)


@pytest.fixture(scope="session")
def beginnings(
    tmp_path_factory: pytest.TempPathFactory, demo_data: Callable[[Path], Awaitable[None]]
) -> Callable[[Act], Beginning]:
    """The one of each act."""
    return functools.cache(lambda act: Beginning(act, tmp_path_factory.mktemp("begun") / "giaoban-data", demo_data))


@pytest.fixture
def beginning(
    request: pytest.FixtureRequest, database_kind: str, beginnings: Callable[[Act], Beginning]
) -> Beginning | None:
    mark = request.node.get_closest_marker("begins_with")
    return beginnings(mark.args[0]) if mark is not None and database_kind == "sqlite" else None


@pytest.fixture
def starting_data(
    beginning: Beginning | None, demo_data: Callable[[Path], Awaitable[None]]
) -> Callable[[Path], Awaitable[None]]:
    return demo_data if beginning is None else beginning.copy


@pytest_asyncio.fixture
async def office(server: Server, beginning: Beginning | None) -> AsyncIterator[Office]:
    found = Office(server, begun=beginning)
    yield found
    for visitor in found.visitors:
        await visitor.session.close()


Refuses = Callable[[Office, str, str], Awaitable[None]]


@pytest.fixture
def refuses() -> Callable[..., Awaitable[None]]:
    """Checks that each of `others` and a stranger may not do a POST, and that a missing CSRF token stops `who`."""

    async def check(office: Office, path: str, *, who: str, others: tuple[str, ...]) -> None:
        stranger = await office.stranger().post(path)
        assert stranger.status == 401
        assert "những gì vừa gửi chưa được lưu" in stranger.words
        for other in others:
            page = await (await office.sign_in(other)).post(path)
            assert page.status == 403, (other, page.words)
        page = await (await office.sign_in(who)).post(path, csrf=False)
        assert page.status == 403, page.words
        assert "Biểu mẫu đã cũ" in page.words

    return check
