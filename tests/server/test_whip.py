"""WHIP and WHEP: who may publish what, and what is refused."""

import pytest

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
