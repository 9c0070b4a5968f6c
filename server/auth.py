"""Who is asking: tokens and sessions."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.reading import VIETNAM
from server import directory
from server.database import Database
from server.directory import Account, Session, Unit
from server.errors import Problem

ROOM_ROLES = ("chair", "secretary", "delegate", "viewer", "gateway")
NAMED_GUEST = "g-"
"""Begins the ids of guests whom a meeting's sheet names: their links are good as long as it does."""
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

    def check_in(self, room: str, meeting: str, site: str, now: datetime, lifetime: timedelta) -> str:
        """A token that says that its holder stands at a site of a meeting; it signs nobody in."""
        return self._encode({"use": "check-in", "room": room, "meeting": meeting, "site": site}, now, lifetime)

    def founding(self, now: datetime, lifetime: timedelta = timedelta(days=1)) -> str:
        """A token for whoever makes the first unit and administrator; of use only as long as there is none."""
        return self._encode({"use": "founding"}, now, lifetime)

    def read_founding(self, token: str, now: datetime) -> None:
        """Raises Problem("bad_token")."""
        self._read(token, now, ("founding",))

    def read_check_in(self, token: str, now: datetime) -> Mapping[str, str]:
        """Room, meeting and site. Raises Problem("bad_token")."""
        return self._read(token, now, ("check-in",))

    def read(self, token: str, now: datetime) -> Mapping[str, Any]:
        """Claims of a valid token of sign-in or of one room. Raises Problem("bad_token")."""
        return self._read(token, now, ("sign-in", "room"))

    def _read(self, token: str, now: datetime, uses: tuple[str, ...]) -> Mapping[str, Any]:
        if len(token) > 4096:
            raise Problem("bad_token")
        try:
            claims = jwt.decode(token.strip(), self._key, algorithms=[_ALGORITHM]).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:  # the last two leak from hostile headers
            raise Problem("bad_token") from error
        expires = claims.get("exp")
        if not isinstance(expires, int) or expires <= now.timestamp() or claims.get("use") not in uses:
            raise Problem("bad_token")
        return claims

    def _encode(self, claims: dict[str, Any], now: datetime, lifetime: timedelta) -> str:
        claims |= {"iat": now.timestamp(), "exp": int((now + lifetime).timestamp())}
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
        link=str(claims.get("link", "")),
        meeting=str(claims.get("meeting", "")),
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
            account = await _official(connection, str(claims["sub"]), now)
            since = await directory.links_from(connection, str(claims["sub"]))
        if account is None or (since is not None and claims.get("iat", 0) < since.timestamp()):
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

    async def begin_guest(
        self, claims: Mapping[str, Any], now: datetime, lifetime: timedelta | None = None
    ) -> tuple[str, datetime]:
        """Open a session for who comes by a guest link; `claims` as in the token of one room, with `link`."""
        cookie, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        expires = now + (lifetime or SESSION_LENGTH)
        async with self._database.begin() as connection:
            await directory.purge_sessions(connection, now)
            await directory.add_session(connection, _digest(cookie), csrf, expires, guest=dict(claims))
        return cookie, expires

    async def session(self, cookie: str, now: datetime) -> Session | None:
        """The session of a cookie, if it is still good."""
        async with self._database.read() as connection:
            found = await directory.session(connection, _digest(cookie), now)
            if found is None:
                return None
            account_id, claims, csrf = found
            account = guest(claims) if claims else await _official(connection, account_id or "", now)
        return Session(account, csrf) if account else None

    async def end(self, cookie: str) -> None:
        """Sign out."""
        async with self._database.begin() as connection:
            await directory.end_session(connection, _digest(cookie))


async def _official(connection: AsyncConnection, account_id: str, now: datetime) -> Account | None:
    found = await directory.account(connection, account_id)
    if found is None:
        return None
    today = now.astimezone(VIETNAM).date().isoformat()
    return replace(found, inherits=await directory.heritage(connection, found.unit.id, today))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def utcnow() -> datetime:
    """The wall clock; the only place the server reads it for people's time."""
    return datetime.now(UTC)
