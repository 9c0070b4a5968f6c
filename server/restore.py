"""An installation made anew from a backup, in an empty folder, and the proof that all of it is there.

The backup is read to its end and compared with its manifest before anything is written. While files are written the
folder carries a mark; a server does not start there, and the next attempt begins anew.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tarfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from sqlalchemy.engine import make_url

from minutes.keyring import flush, take_over
from server.backup import DATABASES, FORMAT, KEYS, MANIFEST, Copied, Item, Manifest, keys_of, postgresql
from server.config import Config
from server.errors import SetupError
from server.i18n import N_
from server.run import LOCK, RESTORING

_PIECE = 2**20
_MANIFEST_LIMIT = 2**30


class Source(ABC):
    """A backup that is read."""

    manifest: Manifest
    keys: Path
    """The folder with the keys of contents; not there beside an old backup, whose contents are in the clear."""

    @abstractmethod
    def open(self, item: Item) -> IO[bytes]:
        """The content of one file. Raises OSError, KeyError."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


class FromFolder(Source):
    """The newest backup of a folder, or the one whose manifest is named."""

    def __init__(self, path: Path) -> None:
        if path.is_dir():
            made = sorted((path / "backups").glob("*.json"))
            if not made:
                raise SetupError(N_("Không có bản sao lưu nào ở %(place)s."), place=path)
            path = made[-1]
        self._objects = path.parent.parent / "objects"
        self.keys = path.parent.parent / KEYS
        self.manifest = _read(path.read_bytes())

    def open(self, item: Item) -> IO[bytes]:
        return (self._objects / item.sha256[:2] / item.sha256).open("rb")

    def close(self) -> None:
        pass  # nothing stays open


class FromFile(Source):
    """A backup in one file."""

    def __init__(self, path: Path) -> None:
        self._tar = tarfile.open(path)  # noqa: SIM115 - closed by close
        self.keys = keys_of(path)
        entry = self._tar.getmember(MANIFEST)
        self.manifest = _read(self._content(MANIFEST).read(min(entry.size, _MANIFEST_LIMIT)))

    def open(self, item: Item) -> IO[bytes]:
        return self._content(f"data/{item.path}")

    def _content(self, name: str) -> IO[bytes]:
        found = self._tar.extractfile(name)
        if found is None:
            raise KeyError(name)
        return found

    def close(self) -> None:
        self._tar.close()


def _read(data: bytes) -> Manifest:
    """A manifest, every value of it checked. Raises ValueError."""
    said = json.loads(data)
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("database") not in DATABASES:
        raise ValueError("this is no manifest of a backup")
    files = tuple(_item(one) for one in said["files"])
    if len({one.path for one in files}) != len(files) or DATABASES[said["database"]] not in {one.path for one in files}:
        raise ValueError("the manifest names a file twice, or no database")
    return Manifest(str(said["made"]), said["database"], files)


