"""The edge to the disk where the keys of content lie: one key a content, apart from the content, so that it can go.

What was copied somewhere (a backup, a stolen disk) cannot be taken back, but without its key it is noise. To set a
content aside is to put its key out of reach; to erase it is to destroy the key. Both need nobody's cooperation: whoever
reads asks here for the key.

A content is named by the hex SHA-256 that it had when it came; everything made of it (images of its pages) has the same
key. Files are AES-256-GCM in chunks of 64 KiB (STREAM, Hoang et al. 2015: the nonce counts, the last chunk says so),
under HMAC-SHA256(key, salt), with a salt for each file. Methods block on the disk: call them from a thread.

    root/ab/<name>          the key, 32 octets      root/ab/<name>.held     the same, out of reach
    root/ab/<name>.erased   that there was a key: JSON with the record of its destruction
"""

import fcntl
import hashlib
import hmac
import io
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from minutes.errors import N_, Damaged, Erased, Reason, Withheld

MAGIC = b"giaoban\x01"
HELD, ERASED = ".held", ".erased"
_SALT, _CHUNK, _TAG, _KEY = 16, 65_536, 16, 32
_NAME = re.compile(r"[0-9a-f]{64}")


class KeyState(Enum):
    """Of the key of a content."""

    NONE = "none"
    """There was never one: what there is was kept in the clear, before contents had keys."""
    THERE = "there"
    HELD = "held"
    ERASED = "erased"


class Keyring:
    """The keys in a folder; safe for several processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True, mode=0o700)

    def state(self, name: str) -> KeyState:
        """How the key of a content is. A new key after a destruction counts: it opens nothing of before."""
        path = self._path(name)
        if _with(path, HELD).exists():
            return KeyState.HELD
        if path.exists():
            return KeyState.THERE
        return KeyState.ERASED if _with(path, ERASED).exists() else KeyState.NONE

    def refuse(self, name: str) -> None:
        """Raises Withheld, Erased where nobody may read the content, encrypted or not."""
        state = self.state(name)
        if state is KeyState.HELD:
            raise Withheld(Reason(N_("Tài liệu này đang được cách ly, không ai đọc được")))
        if state is KeyState.ERASED:
            raise Erased(Reason(N_("Nội dung của tài liệu này đã được xóa theo quy định")))

    def refuse_return(self, name: str) -> None:
        """Raises Withheld, Erased where the same content may not come in (again)."""
        state = self.state(name)
        if state is KeyState.HELD or (state is KeyState.ERASED and self._for_good(name)):
            self.refuse(name)

    def sealed(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The encrypted file of a content, piece by piece; its key is durable before the first one. Raises Withheld,
        and Erased of a content that may never come back."""
        key = self._make(name)
        salt = secrets.token_bytes(_SALT)
        yield MAGIC + salt
        cipher, number, waiting = AESGCM(_of_file(key, salt)), 0, bytearray()
        for piece in pieces:
            waiting += piece
            while len(waiting) > _CHUNK:
                yield cipher.encrypt(_nonce(number, last=False), bytes(waiting[:_CHUNK]), None)
                del waiting[:_CHUNK]
                number += 1
        yield cipher.encrypt(_nonce(number, last=True), bytes(waiting), None)

    def opened(self, name: str, file: BinaryIO) -> Iterator[bytes]:
        """The content of a file, piece by piece; one without our mark is of the time before and is given as it is.
        Raises Withheld, Erased, and Damaged where it is not what was encrypted."""
        self.refuse(name)
        mark = file.read(len(MAGIC))
        if mark != MAGIC:
            yield mark
            while piece := file.read(_CHUNK):
                yield piece
            return
        salt = file.read(_SALT)
        cipher, number = AESGCM(_of_file(self._read(name), salt)), 0
        chunk = file.read(_CHUNK + _TAG)
        while True:
            following = file.read(_CHUNK + _TAG)
            try:
                yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
            except (InvalidTag, ValueError) as error:
                raise Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=name)) from error
            if not following:
                return
            chunk, number = following, number + 1

    def reader(self, name: str, file: BinaryIO) -> BinaryIO:
        """The same as a file that is read from any place, with one chunk in memory; closing it closes `file`. Raises
        Withheld, Erased, and Damaged, here or by what reads."""
        self.refuse(name)
        if not is_sealed(file):
            return file
        file.seek(len(MAGIC))
        salt = file.read(_SALT)
        return io.BufferedReader(_Chunks(name, AESGCM(_of_file(self._read(name), salt)), file), _CHUNK)

    def hold(self, name: str) -> None:
        """Put the key out of reach; where there is none, one is made that is. Harmless if it is so. Raises Erased."""
        if self.state(name) is not KeyState.HELD:
            self._make(name)
            os.replace(self._path(name), _with(self._path(name), HELD))
            flush(self._path(name).parent)

    def release(self, name: str) -> None:
        """Put it back. Harmless where it is not held."""
        held = _with(self._path(name), HELD)
        if held.exists():
            os.replace(held, self._path(name))
            flush(held.parent)

    def erase(self, name: str, record: str, *, for_good: bool) -> None:
        """Destroy the key, held or not. `record` is the digest of the record of it in the archive; `for_good`: the same
        content may never come in again. The note that it was destroyed is durable first; harmless if it was."""
        path = self._path(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        said = json.dumps({"record": record, "for_good": for_good}).encode()
        _write(_with(path, ERASED), said)
        for one in (path, _with(path, HELD)):
            destroy(one)

    def erased(self, name: str) -> bool:
        """Whether a key of this content was ever destroyed."""
        return _with(self._path(name), ERASED).exists()

    def _make(self, name: str) -> bytes:
        path = self._path(name)
        self.refuse_return(name)
        path.parent.mkdir(exist_ok=True, mode=0o700)
        with (self.root / ".lock").open("ab") as lock:  # somebody may be making it at the same moment
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():
                _write(path, secrets.token_bytes(_KEY))
                flush(self.root)
        return self._read(name)

    def _read(self, name: str) -> bytes:
        try:
            key = self._path(name).read_bytes()
        except FileNotFoundError:
            key = b""
        if len(key) != _KEY:
            raise Damaged(Reason(N_("Thiếu khóa của tệp lưu trữ %(digest)s"), digest=name))
        return key

    def _for_good(self, name: str) -> bool:
        try:
            return json.loads(_with(self._path(name), ERASED).read_bytes())["for_good"] is not False
        except (OSError, ValueError, KeyError, TypeError):
            return True

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise Damaged(Reason(N_("Không phải giá trị băm: %(digest)s"), digest=name[:80]))
        return self.root / name[:2] / name


class _Chunks(io.RawIOBase):
    """The plain octets of an encrypted file. Given: the file after its salt. The length says which chunk is the last,
    and only the last opens as such, so a file that was cut off is known at its end."""

    def __init__(self, name: str, cipher: AESGCM, file: BinaryIO) -> None:
        self._name, self._cipher, self._file = name, cipher, file
        self._start = file.tell()
        length = file.seek(0, os.SEEK_END) - self._start
        self._last = max(0, -(-length // (_CHUNK + _TAG)) - 1)
        self._size = length - (self._last + 1) * _TAG
        self._at, self._number, self._chunk = 0, -1, b""
        if self._size < self._last * _CHUNK:
            raise self._damaged()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, into: Any) -> int:
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, _CHUNK)
        if number != self._number:
            self._chunk, self._number = self._decrypted(number), number
        found = self._chunk[offset : offset + len(into)]
        into[: len(found)] = found
        self._at += len(found)
        return len(found)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _decrypted(self, number: int) -> bytes:
        self._file.seek(self._start + number * (_CHUNK + _TAG))
        nonce = _nonce(number, last=number == self._last)
        try:
            return self._cipher.decrypt(nonce, self._file.read(_CHUNK + _TAG), None)
        except (InvalidTag, ValueError) as error:
            raise self._damaged() from error

    def _damaged(self) -> Damaged:
        return Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=self._name))


