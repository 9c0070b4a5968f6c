"""Sends what stands in the outbox: one job a process, a bounded number of tries with growing pauses."""

import html
from datetime import datetime, timedelta
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from urllib.parse import quote

import aiosmtplib
import structlog

from minutes.errors import RecordError
from server import outbox
from server.auth import Tokens, utcnow
from server.config import ADDRESS, MailConfig
from server.database import Database
from server.jobs import Job
from server.letters import URGENT
from server.outbox import LINK, Letter, Mail, MailState
from server.records import Records

log = structlog.get_logger("giaoban.mail")

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
"""Before the second try and the following; after the last one a mail is given up: nine hours."""
BATCH = 50
IDLE = 30.0
TIMEOUT = 30.0
CLOSING = 2.0


class _Written(EmailPolicy):
    """Lines end as SMTP wants it. The subject is folded by the older module: the newer one loses a space where an
    encoded word meets another."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject":
            return super().fold_binary(name, value)
        encoded = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{self.linesep}".encode("ascii")


_WRITTEN = _Written(linesep="\r\n")


class Postman:
    """Given: database, records, tokens. Owned: the job that sends."""

    def __init__(self, database: Database, records: Records, tokens: Tokens, config: MailConfig, base_url: str) -> None:
        self._database = database
        self._records = records
        self._tokens = tokens
        self._config = config
        self._base_url = base_url
        self._closing = False
        self._job = Job("mail", self._deliver_all, every=IDLE, failing="no mail is sent")

    @property
    def sends(self) -> bool:
        """Whether this installation sends mail at all."""
        return bool(self._config.host)

    @property
    def first_state(self) -> MailState:
        """The state in which a letter is put into the outbox."""
        return MailState.WAITING if self.sends else MailState.HELD

    def start(self) -> None:
        """Begin to send, if this installation does."""
        if self.sends:
            self._job.start()

    def wake(self) -> None:
        """There is new mail."""
        self._job.wake()

    async def close(self) -> None:
        """Stop after the mail that is under way; what is not sent goes out after the next start."""
        self._closing = True
        await self._job.close(CLOSING)

    async def _deliver_all(self, now: datetime) -> None:
        while await self.deliver(now) and not self._closing:
            now = utcnow()

    async def deliver(self, now: datetime) -> int:
        """Try to send what is due, over one connection. Returns how many were sent or given up."""
        async with self._database.read() as connection:
            mails = await outbox.due(connection, now, BATCH)
        if not mails:
            return 0
        config = self._config
        client = aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            use_tls=config.security == "tls",
            start_tls=config.security == "starttls",
            username=config.username or None,
            password=config.password.get_secret_value() or None,
            timeout=TIMEOUT,
        )
        try:
            async with client:
                return sum([await self._send(client, mail, now) for mail in mails if not self._closing])
        except (aiosmtplib.SMTPException, OSError) as error:
            # The connection itself: every mail that is still waiting has had its try.
            async with self._database.read() as connection:
                left = await outbox.due(connection, now, BATCH)
            ids = {mail.id for mail in mails}
            return sum([await self._missed(mail, now, error, for_good=False) for mail in left if mail.id in ids])

    async def _send(self, client: aiosmtplib.SMTP, mail: Mail, now: datetime) -> bool:
        try:
            message = await self.message(mail, now)
            await client.sendmail(self._config.sender, mail.letter.address, message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            refused = error.recipients[0]
            return await self._missed(mail, now, refused, for_good=refused.code >= 500)
        except aiosmtplib.SMTPResponseException as error:
            return await self._missed(mail, now, error, for_good=error.code >= 500)
        except (RecordError, ValueError) as error:
            return await self._missed(mail, now, error, for_good=True)
        async with self._database.begin() as connection:
            await outbox.mark(connection, mail.id, state=MailState.SENT.value, sent_at=utcnow(), error="")
        return True

    async def _missed(self, mail: Mail, now: datetime, error: Exception, *, for_good: bool) -> bool:
        """Write down a try that came to nothing; True if it was the last. `for_good`: what is refused with 5yz (RFC
        5321, 4.2.1), or cannot even be written, will not get better; a password that is wrong can be put right."""
        code = error.code if isinstance(error, aiosmtplib.SMTPResponseException) else None
        last = for_good or mail.tries >= len(PAUSES)
        log.warning("a mail was not sent", mail=mail.id, error=type(error).__name__, code=code, given_up=last)
        told = f"{code} {error.message}" if isinstance(error, aiosmtplib.SMTPResponseException) else str(error)
        async with self._database.begin() as connection:
            await outbox.mark(
                connection,
                mail.id,
                state=(MailState.FAILED if last else MailState.WAITING).value,
                tries=mail.tries + 1,
                error=" ".join(told.split())[:200],
                due_at=now if last else now + PAUSES[mail.tries],
            )
        return last

    async def message(self, mail: Mail, now: datetime) -> EmailMessage:
        """The mail as it is sent, with the personal link in its place: text, HTML and calendar as alternatives, the
        sealed document attached. Raises ValueError for an address that cannot stand in a header."""
        letter, config = mail.letter, self._config
        if not ADDRESS.fullmatch(letter.address):
            raise ValueError("no mail address")
        link = self._link(letter, now)
        domain = config.sender.rpartition("@")[2]
        message = EmailMessage(policy=_WRITTEN)
        message["From"] = Address(letter.sender_name, addr_spec=config.sender)
        message["To"] = Address(letter.name, addr_spec=letter.address)
        message["Subject"] = letter.subject
        message["Date"] = mail.created_at
        message["Message-ID"] = f"<giaoban-{mail.id}-{letter.meeting_id}@{domain}>"
        if letter.subject.startswith(URGENT):
            message["Importance"], message["X-Priority"] = "high", "1"  # RFC 2156; the other is the custom of programs
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notices, please
        message.set_content(letter.text.replace(LINK, link))
        message.add_alternative(letter.html.replace(LINK, html.escape(link)), subtype="html")
        if letter.calendar:
            message.add_alternative(
                letter.calendar.encode(), maintype="text", subtype="calendar",
                params={"method": letter.method, "charset": "utf-8"},
            )  # fmt: skip
        if letter.document_id is not None:
            document = await self._records.get(letter.document_id)
            name = f"{(document.number_symbol or document.id).replace('/', '-')}.pdf"
            data = await self._records.pdf(letter.document_id)
            message.add_attachment(data, maintype="application", subtype="pdf", filename=name)
        return message

    def _link(self, letter: Letter, now: datetime) -> str:
        """Made only now, so that no table keeps it; the secret stands behind "#", which browsers do not send."""
        lifetime = max(letter.link_until - now, timedelta(hours=1))
        if letter.room is not None:
            token = self._tokens.room(letter.room, letter.name, "guest", letter.person_id, now, lifetime)
            return f"{self._base_url}/sign-in#{token}"
        token = self._tokens.sign_in(letter.person_id, now, lifetime)
        return f"{self._base_url}/sign-in?next={quote(letter.path, safe='')}#{token}"
