"""Papers of the meeting: which there are, and the one that is shown, page by page, to everybody who follows.

What was shown when and by whom is a fact; at which page and where the pointer stands is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from rooms.errors import Refused
from rooms.facts import Fact
from rooms.fields import Command, identifier, read_by, up_to
from rooms.meeting import MeetingState
from rooms.participant import DESK, SPEAKERS
from rooms.proceedings import Json, iso
from rooms.state import Part, State
from rooms.topic import Draft, Found, Said, Topic, View
from rooms.topics.floor import FLOOR

MAX_PAGES = 300
WHOLE = 1000  # of a page's width and height
POINTER = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class Paper:
    """`pages`: how many. `item`: the agenda item that it belongs to. `by`: the name of whoever brought it."""

    id: str
    name: str
    pages: int
    sha256: str
    item: str | None
    by: str

    def to_json(self) -> Json:
        return {"id": self.id, "name": self.name, "pages": self.pages, "item": self.item, "by": self.by}


@dataclass(frozen=True, slots=True)
class Shown:
    """The paper that everybody sees, and who shows it."""

    paper: str
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where the shown paper is open. `pointer`: thousandths of the page from its left and its top."""

    page: int = 1
    pointer: tuple[int, int] | None = None
    moved: datetime | None = None


@dataclass(frozen=True, slots=True)
class Papers:
    """`all` by id, in the order in which they came. A replay knows of the `place` only where the showing began."""

    all: Mapping[str, Paper] = field(default_factory=lambda: MappingProxyType({}))
    shown: Shown | None = None
    place: Place = Place()

    def at(self, place: Place) -> Papers:
        return replace(self, place=place)


PAPERS = Part("papers", lambda meeting: Papers())


@dataclass(frozen=True, slots=True)
class PutPaper(Command):
    """The server's own: this paper can be shown; or it belongs to another item now."""

    paper: Paper


@dataclass(frozen=True, slots=True)
class RemovePaper(Command):
    """The server's own: this paper is taken away."""

    paper: str


@dataclass(frozen=True, slots=True)
class ShowPaper(Command):
    paper: str = field(metadata=read_by(identifier))
    page: int = field(default=1, metadata=read_by(up_to(MAX_PAGES)))


@dataclass(frozen=True, slots=True)
class TurnPage(Command):
    page: int = field(metadata=read_by(up_to(MAX_PAGES)))


@dataclass(frozen=True, slots=True)
class Point(Command):
    """Both or none: then the pointer is taken away."""

    x: int | None = field(default=None, metadata=read_by(up_to(WHOLE)))
    y: int | None = field(default=None, metadata=read_by(up_to(WHOLE)))


@dataclass(frozen=True, slots=True)
class ClosePaper(Command):
    pass


def _put(state: State, actor: str, command: PutPaper, now: datetime) -> Found:
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")
    paper = command.paper
    if PAPERS.of(state).all.get(paper.id) == paper:
        return []
    data = {"paper": paper.id, "name": paper.name, "pages": paper.pages, "sha256": paper.sha256}
    return [Draft("paper_added", actor, {**data, "item": paper.item, "by": paper.by})]


def _remove(state: State, actor: str, command: RemovePaper, now: datetime) -> Found:
    if state.session.state is MeetingState.CLOSED:
        raise Refused("closed")
    if command.paper not in PAPERS.of(state).all:
        return []
    return [Draft("paper_removed", actor, {"paper": command.paper})]


def _show(state: State, actor: str, command: ShowPaper, now: datetime) -> Found:
    if state.people[actor].role not in DESK and FLOOR.of(state).holder != actor:
        raise Refused("not_allowed", "others show a paper while they have the floor")
    papers = PAPERS.of(state)
    paper = papers.all.get(command.paper)
    if paper is None:
        raise Refused("unknown_paper")
    _demand_page(paper, command.page)
    shown = papers.shown
    if shown is not None and (shown.paper, shown.by) == (paper.id, actor):
        return _at(state, command.page)
    ended = [Draft("paper_closed", actor, {"paper": shown.paper})] if shown else []
    return [*ended, Draft("paper_shown", actor, {"paper": paper.id, "page": command.page})]


def _turn(state: State, actor: str, command: TurnPage, now: datetime) -> Found:
    shown = _guided(state, actor)
    _demand_page(PAPERS.of(state).all[shown.paper], command.page)
    return _at(state, command.page)


