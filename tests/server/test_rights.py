"""The one place that decides."""

from server.directory import Account, Unit
from server.rights import DocumentAccess, MeetingAccess, may


def account(*roles: str, unit: str = "lam-son", room: str | None = None, room_role: str | None = None) -> Account:
    return Account("a", "A", "", Unit(unit, "", "", "", ""), frozenset(roles), room, room_role)


def test_nobody_may_what_no_rule_grants() -> None:
    everything = account("leader", "secretary", "clerk", "delegate")
    assert not may(everything, "document.shred")  # type: ignore[arg-type]
    assert not may(None, "meetings.list")


def test_an_office_reaches_its_own_documents_only() -> None:
    ours, theirs = DocumentAccess("lam-son", frozenset()), DocumentAccess("ta-nang", frozenset())
    assert may(account("clerk"), "document.seal", ours)
    assert not may(account("clerk"), "document.seal", theirs)
    assert not may(account("delegate"), "document.read", ours)


def test_a_room_token_opens_its_room_and_nothing_else() -> None:
    holder = account(room="giao-ban", room_role="chair")
    assert may(holder, "meeting.enter", MeetingAccess("giao-ban", frozenset()))
    assert not may(holder, "meeting.enter", MeetingAccess("hop-1", frozenset({"a"})))
    assert not may(holder, "meetings.list")
    assert not may(holder, "desk.open")
    assert not may(holder, "room.publish_any", "giao-ban")
