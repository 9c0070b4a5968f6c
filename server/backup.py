"""A copy of a whole installation, made while it runs, as one file or as a folder that only grows by what is new.

    folder: objects/ab/<SHA-256>, backups/<time>.json           file (tar): data/<path>…, backup.json
            content-keys/                                       beside it: <name>.content-keys/

The manifest has path, size, mode and SHA-256 of everything and comes last, under its name only when whole: what a crash
leaves is never taken for a backup. The database is copied first, in one moment: whatever its rows name was on the disk
before them (files are durable before their rows), so the files that are copied after it are all that it needs.

The keys of contents are in no backup: they lie beside it, once for all backups of a folder, and follow those of the
installation. So what was erased there is erased in every backup that was ever made here, when the next one is made.
"""

import contextlib
import hashlib
import io
import json
import os
import secrets
import sqlite3
import subprocess
import tarfile
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from sqlalchemy.engine import URL, make_url

from minutes.keyring import flush, follow
from rooms import iso
from server.config import Config
from server.errors import SetupError
from server.i18n import N_
from server.recording_files import OPEN
from server.run import LOCK

FORMAT = "giaoban-backup/1"
DATABASES = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
"""What the copy of a database is called in a backup, by its kind."""
MANIFEST = "backup.json"
KEYS = "content-keys"
LAST = "last-backup.json"
"""In the data folder: when the last backup was made, and where. It is of this folder alone and in no backup."""
_PIECE = 2**20


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a backup: its path in the data folder (or the name of a database's copy), with forward slashes."""

    path: str
    size: int
    mode: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything that a backup has. `database`: a key of DATABASES."""

    made: str
    database: str
    files: tuple[Item, ...]

    def to_json(self) -> bytes:
        """As it is written."""
        said = {"format": FORMAT, "made": self.made, "database": self.database,
                "files": [asdict(one) for one in self.files]}  # fmt: skip
        return json.dumps(said, ensure_ascii=False, indent=0).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Copied:
    """So many octets of so many are in the backup; `path` was the last file."""

    done: int
    total: int
    path: str


@dataclass(frozen=True, slots=True)
class Made:
    """A whole backup. `manifest`: the SHA-256 of its manifest; `new`: octets that were not there before; `left_out`:
    what is no plain file."""

    where: Path
    files: int
    size: int
    new: int
    manifest: str
    left_out: tuple[str, ...]


class Target(ABC):
    """Where a backup goes."""

    new = 0

    keys: Path
    """Where the keys of contents are kept."""

    @abstractmethod
    def put(self, path: str, file: BinaryIO, size: int, mode: int) -> Item:
        """Keep the next `size` octets of `file`. Raises OSError."""

    @abstractmethod
    def finish(self, manifest: Manifest) -> Path:
        """Make it a backup; from now on it counts. The path to restore from."""

    @abstractmethod
    def give_up(self) -> None:
        """Leave nothing that could be taken for a backup; after `finish` it changes nothing."""


class Folder(Target):
    """A folder with many backups, which share what is equal."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.keys = root / KEYS
        for name in ("objects", "backups"):
            (root / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    def put(self, path: str, file: BinaryIO, size: int, mode: int) -> Item:
        start = file.tell()
        digest = _copy(file, size, None)
        kept = self._root / "objects" / digest[:2] / digest
        if not kept.is_file() or kept.stat().st_size != size:
            file.seek(start)
            kept.parent.mkdir(exist_ok=True, mode=0o700)
            with _replacing(kept) as out:
                if _copy(file, size, out) != digest:
                    raise OSError(f"{path} changed while it was copied")
            self.new += size
        return Item(path, size, mode, digest)

    def finish(self, manifest: Manifest) -> Path:
        where = self._root / "backups" / f"{manifest.made.replace(':', '')}.json"
        if where.exists():
            raise OSError("there is a backup of this second already")
        with _replacing(where) as out:
            out.write(manifest.to_json())
        return where

    def give_up(self) -> None:
        pass  # objects without a manifest are no backup, and are there for the next one


class File(Target):
    """One file, whole or not there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.keys = keys_of(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = path.with_name(f"{path.name}.part")
        self._out = open(self._part, "wb", opener=_private)  # noqa: SIM115 - closed by finish and give_up
        self._tar = tarfile.open(fileobj=self._out, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def put(self, path: str, file: BinaryIO, size: int, mode: int) -> Item:
        reading = _Hashed(file)
        self._add(f"data/{path}", reading, size, mode)
        self.new += size
        return Item(path, size, mode, reading.digest())

    def _add(self, name: str, file: Any, size: int, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, mode
        self._tar.addfile(entry, file)

    def finish(self, manifest: Manifest) -> Path:
        said = manifest.to_json()
        self._add(MANIFEST, io.BytesIO(said), len(said), 0o600)
        self._tar.close()
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._part.replace(self._path)
        flush(self._path.parent)
        return self._path

    def give_up(self) -> None:
        self._out.close()
        self._part.unlink(missing_ok=True)


class _Hashed:
    """Reads, and knows the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._running = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        self._running.update(piece)
        return piece

    def digest(self) -> str:
        return self._running.hexdigest()


def backup(config: Config, to: Path, now: datetime) -> Iterator[Copied | Made]:
    """Copy the installation to `to`: an existing folder, or a name that ends with a slash or has no suffix, is a folder
    of backups, anything else one file. Raises SetupError; what was there before is never touched."""
    data = config.data.resolve()
    if not (data / "secret.key").is_file():
        raise SetupError(N_("Không có hệ thống nào ở %(place)s (dùng --data hoặc --config)."), place=config.data)
    if to.resolve() == data or data in to.resolve().parents:
        raise SetupError(N_("Bản sao lưu không được nằm trong chính thư mục được sao lưu."))
    target: Target | None = None
    try:
        target = Folder(to) if to.is_dir() or not to.suffix else File(to)
        yield from _copied(config, target, now)
    except (OSError, sqlite3.Error, tarfile.TarError) as error:
        raise SetupError(N_("Chưa sao lưu được: %(why)s. Các bản sao lưu trước vẫn nguyên."), why=error) from error
    finally:
        if target is not None:
            target.give_up()


def _copied(config: Config, target: Target, now: datetime) -> Iterator[Copied | Made]:
    items: list[Item] = []
    url = make_url(config.database_url)
    kind = url.get_backend_name()
    with tempfile.TemporaryDirectory(prefix="giaoban-backup-", dir=config.data) as scratch:
        copy = Path(scratch) / DATABASES[kind]
        _copy_database(url, copy)
        files, left_out = _files(config, {copy.name: copy})
        total, done = sum(path.stat().st_size for path in files.values()), 0
        for name, path in files.items():
            try:
                file = path.open("rb")
            except FileNotFoundError:  # deleted meanwhile: a paper, or a recording whose days are over
                continue
            with file:
                found = os.fstat(file.fileno())
                items.append(target.put(name, file, found.st_size, found.st_mode & 0o777))
            done += found.st_size
            yield Copied(done, total, name)
    follow(config.keyring, target.keys)
    manifest = Manifest(iso(now.replace(microsecond=0)), kind, tuple(items))
    where = target.finish(manifest)
    digest = hashlib.sha256(manifest.to_json()).hexdigest()
    with contextlib.suppress(OSError), _replacing(config.data / LAST) as out:  # the backup is good without it
        out.write(json.dumps({"made": manifest.made, "where": str(where.resolve())}).encode())
    yield Made(where, len(items), sum(one.size for one in items), target.new, digest, left_out)


def erase_again(config: Config, to: Path) -> int:
    """Destroy in the keys beside a backup what was destroyed here since: how many. Raises SetupError."""
    keys = to / KEYS if to.is_dir() else keys_of(to)
    if not keys.is_dir():
        raise SetupError(f"There is no backup with keys in {to}.")
    try:
        return follow(config.keyring, keys)
    except OSError as error:
        raise SetupError(f"The keys in {keys} could not be destroyed: {error}.") from error


def keys_of(path: Path) -> Path:
    """Where the keys of a backup in one file lie."""
    return path.with_name(f"{path.name}.{KEYS}")


def _files(config: Config, first: dict[str, Path]) -> tuple[dict[str, Path], tuple[str, ...]]:
    """What is copied, by its path in the data folder, and what is no plain file. Left out without a word: the lock, the
    database's own files (its copy is in `first`), the keys of contents, and files that are being written, or are not
    encrypted yet."""
    found, strange = dict(first), []
    for path in sorted(config.data.rglob("*")):
        if path.is_relative_to(config.keyring):
            continue
        name = path.relative_to(config.data).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            strange.append(name)
        elif path.is_file() and not _passing(name):
            found[name] = path
    return found, tuple(strange)


def _passing(name: str) -> bool:
    return (
        name in (LOCK, LAST)
        or name.startswith(("giaoban.sqlite3", "archive/staging/", "giaoban-backup-"))
        or name.endswith((".part", ".new"))
        or (name.startswith("recordings/") and f"/{OPEN}/" in name)
        or name in DATABASES.values()
    )


def _copy_database(url: URL, to: Path) -> None:
    """The database as it is in one moment, while others write."""
    if url.get_backend_name() == "sqlite":
        with (
            contextlib.closing(
                sqlite3.connect(f"file:{quote(url.database or '')}?mode=rw", uri=True, timeout=30)
            ) as source,
            contextlib.closing(sqlite3.connect(to)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        return
    postgresql("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


def postgresql(program: str, url: URL, *arguments: str) -> str:
    """Run one of PostgreSQL's programs; the password goes by the environment, where `ps` does not show it. What it
    printed. Raises SetupError."""
    values = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
    }
    environment = {**os.environ, **{key: str(value) for key, value in values.items() if value}}
    try:
        done = subprocess.run(  # noqa: S603 - one of three programs, without a shell
            [program, *arguments], env=environment, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise SetupError(f"{program} is missing: install PostgreSQL's client programs.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise SetupError(f"{program} failed: {reason}.")
    return done.stdout


def _copy(file: BinaryIO, size: int, out: BinaryIO | None) -> str:
    """Read `size` octets, write them to `out` if there is one; their SHA-256. Raises OSError where there are fewer."""
    running, left = hashlib.sha256(), size
    while left:
        piece = file.read(min(left, _PIECE))
        if not piece:
            raise OSError("a file became shorter while it was copied")
        running.update(piece)
        if out is not None:
            out.write(piece)
        left -= len(piece)
    return running.hexdigest()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that has its name only when it is whole and on the disk."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "wb", opener=_private) as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    flush(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
