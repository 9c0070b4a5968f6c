"""Typed keys of what the application holds (aiohttp AppKey)."""

from collections import Counter

from aiohttp import web

from media import Endpoint
from server.administration import Administration
from server.auth import Identity, Tokens
from server.bulk_signing import BulkSigning
from server.casefiles import CaseFiles
from server.casefiles_disposal import Disposals
from server.casefiles_handing import HandingOver
from server.config import Config
from server.csc import RemoteSigning
from server.database import Database
from server.describing import Describing
from server.disks import Disks
from server.editing.live import Editing
from server.erasing import Eraser
from server.exchange import Exchange
from server.exports import Exports
from server.incidents import Incidents
from server.jobs import Job
from server.mail import Postman
from server.papers import Papers
from server.rate import Attempts, Waiting
from server.recording_files import RecordingFiles
from server.records import Records
from server.registers import Registers
from server.seating import Seating
from server.sittings import Sittings
from server.submitting import Submitting
from server.tasks import Tasks
from server.vault import Vault
from server.vault_keeper import Keeper
from server.word_files import WordFiles

ADMINISTRATION = web.AppKey("administration", Administration)
CASE_FILES = web.AppKey("case_files", CaseFiles)
HANDING = web.AppKey("handing", HandingOver)
SUBMITTING = web.AppKey("submitting", Submitting)
CONFIG = web.AppKey("config", Config)
DESCRIBING = web.AppKey("describing", Describing)
DISKS = web.AppKey("disks", Disks)
DATABASE = web.AppKey("database", Database)
TOKENS = web.AppKey("tokens", Tokens)
IDENTITY = web.AppKey("identity", Identity)
RECORDS = web.AppKey("records", Records)
EDITING = web.AppKey("editing", Editing)
ENDPOINT = web.AppKey("endpoint", Endpoint)
EXCHANGE = web.AppKey("exchange", Exchange)
EXPORTS = web.AppKey("exports", Exports)
PAPERS = web.AppKey("papers", Papers)
SEATING = web.AppKey("seating", Seating)
TASKS = web.AppKey("tasks", Tasks)
RECORDINGS = web.AppKey("recordings", RecordingFiles)
SITTINGS = web.AppKey("sittings", Sittings)
REGISTERS = web.AppKey("registers", Registers)
VAULT = web.AppKey("vault", Vault)
KEEPER = web.AppKey("keeper", Keeper)
JOBS = web.AppKey("jobs", tuple[Job, ...])
DISPOSALS = web.AppKey("disposals", Disposals)
ERASER = web.AppKey("eraser", Eraser)
INCIDENTS = web.AppKey("incidents", Incidents)
POSTMAN = web.AppKey("postman", Postman)
BULK = web.AppKey("bulk", BulkSigning)
REMOTE = web.AppKey("remote", RemoteSigning)
PIN_ATTEMPTS = web.AppKey("pin_attempts", Attempts)
CHECKS_RUNNING = web.AppKey("checks_running", Waiting)
WORD_FILES = web.AppKey("word_files", WordFiles)
REFUSED = web.AppKey("refused", Counter[str])
