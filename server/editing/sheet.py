"""A draft while it is written: lists of blocks with texts, and what an operation makes of it. No I/O.

All operations pass one writer, in whose order everybody sees them. Blocks keep their ids; what is taken out stays where
it was, unseen, so that it can be put back and "after that one" still means a place. Texts are merged letter by letter
(rooms.pad). Of two who meet:

* who writes in what another takes out keeps it: it comes back with both;
* of two who move one block, or set one value, the later counts;
* blocks put in at one place stand in the order in which they came, the last nearest to that place.

An operation is named by its page (`source`) and a number, so that what is told twice over a bad line is done once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from minutes.content import MAX_TEXT
from minutes.secrecy import secrecy_mark
from rooms import delta
from rooms.delta import Delta
from rooms.pad import Change, Pad, recalled
from server.editing.shapes import BLOCKS, CELL, HEAD, Part, Text
from server.errors import Problem

Json = dict[str, Any]
PAGES = 200
"""Pages whose last operation is known; forgotten, an operation that is told again is still done only once."""
MAX_ITEMS = 6000
"""Blocks, rows and columns of one draft, those that were taken out among them."""


@dataclass(frozen=True, slots=True)
class Item:
    """A block, or a row or a column of a table. `home` is the list that it is in."""

    kind: str
    home: str
    texts: Mapping[str, Pad] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def memory(self) -> Json:
        """What is kept of it; `remembered` gives it back."""
        texts = {name: pad.memory() for name, pad in self.texts.items()}
        return {"kind": self.kind, "home": self.home, "texts": texts, "values": dict(self.values)}


def remembered(value: Mapping[str, Any]) -> Item:
    """What `Item.memory` gave."""
    texts = {name: recalled(pad) for name, pad in value["texts"].items()}
    return Item(value["kind"], value["home"], texts, value["values"])


@dataclass(frozen=True, slots=True)
class Sheet:
    """`parts`: what the document has. `lists`: name -> ids in order, those `removed` among them; the rows of the table
    T are the list "T/rows", the blocks of the annex A "A/body". `written`: source -> the number of its last operation
    that was not on a text."""

    parts: Mapping[str, Part]
    lists: Mapping[str, tuple[str, ...]]
    items: Mapping[str, Item]
    removed: frozenset[str] = frozenset()
    written: Mapping[str, int] = field(default_factory=dict)

    def standing(self, name: str) -> tuple[str, ...]:
        """The ids of a list that are not taken out."""
        return tuple(id for id in self.lists.get(name, ()) if id not in self.removed)

    def text(self, id: str, name: str) -> str:
        """A text of a block; "" if nobody has written there."""
        pad = self.items[id].texts.get(name)
        return pad.text if pad else ""

    def to_json(self) -> Json:
        """All of it, as a page is told."""
        return {
            "lists": {name: list(ids) for name, ids in self.lists.items()},
            "items": {
                id: {
                    "kind": item.kind,
                    "home": item.home,
                    "values": dict(item.values),
                    "texts": {name: pad.to_json() for name, pad in item.texts.items()},
                }
                for id, item in self.items.items()
            },
            "removed": sorted(self.removed),
            "written": dict(self.written),
        }


@dataclass(frozen=True, slots=True)
class Write:
    """Change a text as it was at `revision`."""

    block: str
    field: str
    revision: int
    delta: Delta
    source: str
    number: int


@dataclass(frozen=True, slots=True)
class Put:
    """Put a new block into a list, after another or (None) at the beginning. `inner`: its own lists, by ids: the rows
    and columns of a new table, nothing yet of a new annex."""

    list: str
    id: str
    after: str | None
    kind: str
    source: str
    number: int
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    inner: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a block out of its list."""

    block: str
    source: str
    number: int


