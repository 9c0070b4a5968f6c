"""The register's rules: one series of numbers a unit, year and type; a number is never used twice.

Decree 30/2020, art. 15: numbers run from 01 on the first of January; an electronic document gets its number from
the system (15.3), so it is reserved in the transaction that freezes the text. What cannot be signed is voided with
a reason and keeps its number.
"""

import re
from enum import StrEnum

from minutes.document import Kind


class EntryState(StrEnum):
    """Of one number in the register."""

    RESERVED = "reserved"
    COMPLETE = "complete"
    VOID = "void"


def series(kind: Kind) -> str:
    """Which series a kind is numbered in: each type has its own."""
    return kind.value


def symbol(kind: Kind, abbreviation: str, drafting_unit: str = "") -> str:
    """ "BB-UBND": type, then the issuing authority; of a letter, which has no type, the authority and the unit that
    drafted it: "UBND-VP" (Decree 30/2020, Appendix I, section II.3)."""
    if kind in (Kind.LETTER, Kind.PERSONAL_LETTER):
        return f"{abbreviation}-{drafting_unit}" if drafting_unit else abbreviation
    return f"{kind.value}-{abbreviation}"


def parse_number_symbol(text: str) -> tuple[int, str] | None:
    """ "07/TB-UBND" to (7, "TB-UBND"); None for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})/([^/\s]{2,40})", text)
    return (int(found.group(1)), found.group(2)) if found else None
