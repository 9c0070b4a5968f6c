"""Exported proceedings: whole as they are, and the first altered line is found whatever was done to them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms import CloseMeeting, OpenVote, PutConclusion, RaiseHand
from rooms.proceedings import chained
from rooms.proceedings.exported import FORMAT, examine, export, is_export
from rooms.proceedings.values import Json


@pytest.fixture
def held(open_hall):
    open_hall.do("lan", RaiseHand())
    open_hall.do("hanh", OpenVote("Thông qua?"))
    open_hall.do("binh", PutConclusion("Rà soát các hồ chứa."))
    open_hall.do("hanh", CloseMeeting())
    return open_hall.room.proceedings


@pytest.fixture
def lines(held):
    return list(export(held))


def test_what_was_exported_holds_together(held, lines):
    found = examine(b"".join(lines))
    assert is_export(b"".join(lines))
    assert (found.meeting, found.root, found.line) == ("m1", held.root, None)
    assert len(found.leaves) == len(held.facts) == len(lines) - 1


def test_an_altered_word_is_found_in_its_line(lines):
    line = next(number for number, text in enumerate(lines) if b"concluded" in text)
    lines[line] = lines[line].replace("Rà soát".encode(), "Bỏ qua".encode())
    assert examine(b"".join(lines)).line == line + 1


def test_a_line_that_is_gone_is_missed_where_it_was(lines):
    del lines[5]
    assert examine(b"".join(lines)).line == 6


def test_lines_that_are_cut_off_are_missed_at_the_end(lines):
    assert examine(b"".join(lines[:-2])).line == len(lines) - 1


def test_lines_in_another_order_are_found(lines):
    lines[4], lines[5] = lines[5], lines[4]
    assert examine(b"".join(lines)).line == 5


def test_a_chain_made_anew_behind_a_lie_has_another_root(held, lines):
    """Every line follows from the one before it, but the head, and the signed minutes, have the root."""
    previous, forged = None, [lines[0]]
    for fact in held.facts:
        data: Json = fact.data | {"text": "Bỏ qua."} if fact.kind == "concluded" else fact.data
        previous = chained(previous, fact.at, fact.kind, fact.actor, data)
        forged.append(
            json.dumps(previous.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        )
        forged[-1] += b"\n"
    found = examine(b"".join(forged))
    assert found.line == 1
    assert found.root != held.root


@pytest.mark.parametrize("where", [0, 1])
@pytest.mark.parametrize("filling", [b"[]," * 65_537 + b"[]", b"0," * (2 << 20) + b"0"])
def test_a_line_that_holds_more_than_any_fact_is_not_even_read(lines, monkeypatch, where, filling):
    lines[where] = lines[where][:-2] + b',"z":[' + filling + b"]}\n"
    longest = max(map(len, lines[:where]), default=0)
    read = json.loads

    def watched(text, *others):
        assert len(text) <= longest
        return read(text, *others)

    monkeypatch.setattr("rooms.proceedings.exported.json.loads", watched)
    assert examine(b"".join(lines)).line == where + 1


@given(st.data())
def test_one_flipped_byte_is_always_found_in_its_line(flipping, data):
    file, starts = flipping
    at = data.draw(st.integers(0, len(file) - 1))
    changed = bytearray(file)
    changed[at] ^= data.draw(st.integers(1, 255))
    line = sum(start <= at for start in starts)
    found = examine(bytes(changed)).line
    # In the head only what the chain depends on can be told by the file alone.
    assert found in ((line,) if line > 1 else (None, 1, *range(2, len(starts) + 2)))


@pytest.fixture(scope="module")
def flipping(new_hall):
    hall = new_hall()
    hall.join(hall.hanh, hall.binh, hall.lan)
    lines = list(export(hall.room.proceedings))
    starts = [sum(map(len, lines[:number])) for number in range(len(lines))]
    return b"".join(lines), starts


@given(
    st.binary(max_size=300)
    | st.lists(st.sampled_from([b'{"facts":1}', b"\n", b"[", b"{}", b'{"seq":"x"}'])).map(b"".join)
)
def test_any_file_is_examined_without_a_fault(data):
    assert examine(data).line is not None


@pytest.mark.parametrize("name", ["\\ud800", "\\u0000", "a\\u202eb"])
def test_a_meeting_of_a_name_that_no_database_keeps_is_asked_of_none(name):
    data = f'{{"facts":0,"format":"{FORMAT}","meeting":{{"id":"{name}"}},"root":""}}\n'.encode()
    assert is_export(data)
    assert (examine(data).meeting, examine(data).line) == ("", 1)
