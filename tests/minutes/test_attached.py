"""What a file carries for machines, compared with its pages."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from minutes.attached import contradiction, printed_words
from minutes.content import read_stored, texts, to_json
from minutes.document import Kind
from minutes.typeset import Heading, Typesetter
from tests.minutes.sample_meeting import START
from tests.minutes.samples import sample

UNPRINTED = {"document_id", "kind", "block", "level", "place_name", "drafting_unit", "item", "proceedings_root"}
"""What no page shows, or not as it stands there; the approved text is compared besides."""


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text that is printed, with its path."""
    if isinstance(value, str) and value and not UNPRINTED & set(path):
        yield path, value
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from leaves(one, (*path, key))


def other(value: str) -> str:
    """Another value of the same form."""
    if value[:2] == "20" and value[4:5] == "-":
        return value.replace("2026", "2025", 1)
    return value + " không"


def read_beside(typesetter: Typesetter, kind: Kind, data: Any, heading: Heading, pages: list[str]) -> str | None:
    again = typesetter.typeset(kind, read_stored(kind, data), replace(heading, check_url=None, code=None), at=START)
    return contradiction(pages, printed_words(again.pdf), [text for _path, text in texts(data)])


@pytest.mark.parametrize("kind", list(Kind))
def test_every_document_says_what_it_carries(typesetter: Typesetter, kind: Kind) -> None:
    content, heading = sample(kind)
    pages = printed_words(typesetter.typeset(kind, content, heading, at=START).pdf)
    assert read_beside(typesetter, kind, to_json(content), heading, pages) is None


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.LETTER, Kind.INVITATION])
def test_no_text_can_be_another_one(typesetter: Typesetter, kind: Kind) -> None:
    content, heading = sample(kind)
    pages = printed_words(typesetter.typeset(kind, content, heading, at=START).pdf)
    unseen = []
    for path, value in leaves(to_json(content)):
        data = copy.deepcopy(to_json(content))
        place = data
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = other(value)
        if read_beside(typesetter, kind, data, heading, pages) is None:
            unseen.append(path)
    assert unseen == []


def test_two_texts_that_have_changed_places_are_seen(typesetter: Typesetter) -> None:
    content, heading = sample(Kind.MINUTES)
    pages = printed_words(typesetter.typeset(Kind.MINUTES, content, heading, at=START).pdf)
    data = to_json(content)
    first, second = data["conclusions"][:2]
    assert first["owner_unit"] != second["owner_unit"]
    first["owner_unit"], second["owner_unit"] = second["owner_unit"], first["owner_unit"]
    assert read_beside(typesetter, Kind.MINUTES, data, heading, pages) is not None


def test_words_of_the_form_may_have_changed_since() -> None:
    def said(pages: str, typeset: str, text: str) -> str | None:
        return contradiction(pages.split(), typeset.split(), [text])

    pages = "biên bản họp đơn vị chủ trì sở y tế chậm nhất ngày 10"
    assert said(pages, "biên bản họp chủ trì thực hiện sở y tế hạn ngày 10", "Sở Y tế") is None
    assert said(pages, "biên bản họp chủ trì thực hiện sở y tế hạn ngày 11", "Sở Y tế") == "11"
    assert said(pages, "biên bản họp chủ trì thực hiện sở tài chính hạn ngày 10", "Sở Tài chính") is not None


def test_what_is_no_pdf_has_no_words() -> None:
    with pytest.raises(ValueError, match="not a readable PDF"):
        printed_words(b"%PDF-1.7 nothing")
