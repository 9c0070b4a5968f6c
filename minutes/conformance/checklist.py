"""The requirements of Decree 30/2020, Appendix VI, as data, and what a check says of one.

The file is the law's, line by line in our words; which check proves a line and which tests stand behind it is written
beside it. What the program does not do is written there too, and is never counted as done.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "requirements.toml"


class Verdict(StrEnum):
    """What is said of a requirement; the value is printed."""

    MET = "Đạt"
    FAILED = "Không đạt"
    """The program claims to do it, and did not when it was tried."""
    MISSING = "Chưa có"
    """The program does not claim to do it."""
    ELSEWHERE = "Không áp dụng"
    """Not a program's to do; the line says whose."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A verdict, and in one sentence what was seen."""

    verdict: Verdict
    said: str

    @property
    def sentence(self) -> str:
        """The verdict and what was seen, as printed."""
        return self.said if self.said.startswith(self.verdict.value) else f"{self.verdict.value}. {self.said}"


def judged(well: bool, met: str, failed: str) -> Outcome:
    """Met, and how, or failed, and how."""
    return Outcome(Verdict.MET, met) if well else Outcome(Verdict.FAILED, failed)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line. Exactly one of `check` (the name of a check, with the `tests` behind it as "file::name") and `fixed`
    (what is said without one). `compared`: whether its number was compared with the law's text."""

    number: str
    text: str
    check: str
    fixed: Outcome | None
    tests: tuple[str, ...]
    compared: bool


@dataclass(frozen=True, slots=True)
class Section:
    """Requirements under one heading of the appendix."""

    title: str
    lines: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Checklist:
    """The whole appendix; `source` names it."""

    source: str
    sections: tuple[Section, ...]

    @property
    def lines(self) -> tuple[Requirement, ...]:
        """All requirements, in order."""
        return tuple(line for section in self.sections for line in section.lines)


@dataclass(frozen=True, slots=True)
class Line:
    """A requirement with what was found."""

    requirement: Requirement
    outcome: Outcome


@cache
def checklist() -> Checklist:
    """The checklist that comes with the program. Raises ValueError where its file breaks its own rules."""
    return read(tomllib.loads(FILE.read_text(encoding="utf-8")))


def read(data: Mapping[str, Any]) -> Checklist:
    """A checklist from what its TOML says. Raises ValueError naming the line."""
    sections = tuple(
        Section(
            f"{one['title']} ({'Phần I, Mục ' + one['number'][2:] if one['number'] != 'II' else 'Phần II'})",
            tuple(_requirement(line, compared=not one.get("lettered", False)) for line in one["line"]),
        )
        for one in data["section"]
    )
    found = Checklist(data["source"], sections)
    twice = [number for number, times in Counter(line.number for line in found.lines).items() if times > 1]
    if twice:
        raise ValueError(f"requirement {twice[0]} is there twice")
    return found


def _requirement(data: Mapping[str, Any], *, compared: bool) -> Requirement:
    number = data["number"]
    check, tests = data.get("check", ""), tuple(data.get("tests", ()))
    said = [Outcome(verdict, data[key]) for key, verdict in _SAID.items() if key in data]
    if set(data) - {"number", "text", "check", "tests", *_SAID}:
        raise ValueError(f"requirement {number} says something that nobody reads")
    if (1 if check else 0) + len(said) != 1:
        raise ValueError(f"requirement {number} needs one of check, missing, elsewhere")
    if bool(check) != bool(tests):
        raise ValueError(f"requirement {number}: a check has tests behind it, and nothing else has")
    return Requirement(number, data["text"], check, said[0] if said else None, tests, compared)


_SAID = {"missing": Verdict.MISSING, "elsewhere": Verdict.ELSEWHERE}


def counted(lines: Iterable[Line]) -> dict[Verdict, int]:
    """How many lines have each verdict; all verdicts are there."""
    found = Counter(line.outcome.verdict for line in lines)
    return {verdict: found[verdict] for verdict in Verdict}


def holds(lines: Iterable[Line]) -> bool:
    """Whether every requirement is met that a program can meet."""
    found = counted(lines)
    return not found[Verdict.FAILED] and not found[Verdict.MISSING]
