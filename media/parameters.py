"""What two ends agree on: codecs, header extensions, transport parameters. Values only, no text (that is sdp.py)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"  # RFC 9143
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"  # RFC 6464
EXTENSIONS = (MID, AUDIO_LEVEL)
PREFERENCE = {"audio": ("opus",), "video": ("VP8", "H264")}
FEEDBACK_UP = ("goog-remb", "ccm fir", "nack", "nack pli")
FEEDBACK_DOWN = ("ccm fir", "nack", "nack pli")
KINDS = ("audio", "video")


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an m-line. `parameters` are the fmtp pairs, names in lower case."""

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


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line. `rejected` is port 0; `formats` are the raw formats, needed to reject what we do not know."""

    kind: str
    mid: str | None
    protocol: str = "UDP/TLS/RTP/SAVPF"
    formats: tuple[str, ...] = ()
    rejected: bool = False
    direction: str = "sendrecv"
    codecs: tuple[Codec, ...] = ()
    extensions: tuple[Extension, ...] = ()
    ssrcs: tuple[int, ...] = ()
    cname: str = ""
    msid: tuple[str, str] | None = None
    rtcp_mux: bool = True


@dataclass(frozen=True, slots=True)
class Description:
    """An offer or an answer: one bundled transport and its m-lines, in order."""

    transport: TransportParameters
    sections: tuple[Section, ...]
    bundle: tuple[str, ...] = ()
    candidates: tuple[tuple[str, int], ...] = field(default=())


def usable(codec: Codec) -> bool:
    """Can this SFU forward it? Opus stereo; VP8; H.264 baseline with packetization-mode=1 (RFC 6184 section 8.1)."""
    name = codec.name.lower()
    if name == "opus":
        return codec.clock_rate == 48000 and codec.channels == 2
    if name == "vp8":
        return codec.clock_rate == 90000
    if name == "h264":
        profile = (codec.parameter("profile-level-id") or "42000a").lower()
        return codec.clock_rate == 90000 and codec.parameter("packetization-mode") == "1" and profile.startswith("42")
    return False


def choose(section: Section, names: Sequence[str]) -> Codec | None:
    """The first usable codec of the section, by our preference `names`, then by the section's own order."""
    for name in names:
        for codec in section.codecs:
            if codec.name.lower() == name.lower() and usable(codec):
                return codec
    return None


def agreed(codec: Codec, name: str, feedback: Sequence[str]) -> Codec:
    """The codec as we answer it: our spelling, our fmtp, and only the feedback that both ends know."""
    parameters: tuple[tuple[str, str], ...] = ()
    if name == "opus":
        parameters = (("minptime", "10"), ("useinbandfec", "1"))
    elif name == "H264":
        parameters = (
            ("level-asymmetry-allowed", "1"),
            ("packetization-mode", "1"),
            ("profile-level-id", codec.parameter("profile-level-id") or "42e01f"),
        )
    common = tuple(item for item in feedback if item in codec.feedback) if name != "opus" else ()
    return Codec(name, codec.payload_type, codec.clock_rate, codec.channels, parameters, common)


def own_codec(name: str) -> Codec:
    """The codec as we offer it on a down transport; the payload types are those that Chromium uses."""
    if name == "opus":
        return agreed(Codec("opus", 111, 48000, 2), name, ())
    number = {"VP8": 96, "H264": 102}[name]
    return agreed(Codec(name, number, 90000, feedback=FEEDBACK_DOWN), name, FEEDBACK_DOWN)


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
