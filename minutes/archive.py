"""The edge to the disk: files kept under their SHA-256, written once, durable before visible, read with suspicion.

A deposit is staged, flushed to the disk, then renamed; a crash leaves either nothing or the whole file, and at worst
a leftover under staging/ that nothing refers to. Methods block on the disk: call them from a thread.

What was deposited says the log (`minutes.deposits`): a file on the disk that is not in it was never issued.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from minutes.errors import N_, Damaged, Reason

_PIECE = 2**20
"""Octets that are read at once of a large file."""
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
        if _read(self._path(digest)) != data:
            self._keep(iter((data,)))
        return digest

    def deposit_file(self, path: Path) -> str:
        """The same of a file that is finished and need not fit into memory. It gets a second name and takes no room
        twice where the disk can do that, and is copied elsewhere; either way it may be deleted, but not written to.
        Raises OSError."""
        staged = self._staging / secrets.token_hex(16)
        try:
            os.link(path, staged, follow_symlinks=False)
        except OSError:
            with path.open("rb") as source:
                return self._keep(_pieces(source))
        try:
            staged.chmod(0o444)
            with staged.open("rb") as file:
                digest = digest_of_file(file)
                os.fsync(file.fileno())
            return self._named(staged, digest)
        finally:
            staged.unlink(missing_ok=True)

    def _keep(self, pieces: Iterator[bytes]) -> str:
        staged = self._staging / secrets.token_hex(16)
        running = hashlib.sha256()
        try:
            with staged.open("xb") as file:
                for piece in pieces:
                    running.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            return self._named(staged, running.hexdigest())
        finally:
            staged.unlink(missing_ok=True)

    def _named(self, staged: Path, digest: str) -> str:
        target = self._path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)
        # The new names must be on the disk too: the file's, and those of directories that were just made.
        for directory in (target.parent, target.parent.parent, self._root):
            flush(directory)
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

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The bytes of a deposit of any size, piece by piece; raises Damaged when it is missing, or at its end when it
        was different."""
        try:
            running = hashlib.sha256()
            with self._path(digest).open("rb") as file:
                for piece in _pieces(file):
                    running.update(piece)
                    yield piece
        except FileNotFoundError as error:
            raise Damaged(Reason(N_("Thiếu tệp lưu trữ %(digest)s"), digest=digest)) from error
        if running.hexdigest() != digest:
            raise Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=digest))

    def kept(self, digest: str) -> bool | None:
        """Whether a deposit has the bytes that it should have, read to its end piece by piece; None: it is missing."""
        try:
            with self._path(digest).open("rb") as file:
                return digest_of_file(file) == digest
        except FileNotFoundError:
            return None
        except OSError:
            return False

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest


def digest_of(data: bytes) -> str:
    """The hex SHA-256 under which `data` would be kept."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(file: BinaryIO) -> str:
    """The same of a file, from where it stands to its end."""
    running = hashlib.sha256()
    for piece in _pieces(file):
        running.update(piece)
    return running.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def flush(directory: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
