"""The first draft of the minutes, from what happened in the meeting.

The draft says only what the proceedings say; the secretary corrects and adds. It can always be stored, read and
edited: texts are mended (fit.py), and what is too much for one document or its form is gathered or cut with "…".
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from minutes import fit
from minutes.authority import Authority
from minutes.blocks import ConclusionLine
from minutes.content import DUTIES, VIETNAM, MinutesContent, PersonLine, UnitAttendance, VoteLine
from minutes.course import course, office_of
from minutes.document import Signer
from minutes.errors import N_, Reason, Refused
from minutes.reading import LINE, MANY
from minutes.wording import GUESTS, KEPT, addressed, capital, count, short_time, vote_basis
from rooms.proceedings import (
    AgendaItem,
    Attendance,
    Conclusion,
    Interval,
    LateVote,
    Meeting,
    NamedBallot,
    Person,
    Proceedings,
    Role,
    VoteResult,
)

_ON_DUTY = frozenset({"interpreter", "technician", "viewer"})
"""Of whom nobody says that they were absent."""
CONCLUSIONS_ROOM = 60_000
"""Characters: with the course and the other fields less than what the form for editing takes (200 000)."""


def called(title: str) -> str:
    """What minutes call a meeting: its kind first, as "Họp" or "Hội nghị" (Decree 30/2020, template 1.9). Only of
    "Giao ban…" it is known that the kind is lacking; other titles stay as the office wrote them."""
    begins = "giao ban"
    said = f"Họp {begins}{title[len(begins) :]}"
    return said if title.lower().startswith(begins) and len(said) <= LINE else title


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
        title=called(fit.line(meeting.title, "Cuộc họp")),
        place_name=fit.line(authority.place_name, fit.line(authority.unit.name, "Cơ quan chủ trì")),
        venue=fit.line(_venue(meeting.place), ""),
        starts_at=proceedings.opened_at.astimezone(VIETNAM),
        ended_at=max(proceedings.opened_at, proceedings.closed_at).astimezone(VIETNAM),
        chair_line=_line(meeting.chair),
        secretary_line=_secretaries(meeting, {one.person.id for one in proceedings.attendance() if one.intervals}),
        attendance=_attendance(proceedings),
        course=course(proceedings, told or {}),
        votes=tuple(_vote(vote, proceedings.late_votes()) for vote in proceedings.votes()[:MANY]),
        conclusions=_conclusions(proceedings.conclusions(), proceedings.meeting.agenda),
        recipients=("Chủ tọa, thư ký cuộc họp", "Các đơn vị dự họp", KEPT),
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


def _secretaries(meeting: Meeting, there: Collection[str]) -> str:
    """All who were to write, and first who signs; `there`: the ids of those who came."""
    others = [one for one in meeting.people() if one.id in meeting.secretaries and one.id != meeting.secretary.id]
    lines = [(_line(one), "" if one.id in there else " (vắng mặt)") for one in (meeting.secretary, *others)]
    return fit.cut("; ".join(f"{line}{absent}" for line, absent in lines if line), LINE)


def _name(person: Person) -> str:
    return fit.line(person.name, "(không ghi tên)")


def _attendance(proceedings: Proceedings) -> tuple[UnitAttendance, ...]:
    """By unit, the authority's own first. Members are those who count in votes and quorums; the others have a duty, and
    those who only look on or tend something are listed if they came."""
    people: dict[str, list[PersonLine]] = {}
    authority = proceedings.meeting.authority
    names = {authority.id: fit.line(authority.name, "Cơ quan chủ trì")}
    interpreters = {one.person.id for one in proceedings.interpreted()}
    for found in proceedings.attendance():
        duty = _duty(found.person, interpreters)
        if found.person.role is Role.GATEWAY or (duty in _ON_DUTY and not found.intervals):
            continue
        unit = found.person.unit
        names.setdefault(unit.id, fit.line(unit.name, GUESTS))
        spans = _whole(found.intervals)
        intervals = tuple((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in spans)
        line = PersonLine(_name(found.person), _at_site(found, duty), intervals, bool(intervals), duty)
        people.setdefault(unit.id, []).append(line)
    return tuple(UnitAttendance(name, tuple(people[unit])) for unit, name in names.items() if unit in people)


def _whole(intervals: Iterable[Interval]) -> list[Interval]:
    """The intervals, those joined between which less than a minute lies: minutes have no seconds, and would say that
    somebody left and was there."""
    joined: list[Interval] = []
    for start, end in intervals:
        if joined and start - joined[-1][1] < timedelta(minutes=1):
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


def _duty(person: Person, interpreters: Collection[str]) -> str | None:
    if person.votes:
        return None
    if person.id in interpreters:
        return "interpreter"
    return person.role.value if person.role.value in DUTIES else "attending"


def _venue(place: str) -> str:
    return place if "trực tuyến" in place.lower() else f"{place} và các điểm cầu trực tuyến"


def _at_site(found: Attendance, duty: str | None) -> str:
    """The capacity, and at whose site they sat."""
    capacity = _capacity(found.person, duty)
    if found.site is None:
        return capacity
    at = f"dự tại điểm cầu {found.site.unit.name.removeprefix('Ủy ban nhân dân ')}"
    if found.added_by is not None:
        at += f" (bổ sung tại điểm cầu, do {_name(found.added_by)} ghi tên)"
    return fit.cut(f"{capacity}, {at}" if capacity else at, LINE)


def _capacity(person: Person, duty: str | None) -> str:
    """The title, with the unit of those who are not listed under it; and that the person stands in for the chair."""
    title = fit.line(person.title, "")
    if duty is not None and fit.line(person.unit.name, GUESTS) != GUESTS:
        title = office_of(person)
    parts = [title, "phó chủ tọa" if person.role is Role.DEPUTY else ""]
    return fit.cut(", ".join(part for part in parts if part), LINE)


def _found_later(vote: VoteResult) -> str:
    """Whom the announced result has as present, and who, as was found afterwards, had no line. It stays announced."""
    if not vote.counted:
        return ""
    there = vote.outcome.present - len(vote.counted)
    names = ", ".join(_name(one) for one in vote.counted)
    return (
        f" Sau khi công bố kết quả, xác định có {count(len(vote.counted))} đại biểu đã tính là có mặt "
        f"nhưng mất kết nối khi biểu quyết ({fit.cut(names, 500)}); không kể các đại biểu này, "
        f"có mặt {count(there)}/{count(vote.outcome.members)}. Kết quả đã công bố được giữ nguyên."
    )


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


def _without(vote: VoteResult) -> Iterable[tuple[str, str]]:
    """Who gave no ballot in a roll call: was there, or had lost the line; and where all members count, was absent."""
    if vote.rule.secret:
        return
    yield from ((_name(one), "none") for one in vote.silent)
    yield from ((_name(one), "lost") for one in vote.cut)
    if vote.rule.base == "members":
        yield from ((_name(one), "absent") for one in vote.absent)


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
        ballots=(*((_voter(ballot), ballot.choice) for ballot in vote.ballots), *_without(vote)),
        basis=vote_basis(vote.rule, vote.outcome) + _found_later(vote) + _late_ballots(vote, late),
    )
