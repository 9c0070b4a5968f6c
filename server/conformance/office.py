"""A whole installation in a temporary folder, with the demo authority's people, in which the checks try things: the
same program, served on a port of this machine that nobody is told of, and taken away afterwards.

Nothing leaves the machine: there is no mail server, no relay, and the time-stamper is its own.
"""

import contextlib
import json
import socket
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
from aiohttp import ClientSession, CookieJar, web

from minutes import content
from minutes.blocks import Paragraph
from minutes.casefiles.case import Case, CaseState
from minutes.document import Document, Kind, Signer, State
from minutes.registers.entry import Incoming, Received
from minutes.starting import GAP
from minutes.text import TextContent
from minutes.workflow.relation import Deed
from rooms import Unit as RecordUnit
from server import auth, demo, directory
from server.app import build_app
from server.casefiles import CaseFiles
from server.config import (
    CaptionsConfig,
    Config,
    DatabaseConfig,
    ExchangeConfig,
    HistoricalConfig,
    HttpConfig,
    MailConfig,
    MediaConfig,
    SigningConfig,
    TurnConfig,
)
from server.database import Database
from server.describing import Describing
from server.directory import Account
from server.exchange import Exchange
from server.keys import CASE_FILES, DATABASE, DESCRIBING, EXCHANGE, RECORDS, REGISTERS, TOKENS, VAULT
from server.records import Records
from server.registers import Registers
from server.vault import Vault

CHAIR, SECRETARY, CLERK, DELEGATE = "hanh", "binh", "cuc", "dung"
ORGAN, PARTNER_ORGAN, PARTNER = "H41", "H41.12", demo.COMMUNES[0]
"""Identifiers on an exchange axis, which here is a folder, and the other authority at it."""
PARTNER_LEADER = "lanh-dao-thu"
UNIT = RecordUnit(demo.PROVINCE.id, demo.PROVINCE.name)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, whatever it is."""
        return self.body.decode(errors="replace")


@dataclass
class Office:
    """Given: the application that is served at `url`. `people`: all accounts by id. Documents that several checks look
    at are made once."""

    app: web.Application
    config: Config
    url: str
    people: dict[str, Account]
    _made: dict[str, str] = field(default_factory=dict)

    @property
    def records(self) -> Records:
        return self.app[RECORDS]

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    @property
    def vault(self) -> Vault:
        return self.app[VAULT]

    @property
    def registers(self) -> Registers:
        return self.app[REGISTERS]

    @property
    def case_files(self) -> CaseFiles:
        return self.app[CASE_FILES]

    @property
    def exchange(self) -> Exchange:
        return self.app[EXCHANGE]

    async def carry(self) -> None:
        """What the client of the exchange axis does: what is in the outbox goes to who is named, all of whom are here;
        before and after it everybody looks."""
        folder = self.config.exchange.folder
        assert folder is not None, "this office is connected"
        await self.exchange.look(auth.utcnow())
        (folder / "inbox").mkdir(parents=True, exist_ok=True)
        for path in sorted((folder / "outbox").glob("*.edxml")):
            path.replace(folder / "inbox" / path.name)
        await self.exchange.look(auth.utcnow())

    @property
    def describing(self) -> Describing:
        return self.app[DESCRIBING]

    def sign_in_code(self, person: str) -> str:
        """What signs an account in."""
        return self.app[TOKENS].sign_in(person, auth.utcnow())

    async def get(self, path: str, person: str = "", **headers: str) -> Answer:
        """A page as `person` (an account's id), or as a stranger, sees it. Redirects are not followed."""
        async with self._browser(person) as browser, browser.get(path, allow_redirects=False, headers=headers) as said:
            return Answer(said.status, dict(said.headers), await said.read())

    async def post(self, path: str, data: dict[str, str], person: str = "", **headers: str) -> Answer:
        """What is answered to a form."""
        async with (
            self._browser(person) as browser,
            browser.post(path, data=data, allow_redirects=False, headers=headers) as said,
        ):
            return Answer(said.status, dict(said.headers), await said.read())

    @contextlib.asynccontextmanager
    async def _browser(self, person: str) -> AsyncIterator[ClientSession]:
        async with ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), trust_env=False) as browser:
            if person:
                async with browser.post(
                    "/sign-in", data={"code": self.sign_in_code(person)}, allow_redirects=False
                ) as said:
                    if said.status != 303:
                        raise RuntimeError("signing in failed")
            yield browser

    async def draft(self, subject: str, kind: Kind = Kind.NOTICE, **fields: Any) -> str:
        """A draft of the secretary's; `fields` are those of TextContent. Its id."""
        text = TextContent(
            document_id="-",
            kind=kind,
            subject=subject,
            place_name=demo.PROVINCE.place,
            body=fields.pop("body", (Paragraph(0, "Văn bản này chỉ để thử Hệ thống."),)),
            closing="",
            recipients=("Ủy ban nhân dân các xã, phường", "Lưu: VT"),
            **fields,
        )
        leader = Signer("leader", CHAIR, self.people[CHAIR].name, ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"))
        by = self.people[SECRETARY]
        return await self.records.draft_text(kind, content.to_json(text), by, unit=UNIT, leader=leader)

    async def issue(self, document_id: str) -> Document:
        """Take a draft of the short way to the seal."""
        records, people = self.records, self.people
        await records.submit(document_id, by=people[SECRETARY])
        await records.approve(document_id, by=people[CHAIR])
        await records.sign(document_id, by=people[CHAIR], pin=demo.PIN)
        await records.seal(document_id, by=people[CLERK], pin=demo.PIN)
        return await records.get(document_id)

    async def issued(self) -> Document:
        """A sealed document that nobody has posted."""
        if "issued" not in self._made:
            drafted = await self.draft("Về việc thử Hệ thống quản lý tài liệu điện tử")
            self._made["issued"] = (await self.issue(drafted)).id
        return await self.records.get(self._made["issued"])

    async def recalled(self) -> tuple[Document, Document]:
        """A sealed document, and the one that recalls it."""
        if "old" not in self._made:
            old = await self.issue(await self.draft("Về việc thử thu hồi"))
            by = self.people[SECRETARY]
            drafted = await self.records.draft_change(old.id, Deed.RECALLS, by)
            text = json.dumps(await self.records.content_json(drafted), ensure_ascii=False).replace(GAP, "thử Hệ thống")
            await self.records.edit(drafted, json.loads(text), by=by, expected_version=1)
            self._made |= {"old": old.id, "recall": (await self.issue(drafted)).id}
        return await self.records.get(self._made["old"]), await self.records.get(self._made["recall"])

    async def open_case(self, title: str) -> Case:
        """A case file that the clerk opens."""
        clerk = self.people[CLERK]
        period = (await self.case_files.periods(UNIT.id))[0]
        return await self.case_files.get(UNIT.id, await self.case_files.open(clerk.unit, title, period.code, by=clerk))

    async def case(self) -> Case:
        """An open case file with two documents."""
        return await self._case_of("case", "Hồ sơ thử lập hồ sơ")

    async def closed_case(self) -> Case:
        """A closed one."""
        case = await self._case_of("closed case", "Hồ sơ thử kết thúc")
        if case.state is CaseState.OPEN:
            await self.case_files.close(UNIT.id, case.id, by=self.people[CLERK])
        return await self.case_files.get(UNIT.id, case.id)

    async def _case_of(self, name: str, title: str) -> Case:
        if name not in self._made:
            case = await self.open_case(title)
            for part in ("một", "hai"):
                document = await self.issue(await self.draft(f"Văn bản {part} của {title.lower()}"))
                number = document.number_symbol or "?"
                await self.case_files.put_in(UNIT.id, case.id, number, by=self.people[CLERK])
            self._made[name] = case.id
        return await self.case_files.get(UNIT.id, self._made[name])

    async def arrival(self) -> Incoming:
        """A document that came, with its file."""
        if "arrival" not in self._made:
            file = await self.records.pdf((await self.issued()).id)
            came = await self.arrive("123/BNV-VP", "V/v thử văn bản đến", file)
            self._made["arrival"] = str(came.number)
        today = self.registers.today
        return await self.registers.one_incoming(UNIT.id, today.year, int(self._made["arrival"]))

    async def arrive(self, symbol: str, subject: str, file: bytes | None = None) -> Incoming:
        """Another one."""
        clerk, today = self.people[CLERK], self.registers.today
        came = Received(today, "Bộ Nội vụ", symbol, today, "Công văn", subject, "")
        number = await self.registers.receive(clerk.unit, came, file, by=clerk, knowing=True)
        return await self.registers.one_incoming(UNIT.id, today.year, number)

    async def posted(self) -> Document:
        """The demo's sealed document, which everybody may read."""
        found = await self.records.documents(kind=Kind.DIRECTIVE, state=State.SEALED)
        return found[-1]


@dataclass(frozen=True, slots=True)
class Examined:
    """What checks look at: the installation that is asked about, which they only read, and the office to try things
    in."""

    config: Config
    database: Database
    office: Office


def words(pdf: bytes) -> str:
    """The text of all pages."""
    with contextlib.closing(pypdfium2.PdfDocument(pdf)) as opened:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in opened)