def _point(state: State, actor: str, command: Point, now: datetime) -> Found:
    _guided(state, actor)
    papers = PAPERS.of(state)
    place = papers.place
    if command.x is None or command.y is None:
        return [] if place.pointer is None else PAPERS.put(state, papers.at(replace(place, pointer=None)))
    if place.moved is not None and now - place.moved < POINTER:
        return []  # many would have to be told; the next one comes soon enough
    return PAPERS.put(state, papers.at(replace(place, pointer=(command.x, command.y), moved=now)))


def _close(state: State, actor: str, command: ClosePaper, now: datetime) -> Found:
    if PAPERS.of(state).shown is None:
        return []
    return [Draft("paper_closed", actor, {"paper": _guided(state, actor).paper})]


def _guided(state: State, actor: str) -> Shown:
    """What is shown, if `actor` may lead through it: whoever shows it, who has the floor, and the desk."""
    shown = PAPERS.of(state).shown
    if shown is None:
        raise Refused("unknown_paper", "none is shown")
    if actor not in (shown.by, FLOOR.of(state).holder) and state.people[actor].role not in DESK:
        raise Refused("not_allowed", "somebody else leads through the paper")
    return shown


def _demand_page(paper: Paper, page: int) -> None:
    if page > paper.pages:
        raise Refused("unknown_page")


def _at(state: State, page: int) -> Found:
    papers = PAPERS.of(state)
    return [] if papers.place.page == page else PAPERS.put(state, papers.at(Place(page)))


def _before_leaving(state: State, draft: Draft, now: datetime) -> list[Draft]:
    shown = PAPERS.of(state).shown
    if shown is None or shown.by != draft.data["person"]:
        return []
    return [Draft("paper_closed", draft.actor, {"paper": shown.paper})]


def _before_closing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    shown = PAPERS.of(state).shown
    return [Draft("paper_closed", draft.actor, {"paper": shown.paper})] if shown else []


def _before_removing(state: State, draft: Draft, now: datetime) -> list[Draft]:
    shown = PAPERS.of(state).shown
    return [Draft("paper_closed", draft.actor, draft.data)] if shown and shown.paper == draft.data["paper"] else []


def _added(state: State, fact: Fact) -> State:
    data = fact.data
    paper = Paper(data["paper"], data["name"], data["pages"], data["sha256"], data["item"], data["by"])
    papers = PAPERS.of(state)
    return PAPERS.put(state, replace(papers, all=MappingProxyType({**papers.all, paper.id: paper})))


def _removed(state: State, fact: Fact) -> State:
    papers = PAPERS.of(state)
    left = {id: paper for id, paper in papers.all.items() if id != fact.data["paper"]}
    return PAPERS.put(state, replace(papers, all=MappingProxyType(left)))


def _shown(state: State, fact: Fact) -> State:
    shown = Shown(fact.data["paper"], fact.actor, fact.at)
    return PAPERS.put(state, replace(PAPERS.of(state), shown=shown, place=Place(fact.data["page"])))


def _closed(state: State, fact: Fact) -> State:
    return PAPERS.put(state, replace(PAPERS.of(state), shown=None, place=Place()))


def _seen(state: State) -> Json:
    shown, place = PAPERS.of(state).shown, PAPERS.of(state).place
    if shown is None:
        return {"paper": None, "page": None, "by": None, "since": None, "pointer": None}
    pointer = {"x": place.pointer[0], "y": place.pointer[1]} if place.pointer else None
    return {
        "paper": shown.paper, "page": place.page, "by": shown.by, "since": iso(shown.since), "pointer": pointer,
    }  # fmt: skip


PAPERS_TOPIC = Topic(
    part=PAPERS,
    said=(
        # All but the desk only while they have the floor, or lead through what they have shown.
        Said("paper.show", ShowPaper, SPEAKERS, _show),
        Said("paper.turn", TurnPage, SPEAKERS, _turn),
        Said("paper.point", Point, SPEAKERS, _point),
        Said("paper.close", ClosePaper, SPEAKERS, _close),
    ),
    own={PutPaper: _put, RemovePaper: _remove},
    folds={
        "paper_added": _added,
        "paper_removed": _removed,
        "paper_shown": _shown,
        "paper_closed": _closed,
    },
    views=(
        View(
            "paper",
            "papers",
            lambda state: {id: (paper,) for id, paper in PAPERS.of(state).all.items()},
            lambda state, id: PAPERS.of(state).all[id].to_json(),
            many=True,
        ),
        View(
            "shown",
            "shown",
            lambda state: {"": (PAPERS.of(state).shown, PAPERS.of(state).place)},
            lambda state, _: _seen(state),
        ),
    ),
    before={"left": _before_leaving, "closed": _before_closing, "paper_removed": _before_removing},
)
