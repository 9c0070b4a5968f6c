"""Papers: one is shown at a time, and everybody who follows sees the same page."""

import pytest

from rooms import (
    CloseMeeting,
    ClosePaper,
    GiveFloor,
    Leave,
    Paper,
    Point,
    PutPaper,
    Refused,
    RemovePaper,
    ShowPaper,
    TurnPage,
)
from rooms.proceedings import Proceedings

REPORT = Paper("p1", "Báo cáo.pdf", 12, "0" * 64, "a1", "Trần Văn Bình")
DRAFT = Paper("p2", "Dự thảo.pdf", 3, "1" * 64, None, "Lê Quang Dũng")
NOTHING = {"paper": None, "page": None, "by": None, "since": None, "pointer": None}


@pytest.fixture
def hall(open_hall):
    """The meeting is open, and two papers lie on the table."""
    for paper in (REPORT, DRAFT):
        open_hall.do("binh", PutPaper(paper))
    return open_hall


def refused(hall, person, command):
    with pytest.raises(Refused) as caught:
        hall.do(person, command)
    return caught.value.code


def shown(hall):
    return hall.room.welcome("lan", hall.now)["shown"]


def test_a_paper_that_was_brought_is_told_once_and_again_when_its_item_changes(hall):
    assert [paper["id"] for paper in hall.room.welcome("lan", hall.now)["papers"]] == ["p1", "p2"]
    assert hall.do("binh", PutPaper(REPORT)) == []
    moved = Paper("p1", "Báo cáo.pdf", 12, "0" * 64, "a2", "Trần Văn Bình")
    assert [paper["item"] for paper in hall.told(hall.do("cuc", PutPaper(moved)), "paper")] == ["a2"]


def test_chair_and_secretary_show_at_any_time_and_others_while_they_have_the_floor(hall):
    hall.do(hall.binh, ShowPaper("p1", 4))
    assert shown(hall) == {"paper": "p1", "page": 4, "by": "binh", "since": "2026-11-23T01:00:00Z", "pointer": None}
    assert refused(hall, hall.dung, ShowPaper("p2")) == "not_allowed"
    hall.do(hall.hanh, GiveFloor("dung"))
    hall.do(hall.dung, ShowPaper("p2"))
    assert (shown(hall)["paper"], shown(hall)["by"]) == ("p2", "dung")
    assert hall.kinds()[-2:] == ["paper_closed", "paper_shown"]
    assert refused(hall, hall.lan, ShowPaper("p1")) == "not_allowed"


def test_pages_and_pointer_are_no_facts(hall):
    hall.do(hall.hanh, ShowPaper("p1"))
    known = len(hall.kept)
    (told,) = hall.told(hall.do(hall.hanh, TurnPage(7)), "shown")
    assert told["page"] == 7
    (told,) = hall.told(hall.do(hall.hanh, Point(500, 250)), "shown")
    assert told["pointer"] == {"x": 500, "y": 250}
    (told,) = hall.told(hall.do(hall.hanh, TurnPage(8)), "shown")
    assert told["pointer"] is None, "it pointed at something on the page before"
    assert hall.do(hall.hanh, TurnPage(8)) == []
    assert len(hall.kept) == known
    assert shown(hall.again())["page"] == 1, "after a crash the showing is where it began"


def test_who_has_the_floor_leads_through_a_paper_that_the_secretary_shows(hall):
    hall.do(hall.binh, ShowPaper("p1"))
    assert refused(hall, hall.dung, TurnPage(2)) == "not_allowed"
    hall.do(hall.hanh, GiveFloor("dung"))
    hall.do(hall.dung, TurnPage(2))
    hall.do(hall.dung, Point(1, 1000))
    assert (shown(hall)["page"], shown(hall)["by"]) == (2, "binh")
    for command in (TurnPage(3), Point(5, 5), ClosePaper()):
        assert refused(hall, hall.lan, command) == "not_allowed"


def test_a_pointer_that_runs_is_told_ten_times_a_second_at_most(hall):
    hall.do(hall.hanh, ShowPaper("p1"))
    told = []
    for step in range(1, 100):
        hall.wait(milliseconds=10)
        told += hall.told(hall.do(hall.hanh, Point(step, step)), "shown")
    assert 9 <= len(told) <= 10
    (away,) = hall.told(hall.do(hall.hanh, Point()), "shown")
    assert away["pointer"] is None
    assert hall.do(hall.hanh, Point()) == []


def test_there_are_no_pages_but_those_of_the_paper(hall):
    assert refused(hall, hall.hanh, ShowPaper("p9")) == "unknown_paper"
    assert refused(hall, hall.hanh, ShowPaper("p2", 4)) == "unknown_page"
    assert refused(hall, hall.hanh, TurnPage(1)) == "unknown_paper", "none is shown"
    hall.do(hall.hanh, ShowPaper("p2", 3))
    assert refused(hall, hall.hanh, TurnPage(4)) == "unknown_page"


@pytest.mark.parametrize(
    ("person", "command"),
    [("dung", ClosePaper()), ("hanh", ClosePaper()), ("dung", Leave()), ("binh", RemovePaper("p2"))],
    ids=repr,
)
def test_a_paper_is_shown_until_somebody_closes_it_or_its_presenter_leaves_or_it_is_taken_away(hall, person, command):
    hall.do(hall.hanh, GiveFloor("dung"))
    hall.do(hall.dung, ShowPaper("p2"))
    assert hall.told(hall.do(person, command), "shown") == [NOTHING]
    assert hall.kinds().count("paper_closed") == 1


def test_a_paper_that_is_taken_away_is_gone_from_everybodys_list(hall):
    effects = hall.do("binh", RemovePaper("p1"))
    assert hall.told(effects, "paper") == [{"id": "p1", "gone": True}]
    assert hall.do("binh", RemovePaper("p1")) == []


def test_the_end_of_the_meeting_ends_the_showing_and_nothing_is_brought_after_it(hall):
    hall.do(hall.binh, ShowPaper("p1"))
    hall.wait(minutes=5)
    hall.do(hall.hanh, CloseMeeting())
    (one,) = Proceedings.from_facts(hall.kept).papers()
    assert (one.name, one.pages, one.by.id) == ("Báo cáo.pdf", 12, "binh")
    assert (one.span[1] - one.span[0]).total_seconds() == 300
    for command in (PutPaper(DRAFT), RemovePaper("p1")):
        assert refused(hall, "binh", command) == "closed"
