"""What accounts may do: the one place that decides `may`, and the things as it sees them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from minutes.searching.entry import PUBLIC, asked_unit, office, reader
from minutes.workflow.capacity import Capacity
from minutes.workflow.delegation import Delegation
from server.auth import NAMED_GUEST
from server.directory import Account


@dataclass(frozen=True, slots=True)
class MeetingAccess:
    """A meeting as `may` sees it: its room, the ids of those who belong to it, and of those who were sent out of it.
    `meeting`: its id where a phone at a site may do the act too."""

    room: str
    members: frozenset[str]
    barred: frozenset[str] = frozenset()
    meeting: str = ""


@dataclass(frozen=True, slots=True)
class Door:
    """The lobby of a meeting as `may` sees it: the ids of its good guest links, and of the units that take part."""

    room: str
    links: frozenset[str]
    units: frozenset[str]


@dataclass(frozen=True, slots=True)
class DocumentAccess:
    """A document as `may` sees it: the issuing unit, who signs, who of them has the turn (`sealing`: the clerk has),
    whose remarks were ever asked for (accounts and units), which role has to check its form now, and which units the
    issued document gives tasks to or is sent to (`charged`)."""

    unit_id: str
    signer_ids: frozenset[str]
    in_turn: frozenset[str] = frozenset()
    sealing: bool = False
    asked: frozenset[str] = frozenset()
    asked_units: frozenset[str] = frozenset()
    checker: str = "none"
    charged: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CaseAccess:
    """A case file as `may` sees it: its unit, the roles that open the group it is in, and whether it is not closed."""

    unit_id: str
    roles: frozenset[str]
    open: bool = False


@dataclass(frozen=True, slots=True)
class IncidentAccess:
    """Incidents of a unit as `may` sees them: the account that the unit has named to decide, "" for its leaders."""

    unit_id: str
    officer: str = ""


@dataclass(frozen=True, slots=True)
class ChangeAccess:
    """A change of somebody's rights as `may` sees it: who made it, whose rights they are, and of which unit.
    `way_in`: it is a sign-in link, or where such links go, and whoever has one is the subject. `let_in`: the accounts
    that whoever made it may act by, for nobody has confirmed yet what they did to them."""

    by: str
    subject: str
    unit_id: str
    way_in: bool = False
    let_in: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class TaskAccess:
    """A task as `may` sees it: the unit that has given it, the one that leads it ("" where none is known), those that
    help, and the account that has to answer it ("" where nobody is named)."""

    authority_id: str
    owner_id: str
    helping: frozenset[str] = frozenset()
    handler: str = ""


Act = Literal[
    "task.list", "task.read", "task.work", "task.decide", "task.order", "task.board", "task.press",
    "meetings.list", "meeting.schedule", "meeting.enter", "meeting.knock", "meeting.invite", "meeting.manage",
    "room.arrange", "series.arrange", "recording.read", "proceedings.read", "paper.read", "paper.add",
    "paper.remove", "room.publish_any", "room.list",
    "incident.report", "incident.read", "incident.decide", "incident.draft", "incident.name",
    "people.manage", "rights.read", "rights.confirm",
    "archive.read", "case.read", "case.open", "case.work", "case.hand", "case.move", "case.fetch", "case.group",
    "case.keep", "case.dispose", "figures.read",
    "register.read", "register.enter", "register.direct", "register.handle", "register.rule",
    "desk.open", "document.read", "document.receive", "document.edit", "document.submit", "document.return",
    "document.approve", "document.begin", "document.discard",
    "document.consult", "document.remark", "document.check", "document.signers", "document.change",
    "workflow.set", "workflow.read", "delegation.confirm",
    "desk.sign", "certificate.bind", "document.sign", "document.seal", "document.void", "document.notice",
    "document.publish", "document.redact", "document.withdraw", "document.send",
]  # fmt: skip


_OFFICE = frozenset({"leader", "secretary", "clerk", "checker"})
_ARCHIVE = _OFFICE | {"archivist"}
"""Who reads case files: the archivist has no part in the documents that are not in them yet."""
_KEEPERS = frozenset({"secretary", "clerk", "archivist"})
"""Who keeps them. The leaders answer for that, and do less by hand."""


def _has(role: str) -> Callable[[Account, Any], bool]:
    return lambda account, _thing: role in account.roles


def _of_unit(*roles: str) -> Callable[[Account, DocumentAccess | IncidentAccess], bool]:
    return lambda account, document: bool(account.roles.intersection(roles)) and account.unit.id == document.unit_id


def _enter(account: Account, meeting: MeetingAccess) -> bool:
    if account.id in meeting.barred:
        return False
    if account.id.startswith(NAMED_GUEST) and account.id not in meeting.members:
        return False
    if account.room is not None and not account.link:
        return account.room == meeting.room
    return account.id in meeting.members


def _desk_or_member(account: Account, meeting: MeetingAccess) -> bool:
    if account.room is not None:
        return account.room == meeting.room and account.room_role in ("chair", "secretary")
    return account.id in meeting.members


def _knock(account: Account, door: Door) -> bool:
    """Who comes by a guest link of the meeting, from a unit that takes part in it, or with a token of the room (they
    were sent out). Whom the sheet does not name any more has no token that is good."""
    if account.link:
        return account.room == door.room and account.link in door.links
    if account.room is not None:
        return account.room == door.room and not account.id.startswith(NAMED_GUEST)
    return account.unit.id in door.units


def _signer(account: Account, document: DocumentAccess) -> bool:
    return account.id in document.signer_ids


def _asked(account: Account, document: DocumentAccess) -> bool:
    return account.room is None and (account.id in document.asked or account.unit.id in document.asked_units)


def _checker(account: Account, document: DocumentAccess) -> bool:
    return document.checker in account.roles and account.unit.id == document.unit_id


def _decides(account: Account, incident: IncidentAccess) -> bool:
    """Whoever was named, else the leaders."""
    if account.room is not None or account.unit.id != incident.unit_id:
        return False
    return account.id == incident.officer if incident.officer else "leader" in account.roles


def _confirms(account: Account, change: ChangeAccess) -> bool:
    """Nobody what they have changed themselves, and no administrator their own rights; a link to an account nobody who
    may have come by it, and nobody by an account that they were let into by who made the change."""
    if account.id in change.let_in:
        return False
    if account.room is not None or account.id == change.by or (change.way_in and account.id == change.subject):
        return False
    if "leader" in account.roles and account.unit.id == change.unit_id:
        return True
    return "administrator" in account.roles and account.id != change.subject


def _confirms_delegation(account: Account, given: Delegation) -> bool:
    if account.room is not None or account.unit.id != given.unit or account.id == given.account:
        return False
    compares = "administrator" in account.roles and account.name != given.by_name
    return "leader" in account.roles or (given.capacity is Capacity.ACTING and compares)


def _works(account: Account, task: TaskAccess) -> bool:
    """Anybody of the unit that leads it, or that has taken the place of it."""
    return account.room is None and bool(account.roles) and bool(task.owner_id) and task.owner_id in account.places


def _reads_task(account: Account, task: TaskAccess) -> bool:
    """Anybody of a unit that leads it or helps, and the office of the one that has given it."""
    if account.room is not None or not account.roles:
        return False
    places = account.places
    return bool(places & {task.owner_id, *task.helping}) or (
        bool(account.roles & _OFFICE) and task.authority_id in places
    )


def _keeps(account: Account, case: CaseAccess) -> bool:
    """Who opens it and is of its unit; of the unit that has taken the place of that, while it is not closed."""
    return may(account, "case.open", case) and (account.unit.id == case.unit_id or case.open)


def _gave(*roles: str) -> Callable[[Account, TaskAccess], bool]:
    """Of the authority that has given it; nobody what they have to answer themselves."""
    return lambda account, task: (
        account.room is None
        and bool(account.roles.intersection(roles))
        and task.authority_id in account.places
        and account.id != task.handler
    )


_RULES: dict[str, Callable[[Account, Any], bool]] = {
    # Whoever has taken a unit's place goes on with what it has not finished (Law 33/2024/QH15 on archives; Decree
    # 30/2020, art. 29-31): its tasks, its open case files, and what is to be done with those that are closed.
    # Of the account's own unit; `task.board` and `task.press` of the unit with the id `thing`.
    "task.list": lambda account, _thing: bool(account.roles) and account.room is None,
    "task.read": _reads_task,
    "task.work": _works,
    # Whether it was done, the office says too; what it asks for, until when and of whom, its leaders alone.
    "task.decide": _gave("leader", "secretary"),
    "task.order": _gave("leader"),
    "task.board": lambda account, unit: bool(account.roles & _OFFICE) and unit in account.places,
    "task.press": lambda account, unit: bool(account.roles & {"leader", "secretary"}) and account.unit.id == unit,
    "meetings.list": lambda account, _thing: bool(account.roles),
    "meeting.schedule": _has("secretary"),
    "meeting.enter": _enter,
    "meeting.knock": _knock,
    "meeting.invite": lambda account, meeting: account.room is None and account.id in meeting.members,
    # Of one meeting: `members` are its secretary and the secretaries of the office that holds it.
    "meeting.manage": lambda account, meeting: account.room is None and account.id in meeting.members,
    # A permanent room of the unit with the id `thing`.
    "room.arrange": lambda account, unit: "secretary" in account.roles and account.unit.id == unit,
    # A series of meetings of the unit with the id `thing`.
    "series.arrange": lambda account, unit: (
        account.room is None and "secretary" in account.roles and account.unit.id == unit
    ),
    # Of one meeting: `members` are those who chaired it and took its minutes.
    "recording.read": lambda account, meeting: account.id in meeting.members,
    "proceedings.read": lambda account, meeting: account.id in meeting.members,
    "paper.read": _enter,
    # Here `members` are those of the meeting who may: they are its desk, who presents, or who brought the paper.
    "paper.add": _desk_or_member,
    "paper.remove": _desk_or_member,
    "room.publish_any": lambda account, room: account.room == room and account.room_role == "gateway",
    "room.list": _enter,
    # Units, people and their rights, of the whole installation; what was changed of them, of the unit with the id
    # `thing` (None: of all of them).
    "people.manage": lambda account, _thing: account.room is None and "administrator" in account.roles,
    "rights.read": lambda account, unit: (
        account.room is None
        and ("administrator" in account.roles or ("leader" in account.roles and account.unit.id == unit))
    ),
    "rights.confirm": _confirms,
    # Officials of every unit: they may be asked for remarks, or sign. The list holds what they may read.
    "archive.read": lambda account, _thing: (
        bool(account.roles & {"leader", "secretary", "clerk", "archivist"}) and account.room is None
    ),
    # Any official who may read the thing itself, which its own rule says.
    "incident.report": lambda account, _thing: bool(account.roles) and account.room is None,
    "incident.read": lambda account, incident: (
        _of_unit("leader", "secretary")(account, incident) or _decides(account, incident)
    ),
    "incident.decide": lambda account, incident: _decides(account, incident),
    "incident.draft": _of_unit("secretary"),
    "incident.name": _of_unit("leader"),
    # Case files of the unit with the id `thing`, and its metadata: the office reads them, that of the unit too which
    # has taken its place; secretaries, clerks and archivists keep them: they open new ones, which only a unit has that
    # still is.
    "case.read": lambda account, unit: bool(account.roles & _ARCHIVE) and unit in account.places,
    "case.keep": lambda account, unit: bool(account.roles & _KEEPERS) and account.unit.id == unit,
    # One case file, by the group it is in; and to say who opens which group.
    "case.open": lambda account, case: (
        bool(account.roles & _ARCHIVE & case.roles) and case.unit_id in account.places and account.room is None
    ),
    # What is in it and what is said of it; and to hand it over, receive it and hand it in when it is closed.
    "case.work": lambda account, case: _keeps(account, case) and bool(account.roles & _KEEPERS),
    "case.hand": lambda account, case: may(account, "case.open", case) and bool(account.roles & _KEEPERS),
    # Into another group: who keeps it, and the leaders, who are let into every group for that.
    "case.move": lambda account, case: _keeps(account, case) and bool(account.roles & (_KEEPERS | {"leader"})),
    # Its files and the bag: who keeps it, and the leaders, who answer for it.
    "case.fetch": lambda account, case: (
        may(account, "case.open", case) and bool(account.roles & (_KEEPERS | {"leader"}))
    ),
    "case.group": lambda account, unit: (
        account.room is None and bool(account.roles & {"leader", "administrator"}) and account.unit.id == unit
    ),
    "figures.read": lambda account, unit: bool(account.roles & _ARCHIVE) and unit in account.places,
    # Destroy the contents of those whose time is over, by a council's decision: the head, or a deputy.
    "case.dispose": lambda account, unit: account.room is None and "leader" in account.roles and unit in account.places,
    # The registers of the unit with the id `thing`: the clerk keeps them, and its head decides how numbers are counted.
    # Who is to deal with what came, a leader says, or the clerk writes down what a leader has said on paper.
    "register.read": lambda account, unit: bool(account.roles & _OFFICE) and unit in account.places,
    "register.enter": lambda account, unit: "clerk" in account.roles and account.unit.id == unit,
    "register.direct": lambda account, unit: (
        account.room is None and bool(account.roles & {"leader", "clerk"}) and account.unit.id == unit
    ),
    "register.handle": lambda account, unit: bool(account.roles & _OFFICE) and account.unit.id == unit,
    "register.rule": lambda account, unit: "leader" in account.roles and account.unit.id == unit,
    "desk.open": lambda account, _thing: bool(account.roles) and account.room is None,
    # Of the secretary's own unit.
    "document.begin": lambda account, _thing: account.room is None and "secretary" in account.roles,
    # Of the clerk's own unit: its people and its seal.
    "certificate.bind": lambda account, _thing: "clerk" in account.roles,
    # Signing at all; which document, its own rule says.
    "desk.sign": lambda account, _thing: account.room is None,
    "document.read": lambda account, document: (
        (bool(account.roles & _OFFICE) and document.unit_id in account.places)
        or _signer(account, document)
        or _asked(account, document)
    ),
    # The document as it was issued, and nothing of how it came to be.
    "document.receive": lambda account, document: (
        may(account, "document.read", document)
        or (account.room is None and bool(account.roles) and bool(account.places & document.charged))
    ),
    "document.edit": _of_unit("secretary"),
    "document.submit": _of_unit("secretary"),
    "document.return": lambda account, document: _of_unit("leader")(account, document) or _checker(account, document),
    "document.discard": _of_unit("secretary"),
    "document.consult": _of_unit("secretary"),
    "document.remark": _asked,
    "document.check": _checker,
    "document.signers": _of_unit("secretary"),
    "document.change": _of_unit("secretary"),
    # Of the unit with the id `thing`.
    "workflow.read": lambda account, unit: bool(account.roles & _OFFICE) and account.unit.id == unit,
    "workflow.set": lambda account, unit: bool(account.roles & {"leader", "secretary"}) and account.unit.id == unit,
    # Who has the competence that is given away, and never for themselves. To act as the head (Q.) is given from
    # outside, by whoever appoints: where nobody else leads, an administrator who has not put it down compares it with
    # the decision.
    "delegation.confirm": _confirms_delegation,
    "document.approve": _of_unit("leader"),
    "document.sign": _signer,
    "document.seal": _of_unit("clerk"),
    # Whoever has the turn to sign or to seal may refuse to.
    "document.void": lambda account, document: (
        _of_unit("leader")(account, document)
        or account.id in document.in_turn
        or (document.sealing and _of_unit("clerk")(account, document))
    ),
    "document.notice": _of_unit("secretary"),
    "document.publish": _of_unit("leader", "clerk"),
    # Whoever has the seal: a rendition is made, sealed and published in one act.
    "document.redact": _of_unit("clerk"),
    "document.withdraw": _of_unit("leader", "clerk"),
    # To other authorities, by the exchange axis.
    "document.send": _of_unit("clerk"),
}


def may(account: Account | None, act: Act, thing: Any = None) -> bool:
    """Whether `account` may do `act` to `thing` (a meeting, a document, a room id). Deny is the default."""
    rule = _RULES.get(act)
    if account is None or rule is None:
        return False
    # A phone bears the name of a person who may have an account, and is good for one meeting alone.
    if account.meeting and not (isinstance(thing, MeetingAccess) and thing.meeting == account.meeting):
        return False
    return rule(account, thing)


def reach(account: Account | None) -> frozenset[str]:
    """The marks of the search's entries (minutes.searching.entry) that `account` may read: what "document.read" and
    "proceedings.read" grant, as one question to the index can ask for it; and what everybody may read."""
    if account is None or account.room is not None or account.meeting:
        return frozenset({PUBLIC})
    marks = {PUBLIC, reader(account.id), asked_unit(account.unit.id)}
    if account.roles & _OFFICE:
        marks |= {office(unit) for unit in account.places}
    return frozenset(marks)
