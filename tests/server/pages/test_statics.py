"""Scripts and styles: kept for good under the path that names their content, and all of a page named at once."""

import re

from server.pages import statics
from tests.server.pages.conftest import Office
from web import STATIC


async def test_who_loads_the_room_anew_needs_to_ask_for_none_of_its_scripts_and_styles(office: Office) -> None:
    dung = await office.sign_in("dung")
    page = await dung.get("/rooms/giao-ban")
    assert page.headers["Content-Encoding"] in ("gzip", "deflate")
    named = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(named) > 80
    scripts = {path.partition("/js/")[2] for path in named if path.endswith(".js")}
    imported = {
        (path.parent / text).resolve().relative_to(STATIC / "js").as_posix()
        for path in (STATIC / "js" / "meeting").rglob("*.js")
        for text in re.findall(r'from "(\.[^"]+)"', path.read_text())
    } - {"meeting/hall.js"}
    assert imported <= scripts, "none is found only by reading another"
    for path in named:
        answer = await dung.get(path)
        assert answer.status == 200, path
        assert "immutable" in answer.headers["Cache-Control"], path


async def test_what_another_version_is_asked_for_is_not_kept_and_nothing_lies_outside(office: Office) -> None:
    reader = office.stranger()
    known = await reader.get(statics.static("style.css"), Accept_Encoding="identity")
    assert known.body == (STATIC / "style.css").read_bytes()
    assert "Content-Encoding" not in known.headers
    former = await reader.get(f"/static/{'0' * 12}/style.css")
    assert (former.status, former.headers["Cache-Control"]) == (200, "no-cache")
    for name in ("..%2f__init__.py", "%2e%2e/templates/layout.html", "js", "none.js", "css/"):
        assert (await reader.get(f"/static/{statics.version()}/{name}")).status == 404, name
