"""Mail leaves over SMTP to a real server: text, HTML, calendar and sealed document; refused mail is tried again."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from icalendar import Calendar

from rooms.proceedings import AgendaItem, Meeting, MeetingKind, Person, Role, Unit
from server import auth, directory, outbox
from server import config as settings
from server.config import ADDRESS, MailConfig
from server.errors import Problem, SetupError
from server.keys import DATABASE, RECORDS, TOKENS
from server.letters import Addressee, Occasion, Occurrence, letters, welcome
from server.mail import PAUSES, Postman
from server.outbox import LINK, MailState
from tests.installation import free_port
from tests.server.conftest import Server

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
PROVINCE, COMMUNE = Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn"), Unit("ta-nang", "UBND xã Tà Năng")
DUNG = Person("dung", "Lò Văn Dũng", "Chủ tịch UBND xã", COMMUNE, Role.DELEGATE)
MEETING = Meeting(
    id="m-1",
    room="hop-1",
    title="Họp giao ban tháng 12",
    place="Trụ sở UBND tỉnh",
    authority=PROVINCE,
    starts_at=datetime(2026, 12, 10, 1, 30, tzinfo=UTC),
    chair=Person("hanh", "Nguyễn Thị Hạnh", "Phó Chủ tịch UBND tỉnh", PROVINCE, Role.CHAIR),
    secretary=Person("binh", "Trần Văn Bình", "Chuyên viên", PROVINCE, Role.SECRETARY),
    invited=(DUNG,),
    agenda=(
        AgendaItem("item-1", "Phòng, chống rét", "Sở Nông nghiệp", 20),
        AgendaItem("item-2", "Việc <khác>", "", 15),
    ),
)


@dataclass
class Postbox:
    """A mail server that keeps what it gets; `answer` is what it says to the next recipients."""

    port: int
    answer: str = "250 OK"
    got: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


@pytest_asyncio.fixture
async def postbox() -> AsyncIterator[Postbox]:
    box = Postbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def postman(server: Server, port: int, **changes: object) -> Postman:
    found = MailConfig.model_validate(
        {"host": "127.0.0.1", "port": port, "security": "none", "sender": "vanphong@lam-son.example", **changes}
    )
    app = server.app
    return Postman(app[DATABASE], app[RECORDS], app[TOKENS], found, "https://hop.lam-son.example")


async def written(
    server: Server,
    occasion: Occasion = "invited",
    state: MailState = MailState.WAITING,
    at: datetime = NOW,
    meeting: Meeting = MEETING,
    **more: str,
) -> None:
    told = Occurrence(
        occasion, meeting, 0, NOW, "https://hop.lam-son.example/meetings/m-1", "vanphong@lam-son.example", **more
    )
    async with server.app[DATABASE].begin() as connection:
        await outbox.put(connection, letters(told, [Addressee(DUNG, "dung@ta-nang.example", guest=False)]), state, at)


async def states(server: Server) -> list[tuple[MailState, int]]:
    async with server.app[DATABASE].read() as connection:
        return [(mail.state, mail.tries) for mail in await outbox.of_meeting(connection, "m-1")]


def part(message: EmailMessage, kind: str) -> str:
    (found,) = [one for one in message.walk() if one.get_content_type() == kind]
    assert isinstance(found, EmailMessage)
    content = found.get_content()
    return content if isinstance(content, str) else content.decode()


async def test_an_invitation_arrives_as_text_html_and_calendar(server: Server, postbox: Postbox) -> None:
    await written(server)
    assert await postman(server, postbox.port).deliver(NOW) == 1
    (mail,) = postbox.got
    assert str(mail["To"]) == "Lò Văn Dũng <dung@ta-nang.example>"
    assert str(mail["From"]) == "Ủy ban nhân dân tỉnh Lâm Sơn <vanphong@lam-son.example>"
    assert str(mail["Subject"]) == "Giấy mời: Họp giao ban tháng 12, 08 giờ 30, ngày 10/12/2026"
    assert (mail["Importance"], mail["X-Priority"]) == (None, None)
    text = part(mail, "text/plain")
    assert "Kính gửi: đồng chí Lò Văn Dũng, Chủ tịch UBND xã Tà Năng" in text
    assert "Thời gian: 08 giờ 30 phút, ngày 10 tháng 12 năm 2026 (thứ Năm)" in text
    assert "1. Phòng, chống rét (Sở Nông nghiệp; 20 phút)\n2. Việc <khác> (15 phút)\n" in text.replace("\r\n", "\n")
    assert "Việc &lt;khác&gt;" in part(mail, "text/html")
    (event,) = Calendar.from_ical(part(mail, "text/calendar")).walk("VEVENT")
    assert str(event["ATTENDEE"]) == "mailto:dung@ta-nang.example"
    assert await states(server) == [(MailState.SENT, 0)]


async def test_an_emergency_is_marked_urgent_for_people_and_for_programs(server: Server, postbox: Postbox) -> None:
    await written(server, meeting=replace(MEETING, kind=MeetingKind.EMERGENCY))
    await postman(server, postbox.port).deliver(NOW)
    (mail,) = postbox.got
    assert str(mail["Subject"]).startswith("KHẨN: Giấy mời: ")
    assert (mail["Importance"], mail["X-Priority"]) == ("high", "1")
    (event,) = Calendar.from_ical(part(mail, "text/calendar")).walk("VEVENT")
    assert event["PRIORITY"] == 1


async def test_the_personal_link_signs_in_and_stands_only_in_what_is_sent(server: Server, postbox: Postbox) -> None:
    await written(server)
    await postman(server, postbox.port).deliver(NOW)
    found = re.search(r"https://\S+", part(postbox.got[0], "text/plain"))
    assert found is not None
    address, _, secret = found.group().partition("#")
    assert address == "https://hop.lam-son.example/sign-in?next=%2Fmeetings%2Fm-1"
    claims = server.app[TOKENS].read(secret, NOW)
    assert (claims["use"], claims["sub"]) == ("sign-in", "dung")
    assert claims["exp"] == (MEETING.starts_at + timedelta(days=7)).timestamp()
    async with server.app[DATABASE].read() as connection:
        (kept,) = await outbox.of_meeting(connection, "m-1")
    assert LINK in kept.letter.text
    assert secret not in repr(kept)


async def test_the_link_of_a_guest_leads_into_that_room_alone(server: Server, postbox: Postbox) -> None:
    guest = Addressee(Person("g-1", "Minh", "", Unit("", "Khách mời"), Role.GUEST), "minh@xa.example", guest=True)
    told = Occurrence("invited", MEETING, 0, NOW, "https://hop.lam-son.example/meetings/m-1", "a@lam-son.example")
    async with server.app[DATABASE].begin() as connection:
        await outbox.put(connection, letters(told, [guest]), MailState.WAITING, NOW)
    await postman(server, postbox.port).deliver(NOW)
    found = re.search(r"/sign-in#(\S+)", part(postbox.got[0], "text/plain"))
    assert found is not None
    claims = server.app[TOKENS].read(found[1], NOW)
    assert (claims["use"], claims["room"], claims["role"], claims["sub"]) == ("room", "hop-1", "guest", "g-1")


async def test_a_cancelled_meeting_is_told_with_its_reason_and_without_a_link(server: Server, postbox: Postbox) -> None:
    await written(server, "cancelled", reason="Lãnh đạo đi chống lũ")
    await postman(server, postbox.port).deliver(NOW)
    (mail,) = postbox.got
    assert "Lý do: Lãnh đạo đi chống lũ" in part(mail, "text/plain")
    assert "/sign-in" not in part(mail, "text/plain") + part(mail, "text/html")
    assert "METHOD:CANCEL" in part(mail, "text/calendar")
    (calendar,) = [one for one in mail.walk() if one.get_content_type() == "text/calendar"]
    assert calendar.get_param("method") == "CANCEL"


async def test_what_is_put_off_is_tried_again_with_growing_pauses_and_given_up(
    server: Server, postbox: Postbox
) -> None:
    await written(server)
    postbox.answer = "451 busy"
    man, at = postman(server, postbox.port), NOW
    for tries, pause in enumerate(PAUSES, 1):
        assert await man.deliver(at) == 0
        assert await states(server) == [(MailState.WAITING, tries)]
        assert await man.deliver(at + pause - timedelta(seconds=1)) == 0
        assert await states(server) == [(MailState.WAITING, tries)], "too early"
        at += pause
    assert await man.deliver(at) == 1
    assert await states(server) == [(MailState.FAILED, len(PAUSES) + 1)]
    assert not postbox.got


async def test_a_recipient_refused_for_good_is_not_tried_again(server: Server, postbox: Postbox) -> None:
    await written(server)
    postbox.answer = "550 no such mailbox"
    assert await postman(server, postbox.port).deliver(NOW) == 1
    assert await states(server) == [(MailState.FAILED, 1)]
    async with server.app[DATABASE].read() as connection:
        (mail,) = await outbox.of_meeting(connection, "m-1")
    assert mail.error == "550 no such mailbox"


@pytest.mark.parametrize("address", ["bad address@x", "a@b..vn", "a@b@c", "@", "a@[1", "a@bưu.vn", "<a@b.vn>"])
async def test_one_refused_recipient_does_not_keep_the_others_from_theirs(
    server: Server, postbox: Postbox, address: str
) -> None:
    told = Occurrence("invited", MEETING, 0, NOW, "https://hop.lam-son.example/meetings/m-1", "a@lam-son.example")
    people = [Addressee(DUNG, address, guest=False), Addressee(DUNG, "dung@ta-nang.example", guest=False)]
    async with server.app[DATABASE].begin() as connection:
        await outbox.put(connection, letters(told, people), MailState.WAITING, NOW)
    await postman(server, postbox.port).deliver(NOW)
    assert [str(mail["To"]) for mail in postbox.got] == ["Lò Văn Dũng <dung@ta-nang.example>"]
    assert sorted(state for state, _ in await states(server)) == [MailState.FAILED, MailState.SENT]


async def test_mail_waits_for_a_server_that_does_not_answer(server: Server, postbox: Postbox) -> None:
    await written(server)
    assert await postman(server, free_port()).deliver(NOW) == 0
    assert await states(server) == [(MailState.WAITING, 1)]
    assert await postman(server, postbox.port).deliver(NOW + PAUSES[0]) == 1
    assert len(postbox.got) == 1


async def test_without_encryption_where_it_is_wanted_nothing_is_sent(server: Server, postbox: Postbox) -> None:
    await written(server)
    await postman(server, postbox.port, security="starttls").deliver(NOW)
    assert not postbox.got
    assert (await states(server))[0][0] is MailState.WAITING


async def test_over_tls_with_a_password_where_the_server_demands_both(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, context = certificate(tmp_path), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    box = Postbox(free_port())

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object) -> AuthResult:
        right = isinstance(given, LoginPassword) and given.password == b"mat-khau"
        return AuthResult(success=right, handled=False)

    controller = Controller(
        box, hostname="127.0.0.1", port=box.port, tls_context=context, require_starttls=True, auth_required=True,
        authenticator=check,
    )  # fmt: skip
    controller.start()
    try:
        await written(server)
        secure = {"security": "starttls", "username": "giaoban", "password": "mat-khau"}
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        await postman(server, box.port, **secure | {"password": "sai"}).deliver(NOW)
        assert not box.got
        assert await postman(server, box.port, **secure).deliver(NOW + PAUSES[0]) == 1
        assert len(box.got) == 1
    finally:
        controller.stop()


async def test_encrypted_from_the_first_byte_and_only_to_a_server_whose_certificate_is_vouched_for(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, context = certificate(tmp_path), ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    box = Postbox(free_port())
    listening = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", box.port, ssl=context)
    async with listening:
        await written(server)
        await postman(server, box.port, security="tls").deliver(NOW)
        assert (box.got, (await states(server))[0][0]) == ([], MailState.WAITING), "a certificate of nobody's"
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        assert await postman(server, box.port, security="tls").deliver(NOW + PAUSES[0]) == 1
        assert len(box.got) == 1


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, with its key, as one PEM file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smtp")])
    now = auth.utcnow()
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "smtp.pem"
    file.write_bytes(private + made.public_bytes(pem))
    return file


async def test_a_sign_in_link_that_an_administrator_sends_signs_in_until_its_day(
    server: Server, postbox: Postbox
) -> None:
    async with server.app[DATABASE].begin() as connection:
        binh = await directory.account(connection, "binh")
        assert binh is not None
        letter = welcome(binh, NOW + timedelta(days=7), "Phạm Thu Cúc")
        await outbox.put(connection, [letter], MailState.WAITING, NOW)
    assert LINK in letter.text, "the row has no secret"
    assert await postman(server, postbox.port).deliver(NOW) == 1
    (mail,) = postbox.got
    text = part(mail, "text/plain")
    assert "Người cấp: Phạm Thu Cúc." in text
    found = re.search(r"https://hop\.lam-son\.example/sign-in\?next=%2Fmeetings#(\S+)", text)
    assert found is not None
    assert server.app[TOKENS].read(found[1], NOW + timedelta(days=6))["sub"] == "binh"
    with pytest.raises(Problem, match="bad_token"):
        server.app[TOKENS].read(found[1], NOW + timedelta(days=8))


async def test_the_job_sends_by_itself_what_is_put_into_the_outbox(server: Server, postbox: Postbox) -> None:
    man = postman(server, postbox.port)
    man.start()
    await written(server, at=auth.utcnow())
    man.wake()
    async with asyncio.timeout(10):
        while not postbox.got:
            await asyncio.sleep(0.01)
    await man.close()


async def test_held_mail_is_never_sent_by_itself(server: Server, postbox: Postbox) -> None:
    await written(server, state=MailState.HELD)
    assert await postman(server, postbox.port).deliver(NOW) == 0
    async with server.app[DATABASE].begin() as connection:
        await outbox.again(connection, "m-1", NOW)
    assert await postman(server, postbox.port).deliver(NOW) == 1
    assert len(postbox.got) == 1


@pytest.mark.parametrize("local", ["a", "van.phong", "o'neil+x", "a" * 64])
@pytest.mark.parametrize("domain", ["vn", "lam-son.gov.vn", "x1.y2.example", "d" * 63 + ".vn"])
def test_what_is_taken_for_an_address_can_stand_in_a_header(local: str, domain: str) -> None:
    assert ADDRESS.fullmatch(f"{local}@{domain}")
    assert Address("N", addr_spec=f"{local}@{domain}").domain == domain


@pytest.mark.parametrize(
    "address",
    ["a@b..vn", "a..b@c.vn", ".a@c.vn", "a.@c.vn", "a@.vn", "a@c.vn.", "a@c", "a" * 65 + "@c.vn", "a@" + "b" * 253],
)
def test_what_cannot_is_told_to_who_types_it(address: str) -> None:
    assert not ADDRESS.fullmatch(address)


def test_mail_is_off_until_a_server_is_named_and_a_sender_must_be_too() -> None:
    assert not settings.load(None).mail.host
    with pytest.raises(SetupError, match=r"mail\.sender"):
        settings.load(None, mail={"host": "smtp.example"})
    with pytest.raises(SetupError, match="in the clear"):
        settings.load(
            None, mail={"host": "s", "sender": "a@b.vn", "username": "u", "password": "p", "security": "none"}
        )
    assert auth.utcnow().tzinfo is UTC


def test_a_letter_names_the_papers_that_its_link_leads_to() -> None:
    told = Occurrence(
        "invited", MEETING, 0, NOW, "https://hop.lam-son.example/meetings/m-1", "", papers=("Báo cáo & số liệu.pdf",)
    )
    [letter] = letters(told, [Addressee(DUNG, "dung@xa.example", guest=False)])
    assert f"{LINK}\n\nTài liệu họp (xem, tải về bằng đường dẫn trên):\n- Báo cáo & số liệu.pdf\n" in letter.text
    assert "<li>Báo cáo &amp; số liệu.pdf</li>" in letter.html
    assert letter.path == "/meetings/m-1"
