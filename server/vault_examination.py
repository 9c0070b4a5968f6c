"""Looking through the archive: every row, checkpoint and time-stamp, and the files of a stretch or all of them.

Nothing is locked and nothing changed but the result that is put on record, so the server may run meanwhile.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.archive import Archive, Condition
from minutes.deposits import erasure, examine, store
from minutes.deposits.anchor import judge
from minutes.deposits.checkpoint import Checkpoint, Kept
from minutes.deposits.entry import Kind, Logged
from minutes.deposits.erasure import Erasure
from minutes.deposits.examine import Finding, Sealed
from minutes.deposits.handover import LogKeys
from minutes.deposits.note import BadNote, Verifier
from minutes.deposits.store import Examination
from minutes.errors import Damaged
from minutes.trust import Trust
from server import auth, records_keys
from server.config import Config, archive_of
from server.database import Database
from server.errors import SetupError
from server.records_verify import in_thread
from server.revocation import with_fetched

_BATCH = 20
"""Files that are read between two words of progress."""
REMEMBERED = 200
"""Examinations that are looked through for a problem that still stands."""


@dataclass(frozen=True, slots=True)
class Progress:
    """So many files of so many are read."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Result:
    """What was found, the first damaged first; how many deposits and checkpoints there are, how many of the former
    are under a checkpoint, and how many time-stamps hold. `aside`: what nobody can read, and that is as it should be:
    erased lawfully, as the log itself says, or in quarantine."""

    findings: tuple[Finding, ...]
    deposits: int
    checkpoints: int
    covered: int
    anchors: int
    aside: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    log: tuple[Logged, ...]
    kept: tuple[Kept, ...]
    sealed: tuple[Sealed, ...]


async def examination(
    database: Database,
    archive: Archive,
    trust: Trust,
    verifier: Verifier | None,
    *,
    first: int = 0,
    beyond: int | None = None,
    outside: Sequence[Checkpoint] = (),
) -> AsyncIterator[Progress | Result]:
    """Look; the last value is the result. Files at the positions from `first` up to `beyond` are read (None: all that
    follow), everything else is always looked at. `outside`: checkpoints that somebody has kept elsewhere."""
    async with database.read() as connection:
        seen = await _see(connection)
    keys, broken = await keyring(archive, seen.log, verifier)
    found = broken + await asyncio.to_thread(_of_rows, seen, keys, outside)
    tokens = [one for one in seen.log if one.entry.kind is Kind.ANCHOR]
    of_tokens = [wrong for one in tokens if (wrong := await _of_token(archive, one, seen.kept, trust)) is not None]
    files, aside = seen.log[first:beyond], list[Finding]()
    erased = await asyncio.to_thread(erasures, archive, seen.log)
    for start in range(0, len(files), _BATCH):
        yield Progress(start, len(files))
        damaged, gone = await asyncio.to_thread(_of_files, archive, files[start : start + _BATCH], erased)
        found += damaged
        aside += gone
    yield Progress(len(files), len(files))
    # Of one deposit the plainest is said first: its file, then its rows.
    units = {one.label.partition("/")[0]: one.unit for one in seen.sealed}
    spelled = [examine.spelled(one, units) for one in (*found, *of_tokens)]
    ordered = sorted(spelled, key=lambda one: one.position)
    told = tuple(examine.spelled(one, units) for one in aside)
    covered = max((one.size for one in seen.kept), default=0)
    yield Result(tuple(ordered), len(seen.log), len(seen.kept), covered, len(tokens) - len(of_tokens), told)


async def keyring(
    archive: Archive, log: Sequence[Logged], verifier: Verifier | None
) -> tuple[LogKeys | None, list[Finding]]:
    """The keys that the log's checkpoints are signed with (None: the last one is lost), and what is wrong with their
    chain; where it is broken, the present key alone is believed."""
    handed = [one for one in log if one.entry.kind is Kind.KEY]
    if verifier is None or not handed:
        return None if verifier is None else LogKeys(verifier), []
    try:
        notes = [(await asyncio.to_thread(archive.fetch, one.entry.digest)).decode() for one in handed]
        return LogKeys.chained(notes, verifier), []
    except (Damaged, BadNote, UnicodeError):
        return LogKeys(verifier), [Finding(handed[-1].position, examine.name(handed[-1]), examine.broken_chain())]


async def _see(connection: AsyncConnection) -> _Seen:
    log = await store.entries(connection)
    return _Seen(log, await store.checkpoints(connection), await store.sealed(connection))


def _of_rows(seen: _Seen, keys: LogKeys | None, outside: Iterable[Checkpoint]) -> list[Finding]:
    elsewhere = (examine.outside(seen.log, one) for one in outside)
    return [
        *chain(
            examine.rows(seen.log),
            examine.documents(seen.log, seen.sealed),
            examine.heads(seen.log, seen.kept, keys),
        ),
        *(one for one in elsewhere if one is not None),
    ]


