"""From the conclusion rows of a sealed document to tasks; nobody retypes them.

The notice of conclusions says what the minutes have said: its rows restate their tasks and make no second ones. The
same holds for a document that amends, corrects or replaces an earlier one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from minutes.blocks import ConclusionLine, labelled
from minutes.content import Content, MinutesContent, texts, to_json
from minutes.document import Document
from minutes.errors import N_, InvalidContent, Reason, Refused
from minutes.fit import cut
from minutes.reading import VIETNAM
from minutes.searching.tokens import folded, written
from minutes.tasks.task import Correction, Source, Task
from minutes.text import TextContent
from rooms.proceedings import Unit


@dataclass(frozen=True, slots=True)
class Row:
    """A conclusion with the number that is printed before it."""

    place: str
    line: ConclusionLine


def rows_of(content: Content) -> tuple[Row, ...]:
    """The conclusion rows of a document, in their order."""
    match content:
        case MinutesContent():
            return tuple(Row(f"{number}.", line) for number, line in enumerate(content.conclusions, 1))
        case TextContent():
            found = labelled(content.body)
            return tuple(Row(label, block) for label, block in found if isinstance(block, ConclusionLine))
        case _:
            return ()


def refuse_several_owners(content: Content) -> None:
    """Raises InvalidContent where a row names several units as its owner: one leads, the others help."""
    for path, said in texts(to_json(content)):
        if path.endswith(".owner_unit") and ";" in said:
            text = N_("chỉ ghi một đơn vị chủ trì, các đơn vị khác ghi vào đơn vị phối hợp")
            raise InvalidContent(path, Reason(text))


def refuse_past_deadlines(content: Content, day: date) -> None:
    """Raises Refused("bad_day") where a row ends before it is given: in minutes before the day of their meeting, in
    other documents before `day`. What says anew what an earlier document has said may say it after its time."""
    if isinstance(content, MinutesContent):
        day = content.starts_at.astimezone(VIETNAM).date()
    elif not isinstance(content, TextContent) or content.minutes_id or content.relation:
        return
    for row in rows_of(content):
        if row.line.deadline is not None and row.line.deadline < day:
            text = N_(
                "Nhiệm vụ “%(task)s” có thời hạn %(term)s, trước ngày giao (%(day)s). Xin sửa thời hạn rồi làm lại."
            )
            term, given = f"{row.line.deadline:%d/%m/%Y}", f"{day:%d/%m/%Y}"
            raise Refused("bad_day", Reason(text, task=cut(row.line.text, 120), term=term, day=given))


def known_units(units: Iterable[tuple[str, str, str]]) -> dict[str, Unit]:
    """Units by the names under which a row may call them, with their marks or without any; each is (id, name, short
    name). Names decide who reads and works: what two units are called names neither."""
    found: dict[str, dict[str, Unit]] = defaultdict(dict)
    for id, name, short in units:
        for key in (written(name), folded(name), written(short), folded(short)):
            found[key][id] = Unit(id, short)
    return {key: unit for key, ones in found.items() if len(ones) == 1 for unit in ones.values()}


def unit_named(name: str, known: Mapping[str, Unit]) -> Unit:
    """The unit that a row calls so; with no id where none is known by that name. "Hòa Phước" is not "Hoa Phước", but
    who types no marks at all means either."""
    return known.get(written(name), Unit("", name))


def source_of(document: Document, row: Row) -> Source:
    """Where a row of an issued document stands."""
    if document.number_symbol is None or document.issued_on is None:
        raise ValueError("the document has no number yet")
    place = row.place.rstrip(".")
    return Source(document.id, document.kind, document.number_symbol, document.issued_on, place, row.line.item)


def correction_of(document: Document, row: Row, known: Mapping[str, Unit]) -> Correction:
    """What a row says of its task."""
    line = row.line
    owner = unit_named(line.owner_unit, known) if line.owner_unit else None
    co_units = tuple(unit_named(name, known) for name in line.co_units)
    return Correction(line.text, owner, co_units, line.deadline, source_of(document, row))


def issued(document: Document, row: Row, known: Mapping[str, Unit], today: date) -> Task:
    """The task that a row gives; it has no id yet."""
    told = correction_of(document, row, known)
    assert told.source is not None, "a row has a place"
    return Task(0, document.unit, told.source, told.text, told.owner, told.co_units, told.deadline, today)


def restated(rows: Sequence[Row], earlier: Sequence[Task]) -> tuple[list[tuple[Row, Task]], list[Row], list[Task]]:
    """(rows that say an earlier task anew, rows that are new, tasks that no row says any more).

    A row says the task with the same text; among what is left, the next one of the same unit.
    """
    left, pairs, new = list(earlier), [], []
    unmatched = []
    for row in rows:
        same = next((one for one in left if folded(one.text) == folded(row.line.text)), None)
        if same is None:
            unmatched.append(row)
        else:
            left.remove(same)
            pairs.append((row, same))
    for row in unmatched:
        name = folded(row.line.owner_unit or "")
        same = next((one for one in left if name and one.source.item == row.line.item and _of(one, name)), None)
        if same is None:
            new.append(row)
        else:
            left.remove(same)
            pairs.append((row, same))
    return pairs, new, left


def _of(task: Task, name: str) -> bool:
    return task.owner is not None and folded(task.owner.name) == name
