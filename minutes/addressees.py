"""Whom a list of recipients means: "Như trên" and "Như Điều 3" point into the text, and say nothing outside it."""

import re
from itertools import takewhile

from minutes.blocks import Heading, Paragraph, labelled
from minutes.content import Content, InvitationContent
from minutes.text import TextContent

_ABOVE = re.compile(r"như (?:trên|kính gửi)\b", re.IGNORECASE)
_ARTICLES = re.compile(r"như (?:các )?điều\s+\d+(?:\s*(?:,|và)\s*(?:điều\s+)?\d+)*", re.IGNORECASE)
_CHARGED = re.compile(
    r"(?:(?:các )?(?:ông|bà)(?: \(bà\)|, bà)?(?: có tên tại Điều \d+)?:\s*)?(.+?)[,;]?\s+"
    r"(?:chịu trách nhiệm|có trách nhiệm|căn cứ (?:quyết định|nghị quyết)|thi hành)\b.*",
    re.IGNORECASE | re.DOTALL,
)
"""The end of a decision: who "chịu trách nhiệm thi hành Quyết định này"."""


def kept(recipients: tuple[str, ...]) -> tuple[str, ...]:
    """Those lines that say where a copy is kept: "Lưu: VT"."""
    return tuple(one for one in recipients if bare(one).casefold().startswith("lưu"))


def bare(recipient: str) -> str:
    """A line without what a list has around it."""
    return recipient.strip().lstrip("-").rstrip(";.").strip()


def sent_to(text: Content) -> tuple[str, ...]:
    """Who receives a document, each once, as it is written there; without where a copy is kept. What points to nobody
    that could be read stays as it is."""
    lines = [bare(one) for one in text.recipients if one not in kept(text.recipients)]
    return tuple(dict.fromkeys(name for line in lines for name in _meant(text, line)))


def astray(text: Content) -> tuple[str, ...]:
    """The lines of the recipients that name an article which the document does not have."""
    if not isinstance(text, TextContent):
        return ()
    there = {label for label, _ in labelled(text.body)}
    return tuple(
        line
        for line in map(bare, text.recipients)
        if (found := points_to_articles(line)) and any(f"Điều {number}." not in there for number in found)
    )


def points_to_articles(line: str) -> tuple[str, ...]:
    """The numbers of the articles that a line of the recipients points to; () for any other line."""
    found = _ARTICLES.match(bare(line))
    return tuple(re.findall(r"\d+", found[0])) if found else ()


def _meant(text: Content, line: str) -> tuple[str, ...]:
    if _ABOVE.match(line):
        above = text.invitees if isinstance(text, InvitationContent) else getattr(text, "addressees", ())
        return tuple(map(bare, above)) or (line,)
    articles = points_to_articles(line)
    if not articles or not isinstance(text, TextContent):
        return (line,)
    charged = [_charged(text, f"Điều {number}.") for number in articles]
    return tuple(one for one in charged if one) if all(charged) else (line,)


def _charged(text: TextContent, article: str) -> str:
    """Whom an article charges with carrying the document out; "" where it charges nobody."""
    blocks = iter(labelled(text.body))
    if not any(label == article for label, _ in blocks):
        return ""
    below = takewhile(lambda one: not isinstance(one[1], Heading), blocks)
    said = (_CHARGED.fullmatch(one.text.strip()) for _, one in below if isinstance(one, Paragraph))
    return "; ".join(one[1] for one in said if one)
