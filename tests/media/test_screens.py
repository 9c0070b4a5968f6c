"""A screen that somebody shares beside his camera: offered while it comes, before the thumbnails, never recorded."""

import pytest

from media import sdp
from media.events import Published, Unpublished
from media.producer import RESTING, plan
from tests.media.browser_offers import CHROMIUM
from tests.table import Route
from tests.wire import End, Wire

VOICE, CAMERA, SCREEN = 11, 22, 33  # SSRCs


def share(wire: Wire, name: str = "dung") -> End:
    """Somebody who may share a screen, and does not yet."""
    end = wire.publish(name, "audio", "video", "screen", ssrcs=(VOICE, CAMERA, SCREEN), congestion=True)
    wire.table.flows[wire.transport(end), CAMERA] = 150_000
    return end


def begin(wire: Wire, end: End, bits: int = 400_000) -> None:
    wire.table.flows[wire.transport(end), SCREEN] = bits
    wire.pass_time(0.5)


def tracks(wire: Wire, name: str) -> list[tuple[str, str, str]]:
    return [(track.mid, track.participant, track.kind) for track in wire.offers(name)[-1].tracks]


def route(wire: Wire, end: End, ssrc: int) -> Route | None:
    return next((route for route in wire.routes_to(end) if route.source[1] == ssrc), None)


def test_a_picture_marked_as_slides_is_a_screen_and_another_beside_it_is_refused() -> None:
    voice, camera = CHROMIUM[: CHROMIUM.index("m=video")], CHROMIUM[CHROMIUM.index("m=video") :]
    screen = camera.replace("a=mid:1", "a=mid:2\r\na=content:main,slides")
    screen = screen.replace("3969407156", "5").replace("743808153", "6")
    third = screen.replace("a=mid:2", "a=mid:3")
    text = (voice + camera + screen + third).replace("BUNDLE 0 1", "BUNDLE 0 1 2 3")
    found = plan(sdp.read_offer(text))
    mids = {kind: taken.section.mid for kind, taken in found.taken.items()}
    assert mids == {"audio": "0", "video": "1", "screen": "2"}
    assert [section.rejected for section in found.sections] == [False, False, False, True]
    taken = [section for section in found.sections if not section.rejected]
    assert not any(section.slides for section in taken), "what an answer says is of what the answerer sends"


@pytest.mark.parametrize("content", ["", "slide", "slides2", "SLIDES", "speaker", ",,,"])
def test_any_other_mark_changes_nothing(content: str) -> None:
    text = CHROMIUM.replace("a=mid:1", f"a=mid:1\r\na=content:{content}")
    assert set(plan(sdp.read_offer(text)).taken) == {"audio", "video"}


def test_a_screen_is_offered_to_the_others_while_it_comes(wire: Wire) -> None:
    dung = share(wire)
    wire.publish("an", "audio", ssrcs=(44,))
    lan = wire.subscribe("lan")
    dungs = wire.subscribe("dung")
    assert [kind for _, _, kind in tracks(wire, "lan")] == ["audio", "video", "audio"]
    assert Published("giao-ban", "dung", "screen") not in wire.news
    begin(wire, dung)
    assert tracks(wire, "lan")[-1] == ("3", "dung", "screen")
    assert [section.slides for section in sdp.read_offer(wire.offers("lan")[-1].sdp).sections] == [
        False,
        False,
        False,
        True,
    ]
    assert wire.news.count(Published("giao-ban", "dung", "screen")) == 1
    wire.answer("lan", lan)
    wire.pass_time(0.5)
    shown = route(wire, lan, SCREEN)
    assert shown is not None
    assert not shown.paused
    assert route(wire, dungs, SCREEN) is None, "nobody is sent his own"
    late = wire.subscribe("cuc")
    assert ("2", "dung", "screen") in tracks(wire, "cuc")
    assert route(wire, late, SCREEN) is not None

    del wire.table.flows[wire.transport(dung), SCREEN]
    wire.pass_time(RESTING - 0.5)
    assert tracks(wire, "lan")[-1][2] == "screen", "nothing moves on it"
    wire.pass_time(1)
    assert Unpublished("giao-ban", "dung", "screen") in wire.news
    assert [kind for _, _, kind in tracks(wire, "lan")] == ["audio", "video", "audio"]
    assert route(wire, lan, SCREEN) is None
    wire.answer("lan", lan)
    begin(wire, dung)
    assert tracks(wire, "lan")[-1] == ("3", "dung", "screen"), "in the m-line that it had"


def test_who_leaves_takes_his_screen_along(wire: Wire) -> None:
    dung = share(wire)
    wire.subscribe("lan")
    begin(wire, dung)
    wire.router.leave("dung")
    assert Unpublished("giao-ban", "dung", "screen") in wire.news
    assert wire.router.sizes() == (0, 0)


def test_a_screen_that_is_not_allowed_reaches_nobody_and_an_allowed_one_does(wire: Wire) -> None:
    dung = share(wire)
    wire.router.pause("dung", "screen", True)
    lan = wire.subscribe("lan")
    begin(wire, dung)
    assert [kind for _, _, kind in tracks(wire, "lan")] == ["audio", "video"]
    wire.router.pause("dung", "screen", False)
    assert tracks(wire, "lan")[-1][2] == "screen"
    wire.answer("lan", lan)
    wire.router.pause("dung", "screen", True)
    assert route(wire, lan, SCREEN) is None
    assert [kind for _, _, kind in tracks(wire, "lan")] == ["audio", "video"]


def test_on_a_thin_line_a_screen_goes_after_the_floor_and_before_the_thumbnails(wire: Wire) -> None:
    dung = share(wire)
    begin(wire, dung, 100_000)
    ends = [dung]
    for name, ssrc in (("an", 101), ("binh", 102)):
        end = wire.publish(name, "video", ssrcs=(ssrc,))
        ends.append(end)
        wire.table.flows[wire.transport(end), ssrc] = 150_000
    wire.router.floor("binh")
    wire.pass_time(3)
    lan = wire.subscribe("lan")
    ends.append(lan)

    def seen(kbps: int) -> set[int]:
        wire.router.limit("lan", kbps, None)
        wire.pass_time(10, checking=ends)
        return {route.source[1] for route in wire.routes_to(lan) if not route.paused and route.source[1] != VOICE}

    assert seen(280) == {102}, "who has the floor, with his voice"
    assert seen(420) == {102, SCREEN}
    assert seen(300) == {102}


def test_a_screen_that_a_page_does_not_show_is_not_sent_to_it(wire: Wire) -> None:
    dung = share(wire)
    begin(wire, dung)
    lan = wire.subscribe("lan")
    wire.router.watch_sizes("lan", {"dung": 180})
    wire.pass_time(1)
    shown = route(wire, lan, SCREEN)
    assert shown is not None
    assert shown.paused
    wire.router.watch_sizes("lan", {"dung:screen": 720})
    wire.pass_time(3)
    assert not shown.paused
    camera = route(wire, lan, CAMERA)
    assert camera is not None
    assert camera.paused


def test_a_screen_is_never_recorded(wire: Wire) -> None:
    dung = share(wire)
    wire.router.record("dung", True)
    begin(wire, dung)
    assert {ssrc for _, ssrc in wire.table.taps} == {VOICE, CAMERA}
