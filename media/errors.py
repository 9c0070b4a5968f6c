"""What can go wrong above the forwarder, and whose fault it is."""

MEDIA_ERROR_CODES = frozenset(
    {"bad_sdp", "no_codec", "unknown_participant", "unknown_session", "bad_answer", "too_many"}
)


class MediaError(Exception):
    """A request that the media plane refuses; nothing has been changed.

    `code` is one of MEDIA_ERROR_CODES and is meant for programs; `detail` says in English what was wrong with
    the caller's input and never repeats the input itself.

    * bad_sdp, no_codec, bad_answer: the remote end sent something that we cannot use.
    * unknown_participant, unknown_session: the caller named somebody or something that is not here.
    * too_many: a bound of this server has been reached.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        if code not in MEDIA_ERROR_CODES:
            raise ValueError(f"not a media error code: {code}")
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class StunError(Exception):
    """A STUN datagram that is not answered. `counter` names what to count."""

    def __init__(self, counter: str) -> None:
        super().__init__(counter)
        self.counter = counter


class DtlsError(Exception):
    """The DTLS association is over. `reason`: "dtls" (failed), "fingerprint" (wrong peer) or "closed" (by the peer).

    `farewell` holds the datagrams, alerts mostly, by which the peer learns of it.
    """

    def __init__(self, reason: str, detail: str = "", farewell: tuple[bytes, ...] = ()) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.farewell = farewell


class RtcpError(Exception):
    """Bytes that are not a compound RTCP packet (RFC 3550 section 6)."""
