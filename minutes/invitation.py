"""The first draft of an invitation (giấy mời): what the meeting's sheet says, and nobody retypes."""

from collections.abc import Sequence
from datetime import date

from minutes import fit
from minutes.authority import Authority
from minutes.content import VIETNAM, InvitationContent
from minutes.document import Kind, Signer
from minutes.notice import authority_lines
from minutes.reading import MANY
from minutes.starting import collective_of
from minutes.wording import KEPT, addressed, capital, long_date, office
from minutes.workflow.capacity import on_behalf
from rooms.proceedings import AgendaItem, Meeting, MeetingKind, Person
from rooms.proceedings.values import OUTSIDE

NAMED = 40
"""How many people one invitation names; where there are more, it names their units."""


def draft(
    meeting: Meeting,
    document_id: str,
    authority: Authority,
    *,
    replaced: tuple[str, date] | None = None,
    papers: Sequence[str] = (),
) -> InvitationContent:
    """The invitation to `meeting`; `replaced` is the number and day of the one that it replaces, `papers` are the names
    of what there is to read before."""
    contact = fit.line(_named(meeting.secretary), "")
    whom = "quý đại biểu" if any(person.outside for person in meeting.invited) else "các đồng chí"
    notes = [
        f"Đề nghị {whom} tham dự đúng thành phần, đúng thời gian. Đại biểu dự trực tuyến vào phòng họp bằng đường "
        "dẫn riêng trong thư mời.",
        f"Đầu mối liên hệ: {contact}.",
    ]
    if meeting.kind is MeetingKind.EMERGENCY:
        notes.insert(0, "Đây là cuộc họp khẩn; có thể vào phòng họp trực tuyến ngay khi nhận được giấy mời này.")
    if papers:
        named = "; ".join(fit.line(name, "(không ghi tên)") for name in papers)
        notes.append(fit.paragraph(f"Tài liệu họp: {named}. Xem, tải về bằng đường dẫn trong thư mời.", ""))
    if replaced is not None:
        number, day = replaced
        notes.insert(0, f"Giấy mời này thay thế Giấy mời số {number} {long_date(day)}.")
    return InvitationContent(
        document_id=document_id,
        subject=fit.line(meeting.title, "Cuộc họp"),
        place_name=fit.line(authority.place_name, fit.line(authority.unit.name, "Cơ quan chủ trì")),
        invitees=_invitees(meeting),
        chair_line=fit.line(capital(_named(meeting.chair)), ""),
        starts_at=meeting.starts_at.astimezone(VIETNAM),
        venue=fit.line(meeting.place, "Trực tuyến"),
        agenda=tuple(_item(item) for item in meeting.agenda[:MANY]),
        notes=tuple(notes),
        closing=f"Rất mong {whom} thu xếp thời gian tham dự",
        recipients=("Như trên", KEPT),
        urgency="urgent" if meeting.kind is MeetingKind.EMERGENCY else None,
    )


def signers(meeting: Meeting) -> tuple[Signer, ...]:
    """Who chairs invites, in the name of a people's committee that does; then the seal."""
    chair = meeting.chair
    name, title = fit.line(chair.name, "(không ghi tên)"), fit.line(chair.title, "")
    seal = Signer("seal", meeting.authority.id, meeting.authority.name, ())
    lines = on_behalf(authority_lines(title), collective_of(Kind.INVITATION, meeting.authority.name))
    return (Signer("leader", chair.id, name, lines, title), seal)


def _invitees(meeting: Meeting) -> tuple[str, ...]:
    named = [person for person in meeting.invited if person.id not in (meeting.chair.id, meeting.secretary.id)]
    if len(named) <= NAMED:
        lines = [capital(_named(person)) for person in named]
    else:
        lines = [f"Lãnh đạo {unit}" for unit in dict.fromkeys(person.unit.name for person in named)]
    return tuple(fit.line(line, "Các đại biểu") for line in lines[:MANY]) or ("Các đại biểu",)


def _named(person: Person) -> str:
    unit = "" if person.unit.id == OUTSIDE else person.unit.name  # that is no unit, but what they are
    where = office(fit.line(person.title, ""), fit.line(unit, ""))
    return f"{addressed(person)}, {where}" if where else addressed(person)


def _item(item: AgendaItem) -> str:
    by = f" ({item.presenter})" if item.presenter else ""
    return fit.line(f"{item.title}{by}", "Nội dung khác")
