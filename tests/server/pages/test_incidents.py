"""A state secret that got in is out of reach at once, reported, and erased without a trace or given back."""

import asyncio
import hashlib

from sqlalchemy import inspect, text

from minutes.casefiles.case import ItemKind
from minutes.document import State
from minutes.keyring import KeyState
from server.auth import utcnow
from server.casefiles_contents import of_meeting
from server.deadlines import Deadlines
from server.keys import CONFIG, DATABASE, INCIDENTS, PAPERS, POSTMAN, RECORDINGS, VAULT
from server.recording_files import film_key
from server.vault_examination import Result, of_installation
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, Page, Visitor
from tests.server.pages.test_papers import brought
from tests.server.pages.test_recording_page import digests_of, folder_of, recorded
from tests.server.pages.test_registers import receive
from tests.server.papers_files import pdf

WORD = "zirconium"
"""Stands in every secret here, and nowhere else."""


async def report(visitor: Visitor, thing: str, ref: str, **fields: str) -> Page:
    seen = {"level": "second", "seen": "có con dấu ở góc trái trang 1", **fields}
    return await visitor.post("/incidents/report", {"thing": thing, "ref": ref, **seen})


async def draft(office: Office, until: State = State.DRAFT) -> str:
    """A draft that says the word in its title and in its text."""
    secretary, leader = await office.sign_in("binh"), (await office.account("hanh")).id
    fields = {"kind": "CT", "subject": f"Về việc {WORD} ở vùng cao", "leader": leader, "secrecy": "none"}
    begun = await secretary.post("/desk/new", fields)
    assert begun.status == 303, begun.words
    document = begun.location.split("/")[2]
    await office.advance(document, until)
    return document


async def rows_with(office: Office, word: str) -> list[str]:
    """Tables of which some row has the word in any column."""
    found = []
    async with office.server.app[DATABASE].read() as connection:
        names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        for name in names:
            for row in await connection.execute(text(f'SELECT * FROM "{name}"')):
                if any(word.encode() in (one if isinstance(one, bytes) else str(one).encode()) for one in row):
                    found.append(name)
                    break
    return found


async def files_with(office: Office, word: str) -> list[str]:
    """Files of the data folder that have the word anywhere, in free pages and logs of the database too."""
    paths = [path for path in office.server.data.rglob("*") if path.is_file()]
    return [path.name for path in paths if word.encode() in await asyncio.to_thread(path.read_bytes)]


async def proved(office: Office) -> Result:
    app = office.server.app
    async for step in of_installation(app[CONFIG], app[DATABASE]):
        if isinstance(step, Result):
            return step
    raise AssertionError


@ON_BOTH
async def test_a_draft_with_a_secret_is_gone_for_everybody_and_then_for_good(office: Office) -> None:
    document = await draft(office)
    secretary, clerk, leader = [await office.sign_in(one) for one in ("binh", "cuc", "hanh")]
    assert WORD in (await secretary.get(f"/search?q={WORD}")).text
    assert "document" in await rows_with(office, WORD)
    page = await clerk.get(f"/desk/{document}")
    assert page.has("to-incident")
    asked = await clerk.get(f"/incidents/report?thing=document&ref={document}")
    assert WORD not in asked.text, "a report names no title"
    told = await report(clerk, "document", document)
    assert told.has("held"), told.words

    for who in (secretary, clerk, leader):
        for path in ("", "/edit", "/pdf", "/versions", "/word"):
            assert (await who.get(f"/desk/{document}{path}")).status in (403, 404)
        for path in ("/desk", f"/search?q={WORD}"):
            assert f"việc {WORD}" not in (await who.get(path)).text
    assert set(await rows_with(office, WORD)) <= {"search_index_data"}, "but in pages of the index that are used anew"
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    where = f"/incidents/{incident.id}"
    shown = await leader.get(where)
    assert WORD not in shown.text
    assert "Trần Văn Bình" in shown.words
    assert (await leader.get("/desk")).has("incidents-waiting")

    assert (await leader.post(where + "/erase", {"reason": "Đúng là tài liệu mật."})).status == 422
    assert (await leader.post(where + "/erase", {"reason": "", "sure": "yes"})).status == 422
    assert (await leader.post(where + "/erase", {"reason": "Đúng là tài liệu mật.", "sure": "yes"})).status == 303
    left = await leader.get(where)
    assert left.has("left")
    assert "hủy các bản sao lưu cơ sở dữ liệu lập từ" in left.words
    assert "docs/" not in left.words, "officials have no such folder"
    assert (await clerk.get(f"/desk/{document}")).status == 410
    assert await rows_with(office, WORD) == []
    assert await files_with(office, WORD) == []
    assert (await leader.post(where + "/release", {"reason": "nhầm"})).status == 422


