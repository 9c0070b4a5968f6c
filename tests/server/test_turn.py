"""Relay credentials: what coturn accepts, from whom, for how long, and where the relay leads."""

import asyncio
import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aioice import stun, turn

from server import config
from server.app import build_app
from server.config import TurnConfig
from server.errors import SetupError
from server.keys import SITTINGS
from server.turn import Relays, fault
from tests.relay import SECRET, Relay
from tests.server.conftest import Server

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
URL = "turns:turn.example.gov.vn:443?transport=tcp"


def relays(**changes: Any) -> Relays:
    return Relays(TurnConfig(**({"urls": [URL], "secret": SECRET} | changes)))


def test_credentials_are_an_expiry_with_a_name_and_its_keyed_hash() -> None:
    [issued] = relays(lifetime=600).issue("lan", NOW)
    expiry = int(NOW.timestamp()) + 600
    assert issued["username"] == f"{expiry}:lan"
    digest = hmac.new(SECRET.encode(), f"{expiry}:lan".encode(), hashlib.sha1).digest()
    assert base64.b64decode(issued["credential"]) == digest
    assert issued["urls"] == [URL]


def test_without_a_relay_nothing_is_issued() -> None:
    assert Relays(TurnConfig()).issue("lan", NOW) == []


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"urls": [URL]}, "turn.secret"),
        ({"urls": ["https://turn.example"], "secret": SECRET}, "turn.urls"),
        ({"urls": [URL], "secret": "short"}, "16"),
        ({"only": True}, "turn.only"),
    ],
)
def test_half_a_configuration_is_refused_without_telling_the_secret(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SetupError) as refused:
        config.load(None, turn=settings)
    assert named in str(refused.value)
    assert SECRET not in str(refused.value)
    assert SECRET not in repr(config.load(None, turn={"secret": SECRET}))


async def test_the_welcome_has_credentials_and_a_long_meeting_gets_new_ones(tmp_path: Path, demo_data: Any) -> None:
    data = tmp_path / "giaoban-data"
    await demo_data(data)
    settings = {"urls": [URL], "secret": SECRET, "lifetime": 3600}
    app = build_app(config.load(None, data=data, media={"host": "127.0.0.1"}, turn=settings))
    async with TestClient(TestServer(app)) as client:
        server = Server(app, client, data)
        seat = await server.sit(server.person("dung"))
        [first] = seat.welcome["ice"]
        assert first["username"].endswith(":dung")
        sitting = await app[SITTINGS].get("giao-ban")
        await sitting.tick(datetime.now(UTC) + timedelta(minutes=31))
        [second] = (await seat.hears("media.ice"))["ice"]
        assert int(second["username"].partition(":")[0]) > int(first["username"].partition(":")[0]) + 1800


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    running = Relay.start(tmp_path / "relay")
    yield running
    running.stop()


async def test_the_relay_takes_our_credentials_until_they_expire_and_leads_to_our_media_only(relay: Relay) -> None:
    url = f"turn:127.0.0.1:{relay.port}?transport=udp"
    now = datetime.now(UTC)
    [good] = relays(urls=[url]).issue("dung", now)
    [old] = relays(urls=[url]).issue("dung", now - timedelta(hours=7))
    assert await fault(url, good["username"], good["credential"]) is None
    for name, word in (
        (old["username"], old["credential"]),
        (good["username"].replace("dung", "lan"), good["credential"]),
    ):
        assert "từ chối" in str(await fault(url, name, word))
    secure = f"turns:localhost:{relay.secure_port}?transport=tcp"
    assert "certificate" in str(await fault(secure, good["username"], good["credential"]))

    transport, _ = await turn.create_turn_endpoint(
        asyncio.DatagramProtocol, ("127.0.0.1", relay.port), good["username"], good["credential"]
    )
    protocol = transport._TurnTransport__inner_protocol  # the permission is asked for by the inner protocol
    await protocol.channel_bind(0x4000, ("127.0.0.1", 9))
    for stranger in ("127.0.0.2", "10.0.0.1", "192.0.2.1"):
        with pytest.raises(stun.TransactionFailed) as refused:
            await protocol.channel_bind(0x4001, (stranger, 9))
        assert refused.value.response.attributes["ERROR-CODE"][0] == 403
    transport.close()
