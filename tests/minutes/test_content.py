"""Content from JSON: what goes in comes out, what breaks a rule is refused with the name of the field."""

import contextlib
import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.content import MAX_TEXT, MinutesContent, from_json, to_json
from minutes.document import Kind
from minutes.errors import InvalidContent, SecretContent
from minutes.secrecy import secrecy_mark


def changed(content: MinutesContent, path: list[str | int], value: object) -> dict[str, Any]:
    data = json.loads(json.dumps(to_json(content)))
    target = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return dict(data)


def test_minutes_survive_the_way_through_json(content: MinutesContent) -> None:
    assert from_json(Kind.MINUTES, json.loads(json.dumps(to_json(content)))) == content


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (["title"], "", "title"),
        (["title"], "   ", "title"),
        (["title"], 7, "title"),
        (["title"], "x" * 501, "title"),
        (["title"], "a\x00b", "title"),
        (["title"], "\ud800", "title"),
        (["title"], "abc \u202ecba", "title"),
        (["surprise"], "x", "surprise"),
        (["starts_at"], "2026-02-05T08:00:00", "starts_at"),
        (["starts_at"], 5, "starts_at"),
        (["ended_at"], "2026-02-05T07:00:00+07:00", "ended_at"),
        (["votes", 0, "for"], -1, "votes[0].for"),
        (["votes", 0, "for"], True, "votes[0].for"),
        (["votes", 0, "for"], 5, "votes[0].eligible"),
        (["votes", 0, "result"], "perhaps", "votes[0].result"),
        (["votes", 0, "ballots", 0], ["A", "maybe"], "votes[0].ballots[0]"),
        (["conclusions", 1, "deadline"], "31/03/2026", "conclusions[1].deadline"),
        (["conclusions", 0, "text"], "x" * 10_001, "conclusions[0].text"),
        (["conclusions"], {"0": 1}, "conclusions"),
        (["recipients"], ["x"] * 501, "recipients"),
        (["attendance", 0, "people", 0, "present"], "yes", "attendance[0].people[0].present"),
        (["attendance", 0, "people", 0, "present"], False, "attendance[0].people[0].present"),
        (["attendance", 0, "people", 0, "intervals"], [["2026-02-05T08:00:00+07:00"]],
         "attendance[0].people[0].intervals[0]"),
        (["course", 0, "paragraphs", 0], None, "course[0].paragraphs[0]"),
        (["proceedings_count"], 1.5, "proceedings_count"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_refused_with_the_name_of_the_field(
    content: MinutesContent, path: list[str | int], value: object, field: str
) -> None:
    with pytest.raises(InvalidContent) as refusal:
        from_json(Kind.MINUTES, changed(content, path, value))
    assert refusal.value.field == field


def test_a_missing_field_is_named(content: MinutesContent) -> None:
    data = to_json(content)
    del data["venue"]
    with pytest.raises(InvalidContent) as refusal:
        from_json(Kind.MINUTES, data)
    assert refusal.value.field == "venue"


def test_a_text_of_many_legal_parts_has_a_bound_as_a_whole(content: MinutesContent) -> None:
    part = {"heading": "x", "paragraphs": ["y" * 10_000] * (MAX_TEXT // 10_000)}
    with pytest.raises(InvalidContent):
        from_json(Kind.MINUTES, {**to_json(content), "course": [part]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(list(Kind)), JSON)
def test_any_json_is_read_or_refused_and_nothing_else(kind: Kind, data: object) -> None:
    with pytest.raises(InvalidContent):
        from_json(kind, data)


@given(st.data())
def test_any_value_in_any_field_is_read_or_refused(content: MinutesContent, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(to_json(content))))
    with contextlib.suppress(InvalidContent):
        read = from_json(Kind.MINUTES, {**to_json(content), name: data.draw(JSON)})
        assert from_json(Kind.MINUTES, to_json(read)) == read


MARKS = [
    "MẬT",
    "TỐI MẬT",
    "TUYỆT MẬT",
    "Tối mật",
    "tuyệt  mật",
    "(MẬT)",
    "Độ mật: Mật",
    "M\u200bẬT",
    "T Ố I  M Ậ T",
    "MẬT ĐỘC LẬP",
]


@pytest.mark.parametrize("mark", [*MARKS, *(unicodedata.normalize("NFD", mark) for mark in MARKS)])
def test_a_mark_of_secrecy_is_refused_wherever_it_stands(content: MinutesContent, mark: str) -> None:
    with pytest.raises(SecretContent) as refusal:
        from_json(Kind.MINUTES, changed(content, ["course", 1, "paragraphs", 0], f"Tài liệu kèm theo: {mark}"))
    assert refusal.value.field == "course[1].paragraphs[0]"


@pytest.mark.parametrize(
    "ordinary",
    [
        "Bảo mật thông tin",
        "BẢO MẬT THÔNG TIN",
        "MẬT ĐỘ DÂN SỐ",
        "mật ong",
        "MẬT KHẨU",
        "bảo vệ bí mật nhà nước",
        "BÍ\nMẬT NHÀ NƯỚC",
    ],
)
def test_ordinary_words_that_contain_the_syllable_pass(ordinary: str) -> None:
    assert secrecy_mark(ordinary) is None
