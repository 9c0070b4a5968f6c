"""CPU of the estimate for one feedback, next to what reading its RTCP takes: `python -m bench.bandwidth`.

One subscriber of a 1.2 Mbit/s picture and speech (150 packets a second, pictures in bursts, a line with some jitter),
feedback every 50 ms and every 100 ms, with and without losses. "read" is rtcp.read alone, "estimate" is what Estimator
does with it (sent, feedback, tick, probe), "write" is the publisher's side, FeedbackWriter.write of the same arrivals.
The rounds of the three are interleaved and the median is taken; judge the ratio.
"""

import argparse
import random
import statistics
import time
from collections.abc import Callable, Sequence

from media import rtcp
from media.bandwidth import Estimator
from media.feedback import FeedbackWriter

SECONDS = 20
Sent = tuple[int, int, int]


def traffic(interval: float, loss: float) -> tuple[list[list[Sent]], list[list[tuple[int, int]]]]:
    """What was sent and what arrived, by feedback interval."""
    chance = random.Random(1)
    times = sorted(
        [(0.02 * number, 110) for number in range(50 * SECONDS)]
        + [(frame / 25 + 0.0003 * part, 1180) for frame in range(25 * SECONDS) for part in range(4)]
    )
    count = int(SECONDS / interval)
    sent: list[list[Sent]] = [[] for _ in range(count)]
    arrivals: list[list[tuple[int, int]]] = [[] for _ in range(count)]
    for number, (at, octets) in enumerate(times):
        turn = min(count - 1, int(at / interval))
        sent[turn].append((number & 0xFFFF, round(1e6 * at), octets))
        if chance.random() >= loss:
            arrivals[turn].append((number & 0xFFFF, round(1e6 * (at + 0.02 + chance.random() * 0.002))))
    return sent, arrivals


def read(compounds: Sequence[bytes]) -> None:
    for data in compounds:
        rtcp.read(data)


def write(arrivals: Sequence[Sequence[tuple[int, int]]]) -> list[bytes]:
    writer = FeedbackWriter(1)
    return [data for part in arrivals for data in writer.write(7, part)]


def estimate(sent: Sequence[Sequence[Sent]], reports: Sequence[rtcp.TransportFeedback], interval: float) -> None:
    subject, now = Estimator(0.0), 0.0
    for packets, report in zip(sent, reports, strict=True):
        now += interval
        subject.sent(packets)
        subject.feedback(report, now)
        subject.tick(now)
        subject.probe(now, 0)


def spent(work: Callable[[], object]) -> float:
    before = time.thread_time()
    work()
    return time.thread_time() - before


def measure(interval: float, loss: float, rounds: int) -> None:
    sent, arrivals = traffic(interval, loss)
    compounds = write(arrivals)
    reports = [packet for data in compounds for packet in rtcp.read(data) if isinstance(packet, rtcp.TransportFeedback)]
    packets = sum(len(report.statuses) for report in reports)
    works: dict[str, Callable[[], object]] = {
        "read": lambda: read(compounds),
        "estimate": lambda: estimate(sent, reports, interval),
        "write": lambda: write(arrivals),
    }
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            taken[name].append(spent(work))
    medians = {name: 1e6 * statistics.median(values) for name, values in taken.items()}
    for name, total in medians.items():
        print(
            f"every {interval * 1000:3.0f} ms  loss {loss:4.0%}  {name:9} {total / len(reports):7.1f} us per feedback"
            f"  {total / packets:6.2f} us per packet  ratio {total / medians['read']:5.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    for interval in (0.05, 0.1):
        for loss in (0.0, 0.05):
            measure(interval, loss, rounds)


if __name__ == "__main__":
    main()
