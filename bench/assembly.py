"""Three hundred members in one room without a word of sound, and a vote by all of them within ten seconds.

Everybody holds a WebSocket and reads what comes, but for one, whose line stands still from before the vote until after
it. What is measured: how long a member waits for the acknowledgement of the ballot, when the last one knows the
result, and the CPU time of the server. `python -m bench.assembly [MEMBERS]`.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

import aiohttp
import uvloop

from bench import process
from bench.servers import Giaoban

MEMBERS = 300
SECONDS = 10.0  # in which all of them vote
AT_ONCE = 20  # who come in at the same moment
LIMIT = 60.0


@dataclass(frozen=True)
class Assembly:
    """Times in seconds. `joining`, `voting`: CPU of the server; `octets`: what came to all members during the vote."""

    members: int
    joined: float
    joining: float
    voting: float
    median: float
    p95: float
    last: float
    known: float
    octets: int
    slow: float


class Member:
    """One WebSocket. `seen`: the newest state of the vote; `octets` that came. Owned: the task that reads."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: dict[str, Any] = {}
        self.octets = 0
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Event()
        self.reader: asyncio.Task[None] | None = None

    def read(self) -> None:
        self.reader = asyncio.create_task(self._read())

    async def say(self, kind: str, **fields: object) -> dict[str, Any]:
        """The ack."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self.socket.send_json({"type": kind, "id": number, **fields})
        said: dict[str, Any] = await asyncio.wait_for(answer, LIMIT)
        assert said["type"] == "ack", said
        return said

    async def until(self, state: str) -> None:
        """What has come last of the vote is in that state; "none": there is no vote yet."""
        async with asyncio.timeout(LIMIT):
            while self.seen.get("state") != state:
                self._news.clear()
                await self._news.wait()

    async def close(self) -> None:
        if self.reader is not None:
            self.reader.cancel()
        await self.socket.close()

    async def _read(self) -> None:
        async for frame in self.socket:
            self.octets += len(frame.data)
            head = frame.data[:20]
            if '"vote"' not in head and '"ack"' not in head and '"error"' not in head and '"welcome"' not in head:
                continue  # whoever plays three hundred people must be quick
            message = json.loads(frame.data)
            if message["type"] == "vote":
                self.seen = message["vote"]
            elif message["type"] == "welcome":
                self.seen = message["votes"][-1] if message["votes"] else {"state": "none"}
            elif message.get("id") in self._answers:
                self._answers.pop(message["id"]).set_result(message)
            self._news.set()


async def measure(members: int = MEMBERS) -> Assembly:
    server = Giaoban()
    process.keep_apart(server.root)
    chance = random.Random(7)
    seats: list[Member] = []
    try:
        chair = Member(await server.enter("chair", "chair"))
        chair.read()
        await chair.say("meeting.open")
        began, before = time.monotonic(), process.cpu(server.root)
        for first in range(0, members, AT_ONCE):
            names = [f"m{number}" for number in range(first, min(first + AT_ONCE, members))]
            come = [Member(socket) for socket in await asyncio.gather(*map(server.enter, names))]
            for seat in come:
                seat.read()
            await asyncio.gather(*(seat.until("none") for seat in come))
            seats += come
        joined, joining = time.monotonic() - began, process.cpu(server.root) - before
        still = Member(await server.enter("still"))  # from here on this member's line stands still
        await chair.say("vote.open", text="Thông qua chương trình kỳ họp?")
        await chair.until("open")
        vote = chair.seen["id"]
        await asyncio.gather(*(seat.until("open") for seat in seats))
        octets, before, began = sum(seat.octets for seat in seats), process.cpu(server.root), time.monotonic()

        async def cast(seat: Member, wait: float) -> float:
            await asyncio.sleep(wait)  # the hand of a person
            started = time.monotonic()
            await seat.say("vote.cast", vote=vote, choice=chance.choice(("for", "against", "abstain")))
            return time.monotonic() - started

        waited = sorted(await asyncio.gather(*(cast(seat, chance.uniform(0, SECONDS)) for seat in seats)))
        started = time.monotonic()
        await chair.say("vote.close", vote=vote)
        await asyncio.gather(*(seat.until("closed") for seat in seats))
        known, voting = time.monotonic() - started, process.cpu(server.root) - before
        results = {json.dumps(seat.seen["tally"], sort_keys=True) for seat in seats}
        started = time.monotonic()
        still.read()
        await still.until("closed")
        slow = time.monotonic() - started
        results.add(json.dumps(still.seen["tally"], sort_keys=True))
        assert len(results) == 1, results
        assert sum(still.seen["tally"][choice] for choice in ("for", "against", "abstain")) == members, results
        return Assembly(
            members, joined, joining, voting, statistics.median(waited), waited[int(0.95 * len(waited))], waited[-1],
            known, sum(seat.octets for seat in seats) - octets, slow,
        )  # fmt: skip
    finally:
        await asyncio.gather(*(seat.close() for seat in seats), return_exceptions=True)
        process.share_cores()
        await server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(measure(*map(int, sys.argv[1:]))))
