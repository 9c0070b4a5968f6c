"""The demo authority: a fictional province office and seven communes, ready to hold a meeting."""

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from minutes.document import Actor, Kind, Signer, State
from rooms import Unit as RecordUnit
from rooms import store as rooms_store
from server import auth, demo_pki, directory
from server.app import open_records
from server.auth import Tokens
from server.config import Config
from server.database import Database
from server.directory import Unit
from server.errors import SetupError
from server.i18n import N_
from server.run import LOCK
from server.terminal import Terminal

ROOM = "giao-ban"
PIN = "123456"
_MARK = "giaoban.sqlite3"
_VALID_FROM = "2025-07-01"

PROVINCE = Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn", "UBND tỉnh Lâm Sơn", "Lâm Sơn", "UBND")

COMMUNES = (
    Unit("ta-nang", "Ủy ban nhân dân xã Tà Năng", "UBND xã Tà Năng", "Tà Năng", "UBND"),
    Unit("hoa-phuoc", "Ủy ban nhân dân xã Hòa Phước", "UBND xã Hòa Phước", "Hòa Phước", "UBND"),
    Unit("suoi-thau", "Ủy ban nhân dân xã Suối Thầu", "UBND xã Suối Thầu", "Suối Thầu", "UBND"),
    Unit("dak-rong", "Ủy ban nhân dân xã Đắk Rông", "UBND xã Đắk Rông", "Đắk Rông", "UBND"),
    Unit("phu-thinh", "Ủy ban nhân dân xã Phú Thịnh", "UBND xã Phú Thịnh", "Phú Thịnh", "UBND"),
    Unit("ban-lien", "Ủy ban nhân dân xã Bản Liền", "UBND xã Bản Liền", "Bản Liền", "UBND"),
    Unit("duong-lam", "Ủy ban nhân dân phường Đường Lâm", "UBND phường Đường Lâm", "Đường Lâm", "UBND"),
)

# id, name, title, unit, roles: all fictional
PEOPLE = (
    ("hanh", "Nguyễn Thị Hạnh", "Phó Chủ tịch UBND tỉnh", PROVINCE, ("leader",)),
    ("binh", "Trần Văn Bình", "Chuyên viên Văn phòng UBND tỉnh", PROVINCE, ("secretary",)),
    ("cuc", "Phạm Thu Cúc", "Văn thư Văn phòng UBND tỉnh", PROVINCE, ("clerk", "administrator")),
    ("mai", "Đinh Thị Mai", "Lưu trữ viên Văn phòng UBND tỉnh", PROVINCE, ("archivist",)),
    ("dung", "Lò Văn Dũng", "Chủ tịch UBND xã", COMMUNES[0], ("delegate",)),
    ("nhan", "Ka Nhàn", "Văn thư UBND xã", COMMUNES[0], ("clerk",)),
    ("lan", "Hoàng Thị Lan", "Chủ tịch UBND xã", COMMUNES[1], ("delegate",)),
    ("pao", "Giàng A Páo", "Phó Chủ tịch UBND xã", COMMUNES[2], ("delegate",)),
    ("hnga", "H'Nga Niê", "Chủ tịch UBND xã", COMMUNES[3], ("delegate",)),
    ("thinh", "Đỗ Quang Thịnh", "Chủ tịch UBND xã", COMMUNES[4], ("delegate",)),
    ("may", "Lý Thị Mẩy", "Phó Chủ tịch UBND xã", COMMUNES[5], ("delegate",)),
    ("khanh", "Phùng Quốc Khánh", "Chủ tịch UBND phường", COMMUNES[6], ("delegate",)),
)
# id, name, title, commune: they have no part in the office, and come to a meeting at their commune's site
STAFF = (
    ("lich", "K'Sinh Lịch", "Phó Chủ tịch UBND xã", COMMUNES[0]),
    ("quyen", "Lưu Thị Quyên", "Chánh Văn phòng HĐND và UBND xã", COMMUNES[0]),
    ("tru", "Tou Prong Trụ", "Trưởng phòng Kinh tế", COMMUNES[0]),
    ("vinh", "Vũ Quang Vinh", "Trưởng Công an xã", COMMUNES[0]),
    ("phuong", "Đặng Thị Phượng", "Phó Chủ tịch UBND xã", COMMUNES[1]),
    ("sang", "Ngô Văn Sáng", "Chánh Văn phòng HĐND và UBND xã", COMMUNES[1]),
    ("thu", "Bùi Thị Thu", "Trưởng phòng Văn hóa - Xã hội", COMMUNES[1]),
    ("chu", "Thào A Chú", "Chánh Văn phòng HĐND và UBND xã", COMMUNES[2]),
    ("yhan", "Y Han Mlô", "Phó Chủ tịch UBND xã", COMMUNES[3]),
    ("tuyet", "Đỗ Thị Tuyết", "Chánh Văn phòng HĐND và UBND xã", COMMUNES[4]),
    ("phin", "Chảo Láo Phin", "Trưởng phòng Kinh tế", COMMUNES[5]),
    ("oanh", "Kiều Thị Oanh", "Phó Chủ tịch UBND phường", COMMUNES[6]),
)
_DUTIES = {
    "hanh": N_("chủ trì"), "binh": N_("thư ký"), "cuc": N_("văn thư"), "mai": N_("lưu trữ"), "dung": N_("đại biểu"),
    "lan": N_("đại biểu"), "nhan": N_("văn thư xã"),
}  # fmt: skip
"""Whose sign-in links are printed, and what they try."""


