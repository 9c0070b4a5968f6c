"""Session descriptions (RFC 8866, RFC 8829): the only file that reads SDP; sdp_writing.py writes it.

The reader is strict about what we rely on and deaf to the rest: unknown attributes are skipped, every number has a
range, and whatever of the other end's text goes back into our SDP has first been matched against a token's grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from media.errors import MediaError
from media.parameters import Codec, Description, Extension, Fingerprint, Layers, Section, TransportParameters

MAX_SIZE = 64 * 1024
MAX_LINE = 4096
MAX_SECTIONS = 64
MAX_PER_SECTION = 256  # payload types, extensions, ssrc lines: each
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
LINE = re.compile(r"[a-z]=[^\r\n\0]*\Z")
TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,64}\Z")
FORMAT = re.compile(r"[A-Za-z0-9._+-]{1,32}\Z")
PROTOCOL = re.compile(r"[A-Za-z0-9/]{1,32}\Z")
ICE_TEXT = re.compile(r"[A-Za-z0-9+/=_-]+\Z")  # "=", "_", "-" are beyond RFC 8839, but seen in the wild
RID = re.compile(r"[A-Za-z0-9_-]{1,16}\Z")  # RFC 8851 section 10; what is longer does not fit the header extension
PAYLOADS = re.compile(r"[0-9]{1,3}(/[0-9]{1,3}){1,8}\Z")  # fmtp of RED, RFC 2198 section 5
MAX_LAYERS = 8
HEX_PAIRS = re.compile(r"[0-9A-F]{2}(:[0-9A-F]{2}){15,63}\Z")
T = TypeVar("T")


class _Bad(Exception):
    """What is wrong with the text; becomes a MediaError with the caller's code."""


