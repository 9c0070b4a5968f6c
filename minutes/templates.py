"""How the page of each type of document is built: Decree 30/2020, Appendix III, templates 1.1 to 1.10.

A template says which parts a document of its type has and in which words the law introduces them; where things stand
and how large they are is in layout.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from minutes.document import Kind

SubjectPlace = Literal["title", "number", "nowhere"]
Part = Literal["competence", "addressees", "bases", "intro", "closing", "drafting_unit", "contact"]


@dataclass(frozen=True, slots=True)
class Template:
    """What the page of a type has.

    `number` is the template's in Appendix III. `titled`: whether the type's name is printed. `subject` is where the
    trích yếu stands: below the type's name, below the number ("V/v …"), or nowhere. `order` is the centred line between
    the bases and the articles. `parts` are the optional ones that it has. `collective`: whether the head of a
    people's committee signs on its behalf (TM.), which is so where the committee as a body decides, proposes, reports
    or speaks (art. 13); a notice of what its chair has concluded is the chair's.
    """

    number: str
    titled: bool = True
    subject: SubjectPlace = "title"
    order: str = ""
    parts: tuple[Part, ...] = ("bases", "intro", "closing")
    collective: bool = False


_RULING: tuple[Part, ...] = ("competence", "bases")
_NAMED = Template("1.4")
_PLANNED = Template("1.4", collective=True)
_ADDRESSED = Template("1.4", parts=("addressees", "bases", "intro", "closing"), collective=True)
_PASS: tuple[Part, ...] = ("intro", "closing")

_TEMPLATES: Mapping[Kind, Template] = MappingProxyType(
    {
        Kind.RESOLUTION: Template("1.1", order="QUYẾT NGHỊ:", parts=_RULING, collective=True),
        Kind.DECISION: Template("1.2", order="QUYẾT ĐỊNH:", parts=_RULING),
        Kind.NOTICE: _PLANNED,
        Kind.GUIDANCE: _PLANNED,
        Kind.PROGRAMME: _PLANNED,
        Kind.PLAN: _PLANNED,
        Kind.OPTION: _PLANNED,
        Kind.SCHEME: _PLANNED,
        Kind.PROJECT: _PLANNED,
        Kind.REPORT: _ADDRESSED,
        Kind.SUBMISSION: _ADDRESSED,
        Kind.LETTER: Template(
            "1.5",
            titled=False,
            subject="number",
            parts=("addressees", "intro", "closing", "drafting_unit", "contact"),
            collective=True,
        ),
        Kind.TELEGRAM: Template("1.6", parts=("competence", "addressees", "intro", "closing")),
        Kind.INVITATION: Template("1.7", collective=True),
        Kind.INTRODUCTION: Template("1.8", subject="nowhere", parts=_PASS),
        Kind.MINUTES: Template("1.9"),
        Kind.LEAVE: Template("1.10", subject="nowhere", parts=_PASS),
        Kind.PERSONAL_LETTER: Template(
            "1.4", titled=False, subject="nowhere", parts=("addressees", "intro", "closing")
        ),
    }
)


def template_of(kind: Kind) -> Template:
    """The template of a type; named types without one of their own share 1.4."""
    return _TEMPLATES.get(kind, _NAMED)
