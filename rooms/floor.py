"""The speakers' list: people raise a hand and queue, the chair gives the floor to one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rooms.proceedings import Json, iso


@dataclass(frozen=True, slots=True)
class Floor:
    """`queue` holds the ids of raised hands in the order of raising; `since` is when the holder got the floor."""

    holder: str | None = None
    since: datetime | None = None
    queue: tuple[str, ...] = ()

    def raised(self, person: str) -> Floor:
        return replace(self, queue=(*self.without(person), person))

    def lowered(self, person: str) -> Floor:
        return replace(self, queue=self.without(person))

    def given(self, person: str, at: datetime) -> Floor:
        return Floor(person, at, self.without(person))

    def ended(self) -> Floor:
        return replace(self, holder=None, since=None)

    def without(self, person: str) -> tuple[str, ...]:
        return tuple(one for one in self.queue if one != person)

    def to_json(self) -> Json:
        return {"holder": self.holder, "since": iso(self.since) if self.since else None, "queue": list(self.queue)}
