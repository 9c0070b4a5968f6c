"""What takes people down while it runs, a recorder or a recogniser, and only those who have agreed to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import Self

from rooms.proceedings import Json, iso


@dataclass(frozen=True, slots=True)
class Consented:
    """`since` and `by`: when and by whom it was switched on. `consents`: who has answered, and how; an answer holds
    for the whole meeting, until it is changed."""

    since: datetime | None = None
    by: str | None = None
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def running(self) -> bool:
        return self.since is not None

    def covers(self, person: str) -> bool:
        """Whether it takes the person down while they are present."""
        return self.running and self.consents.get(person, False)

    def started(self, by: str, at: datetime) -> Self:
        return replace(self, since=at, by=by)

    def stopped(self) -> Self:
        return replace(self, since=None, by=None)

    def answered(self, person: str, agreed: bool) -> Self:
        return replace(self, consents=MappingProxyType({**self.consents, person: agreed}))

    def to_json(self) -> Json:
        return {
            "running": self.running,
            "since": iso(self.since) if self.since else None,
            "by": self.by,
            "consents": [{"participant": person, "agreed": agreed} for person, agreed in self.consents.items()],
        }
