"""What an authority lays down for its documents: the way of each kind, and who may sign for the head."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import groupby

from aiohttp import web

from minutes.document import Kind
from minutes.errors import RecordError
from minutes.reading import VIETNAM
from minutes.workflow import plan
from minutes.workflow.capacity import CAPACITY_NAMES, Capacity
from minutes.workflow.delegation import Delegation
from minutes.workflow.plan import CHECKERS, SHORT_WAY, Comments, Workflow
from minutes.workflow.store import PlanChange
from server import directory
from server.auth import utcnow
from server.directory import Account
from server.errors import Problem
from server.i18n import N_, Reader
from server.keys import DATABASE, RECORDS
from server.pages import current, form, reader_of, see_other, wording
from server.pages.caching import private
from server.pages.desk_acts import Unfilled, actor, day, reason
from server.rights import may

DAYS: tuple[tuple[str, str], ...] = (
    ("comment_days", N_("Góp ý")),
    ("check_days", N_("Kiểm tra thể thức, pháp lý")),
    ("review_days", N_("Duyệt")),
    ("sign_days", N_("Ký số")),
    ("seal_days", N_("Đóng dấu, phát hành")),
)
COMMENTS: Mapping[Comments, str] = {
    Comments.NONE: N_("Không lấy ý kiến"),
    Comments.OPTIONAL: N_("Có thể lấy ý kiến"),
    Comments.REQUIRED: N_("Bắt buộc lấy ý kiến"),
}


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get("/workflow", index),
        web.get("/workflow/{kind}", edit),
        web.post("/workflow/{kind}", save),
        web.get("/delegations", delegations),
        web.post("/delegations", delegate),
        web.post(r"/delegations/{id:\d{1,9}}/confirm", confirm),
        web.post(r"/delegations/{id:\d{1,9}}/revoke", revoke),
    ]


def _account(request: web.Request, *, to_set: bool = False) -> Account:
    """The account, if it may see, or set, what its own unit has laid down. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    if not may(account, "workflow.set" if to_set else "workflow.read", account.unit.id):
        raise Problem("not_allowed")
    return account


def _kind(request: web.Request) -> Kind:
    try:
        return Kind(request.match_info["kind"])
    except ValueError as error:
        raise Problem("not_found") from error


def way(workflow: Workflow, reader: Reader) -> str:
    """The steps of a workflow in one line."""
    told = [reader.gettext(N_("Dự thảo"))]
    if workflow.asks:
        required = workflow.comments is Comments.REQUIRED
        told.append(reader.gettext(N_("lấy ý kiến") if required else N_("lấy ý kiến (nếu cần)")))
    if workflow.checks:
        role = reader.gettext(wording.ROLES[workflow.check]).lower()
        told.append(reader.gettext(N_("kiểm tra (%(role)s)"), role=role))
    rest = (N_("duyệt"), N_("ký song song") if workflow.parallel else N_("ký lần lượt"), N_("đóng dấu"))
    return " → ".join([*told, *(reader.gettext(step) for step in rest)])


def terms(workflow: Workflow, reader: Reader) -> str:
    """The working days of each step that has any, in one line; "" where none has."""
    taken = {"comment_days": workflow.asks, "check_days": workflow.checks}
    days = [(label, getattr(workflow, name)) for name, label in DAYS if taken.get(name, True)]
    told = [reader.gettext(N_("%(step)s: %(days)s"), step=reader.gettext(label), days=n) for label, n in days if n]
    return reader.gettext(N_("Thời hạn, ngày làm việc: %(terms)s"), terms="; ".join(told)) if told else ""


def alike(plans: Mapping[Kind, Workflow]) -> list[tuple[Workflow, list[Kind]]]:
    """Kinds that go the same way, together: the way that most go first, then the exceptions."""
    found: dict[Workflow, list[Kind]] = {}
    for kind in Kind:
        found.setdefault(plans.get(kind, SHORT_WAY), []).append(kind)
    return sorted(found.items(), key=lambda one: -len(one[1]))


