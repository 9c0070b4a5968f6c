"""The meeting as far as its facts tell when it was held; everything else is read from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.facts import Fact
from rooms.proceedings.values import Meeting


@dataclass(frozen=True, slots=True)
class Held:
    """`meeting` names the chair and secretary who acted, also where they took over from the designated ones; who
    chaired only for a time is in `chaired_of`."""

    meeting: Meeting
    facts: tuple[Fact, ...]
    opened_at: datetime | None
    closed_at: datetime | None
