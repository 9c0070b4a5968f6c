"""Dates, times and counts as a Vietnamese office writes them (Decree 30/2020, Appendix I)."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType

from minutes import fit
from minutes.blocks import ConclusionLine
from minutes.content import VIETNAM, InvitationContent, UnitAttendance, VoteLine
from rooms.proceedings import Outcome, Person, Rule

KEPT = "Lưu: VT, Hồ sơ"
"""The last of the recipients of what a meeting issues, in the words of Decree 30/2020, template 1.10."""
GUESTS = "Khách mời"
"""The unit of those who belong to none."""
_DUTIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "secretary": ("Thư ký", "thư ký"),
        "clerk": ("Văn thư", "văn thư"),
        "attending": ("Cùng dự, không biểu quyết", "người dự không biểu quyết"),
        "guest": (GUESTS, "khách mời"),
        "interpreter": ("Phiên dịch", "người phiên dịch"),
        "technician": ("Kỹ thuật", "người phụ trách kỹ thuật"),
        "viewer": ("Dự thính", "người dự thính"),
    }
)
"""Of each of DUTIES, in their order: what stands above its people, and as what they are counted."""


def long_date(day: date) -> str:
    """ "ngày 05 tháng 02 năm 2026": days below 10 and the months 1 and 2 get a leading zero."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def long_time(moment: datetime) -> str:
    """ "08 giờ 00 phút, ngày 05 tháng 02 năm 2026" in Vietnamese time."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M} phút, {long_date(local.date())}"


_WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


def invited_time(moment: datetime) -> str:
    """ "08 giờ 00 phút, ngày 05 tháng 02 năm 2026 (thứ Năm)": long_time and the day of the week."""
    return f"{long_time(moment)} ({_WEEKDAYS[moment.astimezone(VIETNAM).weekday()]})"


def invitation_lines(content: InvitationContent, authority: str) -> list[str]:
    """The paragraphs of an invitation before its closing, in the order of template 1.7."""
    lines = invited(content.invitees, authority)
    lines.append(f"Tới dự: {stopped(content.subject)}")
    lines.append(f"Chủ trì: {stopped(content.chair_line)}")
    lines.append(f"Thời gian: {invited_time(content.starts_at)}.")
    lines.append(f"Địa điểm: {stopped(content.venue)}")
    if content.agenda:
        lines.append("Nội dung, chương trình:")
        lines += [f"{number}. {stopped(line)}" for number, line in enumerate(content.agenda, 1)]
    return [*lines, *content.notes]


def invited(invitees: Iterable[str], authority: str) -> list[str]:
    """Who is asked to come."""
    first = f"{authority} trân trọng kính mời:"
    bare = [line.strip().rstrip(";.") for line in invitees]
    if len(bare) == 1:
        return [f"{first} {stopped(bare[0])}"]
    return [first, *(f"- {line}{';' if at < len(bare) else '.'}" for at, line in enumerate(bare, 1))]


def stopped(text: str) -> str:
    """A text with a full stop behind it."""
    return f"{text.rstrip('. ')}."


def short_time(moment: datetime) -> str:
    """ "08 giờ 05" in Vietnamese time."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M}"


def short_date(day: date) -> str:
    """ "28/02/2026"."""
    return f"{day:%d/%m/%Y}"


def count(number: int) -> str:
    """Two digits below ten, as offices write counts: 05, 12. In documents every count is written so, whatever is
    counted; pages on the screen have plain numbers."""
    return f"{number:02d}"


