"""WHIP and WHEP over HTTP with a foreign implementation: aiortc publishes, another aiortc watches and decodes."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from server.keys import ENDPOINT, SITTINGS
from tests.interop.test_aiortc import Grey, Peer, Tone, brightness, sound
from tests.server.conftest import Server

LIMIT = 45.0


class Caller:
    """Peers that signal by one HTTP request each. Owned: their connections."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.peers: list[Peer] = []

    async def send(self, path: str, headers: dict[str, str], *, brightness: int | None = None) -> tuple[Peer, str]:
        """POST an offer; with `brightness` it publishes, else it watches. Returns the peer and its resource."""
        peer = Peer()
        self.peers.append(peer)
        if brightness is None:
            peer.connection.addTransceiver("audio", direction="recvonly")
            peer.connection.addTransceiver("video", direction="recvonly")
        else:
            peer.connection.addTrack(Tone())
            peer.connection.addTrack(Grey(brightness))
        headers = headers | {"Content-Type": "application/sdp"}
        response = await self.server.client.post(path, data=await peer.offer(), headers=headers)
        answer = await response.text()
        assert (response.status, response.content_type) == (201, "application/sdp"), answer
        assert "a=candidate:" in answer, "no trickle: the candidates are in the answer"
        await peer.take(answer)
        return peer, response.headers["Location"]

    async def publishing(self) -> list[str]:
        path = "/api/v1/rooms/giao-ban/participants"
        listed = await (await self.server.client.get(path, headers=self.server.bearer("gateway"))).json()
        return sorted(one["id"] for one in listed["participants"] if one["publishing"])

    async def until_publishing(self, *ids: str) -> None:
        async with asyncio.timeout(LIMIT):
            while await self.publishing() != sorted(ids):
                await asyncio.sleep(0.02)  # another process's view: there is no event to wait for


@pytest_asyncio.fixture
async def caller(server: Server) -> AsyncIterator[Caller]:
    made = Caller(server)
    yield made
    for peer in made.peers:
        await peer.connection.close()


async def test_one_publishes_by_whip_and_another_watches_by_whep(server: Server, caller: Caller) -> None:
    _, resource = await caller.send("/whip/giao-ban", server.bearer("delegate", subject="codec"), brightness=200)
    await caller.until_publishing("codec")
    viewer, _ = await caller.send("/whep/giao-ban/codec", server.bearer("viewer"))
    await brightness(viewer.track("1"), 200)
    await sound(viewer.track("0"))
    assert (await server.client.delete(resource, headers=server.bearer("viewer"))).status == 404
    ended = await server.client.delete(resource, headers=server.bearer("delegate", subject="codec"))
    assert ended.status == 200
    await caller.until_publishing()


async def test_a_gateway_publishes_under_any_name_and_the_meeting_sees_it(server: Server, caller: Caller) -> None:
    chair = await server.sit(server.person("hanh"))
    await caller.send("/whip/giao-ban/phong-hop-2", server.bearer("gateway"), brightness=60)
    seen = await chair.until(lambda message: message.get("participant", {}).get("id") == "phong-hop-2")
    assert (seen["type"], seen["participant"]["role"]) == ("participant", "gateway")
    await caller.until_publishing("phong-hop-2")
    await chair.say("media.subscribe")
    offer = await chair.hears("media.offer")
    assert {(track["participant"], track["kind"]) for track in offer["tracks"]} == {
        ("phong-hop-2", "audio"), ("phong-hop-2", "video"),
    }  # fmt: skip
    viewer, _ = await caller.send("/whep/giao-ban", server.bearer("viewer"))
    await brightness(viewer.track("1"), 60)


async def test_who_is_muted_in_the_meeting_is_muted_by_whip_too(server: Server, caller: Caller) -> None:
    seat = await server.sit(server.person("dung"))
    await caller.send("/whip/giao-ban", server.person("dung"), brightness=200)
    await caller.until_publishing("dung")
    viewer, _ = await caller.send("/whep/giao-ban/dung", server.bearer("viewer"))
    silent = await forwarded(server)
    await seat.say("media.state", audio=True, video=True)
    await brightness(viewer.track("1"), 200)
    assert silent == 0


async def forwarded(server: Server) -> int:
    """Media packets sent on so far."""
    return server.app[ENDPOINT].counters()["forwarded"]


async def test_closing_the_meeting_ends_what_is_published(server: Server, caller: Caller) -> None:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    await caller.send("/whip/giao-ban", server.bearer("delegate", subject="codec"), brightness=60)
    await caller.until_publishing("codec")
    router = (await server.app[SITTINGS].get("giao-ban")).router
    await chair.say("meeting.close")
    assert router.publishers() == []
