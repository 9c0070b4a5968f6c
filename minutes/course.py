"""The course of a meeting as its minutes tell it: item by item, then what belongs to no item."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from minutes import fit
from minutes.content import VIETNAM, CoursePart
from minutes.reading import MANY
from minutes.wording import GUESTS, addressed, count, long_date, office, outcome_words, short_time
from rooms.proceedings import (
    AgendaChange,
    AgendaItem,
    Chaired,
    GroupsMet,
    Interpreted,
    LateStatement,
    PaperBrought,
    PaperShown,
    Person,
    Proceedings,
    Proxy,
    Step,
    Written,
)

ROOM = 90_000
"""Characters of the whole course."""

_CHAIRED = {
    "handed": " theo ủy quyền của chủ tọa",
    "lost": " thay, do chủ tọa vắng mặt",
    "returned": " trở lại",
}


def course(proceedings: Proceedings, told: Mapping[str, Sequence[str]]) -> tuple[CoursePart, ...]:
    """Its parts, no more and no longer than a document takes. `told`: what is to be said of an item of the agenda
    besides, by its title."""
    return _fitted(
        [
            *_parts(proceedings, told),
            *_shown(proceedings.papers()),
            *_only_read(proceedings.papers_brought(), {one.sha256 for one in proceedings.papers()}),
            *_proxies(proceedings.proxies()),
            *_written(proceedings.written()),
            *_chaired(proceedings.chaired()),
            *_late(proceedings.late_statements()),
            *_grouped(proceedings.groups_met()),
            *_interpreted(proceedings.interpreted()),
            *_recorded(proceedings.recordings()),
            *_interrupted(proceedings.interruptions()),
            *_adjourned(proceedings.breaks()),
            *_amended(proceedings.agenda_changes()),
        ]
    )


def office_of(person: Person) -> str:
    """Title and unit, whatever of the two there is."""
    title, unit = fit.line(person.title, ""), fit.line(person.unit.name, GUESTS)
    if unit != GUESTS:
        return office(title, unit)
    return title or GUESTS.lower()


def _parts(proceedings: Proceedings, told: Mapping[str, Sequence[str]]) -> list[CoursePart]:
    """Item by item, each once however often the meeting came back to it; what the desk wrote down of an item stands
    there too, or by itself; last what was on the agenda and never came up."""
    notes = {one.item: one.text for one in proceedings.noted()}
    agenda = proceedings.meeting.agenda
    titles = {item.id: item.title for item in agenda}
    visits: dict[str | None, list[Step]] = {}
    for step in proceedings.course():
        visits.setdefault(step.item.id if step.item else None, []).append(step)
    parts = [_part(steps, *_besides(item, steps, notes, told)) for item, steps in visits.items()]
    rest = [
        CoursePart(fit.line(titles.get(item or "", ""), "Ghi chung"), fit.gathered(_rows(text), MANY))
        for item, text in notes.items()
    ]
    # Who never stepped through the agenda has not left anything of it out.
    left = [item for item in agenda if item.id not in visits] if visits.keys() - {None} else []
    return [*parts, *rest, *_left(left)]


def _besides(
    item: str | None, steps: Sequence[Step], notes: dict[str | None, str], told: Mapping[str, Sequence[str]]
) -> list[str]:
    title = steps[-1].item.title if steps[-1].item else ""
    return [*(fit.paragraph(text, "") for text in told.get(title, ())), *_rows(notes.pop(item, ""))]


def _left(items: Iterable[AgendaItem]) -> list[CoursePart]:
    texts = [f"Nội dung “{_titled(item)}” có trong chương trình, cuộc họp chưa tiến hành." for item in items]
    return [CoursePart("Nội dung chưa tiến hành", fit.gathered(texts, MANY))] if texts else []


def _titled(item: AgendaItem) -> str:
    return fit.line(item.title, "Nội dung không ghi tên")


def _rows(text: str) -> list[str]:
    return [row for line in text.split("\n") if (row := fit.paragraph(line, ""))]


def _part(visits: Sequence[Step], *besides: str) -> CoursePart:
    item = visits[-1].item
    presenter = fit.line(item.presenter, "") if item else ""
    planned = f" (người trình bày theo chương trình: {presenter})" if presenter else ""
    begins = f"cuộc họp chuyển sang nội dung này{planned}" if item else "cuộc họp bắt đầu"
    paragraphs = []
    for number, step in enumerate(visits):
        paragraphs.append(f"Từ {short_time(step.started_at)}: {'cuộc họp trở lại nội dung này' if number else begins}.")
        paragraphs += _told(step)
    return CoursePart(_titled(item) if item else "Mở đầu", fit.gathered([*paragraphs, *besides], MANY))


def _told(step: Step) -> list[str]:
    """Who spoke, and what was voted on."""
    paragraphs = [
        f"{short_time(turn.at)}: {addressed(turn.person)}, {office_of(turn.person)}, "
        f"{'nêu ý kiến về thủ tục' if turn.order else 'phát biểu'}."
        for turn in step.speakers
    ]
    for vote in step.votes:
        text = fit.line(vote.text, "(không ghi nội dung)", 1000)
        paragraphs.append(
            f"{short_time(vote.closed_at)}: biểu quyết nội dung “{text}”; {outcome_words(vote.outcome.result)}."
        )
    return paragraphs


def _shown(papers: Iterable[PaperShown]) -> list[CoursePart]:
    """Each paper once for each person who showed it, at the first time."""
    first = {(one.sha256, one.by.id): one for one in reversed(list(papers))}
    texts = [
        f"{short_time(one.span[0])}: {addressed(one.by)}, {office_of(one.by)}, trình chiếu tài liệu "
        f"“{fit.line(one.name, '(không ghi tên)')}” ({count(one.pages)} trang)."
        for one in sorted(first.values(), key=lambda one: one.span)
    ]
    return [CoursePart("Tài liệu được trình chiếu", fit.gathered(texts, MANY))] if texts else []


def _only_read(papers: Iterable[PaperBrought], shown: Collection[str]) -> list[CoursePart]:
    """What was handed in and not shown; a file that was brought twice stands there once."""
    unshown = {one.sha256: one for one in papers if one.sha256 not in shown}
    texts = [
        f"“{fit.line(one.name, '(không ghi tên)')}” ({count(one.pages)} trang), "
        f"do {fit.line(one.by, '(không ghi tên)')} gửi."
        for one in unshown.values()
    ]
    return [CoursePart("Tài liệu gửi đại biểu, không trình chiếu", fit.gathered(texts, MANY))] if texts else []


def _proxies(proxies: Iterable[Proxy]) -> list[CoursePart]:
    texts = [
        f"{short_time(one.named_at)}: {addressed(one.person)}, {office_of(one.person)}, ủy quyền cho "
        f"{addressed(one.holder)}, {office_of(one.holder)}, biểu quyết thay khi vắng mặt"
        + (f" (đến {short_time(one.ended_at)})." if one.ended_at else ".")
        for one in proxies
    ]
    return [CoursePart("Ủy quyền biểu quyết", fit.gathered(texts, MANY))] if texts else []


def _written(messages: Iterable[Written]) -> list[CoursePart]:
    texts = [
        f"{short_time(one.at)}: {addressed(one.person)}, {office_of(one.person)}, viết: “{fit.line(one.text, '')}”."
        for one in messages
    ]
    return [CoursePart("Ý kiến gửi bằng văn bản trong phòng họp", fit.gathered(texts, MANY))] if texts else []


def _chaired(found: Iterable[Chaired]) -> list[CoursePart]:
    """Who was in the chair when, if it was not one person all the time."""
    stretches = list(found)
    if len(stretches) < 2:
        return []
    texts = [
        f"Từ {short_time(one.started_at)} đến {short_time(one.ended_at)}: {addressed(one.person)}, "
        f"{office_of(one.person)}, chủ tọa{_CHAIRED.get(one.why, '')}."
        for one in stretches
    ]
    return [CoursePart("Chủ tọa cuộc họp", fit.gathered(texts, MANY))]


def _late(statements: Iterable[LateStatement]) -> list[CoursePart]:
    texts = []
    for one in statements:
        about = f" về nội dung “{fit.line(one.item, '', 200)}”" if one.item else ""
        said = fit.paragraph(one.text, "(không ghi nội dung)")
        texts.append(f"{short_time(one.at)}: {addressed(one.person)}, {office_of(one.person)}, gửi{about}: {said}")
    return [CoursePart("Ý kiến gửi muộn (không phát biểu trực tiếp)", fit.gathered(texts, MANY))] if texts else []


def _grouped(met: Iterable[GroupsMet]) -> list[CoursePart]:
    texts = []
    for one in met:
        names = "; ".join(
            f"{fit.line(name, 'nhóm không ghi tên', 200)} ({count(size)} người)" for name, size in one.groups
        )
        texts.append(f"Từ {_until(*one.span)}: cuộc họp chia thành {count(len(one.groups))} nhóm thảo luận: {names}.")
    return [CoursePart("Thảo luận theo nhóm", fit.gathered(texts, MANY))] if texts else []


def _interpreted(found: Iterable[Interpreted]) -> list[CoursePart]:
    texts = [
        f"Từ {_until(*one.span)}: {addressed(one.person)}, {office_of(one.person)}, phiên dịch sang "
        f"{_language(one.language)}."
        for one in found
    ]
    return [CoursePart("Phiên dịch", fit.gathered(texts, MANY))] if texts else []


def _language(name: str) -> str:
    """ "Tiếng Mông" inside a sentence."""
    said = fit.line(name, "ngôn ngữ khác", 200)
    return f"t{said[1:]}" if said.startswith("Tiếng ") else said


def _recorded(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp được ghi hình, ghi âm; "
        "chỉ ghi hình và tiếng của những người đồng ý."
        for since, until in times
    ]
    return [CoursePart("Ghi hình, ghi âm", fit.gathered(texts, MANY))] if texts else []


def _interrupted(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    """What the minutes say of the times when nothing could be recorded; shorter ones nobody noticed."""
    texts = [
        f"Từ {short_time(since)} đến {short_time(until)}: cuộc họp bị gián đoạn do sự cố kỹ thuật, "
        "diễn biến trong thời gian này không được ghi lại."
        for since, until in times
        if until - since >= timedelta(minutes=1)
    ]
    return [CoursePart("Gián đoạn do sự cố kỹ thuật", fit.gathered(texts, MANY))] if texts else []


def _adjourned(times: Iterable[tuple[datetime, datetime]]) -> list[CoursePart]:
    texts = [f"Từ {_until(since, until)}: cuộc họp tạm nghỉ." for since, until in times]
    return [CoursePart("Tạm nghỉ", fit.gathered(texts, MANY))] if texts else []


def _until(since: datetime, until: datetime) -> str:
    """ "09 giờ 30 đến 09 giờ 45", with the day where a session goes on another one."""
    days = [moment.astimezone(VIETNAM).date() for moment in (since, until)]
    if days[0] == days[1]:
        return f"{short_time(since)} đến {short_time(until)}"
    return f"{short_time(since)}, {long_date(days[0])} đến {short_time(until)}, {long_date(days[1])}"


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


def _fitted(parts: list[CoursePart]) -> tuple[CoursePart, ...]:
    """The parts; where there are more than a document takes, the last one gathers the rest."""
    if len(parts) > MANY:
        rest = [text for part in parts[MANY - 1 :] for text in (f"{part.heading}:", *part.paragraphs)]
        parts[MANY - 1 :] = [CoursePart("Các nội dung tiếp theo", fit.gathered(rest, MANY))]
    return tuple(parts) if _size(parts) <= ROOM else _shortened(parts)


def _size(parts: Iterable[CoursePart]) -> int:
    # Two more for each text: the form has a blank line between paragraphs.
    return sum(len(text) + 4 for part in parts for text in (part.heading, *part.paragraphs))


def _shortened(parts: Iterable[CoursePart]) -> tuple[CoursePart, ...]:
    """As many whole paragraphs as there is room for, then "…"; the headings stay, short."""
    bare = [CoursePart(fit.cut(part.heading, 100), part.paragraphs) for part in parts]
    room = ROOM - _size(CoursePart(part.heading, (fit.CUT,)) for part in bare)
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
