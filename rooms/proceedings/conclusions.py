"""What the meeting concluded."""

from __future__ import annotations

from rooms.proceedings.held import Held
from rooms.proceedings.values import Conclusion


def conclusions_of(held: Held) -> tuple[Conclusion, ...]:
    """In the order in which they were first put, as last edited, without the removed ones."""
    kept: dict[str, Conclusion] = {}
    for fact in held.facts:
        if fact.kind == "concluded":
            kept[fact.data["conclusion"]] = Conclusion.from_fact(fact.data)
        elif fact.kind == "conclusion_removed":
            kept.pop(fact.data["conclusion"], None)
    return tuple(kept.values())
