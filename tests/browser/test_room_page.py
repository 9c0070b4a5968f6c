"""The parts of the meeting page that have no page: state, announcements and the line, run in Chromium as modules."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page

STATIC = Path(__file__).parents[2] / "web" / "static"


def person(identity: str, role: str = "delegate", **changes: Any) -> dict[str, Any]:
    unit = {"id": f"unit-{identity}", "name": f"UBND {identity}"}
    default: dict[str, Any] = {"present": True, "connected": True, "audio": True, "video": True, "hand": False}
    return {"id": identity, "name": f"Tên {identity}", "title": "", "unit": unit, "role": role, **default, **changes}


FLOOR: dict[str, Any] = {
    "holder": None, "since": None, "until": None, "order": False, "timed_out": False,
    "queue": [], "seconds": None, "ends": False,
}  # fmt: skip


def asks(person: str, **changes: Any) -> dict[str, Any]:
    return {
        "participant": person,
        "since": "2026-11-23T02:00:00Z",
        "item": None,
        "text": None,
        "order": False,
    } | changes


def welcome(you: str, **changes: Any) -> dict[str, Any]:
    default: dict[str, Any] = {
        "type": "welcome", "you": you, "room": {"id": "giao-ban", "title": "Phòng"},
        "meeting": {"id": "m", "title": "Giao ban", "state": "open", "document": None},
        "participants": [person("dung"), person("hanh", "chair"), person("khach", "viewer")],
        "agenda": {"items": [{"id": "a1", "title": "Một"}, {"id": "a2", "title": "Hai"}], "current": None},
        "floor": FLOOR, "vote": None, "votes": [], "conclusions": [],
        "units": [], "speaker": None, "may": [], "now": "2026-11-23T02:00:00Z",
    }  # fmt: skip
    return default | changes


def vote(**changes: Any) -> dict[str, Any]:
    default: dict[str, Any] = {
        "id": "v1", "text": "Thông qua?", "state": "open", "ballots": [], "codes": [], "unheard": [],
        "round": 1, "cast": 0,
        "tally": {"for": 0, "against": 0, "abstain": 0, "none": None}, "outcome": None, "closes_at": None,
        "rule": {"secret": False, "majority": "half", "base": "members", "quorum": "none", "proxies": False},
    }  # fmt: skip
    return {"type": "vote", "vote": default | changes}


@pytest_asyncio.fixture(loop_scope="package")
async def modules(browser: Browser) -> AsyncIterator[Page]:
    """A page of the same origin as the modules, with nothing on it."""

    async def nothing(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>x</title>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", nothing), web.static("/static", STATIC)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    page = await browser.new_page()
    await page.goto(f"http://127.0.0.1:{port}/")
    yield page
    await page.close()
    await runner.cleanup()


async def run(page: Page, body: str, **values: Any) -> Any:
    """Evaluate `body` with all modules' names and `values` in scope."""
    script = f"""async (v) => {{
      const load = (name) => import(`/static/js/meeting/${{name}}.js`);
      const {{ reduce, START, large, expected, nextItem, myChoice }} = await load("state");
      const {{ heard, news }} = await load("announce");
      const {{ Peers }} = await load("peers");
      const {{ repeating }} = await load("voice");
      const {{ basisSentence, resultSentence }} = await load("votes");
      const {{ withoutProxy }} = await load("parts/proxies");
      const {{ Line, Refused, backoff }} = await load("protocol");
      const after = (messages) => messages.reduce(reduce, START);
      {body}
    }}"""
    return await page.evaluate(script, json.loads(json.dumps(values)))


async def test_what_the_server_tells_of_one_thing_replaces_that_thing_and_nothing_else(modules: Page) -> None:
    told = [welcome("dung"), {"type": "participant", "participant": person("hanh", "chair", audio=False)}]
    state = await run(modules, "return after(v.told)", told=told)
    assert [(p["id"], p["audio"]) for p in state["participants"]] == [("dung", True), ("hanh", False), ("khach", True)]
    assert state["agenda"]["items"][0]["id"] == "a1"


