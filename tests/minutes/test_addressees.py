"""The register names who receives a document, where the document itself only says "Như trên" or "Như Điều 3"."""

from dataclasses import replace

import pytest

from minutes.addressees import astray, sent_to
from minutes.blocks import Block, Heading, Paragraph
from minutes.content import InvitationContent
from minutes.document import Kind
from tests.minutes.samples import sample
from tests.minutes.test_text import DECISION

LETTER = replace(
    DECISION, kind=Kind.LETTER, addressees=("Sở Tài chính;", "Ủy ban nhân dân các xã, phường."), body=(),
    recipients=("- Như trên;", "- Thường trực Tỉnh ủy (để báo cáo);", "- Sở Tài chính;", "- Lưu: VT, VP.15."),
)  # fmt: skip


def articles(*texts: str) -> tuple[Block, ...]:
    return tuple(block for text in texts for block in (Heading("article", ""), Paragraph(0, text)))


def test_as_above_is_who_is_addressed_and_nobody_is_named_twice() -> None:
    assert sent_to(LETTER) == ("Sở Tài chính", "Ủy ban nhân dân các xã, phường", "Thường trực Tỉnh ủy (để báo cáo)")
    assert sent_to(replace(LETTER, addressees=())) == ("Như trên", "Thường trực Tỉnh ủy (để báo cáo)", "Sở Tài chính")


def test_as_above_of_an_invitation_is_who_is_invited() -> None:
    invitation, _head = sample(Kind.INVITATION)
    assert isinstance(invitation, InvitationContent)
    assert "Như trên" in invitation.recipients
    assert sent_to(replace(invitation, invitees=("Sở Tài chính", "Lò Văn Dũng"))) == ("Sở Tài chính", "Lò Văn Dũng")


@pytest.mark.parametrize(
    ("recipient", "texts", "meant"),
    [
        (
            "Như Điều 2",
            ("Giao Sở Tài chính có trách nhiệm chi trả.",
             "Chánh Văn phòng, Giám đốc Sở Tài chính và ông Lò Văn Dũng chịu trách nhiệm thi hành Quyết định này."),
            ("Chánh Văn phòng, Giám đốc Sở Tài chính và ông Lò Văn Dũng",),
        ),
        (
            "Như Điều 1, Điều 2;",
            ("Các ông (bà): Chánh Văn phòng; Giám đốc Sở Tài chính căn cứ Quyết định thi hành./.",
             "Chủ tịch UBND các xã có trách nhiệm thi hành Quyết định này"),
            ("Chánh Văn phòng; Giám đốc Sở Tài chính", "Chủ tịch UBND các xã"),
        ),
        ("Như Điều 1", ("Quyết định này có hiệu lực kể từ ngày ký.",), ("Như Điều 1",)),
        ("Như Điều 3", ("Chánh Văn phòng chịu trách nhiệm thi hành Quyết định này.",), ("Như Điều 3",)),
    ],
)  # fmt: skip
def test_as_an_article_says_is_whom_it_charges(recipient: str, texts: tuple[str, ...], meant: tuple[str, ...]) -> None:
    decision = replace(DECISION, body=articles(*texts), recipients=(recipient, "Lưu: VT"))
    assert sent_to(decision) == meant


@pytest.mark.parametrize(
    ("recipient", "wrong"),
    [
        ("- Như Điều 3;", True), ("Như Điều 2 và Điều 3;", True), ("Như các Điều 1, 4", True),
        ("Như Điều 2;", False), ("Như trên", False), ("Sở Tài chính (theo Điều 9)", False),
    ],
)  # fmt: skip
def test_a_recipient_by_an_article_that_is_not_there_is_found(recipient: str, wrong: bool) -> None:
    decision = replace(DECISION, body=articles("Thành lập tổ.", "Có hiệu lực kể từ ngày ký."), recipients=(recipient,))
    assert bool(astray(decision)) is wrong
