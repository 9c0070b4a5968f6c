"""The recogniser's two ends: voices in, sentences out, whatever it does."""

import asyncio
import json
import math
import random
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import Recorded
from rooms import Refused
from server.captions import MAX_CAPTION, WAITING, Caption, Captioner, read_caption

RECOGNISER = Path(__file__).parent.parent / "recogniser.py"
FRAME = 960  # samples of 20 ms


@dataclass(frozen=True)
class Packet:
    position: int
    timestamp: int
    payload: bytes
    marker: bool = False
    received: int = 0


def voice(tenths: int, *, first: int = 0) -> list[Packet]:
    """A tone of so many tenths of a second, as a browser would send it."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    packets = []
    for number in range(tenths * 5):
        wave = array("h", (int(9000 * math.sin((number * FRAME + i) * 0.05)) for i in range(FRAME)))
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(wave.tobytes())
        frame.sample_rate, frame.pts = 48_000, number * FRAME
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return [Packet(first + n, (first + n) * FRAME, payload) for n, payload in enumerate(packets)]


def batch(packets: list[Packet], who: str = "lan", ssrc: int = 7) -> Recorded:
    return Recorded("giao-ban", who, "audio", "opus", 48_000, 1, ssrc, tuple(packets), None)


@pytest.fixture
async def recogniser():
    """Starts the recogniser of the tests, perhaps one that misbehaves."""
    running = []

    async def start(option: str = "") -> Captioner:
        captioner = Captioner([sys.executable, str(RECOGNISER), *([option] if option else [])])
        running.append(captioner)
        await captioner.start()
        return captioner

    yield start
    for captioner in running:
        await captioner.finish()


async def until_final(captioner: Captioner) -> list[Caption]:
    found = []
    async for caption in captioner.captions():
        found.append(caption)
        if caption.final:
            return found
    raise AssertionError(f"it ended after {found}")


async def test_a_voice_becomes_words_and_ends_when_it_falls_silent(recogniser):
    captioner = await recogniser()
    captioner.take(batch(voice(8)))
    *guesses, final = await until_final(captioner)
    assert {one.participant for one in guesses} == {"lan"}
    assert 6 <= int(final.text.split()[1]) <= 9, "a tone of 0.8 s"
    assert final.final
    assert not any(one.final for one in guesses)


async def test_packets_out_of_order_are_heard_in_order(recogniser):
    packets = voice(8)
    swapped = packets[:10] + [packet for pair in zip(packets[11::2], packets[10::2], strict=True) for packet in pair]
    captioner = await recogniser()
    captioner.take(batch(swapped))
    assert 6 <= int((await until_final(captioner))[-1].text.split()[1]) <= 9


async def test_what_a_silent_voice_does_not_send_is_silence(recogniser):
    captioner = await recogniser()
    later = [Packet(one.position, one.timestamp + 48_000, one.payload) for one in voice(5, first=25)]
    captioner.take(batch(voice(5) + later))
    assert 4 <= int((await until_final(captioner))[-1].text.split()[1]) <= 6, "the pause ends the sentence"


async def test_two_voices_are_kept_apart(recogniser):
    captioner = await recogniser()
    captioner.take(batch(voice(4)))
    captioner.take(batch(voice(9), "dung", 8))
    found = {}
    async for caption in captioner.captions():
        if caption.final:
            found[caption.participant] = int(caption.text.split()[1])
        if len(found) == 2:
            break
    assert found["lan"] < found["dung"]


async def test_what_cannot_be_decoded_is_left_out(recogniser):
    captioner = await recogniser()
    chaos = random.Random(5)
    good = voice(6)
    junk = [Packet(n, n * FRAME, chaos.randbytes(chaos.randrange(1, 200))) for n in range(20)]
    captioner.take(batch(junk + [Packet(p.position + 20, p.timestamp + 20 * FRAME, p.payload) for p in good]))
    assert (await until_final(captioner))[-1].participant == "lan"


async def test_lines_that_are_none_are_passed_over(recogniser):
    captioner = await recogniser("babbles")
    captioner.take(batch(voice(4)))
    assert (await until_final(captioner))[-1].participant == "lan"


@pytest.mark.parametrize("option", ["dies", "shouts"])
async def test_a_recogniser_that_ends_or_goes_mad_ends_the_captions(recogniser, option):
    captioner = await recogniser(option)
    captioner.take(batch(voice(2)))
    assert [one async for one in captioner.captions()] == []


async def test_one_that_does_not_read_loses_words_and_holds_nobody(recogniser):
    captioner = await recogniser("sleeps")
    packets = voice(10)
    for _ in range(3 * WAITING):
        captioner.take(batch(packets))
    assert captioner.lost > 0
    await asyncio.wait_for(captioner.finish(), 10)


async def test_without_a_program_there_are_no_captions():
    with pytest.raises(Refused, match="captions_unavailable"):
        await Captioner([]).start()
    missing = Captioner(["/nonexistent/recogniser"])
    with pytest.raises(Refused, match="captions_unavailable"):
        await missing.start()
    assert not missing.running


_VALUES = st.text(max_size=600) | st.booleans() | st.none() | st.integers()
_OBJECTS = st.dictionaries(st.sampled_from(["stream", "text", "final"]), _VALUES).map(
    lambda one: json.dumps(one).encode()
)


@given(st.binary(max_size=200) | _OBJECTS)
def test_any_line_is_a_bounded_caption_or_none(line):
    found = read_caption(line)
    assert found is None or 0 < len(found.text) <= MAX_CAPTION
