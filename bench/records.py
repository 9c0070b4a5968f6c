"""What records cost: typesetting, signing, judging, and the way of many documents from approved to archived.

All with a soft key, the installation's own time-stamper (RSA-2048, in this process) and SQLite: no network, so that it
is our CPU. `python -m bench.records`; `python -m bench.records 1000`: the way of so many documents alone.
"""

import asyncio
import contextlib
import gc
import logging
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from minutes import appearance, draft, signing
from minutes.document import Kind
from minutes.report import Expected
from minutes.typeset import Heading, Typesetter
from minutes.validation import validate
from server.heap import keep_one_heap
from server.records_keys import open_keys
from tests.minutes.sample_meeting import AUTHORITY, START, held
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, PIN, open_office

ROUNDS = 15
HEAD = ("0" * 32, "07/BB-UBND", "http://127.0.0.1:8080/verify?code=AAAA-BBBB-CCCC", "AAAA-BBBB-CCCC")


def line(name: str, value: str, target: str, met: bool | None) -> None:
    """As in bench.__main__."""
    print(f"{'' if met is None else 'met ' if met else 'MISSED':7}{name:62} {value:34} {target}", flush=True)


async def _milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    """The median CPU time of this process."""
    times = []
    for _round in range(ROUNDS):
        gc.collect()
        began = time.process_time()
        await work()
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times)


def _resident() -> float:
    """Megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


async def one(folder: Path) -> None:
    """One document."""
    async with open_office(folder):
        pass
    keys, typesetter, proceedings = open_keys(folder / "keys"), Typesetter(), held()
    content = draft.minutes(proceedings, HEAD[0], AUTHORITY)
    signers = draft.minutes_signers(proceedings, lambda _account: True)
    heading = Heading(AUTHORITY, HEAD[0], signers, HEAD[1], START.date(), HEAD[2], HEAD[3])

    async def typeset() -> None:
        typesetter.typeset(Kind.MINUTES, content, heading, at=START)

    page = typesetter.typeset(Kind.MINUTES, content, heading, at=START)
    value = await _milliseconds(typeset)
    line("typeset minutes of 2 pages, p50", f"{value:.1f} ms of CPU", "<= 20 ms", value <= 20)
    pdf, expected = signing.prepare(page.pdf, page.fields), []
    for number, signer in enumerate(signers):
        credential = (keys.store.seal if signer.role == "seal" else keys.store.person)(signer.account, PIN)
        expected.append(Expected(signer.field, credential.issuer, credential.serial))
        before, options = pdf, {
            "trust": keys.trust, "time_stamper": keys.time_stamper, "image": appearance.seal(signer.name),
            "certify": number == 0, "seal": signer.role == "seal",
        }  # fmt: skip
        pdf = await signing.sign(before, signer.field, credential, **options)  # type: ignore[arg-type]

    async def seal() -> None:
        await signing.sign(before, signer.field, credential, **options)  # type: ignore[arg-type]

    value = await _milliseconds(seal)
    line("sign B-LTA: signature, evidence, two time-stamps", f"{value:.0f} ms of CPU", "<= 400 ms", value <= 400)

    async def judge() -> None:
        assert (await validate(pdf, keys.trust, expected)).ok

    value = await _milliseconds(judge)
    line("judge 3 signatures and an archive time-stamp, offline", f"{value:.0f} ms of CPU", "<= 200 ms", value <= 200)
    torn = bytearray(pdf)
    torn[50_000] ^= 1

    async def refuse() -> None:
        assert not (await validate(bytes(torn), keys.trust, expected)).ok

    value = await _milliseconds(refuse)
    line("  refuse one changed byte", f"{value:.0f} ms of CPU", "", None)


async def many(folder: Path, documents: int) -> None:
    """Approved directives, signed, sealed and archived with nobody's hand on it, two at a time."""
    async with open_office(folder) as office:
        ids = []
        for number in range(documents):
            document_id = await office.directive(f"Về việc số {number}")
            await office.records.submit(document_id, by=CLERK_ACTOR)
            await office.records.approve(document_id, by=CHAIR_ACTOR)
            ids.append(document_id)
        gc.collect()
        waiting, memory, began, used = iter(ids), [], time.perf_counter(), time.process_time()

        async def worker() -> None:
            for document_id in waiting:
                await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
                await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
                memory.append(_resident())

        await asyncio.gather(worker(), worker())
        seconds, cost = time.perf_counter() - began, 1000 * (time.process_time() - used) / documents
        value = f"{60 * documents / seconds:.0f} a minute, {cost:.0f} ms of CPU each"
        line(f"{documents} documents from approved to archived", value, "", None)
        _tell_growth(memory)


def _tell_growth(memory: Sequence[float]) -> None:
    """What was resident after each document, in MB: the first ones load code and fill caches, so a tenth of them, and
    twenty at least, is left out."""
    warm = memory[max(20, len(memory) // 10) :]
    third = max(1, len(warm) // 3)
    first, last = min(warm[:third]), min(warm[-third:])
    grown = (last - first) * 1024 / max(1, len(warm) - third)
    value = f"{first:.0f} -> {last:.0f} MB, {grown:+.1f} kB a document"
    line("  memory, the least of the first and of the last third", value, "flat: <= 5 kB", grown <= 5)


def main(documents: int | None = None) -> None:
    """All figures; with `documents` only their way."""
    keep_one_heap()  # as the server does
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _one in range(2)]
        if documents is None:
            asyncio.run(one(folders[0]))
        asyncio.run(many(folders[1], documents or 100))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
