"""What an account finds: documents and the proceedings of meetings, never one that `may` refuses."""

from dataclasses import dataclass
from datetime import date

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.document import Document, State
from minutes.redaction import store as renditions
from minutes.registers import store as registers
from minutes.registers.entry import Incoming
from minutes.searching import store as searching
from minutes.searching.entry import Subject, mark, signer_marks
from minutes.searching.query import Term, parse
from minutes.searching.shown import Shown, shown
from minutes.searching.store import Ask, Hit
from minutes.workflow import store as workflow
from rooms import store as rooms_store
from rooms.store import MeetingEntry
from server.database import Database
from server.directory import Account
from server.pages.desk_acts import access
from server.recordings import KINDS, keepers
from server.rights import MeetingAccess, may, reach

log = structlog.get_logger("giaoban.search")

PAGE_SIZE = 20
NO_NAME = "?"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for: `text` as typed, the rest are filters, "" and None where there is none.

    `kind` is a Kind's value, "meeting" for proceedings, "received" for what came; `unit` and `meeting` are ids,
    `signer` words of a name. `year` is that of issue, or of the draft. `newest`: by date, not by likeness.
    """

    text: str = ""
    kind: str = ""
    unit: str = ""
    state: State | None = None
    signer: str = ""
    meeting: str = ""
    year: int | None = None
    since: date | None = None
    until: date | None = None
    newest: bool = False

    @property
    def marks(self) -> frozenset[str]:
        """The filters as marks."""
        state = self.state.value if self.state else ""
        year = "" if self.year is None else str(self.year)
        one_each = (("k", self.kind), ("n", self.unit), ("s", state), ("m", self.meeting), ("y", year))
        marks = {mark(kind, value) for kind, value in one_each if value}
        if self.signer.strip():
            # What has no letter or digit is nobody's name.
            marks |= signer_marks(self.signer) or {mark("i", NO_NAME)}
        return frozenset(marks)


@dataclass(frozen=True, slots=True)
class Result:
    """One that was found, exactly one of `document`, `meeting` and `received`. `posted`: it is read on the public pages
    only."""

    shown: Shown
    document: Document | None = None
    meeting: MeetingEntry | None = None
    received: Incoming | None = None
    unit: str = ""
    """Whose register has what came, where it is not that of the asker's own unit."""
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """One page of them; `page` counts from 1. `more`: there are more than `total`."""

    items: tuple[Result, ...]
    page: int
    pages: int
    total: int
    more: bool


async def search(database: Database, account: Account, wanted: Wanted, page: int) -> Results:
    """What `account` may read of what is wanted. Nothing is found where nothing is asked for."""
    terms, marks = parse(wanted.text), wanted.marks
    if not terms and (wanted.text.strip() or not (marks or wanted.since or wanted.until)):
        return Results((), 1, 1, 0, more=False)
    ask = Ask(terms, reach(account), marks, wanted.since, wanted.until)
    async with database.read() as connection:
        keys = await searching.find(connection, ask, newest=wanted.newest)
        total = min(len(keys), searching.MOST)
        first = (page - 1) * PAGE_SIZE
        hits = await searching.hits(connection, keys[:total][first : first + PAGE_SIZE])
        documents = await store.several(connection, [one.id for one in hits if one.subject is Subject.DOCUMENT])
        items = []
        for hit in hits:
            if hit.subject is Subject.RECEIVED:
                found = await _received(connection, account, hit, terms)
            elif hit.subject is Subject.MEETING:
                found = await _meeting(connection, account, hit, terms)
            else:
                found = await _document(connection, account, documents.get(hit.id), hit, terms)
            if found is None:
                log.error("the index offered what may not be read", subject=hit.subject, id=hit.id)
            else:
                items.append(found)
    return Results(tuple(items), page, max(1, -(-total // PAGE_SIZE)), total, len(keys) > searching.MOST)


async def _document(
    connection: AsyncConnection, account: Account, document: Document | None, hit: Hit, terms: tuple[Term, ...]
) -> Result | None:
    if document is None:
        return None
    read = may(account, "document.read", access(document)) or may(
        account, "document.read", access(document, await workflow.asked(connection, document.id))
    )
    if not read and not document.published:
        return None
    return Result(shown(await _title(connection, document, read), hit.text, terms), document=document, posted=not read)


async def _title(connection: AsyncConnection, document: Document, read: bool) -> str:
    """The subject of what the asker will see: strangers are told nothing that was left out of a rendition."""
    if read or document.rendition is None:
        return document.title
    return (await renditions.get(connection, document.rendition)).title


async def _received(connection: AsyncConnection, account: Account, hit: Hit, terms: tuple[Term, ...]) -> Result | None:
    unit_id, year, number = hit.id.rsplit("/", 2)
    if not may(account, "register.read", unit_id):
        return None
    one = await registers.one_incoming(connection, unit_id, int(year), int(number))
    return Result(
        shown(one.received.subject, hit.text, terms), received=one, unit="" if unit_id == account.unit.id else unit_id
    )


async def _meeting(connection: AsyncConnection, account: Account, hit: Hit, terms: tuple[Term, ...]) -> Result | None:
    entry = await rooms_store.get_meeting(connection, hit.id)
    if entry is None:
        return None
    facts = await rooms_store.facts(connection, hit.id, KINDS)
    if not may(account, "proceedings.read", MeetingAccess(entry.meeting.room, keepers(entry.meeting, facts))):
        return None
    return Result(shown(entry.meeting.title, hit.text, terms), meeting=entry)
