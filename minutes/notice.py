"""The notice of the conclusions in signed minutes (thông báo kết luận), and the lines above its signature."""

from datetime import date

from minutes import fit
from minutes.content import MinutesContent, PersonLine
from minutes.document import Kind, Signer
from minutes.errors import N_, Reason, Refused
from minutes.reading import LINE, MANY
from minutes.text import TextContent
from minutes.wording import KEPT, long_date


def leader(minutes_signers: tuple[Signer, ...]) -> Signer:
    """Who signs the notice if nobody else is named: the chair of the meeting, in his or her own position."""
    chair = next(signer for signer in minutes_signers if signer.role == "chair")
    return Signer("leader", chair.account, chair.name, authority_lines(chair.title), chair.title)


def draft(
    source: MinutesContent,
    document_id: str,
    *,
    number_symbol: str,
    issued_on: date,
    chair: Signer,
) -> TextContent:
    """A draft notice of the conclusions in signed minutes. Raises Refused("no_conclusions") if there are none."""
    if not source.conclusions:
        raise Refused("no_conclusions", Reason(N_("Biên bản không có kết luận nào để thông báo.")))
    who = f"đồng chí {chair.name}, {chair.title}," if chair.title else f"đồng chí {chair.name}"
    by_title = f"đồng chí {chair.title} {chair.name}" if chair.title else f"đồng chí {chair.name}"
    units = [group.unit for group in source.attendance if any(_took_part(line) for line in group.people)]
    intro = (
        f"{long_date(source.starts_at.date()).capitalize()}, tại {source.venue}, {who} đã chủ trì "
        f"{_lowered(source.title)}. Tham dự có đại diện: {'; '.join(units)}.",
        f"Sau khi nghe các báo cáo và ý kiến của các đại biểu (Biên bản số {number_symbol} "
        f"{long_date(issued_on)}), {by_title} kết luận như sau:",
    )
    owners = dict.fromkeys(line.owner_unit for line in source.conclusions if line.owner_unit)
    return TextContent(
        document_id=document_id,
        kind=Kind.NOTICE,
        minutes_id=source.document_id,
        subject=fit.cut(f"Kết luận của {by_title}\ntại {_lowered(source.title)}", LINE),
        place_name=source.place_name,
        intro=tuple(fit.paragraph(text, fit.CUT) for text in intro),
        body=source.conclusions,
        closing="Thông báo để các cơ quan, đơn vị biết, thực hiện",
        recipients=(*list(owners)[: MANY - 2], "Các đơn vị dự họp", KEPT),
    )


def _took_part(line: PersonLine) -> bool:
    """Whether they were there as more than somebody who serves the meeting."""
    return line.present and line.duty in (None, "attending", "guest")


def authority_lines(title: str) -> tuple[str, ...]:
    """What stands above a leader's signature: a deputy signs for the head (ký thay, Decree 30/2020 art. 13)."""
    upper = title.upper()
    for suffix in (" UBND ", " HĐND ", " ỦY BAN NHÂN DÂN ", " HỘI ĐỒNG NHÂN DÂN "):
        upper = upper.split(suffix)[0]
    upper = upper.strip()
    if upper.startswith("PHÓ "):
        return (f"KT. {upper.removeprefix('PHÓ ')}", upper)
    return (upper,) if upper else ("NGƯỜI CÓ THẨM QUYỀN",)


def _lowered(title: str) -> str:
    """A meeting's name inside a sentence: "Họp giao ban…" becomes "cuộc họp giao ban…"."""
    if title.startswith("Họp "):
        return f"cuộc h{title[1:]}"
    return f"{title[0].lower()}{title[1:]}" if title[1:2].islower() else title
