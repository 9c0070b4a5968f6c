"""The index follows every change in its own transaction, and can be made anew from the archive."""

import contextlib
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from minutes.document import Kind
from minutes.searching import store as searching
from minutes.searching.entry import PUBLIC, asked_unit, mark, office, reader, signer_marks
from minutes.searching.query import parse
from minutes.searching.store import Ask
from minutes.tables import version_table
from minutes.workflow.consultation import Invited
from minutes.workflow.plan import Comments, Workflow
from minutes.workflow.relation import Deed
from server import search_index
from tests.minutes.sample_meeting import CHAIR, PROVINCE
from tests.server.filling import fill
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, PIN, RecordsOffice, open_office

OURS = frozenset({office("lam-son")})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[RecordsOffice]:
    async with open_office(tmp_path) as opened:
        yield opened


async def found(desk: RecordsOffice, text: str, any_of: frozenset[str] = OURS, **more: frozenset[str]) -> list[str]:
    async with desk.database.read() as connection:
        keys = await searching.find(connection, Ask(parse(text), any_of, **more), newest=False)
        return [one.id for one in await searching.hits(connection, keys)]


async def test_a_draft_is_found_by_its_newest_text(desk: RecordsOffice) -> None:
    made = await desk.directive()
    assert await found(desk, '"rà soát phương án"') == [made]
    content = await desk.records.content_json(made)
    content["body"][0]["text"] = "Kiểm kê trụ nước."
    await desk.records.edit(made, content, by=CLERK_ACTOR, expected_version=1)
    assert await found(desk, '"rà soát phương án"') == []
    assert await found(desk, '"trụ nước"') == [made]


async def test_a_failed_change_changes_nothing_that_is_found(desk: RecordsOffice) -> None:
    made = await desk.directive()
    with contextlib.suppress(RuntimeError):
        async with desk.database.begin() as connection:
            await search_index.follow(connection, await desk.records.get(made), None)
            raise RuntimeError
    assert await found(desk, '"rà soát phương án"') == [made]


async def test_an_issued_document_is_found_by_number_state_year_signer_and_unit(desk: RecordsOffice) -> None:
    made = await desk.sealed_directive()
    day = (await desk.records.get(made)).issued_on
    assert day is not None
    assert await found(desk, "1/CT-UBND") == [made]
    for one in (
        mark("s", "sealed"), mark("k", "CT"), mark("y", str(day.year)), mark("n", PROVINCE.id),
        *signer_marks(CHAIR.name),
    ):  # fmt: skip
        assert await found(desk, "", all_of=frozenset({one})) == [made]
    for other in (mark("s", "draft"), mark("k", "TB"), mark("y", "1999"), mark("n", "an-dong"), *signer_marks("Minh")):
        assert await found(desk, "", all_of=frozenset({other})) == []


async def test_only_what_is_published_and_not_recalled_is_found_by_everybody(desk: RecordsOffice) -> None:
    everybody = frozenset({PUBLIC})
    made = await desk.sealed_directive()
    assert await found(desk, "rừng", everybody) == []
    await desk.records.publish(made, by=CLERK_ACTOR, reason="Công khai")
    assert await found(desk, "rừng", everybody) == [made]
    recall = await desk.records.draft_change(made, Deed.RECALLS, CLERK_ACTOR)
    assert await found(desk, "rừng", everybody) == [made]
    await fill(desk.records, recall, CLERK_ACTOR)
    await desk.records.submit(recall, by=CLERK_ACTOR)
    await desk.records.approve(recall, by=CHAIR_ACTOR)
    await desk.records.sign(recall, by=CHAIR_ACTOR, pin=PIN)
    await desk.records.seal(recall, by=CLERK_ACTOR, pin=PIN)
    assert await found(desk, "rừng", everybody) == [recall], "its notice was posted with the seal"
    await desk.records.withdraw(made, by=CLERK_ACTOR, reason="Đã thu hồi")
    assert await found(desk, "rừng", everybody) == [recall]


async def test_who_signs_and_who_is_asked_may_find_it(desk: RecordsOffice) -> None:
    await desk.records.set_plan("lam-son", Kind.DIRECTIVE, Workflow(comments=Comments.REQUIRED), by=CHAIR_ACTOR)
    made = await desk.directive()
    signer, other = frozenset({reader(CHAIR.id)}), frozenset({reader("minh")})
    unit, asked = frozenset({asked_unit("an-dong")}), frozenset({reader("dung")})
    assert await found(desk, "rừng", signer) == [made]
    assert await found(desk, "rừng", other | unit | asked) == []
    ask = [Invited("", "an-dong", "UBND phường An Đông"), Invited("dung", "", "Lò Văn Dũng")]
    due = desk.clock() + timedelta(days=3)
    await desk.records.consult(made, ask, due, by=CLERK_ACTOR)
    assert await found(desk, "rừng", unit) == [made] == await found(desk, "rừng", asked)
    assert await found(desk, "rừng", other) == []


async def test_made_anew_an_issued_document_is_found_by_its_archived_file_and_not_by_a_table(
    desk: RecordsOffice,
) -> None:
    made, draft = await desk.sealed_directive(), await desk.directive("Về việc khác")
    async with desk.database.begin() as connection:
        query = select(version_table.c.content).where(version_table.c.document_id == made)
        content = json.loads(await connection.scalar(query) or "")
        content["body"][0]["text"] = "Lời bịa đặt."
        await connection.execute(
            update(version_table).where(version_table.c.document_id == made).values(content=json.dumps(content))
        )
    assert await desk.records.reindex() == (2, 0)
    assert await found(desk, '"bịa đặt"') == []
    assert set(await found(desk, '"rà soát phương án"')) == {made, draft}
    assert await desk.records.index_missing() == (0, 0)


async def test_a_document_whose_file_is_damaged_is_found_by_its_name(desk: RecordsOffice) -> None:
    made = await desk.sealed_directive()
    digest = (await desk.records.get(made)).digest or ""
    (path,) = desk.archive.rglob(digest)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-9])
    await desk.records.reindex()
    assert await found(desk, "1/CT-UBND") == [made]
    assert await found(desk, '"rà soát phương án"') == []
