"""WHIP and WHEP: who may publish what, and what is refused."""

import asyncio

import pytest

from server.keys import SITTINGS
from tests.media import browser_offers
from tests.server.conftest import Server

SDP = {"Content-Type": "application/sdp"}


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/whip/giao-ban", None, 401),
        ("/whip/giao-ban/codec-1", "delegate", 403),
        ("/whip/giao-ban/codec-1", "chair", 403),
        ("/whip/giao-ban", "viewer", 403),
        ("/whip/khong-co", "delegate", 403),
        ("/whip/giao-ban/" + "x" * 65, "gateway", 400),
        ("/whip/giao-ban", "delegate", 400),
        ("/whep/giao-ban", "viewer", 400),
        ("/whep/giao-ban/nobody", "viewer", 404),
    ],
)
async def test_refusals(server: Server, path: str, role: str | None, status: int) -> None:
    headers = SDP | (server.bearer(role) if role else {})
    response = await server.client.post(path, data="not an offer", headers=headers)
    assert response.status == status
    assert (await response.json())["message"].endswith((".", "!"))


async def test_an_offer_must_say_that_it_is_one(server: Server) -> None:
    response = await server.client.post("/whip/giao-ban", data="v=0", headers=server.bearer("delegate"))
    assert response.status == 415


async def test_an_oversized_offer_is_refused(server: Server) -> None:
    response = await server.client.post("/whip/giao-ban", data="v" * 70_000, headers=SDP | server.bearer("delegate"))
    assert response.status == 400


async def test_only_its_owner_ends_a_session(server: Server) -> None:
    response = await server.client.delete("/whip/giao-ban/sessions/unknown", headers=server.bearer("delegate"))
    assert response.status == 404


async def test_participants_are_listed_for_those_of_the_room(server: Server) -> None:
    await server.sit(server.person("dung"))
    path = "/api/v1/rooms/giao-ban/participants"
    assert (await server.client.get(path)).status == 401
    assert (await server.client.get(path, headers=server.bearer("viewer", room="other"))).status == 403
    listed = await (await server.client.get(path, headers=server.bearer("gateway"))).json()
    assert [(p["id"], p["name"], p["publishing"]) for p in listed["participants"]] == [("dung", "Lò Văn Dũng", False)]


async def test_who_is_sent_out_neither_sends_nor_watches_any_more(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    minh = server.bearer("delegate")
    await server.sit(minh)
    await chair.say("participant.remove", participant="t-delegate")
    for path in ("/whip/giao-ban", "/whep/giao-ban"):
        response = await server.client.post(path, data=browser_offers.CHROMIUM, headers=SDP | minh)
        assert (response.status, (await response.json())["error"]) == (403, "not_invited")
    assert (await server.client.get("/api/v1/rooms/giao-ban/participants", headers=minh)).status == 403
    again = await server.client.ws_connect("/rooms/giao-ban/ws", headers=minh)
    assert (await again.receive_json(timeout=10))["type"] == "waiting"


async def test_sending_somebody_out_ends_what_they_publish_without_a_seat(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    dung = server.person("dung")
    response = await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | dung)
    assert response.status == 201
    await chair.say("participant.remove", participant="dung")
    sitting = await server.app[SITTINGS].get("giao-ban")
    async with asyncio.timeout(5):
        while sitting.studio.streams.sessions_of("dung"):
            await asyncio.sleep(0)
    shown = await chair.until(lambda one: one["type"] == "participant" and one["participant"]["id"] == "dung")
    assert not shown["participant"]["audio"]
    assert sitting.router.directions("dung") == []


async def test_whom_the_chair_made_an_observer_does_not_send(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    dung = server.person("dung")
    await server.sit(dung)
    await chair.say("role.set", participant="dung", role="viewer")
    response = await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | dung)
    assert (response.status, (await response.json())["error"]) == (403, "not_allowed")


async def test_who_publishes_without_a_seat_is_hushed_with_the_others_until_they_are_called_on(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    delegate = await server.sit(server.person("lan"))
    dung = server.person("dung")
    assert (await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | dung)).status == 201
    sitting = await server.app[SITTINGS].get("giao-ban")

    async def said(type: str, audio: bool, **fields: str) -> None:
        await chair.socket.send_json({"type": type, **fields})
        told = await chair.until(
            lambda one: one["type"] == "participant" and one["participant"]["id"] == "dung"
            and one["participant"]["audio"] is audio
        )  # fmt: skip
        assert told["participant"]["stream"]
        assert sitting.router._patchbay.muted("dung", "audio") is not audio

    await said("mic.hush", False)
    assert (await delegate.say("mic.open", participant="dung"))["code"] == "not_allowed"
    await said("mic.open", True, participant="dung")
    await said("mic.hush", False, participant="dung")
    assert (await chair.say("mic.open", participant="lan"))["code"] == "wrong_person"
    assert (await chair.say("mic.open", participant="phuc"))["code"] == "unknown_participant"
    await chair.say("mic.lock", on=True)
    await chair.say("mic.lock", on=False)
    assert sitting.router._patchbay.muted("dung", "audio"), "unlocking opens nobody's microphone"


async def test_who_publishes_without_a_seat_is_not_heard_in_a_break(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    dung, lan = server.person("dung"), server.person("lan")
    assert (await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | dung)).status == 201
    sitting = await server.app[SITTINGS].get("giao-ban")
    await chair.say("meeting.adjourn")
    assert (await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | lan)).status == 201
    for person in ("dung", "lan"):
        assert sitting.router._patchbay.muted(person, "audio")
        assert not sitting.studio.streams.sources[person].to_json()["audio"]
    await chair.say("mic.open", participant="dung")
    assert sitting.router._patchbay.muted("dung", "audio"), "nobody opens it before the meeting goes on"
    await chair.say("meeting.go_on")
    assert [sitting.router._patchbay.muted(person, "audio") for person in ("dung", "lan")] == [False, False]


async def test_locked_microphones_are_also_those_of_who_publishes_without_a_seat(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    dung = server.person("dung")
    assert (await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | dung)).status == 201
    sitting = await server.app[SITTINGS].get("giao-ban")

    async def shown(audio: bool) -> None:
        await chair.until(
            lambda one: one["type"] == "participant" and one["participant"]["id"] == "dung"
            and one["participant"]["audio"] is audio
        )  # fmt: skip
        assert sitting.router._patchbay.muted("dung", "audio") is not audio

    await shown(True)
    await chair.socket.send_json({"type": "mic.lock", "on": True})
    await shown(False)
    lan = server.person("lan")
    assert (await server.client.post("/whip/giao-ban", data=browser_offers.CHROMIUM, headers=SDP | lan)).status == 201
    assert sitting.router._patchbay.muted("lan", "audio"), "who begins while they are locked"
    await chair.socket.send_json({"type": "mic.lock", "on": False})
    await shown(True)
