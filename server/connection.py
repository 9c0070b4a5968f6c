"""The outgoing side of one WebSocket: what waits between the Sitting that tells and the edge that writes.

Answers go out as soon as the socket takes them. News of the meeting are paced for each reader, and of what waits only
the newest state of each thing is kept: three hundred ballots within seconds are for each reader a few states of one
vote, and nobody's answer waits behind them. As long as the pace is not exceeded everything keeps its order.
"""

import asyncio
import itertools
import json
from collections import OrderedDict, deque
from collections.abc import Hashable
from datetime import timedelta
from typing import Any

Message = dict[str, Any]

QUEUE = 1024
"""Letters that wait for one slow reader; with more the reader is given a fresh snapshot instead."""
PACE = 16_000
"""Octets of news a second for one reader: a fifth of a thin line, and three hundred readers are no load."""
AT_ONCE = 64_000
"""Octets of news after a silence."""
SILENT = 5.0
"""Seconds without a ping after which a client that pings, which ours do every three, is shown as cut off."""
HEARTBEAT = 8.0
"""Seconds of silence after which we ask; half as much later a dead socket is found. Our pages speak every 3 s."""
SILENCE = timedelta(seconds=1.5 * HEARTBEAT)
"""How long nothing has come by then: the line was cut that long ago, and counts as lost since. Media would tell hardly
sooner: a line may be silent for ten seconds (`presence.LOST`) before anything follows from it."""
_ANSWERS = frozenset({"welcome", "ack", "error", "pong", "bye"})


class Letter:
    """A message on its way to one or many readers. Encoded once, when the first of them is to have it.

    `urgent`: an answer, or about the reader's own media. `subject`: of what it gives the whole new state, if it does;
    what has `changes` tells only what is new.
    `octets`: of the text, once it is encoded.
    """

    __slots__ = ("_text", "message", "octets", "subject", "urgent")

    def __init__(self, message: Message) -> None:
        kind = message["type"]
        value = message.get(kind)
        self.message = message
        self.urgent = kind in _ANSWERS or kind.startswith("media.")
        self.subject: Hashable = None
        if not self.urgent and isinstance(value, dict) and "changes" not in value:
            self.subject = kind, value.get("id")
        elif kind in ("speaker", "silent"):
            self.subject = kind
        self._text: str | None = None
        self.octets = 0

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = json.dumps(self.message, ensure_ascii=False)
            self.octets = len(self._text.encode())
        return self._text


def bye(reason: str, text: str = "") -> Letter:
    """The last word on a connection; `text` is a sentence of whoever sent somebody away, "" if there is none."""
    return Letter({"type": "bye", "reason": reason, "text": text})


class Connection:
    """Outgoing side of one WebSocket. Owned: what waits. Written by the Sitting, read by the edge.

    `lagging`: so much had to be thrown away that the reader must begin anew, from a snapshot (`resync`).
    `pinged_at`: when the client's last ping came, by the loop's clock; None: it sends none.
    """

    def __init__(self, participant: str) -> None:
        self.participant = participant
        self.lagging = False
        self.pinged_at: float | None = None
        self._numbers = itertools.count()
        self._answers: deque[tuple[int, Letter]] = deque()
        self._news: OrderedDict[Hashable, tuple[int, Letter]] = OrderedDict()
        self._free_at = 0.0  # when the next news may be written
        self._ended = False
        self._changed = asyncio.Event()

    def tell(self, letter: Letter) -> None:
        """Never blocks anybody. What is newer takes the place of what waits of the same subject."""
        if self.lagging or self._ended:
            return
        number = next(self._numbers)
        if letter.message["type"] == "welcome":
            self._news.clear()  # it has all of that
        if letter.urgent:
            self._answers.append((number, letter))
        else:
            key = number if letter.subject is None else letter.subject
            self._news[key] = self._news[key][0] if key in self._news else number, letter
        if len(self._answers) + len(self._news) > QUEUE:
            self.lagging = True
            self._answers.clear()
            self._news.clear()
        self._changed.set()

    def silence(self, now: float) -> timedelta:
        """For how long a client that pings has ceased to, at `now` (the loop's time): its line is probably cut. 0 if
        it has not; SILENCE at most, for a socket that lives longer has answered."""
        silence = now - self.pinged_at if self.pinged_at is not None else 0.0
        return min(timedelta(seconds=silence), SILENCE) if silence > SILENT else timedelta()

    def resync(self, snapshot: Letter | None) -> None:
        """Go on with a lagging reader from a snapshot; None: from whatever is told next."""
        self.lagging = False
        if snapshot is not None:
            self.tell(snapshot)

    def end(self, last: Letter | None = None) -> None:
        """Say `last` and close, after what waits."""
        self.lagging = False
        if last is not None:
            self.tell(last)
        self._ended = True
        self._changed.set()

    async def ready(self) -> None:
        """Wait until there is something to `take`, or to `resync`, or the end."""
        loop = asyncio.get_running_loop()
        while not (self.lagging or self._ended or self._answers or (self._news and self._free_at <= loop.time())):
            self._changed.clear()
            pause = self._free_at - loop.time() if self._news else None
            timer = loop.call_later(pause, self._changed.set) if pause is not None else None
            await self._changed.wait()
            if timer is not None:
                timer.cancel()

    def take(self, now: float) -> str | None:
        """The next message to write, at `now` (the loop's time), when `ready`; None: close the socket."""
        held = not self._ended and self._free_at > now
        if self._news and not held and not (self._answers and self._answers[0][0] < self._first_news()):
            letter = self._news.popitem(last=False)[1][1]
            text = letter.text
            self._free_at = max(self._free_at, now - AT_ONCE / PACE) + letter.octets / PACE
            return text
        return self._answers.popleft()[1].text if self._answers else None

    def _first_news(self) -> int:
        return next(iter(self._news.values()))[0]
