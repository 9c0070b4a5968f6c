"""Who is heard and who is seen: the speaker, the floor, the loudest few, and what each receiver shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from media.parameters import SCREEN
from media.speaker import AUDIBLE, MARGIN, Speaker

LOUDEST = 5  # voices that are forwarded at once
SEEN = 9  # pictures for a receiver who has not said what he shows: those who spoke last
FULL = 4320  # pixels: as high as there is


def screen_of(name: str) -> str:
    """Under which name a receiver says how high he shows this one's shared screen."""
    return f"{name}:{SCREEN}"


class Circle:
    """Those who hear each other: all of a room, or one of its groups."""

    def __init__(self) -> None:
        self.speaker = Speaker()
        self._loud: set[str] = set()

    def hushed(self, levels: Mapping[str, int], floor: str | None) -> set[str]:
        """Who makes a noise, but not one of the loudest: not worth forwarding while so many talk."""
        first = [name for name in (floor, self.speaker.current) if name in levels]
        noise = {name: level for name, level in levels.items() if level <= AUDIBLE and name not in first}
        # Who is heard stays until somebody else is clearly louder.
        order = sorted(noise, key=lambda name: (noise[name] - (MARGIN if name in self._loud else 0), name))
        room = max(0, LOUDEST - len(set(first)))
        self._loud = set(order[:room])
        return set(order[room:])


class Audience:
    """One room's. `sizes`: heights in pixels at which a receiver shows each participant, and under `screen_of` what he
    shares, where the receiver has said so."""

    def __init__(self) -> None:
        self.floor: str | None = None
        self.sizes: dict[str, dict[str, int]] = {}
        self._circles = {"": Circle()}
        self._recent: list[str] = []  # who spoke last, the latest first

    @property
    def first(self) -> str | None:
        """Whose picture goes before all others: of who has the floor, else of the speaker."""
        return self.floor or self.speaking()

    def speaking(self, group: str = "") -> str | None:
        """Who speaks in a group, or among those who are in none."""
        circle = self._circles.get(group)
        return circle.speaker.current if circle is not None else None

    def listen(self, levels: Mapping[str, Mapping[str, int]], now: float) -> list[str]:
        """Levels in -dBov of all open microphones, by group. The groups in which somebody else speaks now."""
        changed = []
        self._circles = {group: self._circles.get(group) or Circle() for group in {"", *levels}}
        for group, circle in self._circles.items():
            if circle.speaker.update(levels.get(group, {}), now):
                changed.append(group)
                name = circle.speaker.current
                if name is not None:
                    self._recent = [name, *(other for other in self._recent if other != name)]
        return changed

    def hushed(self, levels: Mapping[str, Mapping[str, int]]) -> set[str]:
        """Who makes a noise, but not one of the loudest of his group."""
        return {
            name for group, circle in self._circles.items() for name in circle.hushed(levels.get(group, {}), self.floor)
        }

    def ranking(self, publishers: Sequence[str]) -> list[str]:
        """Whose picture matters most comes first: the floor, the speaker, who spoke last, then in the order given."""
        order = [*filter(None, (self.floor, self.speaking())), *self._recent, *publishers]
        return list(dict.fromkeys(name for name in order if name in publishers))

    def height(self, receiver: str, name: str, rank: int) -> int:
        """How high the receiver shows this one, in pixels; 0: not at all."""
        sizes = self.sizes.get(receiver)
        if sizes is not None:
            return sizes.get(name, 0)
        return FULL if rank < SEEN else 0

    def screen_height(self, receiver: str, name: str) -> int:
        """Likewise what this one shares."""
        return self.height(receiver, screen_of(name), 0)

    def forget(self, name: str) -> None:
        """The participant has left."""
        self.sizes.pop(name, None)
        self._recent = [other for other in self._recent if other != name]