@ON_BOTH
async def test_what_was_no_secret_is_given_back_as_it_was(office: Office) -> None:
    document = await draft(office, State.REVIEW)
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")
    before = await office.records.content_json(document)
    await report(clerk, "document", document)
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    assert (await leader.post(f"/incidents/{incident.id}/release", {"reason": "Chỉ là tên hóa chất."})).status == 303
    assert await office.records.content_json(document) == before
    assert WORD in (await leader.get(f"/desk/{document}")).text
    assert WORD in (await leader.get(f"/search?q={WORD}")).text
    assert (await leader.post(f"/desk/{document}/approve", {"version": "1"})).status in (303, 422)
    assert not (await leader.get("/desk")).has("incidents-waiting")
    assert [path.name for path in (office.server.data / "quarantine").iterdir()] == []


@ON_BOTH
async def test_a_received_file_is_erased_from_the_archive_which_still_proves_the_rest(office: Office) -> None:
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    secret = pdf(f"Kế hoạch {WORD}")
    where = (await receive(office, clerk, secret, subject=f"Kế hoạch {WORD}")).location
    other = (await receive(office, clerk, pdf("Công văn"), number_symbol="08/X", subject="Khác")).location
    number = where.rsplit("/", 2)[-2:]
    await report(clerk, "received", f"lam-son/{'/'.join(number)}")
    assert (await clerk.get(where + "/file")).status == 403
    assert WORD not in (await clerk.get("/registers/in")).text
    again = await receive(office, clerk, secret, author="BỘ KHÁC")
    assert again.status != 303, "the same file does not come back meanwhile"
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    held = await proved(office)
    assert not held.findings
    assert ["đang được cách ly" in one.sentence for one in held.aside] == [True]

    await leader.post(f"/incidents/{incident.id}/erase", {"reason": "Bí mật.", "sure": "yes"})
    assert (await clerk.get(where + "/file")).status == 410
    assert (await clerk.get(other + "/file")).status == 200
    result = await proved(office)
    assert not result.findings
    (gone,) = result.aside
    assert f"Sự cố số {incident.code}" in gone.sentence
    assert await rows_with(office, WORD) == []
    assert (await receive(office, clerk, secret, author="BỘ KHÁC")).status != 303


async def test_what_is_set_aside_or_erased_does_not_wait_to_be_handed_on(office: Office) -> None:
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    where = (await receive(office, clerk, pdf(f"Kế hoạch {WORD}"))).location
    assert "1 văn bản đến chờ ý kiến phân phối, chỉ đạo." in (await leader.get("/desk")).words
    assert (await leader.get(where)).has("direct")
    await report(clerk, "received", "/".join(["lam-son", *where.rsplit("/", 2)[-2:]]))

    async def waits_for_nobody() -> None:
        assert not (await leader.get("/desk")).has("undirected")
        assert not (await leader.get(where)).has("direct")
        assert where not in (await leader.get("/registers/in?waiting=1")).text
        refused = await leader.post(f"{where}/direct", {"opinion": "Giao xử lý", "handler": "person/binh"})
        assert "Văn bản này đã được cách ly hoặc đã xóa nội dung" in refused.words
        assert "Chưa chuyển" not in (await leader.get(where)).words + (await leader.get("/registers/in")).words

    await waits_for_nobody()
    assert "Đang cách ly" in (await clerk.get("/registers/in")).words
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    await leader.post(f"/incidents/{incident.id}/erase", {"reason": "Bí mật.", "sure": "yes"})
    await waits_for_nobody()
    assert "Đã xóa nội dung" in (await clerk.get("/registers/in")).words
    erased = await clerk.get(where)
    assert "Tình trạng Đã xóa nội dung" in erased.words
    assert f"{where}/file" not in erased.text


async def test_a_draft_that_is_set_aside_or_erased_waits_for_nobody_and_is_counted_nowhere(office: Office) -> None:
    document = await draft(office, State.REVIEW)
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")

    async def shown() -> tuple[list[bool], str]:
        await Deadlines(office.server.app[DATABASE], office.server.app[POSTMAN]).look(utcnow())
        desks = [await one.get("/desk") for one in (leader, clerk, await office.sign_in("binh"))]
        figures = (await clerk.get("/figures")).words
        return [document in one.text for one in desks], figures.partition("Chỉ thị ")[2].partition(" ")[0]

    assert await shown() == ([True] * 3, "2")
    await report(clerk, "document", document)
    gone = ([False] * 3, "1")
    assert await shown() == gone
    assert await office.records.count_waiting(await office.account("hanh")) == 0
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    await leader.post(f"/incidents/{incident.id}/erase", {"reason": "Bí mật.", "sure": "yes"})
    assert await shown() == gone


