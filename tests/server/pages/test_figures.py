"""Who has looked at what, and an authority's year in figures."""

from minutes.document import State
from server import accesses
from server.accesses import Deed, Thing
from server.keys import DATABASE
from tests.postgresql import ON_BOTH
from tests.server.pages.conftest import Office, begins_with, sealed_notice


@begins_with(sealed_notice)
@ON_BOTH
async def test_what_is_opened_is_counted_for_who_opened_it(office: Office) -> None:
    clerk, secretary = await office.sign_in("cuc"), await office.sign_in("binh")
    notice = await office.notice(State.SEALED)
    case = (await clerk.post("/casefiles", {"title": "Hồ sơ thử", "period": "chi-dao"})).location
    for path in (f"/desk/{notice}", f"/desk/{notice}/pdf", case):
        assert (await clerk.get(path)).status == 200
    await secretary.get(f"/desk/{notice}")
    page = await clerk.get("/figures")
    assert "Phạm Thu Cúc 1 2 1" in page.words
    assert "Trần Văn Bình 1 1 0" in page.words
    assert f'<a href="/desk/{notice}">' in page.text
    assert page.text.index(f"/desk/{notice}") < page.text.index(f'href="{case}"'), "what was seen most is first"
    assert "Thông báo 1 1" in page.words
    assert "Phạm Thu Cúc 1 0" in page.words, "the case file that she opened"
    assert "System 1 0" in (await (await office.sign_in("cuc", "en")).get("/figures")).words
    seen = await clerk.get(f"/described/document/{notice}")
    assert seen.text.count("Phạm Thu Cúc: Xem") == 1
    assert seen.text.count("Phạm Thu Cúc: Tải, in") == 1


@begins_with(sealed_notice)
async def test_who_is_refused_has_not_looked(office: Office) -> None:
    notice = await office.notice(State.SEALED)
    for visitor in (await office.sign_in("lan"), office.stranger()):
        assert (await visitor.get(f"/desk/{notice}")).status in (401, 403)
        assert (await visitor.get("/figures")).status in (401, 403)
    async with office.server.app[DATABASE].read() as connection:
        assert await accesses.of(connection, Thing.DOCUMENT, notice, 9) == ()


def test_every_watched_page_is_one_that_is_there(office: Office) -> None:
    known = {route.resource.canonical for route in office.server.app.router.routes() if route.resource is not None}
    assert set(accesses._WATCHED) <= known
    assert accesses.watched("/desk/{id}", {"id": "x" * 300}) == (Thing.DOCUMENT, "x" * 100, Deed.VIEW)
    assert accesses.watched("/verify", {}) is None
