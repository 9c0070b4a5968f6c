"""Composition: what the process owns, in start order, and the whole route table."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from functools import partial

from aiohttp import web
from sqlalchemy.exc import DatabaseError

from media import Endpoint
from minutes.keyring import Keyring
from minutes.trust import Trust
from server import auth, clients, signalling, whip
from server.administration import Administration
from server.auth import Identity, Tokens
from server.bulk_signing import BulkSigning
from server.casefiles import CaseFiles
from server.casefiles_disposal import Disposals
from server.casefiles_handing import HandingOver
from server.config import Config, archive_of
from server.csc import RemoteSigning
from server.database import Database
from server.deadlines import Deadlines
from server.describing import Describing
from server.disks import Disks
from server.editing.live import Editing
from server.erasing import Eraser
from server.errors import SetupError
from server.exchange import Exchange
from server.exchange_arrivals import Arrivals
from server.exchange_line import line_of
from server.exports import Exports
from server.historical import Historical
from server.incidents import Incidents
from server.jobs import Job
from server.keys import (
    ADMINISTRATION,
    BULK,
    CASE_FILES,
    CHECKS_RUNNING,
    CONFIG,
    DATABASE,
    DESCRIBING,
    DISKS,
    DISPOSALS,
    EDITING,
    ENDPOINT,
    ERASER,
    EXCHANGE,
    EXPORTS,
    HANDING,
    IDENTITY,
    INCIDENTS,
    JOBS,
    KEEPER,
    PAPERS,
    PIN_ATTEMPTS,
    POSTMAN,
    RECORDINGS,
    RECORDS,
    REFUSED,
    REGISTERS,
    REMOTE,
    SEATING,
    SITTINGS,
    SUBMITTING,
    TASKS,
    TOKENS,
    VAULT,
    WORD_FILES,
)
from server.mail import Postman
from server.middleware import identify, remember, surround
from server.page_reader import PageReader
from server.pages import (
    FORM_OCTETS,
    account,
    api,
    archive,
    attaching,
    casefiles,
    casegroups,
    casehanding,
    certificates,
    convening,
    council,
    described,
    desk,
    desk_new,
    disposal,
    editing,
    exchange,
    figures,
    founding,
    guests,
    incidents,
    incoming,
    line_check,
    meetings,
    office_days,
    papers,
    people,
    people_import,
    proceedings,
    public,
    recordings,
    redacting,
    registers,
    rights_log,
    search,
    seating,
    series,
    series_door,
    signing,
    signing_elsewhere,
    statics,
    task_lists,
    tasks,
    units,
    versions,
    vgca,
    word,
    workflow,
)  # fmt: skip
from server.papers import Papers
from server.rate import Attempts, Waiting
from server.recording_files import RecordingFiles
from server.records import Records
from server.records_keys import Keys, installed_keys
from server.registers import Registers
from server.renewal import Renewal
from server.retention import Retention
from server.revocation import REVOCATION_JOB, Revocation, with_fetched
from server.sealing import seal_older
from server.seating import Seating
from server.series import prepare_near
from server.sittings import Sittings
from server.stamping import stamp_waiting
from server.submitting import Submitting
from server.tasks import Tasks
from server.time_stamper import HttpTimeStamper
from server.turn import Relays
from server.uploads import UPLOADS, Uploads
from server.vault import open_vault
from server.vault_keeper import Keeper
from server.word_files import WordFiles


def build_app(config: Config) -> web.Application:
    """The application; what it owns is opened by its cleanup contexts and closed in reverse order."""
    app = web.Application(middlewares=[surround, identify, remember], client_max_size=FORM_OCTETS)
    app[CONFIG] = config
    app[TOKENS] = Tokens(auth.load_secret(config.secret_file))
    app[SEATING] = Seating()
    app[REFUSED] = Counter()
    app[PIN_ATTEMPTS] = Attempts(allowed=5, seconds=900)
    app[clients.PROXIES] = frozenset(config.http.proxies)
    app[clients.CODE_ATTEMPTS] = Attempts(allowed=clients.WRONG_CODES, seconds=clients.WITHIN)
    app[WORD_FILES] = WordFiles()
    app[UPLOADS] = Uploads(known=32, strangers=16)
    app[CHECKS_RUNNING] = Waiting(served=2, waiting=20)
    app.cleanup_ctx.extend([_database, _records, _editing, _papers, _incidents, _exchange, _mail, _media, _jobs])
    pages = (
        account,
        founding,
        rights_log,
        people_import,
        units,
        people,
        certificates,
        series,
        series_door,
        council,
        convening,
        guests,
        meetings,
        line_check,
        papers,
        recordings,
        exchange,
        incoming,
        registers,
        proceedings,
        public,
        redacting,
        editing,
        versions,
        word,
        attaching,
        desk,
        incidents,
        archive,
        disposal,
        casegroups,
        casefiles,
        casehanding,
        described,
        figures,
        desk_new,
        search,
        seating,
        signing,
        signing_elsewhere,
        vgca,
        office_days,
        workflow,
        statics,
        task_lists,
        tasks,
        api,
    )
    for module in (*pages, signalling, whip):
        app.router.add_routes(module.routes())
    app.on_shutdown.append(_hang_up)
    return app


async def _hang_up(app: web.Application) -> None:
    app[SITTINGS].hang_up()


async def _database(app: web.Application) -> AsyncIterator[None]:
    app[DATABASE] = Database(app[CONFIG].database_url)
    try:
        await app[DATABASE].migrate()
    except DatabaseError as error:
        await app[DATABASE].close()
        raise SetupError(f"The database cannot be used: {error.orig}.") from error
    app[IDENTITY] = Identity(app[DATABASE], app[TOKENS])
    app[TASKS] = Tasks(app[DATABASE])
    app[DISKS] = Disks(app[CONFIG], app[DATABASE])
    yield
    await app[DATABASE].close()


async def _records(app: web.Application) -> AsyncIterator[None]:
    keys = installed_keys(app[CONFIG])  # once: to open them takes longer than most of the start
    app[RECORDS] = open_records(app[CONFIG], app[DATABASE], keys)
    app[BULK] = BulkSigning()
    remote = app[CONFIG].signing.remote
    app[REMOTE] = RemoteSigning(remote.url, remote.client_id, remote.client_secret.get_secret_value())
    app[VAULT] = open_vault(app[CONFIG], app[DATABASE], keys)
    app[REGISTERS] = Registers(app[DATABASE], app[VAULT], auth.utcnow, PageReader(app[CONFIG].secrecy.ocr.command))
    config = app[CONFIG]
    app[RECORDINGS] = RecordingFiles(config.recordings, app[VAULT].archive.keys)
    app[CASE_FILES] = CaseFiles(app[DATABASE], app[VAULT], config.papers, app[RECORDINGS], auth.utcnow)
    historical = Historical(config.historical.folder) if config.historical.folder is not None else None
    app[HANDING] = HandingOver(app[DATABASE], auth.utcnow)
    app[SUBMITTING] = Submitting(app[DATABASE], app[CASE_FILES], historical, auth.utcnow)
    app[DESCRIBING] = Describing(app[DATABASE], app[VAULT].archive, app[CASE_FILES], auth.utcnow)
    app[KEEPER] = Keeper(app[VAULT])
    yield
    await app[BULK].close()


async def _editing(app: web.Application) -> AsyncIterator[None]:
    app[EDITING] = Editing(app[DATABASE], app[RECORDS])
    await app[EDITING].start()
    yield
    await app[EDITING].close()


async def _mail(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG]
    app[POSTMAN] = Postman(app[DATABASE], app[RECORDS], app[TOKENS], config.mail, config.base_url)
    app[POSTMAN].start()
    yield
    await app[POSTMAN].close()


def open_records(config: Config, database: Database, keys: Keys | None = None) -> Records:
    """The records use cases over this installation's archive and keys. `keys`: of this installation, where they are
    open already. Raises SetupError."""
    keys = keys or installed_keys(config)
    stamper = config.signing.time_stamper_url
    return Records(
        database,
        archive_of(config),
        with_fetched(keys.trust, config.keys / "trust", auth.utcnow()),
        HttpTimeStamper(stamper) if stamper else keys.time_stamper,
        keys.store,
        base_url=config.base_url,
        now=auth.utcnow,
        reader=PageReader(config.secrecy.ocr.command),
    )


async def _papers(app: web.Application) -> AsyncIterator[None]:
    app[PAPERS] = Papers(
        app[CONFIG].papers, app[DATABASE], Keyring(app[CONFIG].keyring), PageReader(app[CONFIG].secrecy.ocr.command)
    )
    await app[PAPERS].start()
    yield
    await app[PAPERS].close()


async def _incidents(app: web.Application) -> AsyncIterator[None]:
    config, vault = app[CONFIG], app[VAULT]
    app[ERASER] = Eraser(vault, config.papers, config.recordings)
    await app[ERASER].finish()
    app[INCIDENTS] = Incidents(
        vault, app[RECORDS], app[REGISTERS], app[EDITING], app[PAPERS], app[RECORDINGS], app[ERASER],
        config.quarantine, auth.utcnow,
    )  # fmt: skip
    await app[INCIDENTS].start()
    app[DISPOSALS] = Disposals(vault, app[RECORDS], app[ERASER], auth.utcnow)
    yield


async def _exchange(app: web.Application) -> AsyncIterator[None]:
    config, vault = app[CONFIG], app[VAULT]
    reader = PageReader(config.secrecy.ocr.command)
    arrivals = Arrivals(vault, reader, app[ERASER], auth.utcnow)
    line = line_of(config.exchange, config.exchange_token)
    app[EXCHANGE] = Exchange(app[DATABASE], vault.archive, line, config.exchange, arrivals, auth.utcnow)
    yield


async def _media(app: web.Application) -> AsyncIterator[None]:
    config = app[CONFIG].media
    try:
        app[ENDPOINT] = await Endpoint.open(
            host=config.host, port=config.port, public_addresses=config.public_addresses, workers=config.workers,
            native=config.native,
        )  # fmt: skip
    except OSError as error:
        where = f"{config.host}:{config.port}"
        raise SetupError(f"The media port {where} cannot be opened: {error.strerror}.") from error
    except ValueError as error:
        raise SetupError(f"media.host, media.port and media.public_addresses do not fit: {error}.") from error
    except ImportError as error:
        raise SetupError("media.native is true, but the native media core was not built (gcc?).") from error
    relays, files = Relays(app[CONFIG].turn), app[RECORDINGS]
    recogniser = app[CONFIG].captions.command
    app[SITTINGS] = Sittings(app[DATABASE], app[ENDPOINT], app[RECORDS], relays, app[PAPERS], files, recogniser)
    await app[SITTINGS].start()
    app[EXPORTS] = Exports(files)
    app[ADMINISTRATION] = Administration(app[DATABASE], app[SITTINGS], app[EDITING], auth.utcnow)
    yield
    await app[EXPORTS].close()
    await app[SITTINGS].close()
    await app[ENDPOINT].close()


async def _jobs(app: web.Application) -> AsyncIterator[None]:
    app[JOBS] = tuple(jobs(app, app[CONFIG]))
    for job in app[JOBS]:
        job.start()
    yield
    for job in app[JOBS]:
        await job.close()


async def _index_missing(app: web.Application, _now: datetime) -> None:
    """Have what is older than the search found too."""
    await app[RECORDS].index_missing()
    await app[REGISTERS].index_missing()


def jobs(app: web.Application, config: Config) -> Iterator[Job]:
    """What the server looks at by itself, and how often. The archive waits a little: a start has enough to do."""
    database, records = app[DATABASE], app[RECORDS]
    quarter, hour, day = 900.0, 3600.0, 86_400.0
    deadlines = Deadlines(database, app[POSTMAN])
    yield Job("deadlines", deadlines.look, every=quarter, failing="nobody is reminded")
    yield Job("offices", app[ADMINISTRATION].look, every=60.0, failing="offices do not end on their day")
    yield Job("series", partial(prepare_near, database), every=quarter, failing="no meeting is prepared")
    yield Job("stamping", lambda _: stamp_waiting(records), every=30.0, failing="what is sealed waits")
    yield app[EXCHANGE].job
    if app[SUBMITTING].connected:
        yield Job("historical", app[SUBMITTING].look, every=quarter, failing="the historical archive is not heard")
    yield Job("index", partial(_index_missing, app), every=day, first=30.0, failing="what is older is not found")
    yield Job("archive", app[KEEPER].look, every=60.0, first=30.0, failing="the archive is not looked after")
    renewal = Renewal(records, archive_of(config), config.signing.renew_days)
    yield Job("renewal", renewal.look, every=day, first=60.0, failing="no archive time-stamp is renewed")
    retention = Retention(database, config.recordings, app[EXPORTS], config.recording.keep_days)
    sealing = partial(seal_older, database, app[VAULT].archive, app[RECORDINGS])
    yield Job("sealing", sealing, every=day, first=45.0, failing="what was recorded in the clear stays so")
    yield Job("retention", retention.look, every=hour, failing="recordings are kept")
    if config.signing.revocation_hosts:
        trust = config.keys / "trust"
        told, hosts = (records, app[VAULT]), config.signing.revocation_hosts
        revocation = Revocation(database, told, Trust.load(trust), trust, hosts)
        yield Job(REVOCATION_JOB, revocation.refresh, every=hour, failing="revocation lists are not fetched")
        yield Job("ocsp", revocation.ask, every=hour / 3, first=hour / 3, failing="responders are not asked")
