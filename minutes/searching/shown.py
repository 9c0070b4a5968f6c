"""The place of the hits in a text as it was written, with all its marks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from minutes.searching.query import Term
from minutes.searching.tokens import Token, composed, tokens

AROUND = 90
"""Characters shown on both sides of a hit."""
MOST_SNIPPETS = 3


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a text; `hit`: it is what was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One hit of a search: what it is called, and the places of its text that were looked for."""

    head: tuple[Part, ...]
    places: tuple[tuple[Part, ...], ...]


def shown(head: str, text: str, terms: Sequence[Term]) -> Shown:
    """`head` and `text` as they were written, with the hits apart."""
    return Shown(marked(head, terms), snippets(text, terms))


def marked(text: str, terms: Sequence[Term]) -> tuple[Part, ...]:
    """All of `text`, with its hits apart."""
    text = composed(text)
    return tuple(_cut(text, 0, len(text), list(_hits(text, terms))))


def snippets(text: str, terms: Sequence[Term]) -> tuple[tuple[Part, ...], ...]:
    """Up to MOST_SNIPPETS places of `text` with hits: the first of each term, in order of the text. Without a hit, the
    beginning."""
    text = composed(text)
    hits = sorted(_hits(text, terms), key=lambda hit: hit[:2])
    chosen: dict[int, tuple[int, int]] = {}
    for start, end, term in hits:
        if len(chosen) < MOST_SNIPPETS:
            chosen.setdefault(term, (start, end))
    if not chosen:
        return ((Part(_line(text[: 2 * AROUND]), False),),) if text else ()
    windows: list[list[int]] = []
    for start, end in sorted(chosen.values()):
        first, last = _window(text, start, end)
        if windows and first <= windows[-1][1]:
            windows[-1][1] = max(last, windows[-1][1])
        else:
            windows.append([first, last])
    return tuple(tuple(_cut(text, first, last, hits)) for first, last in windows)


def _window(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    while 0 < first < start and not text[first - 1].isspace():
        first += 1
    while last < len(text) and last > end and not text[last].isspace():
        last -= 1
    return first, last


def _hits(text: str, terms: Sequence[Term]) -> Iterator[tuple[int, int, int]]:
    """(start, end, which term); each place once for each term."""
    words = list(tokens(text))
    by_word: dict[str, list[int]] = {}
    for place, word in enumerate(words):
        by_word.setdefault(word.folded, []).append(place)
    for which, term in enumerate(terms):
        first = term.words[0][1]
        alone = term.beginning and len(term.words) == 1
        places: Iterable[int] = by_word.get(first, ())
        if alone:
            places = [place for word, found in by_word.items() if word.startswith(first) for place in found]
        for place in places:
            here = words[place : place + len(term.words)]
            if _matches(here, term):
                yield here[0].start, here[-1].end, which


def _matches(words: Sequence[Token], term: Term) -> bool:
    text = " ".join(word.written if term.marked else word.folded for word in words)
    return text == term.text or (term.beginning and len(words) == len(term.words) and text.startswith(term.text))


def _cut(text: str, first: int, last: int, hits: Sequence[tuple[int, int, int]]) -> Iterator[Part]:
    at = first
    for start, end, _term in sorted(hits):
        if start < at or end > last:
            continue
        if start > at:
            yield Part(_line(text[at:start]), False)
        yield Part(_line(text[start:end]), True)
        at = end
    if at < last:
        yield Part(_line(text[at:last]), False)


def _line(text: str) -> str:
    return text.replace("\n", " ")
