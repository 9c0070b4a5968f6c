"""Judging exported proceedings that somebody holds against those that are kept, and against the signed minutes."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store as records_store
from minutes.errors import N_, Reason
from minutes.verification import Finding, Subject, Verdict
from rooms import store
from rooms.facts import canonical, first_altered
from rooms.proceedings.exported import Examined, examine
from server.database import Database

FACT = N_("Dòng %(line)s đã bị sửa, thiếu hoặc không theo sau dòng trước đó")
KEPT = N_("Dòng %(line)s khác với diễn biến do hệ thống này lưu giữ")
DAMAGED = N_("Diễn biến do hệ thống này lưu giữ bị hỏng từ sự việc số %(line)s; xin báo cán bộ kỹ thuật")
NO_MEETING = N_("Hệ thống này không có cuộc họp ghi trong tệp")
MINUTES = N_("Mã kiểm tra khác với mã in trong biên bản đã ký")


async def verify_proceedings(database: Database, data: bytes) -> Verdict:
    """genuine: every fact is as kept, and the minutes name the same root. changed: the first altered line is named."""
    found = await asyncio.to_thread(examine, data)
    async with database.read() as connection:
        entry = await store.get_meeting(connection, found.meeting)
        if entry is None:
            return _verdict(Finding.UNKNOWN, NO_MEETING) if found.line is None else _altered(found.line)
        facts = await store.facts(connection, found.meeting)
        minutes = await records_store.minutes_of(connection, found.meeting)
        printed = await _printed_root(connection, minutes) if minutes is not None else None
    broken = await asyncio.to_thread(first_altered, facts)
    if broken is not None:
        return _verdict(Finding.UNKNOWN, DAMAGED, line=broken)
    kept = [canonical(fact.to_json()) for fact in facts]
    line = _first_difference(found, kept)
    if line is not None:
        return _altered(line) if line == found.line else _verdict(Finding.CHANGED, KEPT, line=line)
    if printed is not None and printed != found.root:
        return _verdict(Finding.UNKNOWN, MINUTES)
    return Verdict(Finding.GENUINE, None, None, (), Subject.PROCEEDINGS)


async def _printed_root(connection: AsyncConnection, minutes: str) -> str | None:
    document = await records_store.get(connection, minutes)
    content = await records_store.content(connection, minutes, document.version)
    root = content.get("proceedings_root")
    return root if isinstance(root, str) else None


def _first_difference(found: Examined, kept: list[bytes]) -> int | None:
    """The first line of the file that is not as kept; the head is line 1."""
    for number, (ours, theirs) in enumerate(zip(kept, found.leaves, strict=False), start=2):
        if ours != theirs:
            return number
    if found.line is not None:
        return found.line
    return len(found.leaves) + 2 if len(kept) != len(found.leaves) else None


def _altered(line: int) -> Verdict:
    return _verdict(Finding.CHANGED, FACT, line=line)


def _verdict(kind: Finding, reason: str, **values: object) -> Verdict:
    return Verdict(kind, None, None, (Reason(reason, **values),), Subject.PROCEEDINGS)