def _together(changes: Sequence[PlanChange]) -> Iterator[Iterator[PlanChange]]:
    """Changes of several kinds that were made at once."""
    return (found for _key, found in groupby(changes, lambda one: (one.by.id, one.before, one.after)))


async def index(request: web.Request) -> web.Response:
    """GET /workflow: the way that most kinds go at the account's unit, the exceptions, and who changed what."""
    account, reader = _account(request), reader_of(request)
    plans, changes = await request.app[RECORDS].plans(account.unit.id)
    return private(
        request,
        "desk/workflow.html",
        ways=[(kinds, way(one, reader), terms(one, reader)) for one, kinds in alike(plans)],
        changes=[
            (one, [each.kind for each in (one, *others)], way(one.before, reader), way(one.after, reader))
            for one, *others in map(list, _together(changes))
        ],
        may_set=may(account, "workflow.set", account.unit.id),
        words=wording,
    )


async def edit(request: web.Request) -> web.Response:
    """GET /workflow/{kind}[?alike]: the form for the way of one kind; with those that go the same way ticked too."""
    account, kind = _account(request, to_set=True), _kind(request)
    plans, _changes = await request.app[RECORDS].plans(account.unit.id)
    found = plans.get(kind, SHORT_WAY)
    typed = {name: str(value) for name, value in plan.to_json(found).items()}
    if "alike" in request.query:
        typed |= {f"kind.{one.value}": "on" for one in next(kinds for _way, kinds in alike(plans) if kind in kinds)}
    return _form(request, kind, typed)


def _form(request: web.Request, kind: Kind, typed: Mapping[str, str], sentence: str = "") -> web.Response:
    others = [one for one in Kind if one is not kind]
    return private(
        request,
        "desk/workflow_kind.html",
        status=422 if sentence else 200,
        kind=kind,
        typed=defaultdict(str, typed),
        comments=COMMENTS,
        checkers=[(role, wording.ROLES[role]) for role in CHECKERS],
        days=DAYS,
        most=plan.MAX_DAYS,
        others=others,
        chosen=sum(bool(typed.get(f"kind.{one.value}")) for one in others),
        sentence=sentence,
        words=wording,
    )


async def save(request: web.Request) -> web.Response:
    """POST /workflow/{kind}: holds for what is drafted from now on, of this kind and of those ticked as well."""
    account, kind = _account(request, to_set=True), _kind(request)
    fields, reader = await form(request), reader_of(request)
    typed = {**fields, "parallel": str("parallel" in fields)}
    data: dict[str, object] = {name: fields.get(name, "") for name in ("comments", "check")}
    data["parallel"] = "parallel" in fields
    for name, _label in DAYS:
        text = fields.get(name, "").strip()
        data[name] = int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else text
    try:
        wanted = plan.from_json(data)
        if not await _somebody(request, account.unit.id, wanted.check):
            text = N_("Chưa lưu được: chưa ai trong cơ quan giữ vai trò “%(role)s”, văn bản sẽ dừng ở bước kiểm tra.")
            return _form(request, kind, typed, reader.gettext(text, role=reader.gettext(wording.ROLES[wanted.check])))
        for one in (kind, *(one for one in Kind if one is not kind and f"kind.{one.value}" in fields)):
            drafts = "drafts" in fields
            await request.app[RECORDS].set_plan(account.unit.id, one, wanted, by=actor(account), drafts=drafts)
    except RecordError:
        text = reader.gettext(N_("Chưa lưu được: số ngày phải là số từ 0 đến %(limit)s."), limit=plan.MAX_DAYS)
        return _form(request, kind, typed, text)
    return see_other("/workflow")


async def _somebody(request: web.Request, unit: str, check: str) -> bool:
    """Whether anybody of the unit could do the check."""
    async with request.app[DATABASE].read() as connection:
        accounts = await directory.accounts(connection)
    return check == "none" or any(check in one.roles for one in accounts if one.unit.id == unit)


async def delegations(request: web.Request) -> web.Response:
    """GET /delegations: who may sign for the head of the account's unit, and until when."""
    return await _delegations(request, _account(request), {})


