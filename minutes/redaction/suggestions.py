"""What in a text looks like information about a person: offered to whoever decides, never taken out by itself."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
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

_MONEY = r"(?![^\S\n]?(?:đồng|đ|VND|VNĐ|triệu|tỷ)\b)"

_LOOKS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        N_("Số điện thoại"): re.compile(
            rf"(?<![\w.])(\(?(?:\+|00)84\)?(?:{_APART}\(?0\)?)?(?:{_APART}\d){{9,10}}|0(?:{_APART}\d){{9,10}}"
            rf"|\(0\d{{1,3}}\)(?:{_APART}\d){{6,8}})(?!\d)"
        ),
        N_("Số định danh, căn cước, chứng minh nhân dân"): re.compile(
            rf"(?<![\w.])(\d{{12}}|0(?:{_SET}\d){{11}})(?!\d)"
            rf"|(?:CMND|CCCD|căn cước|định danh|chứng minh)[^\d\n]{{0,30}}(\d(?:{_APART}\d){{8}})(?!\d)",
            re.IGNORECASE,
        ),
        N_("Số hộ chiếu"): re.compile(
            r"(?<![\w.:$/\-])((?!A1048576)[A-Z]\d{7,8})(?![\w\-])"  # but the last row of a sheet
            rf"|(?i:hộ chiếu|passport)[^\d\n]{{0,30}}(?<!\w)([A-Za-z](?:{_APART}\d){{7,8}})(?!\w)"
        ),
        N_("Số bảo hiểm xã hội"): re.compile(
            rf"(?:BHXH|BHYT|bảo hiểm (?:xã hội|y tế))[^\d\n]{{0,30}}(\d(?:{_SET}\d){{9}})(?!\d){_MONEY}"
            rf"|(?<![\w.])(\d{{10}})(?!\d){_MONEY}[^\d\n]{{1,20}}(?:BHXH|bảo hiểm xã hội)",
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
    """Words that may have to be left out; `what` (a msgid) is what they look like. `file`: the name of the file that
    goes with the document and has them; "": the document itself."""

    words: str
    what: str
    ground: Ground = Ground.PERSONAL
    file: str = ""


def suggested(content: Content) -> tuple[Suggestion, ...]:
    """What looks like personal data, in the order in which it stands, each once."""
    return suggested_in(prose(content))


def suggested_in(texts: Iterable[str]) -> tuple[Suggestion, ...]:
    """The same of texts."""
    found: dict[str, Suggestion] = {}
    for text in (unicodedata.normalize("NFC", one) for one in texts):
        read = text.translate(_READ_AS)
        hits = [
            (hit.start(), plain(text[slice(*hit.span(hit.lastindex or 0))]).rstrip(" ,"), what)
            for what, look in _LOOKS.items()
            for hit in look.finditer(read)
        ]
        for _, words, what in sorted(hits):
            if 2 <= len(words) <= LONGEST and GAP not in words:
                found.setdefault(words, Suggestion(words, what))
        if len(found) >= MOST_SUGGESTED:
            break
    return tuple(found.values())[:MOST_SUGGESTED]


class _Read(dict[int, str]):
    """As what a sign is read, one sign for one: the wide figures of East Asian keyboards, and those of other scripts,
    are figures to everybody who reads them."""

    def __missing__(self, sign: int) -> str:
        plainer = unicodedata.normalize("NFKC", chr(sign))
        kept = plainer if len(plainer) == 1 else chr(sign)
        self[sign] = str(unicodedata.decimal(kept, kept))
        return self[sign]


_READ_AS = _Read()


def left_in(content: Content, why: str, in_files: Sequence[Suggestion] = ()) -> str:
    """What the history is told when `content` is published as it stands, with its files: how much in it and `in_files`
    looks like personal data, and why that may be read ("" where there is none). Raises Refused("personal_data") where
    there is some and no reason."""
    found = (*suggested(content), *in_files)
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
