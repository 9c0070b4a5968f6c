"""What an authority has laid down: the way of each kind, who may sign for the head; and who signs a draft."""

import json
from collections.abc import Sequence
from dataclasses import replace

from minutes import store
from minutes.document import Document, HistoryEntry, Kind, Official, Signer, State, in_signing_order
from minutes.errors import N_, Reason, Refused
from minutes.reading import VIETNAM
from minutes.transitions import WITH_AUTHOR
from minutes.workflow import plan
from minutes.workflow import store as workflow
from minutes.workflow.delegation import Delegation, refuse_without_right, sound
from minutes.workflow.plan import Workflow
from minutes.workflow.store import PlanChange, Waiting
from minutes.workflow.turns import Turn
from server.directory import Account
from server.records_drafting import stored_content
from server.records_reading import Reading, actor_of, reason_of
from server.records_relations import refuse_wrong

_DRAFTS = 1000
"""Of one kind at one authority, that can follow a new way at once."""


class Arranging(Reading):
    """Settings that the moves obey, and whose turn it is."""

    async def plans(self, unit_id: str) -> tuple[dict[Kind, Workflow], tuple[PlanChange, ...]]:
        """What a unit has set for its kinds, and the log of it, the newest first."""
        async with self._database.read() as connection:
            return await workflow.plans(connection, unit_id), await workflow.plan_changes(connection, unit_id)

    async def set_plan(self, unit_id: str, kind: Kind, wanted: Workflow, *, by: Official, drafts: bool = False) -> None:
        """Set the way of a kind for what is drafted from now on, and with `drafts` for what nobody has submitted or
        asked anybody about yet, whose signers keep their order."""
        async with self._database.begin() as connection:
            await workflow.set_plan(connection, unit_id, kind, wanted, actor_of(by), self._now())
            begun = await store.search(connection, _DRAFTS, unit_id=unit_id, kind=kind, state=State.DRAFT)
            for document in begun if drafts else ():
                way = json.dumps(plan.to_json(replace(wanted, parallel=document.workflow.parallel)))
                await store.change(connection, document.id, document.changed_at, workflow=way)
                await workflow.settle(connection, document.id)

    async def delegations(self, unit_id: str) -> tuple[Delegation, ...]:
        """All that a unit has on record, the newest first."""
        async with self._database.read() as connection:
            return await workflow.delegations(connection, unit_id)

    async def delegate(self, delegation: Delegation, *, by: Official, confirmed: bool) -> None:
        """Put one on record; its id, time and author are set here. `confirmed`: by a leader who may, so it counts.
        Raises Refused("wrong_delegation")."""
        now = self._now()
        made = replace(sound(delegation), at=now, confirmed_at=now if confirmed else None)
        async with self._database.begin() as connection:
            await workflow.add_delegation(connection, made, actor_of(by))

    async def confirm(self, unit_id: str, delegation_id: int, *, by: Official) -> None:
        """Let one that waits count. Raises NotFound."""
        async with self._database.begin() as connection:
            await workflow.confirm_delegation(connection, unit_id, delegation_id, actor_of(by), self._now())

    async def lacking(self, document: Document) -> str | None:
        """Why it could not be approved today: who is to sign for the head without the right to."""
        async with self._database.read() as connection:
            known = await workflow.delegations(connection, document.unit.id)
        try:
            refuse_without_right(document.kind, document.signers, known, self._now().astimezone(VIETNAM).date())
        except Refused as refused:
            return refused.reason
        return None

    async def overtaken(self, document: Document) -> str | None:
        """Why a draft can no longer do to an earlier document what it says, if it cannot."""
        async with self._database.read() as connection:
            try:
                await refuse_wrong(connection, document, await stored_content(connection, document), lock=False)
            except Refused as refused:
                return refused.reason
        return None

    async def changing(self, document: Document) -> tuple[Document, ...]:
        """What is under way to amend, correct, replace or recall an issued document."""
        async with self._database.read() as connection:
            return await workflow.changing(connection, document)

    async def revoke(self, unit_id: str, delegation_id: int, *, by: Official, reason: str) -> None:
        """End one before its time. Raises NotFound, Refused."""
        async with self._database.begin() as connection:
            why = reason_of(reason)
            await workflow.revoke_delegation(connection, unit_id, delegation_id, actor_of(by), self._now(), why)

    async def set_signers(self, document_id: str, people: Sequence[Signer], *, by: Official) -> None:
        """Others will sign a draft, in the capacities given; the seal stays. Raises Refused."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            if document.state not in WITH_AUTHOR:
                raise Refused("wrong_state", Reason(N_("Chỉ chọn lại được người ký khi văn bản còn là dự thảo.")))
            seals = tuple(one for one in document.signers if one.role == "seal")
            signers = in_signing_order(document.kind, (*people, *seals), document.workflow)
            await store.set_signers(connection, document_id, signers, self._now())
            named = "; ".join(f"{one.name} ({' / '.join(one.title_lines)})" for one in signers if one.role != "seal")
            await store.log(connection, document_id, "signers", actor_of(by), self._now(), named[:500])

    async def turns(self, ids: Sequence[str]) -> dict[str, tuple[Turn, ...]]:
        """Whose turn it is with documents, by their ids."""
        async with self._database.read() as connection:
            return await workflow.turns_of(connection, ids)

    async def returned(self, documents: Sequence[Document]) -> dict[str, HistoryEntry]:
        """By whom, when and why those of the documents that are with their authors came back to them, by their ids."""
        ids = [one.id for one in documents if one.state in WITH_AUTHOR]
        async with self._database.read() as connection:
            return await store.returned(connection, ids)

    async def waiting(self, account: Account) -> tuple[tuple[Waiting, Document], ...]:
        """What waits for an official, the first due first."""
        async with self._database.read() as connection:
            found = await workflow.waiting_for(connection, account.id, account.unit.id, sorted(account.roles))
            documents = await store.several(connection, [one.document_id for one in found])
        return tuple((one, documents[one.document_id]) for one in found)

    async def count_waiting(self, account: Account) -> int:
        """How many documents wait for an official."""
        async with self._database.read() as connection:
            return await workflow.count_waiting(connection, account.id, account.unit.id, sorted(account.roles))
