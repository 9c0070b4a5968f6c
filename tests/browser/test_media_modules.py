"""What the meeting page sends, says of itself and asks for: the media modules without a page, run in Chromium."""

import json
from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.test_room_page import modules

__all__ = ["modules"]


async def run(page: Page, body: str, **values: Any) -> Any:
    script = f"""async (v) => {{
      const load = (name) => import(`/static/js/meeting/${{name}}.js`);
      const {{ plan, limit, addSenders, withSlides, withThriftyVoice }} = await load("sending");
      const {{ Standing }} = await load("standing");
      const {{ Watch }} = await load("watch");
      const {{ Wire }} = await load("wire");
      const {{ rememberedLine, inForce }} = await load("declared");
      const {{ Fetched, Traffic }} = await load("traffic");
      const {{ following }} = await load("papers/pages");
      const {{ remember, rememberEntering, remembered }} = await load("devices");
      const {{ packed }} = await load("voice");
      {body}
    }}"""
    return await page.evaluate(script, json.loads(json.dumps(values)))


@pytest.mark.parametrize(
    ("height", "kbps", "sent"),
    [
        (720, None, ["q", "h", "f"]), (720, 1000, ["q", "h"]), (720, 300, ["q"]), (720, 64, []),
        (360, None, ["q", "h"]), (360, 300, ["q"]), (360, 64, []),
    ],
)  # fmt: skip
async def test_what_is_sent_fits_into_the_declared_line(
    modules: Page, height: int, kbps: int | None, sent: list[str]
) -> None:
    body = "return plan({ height: v.height, kbps: v.kbps, wanted: ['q', 'h', 'f'] })"
    planned = await run(modules, body, height=height, kbps=kbps)
    active = [encoding for encoding in planned["picture"] if encoding["active"]]
    assert [encoding["rid"] for encoding in active] == sent
    if kbps is not None:
        headers = 22_000
        bits = planned["voice"] + headers + sum(encoding["maxBitrate"] for encoding in active)
        assert bits <= kbps * 1000


async def test_a_thin_voice_is_sent_where_others_bear_no_more_and_where_the_own_line_does_not(modules: Page) -> None:
    body = """
      const of = (kbps, asked) => plan({ height: 720, kbps, wanted: ["q"], asked });
      const plans = [of(null), of(null, { kbps: 16, ptime: 60 }), of(64, { kbps: 32, ptime: 20 })];
      return plans.map((planned) => [planned.voice, planned.ptime]);"""
    assert await run(modules, body) == [[32_000, 20], [16_000, 60], [16_000, 60]]


async def test_packets_with_more_sound_in_them_are_fewer_and_so_again_by_another_reading(modules: Page) -> None:
    body = """
      const context = new AudioContext();
      await context.resume();
      const [out, tone] = [context.createMediaStreamDestination(), context.createOscillator()];
      tone.connect(out);
      tone.start();
      const ends = [new RTCPeerConnection(), new RTCPeerConnection()];
      ends.forEach((pc, i) => pc.addEventListener("icecandidate", (e) => ends[1 - i].addIceCandidate(e.candidate)));
      const [up, down] = ends;
      const wire = new Wire(up, () => undefined);
      const audio = out.stream.getAudioTracks()[0];
      addSenders(up, { audio, video: null }, plan({ height: 720, kbps: null, wanted: [] }));
      await up.setLocalDescription();
      await down.setRemoteDescription(up.localDescription);
      await down.setLocalDescription();
      await up.setRemoteDescription({ type: "answer", sdp: withThriftyVoice(down.localDescription.sdp) });
      const sent = async () => {
        const all = [...(await up.getStats()).values()];
        return all.find((s) => s.type === "outbound-rtp" && s.kind === "audio")?.packetsSent ?? 0;
      };
      while ((await sent()) < 10) await new Promise((resolve) => setTimeout(resolve, 50));
      const rates = [];
      for (const ptime of [20, 60, 20]) {
        await wire.reread((answer) => packed(answer, ptime));
        let rate = 0; // a second at a time, until nothing holds the browser up
        for (let look = 0; look < 20 && !(rate * ptime > 700 && rate * ptime < 1200); look++) {
          const [before, began] = [await sent(), performance.now()];
          await new Promise((resolve) => setTimeout(resolve, 1000)); // the length of an observation
          rate = (((await sent()) - before) * 1000) / (performance.now() - began);
        }
        rates.push(rate);
      }
      const again = packed(up.remoteDescription.sdp, 20);
      ends.forEach((pc) => pc.close());
      await context.close();
      return [rates, again];"""
    (many, few, many_again), again = await run(modules, body)
    assert 35 < many < 60
    assert 10 < few < 25
    assert 35 < many_again < 60
    assert again is None, "and nothing is negotiated where nothing changes"


