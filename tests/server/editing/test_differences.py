"""What became of a text is told word by word, and both texts can be read out of it."""

from hypothesis import given
from hypothesis import strategies as st

from minutes.document import Kind
from server.editing.differences import Piece, compared, words
from server.editing.shapes import parts_of
from tests.server.editing.test_together import CONTENT

TEXTS = st.lists(st.sampled_from(["hồ", "chứa", "xã", " ", ",", "\n", "báo cáo"]), max_size=30).map("".join)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_a_difference(old: str, new: str) -> None:
    pieces = words(old, new)
    assert "".join(one.text for one in pieces if one.sort != "in") == old
    assert "".join(one.text for one in pieces if one.sort != "out") == new


def test_whole_words_are_marked_and_a_rewritten_phrase_is_one() -> None:
    pieces = words("Rà soát các hồ chứa trước tháng 3.", "Rà soát mọi hồ đập trước tháng 3.")
    assert pieces == (
        Piece("same", "Rà soát "),
        Piece("out", "các"),
        Piece("in", "mọi"),
        Piece("same", " hồ "),
        Piece("out", "chứa"),
        Piece("in", "đập"),
        Piece("same", " trước tháng 3."),
    )


def test_a_block_that_was_changed_is_told_from_one_that_is_new() -> None:
    lines = CONTENT["conclusions"]
    changed = {**lines[0], "text": "Rà soát mọi hồ chứa nước", "deadline": "2027-02-01"}
    added = {**lines[1], "text": "Trực ban 24/24 giờ"}
    after = {**CONTENT, "conclusions": [added, changed, lines[1]]}
    found = {one.label: one for one in compared(parts_of(Kind.MINUTES), CONTENT, after)}
    assert [row.kind for row in found["Kết luận"].rows] == ["in", "changed", "same"]
    assert not found["Nơi nhận"].changed
    told = found["Kết luận"].rows[1].pieces
    assert ("out", "2027-01-15") in [(one.sort, one.text) for one in told]
    assert ("in", "2027-02-01") in [(one.sort, one.text) for one in told]
