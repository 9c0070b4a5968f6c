"""The state table and the order of signatures."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from minutes.document import (
    Act,
    Document,
    Kind,
    Signed,
    Signer,
    State,
    acts_in,
    after,
    in_signing_order,
)
from minutes.errors import Refused
from tests.minutes.sample_meeting import PROVINCE

NOW = datetime(2026, 2, 5, tzinfo=UTC)

ALLOWED = {
    ("draft", "edit"): "draft",
    ("draft", "submit"): "review",
    ("review", "return"): "draft",
    ("review", "approve"): "approved",
    ("approved", "sign"): "approved",
    ("approved", "sign_last"): "signed",
    ("approved", "void"): "draft",
    ("signed", "seal"): "sealed",
    ("signed", "void"): "draft",
    ("sealed", "publish"): "sealed",
    ("sealed", "withdraw"): "sealed",
}

EVERY = [(state, act) for state in State for act in Act]


@pytest.mark.parametrize(("state", "act"), [one for one in EVERY if one in ALLOWED])
def test_the_table_leads_an_allowed_act_to_its_state(state: State, act: Act) -> None:
    assert after(state, act) == ALLOWED[state, act]


@pytest.mark.parametrize(("state", "act"), [one for one in EVERY if one not in ALLOWED])
def test_every_other_act_is_refused(state: State, act: Act) -> None:
    with pytest.raises(Refused) as refusal:
        after(state, act)
    assert refusal.value.code == "wrong_state"


def test_nothing_leads_out_of_a_sealed_document() -> None:
    assert {after(State.SEALED, act) for act in acts_in(State.SEALED)} == {State.SEALED}


SECRETARY = Signer("secretary", "nhu", "Trần Thị Quỳnh Như", ("THƯ KÝ",))
CHAIR = Signer("chair", "duong", "Nguyễn Văn Đường", ("CHỦ TỌA",))
SEAL = Signer("seal", "lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn", ())


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
    assert minutes_in(State.REVIEW).next_signer is None
    assert minutes_in(State.APPROVED).next_signer == SECRETARY
    assert minutes_in(State.APPROVED, SECRETARY).next_signer == CHAIR
    assert minutes_in(State.SIGNED, SECRETARY, CHAIR).next_signer == SEAL
    assert minutes_in(State.SEALED, SECRETARY, CHAIR, SEAL).next_signer is None


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
        in_signing_order(Kind.MINUTES, wrong)
    assert refusal.value.code == "wrong_signers"