async def test_an_unknown_message_leaves_the_very_same_state(modules: Page) -> None:
    body = "const s = after([v.hello]); return reduce(s, {type: 'constructor'}) === s && reduce(s, {type: 'new'}) === s"
    assert await run(modules, body, hello=welcome("dung")) is True


async def test_a_second_welcome_forgets_what_was_before(modules: Page) -> None:
    told = [welcome("dung"), vote(), welcome("dung", participants=[person("dung")])]
    state = await run(modules, "return after(v.told)", told=told)
    assert (state["votes"], state["vote"], len(state["participants"])) == ([], None, 1)


async def test_the_large_picture_is_the_floor_then_the_speaker_and_never_oneself(modules: Page) -> None:
    people = [person("dung"), person("lan"), person("hanh", "chair"), person("khach", "viewer")]
    body = "return [[null, null], ['lan', 'hanh'], ['dung', 'lan'], [null, 'khach']].map(([holder, speaker]) => " \
           "large({...after([v.hello]), floor: {holder, since: null, queue: []}, speaker}, null))"  # fmt: skip
    shown = await run(modules, body, hello=welcome("dung", participants=people))
    assert shown == ["hanh", "lan", "lan", "hanh"]


async def test_only_those_who_send_are_expected_to_arrive(modules: Page) -> None:
    people = [
        person("dung"), person("lan", video=False), person("hoa", audio=False, video=False),
        person("xa", connected=False), person("vang", present=False), person("khach", "viewer"),
    ]  # fmt: skip
    assert await run(modules, "return expected(after([v.m]))", m=welcome("dung", participants=people)) == ["lan"]


async def test_the_step_after_no_item_is_the_first_and_after_the_last_none(modules: Page) -> None:
    agenda = {"type": "agenda", "agenda": welcome("x")["agenda"] | {"current": "a2"}}
    body = "return [nextItem(after([v.hello]))?.id, nextItem(after([v.hello, v.agenda]))]"
    assert await run(modules, body, hello=welcome("dung"), agenda=agenda) == ["a1", None]


async def test_a_result_is_announced_with_its_basis_in_words(modules: Page) -> None:
    outcome = {"eligible": 8, "needed": 5, "present": 7, "members": 8, "quorum": 0, "result": "passed"}
    closed = vote(state="closed", outcome=outcome, tally={"for": 5, "against": 2, "abstain": 0, "none": 1})
    with_quorum = vote(state="closed", outcome=outcome | {"quorum": 6}, tally=closed["vote"]["tally"])
    short = vote(state="closed", outcome=outcome | {"quorum": 8, "result": "no_quorum"}, tally=closed["vote"]["tally"])
    body = """const open = after([v.hello, v.opened]);
      return v.ends.map((end) => [news(open, reduce(open, end)), heard(open, reduce(open, end))]);"""
    said = await run(modules, body, hello=welcome("dung"), opened=vote(), ends=[closed, with_quorum, short])
    results = [
        "Có 5/8 đại biểu tán thành, đạt 62,5%, cần ít nhất 5: được thông qua.",
        "Có 5/8 đại biểu tán thành, đạt 62,5%, cần ít nhất 5: được thông qua. Có mặt 7/8 đại biểu, cần ít nhất 6.",
        "Có mặt 7/8 đại biểu, cần ít nhất 8: biểu quyết không có giá trị.",
    ]
    assert said == [[[], [f"Kết quả biểu quyết “Thông qua?”: {result}"]] for result in results]


async def test_a_result_with_a_proxy_says_who_counted_beside_who_was_there(modules: Page) -> None:
    outcome = {
        "eligible": 4,
        "needed": 3,
        "present": 3,
        "members": 4,
        "quorum": 0,
        "result": "passed",
        "represented": 1,
    }
    tally = {"for": 3, "against": 1, "abstain": 0, "none": 0}
    rules = [vote()["vote"]["rule"] | {"base": base, "proxies": True} for base in ("present", "members")]
    votes = [vote(state="closed", outcome=outcome, tally=tally, rule=rule)["vote"] for rule in rules]
    said = await run(modules, "return v.votes.map((one) => [resultSentence(one), basisSentence(one)])", votes=votes)
    present = "Tính trên 3 đại biểu có mặt và 1 đại biểu biểu quyết qua ủy quyền."
    for sentences, told in zip(said, (present, "Có 1 đại biểu biểu quyết qua ủy quyền."), strict=True):
        assert [sentence.endswith(f" {told}") for sentence in sentences] == [True, True]


