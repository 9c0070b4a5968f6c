"""A whole server in the test's own event loop: real database, real media port, real records; fresh for each test."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, web, web_app
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import make_url

from server import auth, config, demo
from server.app import build_app
from server.keys import TOKENS

Message = dict[str, Any]


@dataclass
class Seat:
    """One person's WebSocket."""

    socket: ClientWebSocketResponse
    welcome: Message
    number: int = 0

    async def say(self, type_: str, **fields: Any) -> Message:
        """Send a command and return its ack or error."""
        self.number += 1
        await self.socket.send_json({"type": type_, "id": self.number, **fields})
        return await self.until(
            lambda message: message.get("id") == self.number and message["type"] in ("ack", "error")
        )

    async def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The next message that is `wanted`; others are passed over."""
        while True:
            message: Message = await self.socket.receive_json(timeout=10)
            if wanted(message):
                return message

    async def hears(self, type_: str) -> Message:
        return await self.until(lambda message: message["type"] == type_)


@dataclass
class Server:
    """The application under test and ways into it."""

    app: web.Application
    client: TestClient[web.Request, web.Application]
    data: Path

    def token(self, role: str, *, room: str = "giao-ban", name: str = "Người thử", subject: str = "") -> str:
        return self.app[TOKENS].room(room, name, role, subject or f"t-{role}", auth.utcnow())

    def person(self, account: str) -> dict[str, str]:
        """Authorization header of an account."""
        return {"Authorization": f"Bearer {self.app[TOKENS].sign_in(account, auth.utcnow())}"}

    def bearer(self, role: str, **options: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(role, **options)}"}

    async def sit(self, headers: dict[str, str], room: str = "giao-ban", page: str | None = None) -> Seat:
        query = {} if page is None else {"page": page}
        socket = await self.client.ws_connect(f"/rooms/{room}/ws", headers=headers, params=query)
        welcome = await socket.receive_json(timeout=10)
        assert welcome["type"] == "welcome", welcome
        return Seat(socket, welcome)


@pytest_asyncio.fixture
async def server(
    tmp_path: Path,
    database_kind: str,
    starting_data: Callable[[Path], Awaitable[None]],
    demo_on_postgresql: Callable[[Path], Awaitable[str]],
) -> AsyncIterator[Server]:
    data = tmp_path / "giaoban-data"
    url: str | None = None
    if database_kind == "postgresql":
        url = await demo_on_postgresql(data)
    else:
        await starting_data(data)
    app = build_app(config.load(None, data=data, media={"host": "127.0.0.1"}, database={"url": url}))
    async with TestClient(TestServer(app)) as client:
        yield Server(app, client, data)
    # aiohttp keeps the last thousand applications that it answered for; the suite's are some hundreds, of 10 MB each.
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Awaitable[None]]:
    """Prepares the demo authority once and copies its folder for each test."""
    prepared = tmp_path_factory.mktemp("demo") / "giaoban-data"

    async def copy(target: Path) -> None:
        if not prepared.exists():
            settings = config.load(None, data=prepared)
            prepared.mkdir()
            await demo.prepare(settings)
        shutil.copytree(prepared, target)

    return copy


@pytest.fixture
def starting_data(demo_data: Callable[[Path], Awaitable[None]]) -> Callable[[Path], Awaitable[None]]:
    """Makes the folder that the server starts from (on SQLite)."""
    return demo_data


@pytest.fixture(scope="session")
def demo_on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, postgresql_create: Callable[..., str]
) -> Callable[[Path], Awaitable[str]]:
    """The same with its rows in PostgreSQL; copying returns the URL of their copy."""
    prepared: list[config.Config] = []

    async def copy(target: Path) -> str:
        if not prepared:
            data = tmp_path_factory.mktemp("demo") / "giaoban-data"
            data.mkdir()
            prepared.append(config.load(None, data=data, database={"url": postgresql_create()}))
            await demo.prepare(prepared[0])
        shutil.copytree(prepared[0].data, target)
        return postgresql_create(make_url(prepared[0].database_url).database)

    return copy
