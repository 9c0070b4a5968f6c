"""Remarks on a draft: asking for them, giving them, and what the author makes of each."""

from collections.abc import Sequence
from datetime import datetime

from minutes import store
from minutes.document import Act, Official
from minutes.errors import N_, NotFound, Reason, Refused
from minutes.workflow import store as workflow
from minutes.workflow.consultation import Answer, Asked, Invited, mine, remark_text, round_of
from server.records_reading import Reading, actor_of, reason_of


class Consulting(Reading):
    """The acts between a draft and the text that is submitted."""

    async def asked(self, document_id: str) -> tuple[Asked, ...]:
        """Everybody who was ever asked, with what they said, by round."""
        async with self._database.read() as connection:
            return await workflow.asked(connection, document_id)

    async def consult(self, document_id: str, invited: Sequence[Invited], due_at: datetime, *, by: Official) -> None:
        """Ask people and units for their remarks until `due_at`. Raises Refused."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            each = round_of(invited, due_at, self._now())
            await workflow.ask(connection, document_id, each, due_at, self._now())
            names = "; ".join(one.name for one in each)
            await self._take(connection, document, Act.CONSULT, by, names if len(names) <= 500 else f"{names[:499]}…")

    async def remark(self, document_id: str, text: str, *, by: Official, unit: str, agrees: bool) -> None:
        """Say something, or agree, as one who was asked or for the unit that was. Raises Refused("not_asked"), and
        SecretContent."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            said = remark_text(text, agrees=agrees)
            one = mine(await workflow.open_round(connection, document_id), by.id, unit)
            if one is None:
                raise Refused("not_asked", Reason(N_("Đồng chí không có yêu cầu góp ý nào đang chờ trả lời.")))
            await workflow.remark(connection, one.id, document.version, actor_of(by), self._now(), said, agrees=agrees)
            await self._take(connection, document, Act.REMARK, by, None if one.account else one.name)

    async def gather(self, document_id: str, *, by: Official) -> None:
        """End the round; who has not answered is not waited for."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            silent = [one.name for one in await workflow.open_round(connection, document_id) if one.remark is None]
            await self._take(connection, document, Act.GATHER, by, "; ".join(silent)[:500] or None)

    async def answer(self, document_id: str, asked_id: int, verdict: Answer, reply: str, *, by: Official) -> None:
        """Accept or decline a remark; declining needs a reason. Raises Refused, NotFound."""
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            said = reason_of(reply) if verdict is Answer.DECLINED or reply.strip() else ""
            found = next((one for one in await workflow.asked(connection, document_id) if one.id == asked_id), None)
            if found is None or found.remark is None:
                raise NotFound(Reason(N_("Không có ý kiến này.")))
            await workflow.answer(connection, asked_id, verdict, said, actor_of(by), self._now())
            await self._take(connection, document, Act.ANSWER, by, found.name)