async def test_who_gave_or_holds_a_proxy_is_offered_for_no_other(modules: Page) -> None:
    people = [person(one, votes=one != "binh") for one in ("hanh", "dung", "lan", "minh", "binh")]
    body = """const hello = after([v.hello]);
      return [hello, reduce(hello, v.named)].map((state) => withoutProxy(state).map((p) => p.id));"""
    named = {"type": "proxy", "proxy": {"id": "minh", "holder": "dung"}}
    offered = await run(modules, body, hello=welcome("hanh", participants=people), named=named)
    assert offered == [["hanh", "dung", "lan", "minh"], ["hanh", "lan"]]


async def test_who_was_not_heard_at_the_closing_is_told_to_the_chair_whenever_it_is_found(modules: Page) -> None:
    outcome = {"eligible": 2, "needed": 2, "present": 2, "members": 2, "quorum": 0, "result": "rejected"}
    tally = {"for": 1, "against": 0, "abstain": 0, "none": 1}
    closed, found = (vote(state="closed", outcome=outcome, tally=tally, unheard=who) for who in ([], ["dung"]))
    chair = welcome("hanh") | {"may": ["late.open"], "meeting": welcome("hanh")["meeting"] | {"state": "open"}}
    delegate = chair | {"you": "dung", "may": []}
    body = """return v.hellos.map((hello) => {
      const open = after([hello, v.opened]), decided = reduce(open, v.closed), late = reduce(decided, v.found);
      return [heard(open, late).length, heard(decided, late), heard(late, reduce(late, v.found))];
    });"""
    said = await run(modules, body, hellos=[chair, delegate], opened=vote(), closed=closed, found=found)
    word = "Chưa nhận được tín hiệu khi kết thúc biểu quyết, nên chưa có ý kiến: Tên dung."
    assert said == [[2, [word], []], [1, [], []]]


async def test_a_vote_that_was_given_or_taken_is_announced_to_its_person_only(modules: Page) -> None:
    """Whose right has changed is sent a new welcome; to the others it is another participant."""
    body = """const given = (m, votes) => ({ ...m, participants: m.participants.map((p) => ({ ...p, votes })) });
      return [[false, true], [true, false], [true, true]].map(([was, is]) =>
        news(after([given(v.hello, was)]), after([given(v.hello, was), given(v.hello, is)])));"""
    said = await run(modules, body, hello=welcome("dung"))
    assert said == [["Đồng chí được quyền biểu quyết."], ["Đồng chí không còn quyền biểu quyết."], []]


async def test_a_secret_vote_that_a_restart_has_voided_is_announced(modules: Page) -> None:
    rule = vote()["vote"]["rule"] | {"secret": True}
    body = "return news(after([v.hello, v.first]), after([v.hello, v.second]))"
    said = await run(modules, body, hello=welcome("dung"), first=vote(rule=rule), second=vote(rule=rule, round=2))
    assert said == ["Máy chủ vừa khởi động lại: các phiếu kín đã bỏ không còn, mời mọi người bỏ phiếu lại."]


async def test_a_raised_hand_is_announced_to_the_chair_only(modules: Page) -> None:
    raised = {"type": "floor", "floor": FLOOR | {"queue": [asks("dung")]}}
    order = {"type": "floor", "floor": FLOOR | {"queue": [asks("dung", order=True)]}}
    body = "return news(after([v.hello]), after([v.hello, v.raised]))"
    chair, guest = welcome("hanh", may=["floor.give"]), welcome("khach")
    assert await run(modules, body, hello=chair, raised=raised) == ["Tên dung giơ tay xin phát biểu."]
    assert await run(modules, body, hello=guest, raised=raised) == []
    assert await run(modules, body, hello=chair, raised=order) == ["Tên dung xin có ý kiến về thủ tục."]


