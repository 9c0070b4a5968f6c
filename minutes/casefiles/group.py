"""Groups of case files by how far what they tell may go (Decree 30/2020, Appendix VI, part I, IV.1.a): which of the
office's roles open what is in a group. Each authority has groups of its own beside the two that it begins with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from minutes.errors import N_, InvalidContent, Reason
from minutes.reading import LINE, Reader

ROLES = ("leader", "secretary", "clerk", "checker", "archivist")
"""Who may be let into a group; the leaders always are, for somebody must be able to move a case file elsewhere."""
FIRST = "chung"
"""The code of the group that every case file begins in."""


@dataclass(frozen=True, slots=True)
class Group:
    """`roles` are those that open the case files of the group; `by` has set it last, "" nobody yet."""

    code: str
    title: str
    roles: frozenset[str]
    by: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody has set a group otherwise, at a time; `old` is None where it was not there before."""

    old: Group | None
    new: Group
    at: datetime


def proposed() -> tuple[Group, ...]:
    """What an authority begins with."""
    return (
        Group(FIRST, "Phổ biến trong cơ quan", frozenset(ROLES)),
        Group("han-che", "Hạn chế: lãnh đạo, văn thư, lưu trữ", frozenset({"leader", "clerk", "archivist"})),
    )


def group(fields: Mapping[str, object], roles: frozenset[str], by: str) -> Group:
    """Read a group as it is typed, with the roles that are ticked. Raises InvalidContent."""
    reader = Reader(fields, "")
    code, title = reader.text("code", 32).strip(), reader.text("title", LINE).strip()
    reader.finish()
    if code == FIRST:
        raise InvalidContent("code", Reason(N_("là nhóm chung của cả cơ quan, không thu hẹp được")))
    return Group(code, title, roles.intersection(ROLES) | {"leader"}, by)
