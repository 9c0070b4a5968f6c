"""How a new document of each type begins: the words of its template in Decree 30/2020, Appendix III, and "…" where its
author goes on. Minutes and invitations begin from a meeting (draft.py, invitation.py)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

from minutes.authority import Authority
from minutes.blocks import Block, Heading, Paragraph, Table
from minutes.content import texts, to_json
from minutes.document import KIND_NAMES, Kind
from minutes.templates import template_of
from minutes.text import TextContent

GAP = "…"
"""Stands where something is to be written."""

OFFICE = "VP"
"""What ends the symbol of official letters (15/UBND-VP) until somebody says which unit has drafted one."""

STARTED = tuple(kind for kind in Kind if kind not in (Kind.MINUTES, Kind.INVITATION))
"""The types that a desk begins by itself."""

_LAW = "Căn cứ Luật Tổ chức chính quyền địa phương ngày 16 tháng 6 năm 2025"


@dataclass(frozen=True, slots=True)
class _Beginning:
    """Texts may name {unit}, {head} (who leads it, with its name) and {kind}."""

    body: tuple[Block, ...] = (Paragraph(0, GAP),)
    bases: tuple[str, ...] = ()
    intro: tuple[str, ...] = ()
    closing: str = ""
    competence: str = ""
    recipients: tuple[str, ...] = ("Lưu: VT",)


def _sections(*titles: str) -> tuple[Block, ...]:
    return tuple(block for title in titles for block in (Heading("section", title), Paragraph(1, GAP)))


def _articles(*texts: str) -> tuple[Block, ...]:
    return tuple(block for text in texts for block in (Heading("article", ""), Paragraph(0, text)))


def _lines(*texts: str) -> tuple[Block, ...]:
    return tuple(Paragraph(0, text) for text in texts)


_DUTY = "Chánh Văn phòng, các cơ quan, đơn vị và cá nhân có liên quan chịu trách nhiệm thi hành {kind} này."
_DUTY_OF_ALL = "Ủy ban nhân dân và các cơ quan, đơn vị có liên quan chịu trách nhiệm thi hành {kind} này."
_PLAN = _Beginning(
    _sections("MỤC ĐÍCH, YÊU CẦU", "NỘI DUNG", "TỔ CHỨC THỰC HIỆN"),
    intro=("Thực hiện …, {unit} ban hành {kind} …, cụ thể như sau:",),
    closing="Trên đây là {kind} …; yêu cầu các cơ quan, đơn vị triển khai thực hiện",
    recipients=("Các cơ quan, đơn vị có liên quan", "Lưu: VT"),
)
_RULES = _Beginning(
    (
        Heading("chapter", "Quy định chung"),
        Heading("article", "Phạm vi điều chỉnh và đối tượng áp dụng"),
        Paragraph(1, GAP),
        Heading("chapter", "Quy định cụ thể"),
        Heading("article", GAP),
        Paragraph(1, GAP),
        Heading("chapter", "Tổ chức thực hiện"),
        Heading("article", "Trách nhiệm thi hành"),
        Paragraph(1, GAP),
    )
)
_AGREED = _Beginning(
    (
        Heading("article", "Nội dung"),
        Paragraph(1, GAP),
        Heading("article", "Quyền và trách nhiệm của các bên"),
        Paragraph(1, GAP),
        Heading("article", "Hiệu lực"),
        Paragraph(1, GAP),
    ),
    bases=(_LAW, "Căn cứ khả năng và nhu cầu của các bên"),
    intro=("Hôm nay, ngày … tháng … năm …, tại …, chúng tôi gồm:", "Bên A: {unit} …", "Bên B: …"),
)
_PAPERS = Table(("TT", "Tên văn bản, tài liệu", "Số lượng", "Ghi chú"), (("1", GAP, "", ""),))

_BEGINNINGS: Mapping[Kind, _Beginning] = MappingProxyType(
    {
        Kind.RESOLUTION: _Beginning(
            _articles(GAP, _DUTY_OF_ALL),
            bases=(_LAW, "Xét Tờ trình số … ngày … của …"),
            competence="{unit}",
        ),
        Kind.DECISION: _Beginning(
            _articles(GAP, "Quyết định này có hiệu lực kể từ ngày ký.", _DUTY),
            bases=(_LAW, "Theo đề nghị của …"),
            competence="{head}",
            recipients=("Như Điều 3", "Lưu: VT"),
        ),
        Kind.DIRECTIVE: _Beginning(
            (Paragraph(1, GAP), Paragraph(1, GAP)),
            intro=("Để …, {head} yêu cầu:",),
            closing="Yêu cầu các cơ quan, đơn vị nghiêm túc thực hiện {kind} này",
        ),
        Kind.NOTICE: _Beginning(closing="{unit} thông báo để các cơ quan, đơn vị biết, thực hiện"),
        Kind.GUIDANCE: _Beginning((Paragraph(1, GAP),), intro=("Thực hiện …, {unit} hướng dẫn như sau:",)),
        Kind.REGULATION: _RULES,
        Kind.RULES: _RULES,
        Kind.PROGRAMME: _PLAN,
        Kind.PLAN: _PLAN,
        Kind.OPTION: _PLAN,
        Kind.SCHEME: _PLAN,
        Kind.PROJECT: _PLAN,
        Kind.REPORT: _Beginning(
            _sections("KẾT QUẢ THỰC HIỆN", "TỒN TẠI, HẠN CHẾ VÀ NGUYÊN NHÂN", "PHƯƠNG HƯỚNG, NHIỆM VỤ"),
            intro=("Thực hiện …, {unit} báo cáo như sau:",),
            closing="Trên đây là {kind} của {unit}",
        ),
        Kind.SUBMISSION: _Beginning(
            _sections("SỰ CẦN THIẾT", "NỘI DUNG TRÌNH", "ĐỀ XUẤT, KIẾN NGHỊ"),
            intro=("Thực hiện …, {unit} kính trình … như sau:",),
            closing="{unit} kính trình xem xét, quyết định",
        ),
        Kind.LETTER: _Beginning(closing="Trân trọng"),
        Kind.TELEGRAM: _Beginning(
            (Paragraph(1, GAP),),
            competence="{head}",
            closing="Yêu cầu các cơ quan, đơn vị thực hiện nghiêm Công điện này",
        ),
        Kind.CONTRACT: _AGREED,
        Kind.MEMORANDUM: _AGREED,
        Kind.AGREEMENT: _AGREED,
        Kind.AUTHORISATION: _Beginning(
            _lines(
                "Người ủy quyền: …; chức vụ: …",
                "Người được ủy quyền: …; chức vụ: …",
                "Nội dung ủy quyền: …",
                "Thời hạn ủy quyền: từ ngày … đến hết ngày …",
            ),
            bases=(_LAW,),
            recipients=("Người được ủy quyền", "Lưu: VT"),
        ),
        Kind.INTRODUCTION: _Beginning(
            _lines(
                "Ông (bà): …",
                "Chức vụ: …",
                "Được cử đến: …",
                "Về việc: …",
                "Đề nghị Quý cơ quan tạo điều kiện để ông (bà) có tên ở trên hoàn thành nhiệm vụ.",
            ),
            intro=("{unit} trân trọng giới thiệu:",),
            closing="Giấy này có giá trị đến hết ngày …",
            recipients=("Như trên", "Lưu: VT"),
        ),
        Kind.LEAVE: _Beginning(
            _lines(
                "Ông (bà): …",
                "Chức vụ: …",
                "Nghỉ phép năm … trong thời gian … ngày, kể từ ngày … đến hết ngày …, tại …",
            ),
            intro=("Xét Đơn đề nghị nghỉ phép ngày … của ông (bà) …, {unit} cấp cho:",),
            closing="Số ngày nghỉ phép nêu trên được tính vào thời gian nghỉ phép năm …",
            recipients=("Người được cấp giấy", "Lưu: VT"),
        ),
        Kind.SENDING_SLIP: _Beginning(
            (_PAPERS,),
            intro=("{unit} gửi đến … các văn bản, tài liệu sau:",),
            closing="Sau khi nhận được, đề nghị Quý cơ quan gửi lại phiếu này",
        ),
        Kind.TRANSFER_SLIP: _Beginning(
            (_PAPERS,),
            intro=("{unit} nhận được …; xét thấy thuộc thẩm quyền giải quyết của …, xin chuyển đến Quý cơ quan:",),
            closing="Đề nghị Quý cơ quan xem xét, giải quyết theo quy định",
        ),
        Kind.ADVICE_SLIP: _Beginning(intro=("{unit} báo để … biết:",)),
    }
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A document that came and that a new one answers: its type ("" of an official letter), number, day and issuer."""

    kind_name: str
    number_symbol: str
    issued_on: date
    author: str

    @property
    def called(self) -> str:
        """As a sentence names it."""
        kind = self.kind_name or KIND_NAMES[Kind.LETTER]
        return f"{kind} số {self.number_symbol} ngày {self.issued_on:%d/%m/%Y} của {self.author}"


