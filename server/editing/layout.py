"""A document's content as a sheet and back, and what must be done to a sheet so that it says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from itertools import count
from types import MappingProxyType
from typing import Any

from minutes.blocks import BLOCKS as MOST
from rooms import delta
from rooms.pad import Pad
from server.editing.shapes import BLOCKS, BODY, HEAD, Part
from server.editing.sheet import Item, Operation, Put, Remove, Set, Sheet, Write, done

Json = dict[str, Any]
Ids = Callable[[], str]
"""Gives a new id at each call."""


@dataclass(frozen=True, slots=True)
class Plain:
    """A block as it reads: its texts, its values, of a table the cells, the header first, of an annex its blocks."""

    kind: str
    texts: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)
    cells: tuple[tuple[str, ...], ...] = ()
    inside: tuple[Plain, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is written in it."""
        texts = (*self.texts.values(), *(cell for row in self.cells for cell in row))
        return not any(text.strip() for text in texts) and all(one.empty for one in self.inside)


# --- content to plain blocks and back -------------------------------------------------------------------------


def plain_of(part: Part, value: Any) -> list[Plain]:
    """The blocks of one part of a content's JSON."""
    kind = part.kinds[0]
    if part.single:
        text = "" if value is None else str(value)
        return [Plain(kind, {}, {"value": text}) if "value" in BLOCKS[kind].values else Plain(kind, {"text": text})]
    return [_READ.get(kind, _read_text)(one) for one in value or ()]


def _read_text(text: str) -> Plain:
    return Plain("line", {"text": text})


def _read_course(one: Json) -> Plain:
    return Plain("course", {"heading": one["heading"], "text": "\n\n".join(one["paragraphs"])})


def _read_conclusion(one: Json) -> Plain:
    texts = {
        "text": one["text"],
        "owner_unit": one.get("owner_unit") or "",
        "co_units": "\n".join(one.get("co_units") or ()),
        "item": one.get("item") or "",
    }
    return Plain("conclusion", texts, {"deadline": one.get("deadline") or ""})


def _read_body(one: Json) -> Plain:
    if one["block"] == "table":
        return Plain("table", cells=(tuple(one["header"]), *(tuple(row) for row in one["rows"])))
    if one["block"] == "conclusion":
        return _read_conclusion(one)
    return Plain("prose", {"text": one["text"]}, {"level": str(one["level"])})


def _read_annex(one: Json) -> Plain:
    inside = tuple(map(_read_body, one["body"]))
    return Plain("annex", {"name": one["name"], "title": one["title"]}, inside=inside)


_READ: Mapping[str, Callable[[Any], Plain]] = MappingProxyType(
    {
        "prose": _read_body,
        "annex": _read_annex,
        "paragraph": lambda text: Plain("paragraph", {"text": text}),
        "course": _read_course,
        "conclusion": _read_conclusion,
    }
)


def content_of(parts: Iterable[Part], blocks: Mapping[str, Sequence[Plain]], base: Json) -> Json:
    """The JSON of a content: `base` with the parts that people write put in. What is empty is left out."""
    made = dict(base)
    for part in parts:
        rows = blocks[part.name]
        made[part.name] = _single(rows[0]) if part.single else _all_written(rows, part)
    return made


def _single(one: Plain) -> Any:
    if "value" in one.values:
        return one.values["value"] or None
    text = one.texts["text"].strip()
    if one.kind == "count":  # what is no number is told when the text is to be kept
        return int(text) if text.isascii() and text.isdigit() else text or None
    return _line(text) if one.kind in ("line", "code") else text


def _all_written(rows: Iterable[Plain], part: Part) -> list[Any]:
    return [_written(one, part) for one in rows if not one.empty or _stands(one)]


def _stands(one: Plain) -> bool:
    """An article without a text of its own is run in before the paragraph that follows."""
    return one.values.get("level") == "article"


def _line(text: str) -> str:
    return " ".join(text.split())