def spans(intervals: Iterable[tuple[datetime, datetime]]) -> str:
    """ "08:00 - 09:10; 09:25 - 10:30"."""
    pairs = ((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in intervals)
    return "; ".join(f"{start:%H:%M} - {end:%H:%M}" for start, end in pairs)


def attendance_summary(attendance: Iterable[UnitAttendance]) -> str:
    """ "12/14 đại biểu có mặt, thuộc 05/06 đơn vị; ngoài ra có 01 thư ký, 02 khách mời": members are counted, who is
    there beside them is named by duty."""
    groups = list(attendance)
    members = [lines for group in groups if (lines := [line for line in group.people if line.duty is None])]
    units = sum(any(line.present for line in lines) for lines in members)
    here, all_ = sum(line.present for lines in members for line in lines), sum(map(len, members))
    duties = Counter(line.duty for group in groups for line in group.people if line.duty and line.present)
    beside = [f"{count(duties[duty])} {counted}" for duty, (_, counted) in _DUTIES.items() if duties[duty]]
    return (
        f"{count(here)}/{count(all_)} đại biểu có mặt, thuộc {count(units)}/{count(len(members))} đơn vị"
        f"{'; ngoài ra có ' if beside else ''}{', '.join(beside)}"
    )


def attendance_groups(attendance: Iterable[UnitAttendance]) -> list[UnitAttendance]:
    """As minutes list who was there: the members by unit, then the others by duty."""
    groups = list(attendance)
    members = [
        UnitAttendance(group.unit, lines)
        for group in groups
        if (lines := tuple(line for line in group.people if line.duty is None))
    ]
    return members + [
        UnitAttendance(name, lines)
        for duty, (name, _) in _DUTIES.items()
        if (lines := tuple(line for group in groups for line in group.people if line.duty == duty))
    ]


def vote_sentence(vote: VoteLine) -> str:
    """The outcome of a vote in one sentence, with the share of those entitled."""
    percent = (
        f"{vote.in_favour * 100 / vote.eligible:.1f}".removesuffix(".0").replace(".", ",") if vote.eligible else ""
    )
    share = f" (đạt {percent}%)" if percent else ""
    parts = [f"{count(vote.in_favour)}/{count(vote.eligible)} đại biểu tán thành{share}"]
    parts.append(f"không tán thành: {_how_many(vote.against)}")
    parts.append(f"không có ý kiến: {_how_many(vote.abstain)}")
    if vote.none:
        parts.append(f"không biểu quyết: {count(vote.none)}")
    return f"Kết quả: {'; '.join(parts)}. {capital(outcome_words(vote.result))}."


def _how_many(number: int) -> str:
    return count(number) if number else "không có"


def named_ballots(ballots: Iterable[tuple[str, str]]) -> str:
    """Who chose what in an open vote, and who gave no ballot: "Tán thành: …. Không biểu quyết: …." """
    labels = {
        "for": "Tán thành",
        "against": "Không tán thành",
        "abstain": "Không có ý kiến",
        "none": "Không biểu quyết",
        "lost": "Mất kết nối khi biểu quyết",
        "absent": "Vắng mặt khi biểu quyết",
    }
    names = {label: [name for name, cast in ballots if cast == choice] for choice, label in labels.items()}
    return " ".join(f"{label}: {', '.join(found)}." for label, found in names.items() if found)


def outcome_words(result: str) -> str:
    """What a vote has brought about."""
    if result == "no_quorum":
        return "không đủ số đại biểu có mặt, biểu quyết không có giá trị"
    return f"nội dung biểu quyết {'được thông qua' if result == 'passed' else 'không được thông qua'}"


def vote_basis(rule: Rule, outcome: Outcome) -> str:
    """By which rule a vote was held: how, which majority of whom, how many were there."""
    whom = {"present": "đại biểu có mặt", "voting": "đại biểu đã biểu quyết", "members": "tổng số đại biểu"}[rule.base]
    share = "quá nửa" if rule.majority == "half" else "ít nhất hai phần ba"
    required = f", cần ít nhất {count(outcome.quorum)}" if outcome.quorum else ""
    proxies = ""
    if outcome.represented:
        by_proxy = f"{count(outcome.represented)} đại biểu biểu quyết qua ủy quyền"
        if rule.base == "present":  # there the two numbers beside each other would contradict
            whom = f"trong số {count(outcome.present)} đại biểu có mặt và {by_proxy}"
        else:
            proxies = f"; {by_proxy}"
    return (
        f"{'Bỏ phiếu kín' if rule.secret else 'Biểu quyết công khai'}; cần {share} {whom} tán thành "
        f"({count(outcome.needed)}/{count(outcome.eligible)}); "
        f"có mặt {count(outcome.present)}/{count(outcome.members)} đại biểu{required}{proxies}."
    )


def capital(text: str) -> str:
    """The first letter large."""
    return f"{text[0].upper()}{text[1:]}"


def addressed(person: Person) -> str:
    """A name with the form of address: "đồng chí" for officials, "ông (bà)" for whoever comes from outside."""
    name = fit.line(person.name, "(không ghi tên)")
    if not person.outside:
        return f"đồng chí {name}"
    return f"{name[0].lower()}{name[1:]}" if name.startswith(("Ông ", "Bà ")) else f"ông (bà) {name}"


def office(title: str, unit_name: str) -> str:
    """Title and unit without saying the unit twice: "Chủ tịch UBND xã" of a commune is "Chủ tịch UBND xã Hòa Phước"."""
    short = unit_name
    for name, abbreviation in (("Ủy ban nhân dân", "UBND"), ("Hội đồng nhân dân", "HĐND")):
        short = short.replace(name, abbreviation)
    if not title:
        return short
    if short in title or unit_name in title:
        return title
    words = title.split()
    for taken in range(len(words)):
        tail = " ".join(words[taken:])
        if short.startswith(f"{tail} "):
            return " ".join([*words[:taken], short])
    return f"{title}, {short}"


def deadline(day: date) -> str:
    """ "chậm nhất ngày 28 tháng 02 năm 2026": the day itself is still in time."""
    return f"chậm nhất {long_date(day)}"


def conclusion_sentences(line: ConclusionLine) -> str:
    """The task, then who leads it, who helps and until when."""
    bare = line.text.rstrip(" .;\n")
    text = bare if bare.endswith(("!", "?", "…")) else f"{bare}."
    tail = []
    if line.owner_unit:
        tail.append(f"đơn vị chủ trì: {line.owner_unit}")
    if line.co_units:
        tail.append(f"đơn vị phối hợp: {', '.join(line.co_units)}")
    if line.deadline:
        tail.append(deadline(line.deadline))
    if not tail:
        return text
    joined = "; ".join(tail)
    return f"{text} {capital(joined)}."


_TASKED = re.compile(r"(.+?[.!?…])\s+((?:Đơn vị chủ trì: |Đơn vị phối hợp: |Chậm nhất ngày ).+)", re.DOTALL)
_LAST_DAY = re.compile(r"chậm nhất ngày (\d{1,2}) tháng (\d{1,2}) năm (\d{4})", re.IGNORECASE)


def conclusion_said(sentences: str) -> ConclusionLine | None:
    """What `conclusion_sentences` made of a conclusion, read back; None where nobody is charged and no day is set."""
    match = _TASKED.fullmatch(sentences.strip())
    if match is None:
        return None
    found = ConclusionLine(match[1].removesuffix("."), None, None)
    for item in match[2].rstrip(". ").split("; "):
        name, _, value = item.partition(": ")
        day = _LAST_DAY.fullmatch(item)
        if name.casefold() == "đơn vị chủ trì":
            found = replace(found, owner_unit=value)
        elif name.casefold() == "đơn vị phối hợp":
            found = replace(found, co_units=tuple(value.split(", ")))
        elif day is not None and (until := _date(day)) is not None:
            found = replace(found, deadline=until)
        else:
            return None
    return found


def _date(match: re.Match[str]) -> date | None:
    try:
        return date(int(match[3]), int(match[2]), int(match[1]))
    except ValueError:
        return None


def closed(text: str) -> str:
    """The end of a document's text: "./." (Decree 30/2020, Appendix III)."""
    return f"{text.removesuffix('./.').rstrip('.; ')}./."


def punctuated(lines: Iterable[str]) -> list[str]:
    """A list in which every line ends with ";" and the last one with "."."""
    bare = [line.strip().rstrip(";.") for line in lines]
    return [f"{line};" for line in bare[:-1]] + [f"{line}." for line in bare[-1:]]