def started(
    kind: Kind, document_id: str, subject: str, authority: Authority, answered: Answered | None = None
) -> TextContent:
    """The first text of a new document of `kind`, one of STARTED; where it answers another one and has a place for
    that, it goes to whoever issued that and begins from it."""
    beginning, parts = _BEGINNINGS.get(kind, _Beginning()), template_of(kind).parts
    unit = authority.unit.name
    names = {"unit": unit, "head": head_of(unit), "kind": KIND_NAMES[kind]}

    def said(text: str) -> str:
        return text.format(**names)

    addressed = "addressees" in parts
    answers = answered if kind is Kind.LETTER else None
    opening = (f"Phúc đáp {answers.called}, {unit} có ý kiến như sau:",) if answers else ()
    return TextContent(
        document_id=document_id,
        kind=kind,
        subject=subject,
        place_name=authority.place_name,
        competence=said(beginning.competence),
        addressees=(answers.author if answers else GAP,) if addressed else (),
        bases=tuple(map(said, beginning.bases)),
        intro=opening or tuple(map(said, beginning.intro)),
        body=tuple(replace(one, text=said(one.text)) if isinstance(one, Paragraph) else one for one in beginning.body),
        closing=said(beginning.closing),
        recipients=("Như trên", *beginning.recipients) if addressed else beginning.recipients,
        drafting_unit=OFFICE if "drafting_unit" in parts else "",
    )


