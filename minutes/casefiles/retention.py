"""How long a case file is kept: lines of a table that each authority edits; none of them is written into the code."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, Reader

LONGEST = 70
"""Years; what is to be kept longer is permanent (Law 33/2024/QH15)."""


@dataclass(frozen=True, slots=True)
class Period:
    """A line of the table; `years` None: permanent. `source` is the rule that it comes from."""

    code: str
    title: str
    years: int | None
    source: str

    def ends(self, ended_on: date) -> date | None:
        """The first day on which a matter that ended then need not be kept; None: never."""
        return None if self.years is None else date(ended_on.year + self.years + 1, 1, 1)


def _proposal() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("retention.toml").read_text(encoding="utf-8"))


def of_meetings(table: Sequence[Period]) -> Period:
    """The line that the case file of a meeting begins with: of the proposed code, else the first."""
    return next((one for one in table if one.code == _proposal()["meetings"]), table[0])


def proposed() -> tuple[Period, ...]:
    """The table that an authority begins with."""
    table = _proposal()
    return tuple(Period(one["code"], one["title"], one.get("years"), table["source"]) for one in table["period"])


def period(fields: Mapping[str, object]) -> Period:
    """Read a line as it is typed. Raises InvalidContent."""
    reader = Reader(fields, "")
    code, title = reader.text("code", 32).strip(), reader.text("title", LINE).strip()
    years, source = reader.text("years", 3, empty=True).strip(), reader.text("source", LINE).strip()
    reader.finish()
    if years and not (years.isascii() and years.isdigit() and 1 <= int(years) <= LONGEST):
        raise InvalidContent("years", Reason(N_("phải là số năm từ 1 đến %(limit)s, hoặc để trống"), limit=LONGEST))
    return Period(code, title, int(years) if years else None, source)