async def test_a_paper_is_gone_with_its_images_notes_and_cannot_be_brought_again(office: Office) -> None:
    meeting = await office.meeting()
    paper = await brought(office, meeting, f"Báo cáo {WORD}")
    path = f"/meetings/{meeting.id}/papers/{paper.id}"
    delegate, leader = await office.sign_in("dung"), await office.sign_in("hanh")
    await delegate.post(f"{path}/notes/1", {"text": f"hỏi về {WORD}"})
    assert (await delegate.get(f"{path}/1-720.webp")).status == 200
    told = await report(delegate, "paper", paper.id)
    assert told.has("held")
    for who in (delegate, leader):
        for end in ("", "/1-720.webp", "/1.txt", "/file"):
            assert (await who.get(path + end)).status == 404
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    await office.server.app[PAPERS].start()  # a sweep takes nothing that is held
    assert (office.server.app[CONFIG].papers / paper.sha256).is_dir()
    await leader.post(f"/incidents/{incident.id}/release", {"reason": "Không phải."})
    assert (await delegate.get(f"{path}/1-720.webp")).status == 200
    assert f"hỏi về {WORD}" in (await delegate.get(path)).text

    await report(delegate, "paper", paper.id)
    second = (await office.server.app[INCIDENTS].of_unit("lam-son"))[0]
    await leader.post(f"/incidents/{second.id}/erase", {"reason": "Bí mật.", "sure": "yes"})
    assert not (office.server.app[CONFIG].papers / paper.sha256).exists()
    assert await files_with(office, WORD) == []


async def test_who_is_named_decides_and_nobody_else(office: Office) -> None:
    document = await draft(office)
    clerk, secretary, leader = [await office.sign_in(one) for one in ("cuc", "binh", "hanh")]
    delegate = await office.sign_in("dung")
    assert (await report(delegate, "document", document)).status == 404, "who may not read it knows nothing of it"
    assert (await office.stranger().get("/incidents")).status == 401
    assert (await leader.post("/incidents/officer", {"officer": "dung"})).status == 422
    assert (await secretary.post("/incidents/officer", {"officer": "binh"})).status == 403
    assert (await leader.post("/incidents/officer", {"officer": "cuc"})).status == 303
    await report(secretary, "document", document)
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    where, decision = f"/incidents/{incident.id}", {"reason": "Bí mật.", "sure": "yes"}
    for who in (leader, secretary, delegate):
        for act in ("/erase", "/release"):
            assert (await who.post(where + act, decision)).status == 403
    assert (await delegate.get(where)).status == 403
    assert (await clerk.post(where + "/erase", decision)).status == 303


async def test_the_report_is_a_draft_that_says_who_when_and_what_and_never_the_secret(office: Office) -> None:
    document = await draft(office)
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    reported = await report(secretary, "document", document, level="third")
    where = reported.location
    await leader.post(where + "/erase", {"reason": "Đúng là bí mật.", "sure": "yes"})
    made = (await secretary.post(where + "/draft")).location
    assert (await secretary.post(where + "/draft")).location == made, "there is one"
    page = await secretary.get(made)
    assert WORD not in page.text
    for said in ("Sự cố số 01/", "117/2025/QH15", "Trần Văn Bình", "Mức cao nhất", "có con dấu ở góc trái trang 1",
                 "Đúng là bí mật."):  # fmt: skip
        assert said in page.words
    assert (await secretary.get(made + "/pdf")).body.startswith(b"%PDF-")


async def test_a_report_says_how_it_was_recognised_without_the_secret_itself(office: Office) -> None:
    document = await draft(office)
    clerk = await office.sign_in("cuc")
    for fields in ({"seen": ""}, {"seen": "x" * 501}, {"level": ""}, {"level": "none"}):
        page = await report(clerk, "document", document, **fields)
        assert page.status == 422
        assert (await clerk.get(f"/desk/{document}")).status == 200
    assert (await report(clerk, "document", document, seen="đóng dấu TỐI MẬT")).status == 400
    assert (await report(clerk, "document", "0" * 32)).status == 404
    assert (await report(clerk, "anything", document)).status == 404
    for ref in ("x", "lam-son/2026/x", "lam-son/2026/99"):
        assert (await report(clerk, "received", ref)).status == 404


