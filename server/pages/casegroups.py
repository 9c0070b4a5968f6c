"""Groups of case files: which roles open them."""

from collections import defaultdict
from collections.abc import Mapping

from aiohttp import web

from minutes.casefiles.group import FIRST, ROLES, group
from minutes.errors import InvalidContent
from server import administration
from server.directory import Account
from server.errors import Problem
from server.i18n import N_
from server.keys import CASE_FILES
from server.pages import form, reader_of, require, see_other, wording
from server.pages.caching import private
from server.rights import may

_LABELS = {"code": N_("Mã"), "title": N_("Nhóm hồ sơ")}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [web.get("/casefiles/groups", index), web.post("/casefiles/groups", write)]


def _account(request: web.Request) -> Account:
    account = require(request, "desk.open")
    if not any(may(account, act, account.unit.id) for act in ("case.read", "case.group")):
        raise Problem("not_allowed")
    return account


async def index(request: web.Request) -> web.Response:
    """GET /casefiles/groups: the groups of the unit, and who opens each."""
    return await _index(request, _account(request), {})


async def _index(request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    return private(
        request,
        "casefiles/groups.html",
        status=422 if sentence else 200,
        groups=await request.app[CASE_FILES].groups(account.unit.id),
        changes=await request.app[CASE_FILES].group_changes(account.unit.id),
        roles={role: administration.ROLES[role] for role in ROLES},
        typed=defaultdict(str, typed),
        sentence=sentence,
        first=FIRST,
        may_read=may(account, "case.read", account.unit.id),
        may_group=may(account, "case.group", account.unit.id),
    )


async def write(request: web.Request) -> web.Response:
    """POST /casefiles/groups: add a group or change one; its case files follow at once."""
    account = require(request, "desk.open")
    require(request, "case.group", account.unit.id)
    typed, reader = await form(request), reader_of(request)
    fields = {name: typed.get(name, "") for name in _LABELS}
    roles = frozenset(role for role in ROLES if f"role.{role}" in typed)
    try:
        wanted = group(fields, roles, account.name)
    except InvalidContent as error:
        label, reason = reader.gettext(_LABELS.get(error.field, error.field)), wording.told(error.reason, reader)
        text = N_("Chưa lưu được. %(field)s: %(reason)s.")
        return await _index(request, account, typed, reader.gettext(text, field=label, reason=reason))
    await request.app[CASE_FILES].set_group(account.unit.id, wanted)
    return see_other("/casefiles/groups")
