"""All checks, one after the other. A check that several lines name runs once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from minutes.conformance.checklist import Checklist, Line, Outcome, Verdict
from server.config import Config
from server.conformance import (
    administering,
    counting,
    documents,
    exchanging,
    filing,
    guarding,
    keeping,
    registering,
    showing,
)
from server.conformance.office import Examined, opened
from server.database import Database
from server.errors import NO_INSTALLATION, SetupError

log = structlog.get_logger("giaoban.conformance")

Check = Callable[[Examined], Awaitable[Outcome]]
CHECKS: Mapping[str, Check] = MappingProxyType(
    administering.CHECKS
    | counting.CHECKS
    | documents.CHECKS
    | exchanging.CHECKS
    | filing.CHECKS
    | guarding.CHECKS
    | keeping.CHECKS
    | registering.CHECKS
    | showing.CHECKS
)


async def tried(config: Config, found: Checklist) -> AsyncIterator[Line]:
    """Every line of the checklist with what was found, in order. The installation is only read. Raises SetupError where
    nothing can be tried."""
    if not config.data.is_dir():
        raise SetupError(NO_INSTALLATION, place=config.data)
    database = Database(config.database_url)
    try:
        await _demand_rows(database)
        async with opened(config) as office:
            examined, known = Examined(config, database, office), dict[str, Outcome]()
            for line in found.lines:
                if line.fixed is None and line.check not in known:
                    known[line.check] = await _outcome(line.check, examined)
                yield Line(line, line.fixed or known[line.check])
    finally:
        await database.close()


async def _outcome(name: str, examined: Examined) -> Outcome:
    try:
        return await CHECKS[name](examined)
    except Exception as error:  # whatever a check runs into, its requirement was not met
        log.exception("a check did not come to its end", check=name)
        return Outcome(Verdict.FAILED, f"Không thử được đến cùng ({type(error).__name__}).")


async def _demand_rows(database: Database) -> None:
    try:
        async with database.read() as connection:
            await connection.execute(text("SELECT count(*) FROM document"))
    except DatabaseError as error:
        raise SetupError(f"The database cannot be read: {error.orig}.") from error
