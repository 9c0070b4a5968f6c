"""Texts in three languages: Vietnamese is the source (msgid), English and Japanese are complete catalogues."""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Literal

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from web import LOCALES, STATIC

LANGUAGES = ("vi", "en", "ja")
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no daylight saving time


def N_(text: str) -> str:
    """Mark `text` for translation."""
    return text


class _ForOutsiders(NullTranslations):
    """Vietnamese for who is no official: an office calls its own people đồng chí, and everybody else ông, bà."""

    def gettext(self, message: str) -> str:
        return message.replace("đồng chí", "ông (bà)").replace("Đồng chí", "Ông (bà)")

    ugettext = gettext  # by which Jinja2 asks


@cache
def catalogue(language: str, official: bool = True) -> NullTranslations:
    """gettext catalogue of `language`; Vietnamese, as it is said to officials, needs none."""
    file = LOCALES / language / "LC_MESSAGES" / "giaoban.po"
    if language == "vi" or not file.exists():
        return NullTranslations() if official else _ForOutsiders()
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=language))
    compiled.seek(0)
    return Translations(compiled)


_SCRIPT_TEXT = re.compile(r"""\bt\(\s*("(?:[^"\\]|\\.)*")""")


@cache
def script_texts() -> tuple[str, ...]:
    """Every msgid that the scripts show: t("…") in web/static/js."""
    found: dict[str, None] = {}
    for file in sorted(Path(STATIC / "js").rglob("*.js")):
        for literal in _SCRIPT_TEXT.findall(file.read_text(encoding="utf-8")):
            found[json.loads(literal)] = None
    return tuple(found)


@cache
def script_strings(language: str, official: bool = True) -> Mapping[str, str]:
    """msgid -> text in `language`, for the scripts of a page."""
    translations = catalogue(language, official)
    return {text: translations.gettext(text) for text in script_texts()}


def choose(header: str | None, cookie: str | None) -> str:
    """The reader's language: their own choice, else Accept-Language (RFC 9110 12.5.4), else Vietnamese."""
    if cookie in LANGUAGES:
        return cookie
    wishes: list[tuple[float, str]] = []
    for part in (header or "")[:500].split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((float(quality) if quality else 1.0, tag[:2].lower()))
        except ValueError:
            continue
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if tag in LANGUAGES:
            return tag
    return "vi"


@dataclass(frozen=True, slots=True)
class Reader:
    """One reader's language: texts and dates as they expect them. `official`: signed in as one."""

    language: str
    official: bool = True

    def gettext(self, text: str, **values: object) -> str:
        """`text` in the reader's language with %(name)s filled in."""
        translated: str = catalogue(self.language, self.official).gettext(text)
        return translated % values if values else translated

    def ngettext(self, text: str, count: int) -> str:
        """`text` in the reader's language, in the form that goes with `count`, which stands for %(count)s."""
        translated: str = catalogue(self.language, self.official).ngettext(text, text, count)
        return translated % {"count": count}

    def local_day(self, day: date) -> str:
        """A day as the reader writes it: 05/02/2026, in Japanese 2026/02/05."""
        return day.strftime("%Y/%m/%d" if self.language == "ja" else "%d/%m/%Y")

    def local_time(self, moment: datetime | None, style: Literal["datetime", "date", "time"] = "datetime") -> str:
        """`moment` (aware) in Viet Nam's time, as an office writes it: 08 giờ 00, ngày 05/02/2026."""
        if moment is None:
            return ""
        local = moment.astimezone(VIETNAM)
        clock, day = local.strftime("%H:%M"), self.local_day(local)
        if style == "date":
            return day
        if style == "time":
            return clock
        return self.gettext(N_("%(clock)s, ngày %(day)s"), clock=clock, day=day)
