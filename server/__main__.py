"""The command line; `giaoban --help` lists its commands."""

import asyncio
import contextlib
import functools
import importlib.util
import json
import logging
import os
import re
import runpy
import secrets
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from sqlalchemy.exc import DatabaseError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.errors import RecordError
from minutes.verification import Verdict
from rooms import BadMessage, BrokenChain, Proceedings, fields, store
from rooms.proceedings import exported
from server import archive_commands, auth, certificates, config, demo, directory, doctor, export_recording, verdicts
from server.app import open_records
from server.backup import erase_again
from server.certificates import Holder
from server.conformance import command as conformance
from server.database import Database
from server.errors import NO_INSTALLATION, SetupError
from server.i18n import LANGUAGES, N_
from server.pages.wording import told
from server.renewal import Renewal, Renewed
from server.run import serve_forever, set_up_logging
from server.terminal import Terminal, without_language

cli = typer.Typer(
    help="Giaoban: from the invitation to the signed, published and archived document.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
archive_cli = typer.Typer(help="Keep the archive.", no_args_is_help=True)
cli.add_typer(archive_cli, name="archive")
console = Terminal()

UNREADABLE = N_("Không đọc được %(file)s: %(why)s.")
DataOption = Annotated[Path | None, typer.Option("--data", help="Data folder of the installation.")]
FileOption = Annotated[Path | None, typer.Option("--config", help="Configuration file (TOML).")]


def _load(data: Path | None, file: Path | None) -> config.Config:
    settings = config.load(file, **({"data": data} if data is not None else {}))
    console.speak(settings.language)
    return settings


def _installed(data: Path | None, file: Path | None) -> config.Config:
    """As `_load`. Raises SetupError where there is no data folder."""
    settings = _load(data, file)
    if not settings.data.is_dir():
        raise SetupError(NO_INSTALLATION, place=settings.data)
    return settings


@cli.callback()
def languages(
    _lang: Annotated[
        str,
        typer.Option("--lang", help=f"Language of what commands say: {' | '.join(LANGUAGES)}; also behind a command."),
    ] = "vi",
) -> None:
    """Giaoban: from the invitation to the signed, published and archived document."""
    # Taken out of the arguments by `main`, wherever it stands; here only for --help.


@cli.command("demo")
def demo_command(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help="Port of the pages.")] = 8080,
    data: Annotated[Path, typer.Option(help="Data folder.")] = Path("giaoban-data"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Delete the data folder's demo and start over.")] = False,
) -> None:
    """Start the demo authority on http://127.0.0.1:PORT with its own certificates and time-stamper."""
    settings = config.load(None, data=data, http={"port": port})
    console.speak(settings.language)
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
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def work() -> None:
        async with Database(settings.database_url) as database:
            await database.migrate()

    asyncio.run(work())
    console.say(N_("Cơ sở dữ liệu đã ở cấu trúc mới nhất."))


@cli.command()
def reindex(file: FileOption = None, data: DataOption = None) -> None:
    """Make the index of the search anew, from the archived files and the drafts; also while the installation runs."""
    settings = _installed(data, file)

    async def work() -> tuple[int, int]:
        async with Database(settings.database_url) as database:
            await database.migrate()
            return await open_records(settings, database).reindex()

    try:
        documents, meetings = asyncio.run(work())
    except (SQLAlchemyError, OSError) as error:
        raise SetupError(N_("Chưa lập được chỉ mục: %(why)s."), why=error) from error
    said = N_("Tìm được %(documents)s văn bản và %(meetings)s cuộc họp.")
    console.say(said, documents=documents, meetings=meetings)


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
        known = ", ".join(auth.ROOM_ROLES)
        raise SetupError(N_("Không có vai “%(role)s”; các vai là %(known)s."), role=role, known=known)
    try:
        name = fields.clean(name, 200)
    except BadMessage as error:
        raise SetupError(N_("Không dùng được tên này: %(why)s."), why=error.detail) from error
    if not re.fullmatch(r"[a-z0-9-]{1,64}", room):
        raise SetupError(N_("“%(room)s” không phải mã phòng (chữ thường không dấu, chữ số, gạch nối)."), room=room)
    if not settings.secret_file.exists():
        raise SetupError(NO_INSTALLATION, place=settings.data)
    asyncio.run(_demand_room(settings, room))
    tokens = auth.Tokens(auth.load_secret(settings.secret_file))
    subject = f"t-{secrets.token_hex(6)}"
    print(tokens.room(room, name, role, subject, auth.utcnow(), timedelta(hours=hours)))


