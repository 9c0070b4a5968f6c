"""What somebody typed, as a value: no character of it is an operator of a database.

Words apart are looked for apart, all of them; "in quotes", and what hangs together as "07/TB-UBND", as a phrase;
chỉ* is the beginning of a word. What is written with marks is found with these marks only, without marks with any.
"""

import re
from dataclasses import dataclass

from minutes.searching.tokens import composed, tokens

LONGEST = 200
"""Characters of a query; the rest is not read."""
MOST_TERMS = 10
SHORTEST_BEGINNING = 2
"""Letters before a star; with fewer it is a word."""

_QUOTES = str.maketrans("“”„«»＂", '""""""')
_PARTS = re.compile(r'"([^"]*)"?|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other: (as written, folded) each. `beginning`: the last one may go on."""

    words: tuple[tuple[str, str], ...]
    beginning: bool = False

    @property
    def marked(self) -> bool:
        """Whether any word has marks; then all of them are looked for as written."""
        return any(written != folded for written, folded in self.words)

    @property
    def text(self) -> str:
        """The words as they stand in the index, of which column `marked` says."""
        return " ".join(written if self.marked else folded for written, folded in self.words)


def parse(text: str) -> tuple[Term, ...]:
    """The terms of a query, each once; none for what has no letter or digit."""
    found: dict[Term, None] = {}
    for quoted, plain in _PARTS.findall(composed(text[:LONGEST]).translate(_QUOTES)):
        part = quoted or plain
        words = tuple((one.written, one.folded) for one in tokens(part))
        if words:
            starred = part.rstrip().endswith("*") and len(words[-1][1]) >= SHORTEST_BEGINNING
            found[Term(words, starred)] = None
    return tuple(found)[:MOST_TERMS]
