"""Phones that were checked in at a site: known as long as their person has the seat, and no longer than the meeting."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from rooms import OVER, Fact
from rooms.state import State
from server import directory


@dataclass
class Phones:
    """Those of one sitting, by person."""

    _connected: set[str] = field(default_factory=set)
    _ended: set[str] = field(default_factory=set)

    def connected(self, person: str, phone: bool) -> None:
        """Somebody's connection is, or is not, such a phone's."""
        (self._connected.add if phone else self._connected.discard)(person)

    async def follow(self, connection: AsyncConnection, state: State, facts: Iterable[Fact]) -> None:
        """End the sessions that end with these facts, which led to `state`, in the transaction that keeps them. Who
        gave up the seat to lead the meeting goes on."""
        facts, sheet = tuple(facts), state.session.sheet
        if any(fact.kind in OVER for fact in facts):
            await directory.end_phones(connection, sheet.id, None)
            return
        named = {fact.data["person"] for fact in facts if fact.kind in ("unseated", "removed")}
        ended = {id for id in named if state.people[id].seat is None and id not in sheet.desk}
        if ended:
            await directory.end_phones(connection, sheet.id, ended)
            self._ended |= ended & self._connected

    def ended(self) -> set[str]:
        """Whose connections are to be closed, said once."""
        ended, self._ended = self._ended, set()
        self._connected -= ended
        return ended
