"""Units, people and their rights: the use cases of whoever administers an installation. Everything done is on record
(server.directory_log), and whoever loses a right loses it at once, in open pages too.

Who acts is asked anew in the transaction that writes: between a page and its form another administrator may have been
at work. Records hold values, so nothing that is done here changes what was written before.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor
from minutes.reading import VIETNAM
from server import directory, directory_log, letters, outbox
from server.database import Database
from server.directory import Account, Holder, Standing, Unit
from server.directory_log import Change, Deed, Subject, Values, differing, note
from server.editing.live import Editing
from server.errors import Problem
from server.i18n import N_
from server.naming import new_id
from server.outbox import MailState
from server.rights import ChangeAccess, may
from server.sittings import Sittings

ROLES: Mapping[str, str] = MappingProxyType(
    {
        "leader": N_("Lãnh đạo (duyệt, ký văn bản)"),
        "secretary": N_("Thư ký (lập cuộc họp, soạn văn bản)"),
        "clerk": N_("Văn thư (đăng ký, đóng dấu, phát hành)"),
        "checker": N_("Pháp chế (kiểm tra dự thảo)"),
        "archivist": N_("Lưu trữ (giữ hồ sơ)"),
        "delegate": N_("Đại biểu (dự họp thay mặt đơn vị)"),
        "administrator": N_("Quản trị (đơn vị, người dùng, quyền)"),
    }
)
"""What an account may be for, in its unit; the last one is for the whole installation. What they may: server.rights."""
WEIGHT = frozenset({"leader", "secretary", "clerk", "checker", "administrator"})
"""The rights of those into whose accounts nobody is let without others hearing of it."""
PLANNED = timedelta(days=366)
"""How far ahead, or back, the end of an office or unit may be put down."""
TERMINAL = Actor("system", "Máy chủ", "")
"""Who acts by the command line, and by the passing of time."""


@dataclass(frozen=True, slots=True)
class Official:
    """A person as an administrator writes them down; without roles they come to meetings at their unit's site, and no
    more. `address`: of mail, "" if none is known."""

    name: str
    title: str
    unit_id: str
    roles: frozenset[str]
    address: str = ""


@dataclass(frozen=True, slots=True)
class UnitValues:
    """A unit as an administrator writes it down; the fields are those of directory.Unit."""

    name: str
    short_name: str
    place: str
    symbol: str


class Administration:
    """Given: the database, and whoever has open pages of those whose rights change."""

    def __init__(self, database: Database, sittings: Sittings, editing: Editing, now: Callable[[], datetime]) -> None:
        self._database = database
        self._sittings = sittings
        self._editing = editing
        self._now = now

    @property
    def today(self) -> date:
        """In Viet Nam."""
        return self._now().astimezone(VIETNAM).date()

    # --- units ---------------------------------------------------------------------------------------------------

    async def add_unit(self, values: UnitValues, *, by: Account) -> str:
        """A new unit, from today on; its id. Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            return await put_down_unit(connection, values, actor, self._now())

    async def change_unit(self, unit_id: str, values: UnitValues, *, seen: int, by: Account) -> None:
        """Another name, place or symbol, as of `seen` (the version that was looked at). Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _standing(connection, unit_id, seen, self.today)
            before, after = differing(_unit_values(found.unit), _unit_values(values))
            if after:
                await directory.put_unit(connection, unit_id, **after)
                subject = Subject(unit_id, values.short_name, unit_id)
                await note(
                    connection, actor, Deed.UNIT_CHANGE, subject, self._now(), before=before, after=after
                )  # fmt: skip

    async def end_unit(self, unit_id: str, on: date, successor: str, *, seen: int, by: Account) -> None:
        """From `on` it is a unit no more. Its people go over to the `successor`, as delegates who had a right; without
        one ("") their office ends with it. Raises Problem."""
        self._demand_day(on)
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _standing(connection, unit_id, seen, self.today)
            taker = await _standing(connection, successor, None, self.today) if successor else None
            last = on - timedelta(days=1)
            if successor == unit_id or last.isoformat() < found.valid_from or (taker and taker.valid_to):
                raise Problem("bad_end")
            if taker is None:
                people = await directory.holders(connection)
                await _demand_administrator(connection, {one.account.id for one in people if _in(one, unit_id)})
            values = {"valid_to": last.isoformat(), "successor_id": successor or None}
            await directory.put_unit(connection, unit_id, **values)
            after = {"ends_on": on.isoformat()} | ({"successor": taker.unit.short_name} if taker else {})
            subject = Subject(unit_id, found.unit.short_name, unit_id)
            await note(connection, actor, Deed.UNIT_END, subject, self._now(), after=after)
        await self.look(self._now())

    # --- people --------------------------------------------------------------------------------------------------

    async def add_people(self, people: Sequence[Official], *, by: Account) -> list[str]:
        """New accounts, all or none; their ids. Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            for unit_id in {one.unit_id for one in people}:
                await _standing(connection, unit_id, None, self.today)
            return await put_down_people(connection, people, actor, self._now())

    async def change_person(self, account_id: str, values: Official, *, seen: int, by: Account) -> None:
        """Another name, title, unit, address or other rights. Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _holder(connection, account_id, seen)
            units = await _units(connection)
            if values.unit_id != found.account.unit.id:
                await _standing(connection, values.unit_id, None, self.today)
            if "administrator" not in values.roles:
                await _demand_administrator(connection, {account_id})
            before, after = differing(_person_values(_official(found), units), _person_values(values, units))
            if not after:
                return
            await directory.put_account(
                connection, account_id, name=values.name, title=values.title, unit_id=values.unit_id,
                roles=values.roles, address=values.address,
            )  # fmt: skip
            # Links go to the address: who changes it lets somebody in.
            rights = bool(after.keys() & {"roles", "unit"}) or ("address" in after and weighty(found.account, by.id))
            subject = Subject(account_id, values.name, values.unit_id)
            await note(
                connection, actor, Deed.CHANGE, subject, self._now(), before=before, after=after, rights=rights
            )  # fmt: skip
        if rights:
            self._editing.put_out(account_id)

    async def end_office(self, account_id: str, on: date, *, seen: int, by: Account) -> None:
        """From `on` the person holds no office here: sessions, links and open pages end then. Raises Problem."""
        self._demand_day(on)
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _holder(connection, account_id, seen)
            if not found.active:
                raise Problem("directory_changed")
            await _demand_administrator(connection, {account_id})
            await directory.put_account(connection, account_id, ends_on=on.isoformat())
            before: Values = {"roles": sorted(found.account.roles), "ends_on": found.ends_on}
            subject = _subject(found.account)
            await note(
                connection, actor, Deed.END, subject, self._now(), before=before,
                after={"roles": [], "ends_on": on.isoformat()}, rights=True,
            )  # fmt: skip
        await self.look(self._now())

    async def resume_office(self, account_id: str, *, seen: int, by: Account) -> None:
        """The person holds the office again, or still, with the rights of before. Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _holder(connection, account_id, seen)
            await _standing(connection, found.account.unit.id, None, self.today)
            if found.active and found.ends_on is None:
                raise Problem("directory_changed")
            await directory.put_account(connection, account_id, active=True, ends_on=None)
            before: Values = {"roles": [], "ends_on": found.ends_on}
            after: Values = {"roles": sorted(found.account.roles), "ends_on": None}
            subject = _subject(found.account)
            await note(
                connection, actor, Deed.RESUME, subject, self._now(), before=before, after=after, rights=True
            )  # fmt: skip

    async def link_given(self, account_id: str, days: int, *, by: Account, told: MailState) -> Account:
        """Put on record that somebody is given a sign-in link for so many days; it is to be made after this. Into an
        account of WEIGHT: what has signed the person in so far is good no more, they and the leaders of their unit get
        a letter in state `told`, and it is warned of until somebody else has confirmed it. Raises Problem."""
        async with self._database.begin() as connection:
            actor, now = await _acting(connection, by), self._now()
            found = await put_down_link(connection, account_id, days, actor, now)
            warned = weighty(found, by.id)
            if warned:
                people = [one for one in await directory.accounts(connection) if one.id != by.id and one.address]
                theirs = [
                    one for one in people
                    if one.id == account_id or ("leader" in one.roles and one.unit.id == found.unit.id)
                ]  # fmt: skip
                await outbox.put(connection, [letters.way_in(one, found, by, now) for one in theirs], told, now)
        if warned:
            await self._sign_out(account_id)
        return found

    async def revoke(self, account_id: str, *, by: Account) -> None:
        """Take back every sign-in link and session of an account: a telephone was lost. Raises Problem."""
        async with self._database.begin() as connection:
            actor = await _acting(connection, by)
            found = await _holder(connection, account_id, None)
            await directory.put_account(connection, account_id, links_from=self._now())
            await directory.end_sessions(connection, account_id)
            await note(connection, actor, Deed.REVOKE, _subject(found.account), self._now())
        await self._sign_out(account_id)

    async def confirm(self, numbers: Collection[int], *, by: Account) -> None:
        """Changes of rights are as they should be; what is confirmed already is passed over. Raises Problem."""
        async with self._database.begin() as connection:
            acting = await directory.account(connection, by.id)
            found = [await directory_log.one(connection, number) for number in sorted(numbers)]
            known = [one for one in found if one is not None]
            if acting is None or len(await confirmable(connection, acting, known)) < len(found):
                raise Problem("not_allowed")
            actor = Actor(by.id, by.name, by.title)
            for one in known:
                if one.waits:
                    await note(connection, actor, Deed.CONFIRM, one.subject, self._now(), confirms=one.id)

    # --- what time brings ----------------------------------------------------------------------------------------

    async def look(self, now: datetime) -> None:
        """End the offices whose day has come, and take the people of units that are no more over to the next one."""
        today = now.astimezone(VIETNAM).date().isoformat()
        gone, moved = set[str](), set[str]()
        async with self._database.begin() as connection:
            units = {one.unit.id: one for one in await directory.standings(connection)}
            for holder in await directory.holders(connection):
                if not holder.active:
                    continue
                if holder.ends_on is not None and holder.ends_on <= today:
                    await directory.put_account(connection, holder.account.id, active=False)
                    await directory.end_sessions(connection, holder.account.id)
                    gone.add(holder.account.id)
                elif units[holder.account.unit.id].over(today):
                    stays = await _taken_over(connection, holder, units, now)
                    (moved if stays else gone).add(holder.account.id)
        for account_id in gone:
            await self._sign_out(account_id)
        for account_id in moved:
            self._editing.put_out(account_id)

    async def _sign_out(self, account_id: str) -> None:
        self._editing.put_out(account_id)
        await self._sittings.sign_out(account_id)

    def _demand_day(self, on: date) -> None:
        if abs(on - self.today) > PLANNED:
            raise Problem("bad_end")


