"""The first draft of a document that amends, corrects, replaces or recalls an earlier one, in an office's words."""

import re
from dataclasses import replace

from minutes import fit
from minutes.addressees import bare, points_to_articles, sent_to
from minutes.blocks import Block, Heading, Paragraph
from minutes.content import Content, drafting_unit
from minutes.document import KIND_NAMES, Document, Kind, Signer
from minutes.errors import N_, Reason, Refused
from minutes.notice import leader
from minutes.reading import LINE
from minutes.starting import OFFICE, collective_of, duty, head_of
from minutes.text import Relation, TextContent
from minutes.wording import long_date
from minutes.workflow.capacity import on_behalf
from minutes.workflow.relation import Deed

KIND_OF = {Deed.CORRECTS: Kind.LETTER, Deed.RECALLS: Kind.NOTICE}
"""By what an error of form is corrected and a document recalled; the others are of the form of the old one."""


def leaders(old: Document, deed: Deed) -> tuple[Signer, ...]:
    """Who signs what does `deed` to `old`: who signed that, in the same capacity; a letter is the collective's, and so
    is what changes minutes."""
    people = tuple(one for one in old.signers if one.role != "seal")
    if people[0].role == "leader":
        collective = collective_of(Kind.LETTER, old.unit.name) if deed is Deed.CORRECTS else ""
    else:
        people, collective = (leader(old.signers),), collective_of(Kind.LETTER, old.unit.name)
    return tuple(replace(one, title_lines=on_behalf(one.title_lines, collective)) for one in people)


def changed(old: Document, text: Content, deed: Deed, document_id: str) -> TextContent:
    """The draft with the id `document_id` that does `deed` to the issued document `old`, whose text is `text`.

    Raises Refused("wrong_relation") for what is not issued, or has no form that could be drafted again.
    """
    number, day = old.number_symbol, old.issued_on
    if number is None or day is None or old.digest is None:
        raise Refused(
            "wrong_relation", Reason(N_("Chỉ sửa đổi, đính chính, thay thế, thu hồi được văn bản đã phát hành."))
        )
    relation = Relation(deed.value, old.id, number, day)
    named = f"{KIND_NAMES[old.kind]} số {number} {long_date(day)}"
    if deed in KIND_OF:
        body = _correction(named) if deed is Deed.CORRECTS else _recall(old, named)
        about = f"{_VERBS[deed]} {named}"
        unit = drafting_unit(text) or OFFICE
        return _about(old, deed, document_id, relation, about, body, sent_to(text), unit)
    if not isinstance(text, TextContent):
        raise Refused("wrong_relation", Reason(N_("Loại văn bản này chỉ đính chính hoặc thu hồi được.")))
    this = f"{KIND_NAMES[old.kind]} này"
    if deed is Deed.REPLACES:
        return replace(text, document_id=document_id, relation=relation, body=_replacing(text.body, this, named))
    body, charging = _amending(text, this, named)
    return replace(
        text,
        document_id=document_id,
        relation=relation,
        subject=fit.cut(f"Sửa đổi, bổ sung {named}", LINE),
        body=body,
        recipients=_pointing_to(charging, text.recipients),
        annexes=(),
        files=(),
        intro=(),
        closing="",
    )


_IN_ARTICLES = (Kind.RESOLUTION, Kind.DECISION)
"""Whose text is in articles whatever an old one looks like (templates 1.1 and 1.2); others follow the old one."""
_CARRIED_OUT = re.compile(r"(?!.*\bcó hiệu lực\b).*\btrách nhiệm (?:tổ chức )?(?:thi hành|thực hiện)\b.*", re.DOTALL)


def _amending(text: TextContent, this: str, named: str) -> tuple[tuple[Block, ...], int]:
    """The body by which `text`, called `named`, is amended, and the number of its article that says who carries it out:
    that of the old one, else the usual one; 0 where there is no such article."""
    says, holds = f"Sửa đổi, bổ sung … của {named} như sau:\n“…”.", f"{this} có hiệu lực kể từ ngày ký."
    old = [one for one in text.body if isinstance(one, Heading) and one.level == "article"]
    if not old and text.kind not in _IN_ARTICLES:
        return (Paragraph(1, says), Paragraph(1, holds)), 0
    told = [one.text for one in text.body if isinstance(one, Paragraph) and _CARRIED_OUT.fullmatch(one.text)]
    who = _open(told[-1]) if told and this in told[-1] else duty(text.kind) if text.kind in _IN_ARTICLES else ""
    articles = [("Nội dung sửa đổi, bổ sung", says), ("Hiệu lực thi hành", holds)]
    articles += [("Trách nhiệm thi hành", who)] if who else []
    titled = bool(old) and all(one.text for one in old)
    body: list[Block] = []
    for title, said in articles:
        body += [Heading("article", title if titled else ""), Paragraph(0, said)]
    return tuple(body), len(articles) if who else 0


