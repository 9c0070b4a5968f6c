"""An endpoint with callers on real sockets around it."""

import asyncio
import contextlib
import socket
import struct
import time

import pylibsrtp

from media import Endpoint, Event, Router, Session
from media.endpoint import make_identity
from tests.wire import End

IDENTITY = make_identity()
GCM = pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM


class Caller:
    """One WebRTC end on a real socket: checks, DTLS, SRTP in and out."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.end = End(IDENTITY, self.socket.getsockname()[:2])
        self.server = ("", 0)
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self.rtcp: list[bytes] = []
        self._out: pylibsrtp.Session | None = None
        self._in: pylibsrtp.Session | None = None
        self._task: asyncio.Task[None] | None = None

    def send(self, data: bytes) -> None:
        self.socket.sendto(data, self.server)

    async def connect(self, session: Session) -> None:
        candidate = next(line for line in session.sdp.splitlines() if line.startswith("a=candidate:"))
        self.server = (self.host, int(candidate.split()[5]))
        self.end.begin(session.sdp)
        self._task = asyncio.create_task(self._read())
        association = self.end.association
        assert association is not None
        self.send(self.end.check())
        for data in association.start(time.monotonic()):
            self.send(data)
        async with asyncio.timeout(5):
            while association.keys is None and self.end.error is None:
                await asyncio.sleep(0.02)
                for data in association.tick(time.monotonic()):
                    self.send(data)
        if association.keys is not None:
            keys = association.keys
            assert keys.profile == "SRTP_AEAD_AES_128_GCM"
            policy = pylibsrtp.Policy
            self._out = pylibsrtp.Session(policy(keys.send, policy.SSRC_ANY_OUTBOUND, srtp_profile=GCM))
            self._in = pylibsrtp.Session(policy(keys.receive, policy.SSRC_ANY_INBOUND, srtp_profile=GCM))

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            data, _address = await loop.sock_recvfrom(self.socket, 2048)
            if data[0] < 128:
                for reply in self.end.receive(data, time.monotonic()):
                    self.send(reply)
            elif self._in is not None and 192 <= data[1] < 224:
                self.rtcp.append(self._in.unprotect_rtcp(data))
            elif self._in is not None:
                self.received.put_nowait(self._in.unprotect(data))

    def rtp(self, ssrc: int, payload_type: int, sequence: int, payload: bytes) -> None:
        assert self._out is not None
        header = struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, sequence * 960, ssrc)
        self.send(self._out.protect(header + payload))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self.socket.close()


class Stage:
    """An endpoint with callers, cleaned up together."""

    def __init__(self, endpoint: Endpoint, room: str = "giao-ban") -> None:
        self.endpoint = endpoint
        self.router: Router = endpoint.router(room)
        self._callers: list[Caller] = []

    def caller(self, host: str = "127.0.0.1") -> Caller:
        self._callers.append(Caller(host))
        return self._callers[-1]

    async def publish(self, name: str, *ssrcs: int, host: str = "127.0.0.1") -> Caller:
        caller = self.caller(host)
        await caller.connect(self.router.publish(name, caller.end.offer("sendonly", ssrcs=ssrcs)))
        return caller

    async def watch(self, name: str, feed: str | None, host: str = "127.0.0.1") -> Caller:
        caller = self.caller(host)
        session = self.router.watch(name, caller.end.offer("recvonly"), feed)
        await caller.connect(session)
        return caller

    async def event(self, kind: type[Event]) -> Event:
        async with asyncio.timeout(5):
            while True:
                event = await self.endpoint.events.get()
                if isinstance(event, kind):
                    return event

    async def counted(self, name: str, least: int) -> int:
        async with asyncio.timeout(5):
            while self.endpoint.counters()[name] < least:
                await asyncio.sleep(0.01)
        return self.endpoint.counters()[name]

    async def close(self) -> None:
        for caller in self._callers:
            await caller.close()
        await self.endpoint.close()


async def carried(publisher: Caller, viewer: Caller, first: int, count: int = 20) -> list[bytes]:
    """Send numbered packets and take what arrives; fails if one is lost."""
    for number in range(first, first + count):
        publisher.rtp(11, 111, number, b"packet %d" % number)
    async with asyncio.timeout(5):
        return [await viewer.received.get() for _ in range(count)]
