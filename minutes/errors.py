"""What can be wrong with a record, and whose fault it is; and why, as a value that can be said in any language."""

from collections.abc import Mapping


def N_(text: str) -> str:
    """Mark `text` as a msgid."""
    return text


class Reason(str):
    """One sentence or half of one: itself in Vietnamese, and `text` (a msgid) with `values` for other languages.

    A value may be a Reason too. Without values the text is taken as it is.
    """

    __slots__ = ("text", "values")
    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, **values: object) -> "Reason":
        made = super().__new__(cls, text % values if values else text)
        made.text = text
        made.values = values
        return made


class RecordError(Exception):
    """Root of this package's errors; the reason may be shown to an official."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason: str = reason


class NotFound(RecordError):
    """No such document, or none that the asker may see."""


class InvalidContent(RecordError):
    """The sender's content breaks a rule. `field` is the path of the offending value, as in "votes[2].for"."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SeveralWrong(InvalidContent):
    """Several fields of a form are wrong; `field` and `reason` are those of the first of `errors`."""

    def __init__(self, errors: tuple[InvalidContent, ...]) -> None:
        super().__init__(errors[0].field, errors[0].reason)
        self.errors = errors


class UnprintableContent(InvalidContent):
    """The text has a `sign` (one character or a few that belong together) that the typeface lacks."""

    def __init__(self, field: str, sign: str) -> None:
        code = f"{ord(sign[0]):04X}"
        super().__init__(
            field, Reason(N_("có ký tự “%(sign)s” (U+%(code)s) không in được, hãy bỏ đi"), sign=sign, code=code)
        )
        self.sign = sign


class UnfilledContent(InvalidContent):
    """A template's "…" still waits for its author, in `line`."""

    def __init__(self, field: str, line: str) -> None:
        super().__init__(field, line)
        self.line = line


class SecretContent(InvalidContent):
    """The text carries a mark of state secrecy; such a document must never enter this system."""


class Refused(RecordError):
    """The act is not possible in this state of the document, or not for this person. `code` is stable."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


CLOCK_BEHIND = N_(
    "Đồng hồ máy chủ đang chậm: máy báo %(now)s, trong khi bản ghi mới nhất đề %(newest)s. Hệ thống tạm thời chưa "
    "cấp số và chưa ký điểm chốt của kho lưu trữ; xin báo cán bộ kỹ thuật kiểm tra giờ máy chủ."
)


class ClockBehind(Refused):
    """This machine's clock is behind what was dated last. The reason's values: both times, "now" and "newest"."""

    def __init__(self, reason: Reason) -> None:
        super().__init__("clock_behind", reason)
        self.reason: Reason = reason


class Conflict(RecordError):
    """Somebody else saved the text first. `current` is the version that is now the newest."""

    def __init__(self, current: int) -> None:
        super().__init__(Reason(N_("Văn bản đã có phiên bản mới hơn (phiên bản %(current)s)."), current=current))
        self.current = current


class WrongPin(RecordError):
    """The PIN does not open the key."""


class SigningFailed(RecordError):
    """The signature could not be made, or the signed file did not validate and was thrown away."""


class Unproved(SigningFailed):
    """What would prove a signature cannot be had now; without it it can be signed, and waits."""


class NoTimeStamp(Unproved):
    """The time-stamping service cannot be reached or does not answer as it should."""


class NoStatus(Unproved):
    """No authority has said anything that still holds about a certificate."""


class Damaged(RecordError):
    """An archived file is missing or its bytes are no longer those that were deposited."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Withheld(Damaged):
    """Its key is out of reach until somebody has decided: nobody can read it."""


class Erased(Damaged):
    """Its key was destroyed, lawfully and on record: it is not damaged, but nobody will ever read it."""
