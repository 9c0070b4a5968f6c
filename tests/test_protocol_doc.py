"""PROTOCOL.md and the program say the same, in both directions."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from rooms import (
    CLIENT_TYPES,
    ERROR_CODES,
    PERMISSIONS,
    SERVER_TYPES,
    AgendaItem,
    BadMessage,
    CastBallot,
    CloseMeeting,
    CloseVote,
    Join,
    Meeting,
    NameProxy,
    OpenMeeting,
    OpenVote,
    Paper,
    Person,
    Point,
    PutConclusion,
    PutPaper,
    Refused,
    Role,
    Room,
    ShowPaper,
    StartRecording,
    StartSharing,
    Tell,
    Unit,
    parse,
)
from rooms.fields import has_words
from server import signalling, sitting

TEXT = (Path(__file__).parent.parent / "PROTOCOL.md").read_text(encoding="utf-8")


def chapter(title):
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S)[1]


def sections(title):
    """Heading -> text, under one chapter."""
    parts = re.split(r"^### (.+)\n", chapter(title), flags=re.M)
    names, texts = parts[1::2], parts[2::2]
    assert len(set(names)) == len(names)
    return dict(zip(names, texts, strict=True))


def example(text):
    (block,) = re.findall(r"^```json\n(.*?)^```$", text, re.M | re.S)
    return json.loads(block)


def listed(text, label):
    found = re.search(rf"^\* {label}: (.+)$", text, re.M)
    return set() if not found or found[1] == "none" else set(found[1].split(", "))


CLIENT = sections("Client to server")
SERVER = sections("Server to client")
OBJECTS = {name: example(text) for name, text in sections("Objects").items()}

UNIT = Unit("tan-lap", "Ủy ban nhân dân phường Tân Lập")
HELPER = Unit("hoa-binh", "Ủy ban nhân dân xã Hòa Bình")
HANH = Person("hanh", "Nguyễn Thị Hạnh", "Chủ tịch", UNIT, Role.CHAIR)
LAN = Person("lan", "Phạm Thị Lan", "Phó Chủ tịch", UNIT, Role.DELEGATE)
NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
AGENDA = (AgendaItem("a1", "Tình hình thu ngân sách", ""),)
BINH = Person("binh", "Trần Văn Bình", "Chánh Văn phòng", UNIT, Role.SECRETARY)
SHEET = Meeting("m1", "giao-ban", "Giao ban", "", UNIT, NOW, HANH, BINH, (), AGENDA, (UNIT, HELPER))

# What the server's edge handles, not the room.
EDGE = {"react", "media.offer", "media.answer", "media.subscribe", "media.watch", "media.line", "ping"}


def test_every_client_message_is_described_and_no_other():
    assert set(CLIENT) == set(CLIENT_TYPES)


def test_every_server_message_is_described_and_no_other():
    assert set(SERVER) == set(SERVER_TYPES)


@pytest.mark.parametrize("type", CLIENT)
def test_a_clients_example_has_all_fields_and_is_understood(type):
    shown = example(CLIENT[type])
    command, names = CLIENT_TYPES[type]
    assert shown["type"] == type
    assert set(shown) == {"type", "id", *names}
    assert isinstance(parse(shown), command)


@pytest.mark.parametrize("type", CLIENT)
def test_exactly_the_fields_said_to_be_optional_are(type):
    shown = example(CLIENT[type])
    optional = set()
    for name in CLIENT_TYPES[type][1]:
        try:
            parse({key: value for key, value in shown.items() if key != name})
            optional.add(name)
        except BadMessage:
            pass
    assert listed(CLIENT[type], "Optional") == optional


@pytest.mark.parametrize("type", CLIENT)
def test_who_may_send_it_is_who_the_program_lets(type):
    assert listed(CLIENT[type], "Who") == {role.value for role in PERMISSIONS[type]}


@pytest.mark.parametrize("type", CLIENT)
def test_its_errors_are_known_ones(type):
    assert re.search(r"^\* Errors: ", CLIENT[type], re.M)
    assert listed(CLIENT[type], "Errors") <= ERROR_CODES


@pytest.mark.parametrize("type", [type for type in CLIENT if type not in EDGE])
def test_whether_it_needs_an_open_meeting_is_as_described(type):
    """The chair and everybody else who may send it tries, before the opening and after the closing."""
    codes = set()
    for before in ([], [OpenMeeting(), CloseMeeting()]):
        room = Room(SHEET)
        for person in (HANH, LAN):
            room.apply(person.id, Join(person), NOW)
        for command in before:
            room.apply("hanh", command, NOW)
        sender = "hanh" if Role.CHAIR in PERMISSIONS[type] else "lan"
        try:
            room.apply(sender, parse(example(CLIENT[type])), NOW)
        except Refused as refused:
            codes.add(refused.code)
    assert codes & {"not_open", "closed"} == listed(CLIENT[type], "Errors") & {"not_open", "closed"}


@pytest.mark.parametrize("type", SERVER)
def test_a_servers_example_has_exactly_its_fields(type):
    shown = example(SERVER[type])
    assert shown["type"] == type
    assert set(shown) == {"type", *SERVER_TYPES[type]}


def test_every_error_code_is_in_the_table_and_no_other():
    assert set(re.findall(r"^\| `(\w+)` \|", chapter("Errors"), re.M)) == ERROR_CODES


def test_the_bounds_of_a_connection_are_those_of_the_server():
    connecting = chapter("Connecting")
    assert f"at most {signalling.FRAME_LIMIT:,} bytes" in connecting
    paced = re.search(r"over all of their connections, (\d+) a second, and up to (\d+) at once", connecting)
    assert (int(paced[1]), int(paced[2])) == (sitting.COMMANDS_A_SECOND, sitting.COMMANDS_AT_ONCE)
    frames = re.search(r"a new connection for (\d+)\) come at most (\d+) a second, and (\d+) at once", connecting)
    assert tuple(map(int, frames.groups())) == (signalling.COMING, sitting.FRAMES_A_SECOND, sitting.FRAMES_AT_ONCE)


def test_the_texts_that_are_searched_for_secrecy_are_those_that_come_on_record():
    assert {type for type in CLIENT if "secret_marking" in listed(CLIENT[type], "Errors")} == {
        type for type, (command, _) in CLIENT_TYPES.items() if has_words(command) or type == "pad.edit"
    }


def shape(value):
    """The names in a JSON value; lists by their first element, and any scalar alike."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else ...


