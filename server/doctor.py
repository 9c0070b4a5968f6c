"""What this machine gives Giaoban."""

import asyncio
import importlib.util
import shutil
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from media import gcm
from minutes import typefaces
from minutes.errors import N_, Reason
from minutes.revocation import said
from minutes.trust import Trust, common_name
from minutes.typeset import Typesetter
from rooms import first_altered, store
from server.auth import utcnow
from server.config import Config
from server.database import Database
from server.doctor_records import Finding, until_day
from server.doctor_records import examine as examine_records
from server.errors import SetupError
from server.papers import office_files
from server.revocation import with_fetched
from server.turn import Relays, fault
from server.vault_examination import Progress, Result, of_installation

RECORDS, ARCHIVE, RELAY = N_("Hồ sơ, văn bản"), N_("Kho lưu trữ"), N_("Máy chủ chuyển tiếp TURN")
MEETINGS = 1000
"""How many meetings are examined, the newest first."""
_SEALED_BY = {
    "ipsec-mb": N_("AES-GCM bằng libipsec-mb: nhanh nhất"),
    "OpenSSL": N_("AES-GCM bằng OpenSSL; có libipsec-mb1 thì máy có lệnh AES đỡ được một phần năm công việc khi gửi"),
    "libsrtp": N_(
        "AES-GCM bằng libsrtp, chậm nhất: bản pylibsrtp này không cho dùng OpenSSL của nó; xin cài libipsec-mb1"
    ),
}


async def _kept(config: Config) -> list[Finding]:
    """Whether what is kept is still what was kept: archived files, and the chain of each meeting's facts."""
    try:
        async with Database(config.database_url) as database:
            async for step in of_installation(config, database):
                result = step
            async with database.read() as connection:
                held = await store.meetings(connection, newest_first=True, limit=MEETINGS)
                broken = []
                for entry in held:
                    altered = first_altered(await store.facts(connection, entry.meeting.id))
                    if altered is not None:
                        broken.append(f"{entry.meeting.id} ({altered})")
    except SetupError as error:
        return [(RECORDS, False, Reason(error.text, **error.values))]
    except SQLAlchemyError as error:
        return [(RECORDS, False, str(error))]
    chains = Reason(N_("%(count)s cuộc họp, chuỗi diễn biến còn nguyên vẹn"), count=len(held))
    if broken:
        chains = Reason(N_("đã bị sửa (từ diễn biến số): %(which)s"), which=", ".join(broken))
    return [_archive(result), (N_("Diễn biến các cuộc họp"), not broken, chains)]


def _archive(result: Progress | Result) -> Finding:
    assert isinstance(result, Result)
    if result.findings:
        first, more = result.findings[0].sentence, len(result.findings) - 1
        return ARCHIVE, False, Reason(N_("%(first)s (và %(more)s chỗ khác)"), first=first, more=more)
    whole = N_("%(deposits)s lượt nộp lưu còn nguyên vẹn, %(covered)s thuộc điểm chốt")
    return ARCHIVE, True, Reason(whole, deposits=result.deposits, covered=result.covered)


def _trusted(config: Config) -> Iterator[Finding]:
    """What is pinned, until when it holds, and what is asked for revocation lists."""
    now, folder = utcnow(), config.keys / "trust"
    try:
        trust = with_fetched(Trust.load(folder), folder, now)
    except (OSError, ValueError) as error:
        unread = N_("không đọc được %(what)s: %(why)s")
        yield N_("Tổ chức được tin cậy"), False, Reason(unread, what=folder, why=error)
        return
    if not trust.roots:
        none = N_("chưa có: chép roots.pem và intermediates.pem vào %(place)s, rồi khởi động lại; chưa ai ký được")
        yield N_("Gốc tin cậy"), False, Reason(none, place=folder)
    for role, known in ((N_("Gốc tin cậy"), trust.roots), (N_("Tổ chức chứng thực"), trust.intermediates)):
        for certificate in known:
            until = certificate.not_valid_after
            yield role, now < until, until_day(common_name(certificate), until)
    for listed in trust.crls:
        until = listed["tbs_cert_list"]["next_update"].native
        issuer = listed.issuer.native.get("common_name", "")
        well = until is not None and now < until
        yield N_("Danh sách thu hồi"), well, until_day(issuer, until) if until else issuer
    if trust.ocsps:
        ends = min(said(one)[2] for one in trust.ocsps)
        answers = Reason(
            N_("%(count)s, sớm nhất đến %(until)s"), count=len(trust.ocsps), until=f"{ends:%Y-%m-%d %H:%M} UTC"
        )
        yield N_("Trả lời về thu hồi"), True, answers
    hosts = ", ".join(config.signing.revocation_hosts)
    by_hand = Reason(N_("chưa có: phải tự chép danh sách mới vào keys/trust"))
    yield N_("Máy chủ hỏi về thu hồi"), bool(hosts) or None, hosts or by_hand


async def _relays(config: Config) -> list[Finding]:
    """Whether each relay gives an address for our credentials. The answer has no credential in it."""
    found: list[Finding] = []
    for issued in Relays(config.turn).issue("doctor", utcnow()):
        for url in issued["urls"]:
            wrong = await fault(url, issued["username"], issued["credential"])
            said = Reason("%(url)s: %(what)s", url=url, what=wrong or Reason(N_("cấp được địa chỉ")))
            found.append((RELAY, wrong is None, said))
    none = N_("chưa có: người dự họp sau tường lửa chặn UDP không có tiếng và hình")
    return found or [(RELAY, None, Reason(none))]


async def _all(config: Config) -> list[Finding]:
    return [one async for one in examine_records(config)]


def examine(config: Config) -> Iterator[Finding]:
    """What is found of each thing that the program leans on."""
    native = importlib.util.find_spec("media._forward") is not None
    core = N_("bản biên dịch") if native else N_("bản Python: xin cài gcc và tệp đầu của Python, rồi cài lại")
    yield N_("Bộ chuyển tiếp"), native, Reason(core)
    yield N_("Mã hóa"), True, Reason(_SEALED_BY[gcm.provider()])
    yield from asyncio.run(_relays(config))
    pdf_only, office = N_("chỉ tệp PDF; tệp văn phòng cần bubblewrap và LibreOffice"), office_files()
    yield N_("Tài liệu họp"), office or None, Reason(N_("tệp PDF và tệp văn phòng") if office else pdf_only)
    face = Typesetter().fonts[0]
    better = N_("%(face)s; Nghị định 30/2020/NĐ-CP yêu cầu Times New Roman: xin cài fonts-liberation2")
    preferred = face in typefaces.PREFERRED
    yield N_("Phông chữ"), preferred or None, face if preferred else Reason(better, face=face)
    there = config.data.is_dir()
    missing = Reason(N_("chưa có %(place)s"), place=config.data)
    yield N_("Thư mục dữ liệu"), there, str(config.data) if there else missing
    if there:
        free = shutil.disk_usage(config.data).free // 2**20
        yield N_("Đĩa"), free > 1024, Reason(N_("còn trống %(free)s MiB"), free=free)
        keys = config.keys.is_dir()
        yield N_("Khóa"), keys, str(config.keys) if keys else Reason(N_("chưa có khóa"))
        if keys:
            yield from _trusted(config)
            yield from asyncio.run(_all(config))
            yield from asyncio.run(_kept(config))
