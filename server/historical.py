"""The way of closed case files to the historical archive (Lưu trữ lịch sử): a folder that its program, or who carries
things there, empties and answers in. The same bags (RFC 8493) as for anybody; where it is says the configuration alone.

`folder`/outbox has what is handed in: NAME.zip, and NAME.zip.sha256 as sha256sum writes it. `folder`/inbox has answers:
NAME.json with the `digest` that was taken, `accepted` (true, false), who answers (`by`) and a `reason`.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from minutes.keyring import flush
from server.errors import Problem

_ANSWER = 2**16
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the historical archive says of the bag with this SHA-256."""

    digest: str
    accepted: bool
    by: str
    reason: str


class Historical:
    """Given: the folder."""

    def __init__(self, folder: Path) -> None:
        self._out, self._in = folder / "outbox", folder / "inbox"

    def hand_in(self, name: str, bag: IO[bytes]) -> str:
        """Put a bag there, whole and durable when this returns; its SHA-256. Raises Problem("historical_down")."""
        running = hashlib.sha256()
        part = self._out / f"{name}.zip.part"
        try:
            self._out.mkdir(parents=True, exist_ok=True)
            bag.seek(0)
            with part.open("wb") as file:
                while piece := bag.read(2**20):
                    running.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            digest = running.hexdigest()
            self._out.joinpath(f"{name}.zip.sha256").write_text(f"{digest}  {name}.zip\n", encoding="ascii")
            part.replace(self._out / f"{name}.zip")
            flush(self._out)
        except OSError as error:
            raise Problem("historical_down") from error
        return digest

    def receipt(self, name: str) -> Receipt | None:
        """The answer to what was handed in under this name; None while there is none that can be read. No link is
        followed, and nothing but a short file is read."""
        path = self._in / f"{name}.json"
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                return None
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                said = json.loads(file.read(_ANSWER))
            accepted, digest = said["accepted"], said["digest"]
            by, reason = (" ".join(str(said.get(key, "")).split())[:_LONGEST] for key in ("by", "reason"))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return Receipt(str(digest), accepted, by, reason) if isinstance(accepted, bool) else None
