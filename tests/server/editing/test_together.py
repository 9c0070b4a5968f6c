"""Several people write in one draft over bad lines: every page ends with one text, and nothing typed is lost."""

import json
import random
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import playwright
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.document import Kind
from rooms import Refused
from server.editing import layout, messages
from server.editing.shapes import parts_of
from server.editing.sheet import Sheet, done
from server.errors import Problem

ROOT = Path(__file__).parent.parent.parent.parent
NODE = Path(playwright.__file__).parent / "driver" / "node"
PARTS = parts_of(Kind.MINUTES)
CONTENT = {
    "title": "Họp giao ban",
    "venue": "Trụ sở",
    "course": [{"heading": "Mở đầu", "paragraphs": ["Một.", "Hai."]}],
    "conclusions": [
        {"text": "Rà soát hồ chứa", "owner_unit": "UBND xã A", "co_units": [], "deadline": "2027-01-15", "item": None},
        {"text": "Báo cáo", "owner_unit": None, "co_units": ["Xã B", "Xã C"], "deadline": None, "item": "Hồ chứa"},
    ],
    "recipients": ["Như trên", "Lưu: VT"],
}


def fresh(content: dict[str, Any] = CONTENT) -> Sheet:
    numbers = count()
    return layout.sheet_of(PARTS, content, lambda: f"b{next(numbers)}")


class Pages:
    """A process with the pages' own script."""

    def __init__(self) -> None:
        program = (Path(__file__).parent / "pages.mjs").read_text(encoding="utf-8")
        self._process = subprocess.Popen(
            [NODE, "--input-type=module", "--eval", program],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, page: str, act: str, **given: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"page": page, "act": act, **given}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        self._process.communicate()


@pytest.fixture(scope="module")
def pages() -> Iterator[Pages]:
    found = Pages()
    yield found
    found.close()


class Line:
    """A page and its line to the server, which may break at any moment."""

    def __init__(self, pages: Pages, server: "Server", name: str) -> None:
        self.pages, self.server, self.name = pages, server, name
        self.up = True
        self.going: list[dict[str, Any]] = []
        self.coming: list[dict[str, Any]] = []
        self.ask("open", source=f"page-{name}")
        self.ask("hear", message={"type": "welcome", "sheet": server.sheet.to_json()})

    def ask(self, act: str, **given: Any) -> Any:
        return self.pages.ask(self.name, act, **given)

    def see(self) -> Any:
        return self.ask("see")

    def send(self) -> None:
        if self.up:
            self.going += self.ask("next")

    def arrive(self) -> None:
        """What is on its way arrives, and so does what the server tells."""
        if not self.up:
            return
        going, self.going = self.going, []
        self.server.do(self, going)
        coming, self.coming = self.coming, []
        for message in coming:
            if message["type"] == "refused":
                self.ask("refused", number=message["number"])
            else:
                self.ask("hear", message=message)

    def drop(self, *, arrives: bool) -> None:
        self.up = False
        if arrives:
            self.server.do(self, self.going)
        self.going, self.coming = [], []

    def come_back(self, *, loaded_anew: bool) -> None:
        self.up = True
        self.coming = []
        if loaded_anew:
            self.ask("reload")
        self.ask("hear", message={"type": "welcome", "sheet": self.server.sheet.to_json()})
        self.going = self.ask("again")


class Server:
    """The core with nothing around it: one after the other, and everybody is told."""

    def __init__(self) -> None:
        self.sheet = fresh()
        self.lines: list[Line] = []

    def do(self, line: Line, operations: list[dict[str, Any]]) -> None:
        wanted = json.loads(json.dumps({"type": "do", "source": f"page-{line.name}", "operations": operations}))
        for operation in messages.operations(wanted):
            try:
                step = done(self.sheet, operation, line.name)
            except (Problem, Refused) as error:
                line.coming.append({"type": "refused", "number": operation.number, "code": error.code})
                continue
            if step is not None:
                self.sheet = step.sheet
                for one in self.lines:
                    one.coming.append(json.loads(json.dumps({"type": "done", "changes": [step.news]})))

    def see(self) -> Any:
        items = self.sheet.items.items()
        texts = {f"{id} {name}": pad.text for id, item in items for name, pad in item.texts.items() if pad.text}
        lists = {name: list(self.sheet.standing(name)) for name in self.sheet.lists}
        return {
            "lists": lists,
            "texts": texts,
            "values": {id: dict(item.values) for id, item in items},
            "pending": False,
        }


def act(chance: random.Random, line: Line, ids: Iterator[int], marks: Iterator[int]) -> str:
    """Something that a person does; the mark that was typed."""
    seen = line.see()
    name = chance.choice(["conclusions", "recipients", "course"])
    standing = seen["lists"][name]
    match chance.randrange(8):
        case 0:
            kind = {"conclusions": "conclusion", "recipients": "line", "course": "course"}[name]
            mark = chr(0x4E00 + next(marks))
            after = chance.choice([None, *standing])
            line.ask("put", list=name, id=f"{line.name}{next(ids)}", after=after, kind=kind, texts={"text": mark})
            return mark
        case 1 if standing:
            line.ask("remove", block=chance.choice(standing))
        case 2 if len(standing) > 1:
            block = chance.choice(standing)
            line.ask("move", block=block, after=chance.choice([None, *(id for id in standing if id != block)]))
        case 3 if seen["lists"]["conclusions"]:
            block = chance.choice(seen["lists"]["conclusions"])
            line.ask("set", block=block, field="deadline", value=chance.choice(["", "2027-02-01", "2027-03-01"]))
        case _ if standing:
            block, mark = chance.choice(standing), chr(0x4E00 + next(marks))
            text = seen["texts"].get(f"{block} text", "")
            at = chance.randint(0, len(text))
            line.ask("type", block=block, field="text", text=text[:at] + mark + text[at:])
            return mark
    return ""


@given(st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_every_page_ends_with_one_draft_and_no_typed_character_is_lost(pages: Pages, chance: random.Random) -> None:
    server, ids, marks = Server(), count(), count()
    lines = [Line(pages, server, name) for name in ("binh", "hanh", "lan")]
    server.lines = lines
    typed = ""
    for _ in range(chance.randint(5, 40)):
        line = chance.choice(lines)
        match chance.randrange(10):
            case 0 if line.up:
                line.drop(arrives=chance.random() < 0.5)
            case 0:
                line.come_back(loaded_anew=chance.random() < 0.5)
            case 1 | 2:
                line.send()
            case 3 | 4:
                line.arrive()
            case _:
                typed += act(chance, line, ids, marks)
    for line in lines:
        if not line.up:
            line.come_back(loaded_anew=False)
    for _ in range(6):
        for line in lines:
            line.send()
            line.arrive()
    for line in lines:
        assert line.see() == server.see()
    texts = "".join(pad.text for item in server.sheet.items.values() for pad in item.texts.values())
    assert sorted(mark for mark in texts if mark >= "\u4e00") == sorted(typed), "each is there once"
    shown = "".join(pad.text for id, item in server.sheet.items.items() for pad in item.texts.values())
    assert shown
