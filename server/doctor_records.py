"""What the records lean on: keys, certificates, the time-stamper, the database, the age of the last backup."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta

from alembic.script import ScriptDirectory
from pyhanko.sign.timestamps import TimeStamper
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from minutes.days import calendar
from minutes.deposits import store as deposits
from minutes.deposits.anchor import anchor, judge
from minutes.errors import N_, Damaged, Reason, RecordError
from minutes.numbering import store as numbers
from minutes.numbering.clock import behind, told
from minutes.reading import VIETNAM
from minutes.trust import Trust
from server import records_keys
from server.auth import utcnow
from server.backup import LAST
from server.certificates import certificate_table
from server.config import Config
from server.database import MIGRATIONS, Database
from server.records_verify import in_thread
from server.time_stamper import HttpTimeStamper

Finding = tuple[str, bool | None, str]
"""(what, as a msgid; whether well, None: it works, but could do more; a Reason, or words that are the same in every
language)."""
ARCHIVE_KEY, STAMPS, DATABASE, BACKUP, CLOCK, HOLIDAYS = (
    N_("Khóa ký của kho lưu trữ"), N_("Dấu thời gian"), N_("Cơ sở dữ liệu"), N_("Sao lưu"), N_("Đồng hồ máy chủ"),
    N_("Ngày nghỉ lễ, tết"),
)  # fmt: skip
SOON = timedelta(days=30)
"""Before a certificate's end it is told of."""
OLD = timedelta(days=7)
"""A backup, or an archive without one, of this age is too old."""
UNREADABLE = N_("không đọc được: %(why)s")
_NOTE = "giaoban doctor"


async def examine(config: Config) -> AsyncIterator[Finding]:
    """What is found of each thing."""
    yield _archive_key(config)
    yield await _time_stamper(config)
    try:
        async with Database(config.database_url) as database:
            async for one in _database(database):
                yield one
            async for one in _certificates(database):
                yield one
            yield await _backup(config, database)
            yield await _clock(database)
        for one in holidays(utcnow().astimezone(VIETNAM).date()):
            yield one
    except SQLAlchemyError as error:
        yield DATABASE, False, Reason(UNREADABLE, why=str(error).splitlines()[0])


def until_day(name: str, until: datetime) -> Reason:
    """Whose certificate or list, and its last day."""
    return Reason(N_("%(name)s, đến ngày %(day)s"), name=name, day=f"{until:%Y-%m-%d}")


def _archive_key(config: Config) -> Finding:
    try:
        key = records_keys.archive_key(config.keys)
    except (OSError, ValueError) as error:
        return ARCHIVE_KEY, False, Reason(N_("bị hỏng: %(why)s"), why=error)
    none = Reason(N_("chưa có; điểm chốt đầu tiên sẽ tạo khóa"))
    return ARCHIVE_KEY, True, key.verifier.name if key else none


async def _time_stamper(config: Config) -> Finding:
    """A stamp is asked for and judged as those over documents are."""
    url = config.signing.time_stamper_url
    who = url or Reason(N_("dịch vụ của hệ thống"))
    try:
        keys = records_keys.open_keys(config.keys)
        stamper: TimeStamper = HttpTimeStamper(url) if url else keys.time_stamper
        at = await _stamped(stamper, keys.trust)
    except Damaged as error:
        return STAMPS, False, Reason(N_("%(who)s cấp dấu không được tin cậy: %(why)s"), who=who, why=error.reason)
    except (RecordError, OSError, ValueError) as error:
        why = error.reason if isinstance(error, RecordError) else str(error)
        return STAMPS, False, Reason(N_("%(who)s không cấp dấu: %(why)s"), who=who, why=why)
    good = N_("%(who)s cấp dấu được tin cậy (%(at)s UTC)")
    return STAMPS, True, Reason(good, who=who, at=f"{at:%Y-%m-%d %H:%M:%S}")


async def _stamped(stamper: TimeStamper, trust: Trust) -> datetime:
    async def work() -> datetime:
        return await judge(await anchor(stamper, _NOTE, trust), _NOTE, trust)

    return await in_thread(work)


async def _database(database: Database) -> AsyncIterator[Finding]:
    newest = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    async with database.read() as connection:
        dialect = connection.dialect.name
        found = await connection.scalar(text("SELECT version_num FROM alembic_version"))
        schema = N_("%(dialect)s, cấu trúc %(found)s")
        if found != newest:
            schema = N_("%(dialect)s, cấu trúc %(found)s, chưa phải %(newest)s: xin chạy `giaoban migrate`")
        yield DATABASE, found == newest, Reason(schema, dialect=dialect, found=found, newest=newest)
        if dialect == "sqlite":
            said = await connection.scalar(text("PRAGMA quick_check(1)"))
            yield N_("Tệp cơ sở dữ liệu"), said == "ok", str(said)


async def _certificates(database: Database) -> AsyncIterator[Finding]:
    """Those that are bound and end soon; the others are counted."""
    now, columns = utcnow(), certificate_table.c
    query = select(columns.name, columns.valid_to).where(columns.ended_at.is_(None)).order_by(columns.valid_to)
    async with database.read() as connection:
        bound = (await connection.execute(query)).all()
    ending = [(name, until) for name, until in bound if until < now + SOON]
    for name, until in ending:
        yield N_("Chứng thư số"), until > now, until_day(name, until)
    counts = N_("%(count)s chứng thư số đang gắn, %(ending)s hết hạn trong %(days)s ngày tới")
    yield N_("Các chứng thư số"), True, Reason(counts, count=len(bound), ending=len(ending), days=SOON.days)


async def _backup(config: Config, database: Database) -> Finding:
    try:
        said = json.loads((config.data / LAST).read_bytes())
        made, where = datetime.fromisoformat(said["made"]), str(said["where"])
    except FileNotFoundError:
        async with database.read() as connection:
            first = await deposits.entries(connection)
        late = bool(first) and utcnow() - first[0].entry.at > OLD
        return BACKUP, False if late else None, Reason(N_("chưa có bản sao lưu nào: `giaoban backup --to THƯ_MỤC`"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        return BACKUP, False, Reason(N_("không đọc được lần sao lưu gần nhất là khi nào: %(why)s"), why=error)
    days = (utcnow() - made).days
    age = Reason(N_("bản gần nhất cách đây %(days)s ngày: %(where)s"), days=days, where=where)
    return BACKUP, days < OLD.days, age


def holidays(today: date) -> Iterator[Finding]:
    """Whether working days can be counted, of this year and, when it is near, of the next."""
    found = calendar.doubtful(today)
    for year, known in found:
        if known is calendar.Known.UNKNOWN:
            said = N_("chưa có ngày nghỉ Tết, Giỗ Tổ năm %(year)s: xin cập nhật, hoặc từng cơ quan ghi ngày của mình")
            yield HOLIDAYS, False, Reason(said, year=year)
        else:
            yield HOLIDAYS, None, Reason(N_("năm %(year)s mới là dự kiến"), year=year)
    if not found:
        yield HOLIDAYS, True, str(today.year)


async def _clock(database: Database) -> Finding:
    async with database.read() as connection:
        last, now = await numbers.newest(connection), utcnow()
    if last is None:
        return CLOCK, True, told(now)
    said = N_("%(now)s; bản ghi mới nhất đề %(newest)s")
    if behind(now, last):
        said = N_(
            "%(now)s, chậm hơn bản ghi mới nhất (%(newest)s), nên không cấp số: xin chỉnh lại giờ; nếu giờ này đúng, "
            "dùng `giaoban clock`"
        )
    return CLOCK, not behind(now, last), Reason(said, now=told(now), newest=told(last))
