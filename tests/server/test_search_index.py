"""The same question has the same answer on SQLite and on PostgreSQL."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.searching import store
from minutes.searching.entry import PUBLIC, Entry, Subject, mark
from minutes.searching.query import parse
from minutes.searching.shown import marked
from minutes.searching.store import Ask
from server.database import Database, sqlite_url
from tests import postgresql

DAY = date(2026, 2, 5)
EVERYBODY = frozenset({PUBLIC})
HEADS = (
    "Thông báo 07/TB-UBND Kết luận cuộc họp giao ban",
    "Chỉ thị 12/CT-UBND Về việc tăng cường phòng cháy, chữa cháy rừng",
    "Quyết định 07/QĐ-UBND Ban hành Quy chế làm việc",
    "Kế hoạch 107/KH-UBND Rà soát bản đồ",
    "Biên bản Họp với bạn đọc",
)
TEXTS = (
    "Giao Ủy ban nhân dân xã Tà Năng sửa chữa tuyến đường.\nBáo cáo trước ngày 28/02/2026.",
    "Rà soát phương án; hoà giải ở cơ sở; thuỷ lợi. Bàn về con đường mới và dương lịch.",
    "Ban hành kèm theo. Các cơ quan, đơn vị chịu trách nhiệm thi hành.",
    "Bản đồ địa chính xã Tà Năng. Hòa bình, thủy điện; đề nghị báo cáo kết quả.",
    "Bạn đọc hỏi về tuyến đường; kết quả, luận cứ. " + "và các " * 400 + "cuối cùng",
)
QUESTIONS = {
    "ban": {0, 1, 2, 3, 4},
    "bạn": {4},
    "bàn": {1},
    '"ban do"': {3},
    '"bản đồ"': {3},
    '"ban đồ"': set(),
    "hoà": {1, 3},
    "hòa": {1, 3},
    "thủy": {1, 3},
    "duong": {0, 1, 4},
    "dương": {1},
    "đường": {0, 1, 4},
    "7/TB-UBND": {0},
    "07/ubnd": set(),
    "07/qd-ubnd": {2},
    "107/KH": {3},
    '"kết luận"': {0},
    "ket luan": {0, 4},
    '"tuyến đườ*"': {0, 4},
    "tuy*": {0, 4},
    "28/2/2026": {0},
    "và các cuối": {4},
    '"cac cuoi cung"': {4},
    '"họp giao"': {0},
    "ubnd ban*": {0, 1, 2, 3},
    "không có chữ này": set(),
}


def entry(number: int, marks: Iterable[str] = EVERYBODY, day: date | None = None) -> Entry:
    return Entry(
        Subject.DOCUMENT, f"d{number}", day or DAY + timedelta(number), number, HEADS[number % 5], TEXTS[number % 5],
        frozenset(marks),
    )  # fmt: skip


Both = Callable[[Callable[[Database], Awaitable[object]]], list[object]]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, postgresql_create: Callable[..., str]) -> Both:
    """Does something with an index on SQLite and, where it is installed, on PostgreSQL: what came out of each."""
    folder = tmp_path_factory.mktemp("index")

    def run(work: Callable[[Database], Awaitable[object]], urls: list[str]) -> list[object]:
        async def on(url: str) -> object:
            database = Database(url)
            try:
                return await work(database)
            finally:
                await database.close()

        return [asyncio.run(on(url)) for url in urls]

    async def prepare(database: Database) -> None:
        await database.migrate()
        async with database.begin() as connection:
            for number in range(5):
                await store.put(connection, entry(number))

    urls = [sqlite_url(folder / "db")]
    if postgresql.installed() is not None:
        urls.append(postgresql_create())
    run(prepare, urls)
    return lambda work: run(work, urls)


async def asked(database: Database, ask: Ask, *, newest: bool = False) -> list[str]:
    async with database.read() as connection:
        keys = await store.find(connection, ask, newest=newest)
        return [one.id for one in await store.hits(connection, keys)]


def test_every_question_of_the_set_has_the_same_answer_everywhere(both: Both) -> None:
    async def answers(database: Database) -> dict[str, set[int]]:
        return {
            text: {int(one[1:]) for one in await asked(database, Ask(parse(text), EVERYBODY))} for text in QUESTIONS
        }

    for found in both(answers):
        assert found == QUESTIONS


def test_what_is_called_so_comes_before_what_only_says_so_and_the_newest_first(both: Both) -> None:
    async def answers(database: Database) -> tuple[list[str], list[str]]:
        ask = Ask(parse("bản đồ"), EVERYBODY)
        likeness = await asked(database, Ask(parse("ban"), EVERYBODY))
        assert await asked(database, ask) == ["d3"]
        return likeness, await asked(database, Ask(parse("ban"), EVERYBODY), newest=True)

    for found in both(answers):
        # Four are called "biên bản", "bản đồ", "ban hành", "giao ban"; one only says it.
        assert found == (["d4", "d3", "d2", "d0", "d1"], ["d4", "d3", "d2", "d1", "d0"])


def test_marks_choose_and_withhold(both: Both) -> None:
    mine, theirs, kind = mark("u", "lam-son"), mark("u", "ta-nang"), mark("k", "TB")

    async def answers(database: Database) -> list[list[str]]:
        async with database.begin() as connection:
            for number, marks in ((10, {mine, kind}), (11, {mine}), (12, {theirs, kind}), (13, {PUBLIC})):
                await store.put(connection, entry(number, marks))
        found = [
            await asked(database, Ask((), any_of, all_of))
            for any_of, all_of in (
                (frozenset({mine}), frozenset[str]()),
                (frozenset({mine, theirs}), frozenset({kind})),
                (frozenset({theirs}), frozenset({mine})),
                (frozenset[str](), frozenset[str]()),
            )
        ]
        async with database.begin() as connection:
            await store.remove(connection, Subject.DOCUMENT, [f"d{number}" for number in (10, 11, 12, 13)])
        return found

    for found in both(answers):
        assert found == [["d11", "d10"], ["d12", "d10"], [], []]


def test_a_period_has_both_of_its_days(both: Both) -> None:
    async def answers(database: Database) -> list[str]:
        return await asked(database, Ask((), EVERYBODY, since=DAY + timedelta(1), until=DAY + timedelta(3)))

    for found in both(answers):
        assert found == ["d3", "d2", "d1"]


def test_an_entry_takes_the_place_of_the_one_before(both: Both) -> None:
    async def answers(database: Database) -> list[list[str]]:
        async with database.begin() as connection:
            await store.put(connection, Entry(Subject.MEETING, "m", DAY, 1, "Họp sơ kết", "lúa", EVERYBODY))
            await store.put(connection, Entry(Subject.MEETING, "m", DAY, 1, "Họp tổng kết", "ngô", EVERYBODY))
        found = [await asked(database, Ask(parse(text), EVERYBODY)) for text in ("lúa", "sơ kết", "ngô", "tổng kết")]
        async with database.begin() as connection:
            await store.remove(connection, Subject.MEETING, ["m"])
        return [*found, await asked(database, Ask(parse("ngô"), EVERYBODY))]

    for found in both(answers):
        assert found == [[], [], ["m"], ["m"], []]


def test_what_came_in_the_same_second_is_kept_apart(both: Both) -> None:
    async def answers(database: Database) -> int:
        async with database.begin() as connection:
            one, *others = [
                Entry(Subject.MEETING, f"{number}", DAY, 7, "một lúc", "", EVERYBODY) for number in range(100, 140)
            ]
            await store.put(connection, one)
            await store.put(connection, *others)
        found = await asked(database, Ask(parse('"một lúc"'), EVERYBODY))
        async with database.begin() as connection:
            await store.remove(connection, Subject.MEETING, list(map(str, range(100, 140))))
        return len(set(found))

    assert set(both(answers)) == {40}


def test_a_very_long_text_is_taken_up_as_far_as_an_index_can(both: Both) -> None:
    source = random.Random(5)
    words = ["".join(source.choices("bcdghklmnpqrstvx", k=9)) for _ in range(150_000)]

    async def answers(database: Database) -> list[list[str]]:
        async with database.begin() as connection:
            await store.put(connection, Entry(Subject.MEETING, "long", DAY, 1, "dài", " ".join(words), EVERYBODY))
        found = [await asked(database, Ask(parse(word), EVERYBODY)) for word in (words[0], words[20_000], words[-1])]
        async with database.begin() as connection:
            await store.remove(connection, Subject.MEETING, ["long"])
        return found

    for found in both(answers):
        assert found == [["long"], ["long"], []]


def test_any_question_is_harmless_and_answered_alike(both: Both) -> None:
    operators = st.sampled_from(
        ['"', "*", " AND ", " OR ", " NOT ", " NEAR(", "(", ")", ":", "^", "-", "+", "&", "|", "!", "<->", "'", "\\",
         "ban", "bản", "đồ", "07/QĐ", "marks : ", "{head}", "\x00", "%", "$1", ":words", "\u0301", "ß", "日本"]
    )  # fmt: skip
    questions: list[str] = []

    @settings(max_examples=150, database=None)
    @given(st.lists(operators | st.text(max_size=8), max_size=8))
    def gather(parts: list[str]) -> None:
        questions.append("".join(parts))

    gather()

    async def answers(database: Database) -> list[list[str]]:
        return [await asked(database, Ask(parse(text), EVERYBODY)) for text in questions]

    found = both(answers)
    assert all(one == found[0] for one in found)
    for text, ids in zip(questions, found[0], strict=True):  # type: ignore[call-overload]
        for one in ids:
            whole = f"{HEADS[int(one[1:])]}\n{TEXTS[int(one[1:])]}"
            assert not parse(text) or any(part.hit for part in marked(whole, parse(text)))
