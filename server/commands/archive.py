"""Commands about the archive and the installation as a whole: proving it, copying it, making it anew."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DatabaseError

from minutes.deposits.handover import Handover
from server import auth, directory, restore
from server.backup import Made, backup
from server.config import Config, archive_of
from server.database import Database
from server.document_export import Export, Exported
from server.errors import NO_INSTALLATION, SetupError
from server.i18n import N_
from server.key_rotation import rotate
from server.run import own
from server.terminal import Terminal
from server.vault_examination import Result, of_installation

UNEXAMINED = N_("Chưa kiểm tra được kho lưu trữ: %(why)s.")
TOLD = 100
"""Findings that are told; there may be as many as deposits."""


def prove(config: Config, kept: Sequence[Path], console: Console) -> Result:
    """Look through the whole archive, with a bar on a terminal. `kept`: files with checkpoints that were kept
    elsewhere. Raises SetupError where nothing can be said."""
    if not config.data.is_dir():
        raise SetupError(NO_INSTALLATION, place=config.data)
    try:
        notes = [path.read_text(encoding="utf-8") for path in kept]
    except (OSError, UnicodeError) as error:
        raise SetupError(N_("Không đọc được điểm chốt: %(why)s."), why=error) from error
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip

    async def work() -> Result:
        task = bar.add_task("archive", total=None)
        async with Database(config.database_url) as database:
            async for step in of_installation(config, database, notes):
                if isinstance(step, Result):
                    return step
                bar.update(task, completed=step.done, total=step.total)
        raise AssertionError("an examination ends with its result")

    try:
        with bar:
            return asyncio.run(work())
    except DatabaseError as error:
        raise SetupError(UNEXAMINED, why=error.orig) from error
    except OSError as error:
        raise SetupError(UNEXAMINED, why=error) from error


def tell(result: Result, console: Terminal, *, as_json: bool) -> None:
    """Say what was found: the first damaged thing in a sentence, then the others."""
    if as_json:
        print(json.dumps(to_json(result), ensure_ascii=False, indent=2))
        return
    text = console.reader.gettext
    if not result.findings:
        console.print(
            text(N_("Kho lưu trữ còn nguyên vẹn: %(count)s lượt nộp lưu đã được kiểm tra."), count=result.deposits)
        )
    else:
        console.print(text(N_("Kho lưu trữ có hư hỏng. Trước hết: %(problem)s"), problem=result.findings[0].sentence))
    for one in result.findings[1:TOLD]:
        console.print(f"- {one.sentence}")
    if len(result.findings) > TOLD:
        console.print(text(N_("… và %(count)s điểm khác."), count=len(result.findings) - TOLD))
    if result.aside:
        console.print(text(N_("Không đọc được, nhưng không hư hỏng: %(count)s tệp."), count=len(result.aside)))
    for one in result.aside[:TOLD]:
        console.print(f"- {one.sentence}")
    said = N_(
        "%(checkpoints)s điểm chốt có chữ ký, bao gồm %(covered)s lượt nộp lưu; %(anchors)s dấu thời gian hợp lệ."
    )
    console.print(text(said, checkpoints=result.checkpoints, covered=result.covered, anchors=result.anchors))


def to_json(result: Result) -> dict[str, object]:
    """The result for programs."""
    return {
        "verdict": "damaged" if result.findings else "whole",
        "deposits": result.deposits,
        "checkpoints": result.checkpoints,
        "covered": result.covered,
        "anchors": result.anchors,
        "findings": [
            {"position": one.position, "what": one.what, "reason": one.reason} for one in result.findings[:TOLD]
        ],
        "found": len(result.findings),
        "aside": [{"position": one.position, "what": one.what, "reason": one.reason} for one in result.aside],
    }


def make_backup(config: Config, to: Path, console: Console) -> Made:
    """Copy the installation while it runs, with a bar on a terminal. Raises SetupError."""
    with _octets(console) as bar:
        task = bar.add_task("backup", total=None)
        for step in backup(config, to, auth.utcnow()):
            if isinstance(step, Made):
                return step
            bar.update(task, completed=step.done, total=step.total)
    raise AssertionError("a backup ends with what was made")


def make_anew(config: Config, source: Path, console: Console) -> Result:
    """Check a backup, restore it into the empty data folder, and prove the archive there. Raises SetupError."""
    with restore.opened(source) as found:
        with _octets(console) as bar:
            task = bar.add_task("check", total=None)
            for step in restore.check(found):
                bar.update(task, completed=step.done, total=step.total)
        restore.demand_empty(config.data)
        with own(config.data), _octets(console) as bar:
            restore.prepare(config.data)
            task = bar.add_task("restore", total=None)
            for step in restore.extract(found, config):
                bar.update(task, completed=step.done, total=step.total)
            asyncio.run(_migrate(config))
            restore.finish(config.data)
    return prove(config, (), console)


def rotate_key(config: Config) -> Handover:
    """Another key signs the archive's checkpoints from now on. Raises SetupError."""
    with own(config.data):
        try:
            return asyncio.run(rotate(config))
        except DatabaseError as error:
            raise SetupError(N_("Không dùng được cơ sở dữ liệu: %(why)s."), why=error.orig) from error


def export_documents(config: Config, to: Path, unit_id: str | None, console: Console) -> Exported:
    """Write all documents of a unit (None: of all) as open files, with a bar on a terminal. Raises SetupError."""
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip

    async def work() -> Exported:
        task = bar.add_task("documents", total=None)
        async with Database(config.database_url) as database:
            async with database.read() as connection:
                units = await directory.units(connection)
            wanted = [one for one in units if unit_id in (None, one.id)]
            if not wanted:
                raise SetupError(N_("Không có đơn vị “%(holder)s”."), holder=unit_id)
            async for step in Export(database, archive_of(config), to).run(wanted):
                if isinstance(step, Exported):
                    return step
                bar.update(task, completed=step.done, total=step.total)
        raise AssertionError("an export ends with what there is")

    try:
        with bar:
            return asyncio.run(work())
    except DatabaseError as error:
        raise SetupError(N_("Không đọc được văn bản: %(why)s."), why=error.orig) from error
    except OSError as error:
        raise SetupError(N_("Không ghi được văn bản vào %(place)s: %(why)s."), place=to, why=error) from error


async def _migrate(config: Config) -> None:
    try:
        async with Database(config.database_url) as database:
            await database.migrate()
    except DatabaseError as error:
        raise SetupError(N_("Không dùng được cơ sở dữ liệu vừa khôi phục: %(why)s."), why=error.orig) from error


def _octets(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
