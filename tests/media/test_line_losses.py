"""What is made of a line that loses packets: sound and repairs sent twice, and what a test of it costs a picture."""

import pytest

from media import rtcp
from media.line import CLEAN_FOR
from tests.media.link import Link, block
from tests.media.test_simulcast import picture, publish
from tests.wire import Wire


def test_speech_is_sent_twice_over_a_line_that_loses_it_and_once_when_that_is_over(wire: Wire) -> None:
    wire.publish("an", ssrcs=(11, 22))
    end = wire.subscribe("binh")
    [audio] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    assert audio.rewrite.red_payload_type == 63
    wire.rtcp(end, block(audio.rewrite.ssrc, 0.1))
    wire.pass_time(1.5)
    assert audio.red
    for _ in range(int(CLEAN_FOR) + 2):
        wire.rtcp(end, block(audio.rewrite.ssrc, 0.0))
        wire.pass_time(1)
    assert not audio.red


def test_on_a_line_with_numbers_speech_is_sent_twice_as_soon_as_anything_is_lost_without_a_queue(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    link.run(10)
    [audio] = [route for route in wire.routes_to(end) if route.source[1] == 11]
    assert not audio.red
    link.loss = 0.1
    link.run(2)
    assert audio.red
    link.loss = 0.0
    for _ in range(int(CLEAN_FOR) + 3):
        link.run(1)
        wire.deliver(an.check(), an.address)
        wire.rtcp(end, block(audio.rewrite.ssrc, 0.0))
    assert not audio.red


def test_what_a_lossy_line_that_is_not_full_asks_for_again_is_sent_twice(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)

    def run(seconds: float) -> None:
        for _ in range(round(4 * seconds)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])

    run(15)

    def repaired() -> int:
        """How often one packet is sent that is asked for."""
        wire.table.resends.clear()
        wire.rtcp(end, rtcp.nack(1, picture(wire, end).rewrite.ssrc, [7]))
        return len([sequences for _, sequences in wire.table.resends if sequences == [7]])

    assert repaired() == 1
    link.loss = 0.1
    run(5)
    assert repaired() == 2
    link.bits = 300_000
    run(1)
    assert repaired() == 1, "what stands in its queue is only lengthened"


def test_what_losses_took_from_a_picture_comes_back_at_once_when_the_line_is_found_not_to_be_full(wire: Wire) -> None:
    an = publish(wire)
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [line] = [each for each in wire.router._distribution._lines.values() if each.measured]

    def run(seconds: float) -> list[tuple[int, int]]:
        """Every quarter of a second: which size is seen, and how many cuts have been taken back."""
        seen = []
        for _ in range(round(4 * seconds)):
            link.run(0.25)
            wire.key(an, picture(wire, end).heading[1])
            seen.append((picture(wire, end).source[1], line._estimator.acquittals))
        return seen

    run(20)
    link.loss = 0.1
    seen = run(20)
    assert 72 in {size for size, cuts in seen if cuts == 0}, "it was put to the test"
    assert {size for size, cuts in seen if cuts} == {73}


@pytest.mark.parametrize("loss", [0.05, 0.1, 0.15])
def test_a_camera_with_one_size_is_seen_while_a_lossy_line_is_put_to_the_test(wire: Wire, loss: float) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [camera] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    link.run(20)
    link.loss = loss
    seen = []
    for _ in range(120):
        link.run(0.25)
        seen.append(not camera.paused)
    assert all(seen), seen


def test_a_camera_with_one_size_gives_way_where_it_fills_the_line(wire: Wire) -> None:
    an = wire.publish("an", "audio", "video", ssrcs=(11, 22))
    number = wire.transport(an)
    wire.table.flows |= {(number, 11): 48_000, (number, 22): 600_000}
    end = wire.subscribe("binh", congestion=True)
    link = Link(wire, end, 3_000_000)
    [camera] = [route for route in wire.routes_to(end) if route.source[1] == 22]
    link.run(20)
    link.bits = 300_000
    link.run(5)
    assert camera.paused
    link.run(5)
    assert camera.paused
