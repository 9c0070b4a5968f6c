"""What can be wrong with a message. `code` is for programs; the server says it in the reader's language."""

from __future__ import annotations

ERROR_CODES = frozenset(
    {
        "bad_message",
        "not_allowed",
        "not_open",
        "already_open",
        "closed",
        "cancelled",
        "unknown_item",
        "item_dealt_with",
        "agenda_full",
        "unknown_participant",
        "unknown_vote",
        "vote_open",
        "vote_closed",
        "no_quorum",
        "no_proxy",
        "proxy_taken",
        "limit_reached",
        "not_late",
        "not_missed",
        "late_secret",
        "has_voted",
        "not_eligible",
        "no_microphone",
        "interprets",
        "wrong_person",
        "not_offered",
        "unknown_conclusion",
        "unknown_unit",
        "chat_locked",
        "unknown_message",
        "behind",
        "groups_running",
        "unknown_group",
        "unknown_site",
        "unknown_channel",
        "unknown_paper",
        "unknown_page",
        "sharing_busy",
        "empty_text",
        "too_long",
        "bad_deadline",
        "past_deadline",
        # The server's edge alone gives these.
        "unheard",
        "cut_off",
        "media_refused",
        "busy",
        "secret_marking",
        "recording_unavailable",
        "captions_unavailable",
    }
)


class RoomError(Exception):
    """`code` is one of ERROR_CODES."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class BadMessage(RoomError):
    """The sender's program is at fault: the message cannot be read. `detail` is for its maker."""


class Refused(RoomError):
    """The message is sound, but not now or not from this person. Nothing has changed. `values` are what the sentence
    about the code tells besides."""

    def __init__(self, code: str, detail: str = "", **values: object) -> None:
        super().__init__(code, detail)
        self.values = values
