"""The text of our own session descriptions (RFC 8866, RFC 8829); reading those of others is sdp.py's."""

from __future__ import annotations

from media.parameters import Codec, Description, Section


def write(description: Description, session: int, version: int) -> str:
    """The text of our offer or answer; `session` and `version` are those of the o= line (RFC 8866 section 5.2)."""
    lines = [
        "v=0",
        f"o=- {session} {version} IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=ice-lite",
        *(["a=extmap-allow-mixed"] if description.mixed else []),
        *([f"a=group:BUNDLE {' '.join(description.bundle)}"] if description.bundle else []),
        "a=msid-semantic: WMS *",
    ]
    for section in description.sections:
        lines += _rejected(section) if section.rejected else _accepted(section, description)
    return "\r\n".join(lines) + "\r\n"


def _rejected(section: Section) -> list[str]:
    return [
        f"m={section.kind} 0 {section.protocol} {' '.join(section.formats) or '0'}",
        "c=IN IP4 0.0.0.0",
        "a=inactive",
        *([f"a=mid:{section.mid}"] if section.mid is not None else []),
    ]


def _accepted(section: Section, description: Description) -> list[str]:
    transport = description.transport
    numbers = " ".join(str(codec.payload_type) for codec in section.codecs)
    lines = [f"m={section.kind} 9 {section.protocol} {numbers}", "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0"]
    for index, (host, port) in enumerate(description.candidates, 1):
        # RFC 8445 section 5.1.2.1: type preference 126, one component
        priority = (126 << 24) + ((65535 - index) << 8) + 255
        lines.append(f"a=candidate:{index} 1 udp {priority} {host} {port} typ host")
    lines += [
        "a=end-of-candidates",
        f"a=ice-ufrag:{transport.ufrag}",
        f"a=ice-pwd:{transport.pwd}",
        *(f"a=fingerprint:{item.algorithm} {item.value}" for item in transport.fingerprints),
        f"a=setup:{transport.setup}",
        *([f"a=mid:{section.mid}"] if section.mid is not None else []),
    ]
    for extension in section.extensions:
        direction = f"/{extension.direction}" if extension.direction else ""
        lines.append(f"a=extmap:{extension.id}{direction} {extension.uri}")
    lines += [f"a={section.direction}", "a=rtcp-mux", "a=rtcp-rsize"]
    if section.slides:
        lines.append("a=content:slides")
    for codec in section.codecs:
        lines += _codec(codec)
    if section.msid is not None:
        lines.append(f"a=msid:{section.msid[0]} {section.msid[1]}")
    if section.layers is not None:
        direction, names = section.layers
        lines += [f"a=rid:{name} {direction}" for name in names]
        lines.append(f"a=simulcast:{direction} {';'.join(names)}")
    lines += [f"a=ssrc-group:FID {ssrc} {repair}" for ssrc, repair in section.repairs]
    every = [*section.ssrcs, *(repair for _ssrc, repair in section.repairs)]
    return lines + [f"a=ssrc:{ssrc} cname:{section.cname}" for ssrc in every]


def _codec(codec: Codec) -> list[str]:
    channels = f"/{codec.channels}" if codec.channels > 1 else ""
    lines = [f"a=rtpmap:{codec.payload_type} {codec.name}/{codec.clock_rate}{channels}"]
    lines += [f"a=rtcp-fb:{codec.payload_type} {item}" for item in codec.feedback]
    if codec.parameters:
        pairs = ";".join(f"{key}={value}" if key else value for key, value in codec.parameters)
        lines.append(f"a=fmtp:{codec.payload_type} {pairs}")
    return lines
