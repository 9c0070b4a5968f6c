"""Reading what a client sends: a command, or BadMessage, whatever comes."""

import json
import unicodedata
from dataclasses import fields
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms import (
    CLIENT_TYPES,
    ERROR_CODES,
    BadMessage,
    CastBallot,
    Command,
    LowerHand,
    MediaOffer,
    OpenVote,
    PutConclusion,
    clean,
    message_id,
    parse,
)
from rooms.fields import MAX_ID, MAX_SDP, MAX_TEXT


def rejected(payload):
    with pytest.raises(BadMessage) as caught:
        parse(payload)
    return caught.value.code


def test_a_ballot_is_read():
    assert parse({"type": "vote.cast", "id": 7, "vote": "v1", "choice": "for"}) == CastBallot("v1", "for")
    assert message_id({"type": "vote.cast", "id": 7}) == 7


def test_a_conclusion_is_read_with_what_is_given_and_null_is_absent():
    payload = {"type": "conclusion.put", "text": " Rà soát. ", "deadline": "2026-11-30", "owner": None}
    assert parse(payload) == PutConclusion("Rà soát.", deadline=date(2026, 11, 30))
    assert parse({"type": "hand.lower"}) == LowerHand(None)


def test_vietnamese_letters_have_one_form_however_they_were_typed():
    typed = unicodedata.normalize("NFD", "Ủy ban nhân dân\r\nxã Hòa Bình")
    assert parse({"type": "vote.open", "text": typed}) == OpenVote("Ủy ban nhân dân\nxã Hòa Bình")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (None, "bad_message"),
        ([], "bad_message"),
        ({}, "bad_message"),
        ({"type": 3}, "bad_message"),
        ({"type": ["ping"]}, "bad_message"),
        ({"type": "room.destroy"}, "bad_message"),
        ({"type": "welcome"}, "bad_message"),
        ({"type": "ping", "extra": 1}, "bad_message"),
        ({"type": "ping", "id": "7"}, "bad_message"),
        ({"type": "ping", "id": True}, "bad_message"),
        ({"type": "ping", "id": -1}, "bad_message"),
        ({"type": "ping", "id": 2**53}, "bad_message"),
        ({"type": "media.state", "audio": True}, "bad_message"),
        ({"type": "media.state", "audio": 1, "video": False}, "bad_message"),
        ({"type": "media.offer", "sdp": "hello"}, "bad_message"),
        ({"type": "media.watch"}, "bad_message"),
        ({"type": "media.watch", "sizes": ["dung"]}, "bad_message"),
        ({"type": "media.watch", "sizes": {"dung": "360"}}, "bad_message"),
        ({"type": "media.watch", "sizes": {"dung": 0}}, "bad_message"),
        ({"type": "media.watch", "sizes": {"dung": True}}, "bad_message"),
        ({"type": "media.watch", "sizes": {"": 360}}, "bad_message"),
        ({"type": "media.watch", "sizes": {f"p{number}": 90 for number in range(501)}}, "bad_message"),
        ({"type": "media.line", "kbps": 0}, "bad_message"),
        ({"type": "media.line", "kbps": 64.5}, "bad_message"),
        ({"type": "media.line", "megabytes": 10**9}, "bad_message"),
        ({"type": "media.offer", "sdp": "v=0\r\n\ud800"}, "bad_message"),
        ({"type": "media.offer", "sdp": "v=0" + "x" * MAX_SDP}, "too_long"),
        ({"type": "vote.cast", "vote": "v1", "choice": "maybe"}, "bad_message"),
        ({"type": "vote.cast", "vote": "v1", "choice": ["for"]}, "bad_message"),
        ({"type": "vote.cast", "vote": "", "choice": "for"}, "bad_message"),
        ({"type": "vote.cast", "vote": "v" * (MAX_ID + 1), "choice": "for"}, "too_long"),
        ({"type": "vote.open", "text": "  \n "}, "empty_text"),
        ({"type": "vote.open", "text": "x" * (MAX_TEXT + 1)}, "too_long"),
        ({"type": "vote.open", "text": "a\x00b"}, "bad_message"),
        ({"type": "vote.open", "text": "a\ud800b"}, "bad_message"),
        ({"type": "vote.open", "text": "a\u202eb"}, "bad_message"),
        ({"type": "vote.open", "text": "a\u200fb"}, "bad_message"),
        ({"type": "vote.open", "text": "a\ue000b"}, "bad_message"),
        ({"type": "conclusion.put", "text": "a\u0378b"}, "bad_message"),
        ({"type": "media.offer", "sdp": "v=0\r\ns=\x1c"}, "bad_message"),
        ({"type": "vote.open", "text": 5}, "bad_message"),
        ({"type": "conclusion.put", "text": "x", "deadline": "30/11/2026"}, "bad_deadline"),
        ({"type": "conclusion.put", "text": "x", "deadline": "2026-02-30"}, "bad_deadline"),
        ({"type": "conclusion.put", "text": "x", "deadline": "20261130"}, "bad_deadline"),
        ({"type": "conclusion.put", "text": "x", "deadline": 5}, "bad_message"),
    ],
)
def test_what_cannot_be_meant_is_rejected_with_its_reason(payload, code):
    assert rejected(payload) == code


