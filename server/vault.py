"""The archive as an authority can stand an audit on: deposits, signed checkpoints, time-stamps over them, proofs.

Given: the database, the files, the trust, the time-stamper, the archive's own key, the clock. Files are durable before
their rows; rows are never changed. A checkpoint is signed only where the log still begins with the last one.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path

from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.archive import Archive
from minutes.deposits import store
from minutes.deposits.anchor import anchor
from minutes.deposits.checkpoint import Checkpoint, Kept, prove
from minutes.deposits.entry import Entry, Kind, Logged
from minutes.deposits.examine import Finding, heads, rows
from minutes.deposits.handover import Handover, LogKeys
from minutes.deposits.note import Signer, Verifier
from minutes.errors import N_, Damaged, NotFound, Reason
from minutes.numbering.clock import TOLERANCE
from minutes.stamper import Believed
from minutes.trust import Trust
from rooms.proceedings.merkle import inclusion, root_of
from server import auth, records_keys
from server.config import Config, archive_of
from server.database import Database
from server.errors import SetupError
from server.records_keys import Keys, installed_keys
from server.records_verify import in_thread
from server.revocation import with_fetched
from server.time_stamper import HttpTimeStamper
from server.vault_examination import keyring

EVERY = 50
"""Deposits after which there is a checkpoint, whatever the time."""
DAY = timedelta(days=1)


class Vault:
    """What is deposited, and the proofs of it."""

    def __init__(
        self,
        database: Database,
        archive: Archive,
        trust: Trust,
        time_stamper: TimeStamper,
        signer: Signer,
        now: Callable[[], datetime],
    ) -> None:
        self.database = database
        self.archive = archive
        self.trust = trust
        self._time_stamper = time_stamper
        self._signer = signer
        self._now = now
        self._signing = asyncio.Lock()

    @property
    def verifier(self) -> Verifier:
        """The public key that checkpoints are checked with."""
        return self._signer.verifier

    def believe(self, trust: Trust) -> None:
        """Judge time-stamps, and what comes in, by `trust` from now on."""
        self.trust = trust

    async def deposit(self, source: bytes | Path, *, about: str, kind: Kind, label: str, known: str = "") -> Logged:
        """Take a file for good: its content, or the path of one of any size, which is copied and may be deleted then.

        `about` is the id of what it belongs to, `label` what people call it; `known` the SHA-256 of a file's content
        where it may be encrypted already. The same content again changes nothing: the entry that it has already is
        returned. Raises OSError, Withheld, Erased, Damaged.
        """
        if isinstance(source, Path):
            digest = await asyncio.to_thread(self.archive.deposit_file, source, known)
        else:
            digest = await asyncio.to_thread(self.archive.deposit, source)
        entry = Entry(digest, kind, about, label, self._now())
        try:
            async with self.database.begin() as connection:
                return await store.append(connection, entry)
        except IntegrityError:  # the same file came twice at once
            async with self.database.begin() as connection:
                return await store.append(connection, entry)

    # Checkpoints and time-stamps

    async def checkpoint_due(self) -> bool:
        """Whether enough was deposited, or a day has passed, since the last one."""
        async with self.database.read() as connection:
            last = await store.checkpoints(connection, newest=1)
            size = await store.size(connection)
        if not last:
            return size > 0
        return size - last[0].size >= EVERY or self._a_day_since(last[0].at)

    async def checkpoint(self) -> Kept:
        """Sign the log as it is. Raises Damaged where it is not what was signed before: that is never signed over;
        ClockBehind where it would be older than the former checkpoint."""
        async with self._signing:
            async with self.database.read() as connection:
                kept = await store.checkpoints(connection)
                log = await store.entries(connection)
            await self._demand_sound(log, kept)
            root = await asyncio.to_thread(root_of, [one.leaf for one in log])
            signed = Checkpoint(self._signer.name, len(log), root)
            made = Kept(len(kept), self._now(), signed.size, signed.root, signed.sign(self._signer))
            async with self.database.begin() as connection:
                await store.add_checkpoint(connection, made)
            return made

    async def _demand_sound(self, log: Sequence[Logged], kept: Sequence[Kept]) -> None:
        keys, broken = await keyring(self.archive, log, self.verifier)
        found = broken[0] if broken else await asyncio.to_thread(_wrong, log, kept, keys)
        if found is not None:
            raise Damaged(found.sentence)

    async def hand_over(self, new: Signer) -> Handover:
        """Let `new` sign from the next checkpoint on: the note that both sign is deposited. Whoever calls this keeps
        the new key where this one was, and opens the archive anew with it. Raises Damaged where the log is not sound,
        BadNote where the key is of another archive."""
        async with self._signing:
            async with self.database.read() as connection:
                kept = await store.checkpoints(connection)
                log = await store.entries(connection)
            await self._demand_sound(log, kept)
            made = Handover(self.verifier, new.verifier, len(kept))
            note = made.sign(self._signer, new).encode()
            label = f"{self.verifier.name}/{new.verifier.id.hex()}"
            await self.deposit(note, about="archive-key", kind=Kind.KEY, label=label)
            return made

    async def latest(self) -> Kept | None:
        """The last checkpoint."""
        async with self.database.read() as connection:
            last = await store.checkpoints(connection, newest=1)
        return last[0] if last else None

    async def anchor_due(self) -> bool:
        """Whether a day has passed since the last time-stamp (which is a deposit of its own)."""
        async with self.database.read() as connection:
            last = await last_anchor(connection)
            return await store.size(connection) > 0 and (last is None or self._a_day_since(last.entry.at))

    async def anchor(self) -> Logged:
        """Have a checkpoint of the log as it is time-stamped and deposit the token. Raises Damaged, ClockBehind,
        SigningFailed."""
        kept = await self.latest()
        async with self.database.read() as connection:
            size = await store.size(connection)
        if kept is None or kept.size < size or self._a_day_since(kept.at):
            kept = await self.checkpoint()
        note = kept.note
        stamper = Believed(self._time_stamper, self.trust, self._now)
        token = await in_thread(lambda: anchor(stamper, note, self.trust))
        return await self.deposit(token, about=kept.about, kind=Kind.ANCHOR, label=f"{kept.about}.tst")

    def _a_day_since(self, moment: datetime) -> bool:
        """Also of a moment to come, which a clock has told that was ahead: it may be years away."""
        return not -TOLERANCE <= self._now() - moment < DAY

    # Proofs

    async def proof(self, digest: str) -> str:
        """The proof that a file was deposited, under the last checkpoint; one is signed where it is not under it yet.
        Raises NotFound, Damaged, ClockBehind."""
        async with self.database.read() as connection:
            found = await store.entries(connection, digest=digest)
        if not found:
            raise NotFound(Reason(N_("Không có tệp này trong kho lưu trữ.")))
        position, last = found[0].position, await self.latest()
        if last is None or last.size <= position:
            last = await self.checkpoint()
        async with self.database.read() as connection:
            leaves = await store.leaves(connection, last.size)
        path = await asyncio.to_thread(inclusion, leaves, position)
        return prove(found[0].entry, position, path, last.note)


async def last_anchor(connection: AsyncConnection) -> Logged | None:
    """The time-stamp that was deposited last."""
    found = await store.entries(connection, kind=Kind.ANCHOR, newest=1)
    return found[0] if found else None


def _wrong(log: Sequence[Logged], kept: Sequence[Kept], keys: LogKeys | None) -> Finding | None:
    return next(chain(rows(log), heads(log, kept, keys)), None)


def open_vault(config: Config, database: Database, keys: Keys | None = None) -> Vault:
    """The archive of this installation; its key is made where there is none. `keys`: of this installation, where they
    are open already. Raises SetupError."""
    keys = keys or installed_keys(config)
    try:
        signer = records_keys.make_archive_key(config.keys, config.base_url)
    except (OSError, ValueError) as error:
        raise SetupError(f"The keys in {config.keys} are missing or damaged: {error}.") from error
    stamper = HttpTimeStamper(config.signing.time_stamper_url) if config.signing.time_stamper_url else None
    believed = with_fetched(keys.trust, config.keys / "trust", auth.utcnow())
    return Vault(database, archive_of(config), believed, stamper or keys.time_stamper, signer, auth.utcnow)
