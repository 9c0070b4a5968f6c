"""Marks of state secrecy: a text that bears one may not enter the system (Law 117/2025/QH15 and its predecessors)."""

import re
import unicodedata

from minutes.errors import N_, Reason, SecretContent

_SPACE = r"[\s.,:;_\-]*"
_GRADED = re.compile(rf"(?<!\w)(?:t\s*ố\s*i|t\s*u\s*y\s*ệ\s*t){_SPACE}m\s*ậ\s*t(?!\w)", re.IGNORECASE)
_DECLARED = re.compile(rf"(?<!\w)độ\s+mật{_SPACE}(?:mật|tối|tuyệt)", re.IGNORECASE)
# Upper-case MẬT is also part of ordinary words: bảo mật, bí mật, mật độ, mật khẩu, mật ong…
_PLAIN = re.compile(
    r"(?<!\w)(?<!BẢO\s)(?<!BÍ\s)(?<!CƠ\s)(?<!NỘI\s)M ?Ậ ?T(?! (?:ĐỘ|KHẨU|ONG|MÃ|THIẾT|NGHỊ)(?!\w))(?!\w)"
)
_INVISIBLE = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))


def secrecy_mark(text: str) -> str | None:
    """The mark found in `text` ("MẬT", "TỐI MẬT", "TUYỆT MẬT" in any Unicode form), or None."""
    plain = unicodedata.normalize("NFKC", text.translate(_INVISIBLE))
    plain = re.sub(r"[^\S\n]+", " ", plain)
    for pattern in (_GRADED, _DECLARED, _PLAIN):
        found = pattern.search(plain)
        if found:
            return found.group().upper()
    return None


def refuse_secrets(field: str, text: str) -> None:
    """Raises SecretContent naming the field when `text` bears a mark of secrecy."""
    mark = secrecy_mark(text)
    if mark is not None:
        text = N_("có dấu chỉ độ mật “%(mark)s”; không được đưa bí mật nhà nước vào hệ thống này")
        raise SecretContent(field, Reason(text, mark=mark))
