"""A meeting's sheet as a form and back: what a secretary types, checked field by field; nothing typed is lost."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from minutes.authority import council_of
from rooms.proceedings import Meeting, MeetingKind, Person, Role, Unit
from rooms.proceedings.values import CHAIR_WAIT
from server import directory
from server.council import Deputy, accounts_of, session
from server.directory import Account
from server.i18n import N_, VIETNAM, Reader
from server.pages.sheet_rows import MINUTES, TITLE, Wrong, agenda_rows, guest_rows, read_agenda, read_guests
from server.pages.texts import Unfit, on_record
from server.sittings import invited_as, person_of

PLACE = 300
PLANNED = timedelta(days=731)
WAITS = (10, 3600)
"""Seconds for which a chair who has lost the line may be waited for."""

KINDS: Mapping[str, str] = {
    MeetingKind.BRIEFING: N_("Họp giao ban"),
    MeetingKind.CONFERENCE: N_("Hội nghị"),
    MeetingKind.COUNCIL: N_("Kỳ họp Hội đồng nhân dân"),
    MeetingKind.TRAINING: N_("Lớp tập huấn"),
    MeetingKind.EMERGENCY: N_("Họp khẩn"),
}
QUORUMS_BY_KIND: Mapping[str, str] = {MeetingKind.COUNCIL: "two_thirds"}
"""What is proposed where the secretary chooses none: a council's session is held where at least two thirds of all its
deputies are present (Law 72/2025/QH15, art. 34)."""
QUORUMS_NAMED: Mapping[str, str] = {
    "": N_("Theo loại cuộc họp"),
    "none": N_("Không quy định"),
    "half": N_("Quá nửa tổng số"),
    "two_thirds": N_("Ít nhất hai phần ba tổng số"),
}
ROLES: Mapping[str, str] = {
    Role.DELEGATE: N_("Đại biểu"),
    Role.SECRETARY: N_("Thư ký"),
    Role.CLERK: N_("Văn thư"),
    Role.TECHNICIAN: N_("Kỹ thuật"),
    Role.VIEWER: N_("Dự thính"),
}
"""As what somebody may be invited singly."""
ROLES_NAMED: Mapping[str, str] = {
    Role.CHAIR: N_("Chủ trì"),
    Role.DEPUTY: N_("Phó chủ trì"),
    **ROLES,
    Role.GUEST: N_("Khách mời"),
    Role.GATEWAY: N_("Thiết bị"),
}
VOTES: Mapping[str, str] = {
    "": N_("Biểu quyết theo tư cách"),
    "yes": N_("Có quyền biểu quyết"),
    "no": N_("Không biểu quyết"),
}
_VOTES: Mapping[bool | None, str] = {None: "", True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Choices:
    """Whom a meeting may name: accounts by role, the units that send delegates, and everybody else by name."""

    leaders: tuple[Account, ...]
    secretaries: tuple[Account, ...]
    delegates: Mapping[str, tuple[Account, ...]]
    units: tuple[directory.Unit, ...]
    owners: tuple[directory.Unit, ...]
    others: tuple[Account, ...]
    council: tuple[Deputy, ...]
    members: tuple[Account, ...]
    """Those of the council who have an account."""

    @property
    def chairs(self) -> tuple[Account, ...]:
        """Who may chair: leaders, and in a session of the council any of its deputies."""
        return (*self.leaders, *(one for one in self.members if one not in self.leaders))

    def deputies(self) -> tuple[Account, ...]:
        """Who may stand in for the chair: anybody who can be invited."""
        return (*self.others, *(one for unit in self.units for one in self.delegates[unit.id]))

    @classmethod
    def of(
        cls,
        account: Account,
        accounts: Sequence[Account],
        units: Sequence[directory.Unit],
        council: tuple[Deputy, ...],
    ) -> "Choices":
        """The choices of `account`: chair and secretary from its own unit, delegates from every unit; `council` is the
        one whose sessions its office prepares."""
        members = accounts_of(council, accounts)
        leaders = [one for one in accounts if "leader" in one.roles and one.unit.id == account.unit.id]
        delegates = {
            unit.id: tuple(one for one in accounts if one.unit.id == unit.id and "delegate" in one.roles)
            for unit in units
        }
        return cls(
            leaders=tuple(leaders),
            secretaries=tuple(one for one in accounts if "secretary" in one.roles and one.unit.id == account.unit.id),
            delegates=delegates,
            units=tuple(unit for unit in units if delegates[unit.id]),
            owners=tuple(units),
            others=tuple(one for one in accounts if "delegate" not in one.roles),
            council=council,
            members=members,
        )


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a form says: the meeting, and the mail addresses of its guests by person."""

    meeting: Meeting
    guests: Mapping[str, str]


