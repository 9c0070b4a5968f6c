"""What came is found by the words of its file, by those who may read the register and by nobody else."""

from server.keys import INCIDENTS, REGISTERS
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office
from tests.server.pages.test_incidents import report
from tests.server.pages.test_registers import receive
from tests.server.papers_files import pdf


@ON_BOTH
async def test_what_came_is_found_by_the_words_of_its_file_and_by_its_office_alone(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    assert (await receive(office, clerk, pdf("Hồ chứa Đắk Lua", "Quy trình vận hành đập tràn"))).status == 303
    page = await (await office.sign_in("binh")).get("/search?q=đập+tràn&kind=received")
    assert "Văn bản đến số 01" in page.words
    assert "/registers/in/" in page.text
    assert (await clerk.get("/search?q=dap+tran")).has("results")
    assert not (await clerk.get("/search?q=dap+tran&kind=TB")).has("results")
    assert not (await (await office.sign_in("dung")).get("/search?q=dap+tran")).has("results")
    printed = await clerk.get("/search/results.pdf?q=dap+tran")
    assert printed.body.startswith(b"%PDF-")


async def test_what_is_set_aside_is_found_by_nobody_and_again_when_it_is_given_back(office: Office) -> None:
    clerk, leader = await office.sign_in("cuc"), await office.sign_in("hanh")
    place = (await receive(office, clerk, pdf("Quy trình vận hành đập tràn"))).location
    ref = "lam-son" + place.removeprefix("/registers/in")
    assert (await report(clerk, "received", ref)).status in (200, 303)
    assert not (await leader.get("/search?q=dap+tran")).has("results")
    (one,) = await office.server.app[INCIDENTS].of_unit("lam-son")
    released = await leader.post(f"/incidents/{one.id}/release", {"reason": "Không phải bí mật nhà nước"})
    assert released.status == 303, released.words
    assert (await leader.get("/search?q=dap+tran")).has("results")


async def test_what_came_before_there_was_such_a_search_is_found_after_the_look(office: Office) -> None:
    clerk = await office.sign_in("cuc")
    await receive(office, clerk, pdf("Quy trình vận hành đập tràn"))
    await office.records.reindex()  # which knows documents and meetings
    assert not (await clerk.get("/search?q=dap+tran")).has("results")
    registers = office.server.app[REGISTERS]
    assert await registers.index_missing() == 1
    assert await registers.index_missing() == 0
    assert (await clerk.get("/search?q=dap+tran")).has("results")
