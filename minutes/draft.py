"""The first draft of the minutes, from what happened in the meeting.

The draft says only what the proceedings say; the secretary corrects and adds. It can always be stored, read and
edited: texts are mended (fit.py), and what is too much for one document or its form is gathered or cut with "…".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from minutes import fit
from minutes.authority import Authority
from minutes.blocks import ConclusionLine
from minutes.content import VIETNAM, MinutesContent, PersonLine, UnitAttendance, VoteLine
from minutes.course import GUESTS, course, office_of
from minutes.document import Signer
from minutes.errors import N_, Reason, Refused
from minutes.reading import LINE, MANY
from minutes.wording import addressed, capital, short_time, vote_basis
from rooms.proceedings import (
    AgendaItem,
    Attendance,
    Conclusion,
    LateVote,
    Meeting,
    NamedBallot,
    Person,
    Proceedings,
    Role,
    VoteResult,
)

_TAKING_PART = frozenset(Role) - {Role.VIEWER, Role.TECHNICIAN, Role.GATEWAY}
_DUTIES = {Role.DEPUTY: "phó chủ tọa", Role.CLERK: "văn thư", Role.GUEST: "khách mời"}
CONCLUSIONS_ROOM = 60_000
"""Characters: with the course and the other fields less than what the form for editing takes (200 000)."""


def minutes(
    proceedings: Proceedings, document_id: str, authority: Authority, told: Mapping[str, Sequence[str]] | None = None
) -> MinutesContent:
    """The first draft; raises Refused("not_closed") while the meeting is not closed. Minutes, and nothing else, say
    "chủ tọa" for the chair (Decree 30/2020, template 1.10). `told`: what is to be said of an item of the agenda
    besides, by its title."""
    meeting = proceedings.meeting
    if proceedings.opened_at is None or proceedings.closed_at is None:
        raise Refused("not_closed", Reason(N_("Cuộc họp chưa kết thúc.")))
    return MinutesContent(
        document_id=document_id,
        title=fit.line(meeting.title, "Cuộc họp"),
        place_name=fit.line(authority.place_name, fit.line(authority.unit.name, "Cơ quan chủ trì")),
        venue=fit.line(f"{meeting.place} và các điểm cầu trực tuyến", ""),
        starts_at=proceedings.opened_at.astimezone(VIETNAM),
        ended_at=max(proceedings.opened_at, proceedings.closed_at).astimezone(VIETNAM),
        chair_line=_line(meeting.chair),
        secretary_line=_secretaries(meeting),
        attendance=_attendance(proceedings),
        course=course(proceedings, told or {}),
        votes=tuple(_vote(vote, proceedings.late_votes()) for vote in proceedings.votes()[:MANY]),
        conclusions=_conclusions(proceedings.conclusions(), proceedings.meeting.agenda),
        recipients=("Chủ tọa, thư ký cuộc họp", "Các đơn vị dự họp", "Lưu: VT, Hồ sơ"),
        proceedings_root=proceedings.root,
        proceedings_count=len(proceedings.facts),
    )


def minutes_signers(proceedings: Proceedings, has_key: Callable[[str], bool]) -> tuple[Signer, ...]:
    """Secretary, chair, and the seal of the authority, in signing order.

    Somebody without a key (`has_key` takes the account), as a guest who took the seat, cannot sign: then another
    secretary does, else the one who was convened for it.
    """
    held, convened = proceedings.meeting, proceedings.convened()
    others = [one for one in held.invited if one.id in held.secretaries]
    secretary = next((one for one in (held.secretary, *others) if has_key(one.id)), convened.secretary)
    chair = held.chair if has_key(held.chair.id) else convened.chair
    return (
        Signer("secretary", secretary.id, _name(secretary), ("THƯ KÝ",), fit.line(secretary.title, "")),
        Signer("chair", chair.id, _name(chair), ("CHỦ TỌA",), fit.line(chair.title, "")),
        Signer("seal", held.authority.id, held.authority.name, ()),
    )


def _line(person: Person) -> str:
    return fit.line(capital(f"{addressed(person)} - {office_of(person)}"), "")


def _secretaries(meeting: Meeting) -> str:
    """All who wrote, and first who signs."""
    others = [one for one in meeting.people() if one.id in meeting.secretaries and one.id != meeting.secretary.id]
    lines = [_line(meeting.secretary), *(_line(one) for one in others)]
    return fit.cut("; ".join(line for line in lines if line), LINE)


def _name(person: Person) -> str:
    return fit.line(person.name, "(không ghi tên)")


def _attendance(proceedings: Proceedings) -> tuple[UnitAttendance, ...]:
    """By unit, the authority's own first; who only looks on or tends the devices does not take part and is left out."""
    people: dict[str, list[PersonLine]] = {}
    authority = proceedings.meeting.authority
    names = {authority.id: fit.line(authority.name, "Cơ quan chủ trì")}
    for found in proceedings.attendance():
        if found.person.role not in _TAKING_PART:
            continue
        unit = found.person.unit
        names.setdefault(unit.id, fit.line(unit.name, GUESTS))
        intervals = tuple((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in found.intervals)
        line = PersonLine(_name(found.person), _at_site(found), intervals, bool(intervals))
        people.setdefault(unit.id, []).append(line)
    return tuple(UnitAttendance(name, tuple(people[unit])) for unit, name in names.items() if unit in people)


def _at_site(found: Attendance) -> str:
    """The capacity, and at whose site they sat."""
    capacity = _capacity(found.person)
    if found.site is None:
        return capacity
    at = f"dự tại điểm cầu {found.site.unit.name}"
    if found.added_by is not None:
        at += f" (bổ sung tại điểm cầu, do {_name(found.added_by)} ghi tên)"
    return fit.cut(f"{capacity}, {at}" if capacity else f"{at[0].upper()}{at[1:]}", LINE)


def _capacity(person: Person) -> str:
    """The title, and what the person was in the meeting where that is more than a delegate."""
    title, duty = fit.line(person.title, ""), _DUTIES.get(person.role, "")
    return f"{title} ({duty})" if title and duty else title or fit.cut(duty.capitalize(), LINE)


def _late_ballots(vote: VoteResult, late: Iterable[LateVote]) -> str:
    """Listed with the result, and not in it."""
    words = {"for": "tán thành", "against": "không tán thành", "abstain": "không có ý kiến"}
    names = [
        f"{_name(one.person)} ({words[one.choice]}, lúc {short_time(one.at)})" for one in late if one.vote == vote.id
    ]
    return f" Ý kiến gửi muộn, không tính vào kết quả: {', '.join(names)}." if names else ""


def _conclusions(found: Iterable[Conclusion], agenda: Iterable[AgendaItem]) -> tuple[ConclusionLine, ...]:
    items = {item.id: fit.line(item.title, "Nội dung không ghi tên") for item in agenda}
    lines = [
        ConclusionLine(
            fit.paragraph(one.text, "(không ghi nội dung)"),
            fit.line(one.owner.name, GUESTS) if one.owner else None,
            one.deadline,
            co_units=tuple(fit.line(unit.name, GUESTS) for unit in one.helpers),
            item=items.get(one.item or ""),
        )
        for one in found
    ]
    if len(lines) > MANY:
        rest = fit.gathered([line.text for line in lines[MANY - 1 :]], 1)
        lines[MANY - 1 :] = [ConclusionLine(text, None, None) for text in rest]
    if sum(len(line.text) + len(line.owner_unit or "") for line in lines) > CONCLUSIONS_ROOM:
        share = CONCLUSIONS_ROOM // len(lines) // 2
        lines = [
            replace(one, text=fit.cut(one.text, share), owner_unit=one.owner_unit and fit.cut(one.owner_unit, share))
            for one in lines
        ]
    return tuple(lines)


def _voter(ballot: NamedBallot) -> str:
    if ballot.by is None:
        return _name(ballot.person)
    if ballot.spoken:
        return fit.line(f"{_name(ballot.person)} (biểu quyết trực tiếp tại điểm cầu, {_name(ballot.by)} ghi nhận)", "")
    return fit.line(f"{_name(ballot.person)} (do {_name(ballot.by)} biểu quyết thay)", "")


def _vote(vote: VoteResult, late: Iterable[LateVote]) -> VoteLine:
    tally = vote.outcome.tally
    return VoteLine(
        text=fit.paragraph(vote.text, "(không ghi nội dung)"),
        in_favour=tally["for"],
        against=tally["against"],
        abstain=tally["abstain"],
        none=tally["none"],
        eligible=vote.outcome.eligible,
        result=vote.outcome.result,
        ballots=tuple((_voter(ballot), ballot.choice) for ballot in vote.ballots),
        basis=vote_basis(vote.rule, vote.outcome) + _late_ballots(vote, late),
    )
