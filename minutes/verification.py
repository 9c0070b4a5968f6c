"""Whether a file that somebody holds is one that was issued here.

genuine: its digest is in the archive and its signatures validate. changed: it is not an exact copy, but it is
recognisably made from one of ours. unknown: everything else. A rollback to an earlier revision of a signed file
cannot be seen in the file itself, so only the exact archived bytes are ever genuine.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from minutes.document import MARK, Document
from minutes.errors import N_, Reason
from minutes.redaction import Rendition
from minutes.report import Fault, Report
from minutes.workflow.relation import Changed, in_force

BLOCK = 4096
"""Bytes in a fingerprinted block."""

MAX_BYTES = 50 * 1024 * 1024
"""Larger uploads are refused by the caller."""

_MARKED = re.compile(re.escape(MARK.encode()) + rb"([0-9a-f]{32})(?![0-9a-f])")


class Finding(StrEnum):
    GENUINE = "genuine"
    CHANGED = "changed"
    UNKNOWN = "unknown"


class Subject(StrEnum):
    """What a file takes itself for."""

    DOCUMENT = "document"
    PROCEEDINGS = "proceedings"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the document it is about if it is one of ours, and the reasons in words."""

    kind: Finding
    document: Document | None
    report: Report | None
    problems: tuple[Reason, ...]
    subject: Subject = Subject.DOCUMENT
    changes: tuple[Changed, ...] = ()
    """What later documents have done to the document, the newest first."""
    rendition: Rendition | None = None
    """What the file is, or was made from, where that is not the document itself but what was published in its place."""
    attached: str = ""
    """The name of the file where it is not the document itself but a file that goes with it, by its digest."""
    renewed: bool = False
    """The archive has a file that goes on from this one: the same document under a newer archive time-stamp."""
    fault: Fault | None = None
    """What is wrong with the file, where that can be said in a word."""

    @property
    def in_force(self) -> bool:
        """Whether nothing has replaced or recalled the document."""
        return in_force(self.changes)

    @property
    def title(self) -> str:
        """The subject, without what was left out of a rendition."""
        if self.rendition is not None:
            return self.rendition.title
        return self.document.title if self.document is not None else ""


def fingerprint(data: bytes) -> tuple[bytes, ...]:
    """The first 8 bytes of the SHA-256 of every whole block of 4096 bytes, in order."""
    whole = len(data) // BLOCK
    return tuple(hashlib.sha256(data[i * BLOCK : (i + 1) * BLOCK]).digest()[:8] for i in range(whole))


MOST_MARKS = 100


def marked_ids(data: bytes) -> tuple[str, ...]:
    """Document ids that the file's own metadata names, each once; of those in the first MOST_MARKS places."""
    found = islice(_MARKED.finditer(data), MOST_MARKS)
    return tuple(dict.fromkeys(one[1].decode() for one in found))


def likeliest_source(upload_blocks: int, matches: Mapping[str, int], original_blocks: Mapping[str, int]) -> str | None:
    """Which of our files the upload was made from, by blocks that are equal at the same offset.

    `matches` counts them for each archived file (by digest). At least a quarter of the blocks of the upload or
    of the original must be equal; a shared font or colour profile at the same offset is far below that.
    """

    def share(digest: str) -> float:
        return matches[digest] / min(upload_blocks, original_blocks[digest])

    candidates: Iterable[str] = [digest for digest in matches if share(digest) >= 0.25]
    return max(candidates, key=lambda digest: (share(digest), digest), default=None)


def difference(original: bytes, upload: bytes) -> tuple[Fault, Reason]:
    """How `upload` differs from the issued file, and one sentence that says it."""
    if original.startswith(upload):
        if upload.endswith(b"%%EOF\n"):
            before = N_("Đây là bản ở một bước trước, chưa có đủ chữ ký; không phải là bản đã phát hành")
            return Fault.EARLIER, Reason(before)
        return Fault.CUT, Reason(N_("Tệp bị cắt ngắn; đây không phải là bản đã phát hành"))
    if upload.startswith(original):
        added = len(upload) - len(original)
        return Fault.ADDED, Reason(N_("Có %(count)s byte được thêm vào sau bản đã phát hành"), count=added)
    if len(upload) == len(original):
        changed = sum(1 for ours, theirs in zip(original, upload, strict=True) if ours != theirs)
        altered = N_("Nội dung tệp đã bị sửa: %(count)s byte khác với bản đã phát hành")
        return Fault.ALTERED, Reason(altered, count=changed)
    return Fault.ALTERED, Reason(N_("Nội dung tệp khác với bản đã phát hành"))


def explained(original: bytes, upload: bytes) -> bool:
    """Whether `difference` says all there is to say: the upload is the issued file, but for a flaw that it names."""
    return len(upload) == len(original) or original.startswith(upload) or upload.startswith(original)
