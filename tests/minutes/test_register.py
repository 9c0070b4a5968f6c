"""Numbers and symbols."""

import pytest

from minutes.document import Kind
from minutes.register import parse_number_symbol, series, symbol


def test_the_symbol_is_type_and_authority() -> None:
    assert [symbol(kind, "UBND") for kind in (Kind.MINUTES, Kind.DECISION, Kind.RULES)] == [
        "BB-UBND",
        "QĐ-UBND",
        "QyĐ-UBND",
    ]


def test_the_symbol_of_a_letter_has_no_type_but_the_unit_that_drafted_it() -> None:
    assert symbol(Kind.LETTER, "UBND", "VP") == "UBND-VP"
    assert symbol(Kind.LETTER, "UBND") == "UBND"
    assert parse_number_symbol("15/UBND-VP") == (15, "UBND-VP")
    assert parse_number_symbol("09/QĐ-UBND") == (9, "QĐ-UBND")


def test_each_type_has_a_series_of_its_own() -> None:
    assert len({series(kind) for kind in Kind}) == len(Kind)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("07/TB-UBND", (7, "TB-UBND")),
        ("107/TB-UBND", (107, "TB-UBND")),
        ("07", None),
        ("x/TB-UBND", None),
        ("1/2/3", None),
        ("-7/TB-UBND", None),
        ("٣/TB-UBND", None),
        ("9999999/TB-UBND", None),
        ("", None),
    ],
)
def test_only_number_and_symbol_is_read(text: str, parsed: tuple[int, str] | None) -> None:
    assert parse_number_symbol(text) == parsed
