"""A meeting as iCalendar (RFC 5545), and as the messages of iTIP (RFC 5546) that invite to it, change it, cancel it.

Meetings of a series are events of their own, whose UIDs are the series with the day; there is no RRULE. Each meeting is
convened by itself, with people and an agenda of its own, and guests know of no other: a RECURRENCE-ID without the
recurring event is dropped by some calendars, and "this and all following" (RANGE) is understood by hardly any. What was
taken from the page of a series as planned becomes by the invitation, which has the same UID, what was convened.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vCalAddress

from rooms.proceedings import Meeting, MeetingKind

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
ZONE = "Asia/Ho_Chi_Minh"
OTHERWISE = timedelta(hours=2)
"""How long a meeting is where its agenda has no times: a calendar would show it as a point."""
Address = tuple[str, str]
"""Name and mail address."""


def calendar(
    meeting: Meeting,
    *,
    method: Method,
    sequence: int,
    stamp: datetime,
    url: str,
    organizer: Address | None = None,
    attendee: Address | None = None,
    reason: str = "",
) -> bytes:
    """The meeting for somebody's calendar. `sequence` grows with each change that people are told of, so that the newer
    one wins; `url` is the meeting's page and names the event. Only the reader stands in it as attendee: the others'
    addresses are not theirs to see."""
    found = _empty(method)
    found.add_component(_event(meeting, method, sequence, stamp, url, organizer, attendee, reason))
    data: bytes = found.to_ical()
    return data


def calendar_of(events: Iterable[tuple[Meeting, int, str, str]], *, stamp: datetime) -> bytes:
    """Several meetings for somebody's calendar: each with its sequence, its page, and why it is not held ("": it
    is)."""
    found = _empty("PUBLISH")
    for meeting, sequence, url, reason in events:
        method: Method = "CANCEL" if reason else "PUBLISH"
        found.add_component(_event(meeting, method, sequence, stamp, url, None, None, reason))
    data: bytes = found.to_ical()
    return data


def _empty(method: Method) -> Calendar:
    found = Calendar()
    found.add("prodid", "-//Giaoban//Giao ban//VI")
    found.add("version", "2.0")
    found.add("method", method)
    found.add_component(_vietnam())
    return found


def _vietnam() -> Timezone:
    """Without daylight saving and unchanged since 1975: one rule."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", ZONE)
    standard.add("dtstart", datetime(1975, 6, 13))  # noqa: DTZ001 - local by definition, RFC 5545 3.6.5
    standard.add("tzoffsetfrom", timedelta(hours=7))
    standard.add("tzoffsetto", timedelta(hours=7))
    standard.add("tzname", "+07")
    zone.add_component(standard)
    return zone


def _event(
    meeting: Meeting,
    method: Method,
    sequence: int,
    stamp: datetime,
    url: str,
    organizer: Address | None,
    attendee: Address | None,
    reason: str,
) -> Event:
    begins = meeting.starts_at.astimezone(ZoneInfo(ZONE))
    length = timedelta(minutes=meeting.planned_minutes()) or OTHERWISE
    event = Event()
    event.add("uid", f"{meeting.id}@{url.split('/')[2]}")
    event.add("dtstamp", stamp.astimezone(UTC))
    event.add("sequence", sequence)
    event.add("dtstart", begins)
    event.add("dtend", begins + length)
    event.add("summary", meeting.title)
    event.add("location", meeting.place)
    event.add("url", url)
    if meeting.kind is MeetingKind.EMERGENCY:
        event.add("priority", 1)  # the highest: RFC 5545, 3.8.1.9
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("description", _description(meeting, url, reason))
    if organizer is not None:
        event.add("organizer", _person(organizer), encode=False)
    if attendee is not None:
        person = _person(attendee)
        person.params["role"] = "REQ-PARTICIPANT"
        person.params["partstat"] = "NEEDS-ACTION"
        person.params["rsvp"] = "FALSE"  # nobody reads the answers
        event.add("attendee", person, encode=False)
    return event


def _person(address: Address) -> vCalAddress:
    name, mail = address
    person = vCalAddress(f"mailto:{mail}")
    person.params["cn"] = name
    return person


def _description(meeting: Meeting, url: str, reason: str) -> str:
    lines = [f"Cơ quan tổ chức: {meeting.authority.name}", f"Chủ trì: {meeting.chair.name}"]
    if reason:
        lines.insert(0, f"Cuộc họp đã hủy: {reason}")
    lines += [f"{number}. {item.title}" for number, item in enumerate(meeting.agenda, 1)]
    return "\n".join([*lines, url])
