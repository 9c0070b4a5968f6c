"""Which voices come over a line, and how thick: thin ones where it bears no more, and the loudest few of many."""

from media.audience import LOUDEST, SEEN
from media.events import VoiceWanted
from tests.media.link import Link, block
from tests.media.test_simulcast import picture
from tests.wire import Wire


def voices(wire: Wire) -> list[tuple[str, int, int]]:
    news = [event for event in wire.news if isinstance(event, VoiceWanted)]
    return [(event.participant, event.kbps, event.ptime) for event in news]


def test_while_somebodys_line_bears_no_more_publishers_send_thin_voices(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 150_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    assert voices(wire) == []
    link.bits = 64_000
    link.run(3)
    assert voices(wire) == [("an", 16, 60)]
    [voice] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    wire.table.flows[number, 11] = 14_000
    link.run(3)
    lost = link.lost
    wire.rtcp(end, block(voice.rewrite.ssrc, 0.1))
    link.run(10)
    assert not voice.paused
    assert not voice.red, "what is lost is not doubled on such a line"
    assert link.lost == lost
    chi = wire.publish("chi", "audio", ssrcs=(33,))
    wire.pass_time(0.3)
    assert voices(wire)[1:] == [("chi", 16, 60)], "who comes later is told, too"
    wire.router.repeat("an")
    wire.pass_time(0.3)
    assert voices(wire)[2:] == [("an", 16, 60)]
    link.bits = 3_000_000
    for _ in range(90):
        link.run(1)
        wire.deliver(chi.check(), chi.address)
        wire.deliver(an.check(), an.address)
        if len(voices(wire)) > 3:
            break
    assert set(voices(wire)[3:]) == {("an", 32, 20), ("chi", 32, 20)}


def test_where_there_are_voices_only_thin_ones_become_full_again_once_the_line_bears_them(wire: Wire) -> None:
    ends = {name: wire.publish(name, "audio", ssrcs=(ssrc,)) for name, ssrc in (("an", 11), ("chi", 12))}

    def speak(bits: int) -> None:
        for name, ssrc in (("an", 11), ("chi", 12)):
            wire.table.flows[wire.transport(ends[name]), ssrc] = bits

    def run(seconds: int) -> None:
        for _ in range(seconds):
            link.run(1)
            for end in ends.values():
                wire.deliver(end.check(), end.address)

    speak(48_000)
    link = Link(wire, wire.subscribe("binh", congestion=True), 64_000, voice=120)
    run(5)
    assert set(voices(wire)) == {("an", 16, 60), ("chi", 16, 60)}
    speak(14_000)
    run(20)
    assert voices(wire)[2:] == [], "it bears no more yet"
    link.bits = 3_000_000
    run(60)
    assert set(voices(wire)[2:]) == {("an", 32, 20), ("chi", 32, 20)}


def test_a_declared_line_of_64_kilobits_gets_thin_voices_and_one_that_is_gone_asks_for_none(wire: Wire) -> None:
    an = wire.publish("an", "audio", ssrcs=(11,))
    wire.table.flows[wire.transport(an), 11] = 48_000
    wire.subscribe("binh")
    wire.router.limit("binh", 64, None)
    wire.pass_time(1.5)
    assert voices(wire) == [("an", 16, 60)]
    wire.router.leave("binh")
    wire.pass_time(0.5)
    assert voices(wire)[1:] == [("an", 32, 20)]


def test_gateways_that_go_on_sending_full_voices_are_counted_as_they_come(wire: Wire) -> None:
    for number, name in enumerate(("an", "binh", "chi")):
        gateway = wire.publish(name, "audio", ssrcs=(11 + number,))
        wire.table.flows[wire.transport(gateway), 11 + number] = 32_000
    end = wire.watch("khach", None, congestion=True)
    others = wire.subscribe("dung")
    wire.router.limit("dung", 64, None)
    wire.pass_time(1.5)
    assert len(voices(wire)) == 3, "they are told, for the table does not know who listens"
    assert [route.paused for route in wire.routes_to(others)].count(False) == 1
    wire.router.limit("dung", 120, None)
    wire.pass_time(1.5)
    assert [route.paused for route in wire.routes_to(others)].count(False) == 2
    assert not any(route.paused for route in wire.routes_to(end))


def test_whoever_is_heard_first_is_heard_on_a_line_that_is_a_little_too_thin_for_him(wire: Wire) -> None:
    an = wire.publish("an", "audio", ssrcs=(11,))
    wire.table.flows[wire.transport(an), 11] = 90_000
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 70_000)
    link.run(15)
    [voice] = wire.routes_to(end)
    assert not voice.paused


def test_a_voice_that_has_waited_in_a_cut_line_and_comes_all_at_once_takes_no_picture_away(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 32_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    assert not picture(wire, end).paused
    packets, octets = wire.table.packets[number, 11]
    wire.table.packets[number, 11] = packets + 2250, octets + 2250 * 80
    for _ in range(50):
        link.run(0.1)
        assert not picture(wire, end).paused


def talk(wire: Wire, levels: dict[str, int]) -> None:
    """Everybody's microphone is as loud as this, -dBov."""
    for transport in wire.port.transports():
        if transport.participant in levels and transport.direction == "up":
            [audio] = [ssrc for ssrc, how in wire.table.transports[transport.id].items() if how["codec"] == "opus"]
            wire.table.levels[transport.id, audio] = levels[transport.participant]


def held(wire: Wire) -> set[int]:
    return {ssrc for _transport, ssrc in wire.table.held}


def test_of_many_voices_the_loudest_few_are_forwarded_and_who_has_the_floor(wire: Wire) -> None:
    names = [f"p{number}" for number in range(8)]
    for number, name in enumerate(names):
        wire.publish(name, "audio", ssrcs=(100 + number,), levels=True)
    talk(wire, dict.fromkeys(names, 90))
    wire.pass_time(0.5)
    assert held(wire) == set(), "silence is no noise"
    talk(wire, {name: 20 + number for number, name in enumerate(names)})
    wire.router.floor("p7")
    wire.pass_time(0.5)
    assert len(held(wire)) == len(names) - LOUDEST
    assert 107 not in held(wire)
    assert held(wire) == {104, 105, 106}
    talk(wire, {name: 22 - number for number, name in enumerate(names)})
    wire.pass_time(0.3)
    assert held(wire) == {104, 105, 106}, "a little louder is not louder"
    talk(wire, dict.fromkeys(names, 90))
    wire.pass_time(0.3)
    assert held(wire) == set()


def test_who_does_not_say_how_loud_he_is_is_always_heard(wire: Wire) -> None:
    names = [f"p{number}" for number in range(8)]
    for number, name in enumerate(names):
        wire.publish(name, "audio", ssrcs=(100 + number,))
    wire.pass_time(1)
    assert held(wire) == set()


def test_who_has_not_said_what_he_shows_gets_the_pictures_of_those_who_spoke_last(wire: Wire) -> None:
    names = [f"p{number:02}" for number in range(SEEN + 3)]
    for number, name in enumerate(names):
        publisher = wire.publish(name, ssrcs=(100 + number, 200 + number), levels=True)
        wire.table.flows[wire.transport(publisher), 200 + number] = 100_000
    end = wire.subscribe("binh")
    wire.pass_time(4)

    def seen() -> set[int]:
        return {route.source[1] - 200 for route in wire.routes_to(end) if not route.paused and route.source[1] >= 200}

    assert seen() == set(range(SEEN))
    talk(wire, dict.fromkeys(names, 90) | {names[-1]: 20})
    wire.pass_time(3)
    assert seen() == {*range(SEEN - 1), SEEN + 2}
