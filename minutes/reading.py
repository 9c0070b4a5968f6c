"""Takes typed, bounded values out of a JSON object and complains with the path of the field."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Any, TypeVar

from minutes.errors import N_, InvalidContent, Reason

VIETNAM = timezone(timedelta(hours=7), "+07")

LINE = 500
PARAGRAPH = 10_000
MANY = 500
"""Rows of a list that people edit."""
CROWD = 20_000
"""Rows of a list that the meeting itself gives: people, their times, their ballots."""
MAX_COUNT = 100_000

CHOICES = ("for", "against", "abstain", "none", "lost", "absent")
_BALLOT = Reason(N_("phải là [họ tên, một trong %(known)s]"), known=", ".join(CHOICES))

T = TypeVar("T")

# Controls, half surrogate pairs, and what turns the direction of writing: printed text must read as it is stored.
REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Reader:
    """One JSON object; each method takes one field out of it. `limit` counts characters."""

    def __init__(self, data: object, path: str) -> None:
        if not isinstance(data, dict):
            raise InvalidContent(path, Reason(N_("phải là một đối tượng JSON")))
        self._left: dict[str, Any] = dict(data)
        self._path = path

    def at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def finish(self) -> None:
        for name in self._left:
            raise InvalidContent(self.at(str(name)[:80]), Reason(N_("không có trường này")))

    def _take(self, name: str) -> Any:
        if name not in self._left:
            raise InvalidContent(self.at(name), Reason(N_("thiếu")))
        return self._left.pop(name)

    def text(self, name: str, limit: int, *, empty: bool = False) -> str:
        return _checked_text(self._take(name), self.at(name), limit, empty=empty)

    def line(self, name: str, *, empty: bool = False) -> str:
        return self.text(name, LINE, empty=empty)

    def later_text(self, name: str, limit: int) -> str:
        """Of a field that older documents do not have."""
        return self.text(name, limit, empty=True) if name in self._left else ""

    def later_line(self, name: str) -> str | None:
        """As optional_line, of a field that older documents do not have."""
        return self.optional_line(name) if name in self._left else None

    def later_lines(self, name: str) -> tuple[str, ...]:
        """As lines, of a field that older documents do not have."""
        return self.lines(name) if name in self._left else ()

    def later_rows(self, name: str, read: Callable[["Reader"], T], limit: int = MANY) -> tuple[T, ...]:
        """As rows, of a field that older documents do not have."""
        return self.rows(name, read, limit) if name in self._left else ()

    def later_choice(self, name: str, known: tuple[str, ...]) -> str | None:
        """One of `known` or None, of a field that older documents do not have."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.choice(name, known)

    def later_object(self, name: str, read: Callable[["Reader"], T]) -> T | None:
        """An object or None, of a field that older documents do not have."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        reader = Reader(value, self.at(name))
        found = read(reader)
        reader.finish()
        return found

    def optional_line(self, name: str) -> str | None:
        value = self._take(name)
        return None if value in (None, "") else _checked_text(value, self.at(name), LINE)

    def _list(self, name: str, limit: int = MANY) -> list[Any]:
        value = self._take(name)
        if not isinstance(value, list):
            raise InvalidContent(self.at(name), Reason(N_("phải là một danh sách")))
        if len(value) > limit:
            raise InvalidContent(self.at(name), Reason(N_("quá %(limit)s dòng"), limit=limit))
        return value

    def lines(self, name: str, limit: int = LINE, *, empty: bool = False) -> tuple[str, ...]:
        path = self.at(name)
        return tuple(_checked_text(item, f"{path}[{i}]", limit, empty=empty) for i, item in enumerate(self._list(name)))

    def cells(self, name: str, width: int) -> tuple[tuple[str, ...], ...]:
        """Rows of `width` texts each, which may be empty."""
        path = self.at(name)
        found = []
        for index, row in enumerate(self._list(name)):
            if not isinstance(row, list) or len(row) != width:
                raise InvalidContent(f"{path}[{index}]", Reason(N_("phải có đủ %(width)s ô"), width=width))
            cells = enumerate(row)
            found.append(
                tuple(_checked_text(cell, f"{path}[{index}][{i}]", PARAGRAPH, empty=True) for i, cell in cells)
            )
        return tuple(found)

    def rows(self, name: str, read: Callable[["Reader"], T], limit: int = MANY) -> tuple[T, ...]:
        rows = []
        for index, item in enumerate(self._list(name, limit)):
            reader = Reader(item, f"{self.at(name)}[{index}]")
            rows.append(read(reader))
            reader.finish()
        return tuple(rows)

    def later_count(self, name: str) -> int | None:
        """As count, or None, of a field that older documents do not have."""
        if self._left.get(name) is None:
            self._left.pop(name, None)
            return None
        return self.count(name)

    def count(self, name: str) -> int:
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COUNT:
            raise InvalidContent(self.at(name), Reason(N_("phải là số nguyên từ 0 đến %(limit)s"), limit=MAX_COUNT))
        return value

    def flag(self, name: str) -> bool:
        value = self._take(name)
        if not isinstance(value, bool):
            raise InvalidContent(self.at(name), Reason(N_("phải là true hoặc false")))
        return value

    def choice(self, name: str, known: tuple[str, ...]) -> str:
        value = self._take(name)
        if not isinstance(value, str) or value not in known:
            raise InvalidContent(self.at(name), Reason(N_("phải là một trong %(known)s"), known=", ".join(known)))
        return str(value)

    def time(self, name: str) -> datetime:
        return _checked_time(self._take(name), self.at(name))

    def day(self, name: str) -> date:
        value = self.optional_date(name)
        if value is None:
            raise InvalidContent(self.at(name), Reason(N_("để trống")))
        return value

    def optional_date(self, name: str) -> date | None:
        value = self._take(name)
        if value in (None, ""):
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise InvalidContent(self.at(name), Reason(N_("phải là ngày dạng 2026-02-28"))) from None

    def intervals(self, name: str) -> tuple[tuple[datetime, datetime], ...]:
        path = self.at(name)
        found: list[tuple[datetime, datetime]] = []
        for index, pair in enumerate(self._list(name, CROWD)):
            if not isinstance(pair, list) or len(pair) != 2:
                raise InvalidContent(f"{path}[{index}]", Reason(N_("phải là [từ, đến]")))
            start, end = (_checked_time(moment, f"{path}[{index}]") for moment in pair)
            if end < start or (found and start < found[-1][1]):
                raise InvalidContent(f"{path}[{index}]", Reason(N_("thời gian không theo thứ tự")))
            found.append((start, end))
        return tuple(found)

    def ballots(self, name: str) -> tuple[tuple[str, str], ...]:
        path = self.at(name)
        found = []
        for index, pair in enumerate(self._list(name, CROWD)):
            if not isinstance(pair, list) or len(pair) != 2 or pair[1] not in CHOICES:
                raise InvalidContent(f"{path}[{index}]", _BALLOT)
            found.append((_checked_text(pair[0], f"{path}[{index}]", LINE), str(pair[1])))
        return tuple(found)


def _checked_text(value: object, path: str, limit: int, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise InvalidContent(path, Reason(N_("phải là chữ")))
    if REFUSED.search(value):
        raise InvalidContent(path, Reason(N_("có ký tự điều khiển")))
    if not value.strip() and not empty:
        raise InvalidContent(path, Reason(N_("để trống")))
    if len(value) > limit:
        raise InvalidContent(path, Reason(N_("dài quá %(limit)s ký tự"), limit=limit))
    return value


def _checked_time(value: object, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]
        if moment.tzinfo is None or not 1900 < moment.year < 9000:
            raise ValueError
    except (TypeError, ValueError):
        reason = Reason(N_("phải là thời điểm có múi giờ, dạng 2026-02-05T08:00:00+07:00"))
        raise InvalidContent(path, reason) from None
    return moment.astimezone(VIETNAM)
