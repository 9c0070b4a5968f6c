"""The outgoing side of one WebSocket: a bounded queue between the Sitting that tells and the edge that writes."""

import asyncio
from typing import Any

Message = dict[str, Any]

QUEUE = 256
"""Messages waiting for one slow reader; more and the reader is given a fresh snapshot instead."""


class Connection:
    """Outgoing side of one WebSocket: a bounded queue. Owned: the queue. Written by the Sitting, read by the edge."""

    def __init__(self, participant: str) -> None:
        self.participant = participant
        self.lagging = False
        self._queue: asyncio.Queue[Message | None] = asyncio.Queue(QUEUE + 2)

    def tell(self, message: Message) -> None:
        """Queue `message`; a full queue marks the reader as lagging, never blocks anybody."""
        if self._queue.qsize() >= QUEUE:
            self.lagging = True
        elif not self.lagging:
            self._queue.put_nowait(message)

    def resync(self, message: Message) -> None:
        """Continue a lagging reader with a snapshot, once what was queued is written."""
        self.lagging = False
        self._queue.put_nowait(message)

    def end(self, message: Message | None = None) -> None:
        """Say `message` and close. What was still queued for a lagging reader is dropped."""
        while self._queue.qsize() > QUEUE - 1:
            self._queue.get_nowait()
        if message is not None:
            self._queue.put_nowait(message)
        self._queue.put_nowait(None)

    async def next(self) -> Message | None:
        """The next message to write; None: close the socket."""
        return await self._queue.get()

    @property
    def drained(self) -> bool:
        """Nothing is waiting to be written."""
        return self._queue.empty()
