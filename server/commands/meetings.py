"""Commands about one room or meeting."""

import asyncio
import re
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from rooms import BadMessage, BrokenChain, Proceedings, fields, store
from rooms.proceedings import exported
from server import auth, config
from server.commands import DataOption, FileOption, installed, load, reading
from server.errors import NO_INSTALLATION, SetupError
from server.i18n import N_

cli = typer.Typer()


@cli.command(help=N_("In thẻ vào một phòng (WebSocket, WHIP, WHEP, /sign-in)."))
def token(
    room: Annotated[str, typer.Option(help=N_("Mã phòng, ví dụ giao-ban."))],
    name: Annotated[str, typer.Option(help=N_("Tên hiển thị với mọi người."))],
    role: Annotated[str, typer.Option(help=" | ".join(auth.ROOM_ROLES))],
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, help=N_("Hết hạn sau bao nhiêu giờ."))] = 24,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = load(data, file)
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


async def _demand_room(settings: config.Config, room: str) -> None:
    async with reading(settings) as connection:
        known = await store.get_room(connection, room)
    if known is None:
        raise SetupError(N_("Không có phòng “%(room)s”; mã phòng đứng cuối địa chỉ trang của phòng họp."), room=room)


@cli.command(help=N_("Ghi ra toàn bộ diễn biến của một cuộc họp, mỗi dòng một sự việc, để `giaoban verify` kiểm tra."))
def proceedings(
    meeting: Annotated[str, typer.Argument(help=N_("Mã cuộc họp, đứng cuối địa chỉ trang của cuộc họp."))],
    output: Annotated[Path | None, typer.Option(help=N_("Tệp để ghi; không nêu thì in ra màn hình."))] = None,
    file: FileOption = None,
    data: DataOption = None,
) -> None:
    settings = installed(data, file)
    lines = b"".join(exported.export(asyncio.run(_proceedings_of(settings, meeting))))
    if output is None:
        sys.stdout.buffer.write(lines)
        return
    try:
        output.write_bytes(lines)
    except OSError as error:
        raise SetupError(N_("Không ghi được %(file)s: %(why)s."), file=output, why=error.strerror) from error


async def _proceedings_of(settings: config.Config, meeting: str) -> Proceedings:
    async with reading(settings) as connection:
        facts = await store.facts(connection, meeting)
    if not facts:
        raise SetupError(N_("Không có cuộc họp “%(meeting)s”, hoặc cuộc họp chưa có diễn biến."), meeting=meeting)
    try:
        return Proceedings.from_facts(facts)
    except BrokenChain as error:
        raise SetupError(N_("Diễn biến của cuộc họp này bị hỏng: %(why)s."), why=error) from error
