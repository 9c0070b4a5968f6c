"""Who is asking and what they may do: tokens, sessions, and the one place that decides `may`."""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from server import directory
from server.database import Database
from server.directory import Account, Session, Unit
from server.errors import Problem

ROOM_ROLES = ("chair", "secretary", "delegate", "viewer", "gateway")
SESSION_LENGTH = timedelta(hours=12)
_ALGORITHM = "HS256"


def load_secret(file: Path) -> bytes:
    """The installation's secret, made at first use and readable by its owner only."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        staged = file.with_suffix(".new")
        staged.touch(mode=0o600)
        staged.write_bytes(secrets.token_bytes(32))
        staged.replace(file)
    return file.read_bytes()


class Tokens:
    """Signed tokens (JWT, RFC 7519, HS256): sign-in links of accounts and access to one room."""

    def __init__(self, secret: bytes) -> None:
        self._key = OctKey.import_key(secret)

    def sign_in(self, account_id: str, now: datetime, lifetime: timedelta = timedelta(days=30)) -> str:
        """A token that signs `account_id` in."""
        return self._encode({"use": "sign-in", "sub": account_id}, now, lifetime)

    def room(
        self, room: str, name: str, role: str, subject: str, now: datetime, lifetime: timedelta = timedelta(days=1)
    ) -> str:
        """A token for one room as `role`; `subject` is the participant's id."""
        return self._encode({"use": "room", "sub": subject, "room": room, "name": name, "role": role}, now, lifetime)

    def read(self, token: str, now: datetime) -> Mapping[str, Any]:
        """Claims of a valid token. Raises Problem("bad_token")."""
        if len(token) > 4096:
            raise Problem("bad_token")
        try:
            claims = jwt.decode(token.strip(), self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:  # the last two leak from hostile headers
            raise Problem("bad_token") from error
        expires = claims.get("exp")
        if not isinstance(expires, int) or expires <= now.timestamp() or claims.get("use") not in ("sign-in", "room"):
            raise Problem("bad_token")
        return claims

    def _encode(self, claims: dict[str, Any], now: datetime, lifetime: timedelta) -> str:
        claims |= {"iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp())}
        return jwt.encode({"alg": _ALGORITHM}, claims, self._key)


def guest(claims: Mapping[str, Any]) -> Account:
    """The holder of a room token, as an account that may enter that room and nothing else."""
    return Account(
        id=str(claims["sub"]),
        name=str(claims["name"]),
        title="",
        unit=Unit(id="", name="", short_name="", place="", symbol=""),
        roles=frozenset(),
        room=str(claims["room"]),
        room_role=str(claims["role"]),
    )


class Identity:
    """Turns cookies and tokens into accounts."""

    def __init__(self, database: Database, tokens: Tokens) -> None:
        self._database = database
        self._tokens = tokens

    async def bearer(self, token: str, now: datetime) -> Account:
        """Account of a token sent as `Authorization: Bearer`. Raises Problem("bad_token")."""
        claims = self._tokens.read(token, now)
        if claims["use"] == "room":
            return guest(claims)
        async with self._database.read() as connection:
            account = await directory.account(connection, str(claims["sub"]))
        if account is None:
            raise Problem("bad_token")
        return account

    async def begin(self, token: str, now: datetime) -> tuple[str, datetime]:
        """Open a session for a token: (cookie value, expiry). Raises Problem("bad_token")."""
        account = await self.bearer(token, now)
        claims = self._tokens.read(token, now)
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires = min(now + SESSION_LENGTH, datetime.fromtimestamp(claims["exp"], UTC))
        async with self._database.begin() as connection:
            await directory.purge_sessions(connection, now)
            await directory.add_session(
                connection,
                _digest(cookie),
                csrf,
                expires,
                account_id=account.id if account.room is None else None,
                guest=dict(claims) if account.room is not None else None,
            )
        return cookie, expires

    async def session(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie, if it is still good."""
        async with self._database.read() as connection:
            found = await directory.session(connection, _digest(cookie), now)
            if found is None:
                return None
            account_id, claims, csrf = found
            account = guest(claims) if claims else await directory.account(connection, account_id or "")
        return Session(account, csrf) if account else None

    async def end(self, cookie: str) -> None:
        """Sign out."""
        async with self._database.begin() as connection:
            await directory.end_session(connection, _digest(cookie))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


# --- what accounts may do -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MeetingAccess:
    """A meeting as `may` sees it: its room and the ids of those who belong to it."""

    room: str
    members: frozenset[str]


@dataclass(frozen=True, slots=True)
class DocumentAccess:
    """A document as `may` sees it: the issuing unit and who signs."""

    unit_id: str
    signer_ids: frozenset[str]


Act = Literal[
    "meetings.list", "meeting.schedule", "meeting.enter", "recording.read", "room.publish_any", "room.list",
    "desk.open", "document.read", "document.edit", "document.submit", "document.return", "document.approve",
    "document.sign", "document.seal", "document.void", "document.notice", "document.publish", "document.withdraw",
]  # fmt: skip


def _has(role: str) -> Callable[[Account, Any], bool]:
    return lambda account, _thing: role in account.roles


def _of_unit(*roles: str) -> Callable[[Account, DocumentAccess], bool]:
    return lambda account, document: bool(account.roles.intersection(roles)) and account.unit.id == document.unit_id


def _enter(account: Account, meeting: MeetingAccess) -> bool:
    if account.room is not None:
        return account.room == meeting.room
    return account.id in meeting.members


def _signer(account: Account, document: DocumentAccess) -> bool:
    return account.id in document.signer_ids


_RULES: dict[str, Callable[[Account, Any], bool]] = {
    "meetings.list": lambda account, _thing: bool(account.roles),
    "meeting.schedule": _has("secretary"),
    "meeting.enter": _enter,
    # Of one meeting: `members` are those who chaired it and took its minutes.
    "recording.read": lambda account, meeting: account.id in meeting.members,
    "room.publish_any": lambda account, room: account.room == room and account.room_role == "gateway",
    "room.list": _enter,
    "desk.open": lambda account, _thing: bool(account.roles & {"leader", "secretary", "clerk"}),
    "document.read": lambda account, document: (
        _of_unit("leader", "secretary", "clerk")(account, document) or _signer(account, document)
    ),
    "document.edit": _of_unit("secretary"),
    "document.submit": _of_unit("secretary"),
    "document.return": _of_unit("leader"),
    "document.approve": _of_unit("leader"),
    "document.sign": _signer,
    "document.seal": _of_unit("clerk"),
    "document.void": _of_unit("leader"),
    "document.notice": _of_unit("secretary"),
    "document.publish": _of_unit("leader", "clerk"),
    "document.withdraw": _of_unit("leader", "clerk"),
}


def may(account: Account | None, act: Act, thing: Any = None) -> bool:
    """Whether `account` may do `act` to `thing` (a meeting, a document, a room id). Deny is the default."""
    rule = _RULES.get(act)
    return account is not None and rule is not None and rule(account, thing)


def utcnow() -> datetime:
    """The wall clock; the only place the server reads it for people's time."""
    return datetime.now(UTC)