def _written(one: Plain, part: Part) -> Any:
    text = one.texts.get("text", "").strip()
    if one.kind in ("line", "paragraph"):
        return _line(text) if one.kind == "line" else text
    if one.kind == "annex":
        names = {name: _line(one.texts.get(name, "")) for name in ("name", "title")}
        return {**names, "body": _all_written(one.inside, _ANNEXED)}
    if one.kind == "course":
        paragraphs = [line.strip() for line in text.split("\n\n") if line.strip()]
        return {"heading": _line(one.texts.get("heading", "")), "paragraphs": paragraphs}
    if one.kind == "table":
        header, *rows = one.cells
        return {"block": "table", "header": [_line(cell) for cell in header], "rows": [list(row) for row in rows]}
    if one.kind == "prose":
        level = one.values.get("level", "0")
        if level.isdigit():
            return {"block": "paragraph", "level": int(level), "text": text}
        return {"block": "heading", "level": level, "text": _line(text)}
    line = {
        "text": text,
        "owner_unit": _line(one.texts.get("owner_unit", "")) or None,
        "co_units": [_line(unit) for unit in one.texts.get("co_units", "").split("\n") if unit.strip()],
        "deadline": one.values.get("deadline", "").strip() or None,
        "item": _line(one.texts.get("item", "")) or None,
    }
    return {"block": "conclusion", **line} if part.name == "body" else line


_ANNEXED = Part("body", "", BODY, most=MOST)
"""The blocks of an annex are those of a body."""


# --- sheets ---------------------------------------------------------------------------------------------------


def standing(sheet: Sheet) -> dict[str, list[Plain]]:
    """Part -> its blocks as they read now."""
    return {name: [read(sheet, id) for id in sheet.standing(name)] for name in sheet.parts}


def read(sheet: Sheet, id: str) -> Plain:
    """A block as it reads now."""
    item = sheet.items[id]
    if item.kind != "table":
        inside = tuple(read(sheet, one) for one in sheet.standing(f"{id}/body")) if item.kind == "annex" else ()
        return Plain(item.kind, {name: pad.text for name, pad in item.texts.items()}, dict(item.values), (), inside)
    columns = sheet.standing(f"{id}/columns")
    rows = (HEAD, *sheet.standing(f"{id}/rows"))
    return Plain("table", cells=tuple(tuple(sheet.text(id, f"{row}.{one}") for one in columns) for row in rows))


def place(sheet: Sheet, id: str) -> tuple[str, str]:
    """The label of the part that a block is in, and its words; "" twice for one that is gone."""
    if id not in sheet.items or id in sheet.removed:
        return "", ""
    home = sheet.items[id].home.partition("/")[0]
    part = sheet.parts[sheet.items[home].home if home in sheet.items else home]
    block = read(sheet, id)
    words = (*block.texts.values(), *(cell for row in block.cells for cell in row))
    return part.label, " ".join(" ".join(words).split())


def sheet_of(parts: Sequence[Part], content: Json, new_id: Ids) -> Sheet:
    """A new sheet that says what `content` says."""
    by_name = {part.name: part for part in parts}
    return grown(Sheet(MappingProxyType(by_name), {}, {}), content, new_id)


def grown(sheet: Sheet, content: Json, new_id: Ids) -> Sheet:
    """The sheet with the parts that it lacks, as `content` has them: a new one has none, one that was kept before its
    kind of document had a part lacks that one."""
    lists, items, missing = dict(sheet.lists), dict(sheet.items), {}
    for name, part in sheet.parts.items():
        if name in lists:
            continue
        missing[name], lists[name] = part, ()
        if part.single:
            (first,) = plain_of(part, content.get(name))
            lists[name] = (f"the-{name}",)
            texts = {field: Pad(text) for field, text in first.texts.items()}
            items[f"the-{name}"] = Item(first.kind, name, texts, first.values)
    bare = Sheet(missing, lists, items, sheet.removed, sheet.written)
    return replace(_after(bare, becoming(bare, content, new_id, "begin")), parts=sheet.parts)


def _after(sheet: Sheet, operations: Iterable[Operation]) -> Sheet:
    for operation in operations:
        step = done(sheet, operation, "")
        sheet = step.sheet if step else sheet
    return sheet


def becoming(sheet: Sheet, content: Json, new_id: Ids, source: str) -> list[Operation]:
    """What makes of `sheet` one that says what `content` says, as operations of `source`, whose numbers go on."""
    numbers = count(1 + max(sheet.written.get(source, 0), *_numbers(sheet, source), 0))
    found: list[Operation] = []
    for part in sheet.parts.values():
        wanted = plain_of(part, content.get(part.name))
        found += _becoming(sheet, part.name, wanted, new_id, source, numbers, single=part.single)
    return found


