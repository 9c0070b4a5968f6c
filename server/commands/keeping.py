"""Commands that keep an installation for decades: backup and restore, keys and time-stamps of the archive."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError

from minutes.errors import RecordError
from server import auth, config
from server.app import open_records
from server.backup import erase_again
from server.commands import DataOption, FileOption, archive, console, installed, load
from server.database import Database
from server.errors import SetupError
from server.i18n import N_
from server.renewal import Renewal, Renewed

cli = typer.Typer()
archive_cli = typer.Typer(help=N_("Giữ gìn kho lưu trữ."), no_args_is_help=True)
cli.add_typer(archive_cli, name="archive")


@cli.command("backup", help=N_("Sao lưu toàn bộ hệ thống, cả khi đang chạy."))
def backup_command(
    to: Annotated[
        Path, typer.Option(help=N_("Thư mục giữ nhiều bản sao lưu, mỗi lần chỉ thêm phần mới; hoặc một tệp .tar."))
    ],
    file: FileOption = None,
    data: DataOption = None,
    erase_only: Annotated[
        bool,
        typer.Option("--erase-only", help=N_("Không sao chép: hủy cạnh bản sao lưu này những khóa đã hủy tại đây.")),
    ] = False,
) -> None:
    if erase_only:
        destroyed = erase_again(load(data, file), to)
        console.say(N_("Đã hủy %(count)s khóa cạnh %(place)s."), count=destroyed, place=to)
        return
    made = archive.make_backup(load(data, file), to, console)
    console.print(made.where, markup=False)
    console.say(
        N_("%(files)s tệp, %(size)s byte, trong đó %(new)s mới."), files=made.files, size=made.size, new=made.new
    )
    console.say(N_("SHA-256 của bản kê: %(digest)s"), digest=made.manifest)
    for name in made.left_out:
        console.say(N_("Bỏ qua, không phải tệp thường: %(name)s"), name=name)


@cli.command(
    "restore",
    help=N_("Khôi phục hệ thống từ bản sao lưu vào thư mục trống và kiểm tra toàn bộ: mã thoát như của verify."),
)
def restore_command(
    source: Annotated[
        Path, typer.Option("--from", help=N_("Bản sao lưu: tệp, thư mục (lấy bản mới nhất), hoặc bản kê."))
    ],
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = load(data, file)
    result = archive.make_anew(settings, source, console)
    console.say(N_("Đã khôi phục vào %(place)s."), place=settings.data)
    archive.tell(result, console, as_json=False)
    raise typer.Exit(1 if result.findings else 0)


@archive_cli.command(
    "rotate-key",
    help=N_("Khi hệ thống đang dừng: thay khóa ký điểm chốt của kho lưu trữ; khóa cũ ký xác nhận việc thay."),
)
def rotate_key_command(file: FileOption = None, data: DataOption = None) -> None:
    made = archive.rotate_key(installed(data, file))
    console.say(N_("Khóa của kho lưu trữ nay là %(key)s"), key=made.new)
    console.say(N_("Khóa này ký từ điểm chốt %(first)s; trước đó là %(old)s"), first=made.first, old=made.old)


@cli.command(
    help=N_(
        "Đóng dấu thời gian mới cho những dấu trong kho lưu trữ có chứng thư sắp hết hạn; hệ thống tự làm hằng ngày."
    )
)
def renew(
    days: Annotated[
        int | None, typer.Option(min=0, help=N_("Gia hạn những dấu thời gian hết hạn trong số ngày này."))
    ] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = installed(data, file)
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
