"""Which typeface this machine offers that has every Vietnamese letter in all four styles.

A family's name proves nothing: Liberation Serif 1 has no letters with two marks, version 2 has them, both are called
the same and may both be installed; then some letters would silently be set in another typeface.
"""

import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typst

PREFERRED = ("Times New Roman", "Liberation Serif")
EMBEDDED = "Libertinus Serif"
"""Comes inside typst and has every Vietnamese letter."""

_STYLES = frozenset({("normal", 400), ("normal", 700), ("italic", 400), ("italic", 700)})
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")

LETTERS = frozenset(
    unicodedata.normalize("NFC", letter + tone)
    for vowel in "aăâeêioôơuưy"
    for letter in (vowel, vowel.upper())
    for tone in _TONES
) | frozenset("đĐ")
"""The vowels with their tones, and đ: what a Vietnamese text needs beyond ASCII."""


@dataclass(frozen=True, slots=True)
class Typeface:
    """A complete family and the directory it is in; None for the one inside typst."""

    family: str
    directory: Path | None


def choose(installed: Iterable[typst.FontInfo]) -> Typeface:
    """The first preferred family of which one directory holds all styles with all letters."""
    faces: dict[tuple[str, Path], list[tuple[str, int, Path]]] = {}
    for face in installed:
        if face.family in PREFERRED and face.path:
            path = Path(face.path)
            faces.setdefault((face.family, path.parent), []).append((face.style, face.weight, path))
    for family in PREFERRED:
        for (name, directory), found in sorted(faces.items()):
            styles = {(style, weight) for style, weight, _ in found}
            if name == family and styles >= _STYLES and all(_complete(path) for _, _, path in found):
                return Typeface(family, directory)
    return Typeface(EMBEDDED, None)


def _complete(path: Path) -> bool:
    try:
        covered = set(_characters(path.read_bytes()))
    except (OSError, struct.error):
        return False
    return {ord(letter) for letter in LETTERS} <= covered


def _characters(font: bytes) -> Iterator[int]:
    """The code points that a TrueType font's character map names (OpenType 1.9, cmap, formats 4 and 12)."""
    (count,) = struct.unpack_from(">H", font, 4)
    for index in range(count):
        tag, _, start, _ = struct.unpack_from(">4sLLL", font, 12 + 16 * index)
        if tag == b"cmap":
            (tables,) = struct.unpack_from(">H", font, start + 2)
            for table in range(tables):
                (offset,) = struct.unpack_from(">L", font, start + 4 + 8 * table + 4)
                yield from _subtable(font, start + offset)


def _subtable(font: bytes, start: int) -> Iterator[int]:
    (version,) = struct.unpack_from(">H", font, start)
    if version == 4:
        (doubled,) = struct.unpack_from(">H", font, start + 6)
        ends = struct.unpack_from(f">{doubled // 2}H", font, start + 14)
        starts = struct.unpack_from(f">{doubled // 2}H", font, start + 16 + doubled)
        for first, last in zip(starts, ends, strict=True):
            yield from range(first, last + 1)
    elif version == 12:
        (groups,) = struct.unpack_from(">L", font, start + 12)
        for group in range(groups):
            first, last, _ = struct.unpack_from(">LLL", font, start + 16 + 12 * group)
            yield from range(first, min(last, 0x10FFFF) + 1)