@dataclass(frozen=True, slots=True)
class Restore:
    """Put a block back that was taken out."""

    block: str
    source: str
    number: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move a block within its list."""

    block: str
    after: str | None
    source: str
    number: int


@dataclass(frozen=True, slots=True)
class Set:
    """Set a value of a block."""

    block: str
    field: str
    value: str
    source: str
    number: int


Operation = Write | Put | Remove | Restore | Move | Set


@dataclass(frozen=True, slots=True)
class Step:
    """What an operation made: the sheet, what everybody is told, and the ids of the blocks that are others now."""

    sheet: Sheet
    news: Json
    touched: frozenset[str]


def done(sheet: Sheet, operation: Operation, by: str) -> Step | None:
    """The step that an operation of the account `by` is; None if it was done before.

    Raises Problem: unknown_block, limit_reached, bad_message; rooms.Refused("behind") for a text that has changed too
    much since the page heard of it.
    """
    if isinstance(operation, Write):
        return _write(sheet, operation, by)
    if sheet.written.get(operation.source, -1) >= operation.number:
        return None
    if isinstance(operation, Put) and operation.id in sheet.items and sheet.items[operation.id].home == operation.list:
        return None
    step = _STRUCTURAL[type(operation)](sheet, operation)
    others = {source: number for source, number in sheet.written.items() if source != operation.source}
    written = {**dict(list(others.items())[1 - PAGES :]), operation.source: operation.number}
    news = {**step.news, "by": by, "source": operation.source, "number": operation.number}
    return Step(replace(step.sheet, written=written), news, step.touched)


def _known(sheet: Sheet, id: str) -> Item:
    found = sheet.items.get(id)
    if found is None:
        raise Problem("unknown_block")
    return found


def _movable(sheet: Sheet, id: str) -> Item:
    item = _known(sheet, id)
    part = sheet.parts.get(item.home)
    if part is not None and part.single:
        raise Problem("unknown_block")
    return item


def rule_of(sheet: Sheet, id: str, name: str) -> tuple[Text, tuple[str, ...]]:
    """What may stand in a text of a block, and which items it needs beside the block itself. Raises Problem."""
    item = _known(sheet, id)
    if item.kind != "table":
        found = BLOCKS[item.kind].texts.get(name)
        if found is None:
            raise Problem("unknown_block")
        return found, ()
    row, _, column = name.partition(".")
    needs = (column,) if row == HEAD else (row, column)
    homes = (f"{id}/columns",) if row == HEAD else (f"{id}/rows", f"{id}/columns")
    if any(one not in sheet.items or sheet.items[one].home != home for one, home in zip(needs, homes, strict=True)):
        raise Problem("unknown_block")
    return CELL, needs


def _around(sheet: Sheet, id: str) -> Iterator[str]:
    """The block, and what it is in: an annex, a table."""
    yield id
    while "/" in (home := sheet.items[id].home):
        id = home.partition("/")[0]
        yield id


def _write(sheet: Sheet, operation: Write, by: str) -> Step | None:
    rule, needs = rule_of(sheet, operation.block, operation.field)
    item = sheet.items[operation.block]
    put_in = delta.inserted(operation.delta)
    if "\n" in put_in and not rule.lines:
        raise Problem("bad_message")
    pad = item.texts.get(operation.field, Pad())
    change = Change(operation.delta, by, operation.source, operation.number)
    after = pad.merged(change, operation.revision, rule.limit)
    if after is None:
        return None
    if put_in and len(after.text) + sum(_lengths(sheet)) - len(pad.text) > MAX_TEXT:
        raise Problem("limit_reached")
    revived = frozenset({*_around(sheet, operation.block), *needs}) & sheet.removed
    changed = replace(item, texts={**item.texts, operation.field: after})
    items = {**sheet.items, operation.block: changed}
    news = {"do": "write", "block": operation.block, "field": operation.field, "revision": after.revision}
    news |= after.changes[-1].to_json() | {"revived": sorted(revived)}
    touched = frozenset({operation.block})
    return Step(replace(sheet, items=items, removed=sheet.removed - revived), news, touched)


def _lengths(sheet: Sheet) -> Iterator[int]:
    return (len(pad.text) for item in sheet.items.values() for pad in item.texts.values())


def _placed(ids: Iterable[str], id: str, after: str | None) -> tuple[str, ...]:
    """`id` behind `after`; at the end if that is not there."""
    rest = [one for one in ids if one != id]
    at = 0 if after is None else rest.index(after) + 1 if after in rest else len(rest)
    return (*rest[:at], id, *rest[at:])


def _taken(sheet: Sheet, name: str) -> tuple[tuple[str, ...], int]:
    """The kinds that a list takes, and how many of them. Raises Problem for what is no list to put something into."""
    part = sheet.parts.get(name)
    if part is not None and not part.single:
        return part.kinds, part.most
    table, _, inner = name.partition("/")
    if table in sheet.items and inner in BLOCKS[sheet.items[table].kind].inner:
        return BLOCKS[sheet.items[table].kind].inner[inner]
    raise Problem("unknown_block")


def _put(sheet: Sheet, operation: Put) -> Step:
    kinds, most = _taken(sheet, operation.list)
    ids = (operation.id, *(id for inner in operation.inner.values() for id in inner))
    if operation.kind not in kinds or len(set(ids)) != len(ids) or any(id in sheet.items for id in ids):
        raise Problem("bad_message")
    if len(sheet.standing(operation.list)) >= most or len(sheet.items) + len(ids) > MAX_ITEMS:
        raise Problem("limit_reached")
    made = _new(operation)
    items = {**sheet.items, **made}
    lists = {**sheet.lists, operation.list: _placed(sheet.lists.get(operation.list, ()), operation.id, operation.after)}
    lists |= {f"{operation.id}/{name}": tuple(inner) for name, inner in operation.inner.items()}
    after = replace(sheet, items=items, lists=lists)
    for name, pad in made[operation.id].texts.items():
        rule, _ = rule_of(after, operation.id, name)
        if len(pad.text) > rule.limit or ("\n" in pad.text and not rule.lines):
            raise Problem("limit_reached")
    if sum(_lengths(after)) > MAX_TEXT:
        raise Problem("limit_reached")
    news = {
        "do": "put",
        "list": operation.list,
        "id": operation.id,
        "after": operation.after,
        "kind": operation.kind,
        "texts": dict(operation.texts),
        "values": dict(made[operation.id].values),
        "inner": {name: list(inner) for name, inner in operation.inner.items()},
    }
    return Step(after, news, frozenset(ids))


def _new(operation: Put) -> dict[str, Item]:
    rule = BLOCKS[operation.kind]
    if set(operation.inner) != set(rule.inner) or set(operation.values) - set(rule.values):
        raise Problem("bad_message")
    if any(len(operation.inner[name]) > most for name, (_, most) in rule.inner.items()):
        raise Problem("limit_reached")
    for name, value in operation.values.items():
        _allow(rule.values[name], value)
    texts = {name: Pad(text) for name, text in operation.texts.items()}
    made = {operation.id: Item(operation.kind, operation.list, texts, dict(operation.values))}
    for name, (kinds, _most) in rule.inner.items():
        if operation.inner[name] and len(kinds) > 1:
            raise Problem("bad_message")
        made |= {id: Item(kinds[0], f"{operation.id}/{name}") for id in operation.inner[name]}
    return made


def _allow(known: tuple[str, ...] | None, value: str) -> None:
    """A deadline may be half typed: what is no date is told when the text is to be kept."""
    if (known is None and len(value) > 10) or (known is not None and value not in known):
        raise Problem("bad_message")


def _remove(sheet: Sheet, operation: Remove) -> Step:
    _movable(sheet, operation.block)
    news = {"do": "remove", "block": operation.block}
    return Step(replace(sheet, removed=sheet.removed | {operation.block}), news, frozenset())


def _restore(sheet: Sheet, operation: Restore) -> Step:
    _movable(sheet, operation.block)
    news = {"do": "restore", "block": operation.block}
    return Step(replace(sheet, removed=sheet.removed - {operation.block}), news, frozenset())


def _move(sheet: Sheet, operation: Move) -> Step:
    home = _movable(sheet, operation.block).home
    lists = {**sheet.lists, home: _placed(sheet.lists[home], operation.block, operation.after)}
    news = {"do": "move", "block": operation.block, "after": operation.after}
    return Step(replace(sheet, lists=lists), news, frozenset())


def _set(sheet: Sheet, operation: Set) -> Step:
    item = _known(sheet, operation.block)
    rule = BLOCKS[item.kind].values
    if operation.field not in rule:
        raise Problem("unknown_block")
    _allow(rule[operation.field], operation.value)
    changed = replace(item, values={**item.values, operation.field: operation.value})
    revived = {*_around(sheet, operation.block)} & sheet.removed
    news = {"do": "set", "block": operation.block, "field": operation.field, "value": operation.value}
    after = replace(sheet, items={**sheet.items, operation.block: changed}, removed=sheet.removed - revived)
    return Step(after, news | {"revived": sorted(revived)}, frozenset({operation.block}))


_STRUCTURAL: Mapping[type, Callable[[Sheet, Any], Step]] = MappingProxyType(
    {Put: _put, Remove: _remove, Restore: _restore, Move: _move, Set: _set}
)


def words(operation: Operation) -> Iterator[str]:
    """What an operation brings in somebody's own words."""
    if isinstance(operation, Write):
        yield delta.inserted(operation.delta)
    elif isinstance(operation, Put):
        yield from operation.texts.values()


def refuse_secrets(before: Sheet, after: Sheet, touched: frozenset[str]) -> None:
    """A mark of secrecy may be typed letter by letter: the whole text is looked at. What had one already (a first draft
    may) can be put right bit by bit. Raises Problem."""
    for id in touched:
        for name, pad in after.items[id].texts.items():
            was = before.items[id].texts.get(name) if id in before.items else None
            marked_before = was is not None and secrecy_mark(was.text)
            if (was is None or was.text != pad.text) and secrecy_mark(pad.text) and not marked_before:
                raise Problem("secret_marking")
