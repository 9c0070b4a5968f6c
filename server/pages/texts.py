"""What somebody has typed in one line, as it may come on record."""

from minutes.secrecy import secrecy_mark
from rooms import BadMessage, fields
from server.errors import ANSWERS
from server.i18n import N_

EMPTY, TOO_LONG = N_("Nội dung này còn để trống."), N_("Dài quá %(limit)s ký tự.")


class Unfit(Exception):
    """A text may not come on record; the message is a msgid."""


def on_record(typed: str, limit: int) -> str:
    """One line as it may come on record: in one Unicode form, nothing unprintable, no mark of secrecy. Raises Unfit."""
    if secrecy_mark(typed):
        raise Unfit(ANSWERS["secret_marking"].text)
    try:
        return fields.clean(typed, limit)
    except BadMessage as error:
        faults = {"empty_text": EMPTY, "too_long": TOO_LONG}
        raise Unfit(faults.get(error.code, N_("Có ký tự không dùng được trong văn bản."))) from error
