"""Changes of a text that several people write at once, merged without a lost character (operational transformation).

A delta is a tuple that goes through the text from its beginning: a positive integer leaves so many characters as they
are, a negative one deletes so many, a string is put in. It ends where the text ends. Characters are code points.
`transform` makes of two changes of one text, a first, the change that does the same to the text as b has left it, so
that apply(apply(t, b), transform(a, b, …)) and apply(apply(t, a), transform(b, a, …)) are one text (TP1 of Ressel,
Nitsche-Ruhland and Gunzenhäuser, CSCW 1996). js/meeting/delta.js does the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

Delta = tuple[int | str, ...]

MAX_PARTS = 200  # of a delta


def read(value: object, limit: int) -> Delta:
    """A delta from JSON, in its shortest form. Raises ValueError for what is none, or longer than `limit`."""
    if not isinstance(value, list) or len(value) > MAX_PARTS:
        raise ValueError(f"a delta is a list of at most {MAX_PARTS} parts")
    for part in value:
        if not (isinstance(part, str) and part) and not (type(part) is int and 0 < abs(part) <= limit):
            raise ValueError("a delta has strings and integers")
    if sum(len(part) for part in value if isinstance(part, str)) > limit:
        raise ValueError("a delta puts in too much")
    return shortest(value)


def shortest(parts: Iterable[int | str]) -> Delta:
    """Neighbours of one kind as one, and what is put in before what is deleted at the same place."""
    found: list[int | str] = []
    for part in parts:
        if part in (0, ""):
            continue
        last = found[-1] if found else None
        if isinstance(part, str):
            if isinstance(last, str):
                found[-1] = last + part
            elif isinstance(last, int) and last < 0:
                if len(found) > 1 and isinstance(found[-2], str):
                    found[-2] = str(found[-2]) + part
                else:
                    found.insert(-1, part)
            else:
                found.append(part)
        elif isinstance(last, int) and (last > 0) == (part > 0):
            found[-1] = last + part
        else:
            found.append(part)
    return tuple(found)


def before(delta: Delta) -> int:
    """How long the text is that the delta changes."""
    return sum(abs(part) for part in delta if isinstance(part, int))


def inserted(delta: Delta) -> str:
    """All that is put in."""
    return "".join(part for part in delta if isinstance(part, str))


def apply(text: str, delta: Delta) -> str:
    """The changed text. Raises ValueError if the delta is not one of a text of this length."""
    if before(delta) != len(text):
        raise ValueError("the delta belongs to another text")
    found, at = [], 0
    for part in delta:
        if isinstance(part, str):
            found.append(part)
        elif part > 0:
            found.append(text[at : at + part])
            at += part
        else:
            at -= part
    return "".join(found)


def difference(old: str, new: str) -> Delta:
    """The change from one text to another, where they differ in one stretch."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    return shortest([head, new[head : len(new) - tail], -(len(old) - head - tail), tail])


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    least = min(len(one), len(other))
    return next((at for at in range(least) if one[at] != other[at]), least)


def transform(a: Delta, b: Delta, *, first: bool) -> Delta:
    """`a` for the text that `b` has changed. `first`: what both put in at one place, a's comes first. Raises ValueError
    if they are not changes of one text."""
    if before(a) != before(b):
        raise ValueError("not two changes of one text")
    mine, theirs = _Parts(a), _Parts(b)
    found: list[int | str] = []
    while mine.part is not None or theirs.part is not None:
        if isinstance(mine.part, str) and (first or not isinstance(theirs.part, str)):
            found.append(mine.part)
            mine.next()
        elif isinstance(theirs.part, str):
            found.append(len(theirs.part))
            theirs.next()
        else:
            assert isinstance(mine.part, int)
            assert isinstance(theirs.part, int)
            count = min(abs(mine.part), abs(theirs.part))
            if theirs.part > 0:
                found.append(count if mine.part > 0 else -count)
            mine.take(count)
            theirs.take(count)
    return shortest(found)


class _Parts:
    """The parts of a delta, of which a piece can be taken."""

    def __init__(self, delta: Delta) -> None:
        self._left = chain(delta)
        self.part: int | str | None = None
        self.next()

    def next(self) -> None:
        self.part = next(self._left, None)

    def take(self, count: int) -> None:
        assert isinstance(self.part, int)
        self.part = self.part - count if self.part > 0 else self.part + count
        if self.part == 0:
            self.next()
