"""A realistic meeting for the tests: a ward authority's monthly meeting with seven communes, all fictional."""

from datetime import UTC, date, datetime, timedelta

from minutes.authority import Authority
from rooms.proceedings import AgendaItem, Conclusion, Fact, Meeting, Person, Proceedings, Role, Unit, chained, iso

PROVINCE = Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn")
COMMUNES = tuple(
    Unit(id, f"Ủy ban nhân dân {name}")
    for id, name in (
        ("hoa-phuoc", "xã Hòa Phước"),
        ("duc-thinh", "xã Đức Thịnh"),
        ("an-dong", "phường An Đông"),
        ("my-loc", "xã Mỹ Lộc"),
        ("quang-ngoc", "xã Quảng Ngọc"),
        ("ea-yong", "xã Ea Yông"),
        ("tan-thuong", "xã Tân Thượng"),
    )
)
CHAIR = Person("duong", "Nguyễn Văn Đường", "Chủ tịch UBND tỉnh", PROVINCE, Role.CHAIR)
SECRETARY = Person("nhu", "Trần Thị Quỳnh Như", "Chuyên viên Văn phòng UBND tỉnh", PROVINCE, Role.SECRETARY)
CLERK = Person("hue", "Đặng Thị Mỹ Huệ", "Văn thư", PROVINCE, Role.VIEWER)
NAMES = (
    ("Lê Thị Ngọc Ưng", "Chủ tịch UBND xã"),
    ("Phạm Hữu Khuyến", "Phó Chủ tịch UBND xã"),
    ("Hoàng Đình Quỹ", "Chủ tịch UBND phường"),
    ("Vũ Thị Bích Thủy", "Chủ tịch UBND xã"),
    ("Đỗ Xuân Nghĩa", "Chủ tịch UBND xã"),
    ("Y Thuyên Niê", "Chủ tịch UBND xã"),
    ("Bùi Thị Ánh Nguyệt", "Phó Chủ tịch UBND xã"),
)
LEADERS = tuple(
    Person(f"lanh-dao-{unit.id}", name, title, unit, Role.DELEGATE)
    for unit, (name, title) in zip(COMMUNES, NAMES, strict=True)
)
AUTHORITY = Authority(PROVINCE, "UBND", "Lâm Sơn")
START = datetime(2026, 2, 5, 1, 0, tzinfo=UTC)
"""08:00 in Vietnam."""

MEETING = Meeting(
    id="giao-ban-2026-02",
    room="giao-ban",
    title="Họp giao ban trực tuyến tháng 02 năm 2026",
    place="Phòng họp số 1, trụ sở UBND tỉnh",
    authority=PROVINCE,
    starts_at=START,
    chair=CHAIR,
    secretary=SECRETARY,
    invited=LEADERS,
    agenda=(
        AgendaItem("1", "Tình hình phát triển kinh tế - xã hội tháng 01", "Văn phòng UBND tỉnh"),
        AgendaItem("2", "Tiến độ giải ngân vốn đầu tư công", "Sở Tài chính"),
        AgendaItem("3", "Công tác chuẩn bị Tết Nguyên đán Bính Ngọ", ""),
    ),
    units=(PROVINCE, *COMMUNES),
)


class Story:
    """Writes facts one after another; `minutes` are minutes after 08:00."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.now = START

    def tell(self, minutes: float, kind: str, actor: str = "system", /, **data: object) -> None:
        self.now = START + timedelta(minutes=minutes)
        self.facts.append(chained(self.facts[-1] if self.facts else None, self.now, kind, actor, dict(data)))

    def left(self, minutes: float, person: Person, reason: str) -> None:
        self.tell(
            minutes, "left", person.id, person=person.id, since=iso(START + timedelta(minutes=minutes)), reason=reason
        )


def held(meeting: Meeting = MEETING) -> Proceedings:
    """The meeting as it went: one commune lost its line and came back, one never came; one vote; three conclusions."""
    story = Story()
    story.tell(-20, "convened", **meeting.to_json())
    present = (meeting.chair, meeting.secretary, *LEADERS[:6])
    for number, person in enumerate(present):
        story.tell(-15 + number, "joined", person.id, person=person.to_json())
    story.tell(0, "opened", CHAIR.id)
    story.tell(1, "agenda_step", CHAIR.id, item="1")
    story.tell(12, "floor_given", CHAIR.id, person=LEADERS[0].id)
    story.tell(18, "floor_ended", CHAIR.id, person=LEADERS[0].id)
    story.left(25, LEADERS[3], "lost")
    story.tell(41, "joined", LEADERS[3].id, person=LEADERS[3].to_json())
    story.tell(45, "agenda_step", CHAIR.id, item="2")
    story.tell(50, "floor_given", CHAIR.id, person=LEADERS[3].id)
    story.tell(57, "floor_ended", CHAIR.id, person=LEADERS[3].id)
    text = "Điều chỉnh kế hoạch vốn đầu tư công năm 2026 giữa các dự án chậm tiến độ"
    story.tell(70, "vote_opened", CHAIR.id, vote="v1", text=text, item="2")
    choices = ("for", "for", "against", "for", "abstain", "for")
    story.tell(71, "ballot_cast", CHAIR.id, vote="v1", person=CHAIR.id, choice="for")
    for leader, choice in zip(LEADERS[:5], choices, strict=False):
        story.tell(72, "ballot_cast", leader.id, vote="v1", person=leader.id, choice=choice)
    tally = {"for": 4, "against": 1, "abstain": 1, "none": 1}
    story.tell(75, "vote_closed", CHAIR.id, vote="v1", tally=tally, eligible=7, result="passed", rule="simple_majority")
    story.tell(80, "agenda_step", CHAIR.id, item="3")
    for number, (task, unit, deadline) in enumerate(
        (
            ("Rà soát hộ nghèo, hộ cận nghèo, đối tượng chính sách để tặng quà Tết", COMMUNES[0], date(2026, 2, 10)),
            ("Hoàn thành giải phóng mặt bằng dự án đường liên xã Mỹ Lộc - Quảng Ngọc", COMMUNES[3], date(2026, 3, 31)),
            ("Các xã, phường bố trí trực Tết 24/24 giờ, báo cáo tình hình trước 16 giờ hằng ngày", None, None),
        ),
        1,
    ):
        found = Conclusion(f"k{number}", task, unit, deadline, "3").to_json()
        story.tell(130 + number, "concluded", SECRETARY.id, conclusion=found.pop("id"), **found)
    for person in present:
        story.left(150, person, "closed")
    story.tell(150, "closed", CHAIR.id)
    return Proceedings.from_facts(story.facts)