@contextlib.asynccontextmanager
async def _reading(settings: config.Config) -> AsyncIterator[AsyncConnection]:
    """The installation's database, to look something up. Raises SetupError where it cannot be read."""
    try:
        async with Database(settings.database_url) as database, database.read() as connection:
            yield connection
    except DatabaseError as error:
        raise SetupError(N_("Không đọc được cơ sở dữ liệu: %(why)s."), why=error.orig) from error


async def _demand_room(settings: config.Config, room: str) -> None:
    async with _reading(settings) as connection:
        known = await store.get_room(connection, room)
    if known is None:
        raise SetupError(N_("Không có phòng “%(room)s”; mã phòng đứng cuối địa chỉ trang của phòng họp."), room=room)


@cli.command()
def verify(
    document: Annotated[Path | None, typer.Argument(help="PDF, or exported proceedings, to check.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable verdict.")] = False,
    archive: Annotated[bool, typer.Option("--archive", help="Prove every deposit of the archive instead.")] = False,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="With --archive: a checkpoint that was kept elsewhere.")
    ] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Say whether a document, or the whole archive, is genuine: exit code 0 genuine, 1 not, 2 cannot tell."""
    settings = _load(data, file)
    if archive:
        result = archive_commands.prove(settings, checkpoint or [], console)
        archive_commands.tell(result, console, as_json=as_json)
        raise typer.Exit(1 if result.findings else 0)
    if document is None:
        raise SetupError(N_("Xin nêu tệp cần kiểm tra, hoặc dùng --archive."))
    try:
        content = document.read_bytes()
    except OSError as error:
        raise SetupError(UNREADABLE, file=document, why=error.strerror) from error
    if not settings.data.is_dir():
        raise SetupError(NO_INSTALLATION, place=settings.data)

    async def work() -> Verdict:
        async with Database(settings.database_url) as database:
            return await open_records(settings, database).verify(content)

    try:
        verdict = asyncio.run(work())
    except (SQLAlchemyError, RecordError, OSError) as error:
        raise SetupError(N_("Chưa kiểm tra được: %(why)s."), why=error) from error
    if as_json:
        print(json.dumps(verdicts.to_json(verdict), ensure_ascii=False, indent=2))
    else:
        console.say(verdicts.sentence(verdict))
        for one in (*(change.sentence for change in verdict.changes), *verdict.problems):
            console.print(f"- {told(one, console.reader)}", markup=False)
    raise typer.Exit({"genuine": 0, "changed": 1}.get(verdict.kind, 2))


@cli.command()
def proceedings(
    meeting: Annotated[str, typer.Argument(help="Id of the meeting, the end of its page's address.")],
    output: Annotated[Path | None, typer.Option(help="File to write; without it, standard output.")] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Write down everything that is on record of a meeting, one fact a line, for `giaoban verify` to check."""
    settings = _installed(data, file)
    lines = b"".join(exported.export(asyncio.run(_proceedings_of(settings, meeting))))
    if output is None:
        sys.stdout.buffer.write(lines)
        return
    try:
        output.write_bytes(lines)
    except OSError as error:
        raise SetupError(N_("Không ghi được %(file)s: %(why)s."), file=output, why=error.strerror) from error


async def _proceedings_of(settings: config.Config, meeting: str) -> Proceedings:
    async with _reading(settings) as connection:
        facts = await store.facts(connection, meeting)
    if not facts:
        raise SetupError(N_("Không có cuộc họp “%(meeting)s”, hoặc cuộc họp chưa có diễn biến."), meeting=meeting)
    try:
        return Proceedings.from_facts(facts)
    except BrokenChain as error:
        raise SetupError(N_("Diễn biến của cuộc họp này bị hỏng: %(why)s."), why=error) from error