async def test_the_end_of_the_time_to_speak_is_said_before_and_when_it_comes(modules: Page) -> None:
    floor = FLOOR | {"holder": "dung", "since": "2026-11-23T02:00:00Z", "until": "2026-11-23T02:03:00Z"}
    body = """const {standing} = await import("/static/js/meeting/parts/floor.js");
      return [60, 155, 190].map((s) => standing(v.floor, Date.parse(v.floor.since) + 1000 * s))"""
    assert await run(modules, body, floor=floor) == [
        ["Còn 2:00", "", False],
        ["Còn 0:25", "Sắp hết giờ phát biểu.", False],
        ["Quá 0:10", "Đã hết giờ phát biểu.", True],
    ]
    ended = FLOOR | {"timed_out": True}
    body = "return news(after([v.hello]), reduce(after([v.hello]), {type: 'floor', floor: v.ended}))"
    said = await run(modules, body, hello=welcome("khach", floor=floor), ended=ended)
    assert said == ["Đã hết giờ, phần phát biểu kết thúc."]


async def test_the_voice_is_sent_twice_where_the_answer_is_read_so_and_only_if_the_server_can_take_it(
    modules: Page,
) -> None:
    answer = "m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\n"
    body = """const twice = repeating(v.sdp, true);
      return [twice, repeating(v.sdp, false), twice && repeating(twice, false)];"""
    twice = answer.replace("111 63", "63 111")
    assert await run(modules, body, sdp=answer) == [twice, None, answer]
    assert await run(modules, body, sdp=answer.replace("red", "G722")) == [None, None, None]


async def test_the_first_welcome_announces_nobody(modules: Page) -> None:
    assert await run(modules, "return news(START, after([v.hello]))", hello=welcome("dung")) == []


async def test_the_end_of_a_meeting_is_told_once_and_not_by_all_that_ends_with_it(modules: Page) -> None:
    body = """const open = after([v.hello]);
      const closed = reduce(open, { type: "meeting", meeting: { ...open.meeting, state: "closed" } });
      const gone = reduce(closed, { type: "participant", participant: { ...closed.participants[0], present: false } });
      return [news(open, closed), news(closed, gone)];"""
    hello = welcome("dung", participants=[person("hanh", "chair"), person("dung")])
    assert await run(modules, body, hello=hello) == [["Cuộc họp đã kết thúc."], []]


async def test_who_is_waited_for_is_lost_when_the_line_is_silent_and_who_sits_at_a_site_with_its_device(
    modules: Page,
) -> None:
    people = [
        person("hanh", "chair"), person("dung"), person("lan", connected=False),
        person("hoa", connected=False, site="dung", audio=False), person("khach", connected=False, present=False),
    ]  # fmt: skip
    hello = welcome("dung", participants=people, chairing={"chair": "hanh"}, floor=FLOOR | {"holder": "lan"})
    body = """const { isLost, missed } = await load("state");
      const { waitedFor } = await load("parts/absence");
      const before = after([v.hello]), now = after([v.hello, { type: "silent", participants: ["hanh"] }]);
      const handed = reduce(now, { type: "chairing", chairing: { ...now.chairing, chair: "dung" } });
      const lost = (s) => s.participants.filter((p) => isLost(s, p)).map((p) => p.id);
      return [lost(before), lost(now), missed(now), waitedFor(now), news(before, now), news(now, before),
        news(now, handed)];"""
    before, now, waited, words, said, back, handed = await run(modules, body, hello=hello)
    assert (before, now, waited) == (["lan"], ["hanh", "lan"], ["hanh", "lan"])
    assert words == (
        "Mất kết nối với chủ trì Tên hanh, đang chờ nối lại… Mất kết nối với Tên lan đang phát biểu, đang chờ nối lại…"
    )
    assert (said, back) == ([], ["Đã nối lại với Tên hanh."]), "the strip itself is a live region"
    assert not [one for one in handed if "nối lại" in one], "whose chair another has taken is not back"


