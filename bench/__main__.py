"""Every figure with its target, a line each: `make bench`, about five minutes. A ratio is to a control in that run."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Coroutine
from typing import Any

import uvloop

from bench import assembly, bandwidth, drafting, forward, load, recording, records, registers, searching

FLAT = 0.15


def line(name: str, value: str, target: str, met: bool | None) -> None:
    """`met`: None where there is no target."""
    print(f"{'' if met is None else 'met ' if met else 'MISSED':7}{name:62} {value:34} {target}", flush=True)


def core() -> None:
    """The native core alone beside a bare segmented send of as many datagrams."""
    for (kind, frame), limit in zip(forward.FRAMES.items(), (1.7, 2.0), strict=True):
        figures = forward.measure(frame)
        ratio = figures["native"] / figures["control"]
        value = f"{figures['native']:.2f} us, {ratio:.2f} of bare send"
        line(f"native core, 50 subscribers, frames of {kind}", value, f"<= {limit:.1f}", ratio <= limit)


def feedback() -> None:
    """What one report of a subscriber costs Python, beside parsing it."""
    bandwidth.measure(0.1, 0.0, 5)


async def growth() -> None:
    """The whole server as the number of subscribers grows."""
    for wide, name in ((False, "as the load of rivals"), (True, "with transport-cc feedback")):
        loads = load.LOADS if not wide else (50,)
        seen = await load.growth(loads, wide=wide)
        for number, ours in seen.ours.items():
            value = f"{ours:.2f} us, {ours / seen.floor[number]:.2f} of {seen.floor[number]:.2f} of the kernel alone"
            line(f"whole server, {number} subscribers, {name}", value, "", None)
        if not wide:
            centre = statistics.median(seen.ours.values())
            spread = max(abs(value / centre - 1) for value in seen.ours.values())
            line("cost per packet from 5 to 200 subscribers", f"+-{100 * spread:.0f} %", "flat, +-15 %", spread <= FLAT)
            line("lost on the way", f"{seen.lost} packets", "0", seen.lost == 0)


async def meetings() -> None:
    """All to all."""
    small = await load.meeting(8, wide=False, apart=False)
    value = f"{small.each:.2f} us, {small.packets:.0f} packets/s"
    line("all to all, 8 participants, one encoding each", value, "", None)
    line("memory a participant, all to all of 8", f"{small.memory:.0f} kB", "<= 150 kB", small.memory <= 150)
    large = await load.meeting(30, ("q", "h", "f"))
    value = f"{large.each:.2f} us, {large.packets:.0f} packets/s, {100 * large.core:.0f} % of a core"
    line("all to all, 30 participants, thumbnails, on one core", value, "holds", large.core < 0.95)
    line("  lost on the way", f"{large.lost} packets", "0", large.lost == 0)
    line("  forwarding delay, p99", f"{large.p99:.2f} ms", "< 10 ms", large.p99 < 10)
    line("  memory a participant", f"{large.memory:.0f} kB", "<= 150 kB", large.memory <= 150)


async def busy() -> None:
    """Does work in Python delay packets?"""
    idle, loaded, share = await load.busy()
    added, value = loaded - idle, f"{idle:.2f} -> {loaded:.2f} ms at {100 * share:.0f} % of a core"
    line("p99 delay added while Python is busy", value, "< 1 ms", added < 1)


async def joins() -> None:
    """What a newcomer costs."""
    seen = await load.joins()
    line("server CPU of a join (WHEP)", f"{seen.cpu:.2f} ms", "<= 4 ms", seen.cpu <= 4)
    line("memory of one more subscriber", f"{seen.memory:.0f} kB", "<= 150 kB", seen.memory <= 150)
    value = f"p50 {seen.median:.0f} ms, p95 {seen.p95:.0f} ms"
    line("from the offer to the first forwarded packet", value, "p95 <= 40 ms", seen.p95 <= 40)


async def ballots() -> None:
    """A vote by everybody in a large assembly."""
    seen = await assembly.measure()
    cpu = f"{seen.voting:.1f} s of server CPU, {seen.octets / seen.members / 1000:.0f} kB to each"
    line(f"{seen.members} members vote within {assembly.SECONDS:.0f} s", cpu, "", None)
    value = f"p50 {1000 * seen.median:.0f} ms, p95 {1000 * seen.p95:.0f} ms"
    line("  from the ballot to its acknowledgement", value, "p95 <= 500 ms", seen.p95 <= 0.5)
    line("  until everybody knows the result", f"{seen.known:.2f} s", "<= 2 s", seen.known <= 2)
    line("  they come in", f"{seen.joined:.1f} s, {seen.joining:.1f} s of server CPU", "", None)


async def drafts() -> None:
    """A draft that is written with its pages beside it."""
    drawn = drafting.drawings(8)
    svg, points = drawn["typst to SVG"], drawn["typst to PDF, pypdfium2 to PNG"]
    value = f"{svg.milliseconds:.0f} ms, {svg.octets / 1000:.0f} kB each"
    control = f"(as points {points.milliseconds:.0f} ms, {points.octets / 1000:.0f} kB)"
    line(f"{svg.pages} pages of a draft drawn", value, control, None)
    seen = await drafting.writing()
    line("an operation of a draft kept and told", f"{seen.kept:.1f} ms", "", None)
    line("from it to the pages, the pause among it", f"{seen.shown:.0f} ms", "< 300 ms", seen.shown < 300)


def keeping() -> None:
    """Recording one participant."""
    seen = recording.measure()
    value = f"{seen.packet:.1f} us, {100 * seen.core:.2f} % of a core"
    control = f"(writing and digesting alone {100 * seen.control:.2f} %)"
    line("recorded packet, and a participant of 1.2 Mbit/s", value, control, None)
    line("encrypting what was recorded of him", f"{100 * seen.sealing:.2f} % of a core", "", None)


def finding() -> None:
    """Searching, with fewer documents than the target is for: `python -m bench.searching` has as many as that."""
    for kind, half, most, _worst, _text in searching.measured(10_000):
        value = f"p50 {half:.1f} ms, p95 {most:.1f} ms"
        line(f"a search in 10,000 documents, {kind}", value, "p95 < 100 ms", most < 100)


def main() -> None:
    core()
    feedback()
    keeping()
    finding()
    records.main()
    registers.main()
    parts: list[Callable[[], Coroutine[Any, Any, None]]] = [growth, joins, busy, meetings, ballots, drafts]
    for part in parts:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(part())


if __name__ == "__main__":
    main()
