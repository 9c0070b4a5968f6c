"""The lines above a signature: TM., Q., KT., TL., TUQ. as Decree 30/2020 has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.errors import Refused
from minutes.workflow.capacity import Capacity, Signing, capacity_of, suggested, title_lines

UBND = "Ủy ban nhân dân"


@pytest.mark.parametrize(
    ("chosen", "lines"),
    [
        (Signing(Capacity.OWN, "Chủ tịch"), ("CHỦ TỊCH",)),
        (Signing(Capacity.OWN, "Chủ tịch", "", UBND), ("TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH")),
        (Signing(Capacity.ACTING, "Chủ tịch", "", UBND), ("TM. ỦY BAN NHÂN DÂN", "Q. CHỦ TỊCH")),
        (
            Signing(Capacity.DEPUTY, "Chủ tịch", "Phó Chủ tịch", UBND),
            ("TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"),
        ),
        (Signing(Capacity.DEPUTY, "Giám đốc", "Phó Giám đốc"), ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")),
        (Signing(Capacity.BY_ORDER, "Chủ tịch", "Chánh Văn phòng"), ("TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG")),
        (
            Signing(Capacity.BY_ORDER, "Chủ tịch", "Phó Chánh Văn phòng", "", "Chánh Văn phòng"),
            ("TL. CHỦ TỊCH", "KT. CHÁNH VĂN PHÒNG", "PHÓ CHÁNH VĂN PHÒNG"),
        ),
        (
            Signing(Capacity.AUTHORISED, "Chủ tịch", "Trưởng phòng Kinh tế"),
            ("TUQ. CHỦ TỊCH", "TRƯỞNG PHÒNG KINH TẾ"),
        ),
    ],
)
def test_each_capacity_has_its_lines(chosen: Signing, lines: tuple[str, ...]) -> None:
    assert title_lines(chosen) == lines
    assert capacity_of(lines) is chosen.capacity


@pytest.mark.parametrize(
    "chosen",
    [
        Signing(Capacity.OWN, " "),
        Signing(Capacity.DEPUTY, "Chủ tịch", ""),
        Signing(Capacity.DEPUTY, "Chủ tịch", "chủ tịch"),
        Signing(Capacity.DEPUTY, "KT. Chủ tịch", "Phó Chủ tịch"),
        Signing(Capacity.AUTHORISED, "Chủ tịch", "Trưởng phòng", UBND),
        Signing(Capacity.DEPUTY, "Chủ tịch", "Phó Chủ tịch", "", "Chánh Văn phòng"),
    ],
)
def test_what_the_decree_does_not_know_is_refused(chosen: Signing) -> None:
    with pytest.raises(Refused) as refusal:
        title_lines(chosen)
    assert refusal.value.code == "wrong_capacity"


POSITIONS = st.sampled_from(
    [
        "",
        "Chủ tịch",
        "Phó Chủ tịch",
        "Giám đốc",
        "Chánh Văn phòng",
        "Phó Chánh Văn phòng",
        "TM. Chủ tịch",
        "  Trưởng  phòng ",
    ]
)
CHOSEN = st.builds(Signing, st.sampled_from(Capacity), POSITIONS, POSITIONS, st.sampled_from(["", UBND]), POSITIONS)


@given(CHOSEN)
def test_whatever_is_chosen_is_refused_or_printed_in_the_decrees_order(chosen: Signing) -> None:
    try:
        lines = title_lines(chosen)
    except Refused:
        return
    marks = [line.partition(".")[0] for line in lines if "." in line]
    expected = (["TM"] if chosen.collective else []) + ([chosen.capacity.value] if chosen.capacity.value else [])
    assert marks == expected + (["KT"] if chosen.superior else [])
    assert all(line == line.upper() and "  " not in line and line.strip() == line for line in lines)
    marked = next((line for line in lines if line.startswith(f"{chosen.capacity.value}.")), lines[-1])
    assert marked.endswith(" ".join(chosen.head.split()).upper())
    if chosen.capacity in (Capacity.DEPUTY, Capacity.BY_ORDER, Capacity.AUTHORISED):
        assert lines[-1] == " ".join(chosen.own.split()).upper()
    assert capacity_of(lines) is chosen.capacity


def test_a_deputys_title_suggests_signing_for_the_head() -> None:
    assert title_lines(suggested("Phó Chủ tịch UBND tỉnh")) == ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH")
    assert title_lines(suggested("Chủ tịch UBND xã")) == ("CHỦ TỊCH",)
