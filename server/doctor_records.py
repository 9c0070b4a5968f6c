"""What the records lean on: keys, certificates, the time-stamper, the database, the age of the last backup."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from alembic.script import ScriptDirectory
from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from minutes.deposits import store as deposits
from minutes.deposits.anchor import anchor, judge
from minutes.errors import Damaged, RecordError
from minutes.trust import Trust
from server import records_keys
from server.auth import utcnow
from server.backup import LAST
from server.certificates import certificate_table
from server.config import Config
from server.database import MIGRATIONS, Database
from server.records_verify import in_thread
from server.time_stamper import HttpTimeStamper

Finding = tuple[str, bool, str]
SOON = timedelta(days=30)
"""Before a certificate's end it is told of."""
OLD = timedelta(days=7)
"""A backup, or an archive without one, of this age is too old."""
_NOTE = "giaoban doctor"


async def examine(config: Config) -> AsyncIterator[Finding]:
    """(what, whether well, sentence) of each thing."""
    yield _archive_key(config)
    yield await _time_stamper(config)
    try:
        async with Database(config.database_url) as database:
            async for one in _database(database):
                yield one
            async for one in _certificates(database):
                yield one
            yield await _backup(config, database)
    except SQLAlchemyError as error:
        yield "database", False, f"it cannot be read: {error}".splitlines()[0]


def _archive_key(config: Config) -> Finding:
    try:
        key = records_keys.archive_key(config.keys)
    except (OSError, ValueError) as error:
        return "archive key", False, f"it is damaged: {error}"
    return "archive key", True, key.verifier.name if key else "none yet; the first checkpoint makes it"


async def _time_stamper(config: Config) -> Finding:
    """A stamp is asked for and judged as those over documents are."""
    url = config.signing.time_stamper_url
    try:
        keys = records_keys.open_keys(config.keys)
        stamper: TimeStamper = HttpTimeStamper(url) if url else keys.time_stamper
        at = await _stamped(stamper, keys.trust)
    except Damaged as error:
        return "time-stamper", False, f"its stamps are not believed: {error.reason}"
    except (RecordError, OSError, ValueError) as error:
        return "time-stamper", False, f"{url or 'our own'} gives no stamps: {error}"
    return "time-stamper", True, f"{url or 'our own'} gives stamps that are believed ({at:%Y-%m-%d %H:%M:%S} UTC)"


async def _stamped(stamper: TimeStamper, trust: Trust) -> datetime:
    async def work() -> datetime:
        return await judge(await anchor(stamper, _NOTE, trust), _NOTE, trust)

    return await in_thread(work)


async def _database(database: Database) -> AsyncIterator[Finding]:
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    async with database.read() as connection:
        dialect = connection.dialect.name
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found == newest:
            yield "database", True, f"{dialect}, schema {found}"
        else:
            yield "database", False, f"{dialect}, schema {found}, not {newest}: run `giaoban migrate`"
        if dialect == "sqlite":
            said = await connection.scalar(text("PRAGMA quick_check(1)"))
            yield "database file", said == "ok", str(said)


async def _certificates(database: Database) -> AsyncIterator[Finding]:
    """Those that are bound and end soon; the others are counted."""
    now, columns = utcnow(), certificate_table.c
    query = select(columns.name, columns.valid_to).where(columns.ended_at.is_(None)).order_by(columns.valid_to)
    async with database.read() as connection:
        bound = (await connection.execute(query)).all()
    ending = [(name, until) for name, until in bound if until < now + SOON]
    for name, until in ending:
        yield "certificate", until > now, f"{name}, until {until:%Y-%m-%d}"
    yield "certificates", True, f"{len(bound)} bound, {len(ending)} of them end within {SOON.days} days"


async def _backup(config: Config, database: Database) -> Finding:
    try:
        said = json.loads((config.data / LAST).read_bytes())
        made, where = datetime.fromisoformat(said["made"]), str(said["where"])
    except FileNotFoundError:
        async with database.read() as connection:
            first = await deposits.entries(connection)
        late = bool(first) and utcnow() - first[0].entry.at > OLD
        return "backup", not late, "none of this installation was made yet: `giaoban backup --to FOLDER`"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return "backup", False, f"when the last one was made cannot be read: {error}"
    days = (utcnow() - made).days
    return "backup", days < OLD.days, f"the last one is {days} days old: {where}"
