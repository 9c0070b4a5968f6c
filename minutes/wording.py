"""Dates, times and counts as a Vietnamese office writes them (Decree 30/2020, Appendix I)."""

from collections.abc import Iterable
from datetime import date, datetime

from minutes.content import VIETNAM, ConclusionLine, UnitAttendance, VoteLine


def long_date(day: date) -> str:
    """ "ngày 05 tháng 02 năm 2026": days below 10 and the months 1 and 2 get a leading zero."""
    month = f"{day.month:02d}" if day.month <= 2 else str(day.month)
    return f"ngày {day.day:02d} tháng {month} năm {day.year}"


def long_time(moment: datetime) -> str:
    """ "08 giờ 00 phút, ngày 05 tháng 02 năm 2026" in Vietnamese time."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M} phút, {long_date(local.date())}"


def short_time(moment: datetime) -> str:
    """ "08 giờ 05" in Vietnamese time."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H} giờ {local:%M}"


def short_date(day: date) -> str:
    """ "28/02/2026"."""
    return f"{day:%d/%m/%Y}"


def count(number: int) -> str:
    """Two digits below ten, as offices write counts: 05, 12."""
    return f"{number:02d}"


def spans(intervals: Iterable[tuple[datetime, datetime]]) -> str:
    """ "08:00 - 09:10; 09:25 - 10:30"."""
    pairs = ((start.astimezone(VIETNAM), end.astimezone(VIETNAM)) for start, end in intervals)
    return "; ".join(f"{start:%H:%M} - {end:%H:%M}" for start, end in pairs)


def attendance_summary(attendance: Iterable[UnitAttendance]) -> str:
    """ "05/06 điểm cầu, 12/14 đại biểu có mặt"."""
    groups = list(attendance)
    people = [line for group in groups for line in group.people]
    here = sum(line.present for line in people)
    sites = sum(any(line.present for line in group.people) for group in groups)
    return f"{count(sites)}/{count(len(groups))} điểm cầu, {count(here)}/{count(len(people))} đại biểu có mặt"


def vote_sentence(vote: VoteLine) -> str:
    """The outcome of a vote in one sentence, with the share of those entitled."""
    share = f" (đạt {vote.in_favour * 100 / vote.eligible:.1f}%)".replace(".", ",") if vote.eligible else ""
    parts = [f"{count(vote.in_favour)}/{count(vote.eligible)} đại biểu tán thành{share}"]
    parts.append(f"{count(vote.against)} không tán thành")
    parts.append(f"{count(vote.abstain)} không có ý kiến")
    if vote.none:
        parts.append(f"{count(vote.none)} không biểu quyết")
    outcome = "được thông qua" if vote.result == "passed" else "không được thông qua"
    return f"Kết quả: {'; '.join(parts)}. Nội dung biểu quyết {outcome}."


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
    """The task, then who leads it and until when."""
    bare = line.text.rstrip(" .;\n")
    text = bare if bare.endswith(("!", "?", "…")) else f"{bare}."
    tail = []
    if line.owner_unit:
        tail.append(f"đơn vị chủ trì: {line.owner_unit}")
    if line.deadline:
        tail.append(deadline(line.deadline))
    if not tail:
        return text
    joined = "; ".join(tail)
    return f"{text} {joined[0].upper()}{joined[1:]}."
