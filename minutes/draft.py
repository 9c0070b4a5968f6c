"""First drafts: from what happened in a meeting to its minutes, and from minutes to the notice of conclusions.

The draft says only what the proceedings say; the secretary corrects and adds. It can always be stored, read and
edited: texts are mended (fit.py), and what is too much for one document or its form is gathered or cut with "…".
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

from minutes import fit
from minutes.authority import Authority
from minutes.content import (
    VIETNAM,
    ConclusionLine,
    CoursePart,
    MinutesContent,
    NoticeContent,
    PersonLine,
    UnitAttendance,
    VoteLine,
)
from minutes.document import Signer
from minutes.errors import N_, Reason, Refused
from minutes.reading import LINE, MANY
from minutes.wording import long_date, office, short_date, short_time
from rooms.proceedings import Conclusion, Meeting, Person, Proceedings, Role, Step, VoteResult

GUESTS = "Khách mời"
"""The unit of those who belong to none."""

COURSE_ROOM = 90_000
CONCLUSIONS_ROOM = 60_000
"""Characters: together with the other fields less than what the form for editing takes (200 000)."""


def minutes(proceedings: Proceedings, document_id: str, authority: Authority) -> MinutesContent:
    """The first draft of the minutes; raises Refused("not_closed") while the meeting is not closed."""
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
        secretary_line=_line(meeting.secretary),
        attendance=_attendance(proceedings),
        course=_course(
            [
                *map(_part, proceedings.course()),
                *_recorded(proceedings.recordings()),
                *_interrupted(proceedings.interruptions()),
            ]
        ),
        votes=tuple(_vote(vote) for vote in proceedings.votes()[:MANY]),
        conclusions=_conclusions(proceedings.conclusions()),
        recipients=("Chủ trì, thư ký cuộc họp", "Các đơn vị dự họp", "Lưu: VT, Hồ sơ"),
        proceedings_root=proceedings.root,
        proceedings_count=len(proceedings.facts),
    )


def minutes_signers(proceedings: Proceedings, has_key: Callable[[str], bool]) -> tuple[Signer, ...]:
    """Secretary, chair, and the seal of the authority, in signing order.

    Somebody without a key (`has_key` takes the account), as a guest who took the seat, cannot sign: then the one does
    who was convened for it.
    """
    held, convened = proceedings.meeting, Meeting.from_json(proceedings.facts[0].data)
    secretary = held.secretary if has_key(held.secretary.id) else convened.secretary
    chair = held.chair if has_key(held.chair.id) else convened.chair
    return (
        Signer("secretary", secretary.id, _name(secretary), ("THƯ KÝ",), fit.line(secretary.title, "")),
        Signer("chair", chair.id, _name(chair), ("CHỦ TỌA",), fit.line(chair.title, "")),
        Signer("seal", held.authority.id, held.authority.name, ()),
    )


def leader_of(minutes_signers: tuple[Signer, ...]) -> Signer:
    """Who signs the notice if nobody else is named: the chair of the meeting, in his or her own position."""
    chair = next(signer for signer in minutes_signers if signer.role == "chair")
    return Signer("leader", chair.account, chair.name, authority_lines(chair.title), chair.title)


def notice(
    source: MinutesContent,
    document_id: str,
    *,
    number_symbol: str,
    issued_on: date,
    chair: Signer,
) -> NoticeContent:
    """A draft notice of the conclusions in signed minutes. Raises Refused("no_conclusions") if there are none."""
    if not source.conclusions:
        raise Refused("no_conclusions", Reason(N_("Biên bản không có kết luận nào để thông báo.")))
    who = f"đồng chí {chair.name}, {chair.title}," if chair.title else f"đồng chí {chair.name}"
    by_title = f"đồng chí {chair.title} {chair.name}" if chair.title else f"đồng chí {chair.name}"
    units = [group.unit for group in source.attendance if any(line.present for line in group.people)]
    intro = (
        f"{long_date(source.starts_at.date()).capitalize()}, tại {source.venue}, {who} đã chủ trì "
        f"{_lowered(source.title)}. Tham dự có đại diện: {'; '.join(units)}.",
        f"Sau khi nghe các báo cáo và ý kiến của các đại biểu (Biên bản số {number_symbol} ngày "
        f"{short_date(issued_on)}), {by_title} kết luận như sau:",
    )
    owners = dict.fromkeys(line.owner_unit for line in source.conclusions if line.owner_unit)
    return NoticeContent(
        document_id=document_id,
        minutes_id=source.document_id,
        subject=fit.cut(f"Kết luận của {by_title}\ntại {_lowered(source.title)}", LINE),
        place_name=source.place_name,
        intro=tuple(fit.paragraph(text, fit.CUT) for text in intro),
        conclusions=source.conclusions,
        closing="Thông báo để các cơ quan, đơn vị biết, thực hiện",
        recipients=(*list(owners)[: MANY - 2], "Các đơn vị dự họp", "Lưu: VT, HS"),
    )


def authority_lines(title: str) -> tuple[str, ...]:
    """What stands above a leader's signature: a deputy signs for the head (ký thay, Decree 30/2020 art. 13)."""
    upper = title.upper()
    for suffix in (" UBND ", " HĐND ", " ỦY BAN NHÂN DÂN ", " HỘI ĐỒNG NHÂN DÂN "):
        upper = upper.split(suffix)[0]
    upper = upper.strip()
    if upper.startswith("PHÓ "):
        return (f"KT. {upper.removeprefix('PHÓ ')}", upper)
    return (upper,) if upper else ("NGƯỜI CÓ THẨM QUYỀN",)


