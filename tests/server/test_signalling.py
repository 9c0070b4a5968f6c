"""The WebSocket edge: who may sit down, what is refused, and that nobody else notices."""

import asyncio
import itertools
import json
from datetime import timedelta

import pytest
from aiohttp import WSMsgType
from aiohttp.client_exceptions import WSServerHandshakeError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rooms.facts import from_iso
from rooms.topics.late import LATE
from server import signalling
from server.auth import utcnow
from server.connection import SILENT
from server.keys import SITTINGS
from server.signalling import COMING
from tests.server.conftest import Server


@pytest.mark.parametrize(
    ("headers", "room", "status"),
    [
        ({}, "giao-ban", 401),
        ({"Authorization": "Bearer forged.token.here"}, "giao-ban", 401),
        ({"Authorization": "Basic aGFuaDpoYW5o"}, "giao-ban", 401),
        ("delegate", "khong-co", 404),
        ("gateway", "giao-ban", 403),
    ],
)
async def test_a_stranger_is_refused_before_the_upgrade(
    server: Server, headers: object, room: str, status: int
) -> None:
    sent = headers if isinstance(headers, dict) else server.bearer(str(headers), room=room)
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.client.ws_connect(f"/rooms/{room}/ws", headers=sent)
    assert refused.value.status == status


async def test_a_token_of_another_room_opens_nothing(server: Server) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.client.ws_connect("/rooms/giao-ban/ws", headers=server.bearer("chair", room="other"))
    assert refused.value.status == 403


