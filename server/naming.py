"""Ids that are read in addresses and names of files, made of Vietnamese names. One that was given is never given again:
records of many years name people and units by it."""

import re
from collections.abc import Collection

from minutes.searching.tokens import composed, words

LONGEST = 30
_TAKEN = frozenset({"system", "guest", "new", "import", "log", "units"})
"""First words that mean something else: actors that are no accounts, and pages."""


def new_id(name: str, given: Collection[str]) -> str:
    """An id for `name`, in small letters, digits and hyphens, that is none of the `given`."""
    letters = "-".join(folded for _written, folded in words(composed(name)))
    plain = re.sub("[^a-z0-9]+", "-", letters)[:LONGEST].strip("-")
    first = plain.split("-")[0]
    if len(first) < 2 or first in _TAKEN:  # "g-…" is a guest, "t-…" the holder of a token
        plain = f"id-{plain}".strip("-")
    found, number = plain, 2
    while found in given:
        found, number = f"{plain}-{number}", number + 1
    return found
