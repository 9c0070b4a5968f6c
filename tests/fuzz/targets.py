"""What is fuzzed: every parser of network bytes. A target takes octets, and raises only when something is wrong."""

import json
import struct
from collections.abc import Callable

from media import ice, rtcp, sdp
from media.av1 import read_sequence
from media.depacketise import depacketiser
from media.errors import MediaError, RtcpError, StunError
from media.ice import Credentials, Responder
from media.payload import is_keyframe, read_red, read_vp8, renumber
from media.picture import size_of
from media.rtp import RtpError, element, elements, parse_header, payload
from media.sdp_writing import write
from rooms import BadMessage, messages
from tests.media.browser_offers import CHROMIUM, CHROMIUM_SIMULCAST, FIREFOX
from tests.media.test_forward_fuzz import AN, BINH, CAMERA, Stage

CODECS = ("opus", "VP8", "H264", "VP9", "AV1")
SDP_LIMIT = 64 * 1024


def rtp(data: bytes) -> None:
    """Header, extension elements, payload; then the payload as that of each codec."""
    try:
        header = parse_header(data)
        body = payload(data, header)
    except RtpError:
        return
    assert header.size + len(body) <= len(data)
    assert sum(len(value) for _, value in elements(header.profile, header.extension)) <= len(header.extension)
    element(header, 3)
    for codec in CODECS:
        is_keyframe(codec, body)
    red = read_red(body)
    if red is not None:
        assert len(red[0]) + sum(len(block) for _, block in red[1]) <= len(body)
    picture = read_vp8(body)
    if picture is not None:
        again = read_vp8(renumber(body, picture, 3, 3))
        assert again is not None
        assert len(renumber(body, picture, 3, 3)) == len(body)


def rtcp_compound(data: bytes) -> None:
    try:
        rtcp.is_calm(data)
        rtcp.read(data)
    except RtcpError:
        return


def stun(data: bytes) -> None:
    """No octets but those made with the password are ever answered."""
    responder = Responder(Credentials("ufrag", "p" * 32))
    try:
        check = ice.read_check(data)
        if check is not None:
            responder.receive(check, ("127.0.0.1", 9), 0.0)
    except StunError:
        assert not responder.addresses
        return
    assert not responder.addresses, "somebody has guessed the password"


def descriptions(data: bytes) -> None:
    """What is taken can be written again."""
    text = data.decode("utf-8", "replace")
    for read in (sdp.read_offer, sdp.read_answer):
        try:
            described = read(text)
        except MediaError:
            continue
        assert len(write(described, 1, 1)) < 4 * SDP_LIMIT


def pictures(data: bytes) -> None:
    """A stream of payloads of one codec: octet for codec, then (length, flags) before each."""
    if not data:
        return
    codec = CODECS[data[0] % len(CODECS)]
    made = depacketiser(codec)
    at, timestamp = 1, 0
    while made is not None and at + 2 <= len(data):
        size, flags = data[at], data[at + 1]
        timestamp += flags >> 2
        body = data[at + 2 : at + 2 + size]
        for frame in made.push(timestamp, bool(flags & 1), body, gap=bool(flags & 2)):
            assert frame.data
        at += 2 + size
    if codec == "AV1":
        read_sequence(data[1:])
    elif codec != "opus":
        size_of(codec, data[1:])


def websocket(data: bytes) -> None:
    try:
        messages.parse(json.loads(data))
    except (BadMessage, ValueError, RecursionError):
        return


def forwarders(data: bytes) -> None:
    """The native core, through its socket, makes the same of authenticated packets as its twin.

    An octet says who sends and whether it is RTP or RTCP, two how long the packet is.
    """
    said: list[tuple[int, bool, bytes]] = []
    at = 0
    while at + 3 <= len(data) and len(said) < 40:
        size = int.from_bytes(data[at + 1 : at + 3], "big") % 1400
        packet = data[at + 3 : at + 3 + size]
        said.append((AN if data[at] & 1 else BINH, bool(data[at] & 2), packet))
        at += 3 + size
    outcomes = []
    for native in (True, False):
        stage = Stage(native)
        try:
            for sender, report, packet in said:
                stage.utter(sender, packet, report=report)
                stage.lab.settle()
            outcomes.append(stage.outcome())
        finally:
            stage.lab.close()
    assert outcomes[0] == outcomes[1]


TARGETS: dict[str, Callable[[bytes], None]] = {
    "rtp": rtp,
    "rtcp": rtcp_compound,
    "stun": stun,
    "sdp": descriptions,
    "pictures": pictures,
    "websocket": websocket,
    "forwarders": forwarders,
}


def seeds() -> dict[str, list[bytes]]:
    """Octets that are nearly right, to begin from."""
    vp8 = b"\x90\xe0\x80\x01\x02\x40\x10\x02\x00\x9d\x01\x2a\x80\x02\xe0\x01"
    head = struct.pack("!BBHII", 0x90, 224, 1, 3000, 12) + b"\xbe\xde\x00\x02\x10\x80\x31\x00\x07\x00\x00\x00"
    report = rtcp.receiver_report(1, [rtcp.Block(2, 1, 1, 5, 0, 0, 0)]) + rtcp.description([1], "seed")
    packets = [struct.pack("!BBHII", 0x80, 96, n, 3000 * n, CAMERA) + vp8 for n in range(3)]
    return {
        "forwarders": [b"".join(struct.pack("!BH", 1, len(packet)) + packet for packet in packets)],
        "rtp": [head + vp8, head + b"\xef\x00\x04\x03\x6fabcdef", head + b"\x78\x00\x02\x67\x42\x00\x02\x65\x88"],
        "rtcp": [report, report + rtcp.nack(1, 2, [1, 2, 9]) + rtcp.picture_loss(1, 2), rtcp.bandwidth(1, 10**6, [2])],
        "stun": [b"\x00\x01\x00\x10\x21\x12\xa4\x42" + bytes(12) + b"\x00\x06\x00\x0aufrag:me\x00\x00\x00\x00"],
        "sdp": [text.encode() for text in (CHROMIUM, CHROMIUM_SIMULCAST, FIREFOX)],
        "pictures": [bytes([1, len(vp8), 1]) + vp8, b"\x02\x09\x01\x78\x00\x02\x67\x42\x00\x02\x65\x88"],
        "websocket": [
            b'{"type":"media.watch","sizes":{"lan":90}}',
            b'{"type":"vote.cast","id":1,"vote":"v1","choice":"for"}',
        ],
    }
