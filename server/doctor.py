"""What this machine gives Giaoban."""

import asyncio
import importlib.util
import shutil
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from media import gcm
from minutes import typefaces
from minutes.revocation import said
from minutes.trust import Trust, common_name
from minutes.typeset import Typesetter
from rooms import first_altered, store
from server import doctor_records
from server.auth import utcnow
from server.config import Config
from server.database import Database
from server.errors import SetupError
from server.papers import office_files
from server.revocation import with_fetched
from server.turn import Relays, fault
from server.vault_examination import Progress, Result, of_installation

Finding = tuple[str, bool, str]
MEETINGS = 1000
"""How many meetings are examined, the newest first."""
_SEALED_BY = {
    "ipsec-mb": "AES-GCM by libipsec-mb: the fastest",
    "OpenSSL": "AES-GCM by OpenSSL; libipsec-mb1, on machines with AES instructions, makes sending a fifth cheaper",
    "libsrtp": "AES-GCM by libsrtp, the slowest: this build of pylibsrtp hides its OpenSSL; install libipsec-mb1",
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
                        broken.append(f"{entry.meeting.id} from fact {altered}")
    except (SetupError, SQLAlchemyError) as error:
        return [("records", False, str(error))]
    chains = f"altered: {', '.join(broken)}" if broken else f"{len(held)} meetings, every chain is whole"
    return [
        _archive(result),
        ("proceedings", not broken, chains),
    ]


def _archive(result: Progress | Result) -> Finding:
    assert isinstance(result, Result)
    if result.findings:
        return "archive", False, f"{result.findings[0].sentence} (and {len(result.findings) - 1} more)"
    return "archive", True, f"all of {result.deposits} deposits are as they were, {result.covered} under a checkpoint"


def _trusted(config: Config) -> Iterator[Finding]:
    """What is pinned, until when it holds, and what is asked for revocation lists."""
    now, folder = utcnow(), config.keys / "trust"
    try:
        trust = with_fetched(Trust.load(folder), folder, now)
    except (OSError, ValueError) as error:
        yield "trust", False, f"{folder} cannot be read: {error}"
        return
    for role, known in (("root", trust.roots), ("authority", trust.intermediates)):
        for certificate in known:
            until = certificate.not_valid_after
            yield role, now < until, f"{common_name(certificate)}, until {until:%Y-%m-%d}"
    for listed in trust.crls:
        until = listed["tbs_cert_list"]["next_update"].native
        issuer = listed.issuer.native.get("common_name", "")
        yield "revocation list", until is not None and now < until, f"{issuer}, until {until:%Y-%m-%d}"
    if trust.ocsps:
        ends = min(said(one)[2] for one in trust.ocsps)
        yield "revocation answers", True, f"{len(trust.ocsps)}, the first of them until {ends:%Y-%m-%d %H:%M}"
    hosts = ", ".join(config.signing.revocation_hosts)
    yield "revocation hosts", True, hosts or "none: new lists must be put into keys/trust by hand"


async def _relays(config: Config) -> list[Finding]:
    """Whether each relay gives an address for our credentials. The answer has no credential in it."""
    found: list[Finding] = []
    for issued in Relays(config.turn).issue("doctor", utcnow()):
        for url in issued["urls"]:
            wrong = await fault(url, issued["username"], issued["credential"])
            found.append(("relay", wrong is None, f"{url} {wrong or 'gives addresses'}"))
    return found or [("relay", True, "none: participants behind firewalls that block UDP have no sound or picture")]


async def _all(config: Config) -> list[Finding]:
    return [one async for one in doctor_records.examine(config)]


def examine(config: Config) -> Iterator[Finding]:
    """(what, whether well, sentence) of each thing that the program leans on."""
    native = importlib.util.find_spec("media._forward") is not None
    yield (
        "media core",
        native,
        "native" if native else "Python twin: install gcc and the Python headers, then reinstall",
    )
    yield "encryption", True, _SEALED_BY[gcm.provider()]
    yield from asyncio.run(_relays(config))
    office = "PDF and office files" if office_files() else "PDF only; office files need bubblewrap and LibreOffice"
    yield "papers", True, office
    face = Typesetter().fonts[0]
    better = "" if face in typefaces.PREFERRED else "; the decree asks for Times New Roman: install fonts-liberation2"
    yield "typeface", True, f"{face}{better}"
    there = config.data.is_dir()
    yield "data folder", there, str(config.data) if there else f"{config.data} does not exist yet"
    if there:
        free = shutil.disk_usage(config.data).free // 2**20
        yield "disk", free > 1024, f"{free} MiB free"
        keys = config.keys.is_dir()
        yield "keys", keys, str(config.keys) if keys else "no keys yet"
        if keys:
            yield from _trusted(config)
            yield from asyncio.run(_all(config))
            yield from asyncio.run(_kept(config))
