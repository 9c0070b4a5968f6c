"""WebM and Matroska (RFC 9559): one track of encoded frames to the octets of a file. Nothing is decoded, no input or
output.

A file can be read up to its last whole cluster at any time; what close() adds is the duration, the index and the sizes.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime

from media.depacketise import Frame

CLUSTER = 1000  # milliseconds, less than the 32 s that a block can be away from the beginning of its cluster
SUFFIXES = {"opus": ".webm", "VP8": ".webm", "VP9": ".webm", "AV1": ".webm", "H264": ".mkv"}
"""By codec; H.264 has no place in WebM."""

_CODEC_IDS = {
    "opus": b"A_OPUS", "VP8": b"V_VP8", "VP9": b"V_VP9", "AV1": b"V_AV1", "H264": b"V_MPEG4/ISO/AVC",
}  # fmt: skip
# RFC 7845 section 5.1: version 1, two channels, no pre-skip (we join a running stream), 48 kHz, no gain.
_OPUS_HEAD = b"OpusHead" + struct.pack("<BBHIhB", 1, 2, 0, 48_000, 0, 0)
_PRE_ROLL = 80_000_000  # nanoseconds, RFC 7845 section 4.6
_YEAR_2001 = datetime(2001, 1, 1, tzinfo=UTC)
_UNKNOWN = b"\x01" + b"\xff" * 7  # a size in eight octets that is not known yet

_SEGMENT, _SEEK_HEAD, _SEEK, _SEEK_ID, _SEEK_AT = 0x18538067, 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
_INFO, _SCALE, _DURATION, _DATE, _MUXER, _WRITER = 0x1549A966, 0x2AD7B1, 0x4489, 0x4461, 0x4D80, 0x5741
_TRACKS, _TRACK, _NUMBER, _UID, _TYPE, _LACING, _LANGUAGE = 0x1654AE6B, 0xAE, 0xD7, 0x73C5, 0x83, 0x9C, 0x22B59C
_CODEC, _PRIVATE, _SEEK_PRE_ROLL = 0x86, 0x63A2, 0x56BB
_VIDEO, _WIDTH, _HEIGHT, _AUDIO, _RATE, _CHANNELS = 0xE0, 0xB0, 0xBA, 0xE1, 0xB5, 0x9F
_TAGS, _TAG, _TARGETS, _SIMPLE, _NAME, _STRING = 0x1254C367, 0x7373, 0x63C0, 0x67C8, 0x45A3, 0x4487
_CLUSTER, _TIME, _BLOCK = 0x1F43B675, 0xE7, 0xA3
_CUES, _CUE, _CUE_TIME, _CUE_PLACE, _CUE_TRACK, _CUE_CLUSTER = 0x1C53BB6B, 0xBB, 0xB3, 0xB7, 0xF7, 0xF1
_VOID = 0xEC


class Webm:
    """One file under way: every call returns what is to be appended to it."""

    def __init__(self, codec: str, began: datetime) -> None:
        self._codec = codec
        self._began = began
        self._length = 0  # octets so far
        self._segment_at = 0
        self._seek_at = 0
        self._duration_at = 0
        self._blocks: list[bytes] = []
        self._cluster_time = 0
        self._cues: list[bytes] = []
        self._indexed = False  # the cluster under way begins with a key frame

    def begin(self, first: Frame, tags: Mapping[str, str]) -> bytes:
        """The head. `first` is the frame that will come first; `tags` are kept in the file, their names upper case."""
        kind = b"matroska" if self._codec == "H264" else b"webm"
        head = _element(0x1A45DFA3, _number(0x4286, 1), _number(0x42F7, 1), _number(0x42F2, 4), _number(0x42F3, 8),
                        _element(0x4282, kind), _number(0x4287, 4), _number(0x4285, 2))  # fmt: skip
        head += _id(_SEGMENT) + _UNKNOWN
        self._segment_at = len(head)
        self._seek_at = len(head)
        room = len(_seek(0))
        head += _id(_VOID) + bytes((0x80 | (room - 2),)) + bytes(room - 2)
        date = struct.pack(">q", int((self._began - _YEAR_2001).total_seconds() * 1_000_000) * 1000)
        info = (_number(_SCALE, 1_000_000) + _element(_DATE, date) + _element(_MUXER, b"Giaoban")
                + _element(_WRITER, b"Giaoban") + _element(_DURATION, struct.pack(">d", 0)))  # fmt: skip
        head += _element(_INFO, info)
        self._duration_at = len(head) - 8
        head += _element(_TRACKS, self._track(first))
        head += _element(_TAGS, _element(_TAG, _element(_TARGETS), *(
            _element(_SIMPLE, _element(_NAME, name.encode()), _element(_STRING, value.encode()))
            for name, value in tags.items()
        )))  # fmt: skip
        return self._appended(head)

    def _track(self, first: Frame) -> bytes:
        parts = [_number(_NUMBER, 1), _number(_UID, 1), _number(_LACING, 0), _element(_LANGUAGE, b"und"),
                 _element(_CODEC, _CODEC_IDS[self._codec])]  # fmt: skip
        if self._codec == "opus":
            audio = _element(_RATE, struct.pack(">d", 48_000)) + _number(_CHANNELS, 2)
            parts += [_element(_PRIVATE, _OPUS_HEAD), _number(_SEEK_PRE_ROLL, _PRE_ROLL)]
            parts += [_number(_TYPE, 2), _element(_AUDIO, audio)]
        else:
            width, height = first.size or (0, 0)
            parts += [_element(_PRIVATE, first.private)] if first.private else []
            parts += [_number(_TYPE, 1), _element(_VIDEO, _number(_WIDTH, width), _number(_HEIGHT, height))]
        return _element(_TRACK, *parts)

    def write(self, at: int, frame: Frame) -> bytes:
        """A frame, `at` microseconds after the beginning and not before the last one."""
        time = at // 1000
        done = b""
        picture_begins = frame.key and self._codec != "opus"
        if self._blocks and (time - self._cluster_time >= CLUSTER or picture_begins):
            done = self._finish_cluster()
        if not self._blocks:
            self._cluster_time, self._indexed = time, frame.key
        flags = 0x80 if frame.key else 0
        self._blocks.append(_element(_BLOCK, struct.pack(">BhB", 0x81, time - self._cluster_time, flags) + frame.data))
        return done

    def _finish_cluster(self) -> bytes:
        if self._indexed:
            place = _number(_CUE_TRACK, 1) + _number(_CUE_CLUSTER, self._length - self._segment_at)
            self._cues.append(_element(_CUE, _number(_CUE_TIME, self._cluster_time), _element(_CUE_PLACE, place)))
        cluster = _element(_CLUSTER, _number(_TIME, self._cluster_time), *self._blocks)
        self._blocks = []
        return self._appended(cluster)

    def close(self, length: int) -> tuple[bytes, list[tuple[int, bytes]]]:
        """The rest of the file, which plays `length` microseconds; then what to write over: (offset, octets)."""
        rest = self._finish_cluster() if self._blocks else b""
        cues_at = self._length - self._segment_at
        rest += self._appended(_element(_CUES, *self._cues))
        size = struct.pack(">Q", 1 << 56 | (self._length - self._segment_at))
        return rest, [
            (self._segment_at - len(size), size),
            (self._seek_at, _seek(cues_at)),
            (self._duration_at, struct.pack(">d", length / 1000)),
        ]

    def give_up(self, octets: int, length: int) -> list[tuple[int, bytes]]:
        """What to write over where nothing more can be added: the file has so many octets, all of whole clusters, and
        plays `length` microseconds. It has no index then."""
        size = struct.pack(">Q", 1 << 56 | (octets - self._segment_at))
        return [(self._segment_at - len(size), size), (self._duration_at, struct.pack(">d", length / 1000))]

    def _appended(self, octets: bytes) -> bytes:
        self._length += len(octets)
        return octets


def _seek(cues_at: int) -> bytes:
    return _element(
        _SEEK_HEAD, _element(_SEEK, _element(_SEEK_ID, _id(_CUES)), _element(_SEEK_AT, struct.pack(">Q", cues_at)))
    )


def _id(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _element(number: int, *content: bytes) -> bytes:
    """RFC 8794 section 5 and following: identifier, size, content."""
    size = sum(map(len, content))
    width = 1
    while size >= (1 << 7 * width) - 1:  # all ones means unknown
        width += 1
    return b"".join((_id(number), (1 << 7 * width | size).to_bytes(width, "big"), *content))


def _number(number: int, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
