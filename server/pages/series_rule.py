"""The rule of a series as fields of a form and back, and in words."""

import re
from collections.abc import Mapping
from datetime import date, datetime

from rooms.series import LAST, SPAN, ZONE, Rule
from server.i18n import N_, Reader

WEEKDAYS: Mapping[int, str] = {
    0: N_("thứ Hai"),
    1: N_("thứ Ba"),
    2: N_("thứ Tư"),
    3: N_("thứ Năm"),
    4: N_("thứ Sáu"),
    5: N_("thứ Bảy"),
    6: N_("Chủ nhật"),
}
NTH: Mapping[int, str] = {
    1: N_("đầu tiên"),
    2: N_("lần thứ hai"),
    3: N_("lần thứ ba"),
    4: N_("lần thứ tư"),
    LAST: N_("cuối cùng"),
}
AHEAD = 60
MOST = 200
"""Dates that may be asked for by number."""


def rule_rows(rule: Rule, ahead: int) -> dict[str, str]:
    """The fields of a rule, but for date and time, which the sheet has."""
    typed = {"until": rule.until.isoformat(), "ahead": str(ahead), "repeat": "week"}
    if rule.day:
        typed |= {"repeat": "day", "day": str(rule.day)}
    elif rule.nth:
        typed |= {"repeat": "nth", "nth": str(rule.nth), "nth_weekday": str(rule.weekdays[0])}
    else:
        typed |= {f"weekday.{one}": "1" for one in rule.weekdays}
    return typed


class RuleForm:
    """Reads a typed rule; `errors` has a sentence for each field that is wrong, in the reader's language."""

    def __init__(self, typed: Mapping[str, str], reader: Reader) -> None:
        self._typed = typed
        self._reader = reader
        self.errors: dict[str, str] = {}

    def read(self, begins: datetime) -> Rule | None:
        """The rule whose first date is not before that of `begins`, and whose time it has."""
        local = begins.astimezone(ZONE)
        number = self._number("number", 1, MOST) if self._typed.get("number", "").strip() else 0
        until = local.date() if number else self._until(local.date())
        chosen = self._days()
        if self.errors or until is None or chosen is None:
            return None
        weekdays, nth, day = chosen
        rule = Rule(local.time().replace(second=0, microsecond=0), local.date(), until, weekdays, nth, day)
        rule = rule.counting(number) if number else rule
        if not rule.days():
            self._wrong("until", N_("Không có ngày nào trong khoảng này."))
            return None
        return rule

    def ahead(self) -> int:
        """Days before the meeting on which its sheet is made."""
        return self._number("ahead", 0, AHEAD) or 0

    def _days(self) -> tuple[tuple[int, ...], int, int] | None:
        typed = self._typed
        match typed.get("repeat", ""):
            case "week":
                weekdays = tuple(one for one in WEEKDAYS if f"weekday.{one}" in typed)
                if not weekdays:
                    self._wrong("repeat", N_("Chưa chọn ngày họp trong tuần."))
                return weekdays, 0, 0
            case "nth":
                nth = {str(one): one for one in NTH}.get(typed.get("nth", ""))
                weekday = {str(one): one for one in WEEKDAYS}.get(typed.get("nth_weekday", ""))
                if nth is None or weekday is None:
                    self._wrong("repeat", N_("Chưa chọn ngày họp trong tháng."))
                    return None
                return (weekday,), nth, 0
            case "day":
                day = self._number("day", 1, 31)
                return None if day is None else ((), 0, day)
        self._wrong("repeat", N_("Chưa chọn họp hằng tuần hay hằng tháng."))
        return None

    def _until(self, first: date) -> date | None:
        try:
            until = date.fromisoformat(self._typed.get("until", ""))
        except ValueError:
            self._wrong("until", N_("Nhập ngày kết thúc hoặc số kỳ họp."))
            return None
        if until < first:
            self._wrong("until", N_("Ngày kết thúc trước ngày bắt đầu."))
        elif until - first > SPAN:
            self._wrong("until", N_("Lịch họp định kỳ dài nhất hai năm; hết hạn thì kéo dài tiếp."))
        return until

    def _number(self, field: str, least: int, most: int) -> int | None:
        typed = self._typed.get(field, "").strip()
        if not re.fullmatch(r"[0-9]{1,3}", typed) or not least <= int(typed) <= most:
            self._wrong(field, N_("Nhập một số từ %(least)s đến %(most)s."), least=least, most=most)
            return None
        return int(typed)

    def _wrong(self, field: str, sentence: str, **values: object) -> None:
        self.errors.setdefault(field, self._reader.gettext(sentence, **values))


def in_words(rule: Rule, reader: Reader) -> str:
    """The rule as a sentence."""
    clock = rule.at.strftime("%H:%M")
    names = [reader.gettext(WEEKDAYS[one]) for one in rule.weekdays]
    if rule.day:
        return reader.gettext(N_("Ngày %(day)s hằng tháng, %(clock)s"), day=rule.day, clock=clock)
    if rule.nth:
        nth = reader.gettext(NTH[rule.nth])
        return reader.gettext(N_("Hằng tháng, %(weekday)s %(nth)s, %(clock)s"), weekday=names[0], nth=nth, clock=clock)
    return reader.gettext(N_("Hằng tuần, %(weekdays)s, %(clock)s"), weekdays=", ".join(names), clock=clock)
