"""Where things stand on a page and how large they are: dated data, so that a new decree is a new file.

Each file in layouts/ is named after the first day on which its layout holds. typst takes its numbers from it, and a
test measures the PDF against the same numbers.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

LAYOUTS = Path(__file__).parent / "layouts"
MM = 72 / 25.4
"""Points."""

Side = Literal["left", "right", "centre", ""]


@dataclass(frozen=True, slots=True)
class Style:
    """One component. `size` and the range of `sizes` are points; `rule` is the length of the line below it as a share
    of the text's, 0 for none; `gap` is the space above it in points; `box` is its number in the law's sketch."""

    size: float
    sizes: tuple[float, float]
    box: str
    side: Side
    bold: bool
    italic: bool
    upper: bool
    rule: float
    rules: tuple[float, float]
    gap: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout from `valid_from` to `valid_to` (the last day; None: still). `data` is the whole table as typst gets
    it; a value in `page` or `body` has the law's range beside it as its plural."""

    valid_from: date
    valid_to: date | None
    source: str
    page: Mapping[str, Any]
    body: Mapping[str, Any]
    styles: Mapping[str, Style]
    data: Mapping[str, Any]

    @property
    def half(self) -> float:
        """Points: half the width of the text, in which one signature stands."""
        return float(self.page["width"] - self.page["left"] - self.page["right"]) / 2 * MM


def layout_on(day: date | None) -> Layout:
    """The layout of documents issued on `day` (None: of those to come); the first one for what is older than all."""
    known = all_layouts()
    if day is None:
        return known[-1]
    return next((one for one in reversed(known) if one.valid_from <= day), known[0])


@cache
def all_layouts() -> tuple[Layout, ...]:
    """Every layout there is, by date."""
    return tuple(_read(file) for file in sorted(LAYOUTS.glob("*.toml")))


def _read(file: Path) -> Layout:
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    styles = {name: _style(values) for name, values in table["style"].items()}
    printed = {key: table[key] for key in ("page", "body", "frame", "ours")}
    return Layout(
        valid_from=table["valid_from"],
        valid_to=table.get("valid_to"),
        source=table["source"],
        page=MappingProxyType(table["page"]),
        body=MappingProxyType(table["body"]),
        styles=MappingProxyType(styles),
        data=MappingProxyType(printed | {"style": {name: _printed(style) for name, style in styles.items()}}),
    )


def _style(values: Mapping[str, Any]) -> Style:
    return Style(
        size=values["size"],
        sizes=tuple(values["sizes"]),
        box=values.get("box", ""),
        side=values.get("side", ""),
        bold=values.get("bold", False),
        italic=values.get("italic", False),
        upper=values.get("upper", False),
        rule=values.get("rule", 0.0),
        rules=tuple(values.get("rules", (0.0, 0.0))),
        gap=values.get("gap", 0.0),
    )


def _printed(style: Style) -> dict[str, Any]:
    names = ("size", "bold", "italic", "upper", "rule", "gap")
    return {name: getattr(style, name) for name in names}