async def test_the_wait_before_a_retry_grows_from_a_quarter_of_a_second_to_five(modules: Page) -> None:
    body = "return [0, 0.5, 0.999].map((r) => [0, 1, 3, 60].map((n) => Math.round(backoff(n, () => r))))"
    waits = await run(modules, body)
    assert waits[0] == [250] * 4
    assert waits[1] == [375, 625, 2125, 2625]
    assert all(w <= 5000 for w in waits[2])


async def stop_clock(page: Page) -> None:
    """From here on the page's time passes only by clock.run_for."""
    await page.clock.install(time=0)
    await page.clock.pause_at(1000)


# A socket whose server is the test: it notes what is sent, and speaks and drops when told.
FAKE = """
  const sockets = [], changes = [];
  class Fake extends EventTarget {
    readyState = WebSocket.OPEN; sent = [];
    constructor() { super(); sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.readyState = WebSocket.CLOSED; }
    say(message) { this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) })); }
    drop() { this.close(); this.dispatchEvent(new Event("close")); }
  }
  const changed = (state, detail) => changes.push(state === "ended" ? detail : state);
  const line = new Line("ws://x", { heard: () => 0, changed, connect: () => new Fake(), random: () => 0 });
  line.open();
  sockets[0].say({ type: "welcome" });
  window.hang = () => (sockets.at(-1).readyState = WebSocket.CONNECTING);
"""


async def test_a_dropped_line_comes_back_and_says_what_it_could_not_finish(modules: Page) -> None:
    await stop_clock(modules)
    body = FAKE + """
      const asked = line.send("hand.raise").catch((error) => error.code);
      sockets[0].drop();
      window.after = async () => ({ asked: await asked, sockets: sockets.length, changes });
      return [sockets.length, changes];"""  # fmt: skip
    assert await run(modules, body) == [1, ["connecting", "open", "lost"]]
    await modules.clock.run_for(249)
    assert (await modules.evaluate("window.after()"))["sockets"] == 1
    await modules.clock.run_for(2)
    assert await modules.evaluate("window.after()") == {
        "asked": "line_lost",
        "sockets": 2,
        "changes": ["connecting", "open", "lost"],
    }


async def test_a_silent_line_is_given_up_though_no_close_was_heard(modules: Page) -> None:
    await stop_clock(modules)
    await run(modules, FAKE + "window.seen = () => [sockets.length, sockets[0].sent.map((m) => m.type)]")
    await modules.clock.run_for(7_000)
    assert await modules.evaluate("window.seen()") == [1, ["ping", "ping", "ping"]]
    await modules.clock.run_for(2_000)
    assert (await modules.evaluate("window.seen()"))[0] == 2


async def test_a_line_that_is_in_doubt_is_asked_at_once_and_soon_given_up(modules: Page) -> None:
    await stop_clock(modules)
    body = FAKE + """
      line.check();
      window.seen = () => [sockets.length, sockets[0].sent.length];
      window.answer = () => sockets[0].say({ type: "pong" });
      window.check = () => line.check();"""  # fmt: skip
    await run(modules, body)
    assert await modules.evaluate("window.seen()") == [1, 1]
    await modules.evaluate("window.answer()")
    await modules.clock.run_for(3_500)
    assert (await modules.evaluate("window.seen()"))[0] == 1, "it answered"
    await modules.evaluate("window.check()")
    await modules.clock.run_for(4_000)
    assert (await modules.evaluate("window.seen()"))[0] == 2


async def test_a_dial_that_hangs_is_begun_anew_when_the_network_is_back(modules: Page) -> None:
    await stop_clock(modules)
    body = FAKE + "sockets[0].drop(); window.check = () => line.check(); window.seen = () => sockets.length"
    await run(modules, body)
    await modules.evaluate("window.check()")
    assert await modules.evaluate("window.seen()") == 2, "no wait for the retry"
    await modules.evaluate("window.hang()")
    await modules.clock.run_for(600)
    await modules.evaluate("window.check()")
    assert await modules.evaluate("window.seen()") == 3


async def test_a_machine_that_was_off_the_network_dials_anew_at_once(modules: Page) -> None:
    body = FAKE + """
      const asked = line.send("hand.raise").catch((error) => error.code);
      line.redial();
      return [sockets.length, sockets[0].readyState === WebSocket.CLOSED, await asked];"""  # fmt: skip
    assert await run(modules, body) == [2, True, "line_lost"]


