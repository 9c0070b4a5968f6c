"""What waits for a reader: in order, the newest of each thing, answers first where news must wait, never too much."""

import asyncio

from server.connection import AT_ONCE, PACE, QUEUE, Connection, Letter

LONG = "x" * 1000


def vote(id: str, state: object) -> Letter:
    return Letter({"type": "vote", "vote": {"id": id, "state": state, "text": LONG}})


def ack(number: int) -> Letter:
    return Letter({"type": "ack", "id": number})


def busy() -> Connection:
    """One whose reader has just had as much news as may come at once."""
    connection = Connection("dung")
    connection.tell(Letter({"type": "caption", "text": "x" * (AT_ONCE * 3)}))
    connection.take(1000.0)
    return connection


def written(connection: Connection, now: float) -> list[str]:
    taken = []
    while (text := connection.take(now)) is not None:
        taken.append(text)
    return taken


def test_below_the_pace_everything_keeps_its_order() -> None:
    connection = Connection("dung")
    letters = [vote("v1", 1), ack(1), vote("v2", 1), ack(2)]
    for letter in letters:
        connection.tell(letter)
    assert written(connection, 1000.0) == [letter.text for letter in letters]


def test_of_what_waits_only_the_newest_state_of_each_thing_is_told() -> None:
    connection = busy()
    for state in range(300):
        connection.tell(vote("v1", state))
        connection.tell(vote("v2", -state))
    assert written(connection, 1000.0) == []
    assert written(connection, 1030.0) == [vote("v1", 299).text, vote("v2", -299).text]


def test_what_is_no_state_is_told_each_time() -> None:
    connection = busy()
    said = [Letter({"type": "reaction", "participant": "lan", "reaction": "clap"}) for _ in range(3)]
    for letter in said:
        connection.tell(letter)
    assert len(written(connection, 1030.0)) == 3


def test_an_answer_waits_behind_no_news_that_must_wait() -> None:
    connection = busy()
    connection.tell(vote("v1", 1))
    connection.tell(ack(7))
    assert written(connection, 1000.0) == [ack(7).text]


def test_news_come_at_the_pace() -> None:
    connection = Connection("dung")
    octets = 0
    for second in range(60):
        for number in range(40):
            connection.tell(vote(f"v{number}", second))
        octets += sum(map(len, written(connection, 1000.0 + second)))
    assert 0.9 * 60 * PACE < octets < 60 * PACE + AT_ONCE + 2 * len(LONG)


def test_who_lags_begins_anew_from_a_snapshot() -> None:
    connection = busy()
    for number in range(QUEUE + 1):
        connection.tell(vote(f"v{number}", 1))
    assert connection.lagging
    connection.tell(vote("v1", 2))
    welcome = Letter({"type": "welcome"})
    connection.resync(welcome)
    assert written(connection, 1000.0) == [welcome.text]
    connection.tell(vote("v1", 3))
    assert written(connection, 1090.0) == [vote("v1", 3).text]


def test_a_snapshot_is_not_undone_by_older_news() -> None:
    connection = busy()
    connection.tell(vote("v1", "open"))
    welcome = Letter({"type": "welcome"})
    connection.tell(welcome)
    assert written(connection, 1090.0) == [welcome.text]


def test_at_the_end_all_that_waits_goes_out_before_the_farewell() -> None:
    connection = busy()
    connection.tell(vote("v1", "closed"))
    bye = Letter({"type": "bye", "reason": "closed"})
    connection.end(bye)
    connection.tell(vote("v1", "after"))
    assert written(connection, 1000.0) == [vote("v1", "closed").text, bye.text]


async def test_the_writer_wakes_when_the_pace_allows_and_for_an_answer_at_once() -> None:
    connection = Connection("dung")
    now = asyncio.get_running_loop().time
    connection.tell(Letter({"type": "caption", "text": "x" * (AT_ONCE + PACE // 4)}))
    assert connection.take(now()) is not None
    connection.tell(vote("v1", 1))
    waiting = asyncio.ensure_future(connection.ready())
    await asyncio.sleep(0)
    assert not waiting.done()
    connection.tell(ack(1))
    await asyncio.wait_for(waiting, 0.2)
    assert connection.take(now()) == ack(1).text
    await asyncio.wait_for(connection.ready(), 5)
    assert connection.take(now()) == vote("v1", 1).text