def typed_of(meeting: Meeting, guests: Mapping[str, str], choices: Choices) -> dict[str, str]:
    """What the form shows for a meeting."""
    begins = meeting.starts_at.astimezone(VIETNAM)
    named = {person.id for person in meeting.invited}
    if meeting.kind is MeetingKind.COUNCIL:
        named -= {deputy.id for deputy in choices.council}  # invited by the council's list
    seated = {meeting.chair.id, meeting.secretary.id}
    typed = {
        "title": meeting.title,
        "kind": meeting.kind,
        "minutes": str(meeting.minutes or ""),
        "date": begins.date().isoformat(),
        "time": begins.strftime("%H:%M"),
        "place": meeting.place,
        "chair": meeting.chair.id,
        "secretary": meeting.secretary.id,
        "deputy": next(iter(meeting.deputies), ""),
        "previous": meeting.previous,
        "quorum": meeting.quorum,
        "lobby": "on" if meeting.lobby else "off",
        "chair_wait": str(meeting.chair_wait),
        **agenda_rows(meeting.agenda),
        **guest_rows(meeting.invited, guests),
    }
    if meeting.secretary.votes:
        typed["secretary_votes"] = "1"
    for one in meeting.invited:
        typed[f"role.{one.id}"] = one.role.value
        typed[f"vote.{one.id}"] = _VOTES[one.vote]
    for unit in choices.units:
        if any(account.id in named for account in choices.delegates[unit.id] if account.id not in seated):
            typed[f"unit.{unit.id}"] = unit.id
    for account in choices.others:
        if account.id in named:
            typed[f"person.{account.id}"] = account.id
    return typed


