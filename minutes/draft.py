"""The first draft of the minutes, from what happened in the meeting.

The draft says only what the proceedings say; the secretary corrects and adds. It can always be stored, read and
edited: texts are mended (fit.py), and what is too much for one document or its form is gathered or cut with "…".
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from minutes import fit
from minutes.authority import Authority
from minutes.blocks import ConclusionLine
from minutes.content import (
    VIETNAM,
    CoursePart,
    MinutesContent,
    PersonLine,
    UnitAttendance,
    VoteLine,
)
from minutes.document import Signer
from minutes.errors import N_, Reason, Refused
from minutes.reading import LINE, MANY
from minutes.wording import addressed, capital, count, office, outcome_words, short_date, short_time, vote_basis
from rooms.proceedings import (
    AgendaChange,
    AgendaItem,
    Attendance,
    Chaired,
    Conclusion,
    LateStatement,
    LateVote,
    Meeting,
    NamedBallot,
    PaperShown,
    Person,
    Proceedings,
    Proxy,
    Role,
    Step,
    VoteResult,
    Written,
)

GUESTS = "Khách mời"
"""The unit of those who belong to none."""

_TAKING_PART = frozenset(Role) - {Role.VIEWER, Role.TECHNICIAN, Role.GATEWAY}
_DUTIES = {Role.DEPUTY: "phó chủ tọa", Role.CLERK: "văn thư", Role.GUEST: "khách mời"}
_CHAIRED = {
    "handed": " theo ủy quyền của chủ tọa",
    "lost": " thay, do chủ tọa vắng mặt",
    "returned": " trở lại",
}

COURSE_ROOM = 90_000
CONCLUSIONS_ROOM = 60_000
"""Characters: together with the other fields less than what the form for editing takes (200 000)."""


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
        course=_course(
            [
                *_parts(proceedings, told or {}),
                *_shown(proceedings.papers()),
                *_proxies(proceedings.proxies()),
                *_written(proceedings.written()),
                *_chaired(proceedings.chaired()),
                *_late(proceedings.late_statements()),
                *_recorded(proceedings.recordings()),
                *_interrupted(proceedings.interruptions()),
                *_adjourned(proceedings.breaks()),
                *_amended(proceedings.agenda_changes()),
            ]
        ),
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
    return fit.line(capital(f"{addressed(person)} - {_office(person)}"), "")


def _secretaries(meeting: Meeting) -> str:
    """All who wrote, and first who signs."""
    others = [one for one in meeting.people() if one.id in meeting.secretaries and one.id != meeting.secretary.id]
    lines = [_line(meeting.secretary), *(_line(one) for one in others)]
    return fit.cut("; ".join(line for line in lines if line), LINE)


def _name(person: Person) -> str:
    return fit.line(person.name, "(không ghi tên)")


def _office(person: Person) -> str:
    return office(fit.line(person.title, ""), fit.line(person.unit.name, GUESTS))


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
    return fit.cut(f"{capacity}, {at}" if capacity else f"{at[0].upper()}{at[1:]}", LINE)


def _capacity(person: Person) -> str:
    """The title, and what the person was in the meeting where that is more than a delegate."""
    title, duty = fit.line(person.title, ""), _DUTIES.get(person.role, "")
    return f"{title} ({duty})" if title and duty else title or fit.cut(duty.capitalize(), LINE)


def _chaired(found: Iterable[Chaired]) -> list[CoursePart]:
    """Who was in the chair when, if it was not one person all the time."""
    stretches = list(found)
    if len(stretches) < 2:
        return []
    texts = [
        f"Từ {short_time(one.started_at)} đến {short_time(one.ended_at)}: {addressed(one.person)}, "
        f"{_office(one.person)}, chủ tọa{_CHAIRED.get(one.why, '')}."
        for one in stretches
    ]
    return [CoursePart("Chủ tọa cuộc họp", fit.gathered(texts, MANY))]


def _interrupted(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    """What the minutes say of the times when nothing could be recorded; shorter ones nobody noticed."""
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp bị gián đoạn do sự cố kỹ thuật, "
        "diễn biến trong thời gian này không được ghi lại."
        for since, until in times
        if until - since >= timedelta(minutes=1)
    ]
    return [CoursePart("Gián đoạn do sự cố kỹ thuật", fit.gathered(texts, MANY))] if texts else []


def _shown(papers: Iterable[PaperShown]) -> list[CoursePart]:
    """Each paper once for each person who showed it, at the first time."""
    first = {(one.sha256, one.by.id): one for one in reversed(list(papers))}
    texts = [
        f"{short_time(one.span[0])}: {addressed(one.by)}, {_office(one.by)}, trình chiếu tài liệu "
        f"“{fit.line(one.name, '(không ghi tên)')}” ({count(one.pages)} trang)."
        for one in sorted(first.values(), key=lambda one: one.span)
    ]
    return [CoursePart("Tài liệu được trình chiếu", fit.gathered(texts, MANY))] if texts else []


def _proxies(proxies: Iterable[Proxy]) -> list[CoursePart]:
    texts = [
        f"{short_time(one.named_at)}: {addressed(one.person)}, {_office(one.person)}, ủy quyền cho "
        f"{addressed(one.holder)}, {_office(one.holder)}, biểu quyết thay khi vắng mặt"
        + (f" (đến {short_time(one.ended_at)})." if one.ended_at else ".")
        for one in proxies
    ]
    return [CoursePart("Ủy quyền biểu quyết", fit.gathered(texts, MANY))] if texts else []


def _written(messages: Iterable[Written]) -> list[CoursePart]:
    texts = [
        f"{short_time(one.at)}: {addressed(one.person)}, {_office(one.person)}, viết: “{fit.line(one.text, '')}”."
        for one in messages
    ]
    return [CoursePart("Ý kiến gửi bằng văn bản trong phòng họp", fit.gathered(texts, MANY))] if texts else []


def _adjourned(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    texts = [f"Từ {_until(since, until)}: cuộc họp tạm nghỉ." for since, until in times]
    return [CoursePart("Tạm nghỉ", fit.gathered(texts, MANY))] if texts else []


def _until(since: datetime, until: datetime) -> str:
    """ "09 giờ 30 đến 09 giờ 45", with the day where a session goes on another one."""
    days = [moment.astimezone(VIETNAM).date() for moment in (since, until)]
    if days[0] == days[1]:
        return f"{short_time(since)} đến {short_time(until)}"
    return f"{short_time(since)} ngày {short_date(days[0])} đến {short_time(until)} ngày {short_date(days[1])}"


def _amended(changes: Iterable[AgendaChange]) -> list[CoursePart]:
    """Who changed the agenda when and how; the order of the points before and after can be told from it."""
    texts = [f"{short_time(one.at)}: {addressed(one.by)} {_amendment(one)}." for one in changes]
    return [CoursePart("Điều chỉnh chương trình họp", fit.gathered(texts, MANY))] if texts else []


def _amendment(change: AgendaChange) -> str:
    def named(item: AgendaItem | None) -> str:
        return f"“{fit.line(item.title, 'không ghi tên', 300)}”" if item else "“không ghi tên”"

    where = f"trước nội dung {named(change.next)}" if change.next else "vào cuối chương trình"
    match change.kind:
        case "agenda_added":
            return f"bổ sung nội dung {named(change.after)} {where}"
        case "agenda_moved":
            return f"chuyển nội dung {named(change.after)} {where}"
        case "agenda_dropped":
            return f"bỏ nội dung {named(change.before)} khỏi chương trình"
    if change.before and change.after and change.before.title != change.after.title:
        return f"đổi tên nội dung {named(change.before)} thành {named(change.after)}"
    return f"sửa người trình bày, thời lượng của nội dung {named(change.after)}"


def _recorded(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp được ghi hình, ghi âm; "
        "chỉ ghi hình và tiếng của những người đồng ý."
        for since, until in times
    ]
    return [CoursePart("Ghi hình, ghi âm", fit.gathered(texts, MANY))] if texts else []


def _late(statements: Iterable[LateStatement]) -> list[CoursePart]:
    texts = []
    for one in statements:
        about = f" về nội dung “{fit.line(one.item, '', 200)}”" if one.item else ""
        said = fit.paragraph(one.text, "(không ghi nội dung)")
        texts.append(f"{short_time(one.at)}: {addressed(one.person)}, {_office(one.person)}, gửi{about}: {said}")
    return [CoursePart("Ý kiến gửi muộn (không phát biểu trực tiếp)", fit.gathered(texts, MANY))] if texts else []


def _late_ballots(vote: VoteResult, late: Iterable[LateVote]) -> str:
    """Listed with the result, and not in it."""
    words = {"for": "tán thành", "against": "không tán thành", "abstain": "không có ý kiến"}
    names = [f"{_name(one.person)} ({words[one.choice]})" for one in late if one.vote == vote.id]
    return f" Ý kiến gửi muộn, không tính vào kết quả: {', '.join(names)}." if names else ""


def _course(parts: list[CoursePart]) -> tuple[CoursePart, ...]:
    """The parts; where there are more than a document takes, the last one gathers the rest."""
    if len(parts) > MANY:
        rest = [text for part in parts[MANY - 1 :] for text in (f"{part.heading}:", *part.paragraphs)]
        parts[MANY - 1 :] = [CoursePart("Các nội dung tiếp theo", fit.gathered(rest, MANY))]
    return tuple(parts) if _size(parts) <= COURSE_ROOM else _shortened(parts)


def _size(parts: Iterable[CoursePart]) -> int:
    # Two more for each text: the form has a blank line between paragraphs.
    return sum(len(text) + 4 for part in parts for text in (part.heading, *part.paragraphs))


def _shortened(parts: Iterable[CoursePart]) -> tuple[CoursePart, ...]:
    """As many whole paragraphs as there is room for, then "…"; the headings stay, short."""
    bare = [CoursePart(fit.cut(part.heading, 100), part.paragraphs) for part in parts]
    room = COURSE_ROOM - _size(CoursePart(part.heading, (fit.CUT,)) for part in bare)
    kept = []
    for part in bare:
        texts = []
        for text in part.paragraphs:
            room -= len(text) + 4
            if room < 0:
                texts.append(fit.CUT)
                break
            texts.append(text)
        kept.append(CoursePart(part.heading, tuple(texts)))
    return tuple(kept)


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


def _parts(proceedings: Proceedings, told: Mapping[str, Sequence[str]]) -> list[CoursePart]:
    """Item by item; what the desk wrote down of an item stands where it was dealt with last, or by itself."""
    steps = proceedings.course()
    notes = {one.item: one.text for one in proceedings.noted()}
    titles = {item.id: item.title for item in proceedings.meeting.agenda}
    last = {_item_of(step): number for number, step in enumerate(steps)}
    parts = [
        _part(step, *_besides(step, notes, told) if last[_item_of(step)] == number else ())
        for number, step in enumerate(steps)
    ]
    rest = [
        CoursePart(fit.line(titles.get(item or "", ""), "Ghi chung"), fit.gathered(_rows(text), MANY))
        for item, text in notes.items()
    ]
    return [*parts, *rest]


def _besides(step: Step, notes: dict[str | None, str], told: Mapping[str, Sequence[str]]) -> list[str]:
    title = step.item.title if step.item else ""
    return [*(fit.paragraph(text, "") for text in told.get(title, ())), *_rows(notes.pop(_item_of(step), ""))]


def _item_of(step: Step) -> str | None:
    return step.item.id if step.item else None


def _rows(text: str) -> list[str]:
    return [row for line in text.split("\n") if (row := fit.paragraph(line, ""))]


def _part(step: Step, *besides: str) -> CoursePart:
    if step.item is None:
        heading, first = "Mở đầu", "cuộc họp bắt đầu"
    else:
        heading = fit.line(step.item.title, "Nội dung không ghi tên")
        presenter = fit.line(step.item.presenter, "")
        planned = f" (người trình bày theo chương trình: {presenter})" if presenter else ""
        first = f"cuộc họp chuyển sang nội dung này{planned}"
    paragraphs = [f"Từ {short_time(step.started_at)}: {first}."]
    paragraphs += [
        f"{short_time(turn.at)}: {addressed(turn.person)}, {_office(turn.person)}, "
        f"{'nêu ý kiến về thủ tục' if turn.order else 'phát biểu'}."
        for turn in step.speakers
    ]
    for vote in step.votes:
        text = fit.line(vote.text, "(không ghi nội dung)", 1000)
        paragraphs.append(
            f"{short_time(vote.closed_at)}: biểu quyết nội dung “{text}”; {outcome_words(vote.outcome.result)}."
        )
    return CoursePart(heading, fit.gathered([*paragraphs, *besides], MANY))


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