def _line(person: Person) -> str:
    return fit.line(f"Đồng chí {_name(person)} - {_office(person)}", "")


def _name(person: Person) -> str:
    return fit.line(person.name, "(không ghi tên)")


def _office(person: Person) -> str:
    return office(fit.line(person.title, ""), fit.line(person.unit.name, GUESTS))


def _lowered(title: str) -> str:
    """A meeting's name inside a sentence: "Họp giao ban…" becomes "cuộc họp giao ban…"."""
    if title.startswith("Họp "):
        return f"cuộc h{title[1:]}"
    return f"{title[0].lower()}{title[1:]}" if title[1:2].islower() else title


def _attendance(proceedings: Proceedings) -> tuple[UnitAttendance, ...]:
    """By unit, the authority's own first; onlookers who were not invited are not delegates and are left out."""
    people: dict[str, list[PersonLine]] = {}
    authority = proceedings.meeting.authority
    names = {authority.id: fit.line(authority.name, "Cơ quan chủ trì")}
    for found in proceedings.attendance():
        if found.person.role in (Role.VIEWER, Role.GATEWAY):
            continue
        unit = found.person.unit
        names.setdefault(unit.id, fit.line(unit.name, GUESTS))
        intervals = tuple((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in found.intervals)
        line = PersonLine(_name(found.person), fit.line(found.person.title, ""), intervals, bool(intervals))
        people.setdefault(unit.id, []).append(line)
    return tuple(UnitAttendance(name, tuple(people[unit])) for unit, name in names.items() if unit in people)


def _interrupted(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    """What the minutes say of the times when nothing could be recorded; shorter ones nobody noticed."""
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp bị gián đoạn do sự cố kỹ thuật, "
        "diễn biến trong thời gian này không được ghi lại."
        for since, until in times
        if until - since >= timedelta(minutes=1)
    ]
    return [CoursePart("Gián đoạn do sự cố kỹ thuật", fit.gathered(texts, MANY))] if texts else []


def _recorded(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp được ghi hình, ghi âm; "
        "chỉ ghi hình và tiếng của những người đồng ý."
        for since, until in times
    ]
    return [CoursePart("Ghi hình, ghi âm", fit.gathered(texts, MANY))] if texts else []


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


def _conclusions(found: Iterable[Conclusion]) -> tuple[ConclusionLine, ...]:
    lines = [
        ConclusionLine(
            fit.paragraph(one.text, "(không ghi nội dung)"),
            fit.line(one.owner.name, GUESTS) if one.owner else None,
            one.deadline,
        )
        for one in found
    ]
    if len(lines) > MANY:
        rest = fit.gathered([line.text for line in lines[MANY - 1 :]], 1)
        lines[MANY - 1 :] = [ConclusionLine(text, None, None) for text in rest]
    if sum(len(line.text) + len(line.owner_unit or "") for line in lines) > CONCLUSIONS_ROOM:
        share = CONCLUSIONS_ROOM // len(lines) // 2
        lines = [
            ConclusionLine(fit.cut(one.text, share), one.owner_unit and fit.cut(one.owner_unit, share), one.deadline)
            for one in lines
        ]
    return tuple(lines)


def _part(step: Step) -> CoursePart:
    if step.item is None:
        heading, first = "Mở đầu", "cuộc họp bắt đầu"
    else:
        heading = fit.line(step.item.title, "Nội dung không ghi tên")
        presenter = fit.line(step.item.presenter, "")
        planned = f" (người trình bày theo chương trình: {presenter})" if presenter else ""
        first = f"cuộc họp chuyển sang nội dung này{planned}"
    paragraphs = [f"Từ {short_time(step.started_at)}: {first}."]
    paragraphs += [
        f"{short_time(at)}: đồng chí {_name(person)}, {_office(person)}, phát biểu." for person, at in step.speakers
    ]
    for vote in step.votes:
        outcome = "được thông qua" if vote.result == "passed" else "không được thông qua"
        text = fit.line(vote.text, "(không ghi nội dung)", 1000)
        paragraphs.append(f"{short_time(vote.closed_at)}: biểu quyết nội dung “{text}”; nội dung {outcome}.")
    return CoursePart(heading, fit.gathered(paragraphs, MANY))


def _vote(vote: VoteResult) -> VoteLine:
    tally = vote.tally
    return VoteLine(
        text=fit.paragraph(vote.text, "(không ghi nội dung)"),
        in_favour=tally["for"],
        against=tally["against"],
        abstain=tally["abstain"],
        none=tally["none"],
        eligible=vote.eligible,
        result=vote.result,
        ballots=tuple((_name(person), choice) for person, choice in vote.ballots),
    )
