"""The edge to the disk: files kept under their SHA-256, written once, durable before visible, read with suspicion.

A deposit is staged, flushed to the disk, then renamed; a crash leaves either nothing or the whole file, and at worst
a leftover under staging/ that nothing refers to. Methods block on the disk: call them from a thread.

The log of deposits (tables deposit and fingerprint) says which files were issued: a file on the disk that is not in
the log was never issued. Its leaves are numbered from 0 in the order of a Merkle log (RFC 6962).
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.errors import N_, Damaged, Reason
from minutes.tables import deposit_table, fingerprint_table

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Archive:
    """A directory of files by digest: `root`/ab/cd/abcd…; safe for several processes."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._staging = root / "staging"
        self._staging.mkdir(parents=True, exist_ok=True)

    def deposit(self, data: bytes) -> str:
        """Keep `data` and return its digest (hex SHA-256); when it returns, the bytes survive a power cut.

        The same bytes again change nothing, except that a damaged copy is replaced by the sound one.
        """
        digest = digest_of(data)
        target = self._path(digest)
        if _read(target) == data:
            return digest
        staged = self._staging / f"{digest}.{secrets.token_hex(8)}"
        try:
            with staged.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staged, target)
        finally:
            staged.unlink(missing_ok=True)
        # The new names must be on the disk too: the file's, and those of directories that were just made.
        for directory in (target.parent, target.parent.parent, self._root):
            _flush(directory)
        return digest

    def fetch(self, digest: str) -> bytes:
        """The bytes of a deposit, hashed again while reading; raises Damaged when they are missing or different."""
        if not _DIGEST.fullmatch(digest):
            raise Damaged(Reason(N_("Không phải giá trị băm: %(digest)s"), digest=digest[:80]))
        data = _read(self._path(digest))
        if data is None:
            raise Damaged(Reason(N_("Thiếu tệp lưu trữ %(digest)s"), digest=digest))
        if digest_of(data) != digest:
            raise Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=digest))
        return data

    def verify(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Those of `digests` whose file is missing or damaged."""
        bad = []
        for digest in digests:
            try:
                self.fetch(digest)
            except Damaged:
                bad.append(digest)
        return tuple(bad)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest


def digest_of(data: bytes) -> str:
    """The hex SHA-256 under which `data` would be kept."""
    return hashlib.sha256(data).hexdigest()


def leaf_hash(digest: str) -> str:
    """The Merkle leaf of a deposit: SHA-256 of 0x00 and the file's digest (RFC 6962, section 2.1)."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(digest)).hexdigest()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _flush(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_BATCH = 500


@dataclass(frozen=True, slots=True)
class Deposit:
    """One leaf of the log; `blocks` is how many whole blocks the file has."""

    position: int
    digest: str
    leaf: str
    document_id: str
    blocks: int


async def enter(
    connection: AsyncConnection, position: int, digest: str, document_id: str, blocks: Sequence[bytes]
) -> None:
    """Add a deposit to the log with the hashes of its blocks."""
    await connection.execute(
        insert(deposit_table).values(
            position=position, digest=digest, leaf=leaf_hash(digest), document_id=document_id, blocks=len(blocks)
        )
    )
    if blocks:
        rows = [{"digest": digest, "block": block, "hash": value} for block, value in enumerate(blocks)]
        await connection.execute(insert(fingerprint_table), rows)


async def deposits(connection: AsyncConnection, digests: Sequence[str] | None = None) -> tuple[Deposit, ...]:
    """The log in order, or those of its entries that have one of `digests`."""
    query = select(deposit_table).order_by(deposit_table.c.position)
    if digests is not None:
        query = query.where(deposit_table.c.digest.in_(list(digests)))
    rows = (await connection.execute(query)).mappings()
    return tuple(
        Deposit(row["position"], row["digest"], row["leaf"], row["document_id"], row["blocks"]) for row in rows
    )


async def equal_blocks(connection: AsyncConnection, blocks: Sequence[bytes]) -> dict[str, int]:
    """For every deposit that has any: how many of `blocks` it has at the same place."""
    found: dict[str, int] = {}
    table = fingerprint_table
    for start in range(0, len(blocks), _BATCH):
        batch = blocks[start : start + _BATCH]
        query = select(table.c.digest, table.c.block, table.c.hash).where(
            table.c.hash.in_(list(set(batch))), table.c.block >= start, table.c.block < start + len(batch)
        )
        for digest, block, value in await connection.execute(query):
            if blocks[block] == value:
                found[digest] = found.get(digest, 0) + 1
    return found
