"""Lists that are printed, signed and kept, as data of LAYOUT (minutes/layouts): cover, columns, sums, and places to
sign."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

LAYOUT = "book.typ"


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is its share of the line."""

    name: str
    width: int
    centred: bool = False


def sheet(
    title: str,
    letterhead: Sequence[str],
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    unit: str,
    closing: str,
    cover: Sequence[str] = (),
    volume: str = "",
    signatures: Sequence[str] = ("Người lập", "Thủ trưởng cơ quan"),
) -> dict[str, Any]:
    """A list of `unit`s (what a row is). `cover`: up to three lines below the title there; `volume` its last line."""
    year, numbers, days = (*cover, "", "", "")[:3]
    return {
        "title": title,
        "agency": letterhead[-1],
        "letterhead": list(letterhead),
        "year_line": year,
        "numbers_line": numbers,
        "days_line": days,
        "volume_line": volume,
        "columns": [one.name for one in columns],
        "widths": [one.width for one in columns],
        "centred": [place for place, one in enumerate(columns) if one.centred],
        "rows": [list(row) for row in rows],
        "count_of_page": f"Cộng trang này: {{}} {unit}",
        "closing": closing,
        "signatures": list(signatures),
        "signature_hint": "(Ký, ghi rõ họ tên)",
    }


def day(one: date | None) -> str:
    """As printed; nothing for None."""
    return "" if one is None else f"{one:%d/%m/%Y}"
