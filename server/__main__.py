"""The command line: giaoban demo | serve | migrate | token | verify | export | doctor."""

import asyncio
import functools
import json
import os
import re
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from minutes.errors import RecordError
from minutes.verification import Verdict
from rooms import BadMessage, messages, store
from server import auth, config, demo, doctor, export_recording, verdicts
from server.app import open_records
from server.database import Database
from server.errors import SetupError
from server.i18n import Reader
from server.run import serve_forever

cli = typer.Typer(
    help="Giaoban: from the invitation to the signed, published and archived document.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console(highlight=False, soft_wrap=True)

DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder of the installation.")]
FileOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")]


def _load(data: Path | None, file: Path | None) -> config.Config:
    return config.load(file, **({"data": data} if data is not None else {}))


@cli.command("demo")
def demo_command(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port of the pages.")] = 8080,
    data: Annotated[Path, typer.Option(help="Data folder.")] = Path("giaoban-data"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the data folder's demo and start over.")] = False,
) -> None:
    """Start the demo authority on http://127.0.0.1:PORT with its own certificates and time-stamper."""
    settings = config.load(None, data=data, http={"port": port})
    prepare = functools.partial(demo.prepare, fresh=fresh)
    serve_forever(settings, prepare=prepare, announce=lambda: demo.announce(settings, console))


@cli.command()
def serve(file: FileOption = None, data: DataOption = None) -> None:
    """Serve an installation."""
    settings = _load(data, file)
    serve_forever(settings, announce=lambda: console.print(f"Giaoban: {settings.base_url}"))


@cli.command()
def migrate(file: FileOption = None, data: DataOption = None) -> None:
    """Bring the database to the newest schema."""
    settings = _load(data, file)
    settings.data.mkdir(parents=True, exist_ok=True)

    async def work() -> None:
        database = Database(settings.database_url)
        await database.migrate()
        await database.close()

    asyncio.run(work())
    console.print("The database has the newest schema.")


@cli.command()
def token(
    room: Annotated[str, typer.Option(help="Id of the room, e.g. giao-ban.")],
    name: Annotated[str, typer.Option(help="Name shown to the others.")],
    role: Annotated[str, typer.Option(help=" | ".join(auth.ROOM_ROLES))],
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, help="Hours until it expires.")] = 24,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Print an access token for one room (WebSocket, WHIP, WHEP, /sign-in)."""
    settings = _load(data, file)
    if role not in auth.ROOM_ROLES:
        raise SetupError(f"There is no role {role!r}; the roles are {', '.join(auth.ROOM_ROLES)}.")
    try:
        name = messages.clean(name, 200)
    except BadMessage as error:
        raise SetupError(f"The name cannot be used: {error.detail}.") from error
    if not re.fullmatch(r"[a-z0-9-]{1,64}", room):
        raise SetupError(f"{room!r} is not a room id (small letters, digits and hyphens).")
    if not settings.secret_file.exists():
        raise SetupError(f"There is no installation in {settings.data} (use --data or --config).")
    asyncio.run(_demand_room(settings, room))
    tokens = auth.Tokens(auth.load_secret(settings.secret_file))
    subject = f"t-{secrets.token_hex(6)}"
    print(tokens.room(room, name, role, subject, auth.utcnow(), timedelta(hours=hours)))


async def _demand_room(settings: config.Config, room: str) -> None:
    database = Database(settings.database_url)
    try:
        async with database.read() as connection:
            known = await store.get_room(connection, room)
    except DatabaseError as error:
        raise SetupError(f"The database cannot be read: {error.orig}.") from error
    finally:
        await database.close()
    if known is None:
        raise SetupError(f"There is no room {room!r}; a meeting's page in the browser ends in its room's id.")


@cli.command()
def verify(
    document: Annotated[Path, typer.Argument(help="PDF to check.")],
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable verdict.")] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Say whether a document is genuine: exit code 0 genuine, 1 not, 2 cannot tell."""
    settings = _load(data, file)
    try:
        content = document.read_bytes()
    except OSError as error:
        raise SetupError(f"{document} cannot be read: {error.strerror}.") from error
    if not settings.data.is_dir():
        raise SetupError(f"There is no installation in {settings.data} (use --data or --config).")

    async def work() -> Verdict:
        database = Database(settings.database_url)
        try:
            return await open_records(settings, database).verify(content)
        finally:
            await database.close()

    try:
        verdict = asyncio.run(work())
    except (SQLAlchemyError, RecordError, OSError) as error:
        raise SetupError(f"The check could not be made: {error}.") from error
    if as_json:
        print(json.dumps(verdicts.to_json(verdict), ensure_ascii=False, indent=2))
    else:
        console.print(Reader("vi").gettext(verdicts.sentence(verdict)))
    raise typer.Exit({"genuine": 0, "changed": 1}.get(verdict.kind, 2))


@cli.command("export")
def export_command(
    meeting: Annotated[str, typer.Argument(help="Id of the meeting, the end of its page's address.")],
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Make one file that plays of a recorded meeting that is over."""
    settings = _load(data, file)
    if not settings.data.is_dir():
        raise SetupError(f"There is no installation in {settings.data} (use --data or --config).")
    plan = asyncio.run(_plan_of(settings, meeting))
    folder = settings.recordings / meeting
    os.nice(export_recording.NICENESS)
    bar = Progress(TextColumn("Export"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console)
    try:
        with bar:
            task = bar.add_task("export", total=1.0)
            for done in export_recording.run(plan, folder):
                bar.update(task, completed=done)
    except (ValueError, OSError) as error:
        raise SetupError(f"The export could not be made: {error}.") from error
    result = export_recording.finished(folder)
    console.print(f"{folder / export_recording.RESULT}\nSHA-256 {result.sha256 if result else ''}")
    for name in result.left_out if result else ():
        console.print(f"Left out, missing or changed: {name}")


async def _plan_of(settings: config.Config, meeting: str) -> export_recording.Plan:
    database = Database(settings.database_url)
    try:
        async with database.read() as connection:
            entry = await store.get_meeting(connection, meeting)
            facts = await store.facts(connection, meeting, ("recording_segment",))
    except DatabaseError as error:
        raise SetupError(f"The database cannot be read: {error.orig}.") from error
    finally:
        await database.close()
    if entry is None:
        raise SetupError(f"There is no meeting {meeting!r}.")
    if entry.state != "closed" or not facts:
        raise SetupError("The meeting is not over." if entry.state != "closed" else "The meeting was not recorded.")
    return export_recording.Plan.of([fact.data for fact in facts])


@cli.command("doctor")
def doctor_command(file: FileOption = None, data: DataOption = None) -> None:
    """Tell what this machine gives Giaoban: media core, typeface, keys, database."""
    healthy = True
    for name, well, text in doctor.examine(_load(data, file)):
        healthy &= well
        console.print(f"{'ok ' if well else 'NO '} {name}: {text}")
    raise typer.Exit(0 if healthy else 1)


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        cli()
    except SetupError as error:
        print(f"giaoban: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
