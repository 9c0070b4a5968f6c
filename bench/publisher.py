"""A camera and a microphone: real frames, cut into packets and sent at the moments at which libwebrtc sends them."""

from __future__ import annotations

import asyncio
import random
import struct
import time

from bench import clips
from bench.peer import Peer
from media import rtcp

MID, LEVEL, WIDE, RID = 1, 2, 3, 4
"""Identifiers of our offers' header extensions."""
AUDIO, VIDEO = 111, 96
"""Payload types of our offers."""
ROOM = 1130  # octets of VP8 in a packet
SLICE, PAUSE = 12, 0.005  # packets sent at once, and seconds until the next: only key frames are that large
SPOKEN, SILENT = 25, 127  # -dBov


class Track:
    """One RTP stream: numbers that go on, and what has been sent."""

    def __init__(self, payload_type: int, elements: bytes, wide: bool) -> None:
        self.ssrc = random.getrandbits(31) | 1
        self.payload_type = payload_type
        self.sequence = random.getrandbits(15)
        self.timestamp = random.getrandbits(31)
        self.packets = self.octets = 0
        self.elements = elements
        self.wide = wide

    def packet(self, payload: bytes, marker: bool, elements: bytes, wide: int) -> bytes:
        """The next packet; `elements` are one-byte header extension elements (RFC 8285)."""
        if self.wide:
            elements += struct.pack("!BH", WIDE << 4 | 1, wide & 0xFFFF)
        elements += bytes(-len(elements) % 4)
        block = struct.pack("!HH", 0xBEDE, len(elements) // 4) + elements if elements else b""
        first, second = 0x90 if elements else 0x80, self.payload_type | 0x80 * marker
        header = struct.pack("!BBHII", first, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc)
        self.sequence += 1
        self.packets += 1
        self.octets += len(payload)
        return header + block + payload


class Camera:
    """One encoding of the picture. A key frame request starts the loop again, at once as browsers do."""

    def __init__(self, track: Track, rid: str, layered: bool) -> None:
        self.track, self.rid = track, rid
        self.frames = clips.video(rid, layered=layered)
        self.layered = layered
        self.active = True
        self.keys = 0
        self._at = 0
        self._picture, self._base = random.getrandbits(14), random.getrandbits(8)

    def restart(self) -> None:
        if self._at > 1:
            self._at = 0

    def frame(self) -> list[bytes]:
        """Payloads of the next frame: descriptor (RFC 7741 section 4.2) and a part of about the same size each."""
        frame = self.frames[self._at]
        self._at = (self._at + 1) % len(self.frames)
        self.keys += frame.key
        self._picture = self._picture + 1 & 0x7FFF
        self._base = self._base + (frame.layer == 0) & 0xFF
        if self.layered:
            rest = struct.pack("!BHBB", 0xE0, 0x8000 | self._picture, self._base, frame.layer << 6)
        else:
            rest = struct.pack("!BH", 0x80, 0x8000 | self._picture)
        # libwebrtc: parts that differ by one octet at most, the larger ones last.
        count = -(-len(frame.data) // ROOM)
        size, larger = divmod(len(frame.data), count)
        payloads, at = [], 0
        for number in range(count):
            end = at + size + (number >= count - larger)
            payloads.append(bytes([0x90 if number == 0 else 0x80]) + rest + frame.data[at:end])
            at = end
        return payloads


class Publisher:
    """Sends until it is closed. `speaking` sets the level that its audio is marked with."""

    def __init__(self, peer: Peer, *, rids: tuple[str, ...] = ("f",), audio: bool = True, wide: bool = False) -> None:
        self.peer = peer
        self.speaking = True
        self.paused = False
        self.key_requests = 0
        self.sent_at: dict[bytes, int] | None = None
        """Tail of a payload: nanosecond when it was last sent. The loop is long enough that nothing is mistaken."""
        simulcast = len(rids) > 1
        mids = [_element(MID, mid) for mid in (b"0", b"1")]
        self.microphone = Track(AUDIO, mids[0], wide) if audio else None
        self.cameras = [
            Camera(Track(VIDEO, mids[1] + (_element(RID, rid.encode()) if simulcast else b""), wide), rid, simulcast)
            for rid in rids
        ]
        self._wide = 0
        self._audio_at = random.randrange(100)
        self._history: dict[tuple[int, int], bytes] = {}
        peer.own_ssrc = self.tracks[0].ssrc
        peer.on_rtcp = self._heed
        peer.extra_reports = self._sender_reports
        self._task = asyncio.create_task(self._run())

    @property
    def tracks(self) -> list[Track]:
        return [*([self.microphone] if self.microphone else []), *(camera.track for camera in self.cameras)]

    @property
    def packets(self) -> int:
        return sum(track.packets for track in self.tracks)

    def want(self, rids: list[str]) -> None:
        """Send these encodings only; one that begins again begins with a key frame."""
        for camera in self.cameras:
            wanted = camera.rid in rids
            if wanted and not camera.active:
                camera.restart()
            camera.active = wanted

    def close(self) -> None:
        self._task.cancel()
        self.peer.close()

    def _heed(self, packets: list[rtcp.Packet]) -> None:
        for packet in packets:
            if isinstance(packet, rtcp.KeyRequest):
                self.key_requests += 1
                for camera in self.cameras:
                    if camera.track.ssrc == packet.media:
                        camera.restart()
            elif isinstance(packet, rtcp.Nack):
                for sequence in packet.sequences:
                    kept = self._history.get((packet.media, sequence))
                    if kept is not None:
                        self.peer.send(kept)

    def _sender_reports(self) -> bytes:
        now = time.time() + 2_208_988_800
        reports = [
            rtcp.SenderReport(
                track.ssrc, int(now * 2**32), track.timestamp & 0xFFFFFFFF, track.packets, track.octets & 0xFFFFFFFF
            )
            for track in self.tracks
        ]
        bodies = b"".join(rtcp.sender_report(report) for report in reports)
        return bodies + rtcp.description([track.ssrc for track in self.tracks], "load")

    def _send(self, track: Track, payload: bytes, marker: bool, elements: bytes) -> None:
        packet = track.packet(payload, marker, elements, self._wide)
        self._wide += 1
        if self.sent_at is not None:
            self.sent_at[payload[-16:]] = time.time_ns()
        self._history[track.ssrc, (track.sequence - 1) & 0xFFFF] = packet
        self._history.pop((track.ssrc, (track.sequence - 1025) & 0xFFFF), None)
        self.peer.send(packet)

    def _say(self, track: Track) -> None:
        packets = clips.audio()
        payload = packets[self._audio_at % len(packets)]
        self._audio_at += 1
        level = 0x80 | SPOKEN if self.speaking else SILENT
        self._send(track, payload, False, track.elements + bytes([LEVEL << 4, level]))
        track.timestamp += clips.FRAME

    async def _show(self) -> None:
        for camera in self.cameras:
            track = camera.track
            payloads = camera.frame() if camera.active else []
            for number, payload in enumerate(payloads):
                self._send(track, payload, number == len(payloads) - 1, track.elements)
                if number % SLICE == SLICE - 1:
                    await asyncio.sleep(PAUSE)
            track.timestamp += 90_000 // clips.FPS

    async def _run(self) -> None:
        await self.peer.connected
        await asyncio.sleep(random.random() / clips.FPS)
        await asyncio.gather(self._pictures(), self._sounds())

    async def _pictures(self) -> None:
        due = time.perf_counter()
        while self.cameras:
            if not self.paused:
                await self._show()
            due = max(due + 1 / clips.FPS, time.perf_counter() - 0.2)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _sounds(self) -> None:
        due = time.perf_counter()
        while self.microphone is not None:
            if not self.paused:
                self._say(self.microphone)
            due = max(due + 0.02, time.perf_counter() - 0.2)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))


def _element(identifier: int, value: bytes) -> bytes:
    return bytes([identifier << 4 | len(value) - 1]) + value
