"""Who can be heard and seen by whom: groups that meet apart, and channels of interpreters."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where somebody is: in which group ("": with all the others), into which channel he interprets, and to which he
    listens ("": neither)."""

    group: str = ""
    speaks: str = ""
    listens: str = ""


EVERYWHERE = Place()


class Places:
    """One room's. Who has no place is with all the others."""

    def __init__(self) -> None:
        self._places: dict[str, Place] = {}

    def put(self, participant: str, place: Place) -> bool:
        """Whether that changes anything."""
        if self.of(participant) == place:
            return False
        if place == EVERYWHERE:
            del self._places[participant]
        else:
            self._places[participant] = place
        return True

    def of(self, participant: str) -> Place:
        return self._places.get(participant, EVERYWHERE)

    def group(self, participant: str) -> str:
        return self.of(participant).group

    def interprets(self, participant: str) -> bool:
        return self.of(participant).speaks != ""

    def apart(self, sender: str, receiver: str, kind: str) -> bool:
        """Does this kind of media not reach from one to the other? An interpreter is heard by those who listen to his
        channel, and seen by everybody."""
        if not self._places:
            return False
        one, other = self.of(sender), self.of(receiver)
        return one.group != other.group or (kind == "audio" and one.speaks not in ("", other.listens))
