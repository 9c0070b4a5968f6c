"""Live minutes: several hands in one text, nothing typed is lost, and at the closing it comes on record."""

import json
import random
import subprocess
from pathlib import Path

import playwright
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.secrecy import secrecy_mark
from rooms import BadMessage, CloseMeeting, Keep, Refused, Room, SetRole, Tell
from rooms.delta import apply, before, read, shortest, transform
from rooms.pad import KEPT, SOURCES
from rooms.topics.notes import MAX_PAD, PADS, EditPad, edited

ROOT = Path(__file__).parent.parent.parent
NODE = Path(playwright.__file__).parent / "driver" / "node"
LETTERS = st.text(st.sampled_from("abđệ😀\n "), max_size=6)


@st.composite
def changes_of(draw, text):
    parts, left = [], len(text)
    while left:
        count = draw(st.integers(1, left))
        parts += [draw(LETTERS), draw(st.sampled_from([count, -count]))]
        left -= count
    return shortest([*parts, draw(LETTERS)])


@st.composite
def two_changes(draw):
    text = draw(st.text(st.sampled_from("abcđệ😀"), max_size=8))
    return text, draw(changes_of(text)), draw(changes_of(text))


@given(two_changes())
def test_two_changes_lead_to_one_text_in_either_order(case):
    text, a, b = case
    one = apply(apply(text, a), transform(b, a, first=False))
    assert one == apply(apply(text, b), transform(a, b, first=True))


def test_the_pages_program_merges_as_the_servers():
    """The same cases through js/meeting/delta.js."""
    chance = random.Random(11)
    cases = []
    for _ in range(400):
        text = "".join(chance.choices("abcđệ😀\n", k=chance.randrange(9)))
        a, b = (_some_change(chance, text) for _ in range(2))
        cases.append([text, a, b, chance.random() < 0.5])
    program = """
        import { apply, transform } from "./web/static/js/meeting/delta.js";
        import { readFileSync } from "node:fs";
        const cases = JSON.parse(readFileSync(0, "utf8"));
        console.log(JSON.stringify(cases.map(([text, a, b, first]) => [apply(text, a), transform(a, b, first)])));
    """
    told = _node(program, json.dumps(cases))
    ours = [[apply(text, tuple(a)), list(transform(tuple(a), tuple(b), first=first))] for text, a, b, first in cases]
    assert json.loads(told) == ours


def _some_change(chance, text):
    parts, left = [], len(text)
    while left:
        count = chance.randint(1, left)
        parts += ["".join(chance.choices("xđ😀", k=chance.randrange(3))), chance.choice([count, -count])]
        left -= count
    return list(shortest([*parts, "".join(chance.choices("xđ😀", k=chance.randrange(3)))]))