# --- steps that the first start and the command line take, too ----------------------------------------------------


async def put_down_unit(connection: AsyncConnection, values: UnitValues, by: Actor, at: datetime) -> str:
    """A new unit; its id."""
    given = {one.unit.id for one in await directory.standings(connection)}
    unit = Unit(new_id(values.short_name, given), values.name, values.short_name, values.place, values.symbol)
    await directory.add_unit(connection, unit, at.astimezone(VIETNAM).date().isoformat())
    subject = Subject(unit.id, unit.short_name, unit.id)
    await note(connection, by, Deed.UNIT_NEW, subject, at, after=_unit_values(values))
    return unit.id


async def put_down_people(
    connection: AsyncConnection, people: Sequence[Official], by: Actor, at: datetime
) -> list[str]:
    """New accounts; their ids."""
    units, made = await _units(connection), list[str]()
    given = {one.account.id for one in await directory.holders(connection)}
    for one in people:
        account_id = new_id(one.name, given | set(made))
        await directory.add_account(connection, account_id, one.name, one.title, one.unit_id, one.roles, one.address)
        subject = Subject(account_id, one.name, one.unit_id)
        await note(connection, by, Deed.NEW, subject, at, after=_person_values(one, units), rights=bool(one.roles))
        made.append(account_id)
    return made


