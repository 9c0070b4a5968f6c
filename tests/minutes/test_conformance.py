"""The checklist of Appendix VI as data, and the report of what was found."""

import ast
import copy
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from minutes import content
from minutes.authority import Authority
from minutes.blocks import Table
from minutes.conformance.checklist import FILE, Line, Outcome, Verdict, checklist, counted, holds, judged, read
from minutes.conformance.report import report
from minutes.document import Kind, Signer
from minutes.typeset import Heading, Typesetter
from tests.minutes.sample_meeting import CHAIR, PROVINCE

ROOT = Path(__file__).parent.parent.parent
AT = datetime(2026, 2, 5, 18, 30, tzinfo=UTC)


def every_line(verdict: Verdict = Verdict.MET) -> tuple[Line, ...]:
    """All lines: what is fixed as it is, what is checked with `verdict`."""
    return tuple(Line(one, one.fixed or Outcome(verdict, "Đã thử.")) for one in checklist().lines)


def functions(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def test_every_test_that_a_line_names_is_there() -> None:
    named = {test for line in checklist().lines for test in line.tests}
    missing = [test for test in named if test.split("::")[1] not in functions(ROOT / test.split("::")[0])]
    assert not missing
    assert all(test.split("::")[1].startswith("test_") for test in named)


def test_the_whole_appendix_is_there_in_its_order() -> None:
    numbers = [line.number for line in checklist().lines]
    assert len(numbers) == len(set(numbers))
    for start in ("I.", "II.", "III.1.", "III.2.", "III.3.", "III.4.", "III.5.", "III.6.", "III.7.", "III.8.", "IV."):
        assert any(number.startswith(start) for number in numbers), start
    assert [number for number in numbers if number.startswith("V.")] == [f"V.{one}" for one in range(1, 7)]
    assert numbers[-3:] == ["Phần II.I", "Phần II.II", "Phần II.III"]


@pytest.mark.parametrize(
    "change",
    [
        {"missing": "Chưa có.", "elsewhere": "Không."},
        {"check": "x", "tests": ["t"], "missing": "Chưa có."},
        {"check": "x"},
        {"tests": ["t"]},
        {"missing": "Chưa có.", "tests": ["t"]},
        {"missing": "Chưa có.", "mising": "x"},
        {},
    ],
)
def test_a_line_says_one_thing_and_says_how_it_is_known(change: dict[str, Any]) -> None:
    line = {"number": "I.1", "text": "…", **change}
    with pytest.raises(ValueError, match=r"requirement I\.1"):
        read({"source": "…", "section": [{"number": "I.I", "title": "…", "line": [line]}]})


def test_a_number_is_there_once() -> None:
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    twice = copy.deepcopy(data)
    twice["section"][0]["line"].append(twice["section"][0]["line"][0])
    with pytest.raises(ValueError, match="twice"):
        read(twice)


def test_one_failure_or_gap_and_the_system_does_not_hold() -> None:
    met = judged(well=True, met="Có.", failed="Không.")
    lines = [Line(one, met) for one in checklist().lines]
    assert holds(lines)
    elsewhere = Line(lines[0].requirement, Outcome(Verdict.ELSEWHERE, "Việc của cơ quan."))
    assert holds([elsewhere, *lines[1:]])
    for wrong in (Verdict.FAILED, Verdict.MISSING):
        assert not holds([Line(lines[0].requirement, Outcome(wrong, "…")), *lines[1:]])
    assert counted(lines)[Verdict.MET] == len(lines)


def test_the_report_says_every_line_and_marks_what_was_not_compared_with_the_law() -> None:
    authority = Authority.of(PROVINCE)
    text = report(checklist(), every_line(Verdict.FAILED), "a" * 32, authority, "0.1.0", AT)
    rows = {row[0]: row for block in text.body if isinstance(block, Table) for row in block.rows}
    assert len(rows) == len(checklist().lines)
    assert rows["I.1"][2] == "Không đạt. Đã thử."
    assert rows["III.1.a*"][1].startswith("Tạo mới văn bản")
    assert rows["II.6"][2].startswith("Không áp dụng. ")
    assert "01 giờ 30 phút, ngày 06 tháng 02 năm 2026" in text.intro[0]


def test_the_report_can_be_kept_as_a_draft_and_set_as_a_page() -> None:
    authority = Authority.of(PROVINCE)
    text = report(checklist(), every_line(), "a" * 32, authority, "0.1.0", AT)
    assert content.from_json(Kind.REPORT, content.to_json(text)) == text
    leader = Signer("leader", CHAIR.id, CHAIR.name, ("CHỦ TỊCH",))
    seal = Signer("seal", PROVINCE.id, PROVINCE.name, ())
    pages = Typesetter().typeset(Kind.REPORT, text, Heading(authority, text.document_id, (leader, seal)), at=AT)
    assert b"pdfaid:part" in pages.pdf
    assert len(pages.fields) == 2
