"""First drafts: from what happened in a meeting to its minutes, and from minutes to the notice of conclusions.

The draft says only what the proceedings say; the secretary corrects and adds.
"""

from datetime import date

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
from minutes.errors import Refused
from minutes.wording import long_date, office, short_date, short_time
from rooms.proceedings import Person, Proceedings, Role, Step, VoteResult


def minutes(proceedings: Proceedings, document_id: str, authority: Authority) -> MinutesContent:
    """The first draft of the minutes; raises Refused("not_closed") while the meeting is not closed."""
    meeting = proceedings.meeting
    if proceedings.opened_at is None or proceedings.closed_at is None:
        raise Refused("not_closed", "Cuộc họp chưa kết thúc")
    return MinutesContent(
        document_id=document_id,
        title=meeting.title,
        place_name=authority.place_name,
        venue=f"{meeting.place} và các điểm cầu trực tuyến",
        starts_at=proceedings.opened_at.astimezone(VIETNAM),
        ended_at=proceedings.closed_at.astimezone(VIETNAM),
        chair_line=_line(meeting.chair),
        secretary_line=_line(meeting.secretary),
        attendance=_attendance(proceedings),
        course=tuple(_part(step) for step in proceedings.course()),
        votes=tuple(_vote(vote) for vote in proceedings.votes()),
        conclusions=tuple(
            ConclusionLine(found.text, found.owner.name if found.owner else None, found.deadline)
            for found in proceedings.conclusions()
        ),
        recipients=("Chủ trì, thư ký cuộc họp", "Các đơn vị dự họp", "Lưu: VT, Hồ sơ"),
        proceedings_root=proceedings.root,
        proceedings_count=len(proceedings.facts),
    )


def minutes_signers(proceedings: Proceedings) -> tuple[Signer, ...]:
    """Secretary, chair, and the seal of the authority, in signing order."""
    meeting = proceedings.meeting
    return (
        Signer("secretary", meeting.secretary.id, meeting.secretary.name, ("THƯ KÝ",), meeting.secretary.title),
        Signer("chair", meeting.chair.id, meeting.chair.name, ("CHỦ TỌA",), meeting.chair.title),
        Signer("seal", meeting.authority.id, meeting.authority.name, ()),
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
        raise Refused("no_conclusions", "Biên bản không có kết luận nào để thông báo")
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
        subject=f"Kết luận của {by_title}\ntại {_lowered(source.title)}",
        place_name=source.place_name,
        intro=intro,
        conclusions=source.conclusions,
        closing="Thông báo để các cơ quan, đơn vị biết, thực hiện",
        recipients=(*owners, "Các đơn vị dự họp", "Lưu: VT, HS"),
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
    return f"Đồng chí {person.name} - {office(person.title, person.unit.name)}"


def _lowered(title: str) -> str:
    """A meeting's name inside a sentence: "Họp giao ban…" becomes "cuộc họp giao ban…"."""
    if title.startswith("Họp "):
        return f"cuộc h{title[1:]}"
    return f"{title[0].lower()}{title[1:]}" if title[1:2].islower() else title


def _attendance(proceedings: Proceedings) -> tuple[UnitAttendance, ...]:
    """By unit, the authority's own first; onlookers who were not invited are not delegates and are left out."""
    people: dict[str, list[PersonLine]] = {}
    authority = proceedings.meeting.authority
    names = {authority.id: authority.name}
    for found in proceedings.attendance():
        if found.person.role in (Role.VIEWER, Role.GATEWAY):
            continue
        unit = found.person.unit
        names.setdefault(unit.id, unit.name)
        intervals = tuple((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in found.intervals)
        line = PersonLine(found.person.name, found.person.title, intervals, bool(intervals))
        people.setdefault(unit.id, []).append(line)
    return tuple(UnitAttendance(name, tuple(people[unit])) for unit, name in names.items() if unit in people)


def _part(step: Step) -> CoursePart:
    if step.item is None:
        heading, first = "Mở đầu", "cuộc họp bắt đầu"
    else:
        heading = step.item.title
        first = f"{step.item.presenter} trình bày" if step.item.presenter else "cuộc họp chuyển sang nội dung này"
    paragraphs = [f"Từ {short_time(step.started_at)}: {first}."]
    paragraphs += [
        f"{short_time(at)}: đồng chí {person.name}, {office(person.title, person.unit.name)}, phát biểu."
        for person, at in step.speakers
    ]
    for vote in step.votes:
        outcome = "được thông qua" if vote.result == "passed" else "không được thông qua"
        paragraphs.append(f"{short_time(vote.closed_at)}: biểu quyết nội dung “{vote.text}”; nội dung {outcome}.")
    return CoursePart(heading, tuple(paragraphs))


def _vote(vote: VoteResult) -> VoteLine:
    tally = vote.tally
    return VoteLine(
        text=vote.text,
        in_favour=tally["for"],
        against=tally["against"],
        abstain=tally["abstain"],
        none=tally["none"],
        eligible=vote.eligible,
        result=vote.result,
        ballots=tuple((person.name, choice) for person, choice in vote.ballots),
    )
