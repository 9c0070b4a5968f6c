"""Commands about documents: whether they are genuine, whose certificates count, what the law asks of the system."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from minutes.errors import RecordError
from minutes.verification import Verdict
from server import auth, certificates, directory, verdicts
from server.app import open_records
from server.certificates import Holder
from server.commands import UNREADABLE, DataOption, FileOption, console, load
from server.commands.archive import prove, tell
from server.conformance import command as conformance
from server.database import Database
from server.errors import NO_INSTALLATION, SetupError
from server.i18n import N_
from server.pages.wording import told
from server.run import set_up_logging

cli = typer.Typer()


@cli.command(
    help=N_(
        "Cho biết một văn bản, hoặc cả kho lưu trữ, có xác thực không: mã thoát 0 là có, 1 là không, "
        "2 là chưa kết luận được."
    )
)
def verify(
    document: Annotated[
        Path | None, typer.Argument(help=N_("Tệp PDF, hoặc tệp diễn biến cuộc họp, cần kiểm tra."))
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=N_("In kết quả cho máy đọc."))] = False,
    archive: Annotated[bool, typer.Option("--archive", help=N_("Kiểm tra mọi lượt nộp lưu của kho lưu trữ."))] = False,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help=N_("Cùng --archive: điểm chốt đã được giữ ở nơi khác."))
    ] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = load(data, file)
    if archive:
        result = prove(settings, checkpoint or [], console)
        tell(result, console, as_json=as_json)
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


@cli.command(
    help=N_("Gắn chứng thư số cho một tài khoản hoặc con dấu: chữ ký tạo bằng chứng thư này được tính là của họ.")
)
def certificate(
    holder: Annotated[str, typer.Argument(help=N_("Mã tài khoản; cùng --seal thì là mã đơn vị."))],
    certificate_file: Annotated[Path, typer.Argument(help=N_("Chứng thư số (.cer, .crt, .pem)."))],
    seal: Annotated[bool, typer.Option("--seal", help=N_("Là chứng thư số của con dấu đơn vị."))] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = load(data, file)
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


@cli.command(
    "conformance",
    help=N_(
        "Thử các yêu cầu của Phụ lục VI Nghị định 30/2020/NĐ-CP: mã thoát 0 là đạt cả, 1 là chưa, "
        "2 là chưa kết luận được."
    ),
)
def conformance_command(
    pdf: Annotated[Path | None, typer.Option(help=N_("Ghi bản dự thảo báo cáo vào tệp này."))] = None,
    unit: Annotated[str | None, typer.Option(help=N_("Cùng --pdf: mã đơn vị lập báo cáo."))] = None,
    draft: Annotated[
        str | None, typer.Option(help=N_("Đưa báo cáo vào bàn làm việc của tài khoản thư ký này."))
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=N_("In kết quả cho máy đọc."))] = False,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = load(data, file)
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