def erasures(archive: Archive, log: Iterable[Logged]) -> dict[str, Erasure]:
    """The erasures that the log has, by what was erased; a record that cannot be read is found with the other files."""
    found = []
    for one in log:
        if one.entry.kind is Kind.ERASURE:
            with contextlib.suppress(Damaged):
                found.append(erasure.read(archive.fetch(one.entry.digest)))
    return erasure.by_digest(found)


def _of_files(
    archive: Archive, files: Iterable[Logged], erased: dict[str, Erasure]
) -> tuple[list[Finding], list[Finding]]:
    """What is wrong, and what is lawfully gone or set aside. That a key was destroyed is believed where the log says
    so, and nowhere else."""
    wrong, aside = [], []
    for one in files:
        digest = one.entry.digest
        match archive.condition(digest):
            case Condition.SOUND:
                continue
            case Condition.ERASED | Condition.MISSING if digest in erased:
                aside.append(Finding(one.position, examine.name(one), erased[digest].reason))
            case Condition.HELD:
                aside.append(Finding(one.position, examine.name(one), examine.held()))
            case Condition.ERASED:
                wrong.append(Finding(one.position, examine.name(one), examine.erased_unrecorded()))
            case Condition.MISSING:
                wrong.append(Finding(one.position, examine.name(one), examine.missing()))
            case Condition.ALTERED:
                wrong.append(Finding(one.position, examine.name(one), examine.altered()))
    return wrong, aside


async def _of_token(archive: Archive, one: Logged, kept: Sequence[Kept], trust: Trust) -> Finding | None:
    checkpoint = examine.anchored(one.entry, kept)
    if checkpoint is None:
        return Finding(one.position, examine.name(one), examine.lost_checkpoint())
    try:
        token = await asyncio.to_thread(archive.fetch, one.entry.digest)
        await in_thread(lambda: judge(token, checkpoint.note, trust))
    except Damaged as error:
        return Finding(one.position, examine.name(one), error.reason)
    return None


def on_record(
    result: Result, began: datetime, ended: datetime, first: int = 0, beyond: int | None = None
) -> Examination:
    """What is kept of a look."""
    wrong = result.findings[0] if result.findings else None
    last = result.deposits if beyond is None else min(beyond, result.deposits)
    return Examination(
        began,
        ended,
        first,
        last,
        first == 0 and last == result.deposits,
        len(result.findings),
        wrong.position if wrong else None,
        wrong.sentence if wrong else "",
    )


def standing(newest_first: Sequence[Examination]) -> Examination | None:
    """The last examination that found something which none has found to be well since. What is in files is found to
    be well by reading them again, everything else by any look."""
    read: list[Examination] = []
    for one in newest_first:
        if one.found and not any(_mended(one, later) for later in read):
            return one
        read.append(one)
    return None


def _mended(problem: Examination, later: Examination) -> bool:
    place = problem.position or 0
    return not later.found and (later.whole or later.first <= place < later.beyond)


async def of_installation(
    config: Config, database: Database, outside: Sequence[str] = ()
) -> AsyncIterator[Progress | Result]:
    """Look through all of an installation's archive and put the result on record. `outside`: notes of checkpoints that
    were kept elsewhere. Raises SetupError where that cannot be done; a key that is lost is a finding."""
    try:
        folder = config.keys / "trust"
        trust = with_fetched(Trust.load(folder), folder, auth.utcnow())
        key = records_keys.archive_key(config.keys)
    except (OSError, ValueError) as error:
        raise records_keys.unusable(config, error) from error
    verifier = key.verifier if key is not None else None
    archive = archive_of(config)
    async with database.read() as connection:
        keys, _ = await keyring(archive, await store.entries(connection, kind=Kind.KEY), verifier)
    elsewhere = [_kept_elsewhere(note, keys) for note in outside]
    began = auth.utcnow()
    async for step in examination(database, archive, trust, verifier, outside=elsewhere):
        if isinstance(step, Result):
            with contextlib.suppress(SQLAlchemyError):  # a copy that is read only can be examined too
                async with database.begin() as connection:
                    await store.add_examination(connection, on_record(step, began, auth.utcnow()))
        yield step


def _kept_elsewhere(note: str, keys: LogKeys | None) -> Checkpoint:
    if keys is None:
        raise SetupError("This installation has no archive key, so no checkpoint can be its own.")
    reason = BadNote("")
    for verifier in keys.all:
        try:
            return Checkpoint.open(note, verifier)
        except BadNote as error:
            reason = error
    raise SetupError(
        f"The checkpoint that was kept elsewhere is not one that the key {keys.current.name} has signed: {reason}. "
        "Either it is of another archive or was changed, or the key of this one is not the one that it had."
    )