async def put_down_link(connection: AsyncConnection, account_id: str, days: int, by: Actor, at: datetime) -> Account:
    """Somebody is given a sign-in link. Raises Problem where there is no such account, or its office has ended."""
    found = await directory.account(connection, account_id)
    if found is None:
        raise Problem("not_found")
    warned = weighty(found, by.id)
    await note(connection, by, Deed.LINK, _subject(found), at, after={"days": str(days)}, rights=warned)
    if warned:
        await directory.put_account(connection, account_id, links_from=at)
        await directory.end_sessions(connection, account_id)
    return found


def weighty(account: Account, by: str) -> bool:
    """Whether a link into the account, made by `by`, could sign, seal or rule in somebody else's name."""
    return bool(account.roles & WEIGHT) and account.id != by


async def put_down_administrator(connection: AsyncConnection, account_id: str, at: datetime) -> None:
    """Whoever holds the machine makes somebody an administrator: where no other one can sign in any more."""
    found = await directory.account(connection, account_id)
    if found is None:
        raise Problem("not_found")
    if "administrator" in found.roles:
        return
    roles = found.roles | {"administrator"}
    await directory.put_account(connection, account_id, roles=roles)
    before, after = {"roles": sorted(found.roles)}, {"roles": sorted(roles)}
    await note(
        connection, TERMINAL, Deed.CHANGE, _subject(found), at, before=before, after=after, rights=True
    )  # fmt: skip


async def confirmable(connection: AsyncConnection, account: Account, changes: Sequence[Change]) -> list[Change]:
    """Those of `changes` that `account` may confirm. An administrator can make accounts and come in by them: as long as
    there is somebody else who may, such accounts confirm nothing of theirs."""
    waiting, people = await directory_log.waiting(connection), await directory.accounts(connection)
    return [one for one in changes if may(account, "rights.confirm", _access(one, waiting, people))]