async def test_after_a_stop_what_is_held_is_what_waits_for_a_decision(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    where = (await receive(office, clerk, pdf("Công văn"))).location
    incidents, keys = office.server.app[INCIDENTS], office.server.app[VAULT].archive.keys
    (digest,) = [path.name for path in office.server.app[CONFIG].archive.rglob("*") if len(path.name) == 64][-1:]
    keys.hold(digest)  # the server stopped before the incident was on record
    await incidents.start()
    assert (await clerk.get(where + "/file")).status == 200
    await report(clerk, "received", "/".join(["lam-son", *where.rsplit("/", 2)[-2:]]))
    for held in keys.root.rglob("*.held"):
        keys.release(held.name.removesuffix(".held"))  # or while one was given back
    await incidents.start()
    assert (await clerk.get(where + "/file")).status == 403


async def test_a_recording_is_held_and_its_files_are_gone_with_the_decision(office: Office) -> None:
    meeting = await recorded(office)
    folder, app = folder_of(office, meeting), office.server.app
    files = await digests_of(office, meeting)
    (folder / "export.webm").write_bytes(b"made of it")
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    page, path = f"/meetings/{meeting.id}", f"/meetings/{meeting.id}/recording"
    first = next(iter(files))
    assert (await secretary.get(f"{path}/{first}")).status == 200
    asked = await secretary.get(f"/incidents/report?thing=recording&ref={meeting.id}")
    assert "mọi tệp đã ghi của cuộc họp này" in asked.words
    told = await report(secretary, "recording", meeting.id, seen="Phát biểu vào khoảng 9 giờ 20 phút")
    assert told.status == 303
    assert (await secretary.get(f"{path}/{first}")).status == 403
    assert (await secretary.post(f"{path}/export")).status == 403
    shown = await secretary.get(page)
    assert shown.has("recording-held")
    assert not any(shown.has(hook) for hook in ("recording-file", "export-start", "export-file", "to-incident"))
    assert sorted(one.name for one in folder.iterdir()) == sorted(files), "what was made of it is gone at once"

    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    await leader.post(told.location + "/erase", {"reason": "Bí mật.", "sure": "yes"})
    assert list(folder.iterdir()) == []
    shown = await secretary.get(page)
    assert shown.has("recording-erased")
    assert all(digest in shown.text for digest in files.values())
    assert (await secretary.get(f"{path}/{first}")).status == 410
    assert (await secretary.post(f"{path}/export")).status == 410
    for name, octets in before.items():
        (folder / name).write_bytes(octets)  # somebody brings a copy of the disk
    assert (await secretary.get(f"{path}/{first}")).status == 410
    assert not any(path.name in {*files.values(), film_key(files.values())} for path in app[CONFIG].keyring.rglob("*"))
    async with app[DATABASE].read() as connection:
        left = await of_meeting(connection, app[RECORDINGS], meeting.id)
    assert not any(one.kind is ItemKind.RECORDING for one in left), "the case file can be closed without it"


async def test_a_recording_that_held_no_secret_is_given_back_and_a_film_can_be_made_of_it(office: Office) -> None:
    meeting = await recorded(office)
    files = await digests_of(office, meeting)
    first, digest = next(iter(files.items()))
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    path = f"/meetings/{meeting.id}/recording"
    told = await report(secretary, "recording", meeting.id)
    assert (await leader.post(told.location + "/release", {"reason": "Chỉ là nhầm."})).status == 303
    again = await secretary.get(f"{path}/{first}")
    assert hashlib.sha256(again.body).hexdigest() == digest
    assert (await secretary.get(f"/meetings/{meeting.id}")).has("export-start")
    assert office.server.app[RECORDINGS].keys.state(film_key(files.values())) is KeyState.THERE


async def test_what_is_recorded_after_an_incident_is_read_and_may_be_reported_again(office: Office) -> None:
    meeting = await recorded(office)
    recordings, path = office.server.app[RECORDINGS], f"/meetings/{meeting.id}/recording"
    (first, early), (second, late) = (await digests_of(office, meeting)).items()
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    recordings.keys.erase(early, "0" * 64, for_good=True)  # an incident while the meeting was going on
    shown = await secretary.get(f"/meetings/{meeting.id}")
    assert f'{path}/{second}"' in shown.text
    assert f'{path}/{first}"' not in shown.text
    assert all(shown.has(hook) for hook in ("recording-erased", "export-start", "to-incident"))
    told = await report(secretary, "recording", meeting.id)
    assert (await secretary.get(f"{path}/{second}")).status == 403
    again = await report(secretary, "recording", meeting.id)
    assert (again.status, "đã được cách ly" in again.words) == (422, True)
    assert (await leader.post(told.location + "/release", {"reason": "Chỉ là nhầm."})).status == 303
    assert (await secretary.get(f"{path}/{second}")).status == 200
    assert (await secretary.get(f"{path}/{first}")).status == 410
    (incident,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    assert incident.origin.digests == (late,)
