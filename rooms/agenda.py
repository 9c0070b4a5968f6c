"""The agenda and where the meeting is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rooms.proceedings import AgendaItem, Json

__all__ = ["Agenda", "AgendaItem"]


@dataclass(frozen=True, slots=True)
class Agenda:
    """The points in their order; `current` is the id of the one being dealt with, None before the first."""

    items: tuple[AgendaItem, ...]
    current: str | None = None

    def __contains__(self, item: str) -> bool:
        return any(one.id == item for one in self.items)

    def step(self, item: str) -> Agenda:
        return replace(self, current=item)

    def to_json(self) -> Json:
        return {"items": [item.to_json() for item in self.items], "current": self.current}