def duty(kind: Kind) -> str:
    """The sentence by which a resolution or a decision says who is to carry it out."""
    return (_DUTY_OF_ALL if kind is Kind.RESOLUTION else _DUTY).format(kind=KIND_NAMES[kind])


def unfilled(text: TextContent) -> tuple[str, str] | None:
    """The path and the text of the first sentence in which "…" still waits for its author; None: there is none. What
    ends in it, as "v.v…", is written so on purpose."""
    return next((found for found in texts(to_json(text)) if _UNFILLED.search(found[1])), None)


_UNFILLED = re.compile(r"(?:^|[\s“\"(])…")


def collective_of(kind: Kind, unit: str) -> str:
    """For which body the head signs a document of `kind` ("TM. …", art. 13): "Ủy ban nhân dân", or ""."""
    if not template_of(kind).collective:
        return ""
    return next((body for body in _BODIES if unit.casefold().startswith(body.casefold())), "")


_BODIES = ("Ủy ban nhân dân", "Uỷ ban nhân dân", "Hội đồng nhân dân")


def head_of(unit: str) -> str:
    """Who decides in a unit's name: "Chủ tịch Ủy ban nhân dân xã Hòa Phước"."""
    return f"Chủ tịch {unit}" if any(unit.startswith(body) for body in _BODIES) else unit
