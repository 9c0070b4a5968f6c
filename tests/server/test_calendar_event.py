"""A meeting in somebody's calendar: read back by the rules of RFC 5545 and 5546."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from icalendar import Calendar

from server.calendar_event import Method, calendar
from tests.server.test_mail import MEETING, NOW

URL = "https://hop.lam-son.example/meetings/m-1"
OFFICE, DUNG = ("Ủy ban nhân dân tỉnh Lâm Sơn", "vanphong@lam-son.example"), ("Lò Văn Dũng", "dung@ta-nang.example")


def read(method: Method, sequence: int = 0, reason: str = "") -> tuple[Calendar, dict[str, object]]:
    data = calendar(
        MEETING, method=method, sequence=sequence, stamp=NOW, url=URL, organizer=OFFICE, attendee=DUNG, reason=reason
    )
    assert all(len(line) <= 75 for line in data.split(b"\r\n")), "RFC 5545, 3.1"
    found = Calendar.from_ical(data)
    assert isinstance(found, Calendar)
    (event,) = found.walk("VEVENT")
    return found, event


def test_a_request_names_organizer_attendee_time_and_zone() -> None:
    found, event = read("REQUEST")
    assert found["METHOD"] == "REQUEST"
    assert event["ORGANIZER"] == "mailto:vanphong@lam-son.example"
    assert event["ORGANIZER"].params["CN"] == OFFICE[0]
    assert event["ATTENDEE"].params["CN"] == DUNG[0]
    (zone,) = found.walk("VTIMEZONE")
    assert zone["TZID"] == "Asia/Ho_Chi_Minh" == event["DTSTART"].params["TZID"]
    assert event["DTSTART"].dt == datetime(2026, 12, 10, 1, 30, tzinfo=UTC)
    assert event["DTSTART"].dt.utcoffset() == timedelta(hours=7)
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(minutes=35), "what the agenda plans"
    assert event["SUMMARY"] == MEETING.title


def test_an_update_is_the_same_event_with_a_higher_sequence() -> None:
    (_, first), (_, second) = read("REQUEST"), read("REQUEST", 3)
    assert first["UID"] == second["UID"] == "m-1@hop.lam-son.example"
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (0, 3)


def test_a_cancellation_says_so_and_why() -> None:
    found, event = read("CANCEL", 4, "Bão số 9, đổ bộ;\nhoãn")
    assert found["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert str(event["DESCRIPTION"]).startswith("Cuộc họp đã hủy: Bão số 9, đổ bộ;\nhoãn\n")


def test_nothing_typed_can_add_a_line_of_its_own() -> None:
    data = calendar(
        replace(MEETING, title="Họp\r\nATTENDEE:mailto:x@y", place="A\nSTATUS:CANCELLED"),
        method="PUBLISH", sequence=0, stamp=NOW, url=URL,
    )  # fmt: skip
    (event,) = Calendar.from_ical(data).walk("VEVENT")
    assert "ATTENDEE" not in event
    assert event["STATUS"] == "CONFIRMED"
