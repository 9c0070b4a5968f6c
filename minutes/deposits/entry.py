"""One deposit: a file that the archive has taken, as the log says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rooms.proceedings import canonical, iso
from rooms.proceedings.merkle import leaf_hash


class Kind(StrEnum):
    """What was deposited."""

    DOCUMENT = "document"
    """The sealed file of a document of ours."""
    RENDITION = "rendition"
    """What was published in place of a document, with information left out."""
    ANCHOR = "anchor"
    """A time-stamp over a checkpoint of this log."""
    KEY = "key"
    """The archive's key was handed over to another."""
    PAPER = "paper"
    RECORDING = "recording"
    PROCEEDINGS = "proceedings"
    ATTACHMENT = "attachment"
    """Whatever else belongs to a document or a case."""
    ERASURE = "erasure"
    """The record that contents were erased (minutes.deposits.erasure)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A deposit. `about` is the id of the document, meeting or case that it belongs to; `label` is how people call it
    (for a document unit, year and number: "lam-son/2026/07/BB-UBND"), so that a lost file can still be named."""

    digest: str
    kind: Kind
    about: str
    label: str
    at: datetime

    @property
    def line(self) -> bytes:
        """The canonical JSON that stands in the tree."""
        return canonical(
            {
                "about": self.about,
                "at": iso(self.at),
                "digest": self.digest,
                "kind": self.kind.value,
                "label": self.label,
            }
        )

    @property
    def leaf(self) -> bytes:
        """The hash under which the deposit stands in the tree (RFC 6962, section 2.1)."""
        return leaf_hash(self.line)


@dataclass(frozen=True, slots=True)
class Logged:
    """A row of the log: an entry, its place (from 0) and the leaf that was kept with it."""

    position: int
    entry: Entry
    leaf: bytes
