"""Commands that keep an installation for decades: backup and restore, keys and time-stamps of the archive."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from minutes.errors import RecordError, Refused
from minutes.numbering import store as numbers
from minutes.numbering.clock import behind, told
from server import auth, config
from server.app import open_records
from server.backup import erase_again
from server.commands import DataOption, FileOption, archive, console, installed, load, reading
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


@cli.command(
    "clock",
    help=N_(
        "So giờ của máy với bản ghi mới nhất (số văn bản, điểm chốt). Nếu máy chậm hơn thì hệ thống không cấp số: mã "
        "thoát 1. Chỉnh lại giờ máy; chỉ khi giờ máy đúng mà trước đó đồng hồ chạy nhanh thì mới dùng --accept."
    ),
)
def clock_command(
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept",
            metavar="REASON",
            help=N_(
                "Xác nhận giờ máy hiện nay là đúng và cấp số tiếp từ giờ này; lý do được lưu lại cùng tên người xác "
                "nhận."
            ),
        ),
    ] = None,
    by: Annotated[
        str, typer.Option("--by", metavar="NAME", help=N_("Họ tên, chức vụ người xác nhận; dùng cùng --accept."))
    ] = "",
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = installed(data, file)
    if accept is not None:
        made = asyncio.run(_accept(settings, accept, by))
        console.say(
            N_("%(by)s xác nhận giờ máy: cấp số tiếp từ %(at)s, dù bản ghi mới nhất đề %(newest)s."),
            by=made.by,
            at=told(made.at),
            newest=told(made.newest),
        )
        return
    newest, before = asyncio.run(_dated(settings))
    now = auth.utcnow()
    console.say(N_("Giờ của máy này: %(at)s"), at=told(now))
    console.say(N_("Bản ghi mới nhất: %(at)s"), at=told(newest) if newest else "—")
    for one in before:
        said = N_("%(by)s đã chấp nhận giờ máy: từ %(newest)s trở về %(at)s. Lý do: %(reason)s")
        by = one.by or console.reader.gettext(N_("Người không ghi tên"))
        console.say(said, by=by, at=told(one.at), newest=told(one.newest), reason=one.reason)
    if behind(now, newest):
        console.say(N_("Máy chậm hơn bản ghi mới nhất nên không cấp số văn bản và không ký điểm chốt."))
        raise typer.Exit(1)


async def _dated(settings: config.Config) -> tuple[datetime | None, tuple[numbers.Acceptance, ...]]:
    async with reading(settings) as connection:
        return await numbers.newest(connection), await numbers.acceptances(connection)


async def _accept(settings: config.Config, reason: str, by: str) -> numbers.Acceptance:
    """Raises SetupError."""
    if not by.strip():
        raise SetupError(N_('Xin nêu họ tên người chấp nhận giờ máy: --by "Họ tên, chức vụ".'))
    if not reason.strip():
        raise SetupError(N_("Xin nêu lý do chấp nhận giờ máy."))
    try:
        async with Database(settings.database_url) as database, database.begin() as connection:
            return await numbers.accept(connection, auth.utcnow(), reason.strip(), by.strip())
    except Refused as error:
        raise SetupError(str(error.reason)) from error
    except DatabaseError as error:
        raise SetupError(N_("Không dùng được cơ sở dữ liệu: %(why)s."), why=error.orig) from error