def _access(change: Change, waiting: Sequence[Change], people: Sequence[Account]) -> ChangeAccess:
    way_in = change.deed is Deed.LINK or "address" in change.after
    seen = ChangeAccess(change.by.id, change.subject.id, change.subject.unit_id, way_in)
    apart = replace(seen, let_in=frozenset(one.subject.id for one in waiting if one.by.id == change.by.id))
    return apart if any(may(one, "rights.confirm", apart) for one in people) else seen


# --- looking things up, with what must hold -----------------------------------------------------------------------


async def _acting(connection: AsyncConnection, by: Account) -> Actor:
    """Whoever acts, if they still may. Raises Problem."""
    acting = await directory.account(connection, by.id)
    if acting is None or not may(acting, "people.manage"):
        raise Problem("not_allowed")
    return Actor(acting.id, acting.name, acting.title)


async def _holder(connection: AsyncConnection, account_id: str, seen: int | None) -> Holder:
    found = await directory.holder(connection, account_id)
    if found is None:
        raise Problem("not_found")
    await _demand_version(connection, account_id, seen)
    return found


async def _standing(connection: AsyncConnection, unit_id: str, seen: int | None, today: date) -> Standing:
    found = next((one for one in await directory.standings(connection) if one.unit.id == unit_id), None)
    if found is None:
        raise Problem("unknown_unit")
    if found.over(today.isoformat()):
        raise Problem("unit_over")
    await _demand_version(connection, unit_id, seen)
    return found


async def _demand_version(connection: AsyncConnection, subject_id: str, seen: int | None) -> None:
    if seen is not None and seen != await directory_log.version(connection, subject_id):
        raise Problem("directory_changed")


async def _demand_administrator(connection: AsyncConnection, without: Collection[str]) -> None:
    """An administrator whose office does not end is left, `without` these people, if there is one with them."""
    ending = {one.unit.id for one in await directory.standings(connection) if one.valid_to and not one.successor}
    lasting = {
        one.account.id
        for one in await directory.holders(connection)
        if one.active and one.ends_on is None and one.account.unit.id not in ending
        if "administrator" in one.account.roles
    }
    if lasting and not lasting - set(without):
        raise Problem("last_administrator")


async def _taken_over(connection: AsyncConnection, holder: Holder, units: Mapping[str, Standing], at: datetime) -> bool:
    """Somebody's unit is no more: they go over to what has taken its place, without the rights that they had in it.
    False where nothing has, and the office ends."""
    account, successor = holder.account, units[holder.account.unit.id].successor
    today = at.astimezone(VIETNAM).date().isoformat()
    while successor is not None and units[successor].over(today):
        successor = units[successor].successor
    if successor is None:
        ends = {"active": False, "ends_on": today}
        await directory.put_account(connection, account.id, **ends)
        await directory.end_sessions(connection, account.id)
        lost: Values = {"roles": [], "ends_on": today}
        before: Values = {"roles": sorted(account.roles)}
        await note(connection, TERMINAL, Deed.END, _subject(account), at, before=before, after=lost, rights=True)
        return False
    names = {one.unit.id: one.unit.short_name for one in units.values()}
    old = _official(holder)
    kept = old.roles & {"administrator"}
    new = replace(old, unit_id=successor, roles=kept | {"delegate"} if old.roles - kept else kept)
    await directory.put_account(connection, account.id, unit_id=new.unit_id, roles=new.roles)
    before, after = differing(_person_values(old, names), _person_values(new, names))
    subject = Subject(account.id, account.name, successor)
    await note(connection, TERMINAL, Deed.CHANGE, subject, at, before=before, after=after, rights=True)
    return True


async def _units(connection: AsyncConnection) -> dict[str, str]:
    return {one.id: one.short_name for one in await directory.units(connection)}


def _in(holder: Holder, unit_id: str) -> bool:
    return holder.active and holder.account.unit.id == unit_id


def _official(holder: Holder) -> Official:
    account = holder.account
    return Official(account.name, account.title, account.unit.id, account.roles, account.address)


def _subject(account: Account) -> Subject:
    return Subject(account.id, account.name, account.unit.id)


def _person_values(one: Official, units: Mapping[str, str]) -> Values:
    return {
        "name": one.name, "title": one.title, "unit": units[one.unit_id], "roles": sorted(one.roles),
        "address": one.address,
    }  # fmt: skip


def _unit_values(unit: Unit | UnitValues) -> Values:
    return {"name": unit.name, "short_name": unit.short_name, "place": unit.place, "symbol": unit.symbol}