def _item(said: object) -> Item:
    if not isinstance(said, dict):
        raise ValueError("this is no manifest of a backup")
    path, size, mode, digest = (said.get(name) for name in ("path", "size", "mode", "sha256"))
    if not (isinstance(path, str) and isinstance(size, int) and isinstance(mode, int) and isinstance(digest, str)):
        raise ValueError("this is no manifest of a backup")
    parts = PurePosixPath(path).parts
    plain = bool(parts) and not path.startswith("/") and ".." not in parts and "\0" not in path
    if not plain or PurePosixPath(path).as_posix() != path or path in (LOCK, RESTORING):
        raise ValueError(f"the manifest names a file that cannot be one: {path[:80]!r}")
    if len(digest) != 64 or set(digest) - set("0123456789abcdef") or size < 0:
        raise ValueError("this is no manifest of a backup")
    return Item(path, size, mode & 0o700, digest)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The backup at `path`: a folder, a manifest in one, or a file. Raises SetupError."""
    try:
        found: Source = FromFolder(path) if path.is_dir() or path.suffix == ".json" else FromFile(path)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, tarfile.TarError) as error:
        raise SetupError(N_("Không đọc được %(file)s như một bản sao lưu: %(why)s."), file=path, why=error) from error
    try:
        yield found
    finally:
        found.close()


def check(source: Source) -> Iterator[Copied]:
    """Read all of a backup. Raises SetupError at the first file that is not as the manifest says."""
    total, done = sum(one.size for one in source.manifest.files), 0
    for one in source.manifest.files:
        for piece in _whole(source, one):
            done += len(piece)
        yield Copied(done, total, one.path)


def _whole(source: Source, item: Item) -> Iterator[bytes]:
    """The pieces of a file, which is what the manifest says when the last one was given. Raises SetupError."""
    running, size = hashlib.sha256(), 0
    try:
        with source.open(item) as file:
            while piece := file.read(_PIECE):
                running.update(piece)
                size += len(piece)
                yield piece
    except (OSError, KeyError, tarfile.TarError) as error:
        raise SetupError(
            N_("Bản sao lưu bị hỏng: %(file)s thiếu hoặc không đọc được (%(why)s)."), file=item.path, why=error
        ) from error
    if (running.hexdigest(), size) != (item.sha256, item.size):
        raise SetupError(N_("Bản sao lưu bị hỏng: %(file)s không còn như lúc sao lưu."), file=item.path)


def demand_empty(data: Path) -> None:
    """The folder must be empty, not there yet, or be what an unfinished restore has left. Raises SetupError."""
    try:
        there = {path.name for path in data.iterdir()} if data.exists() else set()
    except OSError as error:
        raise SetupError(N_("Không đọc được %(file)s: %(why)s."), file=data, why=error.strerror) from error
    if there - {LOCK} and RESTORING not in there:
        raise SetupError(N_("%(place)s không trống; chỉ khôi phục vào thư mục trống."), place=data)


def prepare(data: Path) -> None:
    """Mark the folder, which is ours alone by now, and take away what an unfinished restore has left."""
    demand_empty(data)
    try:
        (data / RESTORING).touch(mode=0o600)
        flush(data)
        for path in data.iterdir():
            if path.name not in (LOCK, RESTORING):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise SetupError(N_("Không chuẩn bị được %(place)s: %(why)s."), place=data, why=error.strerror) from error


def extract(source: Source, config: Config) -> Iterator[Copied]:
    """Write everything into the prepared folder, the database last. Raises SetupError."""
    url = make_url(config.database_url)
    kind = source.manifest.database
    if url.get_backend_name() != kind:
        raise SetupError(f"The backup has a {kind} database, but database.url is of {url.get_backend_name()}.")
    dump = DATABASES[kind]
    total, done = sum(one.size for one in source.manifest.files), 0
    try:
        for one in sorted(source.manifest.files, key=lambda one: one.path == dump):
            path = config.data / (one.path if one.path != dump or kind != "sqlite" else "giaoban.sqlite3")
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with path.open("xb") as file:
                os.fchmod(file.fileno(), one.mode | 0o600)
                for piece in _whole(source, one):
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            done += one.size
            yield Copied(done, total, one.path)
        take_over(source.keys, config.keyring)
        for folder in (path for path in config.data.rglob("*") if path.is_dir()):
            flush(folder)
        if kind == "postgresql":
            _fill(config, config.data / dump)
    except OSError as error:
        raise SetupError(N_("Chưa khôi phục xong: %(why)s. Xin chạy lại."), why=error) from error


def _fill(config: Config, dump: Path) -> None:
    """The dump into the database, all of it or nothing."""
    url = make_url(config.database_url)
    counted = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    if postgresql("psql", url, "--tuples-only", "--no-psqlrc", f"--command={counted}").strip() != "0":
        raise SetupError(N_("Cơ sở dữ liệu ở database.url không trống; chỉ khôi phục vào cơ sở dữ liệu trống."))
    name = f"--dbname={url.database}"
    postgresql("pg_restore", url, "--exit-on-error", "--single-transaction", "--no-owner", name, str(dump))
    dump.unlink()


def finish(data: Path) -> None:
    """Take the mark away: the folder is an installation."""
    (data / RESTORING).unlink()
    flush(data)
