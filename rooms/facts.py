"""The chain of facts: how one thing that happened is written down, linked and proved.

A fact is never changed or removed. Each carries the SHA-256 of itself and of the digest before it, so an
altered fact breaks the chain at its place (`first_altered`); a cut-off tail shows only in the Merkle root
(`rooms.proceedings.merkle`), which is why the root goes into the signed minutes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]

SYSTEM = "system"  # the actor of what no person did: a line lost, a restart


class BrokenChain(ValueError):
    """The record does not hold together; `seq` is the fact where it breaks (0: no facts, or a wrong root)."""

    def __init__(self, seq: int, detail: str) -> None:
        super().__init__(f"fact {seq}: {detail}")
        self.seq = seq


def iso(at: datetime) -> str:
    """ISO 8601 in UTC with a final Z; a time without a zone is the caller's error (ValueError)."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone cannot be put on record")
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def canonical(value: object) -> bytes:
    """The one way to write a JSON value: sorted keys, no spaces, UTF-8 unescaped, no NaN."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened. `seq` counts from 1; `actor` is a person's id or "system"; `data` is JSON."""

    seq: int
    at: datetime
    kind: str
    actor: str
    data: Json
    digest: str

    def to_json(self) -> Json:
        return {
            "seq": self.seq,
            "at": iso(self.at),
            "kind": self.kind,
            "actor": self.actor,
            "data": self.data,
            "digest": self.digest,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Fact:
        return cls(data["seq"], from_iso(data["at"]), data["kind"], data["actor"], data["data"], data["digest"])


def chained(previous: Fact | None, at: datetime, kind: str, actor: str, data: Json) -> Fact:
    """The fact that follows `previous` (None: the first)."""
    seq = previous.seq + 1 if previous else 1
    before = previous.digest if previous else ""
    digest = hashlib.sha256(canonical([before, seq, iso(at), kind, actor, data])).hexdigest()
    return Fact(seq, at.astimezone(UTC), kind, actor, data, digest)


def first_altered(facts: Iterable[Fact]) -> int | None:
    """The seq of the first fact that does not follow from the one before it; None if the chain is whole."""
    previous: Fact | None = None
    for fact in facts:
        if fact != chained(previous, fact.at, fact.kind, fact.actor, fact.data):
            return fact.seq
        previous = fact
    return None
