"""The archive's key is replaced by another: a note that both have signed, and the keys in their order.

    <name of the log>
    key handover
    <number of the first checkpoint that the new key signs>
    <old public key>
    <new public key>

The note is deposited like any other file, so later checkpoints cover it. Whoever has the first key follows the chain to
the last; a checkpoint is good under the key of its time alone, so that an old key, once lost, signs nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from minutes.deposits.note import BadNote, Signer, Verifier

_TITLE = "key handover"


@dataclass(frozen=True, slots=True)
class Handover:
    """From the checkpoint with the number `first` on it is the new key that signs."""

    old: Verifier
    new: Verifier
    first: int

    def sign(self, old: Signer, new: Signer) -> str:
        """The note, signed by both. Raises BadNote where they are not the two."""
        if (old.verifier, new.verifier) != (self.old, self.new) or self.old.name != self.new.name:
            raise BadNote("the keys of a handover are those of one log, the old one and the new one")
        text = f"{self.old.name}\n{_TITLE}\n{self.first}\n{self.old}\n{self.new}\n"
        signature = new.sign(text).rpartition("\n\n")[2]
        return old.sign(text) + signature

    @classmethod
    def open(cls, note: str) -> Handover:
        """What a note says that both keys have signed. Raises BadNote."""
        lines = note.rpartition("\n\n")[0].split("\n")
        if len(lines) != 5 or lines[1] != _TITLE or not re.fullmatch(r"0|[1-9][0-9]{0,15}", lines[2]):
            raise BadNote("not a handover of keys")
        found = cls(Verifier.parse(lines[3]), Verifier.parse(lines[4]), int(lines[2]))
        if not lines[0] == found.old.name == found.new.name or found.old == found.new:
            raise BadNote("not a handover of this log")
        for key in (found.old, found.new):
            key.open(note)
        return found


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys that an archive has had: those that were handed over, in order, and the `current` one."""

    current: Verifier
    handovers: tuple[Handover, ...] = ()

    @classmethod
    def chained(cls, notes: Sequence[str], current: Verifier) -> LogKeys:
        """From the notes of all handovers, in order. Raises BadNote where one does not go on from the one before, or
        the last does not lead to the `current` key."""
        found = tuple(Handover.open(note) for note in notes)
        for before, after in pairwise(found):
            if before.new != after.old or before.first > after.first:
                raise BadNote("a handover does not go on from the one before it")
        if found and found[-1].new != current:
            raise BadNote("the key is not the one that was handed over to")
        return cls(current, found)

    def of(self, checkpoint: int) -> Verifier:
        """The key of a checkpoint's number."""
        return next((one.old for one in self.handovers if checkpoint < one.first), self.current)

    @property
    def all(self) -> tuple[Verifier, ...]:
        """Every key, the first first."""
        return (*(one.old for one in self.handovers), self.current)