async def test_a_shared_screen_goes_before_ones_own_face_and_fits_into_the_declared_line(modules: Page) -> None:
    body = "return plan({ height: 720, kbps: v.kbps, wanted: ['q', 'h', 'f'], screen: true })"
    for kbps in (100, 300, 1000):
        planned = await run(modules, body, kbps=kbps)
        faces = sum(one["maxBitrate"] for one in planned["picture"] if one["active"])
        assert planned["screen"] > faces
        assert planned["voice"] + 22_000 + planned["screen"] + faces <= kbps * 1000


async def test_the_third_line_of_an_offer_is_marked_as_a_screen(modules: Page) -> None:
    body = """
      const pc = new RTCPeerConnection();
      addSenders(pc, { audio: null, video: null, screen: null }, plan({ height: 720, kbps: null, wanted: ["q"] }));
      const offer = await pc.createOffer();
      pc.close();
      return withSlides(offer.sdp).split("\\r\\nm=").map((part) => part.includes("a=content:slides"));"""
    assert await run(modules, body) == [False, False, False, True]


async def test_encodings_that_nobody_watches_stop_without_a_new_negotiation(modules: Page) -> None:
    body = """
      const pc = new RTCPeerConnection();
      let asked = 0;
      const everything = plan({ height: 720, kbps: null, wanted: ["q", "h", "f"] });
      addSenders(pc, { audio: null, video: null, screen: null }, everything);
      await pc.setLocalDescription(await pc.createOffer());
      pc.addEventListener("negotiationneeded", () => (asked += 1));
      await limit(pc, plan({ height: 720, kbps: null, wanted: ["h"] }));
      const sender = pc.getTransceivers()[1].sender;
      const sent = sender.getParameters().encodings.map((e) => [e.rid, e.active]);
      await new Promise((resolve) => setTimeout(resolve));
      pc.close();
      return [sent, asked];"""
    assert await run(modules, body) == [[["q", False], ["h", True], ["f", False]], 0]


async def test_a_voice_rests_while_nothing_gets_through_and_goes_on_without_a_new_negotiation(modules: Page) -> None:
    body = """
      const pc = new RTCPeerConnection();
      const everything = plan({ height: 720, kbps: null, wanted: ["q"] });
      addSenders(pc, { audio: null, video: null, screen: null }, everything);
      await pc.setLocalDescription(await pc.createOffer());
      let asked = 0;
      pc.addEventListener("negotiationneeded", () => (asked += 1));
      const told = [];
      for (const carries of [false, true]) {
        await limit(pc, everything, carries);
        told.push(pc.getTransceivers()[0].sender.getParameters().encodings[0].active);
      }
      await new Promise((resolve) => setTimeout(resolve));
      pc.close();
      return [told, asked];"""
    assert await run(modules, body) == [[False, True], 0]


async def test_opus_is_told_to_be_silent_in_silence_and_to_repair(modules: Page) -> None:
    sdp = "m=audio 9 X 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=mid:0\r\n"
    bare = "m=audio 9 X 96\r\na=rtpmap:96 opus/48000/2\r\na=mid:0\r\n"
    body = "return v.sdps.map(withThriftyVoice)"
    full, made, other = await run(modules, body, sdps=[sdp, bare, "m=audio 9 X 0\r\n"])
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\na=mid:0" in full
    assert "a=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1;usedtx=1\r\na=mid:0" in made
    assert other == "m=audio 9 X 0\r\n"


async def test_what_stands_is_told_once_again_after_a_welcome_and_never_to_who_does_not_know_it(modules: Page) -> None:
    body = """
      const told = [];
      const standing = new Standing(async (type, fields) => {
        told.push([type, fields]);
        if (type === "new") throw { code: "bad_message" };
      });
      const settled = () => new Promise((resolve) => setTimeout(resolve));
      standing.set("line", { kbps: 300 });
      standing.set("new", { a: 1 });
      standing.welcomed();
      await settled();
      standing.set("line", { kbps: 300 });
      standing.set("new", { a: 2 });
      standing.lost();
      standing.set("line", { kbps: 64 });
      standing.welcomed();
      await settled();
      return told;"""
    assert await run(modules, body) == [["line", {"kbps": 300}], ["new", {"a": 1}], ["line", {"kbps": 64}]]