async def _delegations(
    request: web.Request, account: Account, typed: Mapping[str, str], sentence: str = "", failed: str = ""
) -> web.Response:
    async with request.app[DATABASE].read() as connection:
        officials = [one for one in await directory.accounts(connection) if one.unit.id == account.unit.id]
    today = utcnow().astimezone(VIETNAM).date()
    return private(
        request,
        "desk/delegations.html",
        status=422 if sentence else 200,
        delegations=await request.app[RECORDS].delegations(account.unit.id),
        officials=officials,
        capacities={value: text for value, text in CAPACITY_NAMES.items() if value is not Capacity.OWN},
        names=CAPACITY_NAMES,
        kinds=list(Kind),
        today=today,
        may_set=may(account, "workflow.set", account.unit.id),
        may_confirm=lambda delegation: may(account, "delegation.confirm", delegation),
        typed=defaultdict(str, typed),
        sentence=sentence,
        failed=failed,
        words=wording,
    )


async def delegate(request: web.Request) -> web.Response:
    """POST /delegations: put one on record; it counts at once only if who does it may confirm it."""
    account = _account(request, to_set=True)
    fields, reader = await form(request), reader_of(request)
    try:
        wanted = await _read(request, account, fields)
        confirmed = may(account, "delegation.confirm", wanted)
        await request.app[RECORDS].delegate(wanted, by=actor(account), confirmed=confirmed)
    except Unfilled as unfilled:
        return await _delegations(request, account, fields, reader.gettext(str(unfilled)), "add")
    except RecordError as error:
        return await _delegations(request, account, fields, wording.told(error.reason, reader), "add")
    return see_other("/delegations")


async def _read(request: web.Request, account: Account, fields: Mapping[str, str]) -> Delegation:
    async with request.app[DATABASE].read() as connection:
        found = await directory.account(connection, fields.get("account", ""))
    if found is None or found.unit.id != account.unit.id:
        raise Unfilled(N_("Xin chọn người được giao quyền."))
    basis = fields.get("basis", "").strip()
    if len(basis) > 500 or fields.get("capacity") not in tuple(Capacity):
        raise Unfilled(N_("Xin chọn tư cách ký; văn bản giao quyền ghi không quá 500 ký tự."))
    until: date | None = day(fields["until"]) if fields.get("until") else None
    return Delegation(
        id=0,
        unit=account.unit.id,
        account=found.id,
        name=found.name,
        capacity=Capacity(fields["capacity"]),
        kinds=frozenset(kind for kind in Kind if f"kind.{kind.value}" in fields),
        since=day(fields.get("since", "")),
        until=until,
        basis=basis,
        by_name=account.name,
        at=utcnow(),
    )


async def confirm(request: web.Request) -> web.Response:
    """POST /delegations/{id}/confirm: let one that waits count."""
    account, records = _account(request), request.app[RECORDS]
    await form(request)
    number = int(request.match_info["id"])
    found = next((one for one in await records.delegations(account.unit.id) if one.id == number), None)
    if found is None:
        raise Problem("not_found")
    if not may(account, "delegation.confirm", found):
        raise Problem("not_allowed")
    try:
        await records.confirm(account.unit.id, number, by=actor(account))
    except RecordError as error:
        return await _delegations(request, account, {}, wording.told(error.reason, reader_of(request)), str(number))
    return see_other("/delegations")


async def revoke(request: web.Request) -> web.Response:
    """POST /delegations/{id}/revoke: end one before its time, with the reason."""
    account = _account(request, to_set=True)
    fields, reader = await form(request), reader_of(request)
    number = int(request.match_info["id"])
    try:
        why = reason(fields)
        await request.app[RECORDS].revoke(account.unit.id, number, by=actor(account), reason=why)
    except Unfilled as unfilled:
        return await _delegations(request, account, fields, reader.gettext(str(unfilled)), str(number))
    except RecordError as error:
        return await _delegations(request, account, fields, wording.told(error.reason, reader), str(number))
    return see_other("/delegations")
