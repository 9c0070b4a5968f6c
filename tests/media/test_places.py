"""Groups that meet apart and channels of interpreters: who is heard and seen by whom."""

import pytest

from media.events import SpeakerChanged
from media.places import Place
from tests.wire import End, Wire

PEOPLE = {"an": (11, 12), "binh": (21, 22), "cuc": (31, 32)}


@pytest.fixture
def ends(wire: Wire) -> dict[str, End]:
    """Three people who send and receive."""
    for name, ssrcs in PEOPLE.items():
        wire.publish(name, ssrcs=ssrcs, levels=True)
    downs = {}
    for name in PEOPLE:
        downs[name] = wire.subscribe(name)
    speak(wire, 30)
    wire.pass_time(1.0)
    return downs


def speak(wire: Wire, level: int, *names: str) -> None:
    for transport in wire.port.transports():
        if transport.direction == "up" and (not names or transport.participant in names):
            wire.table.levels[transport.id, PEOPLE[transport.participant][0]] = level


def reaches(wire: Wire, end: End) -> set[int]:
    """The SSRCs that go to this end now."""
    return {route.source[1] for route in wire.routes_to(end) if not route.paused}


def test_without_groups_everybody_hears_and_sees_everybody(wire: Wire, ends: dict[str, End]) -> None:
    assert reaches(wire, ends["an"]) == {21, 22, 31, 32}


def test_a_group_hears_and_sees_itself_and_nobody_else(wire: Wire, ends: dict[str, End]) -> None:
    wire.router.place("an", Place("g1"))
    wire.router.place("binh", Place("g1"))
    wire.pass_time(0.5)
    assert reaches(wire, ends["an"]) == {21, 22}
    assert reaches(wire, ends["binh"]) == {11, 12}
    assert reaches(wire, ends["cuc"]) == set()
    wire.router.place("an", Place())
    wire.router.place("binh", Place())
    wire.pass_time(0.5)
    assert reaches(wire, ends["cuc"]) == {11, 12, 21, 22}


def test_what_somebody_is_shown_does_not_open_another_group(wire: Wire, ends: dict[str, End]) -> None:
    wire.router.place("binh", Place("g1"))
    wire.router.watch_sizes("an", {"binh": 720, "cuc": 180})
    wire.router.pause("binh", "audio", True)
    wire.router.pause("binh", "audio", False)
    wire.pass_time(1.0)
    assert reaches(wire, ends["an"]) == {31, 32}


def test_nobody_sends_a_picture_that_only_another_group_would_see(wire: Wire, ends: dict[str, End]) -> None:
    for name in PEOPLE:
        wire.router.place(name, Place(name))
    wire.pass_time(0.5)
    assert all(reaches(wire, end) == set() for end in ends.values())


def test_an_interpreter_is_heard_by_who_listens_to_the_channel_and_seen_by_all(
    wire: Wire, ends: dict[str, End]
) -> None:
    wire.router.place("cuc", Place(speaks="mong"))
    wire.router.place("binh", Place(listens="mong"))
    wire.pass_time(0.5)
    assert reaches(wire, ends["an"]) == {21, 22, 32}, "the floor hears no interpreter"
    assert reaches(wire, ends["binh"]) == {11, 12, 31, 32}, "the listener hears both"
    assert reaches(wire, ends["cuc"]) == {11, 12, 21, 22}
    wire.router.place("binh", Place())
    assert reaches(wire, ends["binh"]) == {11, 12, 32}, "at once"


def test_each_group_has_its_own_speaker_and_its_own_loudest(wire: Wire, ends: dict[str, End]) -> None:
    wire.news.clear()
    wire.router.place("binh", Place("g1"))
    wire.router.place("cuc", Place("g1"))
    speak(wire, 90)
    wire.pass_time(2.0)
    speak(wire, 20, "binh")
    wire.pass_time(3.0)
    told = [(one.participant, one.group) for one in wire.events(SpeakerChanged)]  # type: ignore[union-attr]
    assert ("binh", "g1") in told
    assert ("binh", "") not in told


def test_an_interpreter_is_no_speaker(wire: Wire, ends: dict[str, End]) -> None:
    speak(wire, 90)
    wire.router.place("cuc", Place(speaks="mong"))
    wire.pass_time(2.0)
    wire.news.clear()
    speak(wire, 20, "cuc")
    wire.pass_time(3.0)
    assert "cuc" not in [one.participant for one in wire.events(SpeakerChanged)]  # type: ignore[union-attr]


def test_who_leaves_is_with_the_others_when_he_comes_back(wire: Wire, ends: dict[str, End]) -> None:
    wire.router.place("an", Place("g1"))
    assert reaches(wire, wire.watch("khach", "an")) == set()
    wire.router.leave("an")
    wire.publish("an", ssrcs=PEOPLE["an"], levels=True)
    speak(wire, 30, "an")
    end = wire.watch("nguoi-xem", "an")
    wire.pass_time(1.0)
    assert reaches(wire, end) == {11, 12}