@contextlib.asynccontextmanager
async def opened(config: Config) -> AsyncIterator[Office]:
    """An office of this program. Its folder is taken away at the end. Raises SetupError."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="giaoban-conformance-")))
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = listener.getsockname()[1]
        data = folder / "giaoban-data"
        data.mkdir(mode=0o700)
        scratch = config.model_copy(
            update={
                "data": data,
                "content_keys": None,
                "http": HttpConfig(port=port),
                "database": DatabaseConfig(),
                "media": MediaConfig(host="127.0.0.1"),
                "turn": TurnConfig(),
                "captions": CaptionsConfig(),
                "mail": MailConfig(),
                "signing": SigningConfig(),
                "exchange": ExchangeConfig(
                    folder=folder / "axis",
                    organs={demo.PROVINCE.id: ORGAN, PARTNER.id: PARTNER_ORGAN},
                    partners={PARTNER_ORGAN: PARTNER.name},
                ),
                "historical": HistoricalConfig(folder=folder / "historical"),
            }
        )
        await demo.prepare(scratch)
        app = build_app(scratch)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            async with app[DATABASE].begin() as connection:
                await directory.add_account(connection, PARTNER_LEADER, "Lãnh đạo thử", "", PARTNER.id, ["leader"])
                people = {one.id: one for one in await directory.accounts(connection)}
            yield Office(app, scratch, scratch.base_url, people)
        finally:
            await runner.cleanup()
