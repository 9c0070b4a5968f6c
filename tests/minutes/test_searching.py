"""What somebody typed, and the words and hits of a text."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.searching.query import LONGEST, MOST_TERMS, parse
from minutes.searching.shown import MOST_SNIPPETS, marked, snippets
from minutes.searching.tokens import composed, folded, forms, tokens

TEXT = "Giao Ủy ban nhân dân xã Tà Năng rà soát các tuyến đường,\nbáo cáo trước ngày 05/02/2026."


def hits(text: str, query: str) -> list[str]:
    return [part.text for part in marked(text, parse(query)) if part.hit]


@pytest.mark.parametrize(
    ("word", "written", "folded"),
    [
        ("ĐƯỜNG", "đường", "duong"),
        ("Thuỷ", "thủy", "thuy"),
        ("thủy", "thủy", "thuy"),
        ("hoà", "hòa", "hoa"),
        ("hoàng", "hoàng", "hoang"),
        ("khoẻ", "khỏe", "khoe"),
        ("quý", "quý", "quy"),
        ("007", "7", "7"),
        ("00", "0", "0"),
        (unicodedata.normalize("NFD", "Điện"), "điện", "dien"),
    ],
)
def test_a_word_has_one_form_as_written_and_one_without_marks(word: str, written: str, folded: str) -> None:
    assert forms(word) == (written, folded)


def test_texts_of_the_same_words_are_equal() -> None:
    assert folded("  Chỉ thị ĐƯỜNG   bộ. ") == "chi thi duong bo" == folded("chi thi duong bo")


def test_a_number_with_its_symbol_is_a_phrase() -> None:
    (term,) = parse("số:07/QĐ-UBND".removeprefix("số:"))
    assert [folded for _written, folded in term.words] == ["7", "qd", "ubnd"]
    assert term.marked
    assert parse("7/QĐ-UBND") == parse('"07 QĐ UBND"')


def test_words_phrases_and_beginnings_are_told_apart() -> None:
    ban, phrase, beginning = parse('ban "Kết luận" chỉ*')
    assert (ban.text, ban.marked) == ("ban", False)
    assert (phrase.text, len(phrase.words)) == ("kết luận", 2)
    assert (beginning.text, beginning.beginning) == ("chỉ", True)


def test_what_is_asked_twice_is_asked_once() -> None:
    assert len(parse("ban Ban BAN ban")) == 1


@given(st.text(max_size=400))
def test_any_query_becomes_words_of_letters_and_digits(text: str) -> None:
    terms = parse(text)
    assert len(terms) <= MOST_TERMS
    assert sum(len(word) for term in terms for word, _folded in term.words) <= 4 * LONGEST
    for term in terms:
        assert re.fullmatch(r"[^\s\x00-\x2f\x3a-\x60\x7b-\x7f]+( [^\s\x00-\x2f\x3a-\x60\x7b-\x7f]+)*", term.text)


@given(st.text(max_size=300))
def test_the_words_of_a_text_stand_where_they_say(text: str) -> None:
    whole = composed(text)
    for word in tokens(whole):
        assert forms(whole[word.start : word.end][:64]) == (word.written, word.folded)


def test_hits_are_shown_as_they_were_written() -> None:
    assert hits(TEXT, "duong") == ["đường"]
    assert hits(TEXT, "bao cao") == ["báo", "cáo"]
    assert hits(TEXT, '"uy ban nhan dan"') == ["Ủy ban nhân dân"]
    assert hits(TEXT, "5/2/2026") == ["05/02/2026"]
    assert hits(TEXT, "tuy*") == ["tuyến"]
    assert hits(TEXT, "ủy") == ["Ủy"]
    assert hits(TEXT, "uỷ") == ["Ủy"]


def test_what_is_written_with_marks_hits_nothing_with_others() -> None:
    assert hits(TEXT, "bão") == []
    assert hits(TEXT, "rã") == []
    assert hits(TEXT, '"bao cáo"') == []


@settings(max_examples=50)
@given(st.text(alphabet="aáàbcđ \n07/-.", max_size=500), st.text(alphabet='aáàbcđ "07/*', max_size=30))
def test_parts_put_together_are_the_text(text: str, query: str) -> None:
    terms = parse(query)
    whole = composed(text).replace("\n", " ")
    assert "".join(part.text for part in marked(text, terms)) == whole
    found = snippets(text, terms)
    assert len(found) <= MOST_SNIPPETS
    assert all("".join(part.text for part in snippet) in whole for snippet in found)


def test_places_that_are_near_each_other_are_one() -> None:
    (only,) = snippets(TEXT, parse("soát cáo"))
    assert [part.text for part in only if part.hit] == ["soát", "cáo"]


def test_places_far_from_each_other_are_shown_apart_and_bounded() -> None:
    text = " … ".join(f"{word} {'x ' * 200}" for word in ("một", "hai", "ba", "bốn", "năm"))
    assert len(snippets(text, parse("một hai ba bốn năm"))) == MOST_SNIPPETS
