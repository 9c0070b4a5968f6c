"""Two authorities, each with an installation of its own, exchange documents by the axis: what one issues the other
receives, numbers and answers; what it recalls the other destroys."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st

from minutes.document import State
from minutes.exchange import edxml, status
from minutes.exchange.status import Code
from minutes.workflow.relation import Deed
from server import auth, config
from server.app import build_app
from server.errors import SetupError
from server.exchange_line import HttpLine, LineDown
from server.keys import EXCHANGE, VAULT
from server.pages.caching import saved
from server.vault_examination import Result, examination
from tests.server.conftest import Server
from tests.server.pages.conftest import Office, Page, Visitor, begins_with, sealed_notice
from tests.server.papers_files import docx, pdf

PROVINCE, COMMUNE = "H41", "H41.12"


@dataclass
class Authority:
    """An installation, its clerk at the desk, and its folder at the axis."""

    office: Office
    clerk: Visitor
    folder: Path

    async def look(self) -> None:
        await self.office.server.app[EXCHANGE].look(auth.utcnow())

    def outbox(self) -> list[Path]:
        return sorted(self.folder.joinpath("outbox").glob("*.edxml"))

    def put(self, name: str, data: bytes) -> None:
        self.folder.joinpath("inbox").mkdir(parents=True, exist_ok=True)
        self.folder.joinpath("inbox", name).write_bytes(data)

    async def comes(self, data: bytes, name: str = "den.edxml") -> Page:
        """The page of what waits, after a message has come."""
        self.put(name, data)
        await self.look()
        return await self.clerk.get("/registers/waiting")

    async def arrival(self) -> str:
        """The path of the one document that has come."""
        unit = (await self.office.account("cuc")).unit.id
        (one,) = await self.office.server.app[EXCHANGE].arrivals.waiting(unit)
        return f"/registers/waiting/{one.id}"


async def carry(*authorities: Authority) -> None:
    """What the client of the axis does: all messages go to whom they name."""
    for one in authorities:
        await one.look()
    for sender in authorities:
        (receiver,) = [one for one in authorities if one is not sender]
        for path in sender.outbox():
            receiver.put(path.name, path.read_bytes())
            path.unlink()
    for one in authorities:
        await one.look()


Opened = Callable[[str, str, str], Awaitable[Authority]]


@pytest_asyncio.fixture
async def opened(tmp_path: Path, demo_data: Callable[[Path], Awaitable[None]]) -> AsyncIterator[Opened]:
    """Opens an installation whose province office is known on the axis by an identifier."""
    clients, offices = [], []

    async def make(name: str, organ: str, partner: str) -> Authority:
        data, folder = tmp_path / name, tmp_path / f"{name}-axis"
        await demo_data(data)
        exchange = {"folder": folder, "organs": {"lam-son": organ}, "partners": {partner: f"Cơ quan {partner}"}}
        app = build_app(config.load(None, data=data, media={"host": "127.0.0.1"}, exchange=exchange))
        client = TestClient(TestServer(app))
        await client.start_server()
        await app[EXCHANGE].job.close()  # looks are taken when a story says so
        clients.append(client)
        office = Office(Server(app, client, data))
        offices.append(office)
        return Authority(office, await office.sign_in("cuc"), folder)

    yield make
    for office in offices:
        for visitor in office.visitors:
            await visitor.session.close()
    for client in clients:
        await client.close()


@pytest_asyncio.fixture
async def both(opened: Opened) -> tuple[Authority, Authority]:
    return await opened("province", PROVINCE, COMMUNE), await opened("commune", COMMUNE, PROVINCE)


async def dispatched(sender: Authority, document_id: str, to: str = COMMUNE) -> None:
    page = await sender.clerk.post(f"/desk/{document_id}/dispatch", {f"organ.{to}": "on"})
    assert page.status == 303, page.words


async def recalled(sender: Authority, document_id: str) -> str:
    records = sender.office.records
    drafted = await records.draft_change(document_id, Deed.RECALLS, await sender.office.actor("binh"))
    await sender.office.advance(drafted, State.SEALED)
    return drafted


async def test_what_one_issues_the_other_receives_numbers_and_answers(both: tuple[Authority, Authority]) -> None:
    province, commune = both
    notice, annex = await province.office.notice(State.DRAFT), docx("Danh sách hộ")
    await province.office.records.attach(notice, "bieu.docx", annex, by=await province.office.actor("binh"))
    await province.office.advance(notice, State.SEALED)
    issued = await province.office.records.get(notice)
    await dispatched(province, notice)
    assert "Đang chờ gửi" in (await province.clerk.get(f"/desk/{notice}")).words
    await carry(province, commune)
    page = await commune.clerk.get("/registers/waiting")
    assert issued.number_symbol is not None
    assert issued.number_symbol in page.words
    assert (await commune.clerk.get("/desk")).has("came")
    one = await commune.arrival()
    page = await commune.clerk.get(one)
    assert page.has("verdict-good")
    assert (await commune.clerk.get(f"{one}/files/1")).body == await province.office.records.pdf(notice)
    assert (await commune.clerk.get(f"{one}/files/2")).body == annex
    await carry(commune, province)
    assert "Đã đến, chờ tiếp nhận" in (await province.clerk.get(f"/desk/{notice}")).words

    received = await commune.clerk.post(f"{one}/receive")
    assert received.location.startswith("/registers/in/")
    assert (await commune.clerk.post(f"{one}/receive")).status == 422
    line = await commune.clerk.get(received.location)
    assert line.has("came-by")
    assert issued.number_symbol in line.words
    await carry(commune, province)
    page = await province.clerk.get(f"/desk/{notice}")
    assert "Đã tiếp nhận, vào sổ" in page.words
    assert "Số đến 01" in page.words

    leader, secretary = await commune.office.sign_in("hanh"), await commune.office.sign_in("binh")
    await leader.post(received.location + "/direct", {"handler": "person/binh"})
    for visitor, act, fields in (
        (secretary, "accept", {}), (secretary, "report", {"reason": "Đã triển khai"}), (leader, "confirm", {}),
    ):  # fmt: skip
        assert (await visitor.post(f"/tasks/1/{act}", fields)).status == 303
    await carry(commune, province)
    page = await province.clerk.get(f"/desk/{notice}")
    for said in ("Đã phân công xử lý", "Trần Văn Bình", "Đang xử lý", "Đã hoàn thành", "Đã triển khai"):
        assert said in page.words
    assert not page.has("dispatch"), "whoever has it gets it no second time"


@pytest.mark.parametrize("number_first", [True, False])
async def test_what_is_recalled_is_marked_and_destroyed_on_record_and_the_sender_hears(
    both: tuple[Authority, Authority], number_first: bool
) -> None:
    province, commune = both
    notice = await province.office.notice()
    await dispatched(province, notice)
    await carry(province, commune)
    one, place = await commune.arrival(), ""
    if number_first:
        place = (await commune.clerk.post(f"{one}/receive")).location
    await recalled(province, notice)
    await carry(province, commune)
    page = await commune.clerk.get(place or one)
    assert page.has("recall")
    assert "thu hồi" in page.words
    assert not page.has("receive")
    if not number_first:
        assert (await commune.clerk.post(f"{one}/receive")).status == 422
    assert (await commune.clerk.post(f"{one}/destroy")).status == 422, "nobody destroys without being sure"
    assert (await commune.clerk.post(f"{one}/destroy", {"sure": "yes"})).status == 303
    assert (await commune.clerk.post(f"{one}/destroy", {"sure": "yes"})).status == 422
    assert (await commune.clerk.get(f"{one}/files/1")).status == 404
    page = await commune.clerk.get(one)
    title = (await province.office.records.get(notice)).title
    assert "Văn bản đã hủy" in page.words
    assert title not in page.words
    if place:
        line = await commune.clerk.get(place)
        assert "Đã hủy theo thu hồi" in line.words
        assert title not in line.words
        assert (await commune.clerk.get(place + "/file")).status == 404
    await carry(commune, province)
    assert "Đồng ý thu hồi" in (await province.clerk.get(f"/desk/{notice}")).words
    vault = commune.office.server.app[VAULT]
    steps = [one async for one in examination(vault.database, vault.archive, vault.trust, vault.verifier)]
    assert isinstance(steps[-1], Result)
    assert not steps[-1].findings
    assert steps[-1].aside


# --- one authority, and messages that others have written ------------------------------------------------------


@pytest_asyncio.fixture
async def commune(opened: Opened) -> Authority:
    return await opened("commune", COMMUNE, PROVINCE)


def message(commune: Authority, *files: edxml.File, **fields: object) -> edxml.Message:
    main = edxml.File("van-ban.pdf", "application/pdf", pdf("Công văn"))
    made = edxml.Message(
        id="x", organ_id=PROVINCE, organ_name="UBND tỉnh", number="12", notation="UBND-VP", place="Lâm Sơn",
        issued_on=auth.utcnow().date() - timedelta(days=1), kind_name="Công văn", subject="V/v phòng chống hạn",
        competence="", position="", signer="Lê Văn Thử", to_places=(), files=(main, *files), to_organs=(COMMUNE,),
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def sent(one: edxml.Message) -> bytes:
    return edxml.dump(one, auth.utcnow())


async def answers(commune: Authority) -> list[tuple[Code, str]]:
    """What has gone out since the last time."""
    await commune.look()
    found = [edxml.read(path.read_bytes()) for path in commune.outbox()]
    for path in commune.outbox():
        path.unlink()
    return [(one.code, one.said) for one in found if isinstance(one, status.Status)]


async def test_who_cannot_take_it_says_why_and_the_sender_reads_it(commune: Authority) -> None:
    await commune.comes(sent(message(commune)))
    one = await commune.arrival()
    assert (await commune.clerk.get(one)).has("verdict-unsigned")
    assert (await commune.clerk.post(f"{one}/refuse", {"reason": " "})).status == 422
    assert (await commune.clerk.post(f"{one}/refuse", {"reason": "Gửi nhầm nơi nhận"})).status == 303
    assert await answers(commune) == [(Code.ARRIVED, ""), (Code.REFUSED, "Gửi nhầm nơi nhận")]
    assert "Gửi nhầm nơi nhận" in (await commune.clerk.get(one)).words
    assert (await commune.clerk.post(f"{one}/receive")).status == 422


async def test_what_must_not_be_here_is_refused_at_once_and_nothing_of_it_is_kept(commune: Authority) -> None:
    archive = commune.office.server.data / "archive"
    annex = edxml.File("phu-luc.docx", "", docx("Kế hoạch", "Độ mật: TỐI MẬT"))
    wrong = [
        message(commune, subject="Tuyệt mật: kế hoạch"),
        message(commune, competence="TỐI MẬT"),  # what the header alone says
        message(commune, files=(edxml.File("a.pdf", "", pdf("Trang 1", "TỐI MẬT")),)),
        message(commune, annex),
        message(commune, edxml.File("chay.exe", "", b"MZ")),
        message(commune, files=()),
        message(commune, subject=""),
    ]
    for place, one in enumerate(wrong):
        page = await commune.comes(sent(one), f"{place}.xml")
        assert not page.has("arrived")
        assert page.has("troubles")
        assert "kế hoạch" not in page.text
    said = await answers(commune)
    assert [code for code, _ in said] == [Code.REFUSED] * len(wrong)
    assert "độ mật" in said[0][1]
    digests = [hashlib.sha256(file.content).hexdigest() for one in wrong for file in one.files]
    assert not [digest for digest in digests if list(archive.rglob(digest))]


async def test_files_that_go_with_it_are_kept_and_saved_under_their_own_names(commune: Authority) -> None:
    annex = edxml.File("Biểu số 01.docx", "", docx("Danh sách hộ"))
    await commune.comes(sent(message(commune, annex)))
    one = await commune.arrival()
    page = await commune.clerk.get(f"{one}/files/2")
    assert page.body == annex.content
    assert page.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''Bi%E1%BB%83u")
    assert (await commune.clerk.get(f"{one}/files/3")).status == 404
    place = (await commune.clerk.post(f"{one}/receive")).location
    assert "Biểu số 01.docx" in (await commune.clerk.get(place)).words


async def test_what_comes_twice_is_taken_once_and_the_same_document_is_asked_about(commune: Authority) -> None:
    whole = sent(message(commune))
    await commune.comes(whole)
    one = await commune.arrival()
    await commune.comes(whole, "lai.edxml")
    assert await commune.arrival() == one
    assert await answers(commune) == [(Code.ARRIVED, "")]
    await commune.clerk.post(f"{one}/receive")
    await commune.comes(sent(message(commune, subject="V/v phòng chống hạn hán")), "khac.edxml")
    second = await commune.arrival()
    assert (await commune.clerk.get(second)).has("came-before")
    assert "đã đến ngày" in (await commune.clerk.post(f"{second}/receive")).words
    assert (await commune.clerk.post(f"{second}/receive", {"knowing": "on"})).location.endswith("/2")


async def test_only_who_has_sent_it_takes_it_back_and_it_may_be_kept_with_a_reason(commune: Authority) -> None:
    first = message(commune)
    await commune.comes(sent(first))
    one = await commune.arrival()
    recall = replace(
        first, number="13", subject="V/v thu hồi", business=edxml.Business.REVOKES, targets=(first.document_id,)
    )
    await commune.comes(sent(replace(recall, organ_id="H42")), "stranger.edxml")
    assert not (await commune.clerk.get(one)).has("recall")
    assert (await commune.clerk.post(f"{one}/keep", {"reason": "x"})).status == 422
    await commune.comes(sent(recall), "recall.edxml")
    page = await commune.clerk.get(one)
    assert page.has("recall")
    assert "Công văn số 13/UBND-VP" in page.words
    await answers(commune)
    assert (await commune.clerk.post(f"{one}/keep", {"reason": "Đã thi hành xong"})).status == 303
    assert await answers(commune) == [(Code.KEPT, "Đã thi hành xong")]
    assert "Đã thi hành xong" in (await commune.clerk.get(one)).words
    assert (await commune.clerk.post(f"{one}/destroy", {"sure": "yes"})).status == 422


async def test_a_wish_to_have_it_back_before_it_is_received_is_a_recall(commune: Authority) -> None:
    first = message(commune)
    await commune.comes(sent(first))
    one = await commune.arrival()
    wish = status.Status(PROVINCE, "UBND tỉnh", COMMUNE, first.document_id, Code.TAKING_BACK, auth.utcnow())
    await commune.comes(status.dump(wish), "wish.edxml")
    assert (await commune.clerk.get(one)).has("recall")


@begins_with(sealed_notice)
async def test_a_content_that_is_also_our_own_outlives_the_recall(commune: Authority) -> None:
    office = commune.office
    notice = await office.notice()
    issued = await office.records.pdf(notice)
    first = message(commune, files=(edxml.File("a.pdf", "", issued),))
    await commune.comes(sent(first))
    one = await commune.arrival()
    await commune.comes(
        sent(replace(first, number="13", business=edxml.Business.REVOKES, targets=(first.document_id,))), "r.edxml"
    )
    assert (await commune.clerk.post(f"{one}/destroy", {"sure": "yes"})).status == 303
    assert (await commune.clerk.get(f"{one}/files/1")).status == 404
    assert await office.records.pdf(notice) == issued


@settings(max_examples=1000, deadline=None)
@given(st.binary(max_size=40))
def test_no_name_of_an_attachment_leads_out_of_the_page(name: bytes) -> None:
    """Names come from others; nothing in a header ends one."""
    said = saved(b"", name.decode("latin-1"), {}).headers["Content-Disposition"]
    assert said.isascii()
    assert not {"\r", "\n", '"'} & set(said)


async def test_what_is_no_message_is_put_aside_and_stops_nothing(commune: Authority) -> None:
    inbox = commune.folder / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "0link.edxml").symlink_to(commune.office.server.data / "secret.key")
    (inbox / "1folder.edxml").mkdir()
    commune.put("2.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')
    commune.put("3.edxml", b"\xff" * 1000)
    commune.put("4.edxml", sent(message(commune, to_organs=("H99",))))
    unasked = status.Status(PROVINCE, "", COMMUNE, "H41.12,2026/01/01,99/TB", Code.RECEIVED, auth.utcnow())
    commune.put("5.edxml", status.dump(unasked))
    commune.put("not a message.txt", b"x")
    page = await commune.comes(sent(message(commune)), "9.edxml")
    assert page.has("arrived"), page.words
    assert (await commune.clerk.get("/registers/waiting")).words.count("không phải là tệp edXML đọc được") == 4
    assert {one.name for one in inbox.iterdir()} == {"refused", "not a message.txt"}
    assert len(list((inbox / "refused").iterdir())) == 6


async def test_what_cannot_be_sent_waits_says_so_and_goes_when_the_axis_is_back(commune: Authority) -> None:
    notice = await commune.office.notice()
    commune.folder.mkdir()
    (commune.folder / "outbox").write_bytes(b"a file in the way")
    await dispatched(commune, notice, PROVINCE)
    await commune.look()
    page = await commune.clerk.get(f"/desk/{notice}")
    assert "Chưa gửi được, thử lại lúc" in page.words
    assert (await commune.clerk.get("/registers/waiting")).has("unsent")
    (commune.folder / "outbox").unlink()
    await commune.look()
    assert not commune.outbox(), "not before its time"
    assert (await commune.clerk.post(f"/desk/{notice}/dispatch", {"act": "again"})).status == 303
    await commune.look()
    (path,) = commune.outbox()
    assert edxml.load(path.read_bytes()).to_organs == (PROVINCE,)
    assert "nơi nhận chưa trả lời" in (await commune.clerk.get(f"/desk/{notice}")).words


async def test_only_the_clerk_receives_and_sends_and_others_see_nothing(commune: Authority) -> None:
    await commune.comes(sent(message(commune)))
    one = await commune.arrival()
    secretary = await commune.office.sign_in("binh")
    assert (await secretary.get(one)).status == 200
    for act in ("receive", "refuse", "destroy", "keep"):
        assert (await secretary.post(f"{one}/{act}", {"reason": "x", "sure": "yes"})).status == 403
        assert (await commune.clerk.post(f"{one}/{act}", csrf=False)).status == 403
    outsider = await commune.office.sign_in("dung")
    for path in ("/registers/waiting", one, f"{one}/files/1"):
        assert (await outsider.get(path)).status == 403
        assert (await commune.office.stranger().get(path)).status == 401
    notice = await commune.office.notice(State.APPROVED)
    assert (await secretary.post(f"/desk/{notice}/dispatch", {f"organ.{PROVINCE}": "on"})).status == 403
    assert (await commune.clerk.post(f"/desk/{notice}/dispatch", {f"organ.{PROVINCE}": "on"})).status == 422


# --- the axis by HTTP ------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def axis() -> AsyncIterator[tuple[HttpLine, dict[str, bytes], dict[str, bytes]]]:
    """The way to a service, what was sent there, and what waits there; who has no token gets nothing."""
    out: dict[str, bytes] = {}
    waiting: dict[str, bytes] = {}

    async def serve(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer s3cret":
            return web.Response(status=401)
        what, _, name = request.match_info["path"].partition("/")
        if request.method == "POST" and what == "outbox":
            out[name] = await request.read()
        elif request.method == "POST":
            waiting[f"refused-{name}"] = waiting.pop(name.removesuffix("/refused"))
        elif request.method == "DELETE":
            del waiting[name]
        elif name == "away":
            raise web.HTTPFound("http://127.0.0.1:1/")
        else:
            return web.Response(body=waiting[name] if name else "\n".join(waiting).encode())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_route("*", "/axis/{path:.*}", serve)
    async with TestServer(app) as server:
        yield HttpLine(str(server.make_url("/axis")), "s3cret"), out, waiting
        with pytest.raises(LineDown, match="401"):
            await HttpLine(str(server.make_url("/axis")), "other").waiting()


async def test_an_axis_that_speaks_http_takes_gives_and_forgets(
    axis: tuple[HttpLine, dict[str, bytes], dict[str, bytes]],
) -> None:
    line, out, waiting = axis
    await line.send("H41-00000001", b"<edXML/>")
    assert out == {"H41-00000001": b"<edXML/>"}
    waiting.update({"a.edxml": b"one", "b.edxml": b"two", "../etc": b"no name"})
    assert list(await line.waiting()) == ["a.edxml", "b.edxml"]
    assert await line.fetch("a.edxml") == b"one"
    await line.taken("a.edxml")
    await line.put_aside("b.edxml")
    assert set(waiting) == {"../etc", "refused-b.edxml/refused"}
    with pytest.raises(LineDown, match="302"):
        await line.fetch("away")


async def test_an_axis_that_is_not_there_is_said_in_a_word_and_without_secrets() -> None:
    with pytest.raises(LineDown) as down:
        await HttpLine("http://127.0.0.1:1/axis", "s3cret").waiting()
    assert "s3cret" not in str(down.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://truc.example/", "organs": {"lam-son": "H41"}},
        {"url": "https://truc.example/", "folder": "/srv/axis", "organs": {"lam-son": "H41"}},
        {"folder": "/srv/axis"},
        {"folder": "/srv/axis", "organs": {"lam-son": "../H41"}},
        {"folder": "/srv/axis", "organs": {"lam-son": "H41", "ta-nang": "H41"}},
    ],
)
def test_a_way_to_the_axis_that_could_not_be_meant_is_told_at_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(SetupError):
        config.load(None, exchange=wrong)


async def test_what_waits_for_its_number_is_reported_as_a_state_secret_and_takes_none(commune: Authority) -> None:
    await commune.comes(sent(message(commune)))
    one, leader = await commune.arrival(), await commune.office.sign_in("hanh")
    assert (await commune.clerk.get(one)).has("to-incident")
    secret = {"thing": "arrival", "ref": f"lam-son/{one.rpartition('/')[2]}", "level": "first", "seen": "Dấu ở trang 1"}
    assert (await (await commune.office.sign_in("dung")).post("/incidents/report", secret)).status == 404
    reported = await commune.clerk.post("/incidents/report", secret)
    assert reported.status in (200, 303)
    page = await commune.clerk.get(one)
    assert "phòng chống hạn" not in page.words
    assert (await commune.clerk.get(f"{one}/files/1")).status == 404
    assert (await commune.clerk.post(f"{one}/receive")).status == 422
    incident = re.search(r"/incidents/[0-9a-f]{32}", (await leader.get("/incidents")).text)
    assert incident is not None
    assert (await leader.post(f"{incident[0]}/release", {"reason": "Không phải bí mật"})).status == 303
    assert "phòng chống hạn" in (await commune.clerk.get(one)).words
    assert (await commune.clerk.post(f"{one}/receive")).status == 303
    assert (await commune.clerk.get("/incidents/report?thing=arrival&ref=" + secret["ref"])).status == 404
