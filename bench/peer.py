"""A WebRTC end cheap enough that one process plays a hundred of them: ICE, DTLS, SRTP; no codecs, no jitter buffer.

It sends what it is given and counts what comes from the clear RTP header alone. DTLS and SRTP are those of media/; the
peer that it talks to may be any SFU on 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import secrets
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from aioice import stun

from media import dtls, rtcp
from media.errors import DtlsError, RtcpError
from media.parameters import Fingerprint
from media.srtp import Cipher, Refused

FEEDBACK_EVERY = 0.1  # seconds between two transport-wide feedbacks; browsers have 50 to 250 ms
REPORT_EVERY = 1.0
SO_TIMESTAMPNS = 35
CHECK_EVERY = 2.5  # seconds between two consent checks, as Chromium has them


@dataclass(frozen=True, slots=True)
class Remote:
    """The other end as its SDP has it."""

    ufrag: str
    pwd: str
    address: tuple[str, int]
    fingerprint: str
    active: bool = False
    """It is the DTLS client."""
    controlling: bool = False
    """It nominates (RFC 8445 section 6.1.1): who offers and is not ICE-lite."""


@dataclass(slots=True)
class Stream:
    """One SSRC as it arrives; `highest` is the extended sequence number."""

    payload_type: int
    first: int
    highest: int
    packets: int = 1

    @property
    def lost(self) -> int:
        return max(0, self.highest - self.first + 1 - self.packets)


@dataclass
class Peer:
    """One peer connection. `on_rtcp` and `on_rtp` get what is decrypted for them; without them nothing is."""

    identity: dtls.Identity
    """One certificate serves all peers of a process; making hundreds would take longer than the measurement."""

    def __post_init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(12)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.began = time.perf_counter()
        self.first_packet: asyncio.Future[float] = self.loop.create_future()
        self.connected: asyncio.Future[float] = self.loop.create_future()
        self.streams: dict[int, Stream] = {}
        self.packets = self.octets = 0
        self.on_rtcp: Callable[[list[rtcp.Packet]], None] | None = None
        self.on_rtp: Callable[[bytes, int], None] | None = None
        self.cipher: Cipher | None = None
        self.profile = ""
        self.own_ssrc = random.getrandbits(31) | 1
        self.extra_reports: Callable[[], bytes] | None = None
        self._remote: Remote | None = None
        self._association: dtls.Association | None = None
        self._asked: dict[bytes, stun.Message] = {}
        self._valid = False
        self._tasks: list[asyncio.Task[None]] = []
        self._arrived: list[tuple[int, int]] = []
        self._feedbacks = self._stamp = self._wide = 0
        self._buffer = bytearray(2048)
        self._view = memoryview(self._buffer)
        self._receive: Callable[[bytearray], int] = self.socket.recv_into
        self.loop.add_reader(self.socket.fileno(), self._readable)

    @property
    def fingerprint(self) -> str:
        return self.identity.fingerprint.value

    @property
    def port(self) -> int:
        port: int = self.socket.getsockname()[1]
        return port

    def start(self, remote: Remote) -> None:
        """The other end is known: check, agree on keys, go on."""
        self._remote = remote
        self._tasks.append(asyncio.create_task(self._live()))

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._association is not None:
            self._send_all(self._association.close())
        self.loop.remove_reader(self.socket.fileno())
        self.socket.close()

    def forget(self) -> None:
        """Let close() say nothing to the other end, as a machine that has lost its line."""
        self._association = None

    def send(self, packet: bytes) -> None:
        """An RTP packet, to be protected; one that is repeated too late for SRTP's window is not sent."""
        assert self.cipher is not None
        with contextlib.suppress(Refused):
            self._transmit(self.cipher.protect(packet))

    def send_rtcp(self, compound: bytes) -> None:
        if self.cipher is not None:
            self._transmit(self.cipher.protect_rtcp(compound))

    @property
    def lost(self) -> int:
        return sum(stream.lost for stream in self.streams.values())

    # From the network.

    def _readable(self) -> None:
        receive, buffer, streams = self._receive, self._buffer, self.streams
        for _ in range(64):
            try:
                size = receive(buffer)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                continue  # an ICMP error of something sent before
            first = buffer[0]
            if 128 <= first < 192:
                second = buffer[1]
                if 192 <= second < 224:
                    if self.on_rtcp is not None:
                        self._take_rtcp(bytes(self._view[:size]))
                    continue
                self.packets += 1
                self.octets += size
                sequence = buffer[2] << 8 | buffer[3]
                ssrc = buffer[8] << 24 | buffer[9] << 16 | buffer[10] << 8 | buffer[11]
                stream = streams.get(ssrc)
                if stream is None:
                    streams[ssrc] = Stream(second & 127, sequence, sequence)
                    if not self.first_packet.done():
                        self.first_packet.set_result(time.perf_counter())
                else:
                    stream.packets += 1
                    step = (sequence - stream.highest) & 0xFFFF
                    if step < 0x8000:
                        stream.highest += step
                if self._wide and first & 16:
                    self._note_arrival(size)
                if self.on_rtp is not None:
                    self._take_rtp(bytes(self._view[:size]))
            elif first < 4:
                self._take_stun(bytes(self._view[:size]))
            elif 20 <= first < 64:
                self._take_dtls(bytes(self._view[:size]))

    def listen(self, on_rtp: Callable[[bytes, int], None]) -> None:
        """Call `on_rtp` with each packet, decrypted, and the nanosecond (as time.time_ns()) when the kernel had it."""
        self.on_rtp = on_rtp
        self._stamp_arrivals()

    def give_feedback(self, wide: int) -> None:
        """On the arrival of packets that bear a transport-wide number in the extension of this identifier, if any."""
        self._wide = wide
        if wide:
            self._stamp_arrivals()  # a process that plays a hundred peers comes too late to look at the clock itself

    def _stamp_arrivals(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._receive = self._receive_stamped

    def _receive_stamped(self, buffer: bytearray) -> int:
        size, ancillary, _flags, _address = self.socket.recvmsg_into([buffer], 64)
        seconds, nanoseconds = struct.unpack("qq", ancillary[0][2]) if ancillary else (0, 0)
        self._stamp = seconds * 1_000_000_000 + nanoseconds
        return size

    def _take_rtp(self, data: bytes) -> None:
        if self.cipher is None or self.on_rtp is None:
            return
        try:
            plain = self.cipher.unprotect(data)
        except Refused:
            return
        self.on_rtp(plain, self._stamp)

    def _take_rtcp(self, data: bytes) -> None:
        if self.cipher is None or self.on_rtcp is None:
            return
        try:
            packets = rtcp.read(self.cipher.unprotect_rtcp(data))
        except (Refused, RtcpError):
            return
        self.on_rtcp(packets)

    def _note_arrival(self, size: int) -> None:
        """The transport-wide sequence number of the packet in the buffer (one-byte header extension, RFC 8285)."""
        buffer = self._buffer
        at = 12 + 4 * (buffer[0] & 15)
        end = at + 4 + 4 * (buffer[at + 2] << 8 | buffer[at + 3])
        if buffer[at] != 0xBE or end > size:
            return
        at += 4
        while at < end:
            octet = buffer[at]
            if octet >> 4 == self._wide:
                self._arrived.append((buffer[at + 1] << 8 | buffer[at + 2], self._stamp // 1000))
                return
            at += 2 + (octet & 15) if octet else 1

    def _take_stun(self, data: bytes) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class == stun.Class.RESPONSE:
            if self._asked.pop(message.transaction_id, None) is not None and not self._valid:
                self._valid = True
                self._begin_dtls()
        elif message.message_class == stun.Class.REQUEST and self._remote is not None:
            reply = stun.Message(message.message_method, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = self._remote.address
            reply.add_message_integrity(self.pwd.encode())
            reply.add_fingerprint()
            self._transmit(bytes(reply))

    def _begin_dtls(self) -> None:
        assert self._remote is not None
        fingerprint = Fingerprint("sha-256", self._remote.fingerprint)
        self._association = dtls.Association(self.identity, not self._remote.active, (fingerprint,))
        self._send_all(self._association.start(self.loop.time()))

    def _take_dtls(self, data: bytes) -> None:
        if self._association is None:
            return
        try:
            self._send_all(self._association.receive(data, self.loop.time()))
        except DtlsError as error:
            self._fail(f"DTLS: {error}")
            return
        keys = self._association.keys
        if keys is not None and self.cipher is None:
            self.cipher = Cipher(keys.profile, keys.receive, keys.send)
            self.profile = keys.profile
            self.connected.set_result(time.perf_counter())

    def _fail(self, why: str) -> None:
        if not self.connected.done():
            self.connected.set_exception(ConnectionError(why))

    # To the network.

    def _transmit(self, data: bytes) -> None:
        assert self._remote is not None
        try:
            self.socket.sendto(data, self._remote.address)
        except OSError:
            return  # a full buffer is a lost packet

    def _send_all(self, datagrams: list[bytes]) -> None:
        for data in datagrams:
            self._transmit(data)

    def _check(self) -> None:
        assert self._remote is not None
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.ufrag}"
        request.attributes["PRIORITY"] = 1853824767
        if self._remote.controlling:
            request.attributes["ICE-CONTROLLED"] = 1
        else:
            request.attributes["ICE-CONTROLLING"] = 1
            request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity(self._remote.pwd.encode())
        request.add_fingerprint()
        self._asked[request.transaction_id] = request
        self._transmit(bytes(request))

    async def _live(self) -> None:
        """Checks until one is answered, then the timers of a connected end."""
        for attempt in range(100):
            if self._valid:
                break
            self._check()
            await asyncio.sleep(0.05 if attempt < 5 else 0.25)
        while self.cipher is None:
            if self._association is not None:
                self._send_all(self._association.tick(self.loop.time()))
            await asyncio.sleep(0.05)
        await asyncio.gather(self._consent(), self._reports(), self._feedback())

    async def _consent(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY * random.uniform(0.8, 1.2))
            self._asked.clear()
            self._check()

    async def _reports(self) -> None:
        await asyncio.sleep(random.random() * REPORT_EVERY)
        while True:
            blocks = [
                rtcp.Block(ssrc, 0, stream.lost, stream.highest & 0xFFFFFFFF, 30, 0, 0)
                for ssrc, stream in self.streams.items()
            ]
            extra = self.extra_reports() if self.extra_reports is not None else b""
            for start in range(0, len(blocks), 20):
                compound = rtcp.receiver_report(self.own_ssrc, blocks[start : start + 20])
                self.send_rtcp(compound + rtcp.description([self.own_ssrc], "load"))
            if extra:
                self.send_rtcp(extra)
            await asyncio.sleep(REPORT_EVERY)

    async def _feedback(self) -> None:
        while True:
            await asyncio.sleep(FEEDBACK_EVERY)
            arrived, self._arrived = self._arrived, []
            if arrived:
                self.send_rtcp(transport_feedback(self.own_ssrc, self._feedbacks & 0xFF, arrived))
                self._feedbacks += 1


def transport_feedback(sender: int, count: int, arrived: list[tuple[int, int]]) -> bytes:
    """Which packets came when (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1): two-bit vectors.

    `arrived`: (16-bit transport-wide sequence, microseconds), in order of arrival, at least one.
    """
    base = arrived[0][0]
    times: dict[int, int] = {}
    for sequence, moment in arrived:
        offset = (sequence - base + 0x8000 & 0xFFFF) - 0x8000
        if 0 <= offset < 1500:
            times.setdefault(offset, moment)
    status_count = max(times) + 1
    reference = times[0] // 64_000
    last, deltas, symbols = reference * 64_000, b"", []
    for offset in range(status_count):
        if offset not in times:
            symbols.append(0)
            continue
        moment = times[offset]
        delta = round((moment - last) / 250)
        last += delta * 250
        small = 0 <= delta <= 255
        symbols.append(1 if small else 2)
        deltas += bytes([delta]) if small else struct.pack("!h", max(-0x8000, min(0x7FFF, delta)))
    chunks = b""
    for start in range(0, status_count, 7):
        word = 0xC000
        for place, symbol in enumerate(symbols[start : start + 7]):
            word |= symbol << (12 - 2 * place)
        chunks += struct.pack("!H", word)
    body = struct.pack("!IIHHI", sender, 0, base, status_count, (reference & 0xFFFFFF) << 8 | count) + chunks + deltas
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes([padding])
    return struct.pack("!BBH", 0x8F | (0x20 if padding else 0), 205, len(body) // 4) + body


def read_remote(sdp: str) -> Remote:
    """ICE credentials, the first UDP candidate and the fingerprint of an SDP."""
    ufrag, pwd = (re.search(rf"a=ice-{name}:(\S+)", sdp) for name in ("ufrag", "pwd"))
    fingerprint = re.search(r"a=fingerprint:sha-256 (\S+)", sdp)
    candidate = re.search(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) ", sdp, re.IGNORECASE)
    if ufrag is None or pwd is None or candidate is None or fingerprint is None:
        raise ValueError(f"an SDP without ICE credentials, fingerprint or IPv4 candidate:\n{sdp}")
    address = "127.0.0.1", int(candidate[2])  # never leave loopback, whatever the server announces
    controlling = "a=setup:actpass" in sdp and "a=ice-lite" not in sdp
    return Remote(ufrag[1], pwd[1], address, fingerprint[1], "a=setup:active" in sdp, controlling)