async def test_a_page_of_another_site_cannot_use_the_cookie(server: Server) -> None:
    with pytest.raises(WSServerHandshakeError) as refused:
        await server.client.ws_connect("/rooms/giao-ban/ws", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


async def test_a_meeting_is_opened_by_its_chair_and_by_nobody_else(server: Server) -> None:
    delegate = await server.sit(server.person("dung"))
    assert (await delegate.say("meeting.open"))["code"] == "not_allowed"
    chair = await server.sit(server.person("hanh"))
    assert (await chair.say("meeting.open"))["type"] == "ack"
    assert (await delegate.hears("meeting"))["meeting"]["state"] == "open"


async def test_bad_messages_get_an_error_and_disturb_nobody(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    troll = await server.sit(server.person("dung"))
    for frame in ("", "{", "[]", "[" * 100_000, '{"type":"nope"}', '{"type":"vote.cast","vote":7}'):
        await troll.socket.send_str(frame)
        assert (await troll.hears("error"))["code"] == "bad_message"
    assert (await chair.say("meeting.open"))["type"] == "ack"


async def test_ten_bad_messages_close_the_socket(server: Server) -> None:
    troll = await server.sit(server.person("dung"))
    for _ in range(10):
        await troll.socket.send_str("no")
    while (frame := await troll.socket.receive(timeout=10)).type is WSMsgType.TEXT:
        assert json.loads(frame.data)["code"] == "bad_message"
    assert troll.socket.close_code == 1008


async def test_an_oversized_frame_closes_the_socket_only_of_its_sender(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    troll = await server.sit(server.person("dung"))
    await troll.socket.send_str("x" * 200_000)
    while (await troll.socket.receive(timeout=10)).type is WSMsgType.TEXT:
        pass
    assert troll.socket.close_code == 1009
    assert (await chair.say("meeting.open"))["type"] == "ack"


NAMES = st.sampled_from(["type", "id", "sdp", "x"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
).map(json.dumps)
EXAMPLES = itertools.count()  # each by another person, for all that somebody says counts together


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(frames=st.lists(st.text(max_size=60) | ANY_JSON, min_size=1, max_size=5))
async def test_whatever_is_said_the_server_keeps_answering(server: Server, frames: list[str]) -> None:
    seat = await server.sit(server.bearer("delegate", subject=f"t-{next(EXAMPLES)}"))
    for frame in frames:
        await seat.socket.send_str(frame)
    await seat.socket.send_json({"type": "ping"})
    assert (await seat.hears("pong"))["type"] == "pong"
    await seat.socket.close()


async def test_malformed_sdp_is_refused_with_a_sentence(server: Server) -> None:
    seat = await server.sit(server.person("dung"))
    answer = await seat.say("media.offer", sdp="v=0\r\nm=audio\r\n")
    assert (answer["type"], answer["code"]) == ("error", "media_refused")
    assert answer["message"].endswith(".")


async def test_a_second_device_takes_the_seat_over(server: Server) -> None:
    first = await server.sit(server.person("dung"))
    second = await server.sit(server.person("dung"))
    assert (await first.hears("bye"))["reason"] == "replaced"
    people = [p for p in second.welcome["participants"] if p["id"] == "dung"]
    assert [p["connected"] for p in people] == [True]


async def test_the_same_page_comes_back_with_its_devices_as_they_were_and_hears_no_farewell(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    first = await server.sit(server.person("dung"), page="abc")
    await first.say("media.state", audio=True, video=False)
    await first.say("media.subscribe")
    second = await server.sit(server.person("dung"), page="abc")
    [dung] = [one for one in second.welcome["participants"] if one["id"] == "dung"]
    assert (dung["connected"], dung["audio"], dung["video"]) == (True, True, False)
    assert second.welcome["transports"] == ["down"]
    heard = [json.loads(frame.data)["type"] async for frame in first.socket if frame.type is WSMsgType.TEXT]
    assert "bye" not in heard
    await second.socket.close()
    await chair.until(lambda message: message["type"] == "participant" and not message["participant"]["connected"])
    third = await server.sit(server.person("dung"), page="abc")
    assert third.welcome["transports"] == ["down"], "the line was found dead, and its media kept all the same"


@pytest.mark.parametrize("page", ["other", "", "no name!"])
async def test_another_page_begins_anew(server: Server, page: str) -> None:
    first = await server.sit(server.person("dung"), page="abc")
    await first.say("media.state", audio=True, video=False)
    await first.say("media.subscribe")
    second = await server.sit(server.person("dung"), page=page)
    [dung] = [one for one in second.welcome["participants"] if one["id"] == "dung"]
    assert (dung["audio"], second.welcome["transports"]) == (False, [])
    assert (await first.hears("bye"))["reason"] == "replaced"


async def test_a_dropped_line_keeps_hand_and_place(server: Server) -> None:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    for person in ("dung", "lan"):
        seat = await server.sit(server.person(person))
        await seat.say("hand.raise")
        await seat.socket.close()
    back = await server.sit(server.person("dung"))
    assert [one["participant"] for one in back.welcome["floor"]["queue"]] == ["dung", "lan"]


async def test_a_result_is_on_disk_before_anybody_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    sitting = await server.app[SITTINGS].get("giao-ban")

    async def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.sitting.store.keep", full_disk)
    assert (await chair.say("vote.open", text="Thông qua?"))["code"] == "busy"
    monkeypatch.undo()
    assert sitting.room.welcome("hanh", sitting.room.meeting.starts_at)["votes"] == []
    assert (await chair.say("vote.open", text="Thông qua?"))["type"] == "ack"


async def test_who_leaves_hears_the_ack_and_then_farewell(server: Server) -> None:
    seat = await server.sit(server.person("dung"))
    assert (await seat.say("leave"))["type"] == "ack"
    assert (await seat.hears("bye"))["reason"] == "left"
    assert (await seat.socket.receive(timeout=10)).type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)
    sitting = await server.app[SITTINGS].get("giao-ban")
    assert not sitting.room.state.present("dung")


async def test_a_join_that_cannot_be_kept_is_told_inside_the_conversation(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.sitting.store.keep", full_disk)
    socket = await server.client.ws_connect("/rooms/giao-ban/ws", headers=server.person("dung"))
    assert (await socket.receive_json(timeout=10))["code"] == "busy"
    assert (await socket.receive(timeout=10)).type is WSMsgType.CLOSE
    monkeypatch.undo()
    await server.sit(server.person("dung"))


async def test_others_hear_nothing_of_what_could_not_be_kept(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    await chair.say("meeting.open")

    async def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("server.sitting.store.keep", full_disk)
    assert (await chair.say("vote.open", text="Thông qua?"))["code"] == "busy"
    heard: list[str] = []
    await delegate.socket.send_json({"type": "ping"})
    while (message := await delegate.socket.receive_json(timeout=10))["type"] != "pong":
        heard.append(message["type"])
    assert "vote" not in heard


async def test_refusals_are_counted_by_code(server: Server) -> None:
    seat = await server.sit(server.person("dung"))
    await seat.socket.send_str("no")
    await seat.hears("error")
    assert (await seat.say("meeting.open"))["code"] == "not_allowed"
    metrics = await (await server.client.get("/metrics")).text()
    assert 'giaoban_refused_total{code="bad_message"} 1.0' in metrics
    assert 'giaoban_refused_total{code="not_allowed"} 1.0' in metrics


async def test_messages_poured_in_are_answered_busy(server: Server) -> None:
    seat = await server.sit(server.person("dung"))
    for _ in range(100):
        await seat.socket.send_json({"type": "ping"})
    answers = [(await seat.until(lambda message: message["type"] in ("pong", "error")))["type"] for _ in range(100)]
    assert answers[:60] == ["pong"] * 60
    assert answers.count("error") > 20


async def test_answers_to_the_servers_offers_leave_the_pace_to_what_one_does_oneself(server: Server) -> None:
    seat = await server.sit(server.person("dung"))
    for _ in range(100):  # as they come when a hundred people enter a meeting together
        await seat.socket.send_json({"type": "media.answer", "sdp": "v=0"})
    await seat.socket.send_json({"type": "ping"})
    replies = []
    while "pong" not in replies:
        replies.append((await seat.until(lambda message: message["type"] in ("pong", "error"))).get("code", "pong"))
    assert "busy" not in replies


async def test_who_closes_the_meeting_hears_the_ack_before_the_farewell(server: Server) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    await chair.say("meeting.open")
    assert (await chair.say("meeting.close"))["type"] == "ack"
    for seat in (chair, delegate):
        assert (await seat.hears("bye"))["reason"] == "closed"


async def test_whose_role_has_changed_is_told_what_they_may_say_now(server: Server) -> None:
    chair, lan = await server.sit(server.person("hanh")), await server.sit(server.person("lan"))
    await chair.say("meeting.open")
    assert (await chair.say("chair.hand", participant="lan"))["type"] == "ack"
    assert "vote.open" in (await lan.hears("welcome"))["may"]
    assert (await chair.say("vote.open", text="Thông qua?"))["code"] == "not_allowed"
    assert (await lan.say("vote.open", text="Thông qua?"))["type"] == "ack"
    assert (await lan.say("role.set", participant="dung", role="viewer"))["type"] == "ack"
    dung = await server.sit(server.person("dung"))
    assert "vote.cast" not in dung.welcome["may"]
    assert [one["role"] for one in dung.welcome["participants"] if one["id"] == "dung"] == ["viewer"]


async def test_who_was_sent_out_and_lags_before_the_door_hears_of_the_lobby_alone(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    assert (await chair.say("participant.remove", participant="dung"))["type"] == "ack"
    await delegate.hears("bye")
    socket = await server.client.ws_connect("/rooms/giao-ban/ws", headers=server.person("dung"))
    first = await socket.receive_json(timeout=10)
    assert first["type"] == "waiting"
    monkeypatch.setattr("server.connection.QUEUE", 1)  # its pong and its ack are too much at once
    await socket.send_json({"type": "ping", "id": 1})
    assert await socket.receive_json(timeout=10) == first
    await socket.close()


async def test_a_line_that_fell_silent_counts_as_lost_since_it_was_last_heard(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signalling, "HEARTBEAT", 0.2)
    chair = await server.sit(server.person("hanh"))
    lan = await server.sit(server.person("lan"))  # from now on nobody reads, nor answers
    told = await chair.until(
        lambda one: one["type"] == "participant" and one["participant"]["id"] == "lan" and one["participant"]["lost"]
    )
    assert (told["participant"]["present"], told["participant"]["connected"]) == (True, False)
    sitting = await server.app[SITTINGS].get("giao-ban")
    lost = next(fact for fact in sitting.room.facts if fact.kind == "line_lost")
    assert from_iso(lost.data["since"]) <= lost.at - signalling.SILENCE
    assert lan.socket.exception() is None


@pytest.mark.parametrize("closed", [False, True])
async def test_who_comes_back_after_a_short_vote_was_held_in_their_silence_has_missed_it(
    server: Server, closed: bool
) -> None:
    chair = await server.sit(server.person("hanh"))
    await chair.say("meeting.open")
    first = await server.sit(server.person("lan"), page="abc")
    await first.say("media.subscribe")
    await first.socket.send_json({"type": "ping"})
    await first.hears("pong")
    await chair.say("vote.open", text="Thông qua?")
    assert (await chair.say("vote.close", vote="v1"))["type"] == "ack"
    sitting = await server.app[SITTINGS].get("giao-ban")
    assert "lan" not in LATE.of(sitting.room.state).missed
    sitting.connections["lan"].pinged_at = asyncio.get_running_loop().time() - 2 * SILENT
    if closed:
        await first.socket.close()
        await chair.until(lambda one: one["type"] == "participant" and one["participant"]["lost"])
    second = await server.sit(server.person("lan"), page="abc")
    assert second.welcome["missed"] == [{"id": "lan", "votes": ["v1"]}]
    assert sitting.room.state.people["lan"].counted, "she is back"
    (vote,) = sitting.room.proceedings.votes()
    assert [one.id for one in vote.counted] == ["lan"]


async def test_the_chair_is_told_of_who_is_not_heard_before_a_vote_is_closed(server: Server) -> None:
    chair, lan = await server.sit(server.person("hanh")), await server.sit(server.person("lan"))
    await chair.say("meeting.open")
    await lan.say("media.subscribe")
    sitting = await server.app[SITTINGS].get("giao-ban")
    for number, (silent, voted) in enumerate(((True, False), (True, True), (False, False)), start=1):
        await lan.socket.send_json({"type": "ping"})
        await lan.hears("pong")
        await chair.say("vote.open", text="Thông qua?")
        if voted:
            await lan.say("vote.cast", vote=f"v{number}", choice="for")
        if silent:
            sitting.connections["lan"].pinged_at = asyncio.get_running_loop().time() - 2 * SILENT
        for _look in (1, 2):  # after the first it is sure that the server itself was not held up
            await sitting.tick(utcnow())
        answer = await chair.say("vote.close", vote=f"v{number}")
        if silent and not voted:
            name = sitting.room.state.people["lan"].person.name
            assert (answer["code"], name in answer["message"]) == ("unheard", True)
            assert sitting.room.facts[-1].kind == "vote_opened"
            answer = await chair.say("vote.close", vote=f"v{number}", anyway=True)
        assert answer["type"] == "ack"


async def test_the_chair_is_told_of_who_is_gone_since_the_vote_was_opened_however_long(server: Server) -> None:
    chair, lan = await server.sit(server.person("hanh")), await server.sit(server.person("lan"))
    await chair.say("meeting.open")
    sitting = await server.app[SITTINGS].get("giao-ban")
    await chair.say("vote.open", text="Thông qua?")
    await lan.socket.close()
    await chair.until(lambda one: one["type"] == "participant" and not one["participant"]["connected"])
    name = sitting.room.state.people["lan"].person.name
    for seconds, present in ((11, True), (61, False)):
        await sitting.tick(utcnow() + timedelta(seconds=seconds))
        assert sitting.room.state.present("lan") is present
        answer = await chair.say("vote.close", vote="v1")
        assert (answer["code"], name in answer["message"]) == ("cut_off", True)
    assert (await chair.say("vote.close", vote="v1", anyway=True))["type"] == "ack"


async def test_a_vote_that_ends_by_its_time_names_whose_line_was_silent(server: Server) -> None:
    chair, lan = await server.sit(server.person("hanh")), await server.sit(server.person("lan"))
    await chair.say("meeting.open")
    await lan.say("media.subscribe")
    sitting = await server.app[SITTINGS].get("giao-ban")
    await lan.socket.send_json({"type": "ping"})
    await lan.hears("pong")
    await chair.say("vote.open", text="Thông qua?", seconds=1)
    sitting.connections["lan"].pinged_at = asyncio.get_running_loop().time() - 2 * SILENT
    for _look in (1, 2):  # after the first it is sure that the server itself was not held up
        await sitting.tick(utcnow())
    await sitting.tick(utcnow() + timedelta(seconds=2))
    told = (await chair.hears("vote"))["vote"]
    assert (told["state"], told["unheard"]) == ("closed", ["lan"])


async def test_who_pours_in_frames_is_cut_off_and_so_when_coming_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.sitting.FRAMES_A_SECOND", 0)
    monkeypatch.setattr("server.sitting.FRAMES_AT_ONCE", COMING + 10)
    chair, flooder = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    for _ in range(11):
        await flooder.socket.ping()
    while (await flooder.socket.receive(timeout=10)).type is WSMsgType.TEXT:
        pass
    assert flooder.socket.close_code == 1008
    socket = await server.client.ws_connect("/rooms/giao-ban/ws", headers=server.person("dung"))
    assert (await socket.receive_json(timeout=10))["code"] == "busy"
    assert (await chair.say("meeting.open"))["type"] == "ack"


async def test_another_connection_gives_nobody_more_commands(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.sitting.COMMANDS_A_SECOND", 0)
    monkeypatch.setattr("server.sitting.COMMANDS_AT_ONCE", 2)
    for answer in ("ack", "error"):
        delegate = await server.sit(server.person("dung"))
        assert (await delegate.say("hand.raise"))["type"] == answer
        await delegate.say("hand.lower")


async def test_only_who_may_write_a_pad_learns_how_far_it_is(server: Server) -> None:
    chair, delegate = await server.sit(server.person("hanh")), await server.sit(server.person("dung"))
    edit = {"pad": "general", "delta": ["x"], "source": "p", "number": 1}
    assert (await chair.say("pad.edit", revision=7, **edit))["code"] == "behind"
    assert (await delegate.say("pad.edit", revision=7, **edit))["code"] == "not_allowed"
