"""Any way through the state table, by any workflow: hypothesis walks, and looks for one that must not be."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from minutes.days.calendar import calendar
from minutes.document import Act, Document, Kind, Signed, Signer, State, in_signing_order
from minutes.transitions import acts_in, after, deadline
from minutes.workflow.consultation import Asked, Remark
from minutes.workflow.plan import CHECKERS, Comments, Workflow
from minutes.workflow.turns import Task, turns
from tests.minutes.sample_meeting import PROVINCE

START = datetime(2026, 2, 5, 1, 0, tzinfo=UTC)
SEAL = Signer("seal", PROVINCE.id, PROVINCE.name, ())
TASK_OF = {
    State.DRAFT: {Task.WRITE},
    State.REVISED: {Task.WRITE},
    State.COMMENTS: {Task.REMARK, Task.GATHER},
    State.CHECK: {Task.CHECK},
    State.REVIEW: {Task.APPROVE},
    State.APPROVED: {Task.SIGN},
    State.SIGNED: {Task.SEAL},
}


class Walk(RuleBasedStateMachine):
    """One document; every act that the table allows may come next."""

    @initialize(
        comments=st.sampled_from(Comments),
        check=st.sampled_from(CHECKERS),
        parallel=st.booleans(),
        steps=st.lists(st.integers(1, 3), min_size=0, max_size=4),
    )
    def draft(self, comments: Comments, check: str, parallel: bool, steps: list[int]) -> None:
        workflow = Workflow(comments=comments, check=check, parallel=parallel)
        people: tuple[Signer, ...]
        if steps:
            kind = Kind.NOTICE
            people = tuple(
                Signer("leader", f"p{at}", "Lãnh đạo", ("CHỦ TỊCH",), step=step) for at, step in enumerate(steps)
            )
        else:
            kind = Kind.MINUTES
            people = (Signer("secretary", "binh", "Bình", ("THƯ KÝ",)), Signer("chair", "hanh", "Hạnh", ("CHỦ TỌA",)))
        self.now, self.numbers, self.voided, self.history = START, 0, 0, ["draft"]
        self.asked: tuple[Asked, ...] = ()
        self.document = Document(
            id="d" * 32,
            kind=kind,
            unit=PROVINCE,
            meeting_id=None,
            state=State.DRAFT,
            title="Văn bản",
            place="Lâm Sơn",
            version=1,
            code="AAAA",
            created_at=START,
            changed_at=START,
            signers=in_signing_order(kind, (*people, SEAL), workflow),
            workflow=workflow,
        )

    @rule(data=st.data())
    def act(self, data: st.DataObject) -> None:
        document, table = self.document, acts_in(self.document.state, self.document.workflow)
        possible = [one for one in table if one not in (Act.SIGN, Act.SIGN_LAST, Act.SEAL, Act.SEAL_WAITING)]
        if document.next_signers:
            possible.append(document.signing_act())
            assert document.signing_act() in table, "the signature that is next has a row"
            if document.signing_act() is Act.SEAL:
                possible.append(Act.SEAL_WAITING)
        chosen = data.draw(st.sampled_from(possible))
        self.now += timedelta(hours=1)
        self.history.append(chosen)
        state = after(document.state, chosen, document.workflow)
        entered = state is not document.state
        due = deadline(state, document.workflow, self.now, calendar()) if entered else document.due_at
        changed = replace(document, state=state, due_at=due)
        match chosen:
            case Act.CONSULT:
                self.asked = tuple(Asked(at, 1, f"a{at}", "", "Dũng", self.now) for at in range(2))
            case Act.REMARK:
                silent = [at for at, one in enumerate(self.asked) if one.remark is None]
                if silent:
                    said = Remark("Dũng", "", self.now, 1, True, "")
                    spoken = replace(self.asked[silent[0]], remark=said)
                    self.asked = (*self.asked[: silent[0]], spoken, *self.asked[silent[0] + 1 :])
            case Act.APPROVE:
                self.numbers += 1
                changed = replace(changed, number=self.numbers, year=2026, symbol="TB-UBND")
            case Act.VOID:
                self.voided += 1
                changed = replace(changed, number=None, year=None, symbol=None, signed=())
            case Act.SIGN | Act.SIGN_LAST | Act.SEAL | Act.SEAL_WAITING:
                signer = data.draw(st.sampled_from(document.next_signers))
                changed = replace(changed, signed=(*document.signed, Signed(signer, "issuer", 1, self.now)))
        self.document = changed

    @invariant()
    def a_number_needs_an_approval_that_was_not_voided(self) -> None:
        numbered = self.document.state in (State.APPROVED, State.SIGNED, State.STAMPING, State.SEALED)
        assert (self.document.number is not None) is numbered
        assert self.history.count(Act.APPROVE) == self.voided + numbered

    @invariant()
    def no_step_is_signed_before_the_one_before_it_is_complete(self) -> None:
        steps = [one.signer.step for one in self.document.signed]
        assert steps == sorted(steps)
        for step in set(steps):
            before = {signer.field for signer in self.document.signers if signer.step < step}
            assert before <= {one.signer.field for one in self.document.signed}

    @invariant()
    def nobody_signs_twice_and_the_seal_is_last(self) -> None:
        fields = [one.signer.field for one in self.document.signed]
        assert len(set(fields)) == len(fields)
        if any(one.signer.role == "seal" for one in self.document.signed):
            assert len(fields) == len(self.document.signers)
            assert self.document.state in (State.STAMPING, State.SEALED)

    @invariant()
    def what_is_required_was_done(self) -> None:
        if self.document.state not in (State.DRAFT, State.COMMENTS, State.REVISED, State.DISCARDED):
            if self.document.workflow.comments is Comments.REQUIRED:
                assert Act.GATHER in self.history
            if self.document.workflow.checks and self.document.state is not State.CHECK:
                last = len(self.history) - self.history[::-1].index(Act.SUBMIT)
                assert Act.CHECKED in self.history[last:]

    @invariant()
    def somebody_has_the_turn_and_it_fits(self) -> None:
        found = turns(self.document, self.asked)
        if self.document.state in TASK_OF:
            assert found
            assert {turn.task for turn in found} <= TASK_OF[self.document.state]

    @precondition(lambda self: self.document.state is State.SEALED)
    @invariant()
    def what_is_sealed_is_whole(self) -> None:
        assert [one.signer.field for one in self.document.signed][-1] == SEAL.field
        assert self.document.next_signers == ()


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