@pytest.fixture(scope="module")
def told():
    """What a short meeting tells, by type."""
    room = Room(SHEET)
    story = [
        ("hanh", Join(HANH)),
        ("lan", Join(LAN)),
        ("hanh", OpenMeeting()),
        ("hanh", OpenVote("Thông qua?")),
        ("hanh", NameProxy("lan")),
        ("hanh", CastBallot("v1", "for")),
        ("hanh", CloseVote("v1")),
        ("binh", PutPaper(Paper("p1", "Báo cáo.pdf", 12, "0" * 64, "a1", "Trần Văn Bình"))),
        ("hanh", ShowPaper("p1")),
        ("hanh", Point(5, 7)),
        ("hanh", StartSharing(True)),
        ("hanh", StartRecording()),
        ("hanh", PutConclusion("Rà soát.", None, "tan-lap", date(2026, 11, 30), "a1", ("hoa-binh",))),
    ]
    messages = [
        effect.message
        for actor, command in story
        for effect in room.apply(actor, command, NOW)
        if isinstance(effect, Tell) and "gone" not in effect.message[effect.message["type"]]
    ]
    return {message["type"]: message for message in [*messages, room.welcome("lan", NOW)]}


@pytest.mark.parametrize(
    "name",
    [
        "Participant",
        "Meeting",
        "Vote",
        "Ballot",
        "Proxy",
        "Turnout",
        "Conclusion",
        "Paper",
        "Shown",
        "Sharing",
        "Recording",
    ],
)
def test_an_object_is_as_the_room_tells_it(told, name):
    type = name.lower()
    assert shape(told[type][type]) == shape(OBJECTS[name])


def test_the_welcome_has_the_objects_described(told):
    assert set(told["welcome"]) == {"type", *SERVER_TYPES["welcome"]}
    assert shape(told["welcome"]["agenda"]) == shape(OBJECTS["Agenda"])
    assert set(told["welcome"]["floor"]) == set(OBJECTS["Floor"])
    assert shape(told["welcome"]["room"]) == shape(example(SERVER["welcome"])["room"])


# A pad is told change by change to who has it.
@pytest.mark.parametrize("name", [name for name in OBJECTS if name != "Pad"])
def test_the_examples_of_messages_show_the_same_objects(name):
    type = name.lower()
    assert set(example(SERVER[type])[type]) == set(OBJECTS[name])
    shown = example(SERVER["welcome"]).get(type) or OBJECTS[name]
    assert set(shown) == set(OBJECTS[name])


def test_the_delegates_welcome_lists_what_a_delegate_may():
    may = [type for type in CLIENT_TYPES if Role.DELEGATE in PERMISSIONS[type]]
    assert example(SERVER["welcome"])["may"] == may
