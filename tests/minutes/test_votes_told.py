"""What the minutes say of a vote: by which rule, with which quorum, for whom, and who came late."""

from minutes.content import MinutesContent, from_json, to_json
from minutes.document import Kind
from minutes.typeset import named_ballots, vote_sentence
from rooms.proceedings import iso
from tests.minutes.sample_meeting import CHAIR, LEADERS, MEETING
from tests.minutes.test_fit import drafted, told

OPENED = {"vote": "v1", "text": "Thông qua?", "item": None}
RULE = {
    "secret": True,
    "majority": "two_thirds",
    "base": "members",
    "quorum": "half",
    "proxies": False,
    "seconds": None,
}
TALLY = {"for": 5, "against": 1, "abstain": 0, "none": 1}
COUNT = {"tally": TALLY, "eligible": 7, "needed": 5, "present": 6, "members": 7, "quorum": 4, "result": "passed"}


def minutes(*facts: tuple[str, dict[str, object]]) -> MinutesContent:
    return drafted(told(MEETING, *facts))


def test_a_secret_vote_is_told_with_its_rule_and_quorum_and_without_names() -> None:
    codes = [[f"{number:012d}", "for" if number < 5 else "against"] for number in range(6)]
    closed = {"vote": "v1", "codes": codes, "voters": [CHAIR.id]} | COUNT
    (vote,) = minutes(("vote_opened", OPENED | RULE), ("vote_closed", closed)).votes
    assert vote.basis == (
        "Bỏ phiếu kín; cần ít nhất hai phần ba tổng số đại biểu tán thành (05/07); "
        "có mặt 06/07 đại biểu, cần ít nhất 04."
    )
    assert vote.ballots == ()
    assert vote_sentence(vote) == (
        "Kết quả: 05/07 đại biểu tán thành (đạt 71,4%); không tán thành: 01; không có ý kiến: không có; "
        "không biểu quyết: 01. Nội dung biểu quyết được thông qua."
    )


def test_who_counted_by_a_proxy_is_told_beside_who_was_there() -> None:
    count = COUNT | {"represented": 1, "quorum": 0}
    for base, basis in (
        (
            "present",
            "Biểu quyết công khai; cần quá nửa trong số 06 đại biểu có mặt và 01 đại biểu biểu quyết qua ủy quyền "
            "tán thành (05/07); có mặt 06/07 đại biểu.",
        ),
        (
            "members",
            "Biểu quyết công khai; cần quá nửa tổng số đại biểu tán thành (05/07); có mặt 06/07 đại biểu; "
            "01 đại biểu biểu quyết qua ủy quyền.",
        ),
    ):
        opened = OPENED | RULE | {"secret": False, "majority": "half", "proxies": True, "base": base}
        (vote,) = minutes(("vote_opened", opened), ("vote_closed", {"vote": "v1"} | count)).votes
        assert vote.basis == basis


def test_a_roll_call_names_who_was_there_and_did_not_vote_and_the_absent_where_all_members_count() -> None:
    silent, absent, cut = LEADERS[:3]
    opened = OPENED | RULE | {"secret": False}
    closed = {"vote": "v1", "silent": [silent.id, cut.id], "away": [cut.id, absent.id]} | COUNT
    cast = {"vote": "v1", "person": CHAIR.id, "choice": "for"}
    for base, words in (
        ("members", f"Vắng mặt khi biểu quyết: {absent.name}."),
        ("present", ""),
    ):
        facts = (("vote_opened", opened | {"base": base}), ("ballot_cast", cast), ("vote_closed", closed))
        content = minutes(*facts)
        without = f"Không biểu quyết: {silent.name}. Mất kết nối khi biểu quyết: {cut.name}. {words}".rstrip()
        assert named_ballots(content.votes[0].ballots).endswith(without)
        assert from_json(Kind.MINUTES, to_json(content)) == content


def test_a_line_that_was_found_lost_after_the_vote_is_told_and_the_result_stays() -> None:
    cut = LEADERS[0]
    for secret in (False, True):
        (vote,) = minutes(
            ("joined", {"person": cut.to_json()}),
            ("vote_opened", OPENED | RULE | {"secret": secret}),
            ("vote_closed", {"vote": "v1", "silent": [cut.id], "away": []} | COUNT),
            ("line_lost", {"person": cut.id, "since": iso(MEETING.starts_at)}),
        ).votes
        assert vote.basis.endswith(
            "Sau khi công bố kết quả, xác định có 01 đại biểu đã tính là có mặt nhưng mất kết nối khi biểu quyết "
            f"({cut.name}); không kể các đại biểu này, có mặt 05/07. Kết quả đã công bố được giữ nguyên."
        )
        assert vote.ballots == (() if secret else ((cut.name, "lost"),))
        assert (vote.in_favour, vote.none, vote.result) == (5, 1, "passed")


def test_a_vote_without_quorum_has_no_value() -> None:
    closed = {"vote": "v1"} | COUNT | {"present": 3, "result": "no_quorum"}
    (vote,) = minutes(("vote_opened", OPENED | RULE), ("vote_closed", closed)).votes
    assert vote_sentence(vote).endswith("Không đủ số đại biểu có mặt, biểu quyết không có giá trị.")


def test_what_came_late_is_told_as_late_and_counted_nowhere() -> None:
    late = LEADERS[1]
    content = minutes(
        ("vote_opened", OPENED | RULE | {"secret": False}),
        ("vote_closed", {"vote": "v1"} | COUNT),
        ("late_opened", {"until": "2026-02-05T03:00:00Z"}),
        ("late_ballot", {"vote": "v1", "person": late.id, "choice": "against"}),
        ("late_statement", {"statement": "s1", "person": late.id, "text": "Xã đã sơ tán xong.", "item": None}),
    )
    (vote,) = content.votes
    assert vote.basis.endswith(
        f"Ý kiến gửi muộn, không tính vào kết quả: {late.name} (không tán thành, lúc 08 giờ 04)."
    )
    assert (vote.in_favour, vote.against) == (5, 1)
    part = next(part for part in content.course if part.heading.startswith("Ý kiến gửi muộn"))
    assert part.paragraphs[0].endswith("gửi: Xã đã sơ tán xong.")
