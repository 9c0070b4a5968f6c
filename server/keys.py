"""Typed keys of what the application holds (aiohttp AppKey)."""

from collections import Counter

from aiohttp import web

from media import Endpoint
from server.auth import Identity, Tokens
from server.config import Config
from server.database import Database
from server.exports import Exports
from server.rate import Attempts, Waiting
from server.records import Records
from server.sittings import Sittings

CONFIG = web.AppKey("config", Config)
DATABASE = web.AppKey("database", Database)
TOKENS = web.AppKey("tokens", Tokens)
IDENTITY = web.AppKey("identity", Identity)
RECORDS = web.AppKey("records", Records)
ENDPOINT = web.AppKey("endpoint", Endpoint)
EXPORTS = web.AppKey("exports", Exports)
SITTINGS = web.AppKey("sittings", Sittings)
PIN_ATTEMPTS = web.AppKey("pin_attempts", Attempts)
CHECKS_RUNNING = web.AppKey("checks_running", Waiting)
REFUSED = web.AppKey("refused", Counter[str])