def _numbers(sheet: Sheet, source: str) -> Iterator[int]:
    return (pad.written.get(source, 0) for item in sheet.items.values() for pad in item.texts.values())


def _becoming(
    sheet: Sheet, where: str, wanted: Sequence[Plain], new_id: Ids, source: str, numbers: Iterator[int], *, single: bool
) -> list[Operation]:
    ids = sheet.standing(where)
    now = [read(sheet, id) for id in ids]
    found: list[Operation] = []
    before: str | None = None
    matcher = SequenceMatcher(None, [_key(one) for one in now], [_key(one) for one in wanted], autojunk=False)
    for _what, from_, to, want_from, want_to in matcher.get_opcodes():
        old, new = list(ids[from_:to]), list(wanted[want_from:want_to])
        while new:
            one = new.pop(0)
            if old and _alike(read(sheet, old[0]), one):
                before = old.pop(0)
                found += _changed(sheet, before, one, new_id, source, numbers)
            elif not single:
                put, *inside = _puts(where, before, one, new_id, source, numbers)
                found += [put, *inside]
                before = put.id
        if not single:
            found += [Remove(id, source, next(numbers)) for id in old]
    return found


def _key(one: Plain) -> tuple[Any, ...]:
    texts = tuple(sorted((name, text) for name, text in one.texts.items() if text))
    return one.kind, texts, one.cells, tuple(map(_key, one.inside))


def _alike(now: Plain, wanted: Plain) -> bool:
    """Whether one can become the other by writing: a table of another size is another table."""
    return now.kind == wanted.kind and [len(row) for row in now.cells] == [len(row) for row in wanted.cells]


def _changed(sheet: Sheet, id: str, wanted: Plain, new_id: Ids, source: str, numbers: Iterator[int]) -> list[Operation]:
    texts = dict(wanted.texts)
    columns, rows = sheet.standing(f"{id}/columns"), (HEAD, *sheet.standing(f"{id}/rows"))
    for row, cells in zip(rows, wanted.cells, strict=bool(wanted.cells)):
        texts |= {f"{row}.{column}": cell for column, cell in zip(columns, cells, strict=True)}
    found: list[Operation] = []
    for name in {**sheet.items[id].texts, **texts} if not wanted.cells else texts:
        pad = sheet.items[id].texts.get(name, Pad())
        if pad.text != texts.get(name, ""):
            change = delta.difference(pad.text, texts.get(name, ""))
            found.append(Write(id, name, pad.revision, change, source, next(numbers)))
    values = sheet.items[id].values
    found += [
        Set(id, name, value, source, next(numbers))
        for name, value in wanted.values.items()
        if values.get(name, "") != value
    ]
    if wanted.kind == "annex":
        found += _becoming(sheet, f"{id}/body", wanted.inside, new_id, source, numbers, single=False)
    return found


def _puts(where: str, after: str | None, one: Plain, new_id: Ids, source: str, numbers: Iterator[int]) -> Iterator[Put]:
    """A new block, then those inside of it."""
    made = _put(where, after, one, new_id, source, next(numbers))
    yield made
    before = None
    for inner in one.inside:
        put = _put(f"{made.id}/body", before, inner, new_id, source, next(numbers))
        yield put
        before = put.id


def _put(where: str, after: str | None, one: Plain, new_id: Ids, source: str, number: int) -> Put:
    texts = {name: text for name, text in one.texts.items() if text}
    if not one.cells:
        inner: dict[str, tuple[str, ...]] = {"body": ()} if one.kind == "annex" else {}
        return Put(where, new_id(), after, one.kind, source, number, texts, one.values, inner)
    rows, columns = tuple(new_id() for _ in one.cells[1:]), tuple(new_id() for _ in one.cells[0])
    for row, cells in zip((HEAD, *rows), one.cells, strict=True):
        texts |= {f"{row}.{column}": cell for column, cell in zip(columns, cells, strict=True) if cell}
    return Put(where, new_id(), after, "table", source, number, texts, {}, {"rows": rows, "columns": columns})
