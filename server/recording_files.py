"""The files of recordings on the disk: plain while they are written, encrypted once they are whole.

    root/<meeting>/open/000001-….webm   under way, or whole and no fact yet: plain, in no backup
    root/<meeting>/000001-….webm        a segment, under the key of its content (`minutes.keyring`)
    root/<meeting>/export.webm          the film made of them, under a key of its own; export.json says what it is

A plain file goes when the fact that names it is kept: until then a crash finds it and mends it (`media.recover`), and
what was encrypted of it is made anew. Methods block on the disk: call them from a thread.
"""

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from minutes.errors import N_, Damaged, Reason
from minutes.keyring import Keyring, KeyState, destroy, flush, is_sealed, overwrite

OPEN = "open"
FILM, ABOUT_FILM = "export.webm", "export.json"
_PIECE = 2**20


@dataclass(slots=True)
class Film:
    """What a meeting's film is: the name of its key, its length, octets and SHA-256, and the segments that were missing
    or not what the proceedings say."""

    key: str
    seconds: float = 0.0
    size: int = 0
    sha256: str = ""
    left_out: list[str] = field(default_factory=list)


def film_key(digests: Iterable[str]) -> str:
    """The name of the key of whatever film was made of segments with these digests. It goes with them; of what is left
    another film can be made."""
    return hashlib.sha256("\n".join(["film", *sorted(digests)]).encode()).hexdigest()


