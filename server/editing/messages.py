"""Operations out of what a page sends, every length bounded."""

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from minutes.reading import MANY, PARAGRAPH
from rooms import BadMessage, delta
from rooms.fields import demand_fit
from server.editing.sheet import Move, Operation, Put, Remove, Restore, Set, Write
from server.errors import Problem

MOST_OPERATIONS = 200
"""In one message."""
_LONGEST = 20 * PARAGRAPH
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LIST = re.compile(r"[A-Za-z0-9_.-]{1,64}(/(rows|columns|body))?")

Message = Mapping[str, Any]


def decoded(frame: str) -> dict[str, Any]:
    """One message: an object with a "type". Raises Problem("bad_message")."""
    try:
        found = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise Problem("bad_message") from error
    if not isinstance(found, dict) or not isinstance(found.get("type"), str):
        raise Problem("bad_message")
    return found


def operations(message: Message) -> list[Operation]:
    """What a message of the type "do" wants done, in order. Raises Problem("bad_message")."""
    wanted, source = message.get("operations"), name(message.get("source"))
    if not isinstance(wanted, list) or len(wanted) > MOST_OPERATIONS:
        raise Problem("bad_message")
    return [_operation(one, source) for one in wanted]


def name(value: object) -> str:
    """An id, or a name of a page or a field. Raises Problem("bad_message")."""
    if not isinstance(value, str) or _NAME.fullmatch(value) is None:
        raise Problem("bad_message")
    return value


def _operation(value: object, source: str) -> Operation:
    if not isinstance(value, dict) or not isinstance(value.get("do"), str) or value["do"] not in _READERS:
        raise Problem("bad_message")
    return _READERS[value["do"]](value, source, _number(value.get("number")))


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise Problem("bad_message")
    return value


def _after(value: object) -> str | None:
    return None if value is None else name(value)


def text(value: object, limit: int) -> str:
    """A text without what no record takes. Raises Problem("bad_message")."""
    if not isinstance(value, str) or len(value) > limit:
        raise Problem("bad_message")
    try:
        demand_fit(value)
    except BadMessage as error:
        raise Problem("bad_message") from error
    return value


def _write(one: Message, source: str, number: int) -> Write:
    try:
        change = delta.read(one.get("delta"), _LONGEST)
    except ValueError as error:
        raise Problem("bad_message") from error
    text(delta.inserted(change), _LONGEST)
    return Write(name(one.get("block")), name(one.get("field")), _number(one.get("revision")), change, source, number)


def _put(one: Message, source: str, number: int) -> Put:
    where = one.get("list")
    if not isinstance(where, str) or _LIST.fullmatch(where) is None:
        raise Problem("bad_message")
    texts = {name(key): text(words, _LONGEST) for key, words in _object(one.get("texts")).items()}
    values = {name(key): text(words, 40) for key, words in _object(one.get("values")).items()}
    inner = {name(key): _names(ids) for key, ids in _object(one.get("inner")).items()}
    return Put(
        where,
        name(one.get("id")),
        _after(one.get("after")),
        name(one.get("kind")),
        source,
        number,
        texts,
        values,
        inner,
    )


def _object(value: object) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > 20 * MANY:
        raise Problem("bad_message")
    return value


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > MANY:
        raise Problem("bad_message")
    return tuple(name(one) for one in value)


_READERS: Mapping[str, Callable[[Message, str, int], Operation]] = MappingProxyType(
    {
        "write": _write,
        "put": _put,
        "remove": lambda one, source, number: Remove(name(one.get("block")), source, number),
        "restore": lambda one, source, number: Restore(name(one.get("block")), source, number),
        "move": lambda one, source, number: Move(name(one.get("block")), _after(one.get("after")), source, number),
        "set": lambda one, source, number: Set(
            name(one.get("block")), name(one.get("field")), text(one.get("value"), 40), source, number
        ),
    }
)