def _pointing_to(article: int, recipients: tuple[str, ...]) -> tuple[str, ...]:
    """The recipients, of whom those of the article that says who carries it out come by that of the new document; none
    of them where it has none (0)."""
    own = (f"Như Điều {article}",) if article else ()
    found = (own if points_to_articles(line) else (line,) for line in recipients)
    return tuple(dict.fromkeys(line for lines in found for line in lines))


_TAKES_EFFECT = re.compile(r"(.*\bcó hiệu lực\b[^.;:\n]*?)(?: và thay thế [^\n]*?)?(?:\./)?[.;]?", re.DOTALL)


def _replacing(body: tuple[Block, ...], this: str, named: str) -> tuple[Block, ...]:
    """The body with the clause by which it replaces the old document: in the article that says from when it is in
    force, else as an article of its own, or as a paragraph like the last one where there are no articles."""
    blocks = [replace(one, text=_open(one.text)) if isinstance(one, Paragraph) else one for one in body]
    for at, one in enumerate(blocks):
        if not isinstance(one, Paragraph) or not one.text.startswith(this):
            continue
        if (match := _TAKES_EFFECT.fullmatch(one.text)) is not None:
            blocks[at] = replace(one, text=f"{match[1].rstrip()} và thay thế {named}.")
            return tuple(blocks)
    said = f"{this} thay thế {named}."
    articles = [one for one in blocks if isinstance(one, Heading) and one.level == "article"]
    if articles:
        own = (Heading("article", "Thay thế văn bản"), Paragraph(1, said)) if articles[-1].text else None
        return (*blocks, *(own or (Heading("article", ""), Paragraph(0, said))))
    last = blocks[-1] if blocks else None
    level = 0 if isinstance(last, Paragraph) and last.level == 0 else 1
    return (*blocks, Paragraph(level, said))


def _open(text: str) -> str:
    """A text that ends the document no more: "./." stands behind its last one only."""
    return f"{text.rstrip().removesuffix('./.').rstrip('. ')}." if text.rstrip().endswith("./.") else text


_VERBS = {Deed.CORRECTS: "Đính chính", Deed.RECALLS: "Thu hồi"}


def _about(
    old: Document, deed: Deed, document_id: str, relation: Relation, subject: str, body: tuple[Block, ...],
    recipients: tuple[str, ...], unit: str,
) -> TextContent:  # fmt: skip
    letter = deed is Deed.CORRECTS
    # "Như Điều 3", "Như trên" point into the old document and say nothing outside it.
    named = (fit.cut(line, LINE) for line in recipients if not bare(line).casefold().startswith("như "))
    to = tuple(named) or ("Các cơ quan, đơn vị, cá nhân đã nhận văn bản nêu trên",)
    return TextContent(
        document_id=document_id,
        kind=KIND_OF[deed],
        # As a letter's subject stands in registers; below its number it is "V/v đính chính …".
        subject=fit.cut(f"Về việc {subject[:1].lower()}{subject[1:]}" if letter else subject, LINE),
        place_name=old.place,
        body=body,
        closing="",
        recipients=("Như trên", "Lưu: VT") if letter else (*to, "Lưu: VT"),
        addressees=to if letter else (),
        drafting_unit=unit if letter else "",
        relation=relation,
    )


def _correction(named: str) -> tuple[Block, ...]:
    return (
        Paragraph(0, f"{named} có sai sót về thể thức, kỹ thuật trình bày; nay đính chính như sau:"),
        Paragraph(1, "Tại …, đã in là: “…”; nay sửa lại là: “…”."),
        Paragraph(1, "Các nội dung khác giữ nguyên."),
    )


def _recall(old: Document, named: str) -> tuple[Block, ...]:
    told = (
        "Cơ quan, đơn vị, cá nhân đã nhận văn bản nêu trên gửi lại bản giấy, hủy bỏ bản điện tử và thông báo qua "
        "hệ thống."
    )
    # Who has issued it recalls it: the authority, or its chair.
    for_all = leaders(old, Deed.RECALLS)[0].title_lines[0].startswith("TM. ")
    issuer = old.unit.name if for_all else head_of(old.unit.name)
    return (Paragraph(1, f"{issuer} thu hồi {named} ({old.title}). Lý do: …"), Paragraph(1, told))