def is_sealed(file: BinaryIO) -> bool:
    """Whether a file is an encrypted one; it stands at its beginning then."""
    file.seek(0)
    mark = file.read(len(MAGIC))
    file.seek(0)
    return mark == MAGIC


def names(root: Path) -> dict[str, set[str]]:
    """What a folder of keys has: the endings ("", HELD, ERASED) of each name."""
    found: dict[str, set[str]] = {}
    for path in root.glob("[0-9a-f][0-9a-f]/*") if root.is_dir() else ():
        name, ending = path.name[:64], path.name[64:]
        if _NAME.fullmatch(name) and ending in ("", HELD, ERASED):
            found.setdefault(name, set()).add(ending)
    return found


def follow(source: Path, copy: Path) -> int:
    """Make a folder of keys say what `source` does: what is held or was destroyed there is so here, however often it
    was copied before. Names that `source` does not know stay, so that a lost folder takes nothing with it. How many
    keys were destroyed here."""
    gone = 0
    for name, endings in sorted(names(source).items()):
        place = copy / name[:2] / name
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for ending in sorted(endings, reverse=True):
            key = (source / name[:2] / (name + ending)).read_bytes()
            if not _with(place, ending).exists() or _with(place, ending).read_bytes() != key:
                destroy(_with(place, ending))
                _write(_with(place, ending), key)
        for ending in {"", HELD} - endings:
            if _with(place, ending).exists():
                destroy(_with(place, ending))
                gone += ERASED in endings
    return gone


def take_over(source: Path, keys: Path) -> None:
    """Copy the keys that a folder does not know yet; what it knows, above all what was destroyed, stays as it is."""
    known = names(keys)
    for name, endings in sorted(names(source).items()):
        if name not in known:
            (keys / name[:2]).mkdir(parents=True, exist_ok=True, mode=0o700)
            for ending in endings:
                _write(keys / name[:2] / (name + ending), (source / name[:2] / (name + ending)).read_bytes())


def destroy(path: Path) -> None:
    """Overwrite a file and take it away, durably. Harmless where there is none."""
    try:
        path.chmod(0o600)  # a deposit may not be written to
        with path.open("r+b") as file:
            overwrite(file)
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)
    flush(path.parent)


def overwrite(file: BinaryIO) -> None:
    """Let a file say nothing of what it said, on the disk too."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    for start in range(0, size, 2**20):
        file.write(secrets.token_bytes(min(2**20, size - start)))
    file.flush()
    os.fsync(file.fileno())


def flush(directory: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _write(path: Path, data: bytes) -> None:
    staged = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(staged, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(staged, path)
    finally:
        staged.unlink(missing_ok=True)
    flush(path.parent)


def _with(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _of_file(key: bytes, salt: bytes) -> bytes:
    return hmac.new(key, salt, hashlib.sha256).digest()


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])
