"""Whose line has fallen silent: nothing has come from it for some seconds, though nobody has closed it. It may be back
in a moment, so it is no fact and changes nothing by itself; but a vote that ends meanwhile says who was not heard.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rooms.fields import Command
from rooms.state import Part, State
from rooms.topic import Found, Topic
from rooms.topics.presence import line_of

# by whose line it is
SILENT: Part[frozenset[str]] = Part("silent", lambda meeting: frozenset())


@dataclass(frozen=True, slots=True)
class FallSilent(Command):
    """The server's own: whose lines are silent now, of those that are connected."""

    lines: frozenset[str]


def is_heard(state: State, person: str) -> bool:
    """Whether the line by which somebody is there, their own or that of the device before which they sit, is neither
    dropped nor silent."""
    line = line_of(state, state.people[person])
    return line.away_since is None and line.id not in SILENT.of(state)


def _fall_silent(state: State, actor: str, command: FallSilent, now: datetime) -> Found:
    return SILENT.put(state, command.lines)


SILENCE = Topic(part=SILENT, own={FallSilent: _fall_silent})
