"""Session descriptions: what browsers write is understood, what nobody should write is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media import sdp, sdp_writing
from media.down import plan_view
from media.errors import MediaError
from media.parameters import (
    AUDIO_LEVEL,
    DEPENDENCY,
    FEEDBACK_UP,
    MID,
    TRANSPORT_CC,
    Codec,
    Description,
    Layers,
    Section,
    choose,
    own_codec,
    protecting,
    protection,
)
from media.producer import plan
from tests.media.browser_offers import CHROMIUM, CHROMIUM_RECEIVING, CHROMIUM_SIMULCAST, FIREFOX
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


def test_simulcast_is_read_with_its_rids_in_order() -> None:
    video = sdp.read_offer(CHROMIUM_SIMULCAST).sections[1]
    assert video.layers == Layers("send", ("q", "h", "f"))
    assert sdp.read_offer(FIREFOX).sections[1].layers == Layers("send", ("h", "q"))
    assert sdp.read_offer(CHROMIUM).sections[1].layers is None


def test_a_simulcast_line_with_alternatives_and_pauses_is_read_and_unknown_rids_are_left_out() -> None:
    changed = CHROMIUM_SIMULCAST.replace("a=simulcast:send q;h;f", "a=simulcast:recv x send ~q,h;f;z")
    assert sdp.read_offer(changed).sections[1].layers == Layers("send", ("q", "f"))


def test_which_ssrc_repairs_which_is_read_and_so_is_simulcast_by_ssrc() -> None:
    assert sdp.read_offer(CHROMIUM).sections[1].repairs == ((3969407156, 743808153),)
    group = "a=ssrc-group:FID 3969407156 743808153\r\n"
    several = sdp.read_offer(CHROMIUM.replace(group, group + "a=ssrc-group:SIM 3969407156 7 8\r\n"))
    assert several.sections[1].alike == (3969407156, 7, 8)


def test_the_codec_around_another_is_found_by_its_parameters() -> None:
    audio, video = sdp.read_offer(CHROMIUM_SIMULCAST).sections
    opus = choose(audio, ["opus"])
    assert opus is not None
    assert protection(audio, opus) == Codec("red", 63, 48000, 2, (("", "111/111"),))
    for name, number in (("VP8", 97), ("H264", 103), ("VP9", 99), ("AV1", 46)):
        codec = choose(video, [name])
        assert codec is not None
        found = protection(video, codec)
        assert found is not None
        assert (found.name, found.payload_type) == ("rtx", number)
    without = sdp.read_offer(CHROMIUM_SIMULCAST.replace("apt=96", "apt=95")).sections[1]
    assert protection(without, own_codec("VP8")) is None


def test_what_a_browser_can_receive_is_read() -> None:
    offer = sdp.read_offer(CHROMIUM_RECEIVING)
    assert [section.direction for section in offer.sections] == ["recvonly", "recvonly"]
    assert offer.mixed


def test_vp9_and_av1_are_taken_after_vp8_and_h264_and_in_profile_0_only() -> None:
    text = CHROMIUM_SIMULCAST.replace("VP8", "VP7").replace("H264", "H265")
    assert plan(sdp.read_offer(text)).taken["video"].codec == Codec(
        "VP9", 98, 90000, parameters=(("profile-id", "0"),), feedback=FEEDBACK_UP
    )
    without_vp9 = text.replace("profile-id=0", "profile-id=2")
    assert plan(sdp.read_offer(without_vp9)).taken["video"].codec.name == "AV1"
    assert "video" not in plan(sdp.read_offer(without_vp9.replace("profile=0", "profile=1"))).taken


def test_opus_is_asked_for_with_silence_left_out_and_error_correction() -> None:
    codec = plan(sdp.read_offer(CHROMIUM)).taken["audio"].codec
    assert dict(codec.parameters) == {"minptime": "10", "useinbandfec": "1", "usedtx": "1"}
    assert codec.feedback == ("transport-cc",)
    nack = CHROMIUM.replace("a=rtcp-fb:111 transport-cc", "a=rtcp-fb:111 nack")
    assert plan(sdp.read_offer(nack)).taken["audio"].codec.feedback == ("nack",)


def test_redundant_audio_is_asked_for_where_the_publisher_would_rather_send_it() -> None:
    first = CHROMIUM.replace("SAVPF 111 63", "SAVPF 63 111")
    for text, names in ((CHROMIUM, ["opus", "red"]), (first, ["red", "opus"])):
        assert [codec.name for codec in plan(sdp.read_offer(text)).sections[0].codecs] == names


def test_our_answer_to_chromium_takes_opus_and_vp8_with_what_repairs_them() -> None:
    agreed = plan(sdp.read_offer(CHROMIUM))
    audio, video = agreed.sections
    assert [(codec.name, codec.payload_type) for codec in audio.codecs] == [("opus", 111), ("red", 63)]
    assert [(codec.name, codec.payload_type) for codec in video.codecs] == [("VP8", 96), ("rtx", 97)]
    assert video.codecs[0].feedback == FEEDBACK_UP
    assert agreed.extensions == {MID: 4, AUDIO_LEVEL: 1, TRANSPORT_CC: 3}
    assert (agreed.taken["video"].ssrcs, agreed.taken["video"].rids) == ((3969407156,), ())


def test_transport_wide_feedback_needs_the_number_in_every_packet() -> None:
    for missing in ("a=extmap:3 ", "a=rtcp-fb:96 transport-cc"):
        sections = plan(sdp.read_offer(CHROMIUM.replace(missing, missing.replace("a=", "a=x-")))).sections
        assert "transport-cc" not in sections[1].codecs[0].feedback
        assert TRANSPORT_CC not in {item.uri for item in sections[1].extensions}


def test_the_dependency_descriptor_is_asked_for_with_the_codecs_that_need_it() -> None:
    without_vp8 = CHROMIUM_SIMULCAST.replace("VP8", "VP7").replace("H264", "H265")
    assert DEPENDENCY not in plan(sdp.read_offer(CHROMIUM_SIMULCAST)).extensions
    assert plan(sdp.read_offer(without_vp8)).extensions[DEPENDENCY] == 12


def test_extensions_are_turned_round_and_simulcast_is_taken_by_rid(wire: Wire) -> None:
    answer = wire.router.publish("an", FIREFOX).sdp
    assert "a=extmap:3/recvonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n" in answer
    assert "a=extmap:6/recvonly urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n" in answer
    assert "a=rid:h recv\r\na=rid:q recv\r\na=simulcast:recv h;q\r\n" in answer
    assert plan(sdp.read_offer(FIREFOX)).taken["video"].rids == ("q", "h"), "the smallest first"


def test_simulcast_without_rids_in_the_packets_is_not_taken() -> None:
    agreed = plan(sdp.read_offer(CHROMIUM_SIMULCAST.replace("rtp-stream-id", "other")))
    assert agreed.sections[1].layers is None
    assert agreed.taken["video"].rids == ()


def test_simulcast_by_ssrc_is_taken_without_being_answered() -> None:
    group = "a=ssrc-group:FID 3969407156 743808153\r\n"
    agreed = plan(sdp.read_offer(CHROMIUM.replace(group, group + "a=ssrc-group:SIM 3969407156 7 8\r\n")))
    assert agreed.sections[1].layers is None
    assert agreed.taken["video"].ssrcs == (3969407156, 7, 8)


def test_an_unknown_m_line_is_answered_with_port_zero_outside_the_bundle(wire: Wire) -> None:
    answer = wire.router.publish("an", FIREFOX).sdp
    assert "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n" in answer
    assert "a=group:BUNDLE 0 1\r\n" in answer


def test_h264_is_taken_when_vp8_is_not_offered_and_only_in_the_mode_that_can_be_forwarded() -> None:
    only_h264 = CHROMIUM.replace("VP8/90000", "VP7/90000")
    codec = plan(sdp.read_offer(only_h264)).taken["video"].codec
    assert (codec.name, codec.payload_type) == ("H264", 102)
    assert codec.parameter("packetization-mode") == "1"
    single = only_h264.replace("packetization-mode=1", "packetization-mode=0")
    assert "video" not in plan(sdp.read_offer(single)).taken
    high = only_h264.replace("profile-level-id=42001f", "profile-level-id=64001f")
    assert "video" not in plan(sdp.read_offer(high)).taken


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
    again = sdp.read_offer(sdp_writing.write(description, 1, 1))
    assert again.transport.ufrag == description.transport.ufrag
    assert [section.codecs for section in again.sections] == [section.codecs for section in description.sections]
    assert [section.ssrcs for section in again.sections] == [(11,), (22,)]


def test_simulcast_repair_and_redundancy_are_written_as_they_are_read(wire: Wire) -> None:
    transport = sdp.read_offer(CHROMIUM).transport
    opus, vp8 = own_codec("opus"), own_codec("VP8")
    sections = (
        Section("audio", "0", direction="recvonly", codecs=(opus, protecting(opus, 63)), ssrcs=(5,), cname="c"),
        Section(
            "video", "1", direction="recvonly", codecs=(vp8, protecting(vp8, 97)), ssrcs=(6,), repairs=((6, 7),),
            layers=Layers("recv", ("q", "f")), cname="c",
        ),
    )  # fmt: skip
    again = sdp.read_offer(sdp_writing.write(Description(transport, sections, ("0", "1"), mixed=True), 1, 1))
    assert again.mixed
    assert [section.codecs for section in again.sections] == [section.codecs for section in sections]
    assert (again.sections[1].layers, again.sections[1].repairs) == (sections[1].layers, sections[1].repairs)
    assert again.sections[1].ssrcs == (6,)


def test_the_answer_holds_every_candidate_and_says_that_there_are_no_more() -> None:
    transport = sdp.read_offer(CHROMIUM).transport
    section = Section("audio", "0", direction="recvonly")
    text = sdp_writing.write(
        Description(transport, (section,), ("0",), (("192.0.2.1", 5000), ("198.51.100.1", 5000))), 7, 3
    )
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
        ("a=mid:1", "a=mid:1\r\na=rid:a/b send", "rid"),
        ("a=mid:1", "a=mid:1\r\na=rid:a sideways", "rid"),
        ("a=mid:1", "a=mid:1\r\na=simulcast:send a b;c d", "simulcast"),
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


LINES = st.sampled_from([line for line in (CHROMIUM_SIMULCAST + CHROMIUM + FIREFOX).split("\r\n") if line])


@given(st.lists(LINES | st.text(max_size=60), max_size=60))
def test_any_mixture_of_lines_is_read_or_refused(lines: list[str]) -> None:
    try:
        description = sdp.read_offer("\r\n".join(["v=0", *lines]))
    except MediaError as error:
        assert error.code == "bad_sdp"  # noqa: PT017
        return
    sdp.read_offer(sdp_writing.write(description, 1, 1)) if not any(s.rejected for s in description.sections) else None
    try:
        plan(description)
    except MediaError as error:
        assert error.code in ("bad_sdp", "no_codec")  # noqa: PT017


@given(st.data())
def test_an_offer_with_one_character_changed_is_read_or_refused(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(CHROMIUM_SIMULCAST) - 1))
    char = data.draw(st.characters())
    try:
        plan(sdp.read_offer(CHROMIUM_SIMULCAST[:place] + char + CHROMIUM_SIMULCAST[place + 1 :]))
    except MediaError as error:
        assert error.code in ("bad_sdp", "no_codec")  # noqa: PT017