class Form:
    """Reads a typed sheet; `errors` has a sentence for each field that is wrong, in the reader's language."""

    def __init__(self, typed: Mapping[str, str], choices: Choices, reader: Reader) -> None:
        self._typed = typed
        self._choices = choices
        self._reader = reader
        self.errors: dict[str, str] = {}

    def read(
        self, account: Account, now: datetime, meeting_id: str, room: str, before: Sheet | None = None
    ) -> Sheet | None:
        """The sheet that the form describes, None if a field is wrong. `before` is what it was: points of the agenda
        and guests that stay keep their ids, and the authority stays."""
        typed, choices = self._typed, self._choices
        title, place = self._line("title", TITLE), self._line("place", PLACE)
        starts_at = self._moment(now)
        chair = next((one for one in choices.chairs if one.id == typed.get("chair")), None)
        secretary = next((one for one in choices.secretaries if one.id == typed.get("secretary")), None)
        if chair is None:
            self._wrong("chair", N_("Chưa chọn người chủ trì."))
        if secretary is None or secretary == chair:
            self._wrong("secretary", N_("Chưa chọn thư ký, hoặc thư ký trùng với người chủ trì."))
        units = [unit for unit in choices.units if f"unit.{unit.id}" in typed]
        others = [one for one in choices.others if f"person.{one.id}" in typed]
        invited = before.meeting.invited if before else ()
        guests = read_guests(typed, invited, self._wrong_in("guests"))
        kind = typed.get("kind", MeetingKind.BRIEFING)
        council = choices.council if kind == MeetingKind.COUNCIL else ()
        if kind == MeetingKind.COUNCIL and not council:
            self._wrong(
                "kind",
                N_(
                    "Danh sách đại biểu Hội đồng nhân dân còn trống, nên không tính được số đại biểu có mặt và kết quả "
                    "biểu quyết. Xin lập danh sách trước."
                ),
            )
        if kind != MeetingKind.COUNCIL and chair is not None and chair not in choices.leaders:
            self._wrong("chair", N_("Đại biểu này chỉ chủ trì được kỳ họp Hội đồng nhân dân."))
        if not (units or others or guests or council):
            self._wrong("units", N_("Chưa chọn đơn vị dự họp."))
        known, needed = before.meeting.agenda if before else (), kind != MeetingKind.EMERGENCY
        agenda = read_agenda(typed, known, self._wrong_in("agenda"), needed=needed)
        quorum = typed.get("quorum", "") or QUORUMS_BY_KIND.get(kind, "none")
        if kind not in KINDS or quorum not in QUORUMS_NAMED:
            self._wrong("kind", N_("Chưa chọn loại cuộc họp."))
        deputy = typed.get("deputy", "")
        named = next((one for one in choices.deputies() if one.id == deputy), None)
        if deputy and (named is None or named in (chair, secretary)):
            self._wrong("deputy", N_("Phó chủ trì phải khác người chủ trì và thư ký."))
        wait, minutes = self._wait(before), self._minutes()
        if self.errors or starts_at is None or chair is None or secretary is None:
            return None
        delegates = [*(one for unit in units for one in choices.delegates[unit.id]), *others]
        if named is not None and named not in delegates:
            delegates.append(named)
        people = [self._seat(one, one is named) for one in delegates if one not in (chair, secretary)]
        authority = before.meeting.authority if before else Unit(account.unit.id, account.unit.name)
        if authority.id == account.unit.id and kind != (before.meeting.kind if before else MeetingKind.BRIEFING):
            own = Unit(account.unit.id, account.unit.name)
            authority = council_of(own) if kind == MeetingKind.COUNCIL else own
        meeting = Meeting(
            id=meeting_id,
            room=room,
            title=title,
            place=place,
            # The full name: it becomes the letterhead of what the meeting issues.
            authority=authority,
            starts_at=starts_at,
            chair=person_of(chair, Role.CHAIR),
            secretary=replace(person_of(secretary, Role.SECRETARY), vote=True if "secretary_votes" in typed else None),
            invited=(*people, *(person for person, _ in guests)),
            agenda=agenda,
            units=tuple(Unit(unit.id, unit.short_name) for unit in choices.owners),
            kind=MeetingKind(kind),
            minutes=minutes,
            previous=_reference(typed.get("previous", "")),
            quorum=quorum,
            chair_wait=wait,
            lobby=typed.get("lobby", "on") != "off",
            barred=before.meeting.barred if before else (),
        )
        if council:
            meeting = session(meeting, council, [invited_as(one) for one in choices.members])
        addresses = {person.id: address for person, address in guests if address}
        addresses |= {deputy.id: deputy.address for deputy in council if deputy.outside and deputy.address}
        return Sheet(meeting, addresses)

    def _wrong(self, field: str, sentence: str, **values: object) -> None:
        self.errors.setdefault(field, self._reader.gettext(sentence, **values))

    def _wrong_in(self, field: str) -> Wrong:
        def wrong(sentence: str, row: int = 0, **values: object) -> None:
            said = self._reader.gettext(sentence, **values)
            self.errors.setdefault(
                field, self._reader.gettext(N_("Dòng %(row)s: %(said)s"), row=row, said=said) if row else said
            )

        return wrong

    def _seat(self, account: Account, deputy: bool) -> Person:
        """As what the form invites somebody; what it does not say, as it is usual for the account."""
        usual = invited_as(account)
        typed = self._typed.get(f"role.{account.id}", usual.role)
        role = Role.DEPUTY if deputy else Role(typed) if typed in ROLES else Role.DELEGATE
        vote = {"yes": True, "no": False}.get(self._typed.get(f"vote.{account.id}", ""))
        if f"vote.{account.id}" not in self._typed:
            vote = usual.vote if role is usual.role else None
        found = replace(usual, role=role, vote=vote)
        return replace(found, vote=None) if found.votes is replace(found, vote=None).votes else found

    def _wait(self, before: Sheet | None) -> int:
        typed = self._typed.get("chair_wait", str(before.meeting.chair_wait if before else CHAIR_WAIT)).strip()
        if not re.fullmatch(r"[0-9]{1,4}", typed) or not WAITS[0] <= int(typed) <= WAITS[1]:
            self._wrong(
                "chair_wait", N_("Thời gian chờ từ %(least)s đến %(most)s giây."), least=WAITS[0], most=WAITS[1]
            )
            return CHAIR_WAIT
        return int(typed)

    def _minutes(self) -> int:
        typed = self._typed.get("minutes", "").strip() or "0"
        if not re.fullmatch(r"[0-9]{1,4}", typed) or int(typed) > MINUTES:
            self._wrong("minutes", N_("Số phút là một số không quá %(limit)s."), limit=MINUTES)
            return 0
        return int(typed)

    def _line(self, name: str, limit: int) -> str:
        try:
            return on_record(self._typed.get(name, ""), limit)
        except Unfit as unfit:
            self._wrong(name, str(unfit), limit=limit)
            return ""

    def _moment(self, now: datetime) -> datetime | None:
        try:
            day = date.fromisoformat(self._typed.get("date", ""))
            found = datetime.combine(day, time.fromisoformat(self._typed.get("time", "")), VIETNAM)
        except ValueError:
            self._wrong("date", N_("Ngày, giờ không hợp lệ."))
            return None
        if found.date() < now.astimezone(VIETNAM).date():
            self._wrong("date", N_("Ngày họp đã qua."))
        elif found - now > PLANNED:
            self._wrong("date", N_("Ngày họp cách hiện tại quá hai năm."))
        return found


def _reference(typed: str) -> str:
    return typed if re.fullmatch(r"[0-9a-z-]{1,64}", typed) else ""


def accounts_named(typed: Mapping[str, str], prefix: str, known: Iterable[str]) -> tuple[str, ...]:
    """Which of the `known` ids are ticked in a form, as "unit.ta-nang"."""
    return tuple(one for one in known if f"{prefix}.{one}" in typed)
