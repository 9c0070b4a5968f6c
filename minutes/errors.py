"""What can be wrong with a record, and whose fault it is."""


class RecordError(Exception):
    """Root of this package's errors; the text may be shown to an official."""


class NotFound(RecordError):
    """No such document, or none that the asker may see."""


class InvalidContent(RecordError):
    """The sender's content breaks a rule. `field` is the path of the offending value, as in "votes[2].for"."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class SecretContent(InvalidContent):
    """The text carries a mark of state secrecy; such a document must never enter this system."""


class Refused(RecordError):
    """The act is not possible in this state of the document, or not for this person. `code` is stable."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class Conflict(RecordError):
    """Somebody else saved the text first. `current` is the version that is now the newest."""

    def __init__(self, current: int) -> None:
        super().__init__(f"Văn bản đã có phiên bản mới hơn (phiên bản {current})")
        self.current = current


class WrongPin(RecordError):
    """The PIN does not open the key."""


class SigningFailed(RecordError):
    """The signature could not be made, or the signed file did not validate and was thrown away."""


class Damaged(RecordError):
    """An archived file is missing or its bytes are no longer those that were deposited."""
