"""A content becomes a sheet and is the same afterwards; a sheet becomes any other content by small operations."""

from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.content import from_json, to_json
from minutes.document import Kind
from rooms import Refused
from server.editing import layout
from server.editing.preview import legible
from server.editing.shapes import parts_of
from server.editing.sheet import Move, Put, Remove, Set, Sheet, Step, Write, done
from server.errors import Problem
from tests.server.editing.test_together import CONTENT, fresh

PARTS = parts_of(Kind.PLAN)
WORDS = (
    st.text("abđệ 1;", min_size=1, max_size=8)
    .filter(lambda text: bool(text.strip()))
    .map(lambda t: " ".join(t.split()))
)
LINES = st.lists(WORDS, max_size=3)
CONCLUSION = st.fixed_dictionaries(
    {
        "block": st.just("conclusion"),
        "text": WORDS,
        "owner_unit": st.none() | WORDS,
        "co_units": LINES,
        "deadline": st.none() | st.sampled_from(["2027-01-15", "2027-02-28"]),
        "item": st.none() | WORDS,
    }
)
LEVELS = st.sampled_from([0, 1, 2])
PARAGRAPH = st.fixed_dictionaries({"block": st.just("paragraph"), "level": LEVELS, "text": WORDS})
HEADING = st.fixed_dictionaries(
    {"block": st.just("heading"), "level": st.sampled_from(["part", "chapter", "section", "article"]), "text": WORDS}
)


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    width = draw(st.integers(1, 3))
    row = st.lists(WORDS, min_size=width, max_size=width)
    return {"block": "table", "header": draw(row), "rows": draw(st.lists(row, max_size=2))}


BODY = st.lists(CONCLUSION | PARAGRAPH | HEADING | tables(), max_size=6)
ANNEX = st.fixed_dictionaries({"name": st.just("") | WORDS, "title": WORDS, "body": BODY})
CONTENTS = st.fixed_dictionaries(
    {
        "subject": WORDS,
        "bases": LINES,
        "intro": LINES,
        "body": BODY,
        "closing": WORDS,
        "recipients": LINES,
        "annexes": st.lists(ANNEX, max_size=2),
        "urgency": st.sampled_from([None, "urgent", "express"]),
        "circulation": st.sampled_from([None, "internal"]),
        "drafter": st.sampled_from(["", "NVA"]),
        "copies": st.sampled_from([None, 15]),
    }
)
BASE = {"document_id": "d1", "place_name": "Lâm Sơn"}


def ids() -> layout.Ids:
    numbers = count()
    return lambda: f"n{next(numbers)}"


def said(sheet: Sheet) -> dict[str, Any]:
    return layout.content_of(sheet.parts.values(), layout.standing(sheet), BASE)


@given(CONTENTS)
def test_what_a_sheet_was_made_from_is_what_it_says(content: dict[str, Any]) -> None:
    sheet = layout.sheet_of(PARTS, content, ids())
    assert said(sheet) == BASE | content
    assert to_json(from_json(Kind.PLAN, said(sheet)))["body"] == content["body"]


@given(CONTENTS, CONTENTS)
def test_any_draft_becomes_any_other_by_operations(old: dict[str, Any], new: dict[str, Any]) -> None:
    new_id = ids()
    sheet = layout.sheet_of(PARTS, old, new_id)
    for operation in layout.becoming(sheet, new, new_id, "page"):
        step = done(sheet, operation, "binh")
        assert step is not None
        sheet = step.sheet
    assert said(sheet) == BASE | new
    assert layout.becoming(sheet, new, new_id, "page") == []


def do(sheet: Sheet, operation: Any) -> Sheet:
    step = done(sheet, operation, "binh")
    assert isinstance(step, Step)
    return step.sheet


def test_who_writes_in_what_another_takes_out_keeps_it() -> None:
    sheet = fresh()
    line = sheet.lists["recipients"][0]
    sheet = do(sheet, Remove(line, "hanh", 1))
    assert line not in sheet.standing("recipients")
    step = done(sheet, Write(line, "text", 0, (8, " xã"), "binh", 1), "binh")
    assert step is not None
    assert step.sheet.standing("recipients") == sheet.lists["recipients"]
    assert step.sheet.text(line, "text") == "Như trên xã"
    assert step.news["revived"] == [line]


