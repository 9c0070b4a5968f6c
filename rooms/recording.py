"""Whether the meeting is recorded, and who has agreed to be: nobody is recorded who has not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from rooms.proceedings import Json, iso


@dataclass(frozen=True, slots=True)
class Recording:
    """`since` and `by`: when and by whom the recording that runs was started. `consents`: who has answered, and how;
    an answer holds for the whole meeting, until it is changed. `count`: recordings so far, `segments`: files so far."""

    since: datetime | None = None
    by: str | None = None
    consents: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    count: int = 0
    segments: int = 0

    @property
    def id(self) -> str:
        """The recording that runs, or ran last."""
        return f"r{self.count}"

    @property
    def running(self) -> bool:
        return self.since is not None

    def covers(self, person: str) -> bool:
        """Whether the person's sound and picture are recorded while they are present."""
        return self.running and self.consents.get(person, False)

    def started(self, by: str, at: datetime) -> Recording:
        return replace(self, since=at, by=by, count=self.count + 1)

    def stopped(self) -> Recording:
        return replace(self, since=None, by=None)

    def answered(self, person: str, agreed: bool) -> Recording:
        return replace(self, consents=MappingProxyType({**self.consents, person: agreed}))

    def grown(self) -> Recording:
        return replace(self, segments=self.segments + 1)

    def to_json(self) -> Json:
        return {
            "running": self.running,
            "since": iso(self.since) if self.since else None,
            "by": self.by,
            "consents": [{"participant": person, "agreed": agreed} for person, agreed in self.consents.items()],
        }
