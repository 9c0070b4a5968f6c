"""Signing in by a code, signing out, and choosing the language."""

import pytest

from server import auth
from server.keys import TOKENS
from server.pages.account import local_path
from tests.server.pages.conftest import EVIL, Office


async def test_an_official_signs_in_and_comes_to_the_meetings(office: Office) -> None:
    visitor = office.stranger()
    page = await visitor.post("/sign-in", {"code": office.server.app[TOKENS].sign_in("binh", auth.utcnow())})
    assert (page.status, page.location) == (303, "/meetings")
    assert "Trần Văn Bình" in (await visitor.get("/meetings")).words


async def test_a_whole_pasted_link_signs_in_too(office: Office) -> None:
    token = office.server.app[TOKENS].sign_in("hanh", auth.utcnow())
    page = await office.stranger().post("/sign-in", {"code": f"  http://127.0.0.1:8080/sign-in#{token} "})
    assert page.location == "/meetings"


async def test_the_holder_of_a_room_token_comes_to_that_room_and_sees_nothing_else(office: Office) -> None:
    visitor = office.stranger()
    page = await visitor.post("/sign-in", {"code": office.server.token("delegate", name="Khách mời")})
    assert page.location == "/rooms/giao-ban"
    assert (await visitor.get("/meetings")).status == 403
    assert (await visitor.get("/desk")).status == 403


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(office: Office) -> None:
    page = await office.stranger().post("/sign-in", {"code": office.server.token("viewer")})
    cookie = page.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_a_wrong_code_keeps_the_page_with_a_sentence_and_does_not_repeat_the_code(office: Office) -> None:
    page = await office.stranger().post("/sign-in", {"code": EVIL})
    assert page.status == 401
    assert "Mã truy cập không đúng hoặc đã hết hạn." in page.words
    assert "alert(" not in page.text


async def test_an_expired_code_opens_nothing(office: Office) -> None:
    old = office.server.app[TOKENS].sign_in("binh", auth.utcnow().replace(year=2025))
    page = await office.stranger().post("/sign-in", {"code": old})
    assert page.status == 401
    assert "Set-Cookie" not in page.headers


async def test_a_form_that_another_site_sends_is_refused(office: Office) -> None:
    token = office.server.token("viewer")
    visitor = office.stranger()
    async with visitor.session.post(
        "/sign-in", data={"code": token}, headers={"Origin": "http://elsewhere.example"}, allow_redirects=False
    ) as response:
        assert response.status == 403


async def test_after_signing_in_one_goes_on_to_the_page_that_was_wanted(office: Office) -> None:
    token = office.server.app[TOKENS].sign_in("binh", auth.utcnow())
    page = await office.stranger().post("/sign-in", {"code": token, "next": "/desk?x=1"})
    assert page.location == "/desk?x=1"


@pytest.mark.parametrize(
    "wish",
    ["http://x.example/", "//x.example", "/\\x.example", "x", "", "javascript:alert(1)", "/a\r\nX: 1", "/" * 3000],
)
def test_nobody_is_sent_to_another_site(wish: str) -> None:
    assert local_path(wish) == "/"


def test_own_paths_are_kept() -> None:
    assert local_path("/documents?q=a&page=2") == "/documents?q=a&page=2"


async def test_signing_out_ends_the_session_on_the_server(office: Office) -> None:
    visitor = await office.sign_in("binh")
    (cookie,) = [one.value for one in visitor.session.cookie_jar if one.key == "giaoban"]
    page = await visitor.post("/sign-out")
    assert (page.status, page.location) == (303, "/")
    assert page.headers["Clear-Site-Data"] == '"cache"', "pages of papers do not stay on a shared machine"
    assert (await office.stranger().get("/meetings", Cookie=f"giaoban={cookie}")).status == 401


async def test_signing_out_needs_the_csrf_token(office: Office) -> None:
    visitor = await office.sign_in("binh")
    assert (await visitor.post("/sign-out", csrf=False)).status == 403
    assert (await visitor.get("/meetings")).status == 200


async def test_signing_in_again_forgets_the_older_session(office: Office) -> None:
    visitor = await office.sign_in("binh")
    (cookie,) = [one.value for one in visitor.session.cookie_jar if one.key == "giaoban"]
    token = office.server.app[TOKENS].sign_in("hanh", auth.utcnow())
    await visitor.post("/sign-in", {"code": token})
    assert (await office.stranger().get("/meetings", Cookie=f"giaoban={cookie}")).status == 401
    assert "Nguyễn Thị Hạnh" in (await visitor.get("/meetings")).words


async def test_the_chosen_language_is_remembered_and_the_reader_goes_back(office: Office) -> None:
    visitor = office.stranger()
    page = await visitor.post("/language", {"lang": "ja", "back": "/verify"})
    assert (page.status, page.location) == (303, "/verify")
    page = await visitor.get("/verify")
    assert '<html lang="ja">' in page.text
    assert "文書を確認" in page.words


async def test_an_unknown_language_or_a_foreign_way_back_is_not_followed(office: Office) -> None:
    visitor = office.stranger()
    assert (await visitor.post("/language", {"lang": "xx", "back": "/"})).status == 400
    assert (await visitor.post("/language", {"lang": "en", "back": "//x.example"})).location == "/"


async def test_the_sign_in_page_may_not_be_kept_and_carries_a_strict_policy(office: Office) -> None:
    page = await office.stranger().get("/sign-in")
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert " style=" not in page.text
    assert "<script>" not in page.text
