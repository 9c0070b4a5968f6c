"""The long way on PostgreSQL: the same rows, turns and relations as on SQLite."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from minutes.document import Actor, Kind, Signer, State
from minutes.workflow import store as workflow
from minutes.workflow.consultation import Answer, Invited
from minutes.workflow.plan import Comments, Workflow
from minutes.workflow.relation import Deed
from rooms.proceedings import Unit
from server import config, demo, directory
from server.app import open_records
from server.auth import utcnow
from server.database import Database
from server.records import Records
from tests import postgresql
from tests.server.filling import fill

pytestmark = pytest.mark.skipif(postgresql.installed() is None, reason="PostgreSQL is not installed")

WAY = Workflow(comments=Comments.REQUIRED, check="clerk")
PEOPLE = {account_id: Actor(account_id, name, title) for account_id, name, title, _unit, _roles in demo.PEOPLE}


async def sealed(records: Records, document_id: str) -> None:
    """Carry a document from the review to its seal."""
    await records.approve(document_id, by=PEOPLE["hanh"])
    await records.sign(document_id, by=PEOPLE["hanh"], pin=demo.PIN)
    await records.seal(document_id, by=PEOPLE["cuc"], pin=demo.PIN)
    assert (await records.get(document_id)).state is State.SEALED


async def test_a_document_goes_the_long_way_and_is_recalled(
    tmp_path: Path, demo_on_postgresql: Callable[[Path], Awaitable[str]]
) -> None:
    data = tmp_path / "office"
    settings = config.load(None, data=data, database={"url": await demo_on_postgresql(data)})
    database = Database(settings.database_url)
    records = open_records(settings, database)
    secretary, leader, clerk, lan = (PEOPLE[one] for one in ("binh", "hanh", "cuc", "lan"))
    async with database.read() as connection:
        account = await directory.account(connection, "lan")
    assert account is not None
    await records.set_plan("lam-son", Kind.DIRECTIVE, WAY, by=leader)
    unit = Unit(demo.PROVINCE.id, demo.PROVINCE.name)
    signer = Signer("leader", leader.id, leader.name, ("KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"))
    made = await records.draft_text(Kind.DIRECTIVE, demo.DIRECTIVE, secretary, unit=unit, leader=signer)

    asked = [Invited("", account.unit.id, account.unit.name), Invited("dung", "", "Lò Văn Dũng")]
    await records.consult(made, asked, utcnow() + timedelta(days=3), by=secretary)
    assert await records.count_waiting(account) == 1
    await records.remark(made, "Ghi rõ thời hạn.", by=lan, unit=account.unit.id, agrees=False)
    assert await records.count_waiting(account) == 0
    await records.gather(made, by=secretary)
    (said, _silent) = await records.asked(made)
    await records.answer(made, said.id, Answer.ACCEPTED, "", by=secretary)
    await records.submit(made, by=secretary)
    async with database.begin() as connection:
        due = await workflow.to_remind(connection, utcnow(), utcnow() + timedelta(days=9))
        assert [(one.document_id, one.turn.role) for one in due] == [(made, "clerk")]
        await workflow.reminded(connection, due[0].id, utcnow(), over=False)
        assert await workflow.to_remind(connection, utcnow(), utcnow() + timedelta(days=9)) == ()
        assert await workflow.unsettled(connection) == ()
    await records.pass_check(made, by=clerk)
    await sealed(records, made)

    await records.publish(made, by=clerk, reason="Liên quan đến người dân")
    assert made in [one.id for one in (await records.public_list()).items]
    recall = await records.draft_change(made, Deed.RECALLS, secretary)
    await fill(records, recall, secretary)
    await records.submit(recall, by=secretary)
    await sealed(records, recall)
    posted = [one.id for one in (await records.public_list()).items]
    assert made not in posted
    assert recall in posted, "its notice was posted with the seal"
    assert [one.deed for one in await records.changes(made)] == [Deed.RECALLS]
    await database.close()
