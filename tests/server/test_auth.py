"""Tokens, sessions and the one place that decides."""

from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from server import auth
from server.auth import DocumentAccess, MeetingAccess, Tokens, may
from server.directory import Account, Unit
from server.errors import Problem
from server.keys import IDENTITY
from tests.server.conftest import Server

NOW = auth.utcnow()
SECRET = b"s" * 32


def account(*roles: str, unit: str = "lam-son", room: str | None = None, room_role: str | None = None) -> Account:
    return Account("a", "A", "", Unit(unit, "", "", "", ""), frozenset(roles), room, room_role)


@pytest.mark.parametrize(
    "token",
    [
        "", "x.y.z", "é" * 10, "a" * 5000,
        jwt.encode({"alg": "HS256"}, {"use": "sign-in", "sub": "hanh", "exp": 9e9}, OctKey.import_key(b"t" * 32)),
        jwt.encode({"alg": "HS256"}, {"use": "sign-in", "sub": "hanh"}, OctKey.import_key(SECRET)),
        jwt.encode({"alg": "HS256"}, {"use": "other", "sub": "hanh", "exp": 2**33}, OctKey.import_key(SECRET)),
        "eyJhbGciOiJub25lIn0.eyJ1c2UiOiJzaWduLWluIiwic3ViIjoiaGFuaCIsImV4cCI6ODU4OTkzNDU5Mn0.",
    ],
)  # fmt: skip
def test_what_we_did_not_sign_is_no_token(token: str) -> None:
    with pytest.raises(Problem, match="bad_token"):
        Tokens(SECRET).read(token, NOW)


def test_a_token_ends() -> None:
    tokens = Tokens(SECRET)
    token = tokens.sign_in("hanh", NOW, timedelta(minutes=1))
    assert tokens.read(token, NOW)["sub"] == "hanh"
    with pytest.raises(Problem, match="bad_token"):
        tokens.read(token, NOW + timedelta(minutes=2))


async def test_a_session_ends_with_the_token_that_opened_it(server: Server) -> None:
    now = auth.utcnow()
    token = Tokens(auth.load_secret(server.data / "secret.key")).sign_in("hanh", now, timedelta(minutes=1))
    cookie, expires = await server.app[IDENTITY].begin(token, now)
    assert expires <= now + timedelta(minutes=1)
    assert await server.app[IDENTITY].session(cookie, now) is not None
    assert await server.app[IDENTITY].session(cookie, now + timedelta(minutes=2)) is None


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
