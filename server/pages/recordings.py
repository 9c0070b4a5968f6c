"""The recording of a meeting: its files with their digests, and the one file made of them; for chair and secretary."""

import asyncio
import base64
import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from aiohttp import web
from babel.numbers import format_decimal

from minutes.keyring import KeyState
from rooms import Fact, store
from server.directory import Account
from server.errors import Problem
from server.i18n import VIETNAM
from server.keys import DATABASE, EXPORTS, RECORDINGS
from server.pages import form, reader_of, require, see_other
from server.pages.caching import PRIVATE
from server.recording_files import FILM, Film
from server.recordings import KINDS, Kept, keepers, listing
from server.rights import MeetingAccess, may

PIECE = 2**18
"""Octets that are decrypted and sent at once."""
TITLE = 56  # letters of a title in the name of a file, which has 255 octets at most
_D = str.maketrans("đĐ", "dD")  # these have no decomposition
_TYPES = {".webm": "video/webm", ".mkv": "video/x-matroska", ".jsonl": "application/jsonl"}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/meetings/{id}/recording/export", progress),
        web.post("/meetings/{id}/recording/export", export),
        web.post("/meetings/{id}/recording/cancel", cancel),
        web.get("/meetings/{id}/recording/{file}", download),
    ]


@dataclass(frozen=True, slots=True)
class Track:
    """One person's files of one kind, as the page lists them."""

    name: str
    media: str
    files: Sequence[Kept]
    length: str
    size: str


@dataclass(frozen=True, slots=True)
class Recording:
    """What the meeting's page shows. `progress` is None while no export runs; `gone`: its time is over (Retention);
    `shut`: the files that are HELD or ERASED as a state secret; `readable`: there are others."""

    tracks: Sequence[Track]
    gone: bool
    shut: Mapping[str, KeyState]
    readable: bool
    may_export: bool
    progress: float | None
    failed: bool
    result: Film | None
    result_length: str
    result_size: str


async def recording_of(request: web.Request, account: Account, entry: store.MeetingEntry) -> Recording | None:
    """None if nothing was recorded, or it is not for this account."""
    facts = await _facts(request, entry.meeting.id)
    files = listing(facts)
    if not files or not may(
        account, "recording.read", MeetingAccess(entry.meeting.room, keepers(entry.meeting, facts))
    ):
        return None
    recordings, exports = request.app[RECORDINGS], request.app[EXPORTS]
    shut = await asyncio.to_thread(recordings.shut, {one.file: one.sha256 for one in files})
    readable = len(shut) < len(files) and recordings.folder(entry.meeting.id).exists()
    held = KeyState.HELD in shut.values()
    result = recordings.film(entry.meeting.id) if readable and not held else None
    language = reader_of(request).language
    return Recording(
        tracks=[_track(name, media, list(group), language) for (name, media), group in groupby(files, _key)],
        gone=not readable and not shut,
        shut=shut,
        readable=readable,
        may_export=entry.state == "closed" and readable and not held,
        progress=exports.progress(entry.meeting.id),
        failed=exports.failed(entry.meeting.id),
        result=result,
        result_length=lasting(result.seconds) if result else "",
        result_size=megabytes(result.size, language) if result else "",
    )


def _key(kept: Kept) -> tuple[str, str]:
    return kept.name, kept.media


def _track(name: str, media: str, files: Sequence[Kept], language: str) -> Track:
    length = lasting(sum(one.seconds for one in files))
    return Track(name, media, files, length, megabytes(sum(one.size for one in files), language))


def lasting(seconds: float) -> str:
    """h:mm:ss."""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def megabytes(octets: int, language: str) -> str:
    """As "12,3 MB"."""
    return f"{format_decimal(max(octets, 100_000) / 1e6, '#,##0.0', locale=language)} MB"


async def _facts(request: web.Request, meeting: str) -> list[Fact]:
    async with request.app[DATABASE].read() as connection:
        return await store.facts(connection, meeting, KINDS)


async def _of(request: web.Request) -> tuple[store.MeetingEntry, list[Fact]]:
    """The meeting of the path and its facts, for whom its recording is. Raises Problem."""
    async with request.app[DATABASE].read() as connection:
        entry = await store.get_meeting(connection, request.match_info["id"])
    if entry is None:
        require(request, "meetings.list")
        raise Problem("not_allowed")  # the same answer as for one that is not theirs
    facts = await _facts(request, entry.meeting.id)
    require(request, "recording.read", MeetingAccess(entry.meeting.room, keepers(entry.meeting, facts)))
    return entry, facts


