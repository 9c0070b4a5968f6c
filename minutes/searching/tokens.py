"""The words of a text, as written and folded. Both databases are given these words and cut up nothing themselves.

A word is letters and digits without a break, so that "07/TB-UBND" is three. Numbers lose leading zeros: "07" is "7".
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

LONGEST = 64
"""Characters of a word; what is longer is known by its beginning."""

_WORD = re.compile("(?:[^\\W_]|[\u0300-\u036f])+")
_UNSTORED = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_TONES = "\u0300\u0301\u0303\u0309\u0323"
_NEWER_TONE = re.compile(f"(o)([ae])([{_TONES}])\\Z|(?<!q)(u)(y)([{_TONES}])\\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A word from `start` to `end` of a text: `written` with its marks, `folded` without; both are of small letters."""

    written: str
    folded: str
    start: int
    end: int

    @property
    def marked(self) -> bool:
        """Whether it is written with marks, which a text must then have, too."""
        return self.written != self.folded


def composed(text: str) -> str:
    """`text` with composed letters and without what no database keeps; places in it are places of its tokens."""
    return _UNSTORED.sub(" ", unicodedata.normalize("NFC", text))


def tokens(text: str) -> Iterator[Token]:
    """The words of a composed text, in order."""
    for found in _WORD.finditer(text):
        written, bare = forms(found.group()[:LONGEST])
        yield Token(written, bare, found.start(), found.end())


def words(text: str) -> list[tuple[str, str]]:
    """(as written, folded) of each word of a composed text, in order: tokens() without their places."""
    return [forms(word[:LONGEST]) for word in _WORD.findall(text)]


@lru_cache(maxsize=20_000)
def forms(word: str) -> tuple[str, str]:
    """(as written, folded). Where the tone stands is a matter of taste ("hoà", "hòa"): it is put on the first vowel."""
    spread = unicodedata.normalize("NFD", word.casefold())
    bare = "".join(letter for letter in spread if not unicodedata.combining(letter)).replace("đ", "d")
    if bare.isascii() and bare.isdigit():
        return (bare.lstrip("0") or "0",) * 2
    if not bare:
        return (spread,) * 2
    older = spread
    found = _NEWER_TONE.search(spread)
    if found:
        first, second, tone = [part for part in found.groups() if part]
        older = f"{spread[: found.start()]}{first}{tone}{second}"
    return unicodedata.normalize("NFC", older), bare


def written(text: str) -> str:
    """The words of any text with their marks, for comparing: "Thông  báo" and "thông báo." are equal, "thong bao" is
    not; "hoà" and "hòa" are."""
    return " ".join(marked for marked, _bare in words(composed(text)))


def folded(text: str) -> str:
    """The words of any text without marks, for comparing: "Thông  báo" and "thong bao." are equal."""
    return " ".join(bare for _written, bare in words(composed(text)))
