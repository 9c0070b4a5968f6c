"""The issuing authority as its letterhead needs it: names, abbreviation, place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from rooms.proceedings import Unit

_ABBREVIATIONS: Mapping[str, str] = MappingProxyType(
    {
        "ủy ban nhân dân": "UBND",
        "uỷ ban nhân dân": "UBND",
        "hội đồng nhân dân": "HĐND",
        "văn phòng": "VP",
    }
)
_PLACES = re.compile(r"\b(?:xã|phường|đặc khu|thị trấn|thị xã|thành phố|huyện|quận|tỉnh)\s+(\w.*)$", re.IGNORECASE)


_COMMITTEE = re.compile(r"^(?:Ủy|Uỷ) ban nhân dân\b", re.IGNORECASE)


def council_of(unit: Unit) -> Unit:
    """The people's council of the same place: its sessions are called by it and not by the people's committee whose
    office prepares them (Law on Organisation of Local Government). Other units are left as they are."""
    return Unit(unit.id, _COMMITTEE.sub("Hội đồng nhân dân", unit.name))


@dataclass(frozen=True, slots=True)
class Authority:
    """Values for the head of a document. `parent` is the superior agency's name, None for a people's committee,
    whose letterhead has no such row. `place_name` stands before the date. `abbreviation` ends the symbol."""

    unit: Unit
    abbreviation: str
    place_name: str
    parent: str | None = None

    @classmethod
    def of(cls, unit: Unit) -> "Authority":
        """What the unit's own name says: "Ủy ban nhân dân xã Hòa Phước" is UBND in Hòa Phước."""
        lowered = unit.name.casefold()
        for name, short in _ABBREVIATIONS.items():
            if lowered.startswith(name):
                abbreviation = short
                break
        else:
            abbreviation = "".join(word[0] for word in re.findall(r"\w+", unit.name)).upper()
        place = _PLACES.search(unit.name)
        return cls(unit, abbreviation, place.group(1) if place else unit.name)
