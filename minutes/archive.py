"""The edge to the disk: files kept under their SHA-256, written once, durable before visible, read with suspicion.

Each is encrypted with a key of its own (`minutes.keyring`), which lies elsewhere: so a file can be set aside or erased
in every copy that was ever made of it.

A deposit is staged, flushed to the disk, then renamed; a crash leaves either nothing or the whole file, and at worst
a leftover under staging/ that nothing refers to. Methods block on the disk: call them from a thread.

What was deposited says the log (`minutes.deposits`): a file on the disk that is not in it was never issued.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from minutes.errors import N_, Damaged, Erased, Reason, Withheld
from minutes.keyring import Keyring, destroy, flush, is_sealed

_PIECE = 2**20
"""Octets that are read at once of a large file."""
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Condition(Enum):
    """How a deposit is."""

    SOUND = "sound"
    ALTERED = "altered"
    MISSING = "missing"
    HELD = "held"
    ERASED = "erased"


class Archive:
    """A directory of files by digest: `root`/ab/cd/abcd…; safe for several processes. `keys`: where their keys lie, by
    default the folder "content-keys" beside it."""

    def __init__(self, root: Path, keys: Keyring | None = None) -> None:
        self._root = root
        self.keys = keys or Keyring(root.with_name("content-keys"))
        self._staging = root / "staging"
        self._staging.mkdir(parents=True, exist_ok=True)

    def deposit(self, data: bytes) -> str:
        """Keep `data` and return its digest (hex SHA-256); when it returns, the bytes survive a power cut.

        The same bytes again change nothing, except that a damaged copy is replaced by the sound one. Raises Withheld,
        and Erased of what may never come in again.
        """
        digest = digest_of(data)
        if self.condition(digest) is not Condition.SOUND:
            self._keep(digest, (data,))
        return digest

    def deposit_file(self, path: Path, known: str = "") -> str:
        """The same of a file that is finished and need not fit into memory. An encrypted one (`known` is the SHA-256
        of its content) gets a second name and takes no room twice where the disk can do that, and may be deleted, but
        not written to; any other is copied. Raises OSError, Damaged."""
        staged = self._staging / secrets.token_hex(16)
        with path.open("rb") as source:
            sealed = is_sealed(source)
            digest = known or digest_of_file(source)
            if self.condition(digest) is Condition.SOUND:
                return digest
            self.keys.refuse_return(digest)
            if not (sealed and _linked(path, staged)):
                source.seek(0)
                self._keep(digest, _checked(self.keys.opened(digest, source), digest))
                return digest
        try:
            staged.chmod(0o444)
            with staged.open("rb") as file:
                for _piece in _checked(self.keys.opened(digest, file), digest):
                    pass
                os.fsync(file.fileno())
            self._name(staged, digest)
        finally:
            staged.unlink(missing_ok=True)
        return digest

    def _keep(self, digest: str, pieces: Iterable[bytes]) -> None:
        staged = self._staging / secrets.token_hex(16)
        try:
            with staged.open("xb") as file:
                for piece in self.keys.sealed(digest, pieces):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            self._name(staged, digest)
        finally:
            staged.unlink(missing_ok=True)

    def _name(self, staged: Path, digest: str) -> None:
        target = self._path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(staged, target)
        # The new names must be on the disk too: the file's, and those of directories that were just made.
        for directory in (target.parent, target.parent.parent, self._root):
            flush(directory)

    def fetch(self, digest: str) -> bytes:
        """The bytes of a deposit, hashed again while reading; raises Damaged when they are missing or different."""
        if not _DIGEST.fullmatch(digest):
            raise Damaged(Reason(N_("Không phải giá trị băm: %(digest)s"), digest=digest[:80]))
        return b"".join(self.pieces(digest))

    def pieces(self, digest: str) -> Iterator[bytes]:
        """The bytes of a deposit of any size, piece by piece; raises Withheld, Erased, and Damaged when it is missing,
        or at its end when it was different."""
        try:
            yield from _checked(self._pieces(digest), digest)
        except FileNotFoundError as error:
            raise Damaged(Reason(N_("Thiếu tệp lưu trữ %(digest)s"), digest=digest)) from error

    def condition(self, digest: str) -> Condition:
        """How a deposit is, read to its end piece by piece."""
        running = hashlib.sha256()
        try:
            for piece in self._pieces(digest):
                running.update(piece)
        except FileNotFoundError:
            return Condition.MISSING
        except Withheld:
            return Condition.HELD
        except Erased:
            return Condition.ERASED
        except (OSError, Damaged):
            return Condition.ALTERED
        return Condition.SOUND if running.hexdigest() == digest else Condition.ALTERED

    def seal(self, digest: str) -> bool:
        """Encrypt a deposit that was kept in the clear; False where there is none. Raises Withheld, Damaged, OSError;
        then it is as it was."""
        try:
            with self._path(digest).open("rb") as file:
                if is_sealed(file):
                    return False
                self.keys.refuse(digest)
                self._keep(digest, _checked(_pieces(file), digest))
                return True
        except FileNotFoundError:
            return False

    def discard(self, digest: str) -> None:
        """Take away the file of a deposit whose key is destroyed. Harmless where there is none."""
        destroy(self._path(digest))

    def _pieces(self, digest: str) -> Iterator[bytes]:
        self.keys.refuse(digest)  # first: what was erased has no file
        with self._path(digest).open("rb") as file:
            yield from self.keys.opened(digest, file)

    def _path(self, digest: str) -> Path:
        return self._root / digest[:2] / digest[2:4] / digest


def _linked(path: Path, staged: Path) -> bool:
    try:
        os.link(path, staged, follow_symlinks=False)
    except OSError:
        return False
    return True


def digest_of(data: bytes) -> str:
    """The hex SHA-256 under which `data` would be kept."""
    return hashlib.sha256(data).hexdigest()


def digest_of_file(file: BinaryIO) -> str:
    """The same of a file, from where it stands to its end."""
    running = hashlib.sha256()
    for piece in _pieces(file):
        running.update(piece)
    return running.hexdigest()


def _checked(pieces: Iterable[bytes], digest: str) -> Iterator[bytes]:
    """The same pieces; raises Damaged at their end where they are not the content of `digest`."""
    running = hashlib.sha256()
    for piece in pieces:
        running.update(piece)
        yield piece
    if running.hexdigest() != digest:
        raise Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=digest))


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece
