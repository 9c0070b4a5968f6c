"""Check-in at a site by one's own phone: the code on the site's screen, and phones that wait for the operator's tick.

The link carries a signed token of few minutes after "#". It says at which site of which meeting somebody stands, and
nothing else: who has no account here picks a name of the site's unit, or writes their own, and comes in only when the
operator has seen the same number on the phone.
"""

import hmac
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rooms.participant import SPEAKERS, Person, Role
from rooms.topics.sites import SITES, same_unit
from server import directory
from server.auth import Tokens
from server.errors import Problem
from server.sitting import Sitting
from server.sittings import person_of

ROTATION = 180
"""Seconds after which the site's screen shows another code."""
LIFETIME = timedelta(seconds=600)
PATIENCE = timedelta(minutes=15)
"""For how long a phone waits for the tick."""
PHONES = 60
"""That wait at one site."""
COMER = "s-"
"""Begins the ids of those who were written down at a site."""
SESSION = timedelta(hours=12)
"""How long a phone without an account of its own is known at most; it ends with its seat and with the meeting."""


@dataclass(frozen=True, slots=True)
class Phone:
    """It waits to be taken for `person`; `number` stands on its screen and on the operator's."""

    secret: str
    number: str
    room: str
    meeting: str
    site: str
    person: Person
    since: datetime
    ticked: bool = False


@dataclass
class Seating:
    """The phones that wait, by secret. In memory alone: after a stop they ask anew."""

    _phones: dict[str, Phone] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def ask(self, room: str, meeting: str, site: str, person: Person, now: datetime) -> Phone:
        """A phone that waits from now on. Raises Problem("too_many")."""
        waiting = list(self.waiting(meeting, site, now))
        if len(waiting) >= PHONES:
            raise Problem("too_many")
        taken = {one.number for one in waiting}
        number = secrets.choice([n for n in (f"{i:04}" for i in range(10_000)) if n not in taken])
        phone = Phone(secrets.token_urlsafe(32), number, room, meeting, site, person, now)
        self._phones[phone.secret] = phone
        return phone

    def waiting(self, meeting: str, site: str, now: datetime) -> Iterator[Phone]:
        """Not ticked yet, in the order of their coming."""
        self._phones = {key: one for key, one in self._phones.items() if now - one.since < PATIENCE}
        return (one for one in self._phones.values() if (one.meeting, one.site) == (meeting, site) and not one.ticked)

    def numbered(self, meeting: str, site: str, number: str, now: datetime) -> Phone | None:
        return next((one for one in self.waiting(meeting, site, now) if one.number == number), None)

    def tick(self, phone: Phone) -> None:
        """The operator has seen who holds it; other phones that asked for the same person do not come in."""
        others = {
            key: one
            for key, one in self._phones.items()
            if (one.meeting, one.person.id) != (phone.meeting, phone.person.id)
        }
        self._phones = {**others, phone.secret: replace(phone, ticked=True)}

    def alias(self, person: str) -> str:
        """What stands for a person on the page of a stranger's phone, which is to learn the name alone."""
        return hmac.digest(self._key, person.encode(), "sha256").hex()[:32]

    def find(self, secret: str, now: datetime) -> Phone | None:
        phone = self._phones.get(secret)
        return phone if phone is not None and now - phone.since < PATIENCE else None

    def spent(self, phone: Phone) -> None:
        """It has come in: its secret opens nothing a second time."""
        self._phones.pop(phone.secret, None)


def ticket(tokens: Tokens, sitting: Sitting, site: str, now: datetime) -> str:
    """The token on the site's screen: the same for the whole of a rotation."""
    began = datetime.fromtimestamp(now.timestamp() // ROTATION * ROTATION, UTC)
    return tokens.check_in(sitting.room.meeting.room, sitting.room.meeting.id, site, began, LIFETIME)


async def roster(connection: AsyncConnection, sitting: Sitting, site: str) -> list[Person]:
    """Who of the site's unit may be picked there: who is invited for it and whom the directory knows in it, but for
    those who have a seat, lead the meeting or are in it by a line of their own."""
    state = sitting.room.state
    unit = state.people[site].person.unit
    led = {*state.session.sheet.desk, *state.session.sheet.barred}
    invited = [
        one.person
        for one in state.people.values()
        if same_unit(one.person.unit, unit)
        and one.role in SPEAKERS
        and not (one.present or one.seat or one.struck or one.id in SITES.of(state) or one.id in led)
    ]
    shown = {one.id for one in state.people.values() if not one.struck}
    known = [person_of(one, Role.DELEGATE) for one in await directory.staff(connection, unit.id)]
    return [*invited, *(one for one in known if one.id not in shown)]


def comer(name: str, title: str, sitting: Sitting, site: str) -> Person:
    """Somebody whom neither the sheet nor the directory names, as they are written down at a site."""
    unit = sitting.room.state.people[site].person.unit
    return Person(f"{COMER}{secrets.token_hex(6)}", name, title, unit, Role.DELEGATE)
