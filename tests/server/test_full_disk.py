"""A disk that is full: nothing is lost, the reason is said, and once there is room again the work goes on."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from minutes.document import State
from server.bulk_signing import BulkSigning
from server.config import load
from server.database import Database, sqlite_url
from server.disks import Disks, out_of_room
from server.errors import answer
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, PIN, RecordsOffice, open_office


class SmallDisk:
    """A disk of its own, of a few megabytes, in memory."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def fill(self) -> None:
        """To the last octet."""
        with (self.place / "filler").open("wb", buffering=0) as filler:
            for piece in (2**16, 1):
                with suppress(OSError):
                    while True:
                        filler.write(b"x" * piece)

    def free(self) -> None:
        (self.place / "filler").unlink()


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallDisk]:
    if os.geteuid() != 0:
        pytest.skip("a disk of its own needs root")
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], capture_output=True)
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    yield SmallDisk(place)
    subprocess.run(["umount", "-l", place], check=True)


async def signed_directive(office: RecordsOffice) -> str:
    directive = await office.directive()
    await office.records.submit(directive, by=CLERK_ACTOR)
    await office.records.approve(directive, by=CHAIR_ACTOR)
    await office.records.sign(directive, by=CHAIR_ACTOR, pin=PIN)
    return directive


@pytest.mark.parametrize("full", ["archive", "database"])
async def test_what_cannot_be_sealed_for_want_of_room_is_sealed_once_there_is_some(
    small: SmallDisk, tmp_path: Path, full: str
) -> None:
    path = small.place if full == "archive" else tmp_path / "office"
    database = sqlite_url((tmp_path if full == "archive" else small.place) / "giaoban.sqlite3")
    async with open_office(path, database_url=database) as office:
        directive = await signed_directive(office)
        before = await office.records.pdf(directive)
        small.fill()
        with pytest.raises(Exception) as failed:
            await office.records.seal(directive, by=CLERK_ACTOR, pin=PIN)
        assert out_of_room(failed.value)
        assert (await office.records.get(directive)).state is State.SIGNED
        assert await office.records.pdf(directive) == before
        small.free()
        await office.records.seal(directive, by=CLERK_ACTOR, pin=PIN)
        sealed = await office.records.get(directive)
        assert (sealed.state, sealed.number) == (State.SEALED, 1)
        assert (await office.records.verify(await office.records.pdf(directive))).kind == "genuine"


async def test_a_run_says_why_nothing_was_sealed(small: SmallDisk) -> None:
    async with open_office(small.place) as office:
        document = await office.records.get(await signed_directive(office))
        small.fill()
        run = BulkSigning().start(
            CLERK_ACTOR.id, [(document, True)], lambda row: office.records.seal(document.id, by=CLERK_ACTOR, pin=PIN)
        )
        assert run.task is not None
        await run.task
        assert [str(row.error) for row in run.rows] == [answer("no_room").text]


async def test_who_asks_whether_the_server_is_ready_hears_of_a_full_disk(small: SmallDisk, tmp_path: Path) -> None:
    whole = load(None, data=tmp_path / "data", database={"url": sqlite_url(tmp_path / "giaoban.sqlite3")})
    async with Database(whole.database_url) as database:
        await database.migrate()
        assert await Disks(whole, database).wrong() == ()
        elsewhere = load(None, data=tmp_path / "data", content_keys=small.place / "keys")
        assert await Disks(elsewhere, database).wrong() == ("no_room: content-keys",)


async def test_who_asks_whether_the_server_is_ready_hears_of_a_database_that_lets_nobody_write(tmp_path: Path) -> None:
    whole = load(None, data=tmp_path / "data", database={"url": sqlite_url(tmp_path / "giaoban.sqlite3")})
    async with Database(whole.database_url) as database:
        await database.migrate()
    blocked = sqlite_url(tmp_path / "giaoban.sqlite3").replace(":///", ":///file:") + "?mode=ro&uri=true"
    async with Database(blocked) as database:
        assert await Disks(whole, database).wrong() == ("database",)


def test_other_errors_are_not_taken_for_a_full_disk() -> None:
    assert not out_of_room(OSError(errno.EACCES, "no"))
    assert not out_of_room(ValueError("disk full"))
    assert out_of_room(OSError(errno.EDQUOT, "quota"))
