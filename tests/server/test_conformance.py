"""`giaoban conformance` on the demo: what it tries, what it finds damaged, and the report of it."""

import json
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from minutes.conformance.checklist import Line, Outcome, Verdict, checklist
from minutes.deposits import store as deposits
from minutes.deposits.entry import Kind
from minutes.deposits.erasure import Erasure, Ground
from minutes.tables import act_table, register_table
from server import auth, config, rights
from server.conformance import administering, command, documents, guarding, keeping
from server.conformance.office import Examined, opened, words
from server.conformance.trying import CHECKS
from server.database import Database
from server.erasing import Eraser
from server.errors import SetupError
from server.vault import open_vault
from tests.server.test_command_line import Giaoban, giaoban, one_sentence

__all__ = ["giaoban"]


@pytest.fixture
async def data(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> Path:
    folder = tmp_path / "giaoban-data"
    await demo_data(folder)
    return folder


def test_every_line_names_a_check_that_exists_and_every_check_has_a_line() -> None:
    assert {line.check for line in checklist().lines if line.check} == set(CHECKS)


def test_nothing_that_the_program_claims_fails_and_what_is_missing_is_said(data: Path, giaoban: Giaoban) -> None:
    report = data.parent / "report.pdf"
    before = sorted(path for path in (data / "archive").rglob("*"))
    result = giaoban("conformance", "--json", "--pdf", str(report), "--data", str(data))
    found = json.loads(result.stdout)
    failed = [(line["number"], line["said"]) for line in found["lines"] if line["verdict"] == "failed"]
    assert not failed
    assert found["counts"]["met"] > 25
    assert sum(found["counts"].values()) == len(found["lines"]) == len(checklist().lines)
    assert result.returncode == (1 if found["counts"]["missing"] else 0)
    text = words(report.read_bytes())
    assert "Kết quả tự kiểm tra" in text
    assert found["lines"][0]["said"][:40] in text
    assert sorted(path for path in (data / "archive").rglob("*")) == before, "the installation was only read"


async def test_damage_in_the_installation_is_not_passed_over(data: Path) -> None:
    settings = config.load(None, data=data)
    database = Database(settings.database_url)
    async with opened(settings) as office:
        seen = Examined(settings, database, office)
        checks = (keeping.archive_whole, keeping.readable, documents.numbered)
        assert [(await check(seen)).verdict for check in checks] == [Verdict.MET] * 3
        for path in (data / "archive").rglob("*"):
            if len(path.name) == 64:
                path.write_bytes(b"")
        async with database.begin() as connection:
            await connection.execute(update(register_table).values(number=7))
        assert [(await check(seen)).verdict for check in checks] == [Verdict.FAILED] * 3
        assert "hư hỏng" in (await keeping.archive_whole(seen)).said
    await database.close()


async def test_what_was_erased_by_a_decision_is_not_damaged(data: Path) -> None:
    settings = config.load(None, data=data)
    database = Database(settings.database_url)
    vault = open_vault(settings, database)
    eraser = Eraser(vault, settings.papers, settings.recordings)
    async with database.begin() as connection:
        (kept, *_) = await deposits.entries(connection, kind=Kind.DOCUMENT)
        made = Erasure(Ground.INTAKE, "Sự cố số 01/2026", "Hạnh", auth.utcnow(), (kept.entry.digest,), ())
        record = await eraser.record(connection, made, "incident")
    await eraser.carry_out(record)
    async with opened(settings) as office:
        outcome = await keeping.readable(Examined(settings, database, office))
    await database.close()
    assert outcome.verdict is Verdict.MET
    assert "Không mở 1 văn bản đã xóa theo quyết định" in outcome.said


async def test_a_check_tells_an_office_that_does_not_do_as_it_should(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config.load(None, data=data)
    async with opened(settings) as office:
        seen = Examined(office.config, office.database, office)
        everybody = {name: lambda _account, _thing: True for name in rights._RULES}
        monkeypatch.setattr(rights, "_RULES", everybody)
        assert (await guarding.refused(seen)).verdict is Verdict.FAILED
        assert (await guarding.per_document(seen)).verdict is Verdict.FAILED
        for check in (administering.rights_given, administering.rights_warned, administering.case_access):
            assert (await check(seen)).verdict is Verdict.FAILED
        document = await office.issued()
        async with office.database.begin() as connection:
            await connection.execute(delete(act_table).where(act_table.c.document_id == document.id))
        assert (await documents.whole_way(seen)).verdict is Verdict.FAILED
        monkeypatch.setattr(keeping, "source_json", lambda _content: b"something else")
        assert (await keeping.fixed(seen)).verdict is Verdict.FAILED


def test_the_report_goes_to_the_desk_of_a_secretary_and_of_nobody_else(data: Path) -> None:
    settings = config.load(None, data=data)
    lines = tuple(Line(one, one.fixed or Outcome(Verdict.MET, "Đã thử.")) for one in checklist().lines)
    made = command.Tried(lines, auth.utcnow())
    address = command.put_on_desk(made, settings, "binh")
    with sqlite3.connect(data / "giaoban.sqlite3") as database:
        query = "SELECT kind, state FROM document WHERE id = ?"
        assert database.execute(query, (address.rpartition("/")[2],)).fetchone() == ("BC", "draft")
    for other in ("hanh", "dung", "nobody"):
        with pytest.raises(SetupError, match="no secretary"):
            command.put_on_desk(made, settings, other)
    with pytest.raises(SetupError, match="no unit 'ta-nang'"):
        command.write(made, settings, data.parent / "report.pdf", "ta-nang")


def test_what_cannot_be_tried_ends_with_2_and_a_sentence(data: Path, giaoban: Giaoban) -> None:
    assert "Không có hệ thống" in one_sentence(giaoban("conformance", "--data", str(data.parent / "none")))
    (data / "giaoban.sqlite3").write_bytes(b"no database" * 1000)
    assert "cannot be read" in one_sentence(giaoban("conformance", "--data", str(data)))
