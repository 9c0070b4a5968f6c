"""`giaoban conformance`: progress while it tries, one line a requirement, and what is made of it."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlalchemy.exc import DatabaseError

from minutes import content
from minutes.conformance.checklist import Line, Verdict, checklist, counted, holds
from minutes.conformance.report import report
from minutes.document import Kind
from minutes.errors import RecordError
from minutes.typeset import Heading, Typesetter
from rooms import Unit as RecordUnit
from server import auth, directory, rights
from server.app import open_records
from server.config import Config
from server.conformance.trying import tried
from server.database import Database
from server.directory import Account
from server.errors import SetupError
from server.pages.desk_new import signer_of
from server.records_drafting import authority_of

_SIGNS = {Verdict.MET: "✓", Verdict.FAILED: "✗", Verdict.MISSING: "–", Verdict.ELSEWHERE: "·"}


@dataclass(frozen=True, slots=True)
class Tried:
    """Every line of the checklist, and when that was."""

    lines: tuple[Line, ...]
    at: datetime

    @property
    def holds(self) -> bool:
        """Whether all is met that a program can meet."""
        return holds(self.lines)

    def to_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "source": checklist().source,
            "version": version("giaoban"),
            "at": self.at.isoformat(),
            "counts": {verdict.name.lower(): count for verdict, count in counted(self.lines).items()},
            "lines": [
                {
                    "number": line.requirement.number,
                    "requirement": line.requirement.text,
                    "verdict": line.outcome.verdict.name.lower(),
                    "said": line.outcome.said,
                    "check": line.requirement.check or None,
                    "tests": list(line.requirement.tests),
                    "compared": line.requirement.compared,
                }
                for line in self.lines
            ],
        }


def examine(config: Config, console: Console) -> Tried:
    """Try everything, with a bar on a terminal. Raises SetupError."""
    found, at = checklist(), auth.utcnow()
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip

    async def work() -> tuple[Line, ...]:
        task, lines = bar.add_task("", total=len(found.lines)), list[Line]()
        async for line in tried(config, found):
            lines.append(line)
            bar.update(task, completed=len(lines), description=line.requirement.number)
        return tuple(lines)

    with bar:
        return Tried(asyncio.run(work()), at)


def tell(made: Tried, console: Console) -> None:
    """Say every line below its section, then the sums."""
    by_number = {line.requirement.number: line for line in made.lines}
    for section in checklist().sections:
        console.print(f"\n{section.title}", markup=False)
        for requirement in section.lines:
            line = by_number[requirement.number]
            verdict = line.outcome.verdict
            told = f"{_SIGNS[verdict]} {requirement.number} {requirement.text} {line.outcome.sentence}"
            console.print(told, markup=False)
    sums = "; ".join(f"{verdict.value.lower()}: {count}" for verdict, count in counted(made.lines).items())
    console.print(f"\n{len(made.lines)} yêu cầu; {sums}.", markup=False)


def write(made: Tried, config: Config, to: Path, unit_id: str | None) -> None:
    """The report of a unit (None: the only one that has leaders) as a page that says that it is a draft. Raises
    SetupError."""

    async def page() -> bytes:
        async with Database(config.database_url) as database, database.read() as connection:
            leader = _leader(await directory.accounts(connection), unit_id)
            authority = await authority_of(connection, RecordUnit(leader.unit.id, leader.unit.name))
        text = report(checklist(), made.lines, secrets.token_hex(16), authority, version("giaoban"), made.at)
        heading = Heading(authority, text.document_id, (signer_of(Kind.REPORT, leader),))
        return Typesetter().typeset(Kind.REPORT, text, heading, at=made.at).pdf

    try:
        to.write_bytes(asyncio.run(page()))
    except OSError as error:
        raise SetupError(f"{to} cannot be written: {error.strerror}.") from error


def put_on_desk(made: Tried, config: Config, account_id: str) -> str:
    """The report as a draft of a secretary's, which goes the way of all reports from there. Its address. Raises
    SetupError."""

    async def work() -> str:
        async with Database(config.database_url) as database:
            async with database.read() as connection:
                account = await directory.account(connection, account_id)
                if account is None or not rights.may(account, "document.begin"):
                    raise SetupError(f"{account_id!r} is no secretary's account, so no draft can be theirs.")
                leader = _leader(await directory.accounts(connection), account.unit.id)
                unit = RecordUnit(account.unit.id, account.unit.name)
                authority = await authority_of(connection, unit)
            text = report(checklist(), made.lines, "-", authority, version("giaoban"), made.at)
            return await open_records(config, database).draft_text(
                Kind.REPORT, content.to_json(text), account, unit=unit, leader=signer_of(Kind.REPORT, leader)
            )

    try:
        return f"{config.base_url}/desk/{asyncio.run(work())}"
    except RecordError as error:
        raise SetupError(f"The report could not be put on the desk: {error.reason}.") from error
    except DatabaseError as error:
        raise SetupError(f"The database cannot be written: {error.orig}.") from error


def _leader(accounts: Sequence[Account], unit_id: str | None) -> Account:
    """Who signs the report: the head of the unit. Raises SetupError."""
    units = {one.unit.id for one in accounts if "leader" in one.roles}
    if unit_id is None and len(units) != 1:
        raise SetupError(f"Say with --unit whose report it is: {', '.join(sorted(units)) or 'no unit has leaders'}.")
    if unit_id is not None and unit_id not in units:
        raise SetupError(f"There is no unit {unit_id!r} with somebody who could sign.")
    return directory.heads_first(accounts, unit_id or units.pop())[0]