@cli.command("export")
def export_command(
    meeting: Annotated[
        str | None, typer.Argument(help="Id of a recorded meeting, the end of its page's address.")
    ] = None,
    documents: Annotated[
        Path | None, typer.Option(help="Write all documents as open files into this folder instead.")
    ] = None,
    unit: Annotated[str | None, typer.Option(help="With --documents: of this unit alone.")] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Make one file that plays of a recorded meeting that is over, or write all documents as open files."""
    if (meeting is None) == (documents is None):
        raise SetupError(N_("Xin nêu cuộc họp, hoặc thư mục với --documents."))
    settings = _installed(data, file)
    if documents is not None:
        made = archive_commands.export_documents(settings, documents, unit, console)
        console.print(str(documents), markup=False)
        counts = N_("%(documents)s văn bản, %(files)s tệp, trong đó %(new)s mới.")
        console.say(counts, documents=made.documents, files=made.files, new=made.written)
        for name in made.damaged:
            console.say(N_("Bỏ qua, bị hỏng trong kho lưu trữ: %(name)s"), name=name)
        for name, reason in made.left_out:
            console.say(N_("Không xuất %(name)s: %(why)s."), name=name, why=reason)
        raise typer.Exit(1 if made.damaged else 0)
    assert meeting is not None, "one of the two was named"
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
        raise SetupError(N_("Chưa xuất được: %(why)s."), why=error) from error
    result = export_recording.finished(folder)
    console.print(f"{folder / export_recording.RESULT}\nSHA-256 {result.sha256 if result else ''}")
    for name in result.left_out if result else ():
        console.say(N_("Bỏ qua, thiếu hoặc đã bị sửa: %(name)s"), name=name)


async def _plan_of(settings: config.Config, meeting: str) -> export_recording.Plan:
    async with _reading(settings) as connection:
        entry = await store.get_meeting(connection, meeting)
        facts = await store.facts(connection, meeting, ("recording_segment",))
    if entry is None:
        raise SetupError(N_("Không có cuộc họp “%(meeting)s”."), meeting=meeting)
    if entry.state != "closed" or not facts:
        unrecorded = N_("Cuộc họp không được ghi âm, ghi hình.")
        raise SetupError(N_("Cuộc họp chưa kết thúc.") if entry.state != "closed" else unrecorded)
    return export_recording.Plan.of([fact.data for fact in facts])


@cli.command()
def certificate(
    holder: Annotated[str, typer.Argument(help="Id of the account, or of the unit with --seal.")],
    certificate_file: Annotated[Path, typer.Argument(help="Certificate (.cer, .crt, .pem).")],
    seal: Annotated[bool, typer.Option("--seal", help="It is of the unit's seal.")] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Bind a certificate to an account or a seal: what is signed with it counts as theirs."""
    settings = _load(data, file)
    try:
        content = certificate_file.read_bytes()
    except OSError as error:
        raise SetupError(UNREADABLE, file=certificate_file, why=error.strerror) from error

    async def work() -> None:
        try:
            async with Database(settings.database_url) as database, database.begin() as connection:
                known = await (directory.unit if seal else directory.account)(connection, holder)
                if known is None:
                    text = N_("Không có đơn vị “%(holder)s”.") if seal else N_("Không có tài khoản “%(holder)s”.")
                    raise SetupError(text, holder=holder)
                read = certificates.read(content)
                await certificates.bind(connection, Holder(holder, seal), read, "system", auth.utcnow())
        except RecordError as error:
            raise SetupError(
                N_("Chưa gắn được chứng thư số: %(why)s"), why=told(error.reason, console.reader)
            ) from error
        except DatabaseError as error:
            raise SetupError(N_("Không ghi được cơ sở dữ liệu: %(why)s."), why=error.orig) from error

    asyncio.run(work())
    console.say(N_("Đã gắn chứng thư số cho %(holder)s."), holder=holder)


@cli.command("agent", context_settings={"ignore_unknown_options": True, "help_option_names": []})
def agent_command(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    """On an official's own machine: let one installation ask for signatures by the token in it (--help)."""
    # Drivers of tokens are an extra of the installation, so the agent is a program of its own.
    if importlib.util.find_spec("pkcs11") is None:
        raise SetupError("The agent needs `pip install giaoban[agent]`.")
    sys.argv = ["giaoban agent", *(arguments or [])]
    runpy.run_module("server.agent", run_name="__main__")


@cli.command("backup")
def backup_command(
    to: Annotated[
        Path, typer.Option(help="A folder, which keeps many backups and grows by what is new, or a file.tar.")
    ],
    file: FileOption = None,
    data: DataOption = None,
    erase_only: Annotated[
        bool, typer.Option("--erase-only", help="Copy nothing: destroy beside this backup the keys destroyed here.")
    ] = False,
) -> None:
    """Copy the whole installation, while it runs."""
    if erase_only:
        console.print(f"{erase_again(_load(data, file), to)} keys destroyed beside {to}.")
        return
    made = archive_commands.make_backup(_load(data, file), to, console)
    console.print(made.where, markup=False)
    console.say(
        N_("%(files)s tệp, %(size)s byte, trong đó %(new)s mới."), files=made.files, size=made.size, new=made.new
    )
    console.say(N_("SHA-256 của bản kê: %(digest)s"), digest=made.manifest)
    for name in made.left_out:
        console.say(N_("Bỏ qua, không phải tệp thường: %(name)s"), name=name)


@cli.command("restore")
def restore_command(
    source: Annotated[Path, typer.Option("--from", help="A backup: its file, its folder (the newest), or a manifest.")],
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Make an installation anew from a backup, in an empty folder, and prove all of it: exit codes as of verify."""
    settings = _load(data, file)
    result = archive_commands.make_anew(settings, source, console)
    console.say(N_("Đã khôi phục vào %(place)s."), place=settings.data)
    archive_commands.tell(result, console, as_json=False)
    raise typer.Exit(1 if result.findings else 0)


@archive_cli.command("rotate-key")
def rotate_key_command(file: FileOption = None, data: DataOption = None) -> None:
    """While the server is stopped: let a new key sign the archive's checkpoints; the old one signs that it does."""
    made = archive_commands.rotate_key(_installed(data, file))
    console.say(N_("Khóa của kho lưu trữ nay là %(key)s"), key=made.new)
    console.say(N_("Khóa này ký từ điểm chốt %(first)s; trước đó là %(old)s"), first=made.first, old=made.old)


@cli.command()
def renew(
    days: Annotated[int | None, typer.Option(min=0, help="Renew what ends within so many days.")] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Put new time-stamps over those in the archive whose certificate ends soon; the server does it daily."""
    settings = _installed(data, file)
    within = settings.signing.renew_days if days is None else days

    async def work() -> Renewed:
        async with Database(settings.database_url) as database:
            records = open_records(settings, database)
            return await Renewal(records, config.archive_of(settings), within).look(auth.utcnow())

    try:
        found = asyncio.run(work())
    except (SQLAlchemyError, RecordError, OSError) as error:
        raise SetupError(N_("Chưa gia hạn được dấu thời gian: %(why)s."), why=error) from error
    said = N_("Đã gia hạn: %(done)s. Chưa gia hạn được: %(failed)s.")
    console.say(said, done=len(found.done), failed=len(found.failed))
    for document_id in found.failed:
        console.print(f"- {document_id}")
    raise typer.Exit(1 if found.failed else 0)


@cli.command("conformance")
def conformance_command(
    pdf: Annotated[Path | None, typer.Option(help="Write the report, as a draft, to this file.")] = None,
    unit: Annotated[str | None, typer.Option(help="With --pdf: id of the unit whose report it is.")] = None,
    draft: Annotated[str | None, typer.Option(help="Put the report on the desk of this secretary's account.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable result.")] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    """Try what Decree 30/2020, Appendix VI, asks of a system: exit code 0 all is met, 1 not, 2 cannot tell."""
    settings = _load(data, file)
    set_up_logging(logging.ERROR)
    made = conformance.examine(settings, console)
    if as_json:
        print(json.dumps(made.to_json(), ensure_ascii=False, indent=2))
    else:
        conformance.tell(made, console)
    if pdf is not None:
        conformance.write(made, settings, pdf, unit)
    if draft is not None:
        console.print(conformance.put_on_desk(made, settings, draft), markup=False)
    raise typer.Exit(0 if made.holds else 1)


@cli.command("doctor")
def doctor_command(file: FileOption = None, data: DataOption = None) -> None:
    """Tell what this machine gives Giaoban: media core, typeface, keys, database."""
    healthy = True
    for name, well, text in doctor.examine(_load(data, file)):
        healthy &= well
        mark = console.reader.gettext(N_("TỐT") if well else N_("LỖI"))
        console.print(f"{mark}  {console.reader.gettext(name)}: {told(text, console.reader)}", markup=False)
    raise typer.Exit(0 if healthy else 1)


def main() -> None:
    """Entry point: one clear sentence and exit code 2 for what the operator must change."""
    try:
        arguments, language = without_language(sys.argv[1:])
        console.begin(language)
        cli(arguments)
    except SetupError as error:
        print(f"giaoban: {console.reader.gettext(error.text, **error.values)}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