def _node(program, given=""):
    done = subprocess.run(
        [NODE, "--input-type=module", "--eval", program],
        cwd=ROOT,
        input=given,
        capture_output=True,
        text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_three_pages_on_bad_lines_lose_no_character():
    """Pages type, lose the line, come back, are loaded anew; changes are lost on the way and sent again. Each typed
    character is in the end there, once, and all have one text."""
    assert _node((Path(__file__).parent / "pads.mjs").read_text(encoding="utf-8")).strip() == "ok"


@pytest.mark.parametrize("value", ["x", [1.5], [True], [""], [0], [None], [1] * 201, [10**9], ["x" * (MAX_PAD + 1)]])
def test_what_is_no_delta_is_refused(value):
    with pytest.raises(ValueError, match="delta"):
        read(value, MAX_PAD)


@given(two_changes())
def test_a_delta_of_another_text_changes_nothing(case):
    text, a, _ = case
    with pytest.raises(ValueError, match="another text"):
        apply(text + "x", a)
    assert before(a) == len(text)


def edit(hall, person, parts, revision, number, pad="a1"):
    return hall.do(person, EditPad(pad, revision, tuple(parts), f"page-{person}", number))


def text(hall, pad="a1"):
    return PADS.of(hall.room.state)[pad].text


def test_two_secretaries_write_in_one_text(open_hall):
    edit(open_hall, "binh", ["Hòa Bình báo cáo."], 0, 1)
    edit(open_hall, "hanh", [17, " Đồng ý."], 1, 1)
    effects = edit(open_hall, "binh", ["Xã ", 17], 1, 2)
    assert text(open_hall) == "Xã Hòa Bình báo cáo. Đồng ý."
    told = {effect.to: effect.message["pad"] for effect in effects if isinstance(effect, Tell)}
    assert set(told) == {"hanh", "binh"}, "nobody else sees it"
    assert told["hanh"]["revision"] == 3
    assert told["hanh"]["changes"] == [
        {"delta": ["Xã ", 25], "by": "binh", "source": "page-binh", "number": 2},
    ]


def test_a_change_that_is_told_twice_is_made_once(open_hall):
    edit(open_hall, "binh", ["Một"], 0, 1)
    assert edit(open_hall, "binh", ["Một"], 0, 1) == []
    assert text(open_hall) == "Một"


def test_every_change_is_kept_before_anybody_hears_of_it_and_outlives_a_restart(open_hall):
    effects = edit(open_hall, "binh", ["Ý kiến của xã"], 0, 1)
    assert isinstance(effects[0], Keep)
    assert open_hall.kinds().count("noted") == 0
    again = Room.replay(open_hall.sheet, open_hall.kept, effects[0].memories)
    pad = PADS.of(again.state)["a1"]
    assert (pad.text, pad.revision, pad.authors) == ("Ý kiến của xã", 1, ("binh",))
    assert again.welcome("binh", open_hall.now)["pads"] == [{"id": "a1"} | pad.to_json()]
    assert again.welcome("dung", open_hall.now)["pads"] == []


def test_at_the_closing_it_comes_on_record_and_into_the_minutes(open_hall):
    edit(open_hall, "binh", ["Xã Hòa Bình nêu khó khăn."], 0, 1, "a2")
    edit(open_hall, "hanh", ["Vắng hai người."], 0, 1, "general")
    edit(open_hall, "binh", ["  "], 0, 2, "a1")
    open_hall.do("hanh", CloseMeeting())
    general, item = open_hall.room.proceedings.noted()
    assert (general.item, general.text) == (None, "Vắng hai người.")
    assert (item.item, item.text, [one.id for one in item.by]) == ("a2", "Xã Hòa Bình nêu khó khăn.", ["binh"])


@pytest.mark.parametrize(
    ("parts", "revision", "pad", "code"),
    [
        (["x"], 0, "a9", "unknown_item"),
        ([5, "x"], 0, "a1", "behind"),
        (["x"], 3, "a1", "behind"),
        (["x" * MAX_PAD], 0, "general", "limit_reached"),
    ],
)
def test_what_cannot_be_made_is_refused(open_hall, parts, revision, pad, code):
    edit(open_hall, "hanh", ["Có mặt."], 0, 1, "general")
    with pytest.raises(Refused) as caught:
        edit(open_hall, "binh", parts, revision, 1, pad)
    assert caught.value.code == code


def test_who_is_too_far_behind_must_take_the_text_anew(open_hall):
    for number in range(KEPT + 1):
        edit(open_hall, "binh", ["x", *([number] if number else [])], number, number)
    with pytest.raises(Refused) as caught:
        edit(open_hall, "hanh", ["y"], 0, 1)
    assert caught.value.code == "behind"


def test_a_marking_of_secrets_is_seen_however_it_is_typed(open_hall):
    """The server looks at the text that would result (signalling)."""
    edit(open_hall, "binh", ["TUYỆT MẬ"], 0, 1)
    pad = edited(open_hall.room.state, "binh", EditPad("a1", 1, (8, "T"), "page-binh", 2))
    assert pad is not None
    assert secrecy_mark(pad.text)


@pytest.mark.parametrize("unfit", ["\x0b", "\u2028", "a\u200b", "a\r\n", "\u202e", "\ufeff", "\ue000"])
def test_what_no_record_takes_does_not_get_into_a_pad(open_hall, unfit):
    """It would keep the meeting from being closed: alone, or once its neighbours are deleted."""
    with pytest.raises(BadMessage):
        edit(open_hall, "binh", [unfit], 0, 1)
    assert "a1" not in PADS.of(open_hall.room.state)


def test_the_page_leaves_out_what_no_record_takes():
    """Pasted text has such characters; refused, the page would lose all that was typed since."""
    program = """import { Pad } from "./web/static/js/meeting/pad.js";
      const pad = new Pad("a1", "p");
      pad.type("Mot\\vhai\\u2028ba\\u200b\\ufeff\\u202e, b\\u1ed1n\\tn\\u0103m \\u{1f600}\\ue000\\n");
      console.log(JSON.stringify(pad.next().delta));"""
    assert json.loads(_node(program)) == ["Mot\nhai\nba, bốn\tnăm 😀\n"]


def test_a_pad_that_grows_in_normal_form_does_not_keep_the_meeting_from_closing(open_hall):
    edit(open_hall, "binh", ["\u0958" * (MAX_PAD // 2)], 0, 1)
    edit(open_hall, "binh", [MAX_PAD // 2, "\u0958" * (MAX_PAD // 2)], 1, 2)
    open_hall.do("hanh", CloseMeeting())
    [noted] = [fact for fact in open_hall.kept if fact.kind == "noted"]
    assert noted.data["text"] == "\u0915\u093c" * MAX_PAD


def test_pages_that_come_and_go_leave_no_endless_list(open_hall):
    for number in range(SOURCES + 20):
        open_hall.do("binh", EditPad("a1", number, (*([number] if number else []), "x"), f"page-{number}", 1))
    written = PADS.of(open_hall.room.state)["a1"].written
    assert len(written) == SOURCES
    assert f"page-{SOURCES + 19}" in written
    assert "page-0" not in written


def test_nobody_spoils_anothers_page_by_its_name(open_hall):
    open_hall.do("hanh", SetRole("lan", "clerk"))
    edit(open_hall, "binh", ["Có mặt."], 0, 1)
    forged = EditPad("a1", 1, ("X", 7), "page-binh", 2**53 - 1)
    with pytest.raises(Refused) as refused:
        open_hall.do("lan", forged)
    assert refused.value.code == "not_allowed"
    for number in range(3 * SOURCES):  # nor by making the server forget whose it is
        open_hall.do("lan", EditPad("a1", 1 + number, ("y", 7 + number), f"page-{number}", 1))
    with pytest.raises(Refused):
        open_hall.do("lan", forged)
    edit(open_hall, "binh", [7 + 3 * SOURCES, " Đủ."], 1 + 3 * SOURCES, 2)
    assert PADS.of(open_hall.room.state)["a1"].text.endswith(" Đủ.")