VIETNAMESE = [
    letter + tone
    for letter in "aăâbcdđeêghiklmnoôơpqrstuưvxy"
    for tone in (["", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"] if letter in "aăâeêioôơuưy" else [""])
]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_every_vietnamese_letter_may_be_written(form):
    alphabet = " ".join(VIETNAMESE + [letter.upper() for letter in VIETNAMESE])
    marks = " 0123456789 .,;:!?…()[]{}“”‘’\"'–—-/\\%‰&@#*+=<>°²³½₫€№§•→ỳ\u00a0x"
    found = clean(unicodedata.normalize(form, alphabet + marks), 2000, lines=True)
    assert found == unicodedata.normalize("NFC", alphabet + marks)


@pytest.mark.parametrize(
    "character",
    "\x00\x08\x0b\x1b\x1f\x7f\x85\u061c\u200d\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
    "\ud800\udfff\ue000\uf8ff\ufdd0\ufffe\uffff\u0378\U000e0001\U000f0000\U0010ffff",
    ids=ascii,
)
@pytest.mark.parametrize("lines", [True, False])
def test_what_deceives_the_eye_or_breaks_a_document_is_refused_wherever_it_stands(character, lines):
    for text in (f"a{character}b", f"{character}b", f"a{character}"):
        with pytest.raises(BadMessage) as caught:
            clean(text, 100, name="title", lines=lines)
        assert caught.value.code == "bad_message"
        assert "title" in caught.value.detail
        str(caught.value).encode()


def test_what_is_pasted_along_unseen_falls_away():
    assert clean("\ufeffGiao\u00ad ban\u200b tuần\u2060 47", 100) == "Giao ban tuần 47"
    with pytest.raises(BadMessage) as caught:
        clean("\u200b\ufeff \u2060", 100)
    assert caught.value.code == "empty_text"


def test_a_title_has_one_line_and_a_text_may_have_more():
    assert clean(" Giao ban\r\n\ttuần\u00a0 47 ", 100) == "Giao ban tuần 47"
    assert clean(" Giao ban\r\n\ttuần 47 ", 100, lines=True) == "Giao ban\n\ttuần 47"


def test_the_limit_is_the_callers():
    assert clean("ả" * 5, 5) == "ả" * 5
    with pytest.raises(BadMessage) as caught:
        clean("ả" * 6, 5)
    assert caught.value.code == "too_long"


@given(st.text(st.characters()), st.booleans())
def test_a_cleaned_text_is_clean(text, lines):
    try:
        found = clean(text, 50, lines=lines)
    except BadMessage:
        return
    assert 1 <= len(found) <= 50
    assert found == unicodedata.normalize("NFC", found)
    assert clean(found, 50, lines=lines) == found
    assert not {unicodedata.category(one) for one in found if one not in "\t\n"} & {"Cc", "Cf", "Cs", "Co", "Cn"}
    assert lines or not {"\t", "\n"} & set(found)


def test_a_text_that_grows_over_the_limit_when_composed_is_too_long():
    # U+FB2C becomes three characters in NFC.
    assert rejected({"type": "vote.open", "text": "\ufb2c" * MAX_TEXT}) == "too_long"
    assert len(parse({"type": "vote.open", "text": "ả" * MAX_TEXT}).text) == MAX_TEXT


def test_a_session_description_is_taken_as_it_is():
    sdp = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\n"
    assert parse({"type": "media.offer", "sdp": sdp}) == MediaOffer(sdp)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs", "Cc"])
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)
NAMES = sorted({name for _, names in CLIENT_TYPES.values() for name in names} | {"id", "type", "x"})
LIKELY = SCALARS | ANY_JSON | st.sampled_from(["for", "v1", "2026-11-30", "v=0\r\n", "Ủy ban", "x" * 3000, 1, True])
MESSAGES = st.builds(
    lambda type, rest: rest | {"type": type},
    st.sampled_from(sorted(CLIENT_TYPES)) | SCALARS,
    st.dictionaries(st.sampled_from(NAMES), LIKELY, max_size=5),
)


@given(ANY_JSON | MESSAGES)
def test_any_json_is_a_command_with_bounded_fields_or_a_bad_message(payload):
    error = None
    try:
        command = parse(payload)
    except BadMessage as caught:
        error = caught
    if error:
        assert error.code in ERROR_CODES
        str(error).encode()
        return
    assert isinstance(command, Command)
    for field in fields(command):
        value = getattr(command, field.name)
        assert value is None or isinstance(value, (str, bool, int, date, dict))
        if isinstance(value, str):
            value.encode()
            assert len(value) <= (MAX_SDP if field.name == "sdp" else MAX_TEXT)


def whole(type):
    """A message of the type with every field filled in."""
    values = {
        "audio": True,
        "video": False,
        "agreed": True,
        "sdp": "v=0\r\n",
        "choice": "for",
        "secret": True,
        "order": False,
        "ends": True,
        "majority": "half",
        "base": "members",
        "quorum": "none",
        "proxies": True,
        "seconds": 60,
        "code": "0123456789AB",
        "fill": "    ",
        "deadline": "2026-11-30",
        "sizes": {"dung": 360},
        "kbps": 300,
        "megabytes": 500,
        "page": 3,
        "helpers": ["ta-nang"],
        "sound": True,
        "x": 420,
        "y": 77,
        "minutes": 15,
        "for_good": True,
        "votes": True,
        "role": "guest",
        "to": "desk",
        "revision": 0,
        "delta": ["Một"],
        "number": 1,
        "groups": [{"name": "Tổ 1", "members": ["dung"]}],
        "locked": True,
        "reaction": "thanks",
        "on": True,
        "anyway": True,
    }
    return {"type": type, "id": 1} | {name: values.get(name, "x1") for name in CLIENT_TYPES[type][1]}


@pytest.mark.parametrize("type", CLIENT_TYPES)
def test_every_type_is_read_and_every_needed_field_is_needed(type):
    command, names = CLIENT_TYPES[type]
    assert isinstance(parse(json.loads(json.dumps(whole(type)))), command)
    optional = {
        "hand.lower": {"participant"},
        "site.open": {"participant"},
        "site.close": {"participant"},
        "chat.say": {"to"},
        "groups.start": {"minutes"},
        "groups.enter": {"group", "participant"},
        "interpreter.name": {"channel"},
        "channel.listen": {"channel"},
        "chair.hand": {"for_good"},
        "hand.raise": {"item", "text", "order"},
        "hand.move": {"before"},
        "floor.limit": {"seconds", "ends"},
        "floor.give": {"seconds"},
        "proxy.name": {"principal"},
        "late.file": {"item"},
        "proxy.end": {"principal"},
        "vote.open": {"secret", "majority", "base", "quorum", "proxies", "seconds"},
        "vote.cast": {"principal", "code", "fill"},
        "vote.close": {"anyway"},
        "lobby.reject": {"text"},
        "mic.hush": {"participant"},
        "spotlight": {"participant"},
        "participant.remove": {"text"},
        "media.line": {"kbps", "megabytes"},
        "paper.show": {"page"},
        "paper.point": {"x", "y"},
        "meeting.adjourn": {"minutes"},
        "agenda.add": {"presenter", "minutes", "before"},
        "agenda.edit": {"presenter", "minutes"},
        "agenda.move": {"before"},
        "conclusion.put": {"conclusion", "owner", "deadline", "item", "helpers"},
    }.get(type, set())
    for name in names:
        payload = whole(type)
        del payload[name]
        if name in optional:
            parse(payload)
        else:
            assert rejected(payload) == "bad_message"
