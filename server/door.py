"""Before the door of a room: connections that hear of the lobby alone, until they are let in or sent away."""

from collections.abc import Iterator
from dataclasses import dataclass

from rooms import Person, Refused, iso
from rooms.state import State
from rooms.topics import lobby
from rooms.topics.lobby import LOBBY
from server.connection import Connection, Letter, bye

WAITING_BY_LINK = 30
"""People in the lobby by one guest link: who has it can be any number of people, and others are to be heard too."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody in the lobby with a connection that hears of the lobby alone."""

    connection: Connection
    person: Person
    page: str
    link: str  # the guest link by which they came; ""


class Door:
    """Those who wait, by person: their connections. Who may pass is the Room's to say (`rooms.topics.lobby`)."""

    def __init__(self) -> None:
        self._waiters: dict[str, Waiter] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiters)

    def check(self, person: str, link: str) -> None:
        """Whether one more may wait who comes by `link`. Raises Refused("busy")."""
        others = sum(one.link == link for id, one in self._waiters.items() if id != person)
        if link and others >= WAITING_BY_LINK:
            raise Refused("busy")

    def wait(self, state: State, person: Person, page: str, link: str) -> Connection:
        """The connection on which `person`, who has knocked, waits; an older one of theirs ends."""
        older = self._waiters.get(person.id)
        if older is not None:
            older.connection.end(None if older.page == page else bye("replaced"))
        connection = Connection(person.id)
        connection.tell(_word(state, person.id))
        self._waiters[person.id] = Waiter(connection, person, page, link)
        return connection

    def came_otherwise(self, person: str) -> None:
        """They have a seat by another connection: that which waited ends."""
        waiter = self._waiters.pop(person, None)
        if waiter is not None:
            waiter.connection.end(bye("replaced"))

    def hung_up(self, connection: Connection) -> bool:
        """The socket is gone: whether it was one that waited here."""
        waiter = self._waiters.get(connection.participant)
        if waiter is None or waiter.connection is not connection:
            return False
        del self._waiters[connection.participant]
        return True

    def knows(self, person: str) -> bool:
        """Whether they wait here."""
        return person in self._waiters

    def by_link(self, link: str) -> list[str]:
        """The ids of those who came by a guest link."""
        return [id for id, waiter in self._waiters.items() if waiter.link == link]

    def word(self, state: State, connection: Connection) -> Letter | None:
        """What a connection that waits here is to know; None: it waits no more, and hears at once what became of it."""
        waiter = self._waiters.get(connection.participant)
        waits = waiter is not None and waiter.connection is connection
        return (
            _word(state, connection.participant)
            if waits and connection.participant in LOBBY.of(state).waiting
            else None
        )

    def tell_stage(self, state: State) -> None:
        """The meeting was opened, paused or goes on: those who wait see it."""
        for id, waiter in self._waiters.items():
            if id in LOBBY.of(state).waiting:
                waiter.connection.tell(_word(state, id))

    def answered(self, state: State) -> Iterator[Waiter]:
        """Take away those who wait no longer, one after the other (while one is seated, others may hang up): who was
        let in is returned, who was sent away has heard why."""
        for id, waiter in list(self._waiters.items()):
            if id in LOBBY.of(state).waiting or self._waiters.get(id) is not waiter:
                continue
            del self._waiters[id]
            if lobby.waits(state, id, False):
                waiter.connection.end(bye("rejected", LOBBY.of(state).words.get(id, "")))
            else:
                yield waiter

    def dismiss(self, last_word: Letter | None) -> None:
        """Close every connection, with a message before or without."""
        for waiter in self._waiters.values():
            waiter.connection.end(last_word)


def _word(state: State, person: str) -> Letter:
    session = state.session
    found = LOBBY.of(state).waiting[person]
    meeting = {"title": session.sheet.title, "state": session.state.value, "starts_at": iso(session.sheet.starts_at)}
    return Letter({"type": "waiting", "waiting": {"since": iso(found.since), "meeting": meeting}})
