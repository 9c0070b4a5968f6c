"""Closed case files are handed in to the historical archive, and its answers are on record."""

import asyncio
import hashlib
import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from minutes.document import State
from minutes.errors import Refused
from server import auth
from server.errors import Problem
from server.historical import Historical
from server.keys import CASE_FILES, DATABASE, SUBMITTING
from server.submitting import Submitting
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, begins_with, sealed_notice

pytestmark = begins_with(sealed_notice)


async def closed(office: Office, period: str) -> str:
    """The path of a closed case file with one document."""
    clerk = await office.sign_in("cuc")
    number = (await office.records.get(await office.notice(State.SEALED))).number_symbol or "?"
    where = (await clerk.post("/casefiles", {"title": "Hồ sơ kỳ họp", "period": period})).location
    assert (await clerk.post(where + "/add", {"what": number})).status == 303
    assert (await clerk.post(where + "/close", {"sure": "yes"})).status == 303
    return where


async def received(office: Office) -> str:
    """One that is kept for good, and that the authority's archive has."""
    where = await closed(office, "hop-quan-trong")
    assert (await (await office.sign_in("binh")).post(where + "/hand")).status == 303
    assert (await (await office.sign_in("mai")).post(where + "/receive")).status == 303
    return where


async def test_two_who_hand_in_the_same_case_file_at_once_bring_one_bag(office: Office, tmp_path: Path) -> None:
    app, folder = office.server.app, tmp_path / "historical"
    submitting = Submitting(app[DATABASE], app[CASE_FILES], Historical(folder), auth.utcnow)
    id, by = (await received(office)).rpartition("/")[2], await office.actor("cuc")
    both = [submitting.hand_in("lam-son", id, by=by) for _ in range(2)]
    first, second = await asyncio.gather(*both, return_exceptions=True)
    assert first is None
    assert isinstance(second, Refused)
    said = (await app[CASE_FILES].get("lam-son", id)).submission
    (bag,) = (folder / "outbox").glob("*.zip")
    assert said is not None
    assert said.digest == hashlib.sha256(bag.read_bytes()).hexdigest()


def answer(folder: Path, name: str, **said: object) -> None:
    (folder / "inbox").mkdir(exist_ok=True)
    (folder / "inbox" / f"{name}.json").write_text(json.dumps(said), encoding="utf-8")


@ON_BOTH
async def test_a_case_file_kept_for_good_goes_to_the_historical_archive_and_its_answer_is_on_record(
    office: Office, tmp_path: Path
) -> None:
    app, folder = office.server.app, tmp_path / "historical"
    submitting = Submitting(app[DATABASE], app[CASE_FILES], Historical(folder), auth.utcnow)
    where, clerk, by = await received(office), await office.sign_in("cuc"), await office.actor("cuc")
    id = where.rpartition("/")[2]
    await submitting.hand_in("lam-son", id, by=by)
    name = f"lam-son.{(await app[CASE_FILES].get('lam-son', id)).code}"
    bag = (folder / "outbox" / f"{name}.zip").read_bytes()
    digest = hashlib.sha256(bag).hexdigest()
    assert (folder / "outbox" / f"{name}.zip.sha256").read_text() == f"{digest}  {name}.zip\n"
    with zipfile.ZipFile(io.BytesIO(bag)) as opened:
        assert any(one.endswith("bagit.txt") for one in opened.namelist())
    assert "chờ trả lời" in (await clerk.get(where)).words

    answer(folder, name, digest="0" * 64, accepted=True)
    await submitting.look(auth.utcnow())
    assert "chờ trả lời" in (await clerk.get(where)).words, "of another bag"
    answer(folder, name, digest=digest, accepted=False, by="Lưu trữ lịch sử tỉnh", reason="Thiếu mục lục")
    await submitting.look(auth.utcnow())
    assert "không nhận Lưu trữ lịch sử tỉnh: Thiếu mục lục" in (await clerk.get(where)).words

    await submitting.hand_in("lam-son", id, by=by)
    digest = hashlib.sha256((folder / "outbox" / f"{name}.zip").read_bytes()).hexdigest()
    answer(folder, name, digest=digest, accepted=True, by="Lưu trữ lịch sử tỉnh")
    await submitting.look(auth.utcnow())
    assert "đã nhận Lưu trữ lịch sử tỉnh" in (await clerk.get(where)).words


async def test_what_is_not_kept_for_good_is_not_handed_in_and_without_a_way_nothing_is(office: Office) -> None:
    where, clerk = await closed(office, "trao-doi"), await office.sign_in("cuc")
    page = await clerk.post(where + "/submit", {})
    assert page.status == 422
    assert "bảo quản vĩnh viễn" in page.words
    assert not (await clerk.get(where)).has("submit")
    assert not office.server.app[SUBMITTING].connected


def test_an_answer_that_is_none_is_not_believed_and_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    historical = Historical(tmp_path)
    (tmp_path / "inbox").mkdir()
    for text in ("", "[]", "{}", '{"digest": "0", "accepted": "yes"}', "\0" * 100):
        (tmp_path / "inbox" / "a.json").write_text(text)
        assert historical.receipt("a") is None
    (tmp_path / "real.json").write_text('{"digest": "0", "accepted": true}')
    os.symlink(tmp_path / "real.json", tmp_path / "inbox" / "b.json")
    assert historical.receipt("b") is None
    (tmp_path / "outbox").write_text("a file")
    with pytest.raises(Problem, match="historical_down"):
        historical.hand_in("a", io.BytesIO(b"bag"))
