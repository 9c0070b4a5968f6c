"""Searching 100,000 documents on either database: `python -m bench.searching [--documents 100000]`.

Texts are seeded: syllables of Vietnamese by their usual frequencies, 150 to 900 a document, of 60 units over ten years.
What is timed is one question from the words to the keys and the entries of the first page, in one connection.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

from minutes.searching import store
from minutes.searching.entry import PUBLIC, Entry, Subject, mark, office, reader, signer_marks
from minutes.searching.query import parse
from minutes.searching.store import Ask
from server.database import Database, sqlite_url
from tests import postgresql

COMMON = (  # noqa: SIM905
    "và của các trong có được cho là với không người này đã từ về theo đến những tại cơ quan nhân dân ủy ban xã "
    "phường tỉnh công tác thực hiện báo cáo kết quả tổ chức đề nghị kế hoạch chỉ đạo triển khai quy định nhiệm vụ "
    "đơn vị"
).split()
USUAL = (  # noqa: SIM905
    "phòng cháy chữa rừng đường giao thông thủy lợi đất đai quy hoạch ngân sách giải ngân vốn đầu tư xây dựng "
    "nông thôn mới giáo dục y tế an ninh trật tự tiếp dân khiếu nại tố cáo hòa giải chuyển đổi số hộ tịch nghèo "
    "bão lũ sạt lở mùa vụ lúa ngô chăn nuôi dịch bệnh môi trường rác thải cấp nước điện chợ du lịch văn hóa thể "
    "thao lễ hội bản đồ bạn đọc bàn giao tài sản kiểm tra giám sát thanh tra họp giao ban kết luận thông báo "
    "quyết định phê duyệt"
).split()
RARE = tuple(
    first + middle + last
    for first in ("b", "c", "d", "đ", "h", "kh", "l", "m", "n", "ng", "nh", "ph", "qu", "t", "th", "tr", "v", "x")
    for middle in "aảãạấầậắeếềệiíoóộơớờuúưứừyý"
    for last in ("", "n", "ng", "m", "t", "c", "nh", "p")
)
KINDS = ("TB", "CT", "QĐ", "KH", "BC", "CV", "BB", "TTr")
UNITS = [f"don-vi-{number:02d}" for number in range(60)]
NAMES = ("Nguyễn Thị Hạnh", "Trần Văn Bình", "Lò Văn Dũng", "Hoàng Thị Lan", "Phùng Quốc Khánh", "Lý Thị Mẩy")
QUESTIONS = (
    "phòng cháy chữa rừng", "phong chay", '"thông báo kết luận"', '"ket luan"', "07/TB-UBND", "1234/QĐ-UBND", "sạt lở",
    "sat lo dat", "ban", "bản", "bạn", '"bản đồ"', "nguyen thi hanh", "khiếu nại tố cáo", "ủy ban nhân dân",
    "uy ban nhan dan", '"chuyển đổi số"', "giải ngân vốn đầu tư xây dựng", "đườ*", "thuy*", "khẩng", "quệm",
    "dich benh", "công tác", "2026", '"mùa vụ lúa"',
)  # fmt: skip
"""What is asked again and again: numbers, names, common and rare words, phrases, beginnings."""


def entries(count: int) -> Iterator[Entry]:
    """`count` documents; a tenth of them is public."""
    source = random.Random(2026)
    begin = date(2017, 1, 1)
    for number in range(count):
        unit, kind, signer = source.choice(UNITS), source.choice(KINDS), source.choice(NAMES)
        day = begin + timedelta(source.randrange(3600))
        words = [
            word
            for _ in range(source.randrange(30, 180))
            for word in (*source.choices(COMMON, k=3), source.choice(USUAL), source.choice(RARE))
        ]
        place = source.randrange(len(USUAL) - 4)
        words[5:5] = USUAL[place : place + 4]
        head = f"{kind} {number % 2000 + 1:02d}/{kind}-UBND Về việc {' '.join(source.choices(USUAL, k=6))}"
        marks = {
            office(unit), mark("n", unit), mark("k", kind), mark("s", "sealed"), mark("y", str(day.year)),
            reader(f"a{number % 500}"), *signer_marks(signer),
        }  # fmt: skip
        if number % 10 == 0:
            marks.add(PUBLIC)
        yield Entry(
            Subject.DOCUMENT, f"d{number}", day, source.randrange(86400), head, f"{' '.join(words)}. {signer}",
            frozenset(marks),
        )  # fmt: skip


def asks() -> Iterator[tuple[str, Ask, bool]]:
    """The questions as an official of one unit, as everybody, and as one who may read a third of all; some filtered."""
    official = frozenset({office(UNITS[7]), reader("a7"), PUBLIC})
    many = frozenset({office(unit) for unit in UNITS[:20]} | {PUBLIC})
    for text in QUESTIONS:
        terms = parse(text)
        yield text, Ask(terms, official), False
        yield text, Ask(terms, frozenset({PUBLIC})), False
        yield text, Ask(terms, many), False
        yield text, Ask(terms, many), True
        yield text, Ask(terms, many, frozenset({mark("k", "TB"), mark("y", "2024")})), False
        yield text, Ask(terms, official, since=date(2024, 1, 1), until=date(2024, 3, 31)), True


async def measure(url: str, count: int) -> tuple[float, float, float, str]:
    """(p50, p95, worst in milliseconds, what was worst)."""
    database = Database(url)
    await database.migrate()
    began, coming, larger = time.perf_counter(), entries(count), "postgresql" in url
    async with database.begin() as connection:
        if larger:  # as a restored database has its rows first
            await connection.exec_driver_sql("DROP INDEX search_index_words")
    while taken := tuple(islice(coming, 2000)):
        async with database.begin() as connection:
            await store.put(connection, *taken)
    async with database.begin() as connection:
        if larger:
            await connection.exec_driver_sql(store.POSTGRESQL[1])
            await connection.exec_driver_sql("ANALYZE")
    print(f"{url.split('+')[0]:11} {count} documents indexed in {time.perf_counter() - began:.0f} s", flush=True)
    seen: list[tuple[float, str]] = []
    async with database.read() as connection:
        for turn in range(3):
            for text, ask, newest in asks():
                began = time.perf_counter()
                keys = await store.find(connection, ask, newest=newest)
                await store.hits(connection, keys[:20])
                if turn:  # the first turn warms the caches
                    seen.append((1000 * (time.perf_counter() - began), f"{text} ({len(keys)}{', newest' * newest})"))
    await database.close()
    times = sorted(one for one, _text in seen)
    slow = max(seen)
    return statistics.median(times), times[int(0.95 * len(times))], slow[0], slow[1]


def measured(count: int, only: str = "") -> Iterator[tuple[str, float, float, float, str]]:
    """(database, p50, p95, worst, what was worst) of each of the two that is there, or of `only`."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        urls = [sqlite_url(Path(name) / "db")] if only != "postgresql" else []
        if postgresql.installed() is not None and only != "sqlite":
            urls.append(postgresql.create(running.enter_context(postgresql.cluster()), "search"))
        for url in urls:
            yield (url.split("+")[0], *asyncio.run(measure(url, count)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--only", choices=("sqlite", "postgresql"), default="")
    given = parser.parse_args()
    for kind, half, most, worst, text in measured(given.documents, given.only):
        print(f"{kind:11} p50 {half:.1f} ms, p95 {most:.1f} ms (target < 100 ms), worst {worst:.0f} ms: {text}")