async def download(request: web.Request) -> web.StreamResponse:
    """GET /meetings/{id}/recording/{file}: a file that the proceedings name, or the export. Raises Problem."""
    entry, facts = await _of(request)
    name, recordings = request.match_info["file"], request.app[RECORDINGS]
    digests = {one.file: one.sha256 for one in listing(facts)}
    film = recordings.film(entry.meeting.id) if name == FILM else None
    try:
        if film is not None:
            file, digest = await asyncio.to_thread(recordings.open_film, entry.meeting.id, film), film.sha256
        else:
            digest = digests[name]
            file = await asyncio.to_thread(recordings.open, entry.meeting.id, name, digest)
    except (KeyError, FileNotFoundError) as error:
        raise Problem("not_found") from error
    said = base64.b64encode(bytes.fromhex(digest)).decode()
    with file:
        return await _sent(
            request,
            file,
            {
                **PRIVATE,
                "Content-Type": _TYPES[Path(name).suffix],
                "Content-Disposition": _disposition(entry, name),
                "Repr-Digest": f"sha-256=:{said}:",  # RFC 9530
                "ETag": f'"{digest}"',
            },
        )


async def _sent(request: web.Request, file: BinaryIO, headers: Mapping[str, str]) -> web.StreamResponse:
    """The file, or the part of it that is asked for (RFC 9110, section 14), decrypted as it goes."""
    size = await asyncio.to_thread(file.seek, 0, os.SEEK_END)
    try:
        asked = request.http_range
    except ValueError:
        asked = slice(None)
    if request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
        asked = slice(None)
    part = asked != slice(None) and asked != slice(None, None, 1)
    start, stop, _ = asked.indices(size)
    headers = {**headers, "Accept-Ranges": "bytes", "Content-Length": str(max(0, stop - start))}
    if part and start >= stop:
        return web.Response(status=416, headers={**PRIVATE, "Content-Range": f"bytes */{size}"})
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    await asyncio.to_thread(file.seek, start)
    first = await asyncio.to_thread(file.read, min(PIECE, stop - start))  # what is damaged is told before it is begun
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    piece, left = first, stop - start
    while piece:
        await response.write(piece)
        left -= len(piece)
        piece = await asyncio.to_thread(file.read, min(PIECE, left))
    await response.write_eof()
    return response


def _disposition(entry: store.MeetingEntry, name: str) -> str:
    """The one file of a meeting is saved by the meeting's title and day, any other by its own name; with a name in
    ASCII for whoever cannot read the other (RFC 6266 section 5)."""
    if name != FILM:
        return f'attachment; filename="{entry.meeting.id}-{name}"'
    title = re.sub(r"[^\w]+", "-", unicodedata.normalize("NFC", entry.meeting.title)).strip("-")[:TITLE]
    day = entry.begins.astimezone(VIETNAM).date().isoformat()
    shown = f"{title}-{day}{Path(name).suffix}".lstrip("-")
    plain = unicodedata.normalize("NFKD", shown.translate(_D)).encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{plain.lstrip('-')}\"; filename*=UTF-8''{quote(shown, safe='')}"


async def progress(request: web.Request) -> web.Response:
    """GET /meetings/{id}/recording/export: how far the export is, for the page's script. Raises Problem."""
    entry, _ = await _of(request)
    return web.json_response({"done": request.app[EXPORTS].progress(entry.meeting.id)}, headers=PRIVATE)


async def export(request: web.Request) -> web.Response:
    """POST /meetings/{id}/recording/export: make one file of a meeting that is over. Raises Problem."""
    entry, facts = await _of(request)
    await form(request)
    segments: list[dict[str, Any]] = [fact.data for fact in facts if fact.kind == "recording_segment"]
    recordings = request.app[RECORDINGS]
    if entry.state != "closed" or not segments or not recordings.folder(entry.meeting.id).exists():
        raise Problem("not_found")
    shut = await asyncio.to_thread(recordings.shut, {str(one["file"]): str(one["sha256"]) for one in segments})
    left = [one for one in segments if one["file"] not in shut]
    if KeyState.HELD in shut.values() or not left:
        raise Problem("withheld" if KeyState.HELD in shut.values() else "erased")
    await request.app[EXPORTS].start(entry.meeting.id, left)
    return see_other(f"/meetings/{entry.meeting.id}#recording")


async def cancel(request: web.Request) -> web.Response:
    """POST /meetings/{id}/recording/cancel: stop the export. Raises Problem."""
    entry, _ = await _of(request)
    await form(request)
    request.app[EXPORTS].cancel(entry.meeting.id)
    return see_other(f"/meetings/{entry.meeting.id}#recording")
