"""An open roll-call vote, decided by the simple majority of those who may vote and are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from rooms.participant import VOTERS, Participant
from rooms.proceedings import CHOICES, Json, iso

RULE = "simple_majority"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a vote was decided: see `decide`."""

    tally: Mapping[str, int]
    eligible: int
    result: str


@dataclass(frozen=True, slots=True)
class Vote:
    """One question put to the vote. `ballots` are (person id, choice), one a person, in the order of first casting."""

    id: str
    text: str
    item: str | None
    opened_at: datetime
    ballots: tuple[tuple[str, str], ...] = ()
    closed_at: datetime | None = None
    outcome: Outcome | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None

    def choice(self, person: str) -> str | None:
        return dict(self.ballots).get(person)

    def cast(self, person: str, choice: str) -> Vote:
        """A later ballot of the same person replaces the earlier one."""
        return replace(self, ballots=tuple((dict(self.ballots) | {person: choice}).items()))

    def closed(self, at: datetime, outcome: Outcome) -> Vote:
        return replace(self, closed_at=at, outcome=outcome)

    def decide(self, people: Iterable[Participant]) -> Outcome:
        """Eligible is who may vote and is present, or has cast a ballot and left. Passed with more than half
        of the eligible in favour: who abstains or keeps silent counts as not in favour."""
        cast = dict(self.ballots)
        # A ballot counts also if its caster has come back in a role without a vote.
        eligible = sum(1 for one in people if one.id in cast or (one.present and one.role in VOTERS))
        tally = {choice: list(cast.values()).count(choice) for choice in CHOICES}
        tally["none"] = eligible - len(cast)
        return Outcome(tally, eligible, "passed" if 2 * tally["for"] > eligible else "rejected")

    def to_json(self, people: Iterable[Participant]) -> Json:
        """The vote for the wire; while it is open `eligible` and `tally` follow who is present."""
        outcome = self.outcome or self.decide(people)
        return {
            "id": self.id,
            "text": self.text,
            "item": self.item,
            "state": "open" if self.open else "closed",
            "opened_at": iso(self.opened_at),
            "closed_at": iso(self.closed_at) if self.closed_at else None,
            "ballots": [{"participant": person, "choice": choice} for person, choice in self.ballots],
            "eligible": outcome.eligible,
            "tally": dict(outcome.tally),
            "result": outcome.result if self.outcome else None,
            "basis": {"rule": RULE, "present": outcome.eligible},
        }
