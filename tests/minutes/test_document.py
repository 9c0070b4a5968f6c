"""The state table and the order of signatures."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from minutes.document import Act, Document, Kind, Signed, Signer, State, in_signing_order
from minutes.errors import Refused
from minutes.transitions import acts_in, after
from minutes.workflow.plan import SHORT_WAY, Comments, Workflow
from tests.minutes.sample_meeting import PROVINCE

NOW = datetime(2026, 2, 5, tzinfo=UTC)

SHORT_ALLOWED = {
    ("draft", "edit"): "draft",
    ("draft", "submit"): "review",
    ("draft", "discard"): "discarded",
    ("revised", "discard"): "discarded",
    ("discarded", "restore"): "draft",
    ("comments", "remark"): "comments",
    ("comments", "gather"): "revised",
    ("revised", "edit"): "revised",
    ("revised", "answer"): "revised",
    ("revised", "submit"): "review",
    ("check", "checked"): "review",
    ("check", "return"): "draft",
    ("check", "take_back"): "draft",
    ("review", "take_back"): "draft",
    ("review", "return"): "draft",
    ("review", "approve"): "approved",
    ("approved", "sign"): "approved",
    ("approved", "sign_last"): "signed",
    ("approved", "void"): "draft",
    ("signed", "seal"): "sealed",
    ("signed", "void"): "draft",
    ("signed", "seal_waiting"): "stamping",
    ("stamping", "stamp"): "sealed",
    ("stamping", "void"): "draft",
    ("sealed", "renew"): "sealed",
    ("sealed", "publish"): "sealed",
    ("sealed", "withdraw"): "sealed",
}
"""The short way. It never reaches "comments" and "check", but a document there could leave them."""

ASKED = Workflow(comments=Comments.OPTIONAL)
BOUND_TO_ASK = Workflow(comments=Comments.REQUIRED, check="clerk")
LONG_ALLOWED = (
    {row: to for row, to in SHORT_ALLOWED.items() if row not in (("draft", "submit"), ("review", "take_back"))}
    | {("draft", "consult"): "comments", ("revised", "consult"): "comments", ("revised", "submit"): "check"}
    | dict.fromkeys((("check", "return"), ("check", "take_back"), ("review", "return")), "revised")
    | dict.fromkeys((("approved", "void"), ("signed", "void"), ("stamping", "void")), "revised")
)

EVERY = [(way, state, act) for way in ("short", "long") for state in State for act in Act]
WAYS = {"short": (SHORT_WAY, SHORT_ALLOWED), "long": (BOUND_TO_ASK, LONG_ALLOWED)}


@pytest.mark.parametrize(("way", "state", "act"), [one for one in EVERY if one[1:] in WAYS[one[0]][1]])
def test_the_table_leads_an_allowed_act_to_its_state(way: str, state: State, act: Act) -> None:
    workflow, allowed = WAYS[way]
    assert after(state, act, workflow) == allowed[state, act]


@pytest.mark.parametrize(("way", "state", "act"), [one for one in EVERY if one[1:] not in WAYS[one[0]][1]])
def test_every_other_act_is_refused(way: str, state: State, act: Act) -> None:
    with pytest.raises(Refused) as refusal:
        after(state, act, WAYS[way][0])
    assert refusal.value.code == (
        "comments_first" if (way, state, act) == ("long", "draft", "submit") else "wrong_state"
    )


def test_where_remarks_are_optional_a_draft_may_go_on_without() -> None:
    assert after(State.DRAFT, Act.SUBMIT, ASKED) is State.REVIEW
    assert after(State.DRAFT, Act.CONSULT, ASKED) is State.COMMENTS


def test_nothing_leads_out_of_a_sealed_document() -> None:
    for workflow in (SHORT_WAY, ASKED, BOUND_TO_ASK):
        assert {after(State.SEALED, act, workflow) for act in acts_in(State.SEALED, workflow)} == {State.SEALED}


def test_no_act_has_two_rows_for_one_workflow() -> None:
    for comments in Comments:
        for check in ("none", "clerk"):
            workflow = Workflow(comments=comments, check=check)
            for state in State:
                acts = acts_in(state, workflow)
                assert len(set(acts)) == len(acts), (workflow, state)


SECRETARY = Signer("secretary", "nhu", "Trần Thị Quỳnh Như", ("THƯ KÝ",), step=1)
CHAIR = Signer("chair", "duong", "Nguyễn Văn Đường", ("CHỦ TỌA",), step=2)
SEAL = Signer("seal", "lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn", (), step=3)


def minutes_in(state: State, *signed: Signer) -> Document:
    document = Document(
        id="0" * 32,
        kind=Kind.MINUTES,
        unit=PROVINCE,
        meeting_id="m",
        state=state,
        title="Họp giao ban",
        place="Lâm Sơn",
        version=1,
        code="AAAA-BBBB-CCCC",
        created_at=NOW,
        changed_at=NOW,
        signers=(SECRETARY, CHAIR, SEAL),
        year=2026,
        number=7,
        symbol="BB-UBND",
    )
    return replace(document, signed=tuple(Signed(one, "issuer", 1, NOW) for one in signed))


def test_secretary_then_chair_then_seal() -> None:
    assert minutes_in(State.REVIEW).next_signers == ()
    assert minutes_in(State.APPROVED).next_signers == (SECRETARY,)
    assert minutes_in(State.APPROVED, SECRETARY).next_signers == (CHAIR,)
    assert minutes_in(State.SIGNED, SECRETARY, CHAIR).next_signers == (SEAL,)
    assert minutes_in(State.SEALED, SECRETARY, CHAIR, SEAL).next_signers == ()


def test_where_people_sign_in_parallel_either_may_be_first_and_the_seal_is_last() -> None:
    signers = in_signing_order(Kind.MINUTES, (SECRETARY, CHAIR, SEAL), Workflow(parallel=True))
    secretary, chair, seal = signers
    document = replace(minutes_in(State.APPROVED), signers=signers)
    assert document.next_signers == (secretary, chair)
    by_chair = replace(document, signed=(Signed(chair, "issuer", 1, NOW),))
    assert by_chair.next_signers == (secretary,)
    assert by_chair.signing_act() is Act.SIGN_LAST
    assert seal.step == 2


def test_leaders_of_one_step_sign_together_and_each_has_a_field() -> None:
    first, second, third = (
        Signer("leader", one, one, ("CHỦ TỊCH",), step=at) for one, at in (("a", 4), ("b", 2), ("c", 2))
    )
    seal = replace(SEAL, step=1)
    signers = in_signing_order(Kind.NOTICE, (first, second, third, seal), SHORT_WAY)
    assert [(one.account, one.step) for one in signers] == [("b", 1), ("c", 1), ("a", 2), ("lam-son", 3)]
    assert len({one.field for one in signers}) == 4


def test_nobody_signs_one_document_twice() -> None:
    twice = tuple(Signer("leader", "a", "A", ("CHỦ TỊCH",), step=at) for at in (1, 2))
    with pytest.raises(Refused) as refusal:
        in_signing_order(Kind.NOTICE, (*twice, SEAL), SHORT_WAY)
    assert refusal.value.code == "wrong_signers"


def test_the_last_persons_signature_ends_the_signing_by_people() -> None:
    acts = [minutes_in(State.APPROVED, *so_far).signing_act() for so_far in ((), (SECRETARY,), (SECRETARY, CHAIR))]
    assert acts == [Act.SIGN, Act.SIGN_LAST, Act.SEAL]


def test_numbers_below_ten_are_written_with_two_digits() -> None:
    assert minutes_in(State.APPROVED).number_symbol == "07/BB-UBND"
    assert replace(minutes_in(State.APPROVED), number=107).number_symbol == "107/BB-UBND"
    assert replace(minutes_in(State.DRAFT), number=None).number_symbol is None


@pytest.mark.parametrize("wrong", [(CHAIR, SECRETARY, SEAL), (SECRETARY, CHAIR), (SEAL, SECRETARY, CHAIR), ()])
def test_signers_in_another_order_or_number_are_refused(wrong: tuple[Signer, ...]) -> None:
    with pytest.raises(Refused) as refusal:
        in_signing_order(Kind.MINUTES, wrong, SHORT_WAY)
    assert refusal.value.code == "wrong_signers"