class RecordingFiles:
    """Given: the folder of all recordings, the keys of contents."""

    def __init__(self, root: Path, keys: Keyring) -> None:
        self.root = root
        self.keys = keys
        self._one_by_one = threading.Lock()

    def folder(self, meeting: str) -> Path:
        """Where what is whole lies."""
        return self.root / meeting

    def under_way(self, meeting: str) -> Path:
        """Where it is written."""
        return self.root / meeting / OPEN

    def next_number(self, meeting: str) -> int:
        """With which no file of the meeting begins yet."""
        there = (*_numbered(self.folder(meeting)), *_numbered(self.under_way(meeting)))
        return max((int(path.name[:6]) for path in there), default=0) + 1

    def shut(self, known: Mapping[str, str]) -> dict[str, KeyState]:
        """Which files (`known`: their digests) nobody reads, for they are HELD or ERASED."""
        states = {file: self.keys.state(sha256) for file, sha256 in known.items()}
        return {file: one for file, one in states.items() if one in (KeyState.HELD, KeyState.ERASED)}

    def open(self, meeting: str, file: str, sha256: str) -> BinaryIO:
        """A segment, to be read from any place. Raises FileNotFoundError, Withheld, Erased, Damaged."""
        return self._opened(self.folder(meeting) / file, sha256)

    def film(self, meeting: str) -> Film | None:
        """What was made of the segments, if anything was."""
        try:
            return Film(**json.loads((self.folder(meeting) / ABOUT_FILM).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def open_film(self, meeting: str, film: Film) -> BinaryIO:
        """The film. Raises as `open`."""
        return self._opened(self.folder(meeting) / FILM, film.key)

    def drop_film(self, meeting: str) -> None:
        """Take the film away, and what is half done of one. Harmless where there is none."""
        (self.folder(meeting) / ABOUT_FILM).unlink(missing_ok=True)
        for path in self.folder(meeting).glob(f"{FILM}*"):
            destroy(path)

    def _opened(self, path: Path, name: str) -> BinaryIO:
        self.keys.refuse(name)
        file = path.open("rb")
        try:
            return self.keys.reader(name, file)
        except BaseException:
            file.close()
            raise

    def seal(self, meeting: str, file: str, sha256: str) -> None:
        """Encrypt a whole file of what is under way. Raises OSError, Damaged."""
        with (self.under_way(meeting) / file).open("rb") as plain:
            self._keep(plain, self.folder(meeting) / file, sha256, sha256)

    def seal_film(self, meeting: str, plain: BinaryIO, film: Film) -> None:
        """Keep a film; it replaces the one of before. Raises OSError, Withheld, Erased, Damaged."""
        about = self.folder(meeting) / f"{ABOUT_FILM}.part"
        try:
            with open(about, "w", encoding="utf-8", opener=_private) as note:
                note.write(json.dumps(asdict(film)) + "\n")
                note.flush()
                os.fsync(note.fileno())
            self._keep(plain, self.folder(meeting) / FILM, film.key, film.sha256)
            about.replace(self.folder(meeting) / ABOUT_FILM)
        finally:
            about.unlink(missing_ok=True)
        flush(self.folder(meeting))

    def let_go(self, meeting: str, files: Collection[str]) -> None:
        """Take the plain files away whose facts are kept. Harmless where there are none."""
        for file in files:
            destroy(self.under_way(meeting) / file)

    def take_up(self, meeting: str, known: Collection[str]) -> None:
        """After a stop, before files are mended: what is not `known` to the facts lies among what is under way."""
        for path in _numbered(self.folder(meeting)):
            if path.name in known:
                continue
            if _sealed(path):  # what it was made of is under way, or never was in this backup
                destroy(path)
            else:  # of the time when they were written here
                self.under_way(meeting).mkdir(exist_ok=True, mode=0o700)
                path.rename(self.under_way(meeting) / path.name)

    def clear(self, meeting: str, known: Mapping[str, str], *, over: bool) -> tuple[int, list[str]]:
        """Encrypt what was kept in the clear (`known`: the digests that facts have), and where the meeting is `over`
        destroy what no fact names. How many files were encrypted; what could not be, because it is held, erased or not
        what it was. OSError."""
        sealed, left, folder = 0, [], self.folder(meeting)
        for file, sha256 in known.items():
            try:
                sealed += self._seal_in_place(folder / file, sha256)
            except Damaged:
                left.append(file)
        if (folder / FILM).is_file() and not _sealed(folder / FILM):  # it can be made anew
            self.drop_film(meeting)
        if over:
            with contextlib.suppress(FileNotFoundError):
                self.let_go(meeting, [path.name for path in self.under_way(meeting).iterdir()])
                self.under_way(meeting).rmdir()
            for path in (*_numbered(folder), *folder.glob(f"{FILM}.*")):
                if path.suffix == ".part":
                    destroy(path)
        return sealed, left

    def _seal_in_place(self, path: Path, sha256: str) -> bool:
        with self._one_by_one:
            if not path.is_file() or _sealed(path):
                return False
            self.keys.refuse(sha256)
            path.chmod(0o600)
            with path.open("r+b") as plain:
                self._keep(plain, path, sha256, sha256)
                if os.fstat(plain.fileno()).st_nlink == 0:  # else the archive has it as well, and encrypts its own
                    overwrite(plain)
            return True

    def _keep(self, plain: BinaryIO, target: Path, name: str, sha256: str) -> None:
        staged = target.with_name(f"{target.name}.{os.getpid()}.part")
        running = hashlib.sha256()
        plain.seek(0)
        try:
            with open(staged, "wb", opener=_private) as out:
                for piece in self.keys.sealed(name, _pieces(plain, running)):
                    out.write(piece)
                if running.hexdigest() != sha256:
                    raise Damaged(Reason(N_("Tệp lưu trữ %(digest)s đã bị hỏng"), digest=sha256))
                out.flush()
                os.fsync(out.fileno())
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)
        flush(target.parent)


def _numbered(folder: Path) -> Iterator[Path]:
    """The files of a folder that are of a recording."""
    yield from (path for path in sorted(folder.glob("[0-9]*-*")) if path.name[:6].isdigit() and path.is_file())


def _sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return is_sealed(file)


def _pieces(file: BinaryIO, running: "hashlib._Hash") -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        running.update(piece)
        yield piece


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