async def test_the_pictures_that_are_seen_are_named_with_their_height_until_they_are_not(modules: Page) -> None:
    body = """
      document.body.innerHTML = `<div id="a" style="height:203px"></div><div id="b" style="height:90px"></div>
        <div style="height:5000px"></div><div id="c" style="height:90px"></div>`;
      let heard = () => 0;
      const watch = new Watch((sizes) => heard(sizes));
      const next = () => new Promise((resolve) => (heard = resolve));
      const tile = (id) => document.getElementById(id);
      const all = new Map([[tile("a"), "hanh"], [tile("b"), "lan"], [tile("c"), "dung"]]);
      let coming = next();
      watch.follow(all);
      const seen = [await coming];
      coming = next();
      tile("a").style.height = "90px";
      seen.push(await coming);
      coming = next();
      watch.follow(new Map([[tile("b"), "lan"]]));
      seen.push(await coming);
      return seen;"""
    assert await run(modules, body) == [{"hanh": 210, "lan": 90}, {"hanh": 90, "lan": 90}, {"lan": 90}]


@pytest.mark.parametrize(
    ("kept", "value"),
    [
        (None, {"kbps": None, "megabytes": None}),
        ('{"kbps":300,"megabytes":500}', {"kbps": 300, "megabytes": 500}),
        ('{"kbps":"x","megabytes":-1}', {"kbps": None, "megabytes": None}),
        ("[", {"kbps": None, "megabytes": None}),
    ],
)
async def test_the_declared_line_is_remembered_and_nonsense_is_not(
    modules: Page, kept: str | None, value: dict[str, Any]
) -> None:
    body = "if (v.kept) localStorage.setItem('giaoban.line', v.kept); return rememberedLine()"
    assert await run(modules, body, kept=kept) == value


async def test_a_spent_cap_leaves_a_line_for_voices_only(modules: Page) -> None:
    body = "return v.lines.map(([declared, used]) => inForce(declared, used))"
    lines = [
        ({"kbps": None, "megabytes": None}, 10**12),
        ({"kbps": 300, "megabytes": 5}, 4_999_999),
        ({"kbps": 300, "megabytes": 5}, 5_000_000),
        ({"kbps": 32, "megabytes": 5}, 5_000_000),
    ]
    assert await run(modules, body, lines=lines) == [
        lines[0][0], lines[1][0], {"kbps": 64, "megabytes": None}, {"kbps": 32, "megabytes": None},
    ]  # fmt: skip


async def test_octets_are_counted_both_ways_and_a_picture_without_new_frames_is_still(modules: Page) -> None:
    body = """
      const traffic = new Traffic();
      const connection = (seconds) => ({
        async getStats() {
          seconds.now += 1;
          return new Map([
            ["p", { type: "candidate-pair", bytesSent: 1000 * seconds.now, packetsReceived: 10 * seconds.now }],
            ["a", { type: "inbound-rtp", kind: "video", mid: "1", framesDecoded: 15 * seconds.now }],
            ["b", { type: "inbound-rtp", kind: "video", mid: "3", framesDecoded: Math.min(30, 15 * seconds.now) }],
          ]);
        },
      });
      const [up, down] = [connection({ now: 0 }), connection({ now: 0 })];
      const seen = [];
      for (let second = 0; second < 8; second += 1) {
        seen.push([await traffic.look({ up, down }), traffic.still("1"), traffic.still("3")]);
      }
      return seen;"""
    seen = await run(modules, body)
    assert {octets for octets, _, _ in seen} == {2 * (1000 + 28 * 10)}
    assert not any(moving for _, moving, _ in seen)
    assert [still for _, _, still in seen] == [False] * 5 + [True] * 3


