"""`giaoban export`: what leaves the system as files that others can open."""

import asyncio
import os
import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from minutes.errors import RecordError
from minutes.keyring import Keyring, KeyState
from rooms import store
from server import config, export_recording
from server.commands import DataOption, FileOption, archive, console, installed, reading
from server.errors import SetupError
from server.i18n import N_
from server.pages.wording import told
from server.recording_files import RecordingFiles

cli = typer.Typer()


@cli.command(
    "export",
    help=N_("Xuất cuộc họp có ghi hình đã kết thúc thành một tệp phát được, hoặc ghi mọi văn bản thành tệp mở."),
)
def export_command(
    meeting: Annotated[
        str | None, typer.Argument(help=N_("Mã cuộc họp có ghi hình, đứng cuối địa chỉ trang của cuộc họp."))
    ] = None,
    documents: Annotated[Path | None, typer.Option(help=N_("Ghi mọi văn bản thành tệp mở vào thư mục này."))] = None,
    to: Annotated[
        Path | None, typer.Option(help=N_("Tệp phim ghi ra; không nêu thì MÃ.webm ở thư mục hiện tại."))
    ] = None,
    unit: Annotated[str | None, typer.Option(help=N_("Cùng --documents: chỉ của đơn vị này."))] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    if (meeting is None) == (documents is None):
        raise SetupError(N_("Xin nêu cuộc họp, hoặc thư mục với --documents."))
    settings = installed(data, file)
    if documents is not None:
        made = archive.export_documents(settings, documents, unit, console)
        console.print(str(documents), markup=False)
        counts = N_("%(documents)s văn bản, %(files)s tệp, trong đó %(new)s mới.")
        console.say(counts, documents=made.documents, files=made.files, new=made.written)
        for name in made.damaged:
            console.say(N_("Bỏ qua, bị hỏng trong kho lưu trữ: %(name)s"), name=name)
        for name, reason in made.left_out:
            console.say(N_("Không xuất %(name)s: %(why)s."), name=name, why=reason)
        raise typer.Exit(1 if made.damaged else 0)
    assert meeting is not None, "one of the two was named"
    files = RecordingFiles(settings.recordings, Keyring(settings.keyring))
    plan = asyncio.run(_plan_of(settings, files, meeting))
    target = to or Path(f"{meeting}.webm")
    if target.exists():
        raise SetupError(N_("Đã có tệp %(file)s; xin chọn tên khác với --to."), file=target)
    os.nice(export_recording.NICENESS)
    title = console.reader.gettext(N_("Xuất bản ghi"))
    bar = Progress(TextColumn(title), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=console)
    try:
        with bar:
            task = bar.add_task("export", total=1.0)
            for done in export_recording.run(plan, files):
                bar.update(task, completed=done)
        kept = files.film(meeting)
        assert kept is not None, "it was made just now"
        with files.open_film(meeting, kept) as film, open(target, "xb", opener=_private) as out:
            shutil.copyfileobj(film, out)
    except (ValueError, OSError) as error:
        raise SetupError(N_("Chưa xuất được: %(why)s."), why=error) from error
    except RecordError as error:
        raise SetupError(N_("Chưa xuất được: %(why)s."), why=told(error.reason, console.reader)) from error
    console.print(f"{target}\nSHA-256 {kept.sha256}", markup=False)
    for name in kept.left_out:
        console.say(N_("Bỏ qua, thiếu hoặc đã bị sửa: %(name)s"), name=name)


async def _plan_of(settings: config.Config, files: RecordingFiles, meeting: str) -> export_recording.Plan:
    async with reading(settings) as connection:
        entry = await store.get_meeting(connection, meeting)
        facts = await store.facts(connection, meeting, ("recording_segment",))
    if entry is None:
        raise SetupError(N_("Không có cuộc họp “%(meeting)s”."), meeting=meeting)
    if entry.state != "closed" or not facts:
        unrecorded = N_("Cuộc họp không được ghi âm, ghi hình.")
        raise SetupError(N_("Cuộc họp chưa kết thúc.") if entry.state != "closed" else unrecorded)
    shut = files.shut({fact.data["file"]: fact.data["sha256"] for fact in facts})
    erased = {file for file, state in shut.items() if state is KeyState.ERASED}
    return export_recording.Plan.of(meeting, [fact.data for fact in facts if fact.data["file"] not in erased])


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