def test_a_written_cell_brings_its_row_and_its_table_back() -> None:
    sheet = layout.sheet_of(PARTS, {"body": [{"block": "table", "header": ["A"], "rows": [["1"], ["2"]]}]}, ids())
    (table,) = sheet.lists["body"]
    row, column = sheet.lists[f"{table}/rows"][1], sheet.lists[f"{table}/columns"][0]
    sheet = do(do(sheet, Remove(row, "hanh", 1)), Remove(table, "hanh", 2))
    sheet = do(sheet, Write(table, f"{row}.{column}", 0, (1, "0"), "binh", 1))
    assert layout.read(sheet, table).cells == (("A",), ("1",), ("20",))
    assert sheet.standing("body") == (table,)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (Write("nothing", "text", 0, ("x",), "p", 1), "unknown_block"),
        (Write("the-title", "heading", 0, ("x",), "p", 1), "unknown_block"),
        (Write("the-title", "text", 0, (12, "x" * 500), "p", 1), "limit_reached"),
        (Write("the-title", "text", 0, (12, "\n"), "p", 1), "bad_message"),
        (Write("the-title", "text", 9, (12, "x"), "p", 1), "behind"),
        (Put("title", "b9", None, "line", "p", 1), "unknown_block"),
        (Put("recipients", "b9", None, "conclusion", "p", 1), "bad_message"),
        (Put("recipients", "the-title", None, "line", "p", 1), "bad_message"),
        (Put("recipients", "b9", None, "line", "p", 1, {"text": "a\nb"}), "limit_reached"),
        (Put("recipients", "b9", None, "line", "p", 1, {"heading": "a"}), "unknown_block"),
        (Remove("the-title", "p", 1), "unknown_block"),
        (Move("the-title", None, "p", 1), "unknown_block"),
        (Set("the-title", "deadline", "2027-01-01", "p", 1), "unknown_block"),
    ],
)
def test_what_cannot_be_done_is_refused(operation: Any, code: str) -> None:
    with pytest.raises((Problem, Refused)) as refused:
        done(fresh(), operation, "binh")
    assert refused.value.code == code


def test_a_draft_that_is_not_ready_can_be_looked_at() -> None:
    class Plan:
        kind = Kind.PLAN

    content = said(layout.sheet_of(PARTS, {"subject": "", "body": [], "closing": "", "recipients": []}, ids()))
    assert legible(Plan(), content).subject == "…"  # type: ignore[arg-type, union-attr]
    line = {**CONTENT["conclusions"][0], "block": "conclusion", "deadline": "0027-13"}
    seen = legible(Plan(), {**content, "body": [line]})  # type: ignore[arg-type]
    assert seen.body[0].deadline is None  # type: ignore[union-attr]


def test_who_writes_in_an_annex_that_is_taken_out_brings_it_back() -> None:
    annex = {"name": "", "title": "Danh mục", "body": [{"block": "paragraph", "level": 0, "text": "Một"}]}
    sheet = layout.sheet_of(PARTS, {"annexes": [annex]}, ids())
    (taken,) = sheet.lists["annexes"]
    (line,) = sheet.lists[f"{taken}/body"]
    sheet = do(sheet, Remove(taken, "hanh", 1))
    sheet = do(sheet, Write(line, "text", 0, (3, " hai"), "binh", 1))
    assert said(sheet)["annexes"][0]["body"][0]["text"] == "Một hai"


def test_a_draft_that_was_kept_before_there_were_annexes_has_them_now() -> None:
    before = {name: part for name, part in layout.sheet_of(PARTS, {}, ids()).parts.items() if name != "annexes"}
    sheet = layout.sheet_of(tuple(before.values()), {"subject": "Kế hoạch"}, ids())
    annex = {"name": "", "title": "Danh mục", "body": []}
    known = {part.name: part for part in PARTS}
    grown = layout.grown(Sheet(known, sheet.lists, sheet.items), {"annexes": [annex]}, ids())
    assert said(grown)["annexes"] == [annex]
    assert said(grown)["subject"] == "Kế hoạch"
