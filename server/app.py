"""Composition: what the process owns, in start order, and the whole route table."""

from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import web
from sqlalchemy.exc import DatabaseError

from media import Endpoint
from minutes.archive import Archive
from minutes.errors import RecordError
from minutes.signing import http_time_stamper
from server import auth, records_keys, signalling, whip
from server.auth import Identity, Tokens
from server.config import Config
from server.database import Database
from server.errors import SetupError
from server.exports import Exports
from server.keys import (
    CHECKS_RUNNING,
    CONFIG,
    DATABASE,
    ENDPOINT,
    EXPORTS,
    IDENTITY,
    PIN_ATTEMPTS,
    RECORDS,
    REFUSED,
    SITTINGS,
    TOKENS,
)
from server.middleware import identify, surround
from server.pages import account, api, desk, meetings, public, recordings
from server.rate import Attempts, Waiting
from server.records import Records
from server.sittings import Sittings
from server.turn import Relays
from web import STATIC


def build_app(config: Config) -> web.Application:
    """The application; what it owns is opened by its cleanup contexts and closed in reverse order."""
    app = web.Application(middlewares=[surround, identify], client_max_size=51 * 2**20)
    app[CONFIG] = config
    app[TOKENS] = Tokens(auth.load_secret(config.secret_file))
    app[REFUSED] = Counter()
    app[PIN_ATTEMPTS] = Attempts(allowed=5, seconds=900)
    app[CHECKS_RUNNING] = Waiting(served=2, waiting=20)
    app.cleanup_ctx.extend([_database, _records, _media])
    for module in (public, account, meetings, recordings, desk, api, signalling, whip):
        app.router.add_routes(module.routes())
    app.router.add_static("/static/", STATIC, append_version=False)
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
    yield
    await app[DATABASE].close()


async def _records(app: web.Application) -> AsyncIterator[None]:
    app[RECORDS] = open_records(app[CONFIG], app[DATABASE])
    yield


def open_records(config: Config, database: Database) -> Records:
    """The records use cases over this installation's archive and keys."""
    try:
        keys = records_keys.open_keys(config.keys)
    except (OSError, ValueError, RecordError) as error:
        raise SetupError(
            f"The keys in {config.keys} are missing or damaged; `giaoban demo` makes demo keys."
        ) from error
    stamper = config.signing.time_stamper_url
    return Records(
        database,
        Archive(config.archive),
        keys.trust,
        http_time_stamper(stamper) if stamper else keys.time_stamper,
        keys.store,
        base_url=config.base_url,
        now=auth.utcnow,
    )


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
    relays, folder = Relays(app[CONFIG].turn), app[CONFIG].recordings
    app[SITTINGS] = Sittings(app[DATABASE], app[ENDPOINT], app[RECORDS], relays, folder)
    await app[SITTINGS].start()
    app[EXPORTS] = Exports(app[CONFIG].recordings)
    yield
    await app[EXPORTS].close()
    await app[SITTINGS].close()
    await app[ENDPOINT].close()