@dataclass
class _Draft:
    """Attributes of the session or of one m-line while they are collected."""

    kind: str = ""
    protocol: str = ""
    formats: tuple[str, ...] = ()
    port: int = 9
    mid: str | None = None
    direction: str | None = None
    setup: str | None = None
    ufrag: str | None = None
    pwd: str | None = None
    lite: bool = False
    mux: bool = False
    fingerprints: list[Fingerprint] = field(default_factory=list)
    groups: list[tuple[str, ...]] = field(default_factory=list)
    maps: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    fmtp: dict[int, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    feedback: list[tuple[str, str]] = field(default_factory=list)
    extensions: list[Extension] = field(default_factory=list)
    ssrcs: list[int] = field(default_factory=list)
    secondary: set[int] = field(default_factory=set)
    repairs: list[tuple[int, int]] = field(default_factory=list)
    alike: tuple[int, ...] = ()  # SSRCs of one picture in several sizes
    rids: dict[str, str] = field(default_factory=dict)
    simulcast: dict[str, tuple[str, ...]] = field(default_factory=dict)
    mixed: bool = False
    slides: bool = False


def read_offer(text: str) -> Description:
    """An offer. Raises MediaError("bad_sdp")."""
    return _read(text, "bad_sdp")


def read_answer(text: str) -> Description:
    """An answer. Raises MediaError("bad_answer")."""
    description = _read(text, "bad_answer")
    if description.transport.setup not in ("active", "passive"):
        raise MediaError("bad_answer", "an answer decides a=setup: active or passive (RFC 5763 section 5)")
    return description


def _read(text: str, code: str) -> Description:
    if len(text) > MAX_SIZE:
        raise MediaError(code, f"longer than {MAX_SIZE} characters")
    try:
        session, drafts = _collect(text)
        return _describe(session, drafts)
    except _Bad as bad:
        raise MediaError(code, str(bad)) from None


def _collect(text: str) -> tuple[_Draft, list[_Draft]]:
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "v=0":
        raise _Bad("the first line must be v=0")
    session = current = _Draft()
    drafts: list[_Draft] = []
    for line in lines[1:]:
        if not line:
            continue
        if len(line) > MAX_LINE or not LINE.match(line):
            raise _Bad("a line is too long or has not the form x=value")
        if line[0] == "m":
            if len(drafts) >= MAX_SECTIONS:
                raise _Bad(f"more than {MAX_SECTIONS} m-lines")
            current = _media_line(line[2:])
            drafts.append(current)
        elif line[0] == "a":
            name, _colon, value = line[2:].partition(":")
            handler = _ATTRIBUTES.get(name)
            if handler is not None:
                handler(current, value.strip())
            elif name in DIRECTIONS:
                current.direction = name
    return session, drafts


def _media_line(value: str) -> _Draft:
    fields = value.split()
    if len(fields) < 4 or len(fields) > 3 + MAX_PER_SECTION:
        raise _Bad("an m-line needs kind, port, protocol and formats")
    kind, port, protocol, *formats = fields
    if not (TOKEN.match(kind) and PROTOCOL.match(protocol) and all(FORMAT.match(item) for item in formats)):
        raise _Bad("an m-line has characters that do not belong there")
    return _Draft(kind, protocol, tuple(formats), _number(port, 65535, "port"))


def _number(text: str, limit: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= limit):
        raise _Bad(f"{what} is not a number from 0 to {limit}")
    return int(text)


def _mid(draft: _Draft, value: str) -> None:
    if not TOKEN.match(value) or len(value) > 16:
        raise _Bad("a=mid must be a token of at most 16 characters")
    draft.mid = value


def _setup(draft: _Draft, value: str) -> None:
    if value not in ("actpass", "active", "passive"):
        raise _Bad("a=setup must be actpass, active or passive")
    draft.setup = value


def _ufrag(draft: _Draft, value: str) -> None:
    if not (4 <= len(value) <= 256 and ICE_TEXT.match(value)):
        raise _Bad("a=ice-ufrag has the wrong length or characters (RFC 8839 section 5.4)")
    draft.ufrag = value


def _pwd(draft: _Draft, value: str) -> None:
    if not (22 <= len(value) <= 256 and ICE_TEXT.match(value)):
        raise _Bad("a=ice-pwd has the wrong length or characters (RFC 8839 section 5.4)")
    draft.pwd = value


def _lite(draft: _Draft, _value: str) -> None:
    draft.lite = True


def _mux(draft: _Draft, _value: str) -> None:
    draft.mux = True


def _fingerprint(draft: _Draft, value: str) -> None:
    algorithm, _space, digest = value.partition(" ")
    digest = digest.strip().upper()
    if not TOKEN.match(algorithm) or not HEX_PAIRS.match(digest) or len(draft.fingerprints) >= 8:
        raise _Bad("a=fingerprint is not an algorithm and hex pairs (RFC 8122 section 5)")
    draft.fingerprints.append(Fingerprint(algorithm.lower(), digest))


def _group(draft: _Draft, value: str) -> None:
    semantics, *mids = value.split() or [""]
    if semantics == "BUNDLE" and len(mids) <= MAX_SECTIONS:
        draft.groups.append(tuple(mids))


def _rtpmap(draft: _Draft, value: str) -> None:
    number, _space, encoding = value.partition(" ")
    name, *rest = encoding.strip().split("/")
    if not TOKEN.match(name) or not 1 <= len(rest) <= 2:
        raise _Bad("a=rtpmap needs name/clock rate")
    clock = _number(rest[0], 10_000_000, "clock rate")
    channels = _number(rest[1], 255, "channels") if len(rest) == 2 else 1
    _bounded(draft.maps)[_number(number, 127, "payload type")] = (name, clock, channels)


def _fmtp(draft: _Draft, value: str) -> None:
    number, _space, text = value.partition(" ")
    pairs = []
    for item in text.split(";")[:32]:
        key, _equals, content = item.strip().partition("=")
        if TOKEN.match(key) and TOKEN.match(content):
            pairs.append((key.lower(), content))
        elif PAYLOADS.match(key):
            pairs.append(("", key))
    _bounded(draft.fmtp)[_number(number, 127, "payload type")] = tuple(pairs)


def _feedback(draft: _Draft, value: str) -> None:
    number, _space, text = value.partition(" ")
    if len(draft.feedback) < 8 * MAX_PER_SECTION:
        draft.feedback.append((number, " ".join(text.split())))


def _extmap(draft: _Draft, value: str) -> None:
    fields = value.split()
    if len(fields) < 2 or len(draft.extensions) >= MAX_PER_SECTION:
        raise _Bad("a=extmap needs a number and a URI, and there may not be too many")
    number, _slash, direction = fields[0].partition("/")
    if direction not in ("", *DIRECTIONS):
        raise _Bad("a=extmap has an unknown direction")
    draft.extensions.append(Extension(_number(number, 65535, "extension id"), fields[1], direction))


def _ssrc(draft: _Draft, value: str) -> None:
    ssrc = _number(value.partition(" ")[0], 2**32 - 1, "ssrc")
    if ssrc not in draft.ssrcs:
        if len(draft.ssrcs) >= MAX_PER_SECTION:
            raise _Bad("too many a=ssrc")
        draft.ssrcs.append(ssrc)


def _ssrc_group(draft: _Draft, value: str) -> None:
    semantics, *texts = value.split() or [""]
    if semantics not in ("FID", "FEC-FR", "SIM"):
        return
    ssrcs = tuple(_number(item, 2**32 - 1, "ssrc") for item in texts[:MAX_PER_SECTION])
    if semantics == "SIM":
        draft.alike = ssrcs[:MAX_LAYERS]
        return
    draft.secondary.update(ssrcs[1:])  # the first is the media, the others repair it
    if semantics == "FID" and len(ssrcs) == 2 and len(draft.repairs) < MAX_PER_SECTION:
        draft.repairs.append((ssrcs[0], ssrcs[1]))


def _rid(draft: _Draft, value: str) -> None:
    name, _space, rest = value.partition(" ")
    direction = rest.split(" ")[0]
    if not RID.match(name) or direction not in ("send", "recv"):
        raise _Bad("a=rid needs an identifier and send or recv (RFC 8851 section 4)")
    if len(draft.rids) < MAX_PER_SECTION:
        draft.rids[name] = direction


def _simulcast(draft: _Draft, value: str) -> None:
    fields = value.split()
    for direction, streams in zip(fields[::2], fields[1::2], strict=False):
        # RFC 8853 section 5.1: ";" between streams, "," between alternatives for one, "~" before a paused one.
        names = tuple(stream.partition(",")[0].removeprefix("~") for stream in streams.split(";")[:MAX_LAYERS])
        if direction not in ("send", "recv") or not all(RID.match(name) for name in names):
            raise _Bad("a=simulcast needs send or recv and a list of rids (RFC 8853 section 5.1)")
        draft.simulcast[direction] = names


def _content(draft: _Draft, value: str) -> None:
    draft.slides = "slides" in value.split(",")  # RFC 4796 section 5; what else may be said of it changes nothing


def _mixed(draft: _Draft, _value: str) -> None:
    draft.mixed = True


def _bounded(table: dict[int, T]) -> dict[int, T]:
    if len(table) >= MAX_PER_SECTION:
        raise _Bad("too many payload types")
    return table


_ATTRIBUTES: dict[str, Callable[[_Draft, str], None]] = {
    "mid": _mid,
    "setup": _setup,
    "ice-ufrag": _ufrag,
    "ice-pwd": _pwd,
    "ice-lite": _lite,
    "rtcp-mux": _mux,
    "fingerprint": _fingerprint,
    "group": _group,
    "rtpmap": _rtpmap,
    "fmtp": _fmtp,
    "rtcp-fb": _feedback,
    "extmap": _extmap,
    "ssrc": _ssrc,
    "ssrc-group": _ssrc_group,
    "rid": _rid,
    "simulcast": _simulcast,
    "content": _content,
    "extmap-allow-mixed": _mixed,
}


def _describe(session: _Draft, drafts: Sequence[_Draft]) -> Description:
    if not drafts:
        raise _Bad("no m-line")
    mids = [draft.mid for draft in drafts if draft.mid is not None]
    if len(set(mids)) != len(mids):
        raise _Bad("two m-lines have the same mid")
    bundle = session.groups[0] if session.groups else ()
    live = [draft for draft in drafts if draft.kind in ("audio", "video") and (draft.port or draft.mid in bundle)]
    if len(live) > 1 and any(draft.mid is None or draft.mid not in bundle for draft in live):
        raise _Bad("all media must be in one a=group:BUNDLE")
    if not all(draft.mux for draft in live):
        raise _Bad("a=rtcp-mux is required")
    transport = _transport(session, live or list(drafts))
    mixed = session.mixed or any(draft.mixed for draft in live)
    return Description(transport, tuple(_section(draft, session, bundle) for draft in drafts), bundle, mixed=mixed)


def _transport(session: _Draft, drafts: Sequence[_Draft]) -> TransportParameters:
    """The bundled transport: what the first m-line with ICE credentials says, else the session level."""
    chosen = next((draft for draft in drafts if draft.ufrag is not None), session)
    ufrag, pwd = chosen.ufrag, chosen.pwd
    fingerprints = chosen.fingerprints or session.fingerprints
    setup = chosen.setup or session.setup
    if ufrag is None or pwd is None:
        raise _Bad("no a=ice-ufrag with a=ice-pwd")
    if not fingerprints:
        raise _Bad("no a=fingerprint")
    if setup is None:
        raise _Bad("no a=setup")
    return TransportParameters(ufrag, pwd, tuple(fingerprints), setup, session.lite)


def _section(draft: _Draft, session: _Draft, bundle: tuple[str, ...]) -> Section:
    codecs = []
    for text in draft.formats if draft.protocol.endswith("RTP/SAVPF") else ():
        number = _number(text, 127, "payload type")
        if number not in draft.maps:
            continue
        name, clock, channels = draft.maps[number]
        feedback = tuple(dict.fromkeys(item for key, item in draft.feedback if key in ("*", text)))
        codecs.append(Codec(name, number, clock, channels, draft.fmtp.get(number, ()), feedback))
    return Section(
        kind=draft.kind,
        mid=draft.mid,
        protocol=draft.protocol,
        formats=draft.formats,
        rejected=draft.port == 0 and draft.mid not in bundle,
        direction=draft.direction or session.direction or "sendrecv",
        codecs=tuple(codecs),
        extensions=tuple(draft.extensions or session.extensions),
        ssrcs=tuple(ssrc for ssrc in draft.ssrcs if ssrc not in draft.secondary),
        repairs=tuple(draft.repairs),
        alike=draft.alike,
        layers=_layers(draft),
        rtcp_mux=draft.mux,
        slides=draft.slides,
    )


def _layers(draft: _Draft) -> Layers | None:
    for direction, names in draft.simulcast.items():
        known = tuple(dict.fromkeys(name for name in names if draft.rids.get(name) == direction))
        if known:
            return Layers(direction, known)
    return None
