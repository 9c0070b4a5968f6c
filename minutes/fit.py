"""Texts out of a meeting made fit for a record: what people typed there must never make its minutes unreadable.

Whoever enters a record by hand is told what is wrong with it; a first draft has nobody to tell, so it is mended.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

from minutes.content import Content, kind_of, read_stored, to_json
from minutes.reading import LINE, PARAGRAPH
from minutes.typefaces import LETTERS

CUT = "…"
UNPRINTABLE = "□"
"""Stands for a sign that no typeface here has; every typeface in use has this one."""

_DROPPED = ("Cc", "Cf", "Cs", "Co", "Cn")
_SURE = LETTERS | frozenset(map(chr, range(0x20, 0x7F))) | frozenset("\n–—“”‘’•") | {CUT, UNPRINTABLE}


def line(text: str, otherwise: str, limit: int = LINE) -> str:
    """`text` in one line without controls and marks of direction, at most `limit` long; `otherwise` if none is left."""
    return cut(" ".join(_visible(text).split()), limit) or otherwise


def paragraph(text: str, otherwise: str, limit: int = PARAGRAPH) -> str:
    """As line, but line ends stay."""
    return cut("\n".join(" ".join(row.split()) for row in _visible(text).split("\n")).strip(), limit) or otherwise


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, the last one "…" where some are left out."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + CUT


def gathered(rows: Sequence[str], most: int, limit: int = PARAGRAPH) -> tuple[str, ...]:
    """At most `most` rows: where there are more, neighbours share one with a line each."""
    size = -(-len(rows) // most) or 1
    return tuple(cut("\n".join(rows[start : start + size]), limit) for start in range(0, len(rows), size))


def without(content: Content, sign: str) -> Content:
    """`content` with UNPRINTABLE for `sign`."""
    return _mapped(content, lambda text: text.replace(sign, UNPRINTABLE))


def plain(content: Content) -> Content:
    """`content` with UNPRINTABLE for everything but the letters and signs that are sure to be in the typeface."""
    return _mapped(content, plain_text)


def plain_text(text: str) -> str:
    """As plain, of one text."""
    return "".join(letter if letter in _SURE else UNPRINTABLE for letter in text)


def _visible(text: str) -> str:
    spaced = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    composed = unicodedata.normalize("NFC", spaced)
    return "".join(letter for letter in composed if letter == "\n" or unicodedata.category(letter) not in _DROPPED)


def _mapped(content: Content, change: Callable[[str], str]) -> Content:
    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, list):
            return [walk(item) for item in value]
        return {name: walk(item) for name, item in value.items()} if isinstance(value, dict) else value

    return read_stored(kind_of(content), walk(to_json(content)))
