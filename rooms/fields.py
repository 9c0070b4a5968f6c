"""The fields of a client's message: how each is read from JSON, bounded, and refused.

A command declares its fields as `text: str = field(metadata=read_by(prose))`; what has a default may be left out. A
reader takes the field's name and its JSON value and returns the value, or raises BadMessage.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

from rooms.errors import BadMessage

Reader = Callable[[str, object], Any]

MAX_TEXT = 2000  # characters: a question put to the vote, a conclusion
MAX_LINE = 200  # characters: a title, a name
MAX_ID = 100  # characters: any identifier
MAX_SDP = 100_000  # characters; the frame itself is bounded at 131,072 bytes

# Soft hyphen, zero-width space, word joiner, byte order mark: they come along unseen when text is pasted, and mean
# nothing in it.
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))

_SDP_SPACE = dict.fromkeys(map(ord, "\r\n\t"))

# Categories of Unicode that no record takes: control, format (among them the marks that turn the direction of
# writing, so that a record would read otherwise than it is), lone surrogate, private use, unassigned (with the
# noncharacters, which XML and PDF refuse), and the separators of lines and paragraphs.
_REFUSED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Command:
    """What somebody wants. The subclasses are frozen dataclasses."""

    __slots__ = ()


def read_by(reader: Reader, words: Callable[[Any], Iterable[str]] | None = None) -> Mapping[str, Any]:
    """The metadata of a dataclass field that a client fills. `words`: what of its value comes on record in somebody's
    own words; of `prose` and `line` that is all of it."""
    return {"reader": reader, "words": (lambda text: (text,)) if reader in WORDS else words}


def names(command: type[Command]) -> tuple[str, ...]:
    """The fields of a command, in their order."""
    return tuple(field.name for field in fields(command))  # type: ignore[arg-type]  # every Command is a dataclass


def read(command: type[Command], payload: Mapping[str, object]) -> Command:
    """The command in a message whose type is known. Null means the same as absent. Raises BadMessage."""
    found = {}
    for field in fields(command):  # type: ignore[arg-type]
        value = payload.get(field.name)
        if value is not None or (field.default is MISSING and field.default_factory is MISSING):
            found[field.name] = field.metadata["reader"](field.name, value)
    return command(**found)


def texts(command: Command) -> Iterator[str]:
    """What a command would bring on record in somebody's own words."""
    for field in fields(command):  # type: ignore[arg-type]
        words, value = field.metadata.get("words"), getattr(command, field.name)
        if words is not None and value is not None:
            yield from words(value)


def has_words(command: type[Command]) -> bool:
    """Whether messages of the kind carry somebody's own words."""
    return any(field.metadata.get("words") for field in fields(command))  # type: ignore[arg-type]


def clean(text: str, limit: int, *, name: str = "text", lines: bool = False) -> str:
    """What somebody wrote, as it may come on record: in Unicode normal form C (one form for each Vietnamese letter,
    however the keyboard composed it), without outer white space, of 1 to `limit` characters. Only with `lines` may
    it have more than one line; otherwise each stretch of white space becomes one space. Raises BadMessage with the
    code too_long, empty_text, or bad_message (a character that may not be in it); the detail says `name`."""
    if len(text) > limit:  # before there is work to do
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").translate(_UNSEEN)
    demand_fit(text, name=name)
    text = text.strip() if lines else " ".join(text.split())
    if not text:
        raise BadMessage("empty_text", f'"{name}" is empty')
    if len(text) > limit:  # a few characters become more in normal form
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    return text


def demand_fit(text: str, *, name: str = "text") -> None:
    """Raises BadMessage for a text with a character that no record takes."""
    for character in text:
        if unicodedata.category(character) in _REFUSED and character not in "\t\n":
            raise BadMessage("bad_message", f'"{name}" has the character U+{ord(character):04X}')


def flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise BadMessage("bad_message", f'"{name}" is true or false')
    return value


def string(name: str, value: object, limit: int) -> str:
    if not isinstance(value, str):
        raise BadMessage("bad_message", f'"{name}" is a string')
    if len(value) > limit:
        raise BadMessage("too_long", f'"{name}" has at most {limit} characters')
    return value


def identifier(name: str, value: object) -> str:
    text = string(name, value, MAX_ID)
    if not text or not text.isprintable():
        raise BadMessage("bad_message", f'"{name}" is an identifier')
    return text


def identifiers(limit: int) -> Reader:
    """A list of at most `limit` different identifiers, as a tuple."""

    def reader(name: str, value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(value) > limit:
            raise BadMessage("bad_message", f'"{name}" has at most {limit} identifiers')
        return tuple(dict.fromkeys(identifier(name, one) for one in value))

    return reader


def prose(name: str, value: object) -> str:
    """Somebody's words for the record, with line breaks: at most MAX_TEXT characters."""
    return clean(string(name, value, MAX_TEXT), MAX_TEXT, name=name, lines=True)


def line(name: str, value: object) -> str:
    """Somebody's words for the record, in one line: at most MAX_LINE characters."""
    return clean(string(name, value, MAX_LINE), MAX_LINE, name=name)


# What is searched for the markings of state secrets.
WORDS = frozenset({prose, line})


def sdp(name: str, value: object) -> str:
    text = string(name, value, MAX_SDP)
    if not text.startswith("v=0") or not text.translate(_SDP_SPACE).isprintable():
        raise BadMessage("bad_message", f'"{name}" is a session description')
    return text


def count(name: str, value: object, limit: int) -> int:
    if type(value) is not int or not 1 <= value <= limit:
        raise BadMessage("bad_message", f'"{name}" has integers from 1 to {limit}')
    return value


def up_to(limit: int) -> Reader:
    """An integer from 1 to `limit`."""
    return lambda name, value: count(name, value, limit)


def one_of(*choices: str) -> Reader:
    """One of the words."""

    def reader(name: str, value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise BadMessage("bad_message", f'"{name}" is {", ".join(choices[:-1])} or {choices[-1]}')
        return value

    return reader


def day(name: str, value: object) -> date:
    text = string(name, value, MAX_ID)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadMessage("bad_deadline", f'"{name}" is a day written YYYY-MM-DD')