async def test_who_was_replaced_by_his_own_newer_window_does_not_fight_for_the_seat(modules: Page) -> None:
    await stop_clock(modules)
    body = FAKE + """
      sockets[0].say({ type: "bye", reason: "replaced" });
      sockets[0].drop();
      window.seen = () => [sockets.length, changes.at(-1)];"""  # fmt: skip
    await run(modules, body)
    await modules.clock.run_for(60_000)
    assert await modules.evaluate("window.seen()") == [1, "replaced"]


async def test_a_refusal_reaches_the_one_who_asked(modules: Page) -> None:
    body = FAKE + """
      const [first, second] = [line.send("vote.open", {text: ""}), line.send("ping2")];
      sockets[0].say({ type: "ack", id: 2 });
      sockets[0].say({ type: "error", id: 1, code: "empty_text", message: "Chưa nhập." });
      await second;
      const words = (error) => [error instanceof Refused, error.code, error.message, sockets[0].sent[0]];
      return first.catch(words);"""  # fmt: skip
    told = {"type": "vote.open", "text": "", "id": 1}
    assert await run(modules, body) == [True, "empty_text", "Chưa nhập.", told]


async def test_a_connection_closed_in_the_middle_of_an_offer_does_not_block_the_next_offer(modules: Page) -> None:
    body = """
      const sent = [];
      class Fake extends EventTarget {
        iceConnectionState = "checking"; connectionState = "connecting"; closed = false;
        constructor(stuck) { super(); this.stuck = stuck; }
        setRemoteDescription() { return this.stuck ? new Promise(() => 0) : Promise.resolve(); }
        async createAnswer() { return {}; }
        async setLocalDescription() { this.localDescription = { sdp: "answer" }; }
        getTransceivers() { return []; }
        setConfiguration() {}
        close() { this.closed = true; }
      }
      const made = [new Fake(true), new Fake(false)], left = [...made];
      const answered = new Promise((resolve) => {
        const send = async (type, fields) => { sent.push(type); if (type === "media.answer") resolve(fields.sdp); };
        const peers = new Peers({ send, changed: () => 0, connect: () => left.shift() });
        peers.join({ publish: false });
        const offer = (ufrag) => ({ type: "media.offer", sdp: `v=0\\r\\na=ice-ufrag:${ufrag}\\r\\n`, tracks: [] });
        peers.hear(offer("one"));
        setTimeout(() => {
          peers.hear({ type: "media.closed", direction: "down", reason: "consent" });
          peers.hear(offer("two"));
        });
      });
      const limit = new Promise((resolve) => setTimeout(() => resolve("blocked"), 5000));
      const answers = () => sent.filter((type) => type === "media.answer").length;
      return [await Promise.race([answered, limit]), made[0].closed, answers()];"""
    assert await run(modules, body) == ["answer", True, 1]


async def test_a_commune_is_as_good_as_its_worst_line_and_the_worst_comes_first_on_wish(modules: Page) -> None:
    unit = {"id": "hoa-binh", "name": "Xã Hòa Bình"}
    people = [person("lan"), person("dung", unit=unit), person("hoa", unit=unit), person("vang", present=False)]
    good = {"up": "good", "down": "good", "sound_only": False}
    lines = {"lan": good, "dung": good, "hoa": {"up": "fair", "down": "weak", "sound_only": True}, "vang": good}
    body = """const { communes, lineSentence } = await import("/static/js/meeting/lines.js");
      const state = after([v.m]);
      return [communes(state, false), communes(state, true), lineSentence(state, state.participants[2])];"""
    listed, sorted_, sentence = await run(modules, body, m=welcome("hanh", participants=people, lines=lines))
    assert [(one["name"], one["grade"]) for one in listed] == [("UBND lan", "good"), ("Xã Hòa Bình", "weak")]
    assert [one["grade"] for one in sorted_] == ["weak", "good"]
    assert sentence == "Đường truyền: gửi lên vừa, nhận về yếu, chỉ còn tiếng"
