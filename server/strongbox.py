"""Rows of the database that are taken out of reach: they lie in an encrypted file whose key is held.

So drafts and lines that are no files can be set aside, put back, or erased as files are: by their key alone.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.keyring import Keyring, destroy, flush


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table. With `blank` they stay, and these columns say this instead; without it they go."""

    table: Table
    rows: ColumnElement[bool]
    blank: Mapping[str, Any] = field(default_factory=dict)


async def take_out(connection: AsyncConnection, parts: Sequence[Part]) -> bytes:
    """What the rows were, after they are blank or gone: those of a part before those of the next."""
    taken = []
    for part in parts:
        rows = [dict(row) for row in (await connection.execute(select(part.table).where(part.rows))).mappings()]
        kept = [_named(part, row) for row in rows]
        taken.append({"table": part.table.name, "blank": bool(part.blank), "rows": kept})
        if part.blank:
            await connection.execute(update(part.table).where(part.rows).values(**part.blank))
        else:
            await connection.execute(delete(part.table).where(part.rows))
    return json.dumps(taken, ensure_ascii=False).encode()


def _named(part: Part, row: Mapping[str, Any]) -> dict[str, Any]:
    keys = {column.name for column in part.table.primary_key}
    return {name: _out(value) for name, value in row.items() if not part.blank or name in part.blank or name in keys}


async def put_back(connection: AsyncConnection, taken: bytes, tables: Mapping[str, Table]) -> None:
    """Make the rows what they were."""
    for part in reversed(json.loads(taken)):
        table = tables[part["table"]]
        keys = [column.name for column in table.primary_key]
        for row in part["rows"]:
            values = {name: _in(value) for name, value in row.items()}
            if part["blank"]:
                same = and_(*(table.c[name] == values.pop(name) for name in keys))
                await connection.execute(update(table).where(same).values(**values))
            else:
                await connection.execute(insert(table).values(**values))


def _out(value: Any) -> Any:
    match value:
        case datetime():
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case bytes() | memoryview():
            return {"bytes": base64.b64encode(value).decode()}
        case _:
            return value


def _in(value: Any) -> Any:
    match value:
        case {"datetime": said}:
            return datetime.fromisoformat(said)
        case {"date": said}:
            return date.fromisoformat(said)
        case {"bytes": said}:
            return base64.b64decode(said)
        case _:
            return value


class Strongbox:
    """The files. Given: a folder of their own, and the keys of contents. Blocks on the disk."""

    def __init__(self, folder: Path, keys: Keyring) -> None:
        self._folder = folder
        self._keys = keys
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @staticmethod
    def key(id: str) -> str:
        """The name of the key of a box."""
        return hashlib.sha256(f"box/{id}".encode()).hexdigest()

    def put(self, id: str, data: bytes) -> None:
        """Lock `data` in; it is on the disk, and its key held, when this returns."""
        name = self.key(id)
        part = self._folder / f"{name}.part"
        with part.open("wb") as file:
            for piece in self._keys.sealed(name, (data,)):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)
        flush(self._folder)
        self._keys.hold(name)

    def open(self, id: str) -> bytes:
        """What was locked in; from now on its key is in reach. Raises Damaged."""
        name = self.key(id)
        self._keys.release(name)
        with (self._folder / name).open("rb") as file:
            return b"".join(self._keys.opened(name, file))

    def drop(self, id: str) -> None:
        """Take a box away. Harmless where there is none."""
        destroy(self._folder / self.key(id))
