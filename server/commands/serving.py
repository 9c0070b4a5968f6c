"""Commands that run an installation, and what prepares for it."""

import asyncio
import functools
import runpy
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from server import auth, config, demo, doctor
from server.administration import TERMINAL, put_down_administrator, put_down_link
from server.app import open_records
from server.auth import utcnow
from server.commands import DataOption, FileOption, console, installed, load
from server.database import Database
from server.errors import Problem, SetupError
from server.founding import Founding
from server.i18n import N_
from server.page_reader import PageReader
from server.pages.wording import told
from server.registers import Registers
from server.run import serve_forever
from server.vault import open_vault

cli = typer.Typer()


@cli.command(
    "demo", help=N_("Chạy cơ quan dùng thử tại http://127.0.0.1:PORT, có chứng thư số và dấu thời gian riêng.")
)
def demo_command(
    port: Annotated[int, typer.Option(envvar="PORT", min=1, max=65535, help=N_("Cổng của các trang."))] = 8080,
    data: Annotated[Path, typer.Option(help=N_("Thư mục dữ liệu."))] = Path("giaoban-data"),
    fresh: Annotated[
        bool, typer.Option("--fresh", help=N_("Xóa bản dùng thử trong thư mục dữ liệu và làm lại từ đầu."))
    ] = False,
) -> None:
    settings = config.load(None, data=data, http={"port": port})
    console.speak(settings.language)
    prepare = functools.partial(demo.prepare, fresh=fresh)
    serve_forever(settings, prepare=prepare, announce=lambda: demo.announce(settings, console))


@cli.command(help=N_("Chạy một bản cài đặt."))
def serve(file: FileOption = None, data: DataOption = None) -> None:
    settings = load(data, file)
    founding = Founding(settings, console)
    serve_forever(settings, prepare=founding.prepare, announce=founding.announce)


@cli.command(
    help=N_("In đường dẫn đăng nhập của một tài khoản, khi không còn người quản trị nào vào được; có ghi nhật ký.")
)
def invite(
    account: Annotated[str, typer.Argument(help=N_("Mã của tài khoản, ở cuối địa chỉ trang của người đó."))],
    days: Annotated[int, typer.Option(min=1, max=365, help=N_("Số ngày dùng được."))] = 1,
    administrator: Annotated[
        bool, typer.Option("--administrator", help=N_("Giao quyền quản trị cho tài khoản đó trước."))
    ] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = installed(data, file)

    async def work() -> None:
        async with Database(settings.database_url) as database:
            await database.migrate()
            async with database.begin() as connection:
                if administrator:
                    await put_down_administrator(connection, account, auth.utcnow())
                await put_down_link(connection, account, days, TERMINAL, auth.utcnow())

    try:
        asyncio.run(work())
    except Problem as problem:
        raise SetupError(N_("Không có tài khoản “%(holder)s”."), holder=account) from problem
    except DatabaseError as error:
        raise SetupError(N_("Không đọc được cơ sở dữ liệu: %(why)s."), why=error.orig) from error
    tokens = auth.Tokens(auth.load_secret(settings.secret_file))
    link = f"{settings.base_url}/sign-in#{tokens.sign_in(account, auth.utcnow(), timedelta(days=days))}"
    console.print(link, markup=False)


@cli.command(help=N_("Đưa cơ sở dữ liệu lên cấu trúc mới nhất."))
def migrate(file: FileOption = None, data: DataOption = None) -> None:
    settings = load(data, file)
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def work() -> None:
        async with Database(settings.database_url) as database:
            await database.migrate()

    asyncio.run(work())
    console.say(N_("Cơ sở dữ liệu đã ở cấu trúc mới nhất."))


@cli.command(help=N_("Lập lại chỉ mục tìm kiếm từ kho lưu trữ và các dự thảo; được cả khi hệ thống đang chạy."))
def reindex(file: FileOption = None, data: DataOption = None) -> None:
    settings = installed(data, file)

    async def work() -> tuple[int, int, int]:
        async with Database(settings.database_url) as database:
            await database.migrate()
            documents, meetings = await open_records(settings, database).reindex()
            reader = PageReader(settings.secrecy.ocr.command)
            registers = Registers(database, open_vault(settings, database), utcnow, reader)
            return documents, await registers.index_missing(), meetings

    try:
        documents, received, meetings = asyncio.run(work())
    except (SQLAlchemyError, OSError) as error:
        raise SetupError(N_("Chưa lập được chỉ mục: %(why)s."), why=error) from error
    said = N_("Tìm được %(documents)s văn bản, %(received)s văn bản đến và %(meetings)s cuộc họp.")
    console.say(said, documents=documents, received=received, meetings=meetings)


@cli.command("doctor", help=N_("Cho biết máy này có gì cho Giaoban: lõi truyền hình, phông chữ, khóa, cơ sở dữ liệu."))
def doctor_command(file: FileOption = None, data: DataOption = None) -> None:
    healthy = True
    for name, well, text in doctor.examine(load(data, file)):
        healthy &= well is not False
        mark = console.reader.gettext(N_("CHÚ Ý") if well is None else N_("TỐT") if well else N_("LỖI"))
        console.print(f"{mark}  {console.reader.gettext(name)}: {told(text, console.reader)}", markup=False)
    raise typer.Exit(0 if healthy else 1)


@cli.command(
    "agent",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    help=N_("Trên máy của người ký: cho một hệ thống xin chữ ký bằng thiết bị ký số đang cắm (--help)."),
)
def agent_command(arguments: Annotated[list[str] | None, typer.Argument()] = None) -> None:
    # A program of its own: where officials sign, as on Windows, nothing else of this package runs.
    spoken = ["--lang", console.asked] if console.asked else []
    sys.argv = ["giaoban agent", *(arguments or []), *spoken]
    runpy.run_module("server.agent", run_name="__main__")