DIRECTIVE: dict[str, Any] = {
    "document_id": "",
    "subject": "Về việc tăng cường công tác phòng, chống thiên tai trong mùa mưa lũ",
    "place_name": PROVINCE.place,
    "bases": [],
    "intro": [
        "Thời gian qua, trên địa bàn tỉnh đã xảy ra mưa lớn, gây sạt lở đất tại một số xã, ảnh hưởng đến đời sống "
        "và sản xuất của Nhân dân. Để chủ động ứng phó, hạn chế thấp nhất thiệt hại về người và tài sản, "
        "Ủy ban nhân dân tỉnh chỉ thị:"
    ],
    "body": [
        {"block": "paragraph", "level": 1, "text": text}
        for text in (
            "Ủy ban nhân dân các xã, phường tổ chức rà soát các khu dân cư ở ven sông, ven suối, sườn dốc có nguy cơ "
            "xảy ra lũ quét, sạt lở đất; chủ động sơ tán người dân đến nơi an toàn khi có mưa lớn.",
            "Ban Chỉ huy phòng thủ dân sự các cấp tổ chức trực ban 24/24 giờ, theo dõi chặt chẽ diễn biến thời tiết, "
            "kịp thời thông tin đến người dân.",
            "Văn phòng Ủy ban nhân dân tỉnh theo dõi, đôn đốc, tổng hợp tình hình thực hiện Chỉ thị này, báo cáo "
            "Ủy ban nhân dân tỉnh trước ngày 25 hằng tháng.",
        )
    ],
    "closing": "Chỉ thị này có hiệu lực kể từ ngày ký./.",
    "recipients": ["UBND các xã, phường;", "Lưu: VT."],
}


def _start_over(data: Path) -> None:
    """Delete an earlier demo in `data`; whatever else is there makes it not ours. Raises SetupError."""
    others = [path for path in data.iterdir() if path.name != LOCK]
    if others and not (data / _MARK).exists():
        raise SetupError(N_("Trong %(place)s có thứ khác, không phải dữ liệu Giaoban; không xóa gì."), place=data)
    try:
        for path in others:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise SetupError(N_("Chưa dọn được %(place)s: %(why)s."), place=data, why=error.strerror) from error


