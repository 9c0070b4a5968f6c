"""What in a text looks like information about a person: offered to whoever decides, never taken out by itself."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from minutes.content import Content
from minutes.errors import N_, Reason, Refused
from minutes.redaction import GAP, LONGEST, Ground, plain, prose

MOST_SUGGESTED = 100
_APART = r"(?:[^\S\n]{1,3}|[^\S\n]?[.\-\u2010-\u2015][^\S\n]?)?"
"""How people set the digits of a number apart, and Word, which keeps its parts on one line by a space of its own."""
_SET = r"(?:[^\S\n]{1,3}|[\-\u2010-\u2015])?"
"""The same without the dots that sums of money have."""
_BAR = r"\s{0,2}[/.\-]\s{0,2}"
_DAY = rf"(?:ngày\s{{1,3}})?\d{{1,2}}(?:{_BAR}|\s{{1,3}}tháng\s{{1,3}})\d{{1,2}}(?:{_BAR}|\s{{1,3}}năm\s{{1,3}})\d{{4}}"

_LOOKS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        N_("Số điện thoại"): re.compile(
            rf"(?<![\w.])((?:\+84|0)(?:{_APART}\d){{9,10}}|\(0\d{{1,3}}\)(?:{_APART}\d){{6,8}})(?!\d)"
        ),
        N_("Số định danh, căn cước, chứng minh nhân dân"): re.compile(
            rf"(?<![\w.])(\d{{12}}|0(?:{_SET}\d){{11}})(?!\d)"
            rf"|(?:CMND|CCCD|căn cước|định danh|chứng minh)[^\d\n]{{0,30}}(\d(?:{_APART}\d){{8}})(?!\d)",
            re.IGNORECASE,
        ),
        N_("Ngày sinh, năm sinh"): re.compile(
            rf"(?:sinh\s{{1,3}}(?:ngày|năm)|ngày\s{{1,3}}sinh|năm\s{{1,3}}sinh)[\s:]{{1,3}}({_DAY}|\d{{4}})(?!\d)",
            re.IGNORECASE,
        ),
        N_("Địa chỉ nhà"): re.compile(
            r"(?:địa chỉ|thường trú|tạm trú|trú tại|cư trú|chỗ ở|nơi ở)"
            r"(?:\s{1,3}(?:hiện nay|thường trú|tại|ở)){0,2}[\s:]{1,3}([^;.\n()]{3,150})",
            re.IGNORECASE,
        ),
        N_("Thư điện tử"): re.compile(r"(?<![\w.+\-])([\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{2,63}){1,4})"),
        N_("Số tài khoản"): re.compile(
            r"(?:số tài khoản|STK|tài khoản số)[\s:]{1,3}(\d(?:[\d.\-]|[^\S\n]){5,24}\d)", re.IGNORECASE
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Words that may have to be left out; `what` (a msgid) is what they look like."""

    words: str
    what: str
    ground: Ground = Ground.PERSONAL


def suggested(content: Content) -> tuple[Suggestion, ...]:
    """What looks like personal data, in the order in which it stands, each once."""
    found: dict[str, Suggestion] = {}
    for text in (unicodedata.normalize("NFC", one) for one in prose(content)):
        hits = [
            (hit.start(), plain(next(filter(None, hit.groups()))).rstrip(" ,"), what)
            for what, look in _LOOKS.items()
            for hit in look.finditer(text)
        ]
        for _, words, what in sorted(hits):
            if 2 <= len(words) <= LONGEST and GAP not in words:
                found.setdefault(words, Suggestion(words, what))
    return tuple(found.values())[:MOST_SUGGESTED]


def left_in(content: Content, why: str) -> str:
    """What the history is told when `content` is published as it stands: how much in it looks like personal data, and
    why that may be read ("" where there is none). Raises Refused("personal_data") where there is some and no reason."""
    found = suggested(content)
    if not found:
        return ""
    if not why:
        text = N_(
            "Chưa công khai: văn bản có %(count)s chỗ giống thông tin cá nhân. Xin lược bỏ trước khi công khai, hoặc "
            "ghi lý do công khai cả những chỗ đó."
        )
        raise Refused("personal_data", Reason(text, count=len(found)))
    kinds = "; ".join(dict.fromkeys(one.what[:1].lower() + one.what[1:] for one in found))
    return f"Công khai cả {len(found)} chỗ giống thông tin cá nhân ({kinds}), lý do: {why}"
