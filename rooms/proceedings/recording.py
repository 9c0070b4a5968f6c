"""When sound and picture of the meeting were recorded."""

from __future__ import annotations

from datetime import datetime

from rooms.proceedings.attendance import Interval
from rooms.proceedings.held import Held


def recordings_of(held: Held) -> tuple[Interval, ...]:
    """When sound and picture were recorded, in order; whose, is in the facts."""
    spans: list[Interval] = []
    since: datetime | None = None
    for fact in held.facts:
        if fact.kind == "recording_started":
            since = fact.at
        elif fact.kind == "recording_stopped" and since is not None:
            spans.append((since, fact.at))
            since = None
    if since is not None:
        spans.append((since, held.facts[-1].at))
    return tuple(spans)
