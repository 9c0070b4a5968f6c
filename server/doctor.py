"""What this machine gives Giaoban."""

import asyncio
import importlib.util
import shutil
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from minutes.typeset import Typesetter
from rooms import first_altered, store
from server.app import open_records
from server.auth import utcnow
from server.config import Config
from server.database import Database
from server.errors import SetupError
from server.turn import Relays, fault

Finding = tuple[str, bool, str]
MEETINGS = 1000
"""How many meetings are examined, the newest first."""


async def _kept(config: Config) -> list[Finding]:
    """Whether what is kept is still what was kept: archived files, and the chain of each meeting's facts."""
    database = Database(config.database_url)
    try:
        damaged = await open_records(config, database).damaged()
        async with database.read() as connection:
            held = await store.meetings(connection, newest_first=True, limit=MEETINGS)
            broken = []
            for entry in held:
                altered = first_altered(await store.facts(connection, entry.meeting.id))
                if altered is not None:
                    broken.append(f"{entry.meeting.id} from fact {altered}")
    except (SetupError, SQLAlchemyError) as error:
        return [("records", False, str(error))]
    finally:
        await database.close()
    chains = f"altered: {', '.join(broken)}" if broken else f"{len(held)} meetings, every chain is whole"
    return [
        ("archive", not damaged, f"damaged or missing: {', '.join(damaged)}" if damaged else "every file is whole"),
        ("proceedings", not broken, chains),
    ]


async def _relays(config: Config) -> list[Finding]:
    """Whether each relay gives an address for our credentials. The answer has no credential in it."""
    found: list[Finding] = []
    for issued in Relays(config.turn).issue("doctor", utcnow()):
        for url in issued["urls"]:
            wrong = await fault(url, issued["username"], issued["credential"])
            found.append(("relay", wrong is None, f"{url} {wrong or 'gives addresses'}"))
    return found or [("relay", True, "none: participants behind firewalls that block UDP have no sound or picture")]


def examine(config: Config) -> Iterator[Finding]:
    """(what, whether well, sentence) of each thing that the program leans on."""
    native = importlib.util.find_spec("media._forward") is not None
    yield (
        "media core",
        native,
        "native" if native else "Python twin: install gcc and the Python headers, then reinstall",
    )
    yield from asyncio.run(_relays(config))
    yield "typeface", True, Typesetter().fonts[0]
    there = config.data.is_dir()
    yield "data folder", there, str(config.data) if there else f"{config.data} does not exist yet"
    if there:
        free = shutil.disk_usage(config.data).free // 2**20
        yield "disk", free > 1024, f"{free} MiB free"
        keys = config.keys.is_dir()
        yield "keys", keys, str(config.keys) if keys else "no keys yet"
        if keys:
            yield from asyncio.run(_kept(config))
