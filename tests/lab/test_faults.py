"""Bad lines: the voice goes on, the picture gives way to it and comes back. How well is bench.quality's to say."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Page

from tests.browser.room import sees_and_hears
from tests.lab.conftest import Enter
from tests.lab.figures import MadeAnew, Stretch, hear, observe
from tests.lab.network import Line, Site

pytestmark = pytest.mark.asyncio(loop_scope="package")

INTELLIGIBLE = 0.03  # share of the voice that may be invented
MOVING = 0.3  # pictures a second: two in seven seconds is movement, on a machine that hardly gets round to it
FULL, SMALL = 360, 180
"""Lines of the pictures that a page sends."""
FEW = 25  # packets a second: those of a voice are fifty, of a thin one seventeen


async def meet(entered: Enter) -> tuple[Page, Page]:
    """The chair at her office and the delegate at his commune hear and see each other, at full size."""
    chair, delegate = await entered("hanh", "office"), await entered("dung", "commune")
    await sees_and_hears(chair, ["dung"])
    await sees_and_hears(delegate, ["hanh"])
    await until(delegate, lambda seen: shows(seen, FULL) and seen.rate > MOVING)
    return chair, delegate


async def until(
    page: Page, good: Callable[[Stretch], bool], *, participant: str = "hanh", seconds: float = 1
) -> Stretch:
    """Hear and look for so many seconds at a time until it is as wished: a busy machine spoils one stretch, not all.
    What never comes ends with the test's own time."""
    while not good(found := await stretch(page, participant, seconds)):
        print("not yet", found)
    return found


def shows(seen: Stretch, lines: int) -> bool:
    """Chromium takes a quarter off each picture where its encoder falls behind, and may do so for minutes."""
    return 0.7 * lines < seen.height <= lines


def understood(seen: Stretch) -> bool:
    """The voice is there, and something moves."""
    return seen.concealed < INTELLIGIBLE and seen.rate > MOVING


async def stretch(page: Page, participant: str, seconds: float) -> Stretch:
    """What `page` gets in so many seconds without a new connection, which a bad line may cost at its beginning."""
    while True:
        try:
            return await observe(page, participant, seconds)
        except MadeAnew:
            continue


async def test_with_a_tenth_of_the_packets_lost_both_ways_voices_are_whole_and_pictures_move(
    entered: Enter, commune: Site
) -> None:
    chair, delegate = await meet(entered)
    commune.line(up=Line(loss=0.1), down=Line(loss=0.1))
    pages = ((delegate, "hanh"), (chair, "dung"))
    print(await asyncio.gather(*(until(page, understood, participant=who, seconds=7) for page, who in pages)))


async def test_a_narrow_line_gets_a_smaller_picture_and_the_large_one_again_when_it_is_wide(
    entered: Enter, commune: Site
) -> None:
    _, delegate = await meet(entered)
    commune.line(down=Line(kbps=300))
    await until(delegate, lambda seen: shows(seen, SMALL) and seen.rate > MOVING)
    print(await until(delegate, lambda seen: understood(seen) and shows(seen, SMALL) and seen.kbps < 300, seconds=5))
    commune.line()
    await until(delegate, lambda seen: shows(seen, FULL) and seen.rate > MOVING)


async def test_at_64_kilobits_voices_become_thin_and_are_understood_and_the_picture_comes_back_afterwards(
    entered: Enter, commune: Site
) -> None:
    _, delegate = await meet(entered)
    full = await hear(delegate, "hanh", 2)
    assert full.packets > FEW, full
    commune.line(down=Line(kbps=64))
    while (await hear(delegate, "hanh", 1)).packets > FEW:
        pass
    while not ((thin := await hear(delegate, "hanh", 5)).concealed < INTELLIGIBLE and 10 < thin.packets < FEW):
        print("not yet", thin)
    commune.line()
    await until(delegate, lambda seen: shows(seen, FULL) and seen.rate > MOVING)
    while (await hear(delegate, "hanh", 1)).packets < FEW:
        pass