async def test_what_the_page_fetches_is_counted_once_and_what_it_has_kept_is_not(modules: Page) -> None:
    body = """
      const fetched = new Fetched();
      const counted = async () => {
        await new Promise((resolve) => setTimeout(resolve, 50)); // entries come when the browser has time
        return fetched.take();
      };
      const address = `/static/style.css?${v.fresh}`;
      const { byteLength } = await (await fetch(address, { cache: "no-store" })).arrayBuffer();
      let first = 0;
      while (first === 0) first = await counted();
      return [byteLength, first, await counted()];"""
    size, first, again = await run(modules, body, fresh=1)
    assert 0 < first <= size + 2000, "compressed perhaps, and with its header"
    assert again == 0


async def test_where_data_is_dear_few_pages_are_fetched_ahead(modules: Page) -> None:
    body = "return v.lines.map((line) => following({ id: 'p', pages: 100 }, 1, line).length)"
    lines = [{"kbps": None, "megabytes": None}, {"kbps": None, "megabytes": 500}, {"kbps": 64, "megabytes": None}]
    assert await run(modules, body, lines=lines) == [30, 3, 3]


async def test_only_who_chairs_enters_with_an_open_microphone_unless_it_was_chosen_before_joining(
    modules: Page,
) -> None:
    body = """
      localStorage.clear();
      sessionStorage.clear();
      const on = () => [[false, false], [false, true], [true, false]].map(
        ([inside, chairs]) => remembered({ inside, chairs }).wanted.audio);
      const found = [on()];
      // Switched on in the meeting: it is on again after a reload, and off at the next meeting.
      remember({ wanted: { audio: true, video: true }, chosen: { audio: "", video: "" } }, "");
      found.push(on());
      rememberEntering("audio", true);
      found.push(on());
      rememberEntering("audio", false);
      sessionStorage.clear();
      found.push(on());
      return found;"""
    assert await run(modules, body) == [
        [False, True, False], [False, True, True], [True, True, True], [False, False, False],
    ]  # fmt: skip


async def test_who_has_lost_the_line_is_not_told_that_he_is_being_recorded(modules: Page) -> None:
    body = """
      const buttons = ["record-start", "record-stop", "consent-yes", "consent-no"];
      for (const id of [...buttons, "recording-badge", "recording-count", "consent", "consent-text"]) {
        const kind = buttons.includes(id) ? "button" : "p";
        document.body.append(Object.assign(document.createElement(kind), { id }));
      }
      const { START } = await load("state");
      const recording = { running: true, since: null, by: null, consents: [{ participant: "dung", agreed: true }] };
      const state = { ...START, you: "dung", meeting: { state: "open" }, may: ["recording.consent"], recording };
      const part = (await load("parts/recording")).mount(document.getElementById("consent"), { dismiss() {} });
      const look = (connected) => {
        part.render(state, START, { line: connected ? "open" : "lost" });
        const words = document.getElementById("consent-text").textContent;
        return [document.getElementById("recording-badge").hidden, document.getElementById("consent").hidden, words];
      };
      return [look(true), look(false)];"""
    told = "Hình và tiếng của đồng chí đang được ghi."
    assert await run(modules, body) == [[False, False, told], [True, True, ""]]


async def test_a_connection_looks_for_its_way_without_the_servers_help(modules: Page) -> None:
    """Two connections of one page: the far one answers checks like the server, which is told nothing."""
    body = """
      const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
      near.onicecandidate = ({ candidate }) => candidate && far.addIceCandidate(candidate);
      far.onicecandidate = ({ candidate }) => candidate && near.addIceCandidate(candidate);
      let told = 0;
      const connected = new Promise((resolve) => {
        const wire = new Wire(near, () => { told += 1; if (wire.health === "connected") resolve(wire); });
      });
      near.addTransceiver("audio");
      await near.setLocalDescription(await near.createOffer());
      await far.setRemoteDescription(near.localDescription);
      await far.setLocalDescription(await far.createAnswer());
      await near.setRemoteDescription(far.localDescription);
      const wire = await connected;
      const ufrag = () => /ice-ufrag:(\\S+)/.exec(near.localDescription.sdp)[1];
      const theirs = () => /ice-ufrag:(\\S+)/.exec(near.remoteDescription.sdp)[1];
      const before = [ufrag(), theirs()];
      wire.search();
      await wire.step(async () => 0);
      const after = [ufrag(), theirs()];
      wire.close();
      far.close();
      return [before[0] !== after[0], before[1] === after[1], near.signalingState, wire.stuck, wire.carried];"""
    assert await run(modules, body) == [True, True, "closed", False, True]
