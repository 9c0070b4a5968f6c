"""What a mail about a meeting or a waiting document says: as a Vietnamese office writes it, in text and in HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from minutes.wording import invited_time, office, short_date, short_time
from rooms.proceedings import Meeting, MeetingKind, Person
from rooms.proceedings.values import OUTSIDE
from server.calendar_event import Address, Method, calendar
from server.directory import Account
from server.i18n import VIETNAM
from server.outbox import LINK, Letter
from web import TEMPLATES

Occasion = Literal["invited", "changed", "dropped", "cancelled"]
"""`dropped`: the meeting is held, but without this addressee."""

LINK_OUTLIVES = timedelta(days=7)
"""How long after the meeting its personal links are good: minutes are read afterwards."""
URGENT = "KHẨN: "
"""Begins the subject of a letter about an emergency meeting; the mail says so to programs, too (`server.mail`)."""
_METHODS: dict[Occasion, Method] = {
    "invited": "REQUEST",
    "changed": "REQUEST",
    "dropped": "CANCEL",
    "cancelled": "CANCEL",
}
_SUBJECTS: dict[Occasion, str] = {
    "invited": "Giấy mời",
    "changed": "Thay đổi lịch họp",
    "dropped": "Điều chỉnh thành phần dự họp",
    "cancelled": "Hủy cuộc họp",
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """One of those invited, where mail reaches them; a `guest` has no account."""

    person: Person
    address: str
    guest: bool


@dataclass(frozen=True, slots=True)
class Occurrence:
    """What there is to tell. `reason` is why the meeting is cancelled; `number` that of the sealed invitation, whose
    document goes with the mail; `papers` are named, and the personal link leads to them."""

    occasion: Occasion
    meeting: Meeting
    sequence: int
    at: datetime
    url: str
    organizer: str
    reason: str = ""
    number: str | None = None
    document_id: str | None = None
    papers: tuple[str, ...] = ()


@cache
def _environment(html: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES / "mail"),
        autoescape=html,  # noqa: S701 - the other ones are plain text
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def letters(told: Occurrence, addressees: Sequence[Addressee]) -> list[Letter]:
    """One letter to each."""
    return [_letter(told, one) for one in addressees]


def _letter(told: Occurrence, to: Addressee) -> Letter:
    meeting, method = told.meeting, _METHODS[told.occasion]
    values = {
        "told": told,
        "meeting": meeting,
        "to": to.person,
        "to_office": office(to.person.title, "" if to.person.unit.id == OUTSIDE else to.person.unit.name),
        "you": "ông (bà)" if to.person.outside else "đồng chí",
        "chair_office": office(meeting.chair.title, meeting.chair.unit.name),
        "guest": to.guest,
        "time": invited_time(meeting.starts_at),
        "link": None if method == "CANCEL" else LINK,
    }
    organizer: Address | None = (meeting.authority.name, told.organizer) if told.organizer else None
    event = calendar(
        meeting,
        method=method,
        sequence=told.sequence,
        stamp=told.at,
        url=told.url,
        organizer=organizer,
        attendee=(to.person.name, to.address),
        reason=told.reason,
    )
    starts = meeting.starts_at.astimezone(VIETNAM)
    return Letter(
        meeting_id=meeting.id,
        person_id=to.person.id,
        room=meeting.room if to.guest else None,
        link_until=meeting.starts_at + LINK_OUTLIVES,
        sender_name=meeting.authority.name,
        name=to.person.name,
        address=to.address,
        subject=f"{URGENT if meeting.kind is MeetingKind.EMERGENCY else ''}{_SUBJECTS[told.occasion]}: "
        f"{meeting.title}, {short_time(starts)}, ngày {short_date(starts.date())}",
        text=_environment(False).get_template("meeting.txt").render(values),
        html=_environment(True).get_template("meeting.html").render(values),
        calendar=event.decode(),
        method=method,
        document_id=told.document_id,
        path=f"/meetings/{meeting.id}",
    )


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a reminder says: what there is to do (a phrase), about which document, for which authority, until when, and
    by how many days it is late (0: not yet)."""

    task: str
    document: str
    subject: str
    authority: str
    due_at: datetime
    late: int
    path: str


def reminder(told: Reminder, to: Account, at: datetime) -> Letter:
    """The letter to one of those who can do it."""
    due = told.due_at.astimezone(VIETNAM)
    values = {
        "told": told,
        "to": to,
        "to_office": office(to.title, to.unit.name),
        "due": f"{short_time(due)}, ngày {short_date(due.date())}",
        "link": LINK,
    }
    state = f"Quá hạn {told.late} ngày" if told.late else "Sắp đến hạn"
    return Letter(
        meeting_id="",
        person_id=to.id,
        room=None,
        link_until=at + LINK_OUTLIVES,
        sender_name=told.authority,
        name=to.name,
        address=to.address,
        subject=f"{state}: {told.task} {told.document}",
        text=_environment(False).get_template("reminder.txt").render(values),
        html=_environment(True).get_template("reminder.html").render(values),
        calendar="",
        method="",
        document_id=None,
        path=told.path,
    )


def way_in(to: Account, about: Account, by: Account, at: datetime) -> Letter:
    """Somebody was given a link into an account from which is signed, sealed or ruled: told to the person, and to the
    leaders of the unit. It brings no link itself."""
    then = at.astimezone(VIETNAM)
    values = {
        "to": to,
        "to_office": office(to.title, to.unit.name),
        "about": about,
        "own": to.id == about.id,
        "administrator": by.name,
        "at": f"{short_time(then)}, ngày {short_date(then.date())}",
    }
    return Letter(
        meeting_id="",
        person_id=to.id,
        room=None,
        link_until=at,
        sender_name=about.unit.name,
        name=to.name,
        address=to.address,
        subject=f"Có đường dẫn mới để đăng nhập tài khoản của {about.name}",
        text=_environment(False).get_template("way-in.txt").render(values),
        html=_environment(True).get_template("way-in.html").render(values),
        calendar="",
        method="",
        document_id=None,
        path="/desk" if to.id == about.id else "/people/log",
    )


def welcome(to: Account, until: datetime, administrator: str) -> Letter:
    """The letter with which somebody is given their first, or another, sign-in link, good until then."""
    last = until.astimezone(VIETNAM)
    values = {
        "to": to,
        "to_office": office(to.title, to.unit.name),
        "until": f"{short_time(last)}, ngày {short_date(last.date())}",
        "administrator": administrator,
        "link": LINK,
    }
    return Letter(
        meeting_id="",
        person_id=to.id,
        room=None,
        link_until=until,
        sender_name=to.unit.name,
        name=to.name,
        address=to.address,
        subject="Đường dẫn đăng nhập hệ thống Giao ban",
        text=_environment(False).get_template("welcome.txt").render(values),
        html=_environment(True).get_template("welcome.html").render(values),
        calendar="",
        method="",
        document_id=None,
        path="/meetings",
    )
