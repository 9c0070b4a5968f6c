"""The proceedings of a meeting as a file that anybody can check: one JSON object a line.

The first line says which meeting this is, how many facts there are, and their Merkle root (RFC 6962, section 2.1),
which is printed in the signed minutes; each line after it is one fact in canonical form. A fact's digest covers the one
before it, so `examine` names the first line that was altered; whoever alters it and all digests after it still has
another root.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

from rooms.facts import Fact, Json, canonical, chained
from rooms.proceedings.merkle import merkle_root
from rooms.proceedings.record import Proceedings

FORMAT = "giaoban-proceedings/1"
_HEAD = b'{"facts":'
LONGEST, MOST = 4 << 20, 65_536
"""Octets of a line, and lists and objects in it. The largest fact is a meeting's sheet with some thousand people; what
a stranger has made to hold more is not read, for reading it takes all there is of time and memory."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What a file says and whether it holds together: `line` is the first that does not (from 1), None if all do.
    `leaves` are the facts' canonical lines as far as they hold together, `root` theirs."""

    meeting: str
    leaves: tuple[bytes, ...]
    root: str
    line: int | None = None


def export(proceedings: Proceedings) -> Iterator[bytes]:
    """The lines, each with its line feed."""
    meeting = proceedings.meeting
    head = {
        "facts": len(proceedings.facts),
        "format": FORMAT,
        "meeting": {"id": meeting.id, "title": meeting.title, "authority": meeting.authority.to_json()},
        "root": proceedings.root,
    }
    yield canonical(head) + b"\n"
    for fact in proceedings.facts:
        yield canonical(fact.to_json()) + b"\n"


def is_export(data: bytes) -> bool:
    """Whether a file takes itself for exported proceedings: then it is examined as such and not as a document."""
    return data.startswith(_HEAD) and f'"format":"{FORMAT}"'.encode() in data[:4096]


def examine(data: bytes) -> Examined:
    """Read a file for which `is_export` holds. Never raises: what cannot be read is an altered line."""
    lines = io.BytesIO(data)
    said = _object(lines.readline(LONGEST).removesuffix(b"\n"))
    meeting = said.get("meeting") if said else None
    id = meeting.get("id") if isinstance(meeting, dict) else None
    if said is None or not isinstance(id, str) or not id.isprintable():  # no database is asked for the others
        return Examined("", (), merkle_root([]).hex(), 1)
    leaves: list[bytes] = []
    previous: Fact | None = None
    while line := lines.readline(LONGEST):
        leaf = line.removesuffix(b"\n")
        fact = _follows(previous, leaf)
        if fact is None:
            return Examined(id, tuple(leaves), merkle_root(leaves).hex(), len(leaves) + 2)
        previous = fact
        leaves.append(leaf)
    whole = data.endswith(b"\n")
    root = merkle_root(leaves).hex()
    # Cut off at a line's end, or with lines of another meeting behind a whole chain: the head knows.
    consistent = whole and said.get("facts") == len(leaves) and said.get("root") == root
    return Examined(id, tuple(leaves), root, None if consistent else len(leaves) + 2 if _short(said, leaves) else 1)


def _short(said: Json, leaves: list[bytes]) -> bool:
    return isinstance(said.get("facts"), int) and said["facts"] > len(leaves)


def _follows(previous: Fact | None, line: bytes) -> Fact | None:
    """The fact in a line, if it is the next one of the chain, written as we write it."""
    data = _object(line)
    if data is None:
        return None
    try:
        fact = Fact.from_json(data)
        expected = chained(previous, fact.at, fact.kind, fact.actor, fact.data)
        return fact if fact == expected and canonical(fact.to_json()) == line else None
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return None


def _object(line: bytes) -> Json | None:
    if len(line) >= LONGEST or line.count(b"[") + line.count(b"{") > MOST:
        return None
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
