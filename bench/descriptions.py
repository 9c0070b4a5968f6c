"""SDP of the load's peers: what a browser would write, without what no SFU looks at."""

from __future__ import annotations

import re

from bench.peer import Peer
from bench.publisher import AUDIO, LEVEL, MID, RID, VIDEO, WIDE, Publisher

RTX = 97
URIS = {
    MID: "urn:ietf:params:rtp-hdrext:sdes:mid",
    LEVEL: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    WIDE: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    RID: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
}
COPIED = ("a=mid:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=extmap:", "a=rtcp-mux")


def publish(publisher: Publisher, *, wide: bool) -> str:
    """Offer to send: an audio and a video m-line, the video by rid where it has several encodings."""
    peer, rids = publisher.peer, [camera.rid for camera in publisher.cameras]
    lines = _audio(peer, "sendonly", wide)
    if publisher.microphone is not None:
        lines.append(f"a=ssrc:{publisher.microphone.ssrc} cname:load")
    lines += _video(peer, "sendonly", wide)
    if len(rids) > 1:
        lines += [f"a=extmap:{RID} {URIS[RID]}", *(f"a=rid:{rid} send" for rid in rids)]
        lines.append(f"a=simulcast:send {';'.join(rids)}")
    else:
        lines.append(f"a=ssrc:{publisher.cameras[0].track.ssrc} cname:load")
    return _text(["0", "1"], lines)


def watch(peer: Peer, *, wide: bool) -> str:
    """Offer to receive one audio and one video."""
    return _text(["0", "1"], _audio(peer, "recvonly", wide) + _video(peer, "recvonly", wide))


def mirror(peer: Peer, offer: str, *, wide: bool) -> str:
    """Answer that takes all that an SFU offers to send; without `wide`, but for what tells it how the line is."""
    without = () if wide else (URIS[WIDE], "transport-cc", "goog-remb")
    lines: list[str] = []
    mids: list[str] = []
    for section in re.split(r"^(?=m=)", offer.replace("\r", ""), flags=re.MULTILINE)[1:]:
        given = section.splitlines()
        kind, _port, protocol, formats = given[0].split(None, 3)
        sending = "a=sendonly" in given
        mids += [line[6:] for line in given if line.startswith("a=mid:")]
        lines += [f"{kind} 9 {protocol} {formats}", "c=IN IP4 127.0.0.1", *_transport(peer, "active")]
        copied = [line for line in given if line.startswith(COPIED)]
        lines += [line for line in copied if not line.endswith(without)]
        lines.append("a=recvonly" if sending else "a=inactive")
    return _text(mids, lines)


def wide_number(sdp: str) -> int:
    """Identifier of the transport-wide sequence number in an SDP; 0 if it has none."""
    found = re.search(rf"a=extmap:(\d+)(?:/\w+)? {re.escape(URIS[WIDE])}", sdp)
    return int(found[1]) if found else 0


def _text(mids: list[str], lines: list[str]) -> str:
    head = ["v=0", "o=- 7 2 IN IP4 127.0.0.1", "s=-", "t=0 0", f"a=group:BUNDLE {' '.join(mids)}"]
    return "\r\n".join([*head, "a=extmap-allow-mixed", "a=msid-semantic: WMS *", *lines]) + "\r\n"


def _transport(peer: Peer, setup: str) -> list[str]:
    return [
        f"a=candidate:1 1 udp 2130706431 127.0.0.1 {peer.port} typ host",
        "a=end-of-candidates",
        f"a=ice-ufrag:{peer.ufrag}",
        f"a=ice-pwd:{peer.pwd}",
        f"a=fingerprint:sha-256 {peer.fingerprint}",
        f"a=setup:{setup}",
    ]


def _section(peer: Peer, kind: str, formats: str, mid: str, direction: str, identifiers: list[int]) -> list[str]:
    return [
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {formats}",
        "c=IN IP4 127.0.0.1",
        *_transport(peer, "actpass"),
        f"a=mid:{mid}",
        *(f"a=extmap:{identifier} {URIS[identifier]}" for identifier in identifiers),
        f"a={direction}",
        "a=rtcp-mux",
        "a=rtcp-rsize",
    ]


def _audio(peer: Peer, direction: str, wide: bool) -> list[str]:
    lines = _section(peer, "audio", str(AUDIO), "0", direction, [MID, LEVEL, *([WIDE] if wide else [])])
    lines += [f"a=rtpmap:{AUDIO} opus/48000/2", f"a=fmtp:{AUDIO} minptime=10;useinbandfec=1"]
    return [*lines, *([f"a=rtcp-fb:{AUDIO} transport-cc"] if wide else [])]


def _video(peer: Peer, direction: str, wide: bool) -> list[str]:
    lines = _section(peer, "video", f"{VIDEO} {RTX}", "1", direction, [MID, *([WIDE] if wide else [])])
    feedback = ["ccm fir", "nack", "nack pli", *(["transport-cc"] if wide else [])]
    lines += [f"a=rtpmap:{VIDEO} VP8/90000", *(f"a=rtcp-fb:{VIDEO} {item}" for item in feedback)]
    return [*lines, f"a=rtpmap:{RTX} rtx/90000", f"a=fmtp:{RTX} apt={VIDEO}"]
