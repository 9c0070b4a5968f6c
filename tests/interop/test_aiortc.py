"""Another WebRTC implementation against ours: aiortc publishes, watches and subscribes over loopback, and decodes."""

import asyncio
import contextlib
import fractions
from collections.abc import AsyncIterator

import av
import numpy as np
import pytest
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
    VideoStreamTrack,
)
from aiortc.mediastreams import AudioStreamTrack

from media import Connected, Endpoint, Event, OfferReady, Published, SpeakerChanged, Unpublished

LIMIT = 45.0  # seconds


class Grey(VideoStreamTrack):
    """A small picture of one brightness."""

    def __init__(self, brightness: int) -> None:
        super().__init__()
        self._brightness = brightness

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        frame = av.VideoFrame.from_ndarray(np.full((96, 96, 3), self._brightness, np.uint8), format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(AudioStreamTrack):
    """A loud tone: silence would prove nothing."""

    async def recv(self) -> av.AudioFrame:
        silence = await super().recv()
        at = (silence.pts or 0) + np.arange(silence.samples)
        wave = (16000 * np.sin(2 * np.pi * 440 * at / silence.sample_rate)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate = silence.pts, silence.sample_rate
        frame.time_base = fractions.Fraction(1, silence.sample_rate)
        return frame


class Peer:
    """One aiortc connection."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return str(self.connection.localDescription.sdp)

    async def take(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def answer(self, offer: str) -> str:
        await self.connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return str(self.connection.localDescription.sdp)

    def track(self, mid: str) -> MediaStreamTrack:
        [transceiver] = [item for item in self.connection.getTransceivers() if item.mid == mid]
        return transceiver.receiver.track


class Meeting:
    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.router = endpoint.router("giao-ban")
        self._peers: list[Peer] = []

    def peer(self) -> Peer:
        self._peers.append(Peer())
        return self._peers[-1]

    async def publish(self, name: str, brightness: int) -> Peer:
        peer = self.peer()
        peer.connection.addTrack(Tone())
        peer.connection.addTrack(Grey(brightness))
        await peer.take(self.router.publish(name, await peer.offer()).sdp)
        await self.event(Published, participant=name, kind="video")
        return peer

    async def watch(self, name: str, feed: str | None) -> Peer:
        peer = self.peer()
        peer.connection.addTransceiver("audio", direction="recvonly")
        peer.connection.addTransceiver("video", direction="recvonly")
        await peer.take(self.router.watch(name, await peer.offer(), feed).sdp)
        return peer

    async def answer(self, name: str, peer: Peer) -> dict[tuple[str, str], str]:
        """Answer the next offer to this participant; (publisher, kind) -> mid."""
        offer = await self.event(OfferReady, participant=name)
        assert isinstance(offer, OfferReady)
        self.router.accept(name, await peer.answer(offer.sdp))
        return {(track.participant, track.kind): track.mid for track in offer.tracks}

    async def event(self, wanted: type[Event], **fields: str) -> Event:
        async with asyncio.timeout(LIMIT):
            while True:
                event = await self.endpoint.events.get()
                if isinstance(event, wanted) and all(getattr(event, key) == value for key, value in fields.items()):
                    return event

    async def close(self) -> None:
        for peer in self._peers:
            with contextlib.suppress(ConnectionError):
                await peer.connection.close()
        await self.endpoint.close()


@pytest.fixture(params=["python", "native"])
async def meeting(request: pytest.FixtureRequest) -> AsyncIterator[Meeting]:
    made = Meeting(await Endpoint.open(host="127.0.0.1", native=request.param == "native"))
    yield made
    await made.close()


async def brightness(track: MediaStreamTrack, expected: int) -> None:
    """Decode until a picture of this brightness comes."""
    async with asyncio.timeout(LIMIT):
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.VideoFrame)
            seen = float(frame.to_ndarray(format="rgb24").mean())
            if abs(seen - expected) < 12:
                return


async def sound(track: MediaStreamTrack) -> None:
    """Decode until the tone is heard."""
    async with asyncio.timeout(LIMIT):
        while True:
            frame = await track.recv()
            assert isinstance(frame, av.AudioFrame)
            if np.abs(frame.to_ndarray()).max() > 5000:
                return


async def test_a_viewer_decodes_what_a_publisher_sends(meeting: Meeting) -> None:
    await meeting.publish("an", 200)
    viewer = await meeting.watch("khach", "an")
    await brightness(viewer.track("1"), 200)
    await sound(viewer.track("0"))
    assert meeting.endpoint.counters()["dropped_unprotect"] == 0


async def test_a_subscriber_decodes_everybody_as_they_come_and_go(meeting: Meeting) -> None:
    an = await meeting.publish("an", 200)
    meeting.router.subscribe("chi")
    chi = meeting.peer()
    mids = await meeting.answer("chi", chi)
    assert set(mids) == {("an", "audio"), ("an", "video")}
    await brightness(chi.track(mids["an", "video"]), 200)
    await sound(chi.track(mids["an", "audio"]))

    await meeting.publish("binh", 60)
    mids = await meeting.answer("chi", chi)
    assert len(mids) == 4
    await brightness(chi.track(mids["binh", "video"]), 60)
    await sound(chi.track(mids["binh", "audio"]))
    await brightness(chi.track(mids["an", "video"]), 200)

    await an.connection.close()
    await meeting.event(Unpublished, participant="an", kind="video")
    mids = await meeting.answer("chi", chi)
    assert set(mids) == {("binh", "audio"), ("binh", "video")}
    await brightness(chi.track(mids["binh", "video"]), 60)
    assert meeting.router.publishers() == ["binh"]


async def test_two_who_publish_and_subscribe_see_each_other_and_not_themselves(meeting: Meeting) -> None:
    await meeting.publish("an", 200)
    await meeting.publish("binh", 60)
    for name, other, expected in (("an", "binh", 60), ("binh", "an", 200)):
        meeting.router.subscribe(name)
        peer = meeting.peer()
        mids = await meeting.answer(name, peer)
        assert {who for who, _kind in mids} == {other}
        await brightness(peer.track(mids[other, "video"]), expected)


async def test_a_viewer_of_the_speaker_sees_another_picture_in_the_same_track(meeting: Meeting) -> None:
    await meeting.publish("an", 200)
    viewer = await meeting.watch("khach", None)
    await meeting.event(Connected, participant="khach")
    video = viewer.track("1")
    await brightness(video, 200)
    await meeting.publish("binh", 60)
    meeting.router.pause("an", "audio", True)
    await meeting.event(SpeakerChanged, participant="binh")
    await brightness(video, 60)
