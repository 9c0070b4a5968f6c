"""A clock that is behind: nothing is dated before what was dated last, until somebody says that the clock is right."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from minutes.deposits import store as deposits
from minutes.errors import ClockBehind, Refused
from minutes.numbering import store as numbers
from minutes.numbering.clock import TOLERANCE, behind
from minutes.registers import store as registers
from minutes.registers.entry import Received
from server.vault import Vault
from server.vault_keeper import Keeper
from tests.minutes.sample_meeting import PROVINCE
from tests.postgresql import ON_BOTH
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, RecordsOffice, open_office
from tests.server.test_vault import vault_of

pytestmark = ON_BOTH
YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)


@pytest.fixture
async def office(tmp_path: Path, new_database: Callable[[Path], str]) -> AsyncIterator[RecordsOffice]:
    url = new_database(tmp_path / "giaoban.sqlite3")
    async with open_office(tmp_path, database_url=url) as made:
        yield made


async def submitted(office: RecordsOffice) -> str:
    document_id = await office.directive()
    await office.records.submit(document_id, by=CLERK_ACTOR)
    return document_id


async def approved(office: RecordsOffice, at: datetime) -> str:
    office.clock.moment = at
    document_id = await submitted(office)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    return (await office.records.get(document_id)).number_symbol


async def test_a_number_is_refused_while_the_clock_is_behind_and_given_once_it_is_right(office: RecordsOffice) -> None:
    now = datetime.now(UTC)
    assert await approved(office, now) == "01/CT-UBND"
    waiting = await submitted(office)
    office.clock.moment = now - HOUR
    with pytest.raises(ClockBehind) as refused:
        await office.records.approve(waiting, by=CHAIR_ACTOR)
    assert set(refused.value.reason.values) == {"now", "newest"}
    office.clock.moment = now + HOUR
    await office.records.approve(waiting, by=CHAIR_ACTOR)
    assert (await office.records.get(waiting)).number_symbol == "02/CT-UBND", "what was refused has taken no number"


async def test_a_clock_that_is_set_back_a_little_stops_nobody(office: RecordsOffice) -> None:
    now = datetime.now(UTC)
    await approved(office, now)
    assert await approved(office, now - TOLERANCE) == "02/CT-UBND"
    async with office.database.read() as connection:
        assert await numbers.newest(connection) == now, "nor is it forgotten, however often it is set back a little"
    with pytest.raises(ClockBehind):
        await approved(office, now - TOLERANCE - timedelta(seconds=1))


async def test_what_comes_gets_no_number_of_arrival_either(office: RecordsOffice) -> None:
    now = datetime.now(UTC)
    day = now.date()
    letter = Received(day, "Sở Y tế", "12/SYT-VP", day, "Công văn", "Về việc tiêm chủng", "")

    async def received(at: datetime) -> int:
        async with office.database.begin() as connection:
            return await registers.add_incoming(connection, PROVINCE.id, letter, None, None, None, CLERK_ACTOR, at)

    assert await received(now) == 1
    with pytest.raises(ClockBehind):
        await received(now - HOUR)
    with pytest.raises(ClockBehind):
        await approved(office, now - HOUR)
    assert await received(now + HOUR) == 2


async def test_no_checkpoint_is_older_than_the_former(office: RecordsOffice) -> None:
    vault, now = vault_of(office), datetime.now(UTC)
    await office.sealed_directive()
    office.clock.moment = now + HOUR
    first = await vault.checkpoint()
    office.clock.moment = now
    with pytest.raises(ClockBehind):
        await vault.checkpoint()
    assert await vault.latest() == first
    office.clock.moment = now + 2 * HOUR
    assert (await vault.checkpoint()).number == first.number + 1


async def test_after_a_clock_was_ahead_for_a_year_the_office_goes_on_once_somebody_says_so(
    office: RecordsOffice,
) -> None:
    vault, now = vault_of(office), datetime.now(UTC)
    await office.sealed_directive()
    office.clock.moment = now + YEAR
    await vault.checkpoint()
    office.clock.moment = now + HOUR
    await Keeper(vault).look(now + HOUR)
    assert await kept(vault) == 1, "the daily look signs nothing, and does not fail"
    with pytest.raises(ClockBehind):
        await approved(office, now + HOUR)
    async with office.database.begin() as connection:
        made = await numbers.accept(connection, now + HOUR, "Pin của máy chủ hỏng", "Vũ Minh Tâm, kỹ thuật")
    assert (made.newest, made.by) == (now + YEAR, "Vũ Minh Tâm, kỹ thuật")
    assert await approved(office, now + HOUR) == "02/CT-UBND"
    await Keeper(vault).look(now + HOUR)
    assert await kept(vault) == 2, "what the old checkpoint says of the day does not keep the next one away"
    with pytest.raises(ClockBehind):
        await approved(office, now)
    async with office.database.read() as connection:
        assert await numbers.acceptances(connection) == (made,)
        assert (await deposits.checkpoints(connection))[0].at == now + YEAR, "what was dated stays as it was"


async def kept(vault: Vault) -> int:
    async with vault.database.read() as connection:
        return len(await deposits.checkpoints(connection))


async def test_a_clock_that_is_right_needs_nobody_to_accept_it(office: RecordsOffice) -> None:
    now = datetime.now(UTC)
    async with office.database.begin() as connection:
        with pytest.raises(Refused):
            await numbers.accept(connection, now, "Thử", "Tâm")
    await approved(office, now)
    async with office.database.begin() as connection:
        assert not behind(now, await numbers.newest(connection))
        with pytest.raises(Refused):
            await numbers.accept(connection, now, "Thử", "Tâm")
        assert await numbers.acceptances(connection) == ()
