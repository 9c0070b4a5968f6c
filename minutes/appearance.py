"""Pictures for the visible signatures of those who have left none: a pen stroke for a person, a round seal for a unit.

Decree 30/2020, Appendix I: a person's picture is blue, the agency's red and of real size, both transparent PNG.
"""

import hashlib
import json
from typing import Any

import typst

from minutes.layout import LAYOUTS
from minutes.typefaces import EMBEDDED

RESOLUTION = 220.0
"""Pixels per inch: sharp in print, some 20 kB a picture."""


def handwriting(name: str) -> bytes:
    """A PNG of 46 x 24 mm; the same name gives the same stroke."""
    dice = hashlib.sha512(name.encode()).digest()
    words = max(2, len(name.split()))
    step = 36 / (words * 2)
    x, y = 4.0, 14.0
    strokes = []
    for index in range(words * 2):
        height, lean, low = (dice[index * 3 + offset] / 255 for offset in range(3))
        top = 3 + 9 * height if index % 2 == 0 else 10 + 5 * height
        end = (x + step, 13 + 6 * low if index % 2 == 0 else 9 + 7 * low)
        strokes.append([(x + step * (0.2 + lean), top), (x + step * (1.1 - lean / 2), top + 2), end])
        x, y = end
    strokes.append([(x - 20, y + 5), (x - 8, 23), (43.0, 15 + 4 * dice[-1] / 255)])
    return _png("handwriting.typ", {"start": (4.0, 14.0), "strokes": strokes})


def seal(unit_name: str) -> bytes:
    """A PNG of 36 x 36 mm with the unit's name along the rim."""
    return _png("seal.typ", {"name": unit_name, "fonts": [EMBEDDED]})


def _png(layout: str, data: dict[str, Any]) -> bytes:
    picture = typst.compile(
        LAYOUTS / layout,
        root=LAYOUTS,
        font_paths=typst.Fonts(include_system_fonts=False),
        format="png",
        ppi=RESOLUTION,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
    )
    if not isinstance(picture, bytes):
        raise TypeError("typst returned no single picture")
    return picture
