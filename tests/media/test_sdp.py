"""Session descriptions: what browsers write is understood, what nobody should write is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import sdp
from media.consumer import plan_view
from media.errors import MediaError
from media.parameters import AUDIO_LEVEL, MID, Description, Section
from media.producer import plan
from tests.media.browser_offers import CHROMIUM, FIREFOX
from tests.wire import End, Wire


def offer_of(end: End) -> str:
    return end.offer("sendonly", ssrcs=(11, 22))


@pytest.fixture
def wire() -> Wire:
    return Wire()


def refused(text: str) -> MediaError:
    with pytest.raises(MediaError) as caught:
        sdp.read_offer(text)
    assert caught.value.code == "bad_sdp"
    return caught.value


def test_a_chromium_offer_is_read() -> None:
    offer = sdp.read_offer(CHROMIUM)
    audio, video = offer.sections
    assert offer.bundle == ("0", "1")
    assert offer.transport.setup == "actpass"
    assert offer.transport.ufrag == "M3m4"
    assert [fingerprint.algorithm for fingerprint in offer.transport.fingerprints] == ["sha-256"]
    assert (audio.kind, audio.mid, audio.direction) == ("audio", "0", "sendonly")
    assert [codec.name for codec in video.codecs] == ["VP8", "rtx", "H264"]
    assert "nack pli" in video.codecs[0].feedback
    assert audio.ssrcs == (3632586055,)


def test_a_firefox_offer_is_read_with_its_session_level_fingerprint() -> None:
    offer = sdp.read_offer(FIREFOX)
    audio, video, data = offer.sections
    assert len(offer.transport.fingerprints) == 1
    assert offer.transport.ufrag == "deadbeef"
    assert video.ssrcs == (2222222222,)  # its FID partner repairs it and is not media
    assert data.kind == "application"
    assert audio.codecs[0].parameter("stereo") == "1"


def test_our_answer_to_chromium_takes_opus_and_vp8_without_repair_streams() -> None:
    agreed = plan(sdp.read_offer(CHROMIUM))
    audio, video = agreed.sections
    assert [codec.name for codec in audio.codecs] == ["opus"]
    assert [(codec.name, codec.payload_type) for codec in video.codecs] == [("VP8", 96)]
    assert video.codecs[0].feedback == ("goog-remb", "ccm fir", "nack", "nack pli")
    assert agreed.extensions == {MID: 4, AUDIO_LEVEL: 1}


def test_extensions_are_turned_round_and_simulcast_is_not_negotiated(wire: Wire) -> None:
    answer = wire.router.publish("an", FIREFOX).sdp
    assert "a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n" in answer
    assert "simulcast" not in answer
    assert "a=rid" not in answer
    assert "rtp-stream-id" not in answer


def test_an_unknown_m_line_is_answered_with_port_zero_outside_the_bundle(wire: Wire) -> None:
    answer = wire.router.publish("an", FIREFOX).sdp
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" in answer
    assert "a=group:BUNDLE 0 1\r\n" in answer


def test_h264_is_taken_when_vp8_is_not_offered_and_only_in_the_mode_that_can_be_forwarded() -> None:
    only_h264 = CHROMIUM.replace("VP8/90000", "VP7/90000")
    codec = plan(sdp.read_offer(only_h264)).codecs["video"][1]
    assert (codec.name, codec.payload_type) == ("H264", 102)
    assert codec.parameter("packetization-mode") == "1"
    single = only_h264.replace("packetization-mode=1", "packetization-mode=0")
    assert "video" not in plan(sdp.read_offer(single)).codecs
    high = only_h264.replace("profile-level-id=42001f", "profile-level-id=64001f")
    assert "video" not in plan(sdp.read_offer(high)).codecs


def test_an_offer_without_a_codec_of_ours_is_refused() -> None:
    text = CHROMIUM.replace("VP8", "VP7").replace("H264", "H265").replace("opus", "speex")
    with pytest.raises(MediaError) as caught:
        plan(sdp.read_offer(text))
    assert caught.value.code == "no_codec"


def test_an_offer_of_another_ice_lite_end_is_refused() -> None:
    lite = sdp.read_offer(CHROMIUM.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n"))
    for attempt in (lambda: plan(lite), lambda: plan_view(lite, {})):
        with pytest.raises(MediaError, match="bad_sdp"):
            attempt()


def test_what_we_write_we_can_read(wire: Wire) -> None:
    text = offer_of(wire.end())
    description = sdp.read_offer(text)
    again = sdp.read_offer(sdp.write(description, 1, 1))
    assert again.transport.ufrag == description.transport.ufrag
    assert [section.codecs for section in again.sections] == [section.codecs for section in description.sections]
    assert [section.ssrcs for section in again.sections] == [(11,), (22,)]


def test_the_answer_holds_every_candidate_and_says_that_there_are_no_more() -> None:
    transport = sdp.read_offer(CHROMIUM).transport
    section = Section("audio", "0", direction="recvonly")
    text = sdp.write(Description(transport, (section,), ("0",), (("192.0.2.1", 5000), ("198.51.100.1", 5000))), 7, 3)
    candidates = [line for line in text.split("\r\n") if line.startswith("a=candidate:")]
    assert [line.split()[4:6] for line in candidates] == [["192.0.2.1", "5000"], ["198.51.100.1", "5000"]]
    assert "a=end-of-candidates\r\n" in text
    assert "a=ice-lite\r\n" in text
    assert "o=- 7 3 " in text


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("v=0", "v=1", "v=0"),
        ("a=group:BUNDLE 0 1\r\n", "", "BUNDLE"),
        ("a=group:BUNDLE 0 1\r\n", "a=group:BUNDLE 0\r\n", "BUNDLE"),
        ("a=rtcp-mux\r\n", "", "rtcp-mux"),
        ("a=fingerprint:sha-256 ", "a=x-fingerprint:sha-256 ", "fingerprint"),
        ("72:6D:24", "72:6D:2G", "fingerprint"),
        ("a=setup:actpass", "a=setup:holdconn", "setup"),
        ("a=setup:actpass\r\n", "", "setup"),
        ("a=ice-ufrag:M3m4", "a=ice-ufrag:M3", "ufrag"),
        ("a=ice-pwd:7UxKNOXsUo1M42pQXz/0e/mj", "a=ice-pwd:short", "pwd"),
        ("a=mid:1", "a=mid:0", "same mid"),
        ("a=mid:1", "a=mid:one two", "mid"),
        ("m=audio 9 ", "m=audio 70000 ", "port"),
        ("m=audio 9 UDP/TLS/RTP/SAVPF 111", "m=audio 9 UDP/TLS/RTP/SAVPF 300", "payload type"),
        ("a=rtpmap:111 opus/48000/2", "a=rtpmap:111 opus", "rtpmap"),
        ("a=ssrc:3632586055 cname", "a=ssrc:99999999999 cname", "ssrc"),
        ("a=extmap:1 ", "a=extmap:1/sideways ", "extmap"),
        ("s=-", "s=-\r\nnonsense", "x=value"),
        ("s=-", "s=-\r\na=" + "x" * 5000, "too long"),
    ],
)
def test_a_damaged_offer_is_refused_and_the_error_says_where(old: str, new: str, hint: str) -> None:
    assert old in CHROMIUM
    assert hint in refused(CHROMIUM.replace(old, new)).detail


def test_an_offer_is_bounded() -> None:
    assert "longer" in refused(CHROMIUM + "a=x\r\n" * 14000).detail
    many = "v=0\r\n" + "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n" * 65
    assert "64" in refused(many).detail
    assert "no m-line" in refused("v=0\r\n").detail
    assert refused("").detail
    ssrcs = "".join(f"a=ssrc:{number} cname:x\r\n" for number in range(300))
    assert "ssrc" in refused(CHROMIUM + ssrcs).detail


def test_an_error_does_not_repeat_what_the_other_end_wrote() -> None:
    error = refused(CHROMIUM.replace("a=setup:actpass", "a=setup:<script>"))
    assert "script" not in str(error)


def test_nothing_of_an_offer_can_add_lines_to_our_answer(wire: Wire) -> None:
    evil = CHROMIUM.replace("profile-level-id=42001f", "profile-level-id=42001f a=x").replace("VP8", "VP7")
    answer = wire.router.publish("an", evil).sdp
    assert all(line[1:2] == "=" for line in answer.split("\r\n") if line)
    assert "a=x" not in answer


def test_an_answer_must_decide_who_begins_dtls() -> None:
    with pytest.raises(MediaError) as caught:
        sdp.read_answer(CHROMIUM)
    assert caught.value.code == "bad_answer"


LINES = st.sampled_from([line for line in (CHROMIUM + FIREFOX).split("\r\n") if line])


@given(st.lists(LINES | st.text(max_size=60), max_size=60))
def test_any_mixture_of_lines_is_read_or_refused(lines: list[str]) -> None:
    try:
        description = sdp.read_offer("\r\n".join(["v=0", *lines]))
    except MediaError as error:
        assert error.code == "bad_sdp"  # noqa: PT017
        return
    sdp.read_offer(sdp.write(description, 1, 1)) if not any(s.rejected for s in description.sections) else None
    try:
        plan(description)
    except MediaError as error:
        assert error.code in ("bad_sdp", "no_codec")  # noqa: PT017


@given(st.data())
def test_an_offer_with_one_character_changed_is_read_or_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(CHROMIUM) - 1))
    char = data.draw(st.characters())
    try:
        plan(sdp.read_offer(CHROMIUM[:place] + char + CHROMIUM[place + 1 :]))
    except MediaError as error:
        assert error.code in ("bad_sdp", "no_codec")  # noqa: PT017
