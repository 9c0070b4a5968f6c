"""The record that contents were erased lawfully: a deposit of its own, so that the log itself tells it from damage."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from minutes.content import VIETNAM
from minutes.errors import N_, Damaged, Reason
from rooms.proceedings import canonical, iso

LIMIT = 4_000_000
"""Octets of the largest record that is read."""
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[\w-][\w.-]{0,127}/[\w-][\w.-]{0,127}")


class Ground(StrEnum):
    """Why contents were erased."""

    INTAKE = "intake"
    """They were state secrets, which had got in by accident."""
    DISPOSAL = "disposal"
    """Their time was over, and a disposal council has decided."""
    RECALL = "recall"
    """They came from elsewhere, and who has issued them has recalled them."""


GROUNDS: Mapping[Ground, str] = {
    Ground.INTAKE: N_("bí mật nhà nước đưa nhầm vào hệ thống"),
    Ground.DISPOSAL: N_("hủy tài liệu hết thời hạn bảo quản"),
    Ground.RECALL: N_("hủy văn bản đến do cơ quan ban hành thu hồi"),
}


@dataclass(frozen=True, slots=True)
class Erasure:
    """`basis` names the decision as people call it, `digests` are the SHA-256 of the contents that were erased."""

    ground: Ground
    basis: str
    by: str
    at: datetime
    digests: tuple[str, ...]
    files: tuple[str, ...] = ()
    """Of recordings: paths in their folder, as "m-1/000001-hanh-audio.webm"."""

    @property
    def record(self) -> bytes:
        """The file that is deposited: canonical JSON."""
        said: dict[str, Any] = {"at": iso(self.at), "basis": self.basis, "by": self.by, "digests": sorted(self.digests)}
        said["files"] = sorted(self.files)
        return canonical({"erasure": {**said, "ground": self.ground.value}})

    @property
    def reason(self) -> Reason:
        """What is said of a deposit that is gone."""
        text = N_("đã được xóa theo quy định ngày %(day)s (%(ground)s; %(basis)s)")
        return Reason(
            text, day=f"{self.at.astimezone(VIETNAM):%d/%m/%Y}", ground=Reason(GROUNDS[self.ground]), basis=self.basis
        )


def read(data: bytes) -> Erasure:
    """A record as it was deposited. Raises Damaged."""
    try:
        if len(data) > LIMIT:
            raise ValueError
        said = json.loads(data)["erasure"]
        digests = tuple(str(one) for one in said["digests"])
        if not all(map(_DIGEST.fullmatch, digests)):
            raise ValueError
        files = tuple(str(one) for one in said["files"])
        if not all(map(_FILE.fullmatch, files)):
            raise ValueError
        at = datetime.fromisoformat(said["at"])
        return Erasure(Ground(said["ground"]), str(said["basis"]), str(said["by"]), at, digests, files)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(Reason(N_("Không phải là bản ghi xóa nội dung"))) from error


def by_digest(found: Iterable[Erasure]) -> dict[str, Erasure]:
    """The erasure of each content, the first where there are several."""
    return {digest: one for one in reversed(list(found)) for digest in one.digests}