async def prepare(config: Config, *, fresh: bool = False) -> None:
    """Make the demo authority where it is not there yet; an interrupted start is taken up again.

    `fresh` deletes an earlier demo first. Raises SetupError.
    """
    if fresh:
        _start_over(config.data)
    auth.load_secret(config.secret_file)
    demo_pki.create(
        config.keys,
        people=[(account_id, name, unit.name) for account_id, name, _title, unit, _roles in PEOPLE],
        units=[(unit.id, unit.name) for unit in (PROVINCE, *COMMUNES)],
        pin=PIN,
        now=auth.utcnow(),
    )
    async with Database(config.database_url) as database:
        await database.migrate()
        async with database.begin() as connection:
            if await directory.unit(connection, PROVINCE.id) is None:
                for unit in (PROVINCE, *COMMUNES):
                    await directory.add_unit(connection, unit, _VALID_FROM)
                for account_id, name, title, unit, roles in PEOPLE:
                    await directory.add_account(
                        connection, account_id, name, title, unit.id, roles, f"{account_id}@{unit.id}.example"
                    )
                for account_id, name, title, unit in STAFF:
                    await directory.add_account(connection, account_id, name, title, unit.id, ())
                room = rooms_store.RoomEntry(
                    ROOM, "Phòng giao ban trực tuyến", permanent=True, unit=PROVINCE.id, chair="hanh", secretary="binh",
                    invites=tuple(unit.id for unit in COMMUNES),
                )  # fmt: skip
                await rooms_store.add_room(connection, room)
        await _post_directive(config, database)


async def _post_directive(config: Config, database: Database) -> None:
    """One posted directive, made by the same acts that officials would do; taken up again where a start was cut off."""
    records = open_records(config, database)
    people = {account_id: Actor(account_id, name, title) for account_id, name, title, _unit, _roles in PEOPLE}
    leader, secretary, clerk = people["hanh"], people["binh"], people["cuc"]
    found = await records.documents(kind=Kind.DIRECTIVE, unit_id=PROVINCE.id)
    if found:
        document_id = found[-1].id
    else:
        document_id = await records.draft_text(
            Kind.DIRECTIVE,
            DIRECTIVE,
            secretary,
            unit=RecordUnit(PROVINCE.id, PROVINCE.name),
            leader=Signer("leader", leader.id, leader.name, ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")),
        )
    steps: dict[State, Callable[[], Awaitable[None]]] = {
        State.DRAFT: lambda: records.submit(document_id, by=secretary),
        State.REVIEW: lambda: records.approve(document_id, by=leader),
        State.APPROVED: lambda: records.sign(document_id, by=leader, pin=PIN),
        State.SIGNED: lambda: records.seal(document_id, by=clerk, pin=PIN),
    }
    while (document := await records.get(document_id)).state is not State.SEALED:
        await steps[document.state]()
    if document.publication is None:
        await records.publish(document_id, by=clerk, reason="Chỉ đạo liên quan trực tiếp đến người dân")


def announce(config: Config, console: Terminal) -> None:
    """Print where to go and the sign-in links. The token stands after '#', so no server ever logs it."""
    tokens = Tokens(auth.load_secret(config.secret_file))
    now = auth.utcnow()
    console.print(f"\n  Giaoban: {config.base_url}")
    console.say(N_("  Dữ liệu: %(place)s; PIN ký số thử nghiệm: %(pin)s"), place=config.data, pin=PIN)
    console.print()
    people = {account_id: (name, title, unit) for account_id, name, title, unit, _roles in PEOPLE}
    for account_id, duty in _DUTIES.items():
        name, _title, unit = people[account_id]
        console.print(f"  {console.reader.gettext(duty):<11} {name}, {unit.short_name}")
        console.print(f"              {config.base_url}/sign-in#{tokens.sign_in(account_id, now)}")
    console.say(N_("\n  Ctrl+C để dừng.\n"))
