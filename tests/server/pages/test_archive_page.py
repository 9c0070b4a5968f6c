"""The archive's page, its alarm on the desk, and what anybody may take away to check it without us."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import FormData

from minutes.deposits import store
from minutes.deposits.checkpoint import Checkpoint, proved
from minutes.deposits.entry import Kind
from minutes.deposits.note import Verifier
from minutes.document import State
from minutes.numbering import store as numbers
from server import auth
from server.keys import CONFIG, DATABASE, JOBS, KEEPER, VAULT
from tests.server.pages.conftest import Office, begins_with, sealed_minutes


@pytest.fixture(autouse=True)
async def _by_hand(office: Office) -> None:
    """The archive is looked after when a test says so, and not by the clock."""
    for job in office.server.app[JOBS]:
        await job.close()


async def the_directive(office: Office) -> store.Logged:
    async with office.server.app[DATABASE].read() as connection:
        (found,) = await store.entries(connection, kind=Kind.DOCUMENT)
    return found


async def test_officials_see_how_the_archive_is_and_others_do_not(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    assert (await clerk.get("/desk")).has("archive-link")
    page = await clerk.get("/archive")
    assert page.has("archive-unchecked")
    await office.server.app[KEEPER].look(auth.utcnow())
    page = await clerk.get("/archive")
    assert page.has("archive-well")
    assert "01/CT-UBND" in page.words
    assert 'data-test="archive-size">2<' in page.text, "the directive and the time-stamp"
    assert "Dấu thời gian gần nhất" in page.words
    assert "Chưa có" not in page.words.split("Đã nộp lưu")[0]
    assert (await (await office.sign_in("dung")).get("/archive")).status == 403
    assert (await office.stranger().get("/archive")).status == 401
    for number in ("2", "0", "-1", "x", "9" * 30):
        assert (await clerk.get(f"/archive?page={number}")).status == 200


async def test_an_office_sees_its_own_documents_only(office: Office) -> None:
    async with office.server.app[DATABASE].read() as connection:
        mine, more = await store.of_unit(connection, "lam-son", 0, 1)
        assert (mine[0].entry.label.partition("/")[0], len(mine), more) == ("lam-son", 1, False)
        for other in ("ta-nang", "lam", "lam%", "lam_son", ""):
            assert await store.of_unit(connection, other, 0, 9) == ((), False)


async def test_what_is_damaged_stands_on_the_desk_until_it_is_mended(office: Office) -> None:
    clerk, keeper, now = await office.sign_in("cuc"), office.server.app[KEEPER], auth.utcnow()
    await keeper.look(now)
    assert not (await clerk.get("/desk")).has("archive-alarm")
    digest = (await the_directive(office)).entry.digest
    file = office.server.app[CONFIG].archive / digest[:2] / digest[2:4] / digest
    whole = file.read_bytes()
    file.write_bytes(whole[:-1])
    await keeper.look(now + timedelta(days=1))
    for path in ("/desk", "/archive"):
        page = await clerk.get(path)
        assert page.has("archive-alarm")
        assert "(Ủy ban nhân dân tỉnh Lâm Sơn): tệp đã bị hỏng" in page.words
    assert "giaoban_archive_damaged 1.0" in (await office.stranger().get("/metrics")).text
    assert not (await (await office.sign_in("dung")).get("/desk")).has("archive-alarm")
    file.write_bytes(whole)
    await keeper.look(now + timedelta(days=2))
    for path in ("/desk", "/archive"):
        assert not (await clerk.get(path)).has("archive-alarm")


async def test_anybody_takes_checkpoint_key_and_proof_and_needs_nothing_else(office: Office) -> None:
    citizen, logged = office.stranger(), await the_directive(office)
    assert (await citizen.get("/archive/checkpoint")).status == 404
    await office.server.app[KEEPER].look(auth.utcnow())
    verifier = Verifier.parse((await citizen.get("/archive/key")).text)
    note = await citizen.get("/archive/checkpoint")
    assert note.headers["Content-Type"].startswith("text/plain")
    assert Checkpoint.open(note.text, verifier).size == 1
    page = await citizen.get(f"/documents/lam-son/{logged.entry.label.split('/')[1]}/01/CT-UBND")
    link = re.search(r'href="(/archive/proof/[0-9a-f]{64})"', page.text)
    assert link is not None
    assert proved((await citizen.get(link[1])).text, logged.entry, verifier).size == 1


@begins_with(sealed_minutes)
async def test_the_proof_of_what_is_not_posted_is_for_those_who_may_read_it_or_hold_the_file(office: Office) -> None:
    document = await office.records.get(await office.minutes(State.SEALED))
    assert document.digest is not None
    path = f"/archive/proof/{document.digest}"
    citizen, secretary = office.stranger(), await office.sign_in("binh")
    assert (await citizen.get(path)).status == 404
    assert (await (await office.sign_in("lan")).get(path)).status == 404
    async with office.server.app[DATABASE].read() as connection:
        (logged,) = await store.entries(connection, digest=document.digest)
    verifier = office.server.app[VAULT].verifier
    assert (await secretary.get(f"/desk/{document.id}")).has("proof-link")
    proof = (await secretary.get(path)).text
    assert proved(proof, logged.entry, verifier).size == 2
    form = FormData()
    form.add_field("file", await office.records.pdf(document.id), filename="bien-ban.pdf")
    page = await citizen.post("/verify", form)
    shown = re.search(r'(?s)data-test="proof">(.*?)</pre>', page.text)
    assert shown is not None
    assert html.unescape(shown[1]) == proof
    for digest in ("0" * 64, "x", "0" * 63, "..%2f..%2fkeys"):
        assert (await secretary.get(f"/archive/proof/{digest}")).status == 404


async def test_while_the_clock_is_behind_pages_say_so_in_a_sentence_and_give_no_number(office: Office) -> None:
    logged, minutes = await the_directive(office), await office.minutes(State.REVIEW)
    async with office.server.app[DATABASE].begin() as connection:
        await numbers.go_on(connection, auth.utcnow() + timedelta(days=365))
    leader = await office.sign_in("hanh")
    refused = await leader.post(f"/desk/{minutes}/approve")
    shown = await leader.get(refused.location) if refused.status == 303 else refused
    assert "Đồng hồ máy chủ đang chậm" in shown.words
    document = await office.records.get(minutes)
    assert (document.state, document.number) == (State.REVIEW, None)
    proof = await leader.get(f"/archive/proof/{logged.entry.digest}")
    assert proof.status == 503
    assert "Đồng hồ máy chủ đang chậm" in proof.words


async def test_who_has_accepted_the_clock_and_how_far_time_went_back_is_told(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    assert not (await clerk.get("/archive")).has("clock-accepted")
    async with office.server.app[DATABASE].begin() as connection:
        await numbers.go_on(connection, datetime(2046, 5, 1, 2, tzinfo=UTC))
        await numbers.accept(connection, datetime(2026, 5, 1, 3, tzinfo=UTC), "Pin hỏng", "Vũ Minh Tâm, kỹ thuật")
    page = await clerk.get("/archive")
    assert page.has("clock-accepted")
    told = page.words.partition("Đã chấp nhận giờ máy chủ: 1 lần")[2]
    assert "01/05/2046" in told.partition("trở về")[0]
    assert "01/05/2026" in told
    assert "Vũ Minh Tâm, kỹ thuật" in told
    assert "Pin hỏng" in told
