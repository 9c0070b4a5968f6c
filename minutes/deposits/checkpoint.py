"""The head of the log at one moment, as a note that the installation signs (C2SP tlog-checkpoint), and the proof that
one deposit is under it (C2SP tlog-proof), as files that anybody can check without us."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from minutes.deposits.entry import Entry
from minutes.deposits.note import BadNote, Signer, Verifier
from rooms.proceedings.merkle import includes

PROOF = "c2sp.org/tlog-proof@v1"
_SIZE = re.compile(r"0|[1-9][0-9]{0,15}")
_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How many deposits the log called `origin` has, and the root of their tree."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, signer: Signer) -> str:
        """The signed note."""
        return signer.sign(self.text())

    @classmethod
    def open(cls, note: str, verifier: Verifier) -> Checkpoint:
        """What a note says that `verifier` has signed. Raises BadNote."""
        lines = verifier.open(note).split("\n")
        if len(lines) < 4 or lines[0] != verifier.name or not _SIZE.fullmatch(lines[1]):
            raise BadNote("not a checkpoint of this log")
        return cls(lines[0], int(lines[1]), _hash(lines[2]))


@dataclass(frozen=True, slots=True)
class Kept:
    """A checkpoint as it is on record: its number (from 0), when it was made, what it says, and the signed note."""

    number: int
    at: datetime
    size: int
    root: bytes
    note: str

    @property
    def about(self) -> str:
        """The id that deposits about this checkpoint carry."""
        return f"checkpoint-{self.number}"


def prove(entry: Entry, position: int, path: Sequence[bytes], note: str) -> str:
    """The proof of a deposit, with the entry itself in it: whoever has file, proof and key needs nothing else."""
    lines = [PROOF, f"extra {base64.b64encode(entry.line).decode()}", f"index {position}"]
    return "\n".join([*lines, *(base64.b64encode(one).decode() for one in path), "", note])


def proved(proof: str, entry: Entry, verifier: Verifier) -> Checkpoint:
    """The checkpoint under which `proof` shows `entry` to be. Raises BadNote."""
    head, _, note = proof.partition("\n\n")
    first, *lines = head.split("\n")
    if first != PROOF or len(lines) > _DEPTH + 2:
        raise BadNote("not a proof of a log")
    if lines and lines[0].startswith("extra "):
        lines = lines[1:]
    index = lines[0].removeprefix("index ") if lines and lines[0].startswith("index ") else ""
    if not _SIZE.fullmatch(index):
        raise BadNote("not a proof of a log")
    found = Checkpoint.open(note, verifier)
    if not includes(found.root, found.size, int(index), entry.leaf, [_hash(line) for line in lines[1:]]):
        raise BadNote("the deposit is not under this checkpoint")
    return found


def _hash(text: str) -> bytes:
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError as error:
        raise BadNote("not a hash") from error
    if len(data) != 32 or base64.b64encode(data).decode() != text:
        raise BadNote("not a hash")
    return data
