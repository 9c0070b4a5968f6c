"""Signing many documents after one PIN entry: one after the other, each on its own, so that one failure stops nobody.

Runs of a process are in its memory alone: after a restart those that were signed are signed, and the others wait as
before. The address of a run names its documents, so that its page can still say which are which.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from minutes.document import Document
from minutes.errors import Reason, RecordError, Refused
from server.disks import out_of_room
from server.errors import answer

log = structlog.get_logger("giaoban.signing")

KEPT = 50
"""Runs whose results can still be read."""
MAX_DOCUMENTS = 100


@dataclass
class Row:
    """One document of a run. `state`: waiting, done or failed, then with `error`."""

    document: Document
    seal: bool
    state: str = "waiting"
    error: RecordError | None = None


@dataclass
class Run:
    """Documents that one account signs. `over` when none waits any more, or nobody works at it (`interrupted`)."""

    id: str
    account: str
    rows: tuple[Row, ...]
    task: asyncio.Task[None] | None = field(default=None, repr=False)
    interrupted: bool = False

    @property
    def over(self) -> bool:
        return self.interrupted or all(row.state != "waiting" for row in self.rows)

    @property
    def finished(self) -> int:
        """How many are signed or have failed."""
        return sum(row.state != "waiting" for row in self.rows)

    @property
    def done(self) -> int:
        """How many are signed."""
        return sum(row.state == "done" for row in self.rows)


class BulkSigning:
    """The runs of this process."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def start(
        self, account: str, documents: Sequence[tuple[Document, bool]], sign: Callable[[Row], Awaitable[object]]
    ) -> Run:
        """Begin to `sign` documents (with whether it is the seal), in order; what RecordError says is kept."""
        rows = tuple(Row(document, seal) for document, seal in documents)
        run = Run(secrets.token_urlsafe(12), account, rows)
        for old in [one for one in self._runs.values() if one.over][: max(0, len(self._runs) - KEPT + 1)]:
            del self._runs[old.id]
        self._runs[run.id] = run
        run.task = asyncio.create_task(_work(run, sign))
        return run

    def knows(self, run_id: str) -> bool:
        """Whether there is such a run of anybody."""
        return run_id in self._runs

    def get(self, run_id: str, account: str) -> Run | None:
        """A run of `account`."""
        run = self._runs.get(run_id)
        return run if run is not None and run.account == account else None

    async def close(self) -> None:
        """Stop: what is not signed by now waits as before."""
        for run in self._runs.values():
            if run.task is not None:
                run.task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await run.task


async def _work(run: Run, sign: Callable[[Row], Awaitable[object]]) -> None:
    for row in run.rows:
        try:
            await sign(row)
            row.state = "done"
        except RecordError as error:
            row.state, row.error = "failed", error
        except Exception as error:
            # Our own fault, which stops the others as little as theirs; the page says so, and why where it is known.
            log.exception("signing failed", document=row.document.id)
            row.state = "failed"
            if out_of_room(error):
                row.error = Refused("no_room", Reason(answer("no_room").text))
