"""What two ends agree on: codecs, header extensions, transport parameters. Values only, no text (that is sdp.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"  # RFC 9143
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"  # RFC 8852
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"  # RFC 8852
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
# Not urn:3gpp:video-orientation: without it a browser turns the picture itself, so that recordings and viewers that do
# not know it have it upright, too. Not abs-send-time: transport-wide numbers say more.
EXTENSIONS = (MID, AUDIO_LEVEL, RID, REPAIRED_RID, TRANSPORT_CC, DEPENDENCY)
PREFERENCE = {"audio": ("opus",), "video": ("VP8", "H264", "VP9", "AV1")}
FEEDBACK_UP = FEEDBACK_DOWN = ("goog-remb", "transport-cc", "ccm fir", "nack", "nack pli")
KINDS = ("audio", "video")  # of m-lines
SCREEN = "screen"
MEDIA = (*KINDS, SCREEN)  # a publisher has at most one of each
NUMBERS = {"opus": (111, 63), "VP8": (96, 97), "H264": (102, 103), "VP9": (98, 99), "AV1": (45, 46)}
"""Chromium's payload types of a codec and of what protects it: RED around Opus, else RTX."""


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an m-line. `parameters` are the fmtp pairs, names in lower case; the list of payload types
    that RED has there (RFC 2198 section 5) is under the name ""."""

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    parameters: tuple[tuple[str, str], ...] = ()
    feedback: tuple[str, ...] = ()

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


@dataclass(frozen=True, slots=True)
class Extension:
    """An RTP header extension (RFC 8285); direction "" means sendrecv."""

    id: int
    uri: str
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hash of a certificate (RFC 8122): algorithm in lower case, value as upper-case hex pairs joined by colons."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class TransportParameters:
    """ICE credentials, DTLS role and certificate hashes of one end of a bundled session."""

    ufrag: str
    pwd: str
    fingerprints: tuple[Fingerprint, ...]
    setup: str
    lite: bool = False


class Layers(NamedTuple):
    """Simulcast (RFC 8853): the encodings that the writer of the m-line would "send" or "recv", by rid (RFC 8851)."""

    direction: str
    rids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line.

    `rejected` is port 0; `formats` are the raw formats, needed to reject what we do not know. `repairs`: pairs of an
    SSRC and that of its retransmissions (FID, RFC 4588 section 8.8). `alike`: SSRCs of one picture in several sizes, as
    browsers wrote simulcast before there were rids. `slides`: it is somebody's screen (RFC 4796).
    """

    kind: str
    mid: str | None
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()
    rejected: bool = False
    direction: str = "sendrecv"
    codecs: tuple[Codec, ...] = ()
    extensions: tuple[Extension, ...] = ()
    ssrcs: tuple[int, ...] = ()
    repairs: tuple[tuple[int, int], ...] = ()
    alike: tuple[int, ...] = ()
    layers: Layers | None = None
    cname: str = ""
    msid: tuple[str, str] | None = None
    rtcp_mux: bool = True
    slides: bool = False

    @property
    def medium(self) -> str:
        """One of MEDIA, or a kind that we do not know."""
        return SCREEN if self.kind == "video" and self.slides else self.kind


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer: one bundled transport and its m-lines, in order.

    `mixed`: header extensions of both forms may come in one stream (RFC 8285 section 6).
    """

    transport: TransportParameters
    sections: tuple[Section, ...]
    bundle: tuple[str, ...] = ()
    candidates: tuple[tuple[str, int], ...] = field(default=())
    mixed: bool = False


def usable(codec: Codec) -> bool:
    """Can this SFU forward it? Opus stereo; VP8; H.264 baseline with packetization-mode=1 (RFC 6184 section 8.1);
    VP9 and AV1 in profile 0, which every decoder has."""
    name = codec.name.lower()
    if name == "opus":
        return codec.clock_rate == 48000 and codec.channels == 2
    if codec.clock_rate != 90000:
        return False
    if name == "h264":
        profile = (codec.parameter("profile-level-id") or "42000a").lower()
        return codec.parameter("packetization-mode") == "1" and profile.startswith("42")
    profile = {"vp9": "profile-id", "av1": "profile"}.get(name, "")
    return name in ("vp8", "vp9", "av1") and codec.parameter(profile) in (None, "0")


def choose(section: Section, names: Sequence[str]) -> Codec | None:
    """The first usable codec of the section, by our preference `names`, then by the section's own order."""
    for name in names:
        for codec in section.codecs:
            if codec.name.lower() == name.lower() and usable(codec):
                return codec
    return None


def protection(section: Section, codec: Codec) -> Codec | None:
    """What protects this codec in the section: RED around it for Opus, else its RTX (RFC 4588 section 8.1)."""
    number = codec.payload_type
    for item in section.codecs:
        name = item.name.lower()
        if codec.name.lower() == "opus":
            if name == "red" and item.clock_rate == 48000 and (item.parameter("") or "").split("/")[0] == str(number):
                return item
        elif name == "rtx" and item.parameter("apt") == str(number):
            return item
    return None


def protecting(codec: Codec, payload_type: int) -> Codec:
    """RED or RTX for this codec, as we write it."""
    number = str(codec.payload_type)
    if codec.name == "opus":
        return Codec("red", payload_type, codec.clock_rate, codec.channels, (("", f"{number}/{number}"),))
    return Codec("rtx", payload_type, codec.clock_rate, parameters=(("apt", number),))


def agreed(codec: Codec, name: str, feedback: Sequence[str]) -> Codec:
    """The codec as we answer it: our spelling, our fmtp, and only the feedback that both ends know."""
    parameters: tuple[tuple[str, str], ...] = ()
    if name == "opus":
        parameters = (("minptime", "10"), ("useinbandfec", "1"), ("usedtx", "1"))
        feedback = [item for item in feedback if item in ("nack", "transport-cc")]
    elif name == "H264":
        parameters = (
            ("level-asymmetry-allowed", "1"),
            ("packetization-mode", "1"),
            ("profile-level-id", codec.parameter("profile-level-id") or "42e01f"),
        )
    elif name in ("VP9", "AV1"):
        parameters = tuple(
            item for item in codec.parameters if item[0] in ("profile-id", "profile", "level-idx", "tier")
        )
    common = tuple(item for item in feedback if item in codec.feedback)
    return Codec(name, codec.payload_type, codec.clock_rate, codec.channels, parameters, common)


def own_codec(name: str) -> Codec:
    """The codec as we offer it on a down transport; the payload types are those that Chromium uses."""
    number, _protection = NUMBERS[name]
    if name == "opus":
        return agreed(Codec(name, number, 48000, 2, feedback=FEEDBACK_DOWN), name, FEEDBACK_DOWN)
    parameters = {"VP9": (("profile-id", "0"),), "AV1": (("profile", "0"), ("level-idx", "5"), ("tier", "0"))}
    codec = Codec(name, number, 90000, parameters=parameters.get(name, ()), feedback=FEEDBACK_DOWN)
    return agreed(codec, name, FEEDBACK_DOWN)


def turned(extension: Extension) -> Extension | None:
    """An offered extension as the receiving answerer writes it (RFC 8285 section 7): sendonly becomes recvonly.

    None when we cannot take it: the offerer does not send it, or its id needs the two-byte form.
    """
    if extension.uri not in EXTENSIONS or not 1 <= extension.id <= 14:
        return None
    if extension.direction in ("", "sendrecv"):
        return Extension(extension.id, extension.uri)
    if extension.direction == "sendonly":
        return Extension(extension.id, extension.uri, "recvonly")
    return None
