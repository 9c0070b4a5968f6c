"""The people of the stories and the room that they meet in."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from rooms import (
    AgendaItem,
    Join,
    Keep,
    Leave,
    Meeting,
    OpenMeeting,
    OpenVote,
    Person,
    Role,
    Room,
    StepAgenda,
    Tell,
    Unit,
)

START = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)

PROVINCE = Unit("tinh", "Ủy ban nhân dân tỉnh")
HOA_BINH = Unit("hoa-binh", "Ủy ban nhân dân xã Hòa Bình")
TAN_LAP = Unit("tan-lap", "Ủy ban nhân dân phường Tân Lập")

HANH = Person("hanh", "Nguyễn Thị Hạnh", "Chủ tịch", PROVINCE, Role.CHAIR)
BINH = Person("binh", "Trần Văn Bình", "Chánh Văn phòng", PROVINCE, Role.SECRETARY)
DUNG = Person("dung", "Lê Quang Dũng", "Chủ tịch", HOA_BINH, Role.DELEGATE)
LAN = Person("lan", "Phạm Thị Lan", "Phó Chủ tịch", TAN_LAP, Role.DELEGATE)
TAM = Person("tam", "Võ Minh Tâm", "Chuyên viên", TAN_LAP, Role.VIEWER)
MINH = Person("minh", "Hoàng Minh", "", TAN_LAP, Role.DELEGATE)

SHEET = Meeting(
    id="m1",
    room="giao-ban",
    title="Giao ban tuần 47",
    place="Phòng họp số 1",
    authority=PROVINCE,
    starts_at=START,
    chair=HANH,
    secretary=BINH,
    invited=(DUNG, LAN),
    agenda=(
        AgendaItem("a1", "Tình hình thu ngân sách", "Trần Văn Bình"),
        AgendaItem("a2", "Phòng, chống lụt bão", ""),
    ),
    units=(HOA_BINH, TAN_LAP),
)


@dataclass
class Hall:
    """A room, a clock that the story turns, and what was kept: facts, and what lies beside them."""

    room: Room
    now: datetime = START
    kept: list = field(default_factory=list)
    beside: dict = field(default_factory=dict)

    hanh, binh, dung, lan, tam, minh = HANH, BINH, DUNG, LAN, TAM, MINH
    sheet = SHEET
    start = START

    def wait(self, **span):
        self.now += timedelta(**span)
        return self.now

    def join(self, *people):
        return [effect for person in people for effect in self.do(person, Join(person))]

    def do(self, person, command):
        return self._carry_out(self.room.apply(getattr(person, "id", person), command, self.now))

    def tick(self):
        return self._carry_out(self.room.tick(self.now))

    def _carry_out(self, effects):
        for effect in effects:
            if isinstance(effect, Keep):
                self.kept += effect.facts
                self.beside |= {(one.topic, one.id): one for one in effect.memories}
        return effects

    def of(self, person):
        return next(one for one in self.room.participants if one.id == person.id)

    def kinds(self):
        return [fact.kind for fact in self.kept]

    @staticmethod
    def told(effects, type):
        return [effect.message[type] for effect in effects if isinstance(effect, Tell) and type in effect.message]

    def again(self, facts=None):
        """The hall after a crash that lost nothing but the process."""
        facts = self.kept if facts is None else facts
        return Hall(Room.replay(SHEET, facts, self.beside.values()), self.now, list(facts), dict(self.beside))


@pytest.fixture(scope="session")
def new_hall():
    """Makes empty halls; with changes of the meeting's sheet if wanted."""

    def make(**changes):
        return Hall(Room(replace(SHEET, **changes)))

    return make


@pytest.fixture
def hall(new_hall):
    """Nobody is there yet."""
    return new_hall()


@pytest.fixture
def open_hall(hall):
    """Hạnh has opened the meeting; Bình, Dũng and Lan are there, and Tâm looks on. Minh is not."""
    hall.join(hall.hanh, hall.binh, hall.dung, hall.lan, hall.tam)
    hall.do(hall.hanh, OpenMeeting())
    return hall


@pytest.fixture
def vote_by(open_hall):
    """Three of the four members are there: Hạnh, Dũng and Lan. Bình and Tâm have no vote."""

    def begin(**rule):
        open_hall.join(open_hall.minh)
        open_hall.do(open_hall.minh, Leave())
        open_hall.do(open_hall.hanh, StepAgenda("a2"))
        open_hall.do(open_hall.hanh, OpenVote("Thông qua phương án sơ tán?", **rule))
        return open_hall

    return begin
