"""One task: what it says, how it stands, what its unit and its authority do about it, and its history."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from minutes.casefiles.case import Case, CaseState, ItemKind
from minutes.document import Document
from minutes.document import State as Stage
from minutes.errors import NotFound, RecordError
from minutes.exchange.arrival import PDF, Kept
from minutes.tasks.task import (
    ACT_NAMES,
    DONE_NAMES,
    NEEDS_REASON,
    STATE_NAMES,
    WORDS,
    Act,
    Entry,
    State,
    Step,
    Task,
    acts_on,
    moved,
    said,
)
from server import accesses, directory, doors
from server.accesses import Deed, Thing
from server.auth import utcnow
from server.directory import Account
from server.errors import Problem, answer
from server.i18n import N_, Reader
from server.keys import CASE_FILES, CONFIG, DATABASE, EXCHANGE, RECORDS, REGISTERS, TASKS, VAULT
from server.page_reader import PageReader
from server.pages import current, form, reader_of, require, see_other, upload_of, wording
from server.pages.caching import PRIVATE, pdf, private, saved
from server.pages.casefiles import access as case_access
from server.pages.desk_acts import Unfilled, actor, day
from server.pages.desk_acts import access as document_access
from server.received import MAX_BYTES
from server.rights import Act as Permission
from server.rights import TaskAccess, may
from server.task_proofs import Proof, keep, proof_in
from server.tasks import day_of

_WORK: tuple[Act, ...] = (Act.ACCEPT, Act.BEGIN, Act.REPORT, Act.ASK, Act.HAND)
_DECIDE: tuple[Act, ...] = (Act.CONFIRM, Act.RETURN)
_ORDER: tuple[Act, ...] = (Act.GRANT, Act.REFUSE, Act.CORRECT, Act.CANCEL)
PERMISSIONS: Mapping[Act, Permission] = {
    **dict.fromkeys(_WORK, "task.work"),
    **dict.fromkeys(_DECIDE, "task.decide"),
    **dict.fromkeys(_ORDER, "task.order"),
}
"""In the order in which a page offers them; what else the table has, time or a document does."""
DETAILS: Mapping[str, str] = {
    "until": N_("Thời hạn mới"),
    "person": N_("Người thực hiện"),
    "evidence": N_("Văn bản chứng minh"),
    "file": N_("Tệp chứng minh"),
    "owner": N_("Đơn vị chủ trì"),
    "co_units": N_("Đơn vị phối hợp"),
    "deadline": N_("Thời hạn"),
    "text": N_("Nội dung"),
    "source": N_("Số, ký hiệu văn bản"),
}
"""What a line of the history says besides the reason."""


def routes() -> list[web.RouteDef]:
    """The routes of this module."""
    return [
        web.get(r"/tasks/{id:\d{1,9}}", show),
        web.post(r"/tasks/{id:\d{1,9}}/{act}", take),
        web.get(r"/tasks/{id:\d{1,9}}/received/{place:\d{1,2}}", received),
        web.get(r"/tasks/{id:\d{1,9}}/proof/{digest:[0-9a-f]{64}}", proof),
        web.get(r"/tasks/{id:\d{1,9}}/evidence/{document:[0-9a-f]{32}}", evidence),
    ]


def access(task: Task) -> TaskAccess:
    """The task as `may` sees it."""
    helping = frozenset(unit.id for unit in task.co_units if unit.id)
    handler = task.person.id if task.person else ""
    return TaskAccess(task.authority.id, task.owner.id if task.owner else "", helping, handler)


def left(task: Task, today: date, reader: Reader) -> str:
    """How many days are left or over, as a mark; "" where there is nothing to count."""
    if not task.open or task.deadline is None:
        return ""
    late = task.late(today)
    if late > 0:
        return reader.ngettext(N_("quá hạn %(count)s ngày"), late)
    if task.done:
        return ""
    return reader.ngettext(N_("còn %(count)s ngày"), -late) if late else reader.gettext(N_("đến hạn hôm nay"))


def words(request: web.Request) -> dict[str, Any]:
    """What the lists and pages of tasks are written with."""
    reader, today = reader_of(request), day_of(utcnow())
    return {
        "states": STATE_NAMES,
        "left": lambda task: left(task, today, reader),
        "overdue": lambda task: task.overdue(today),
        "near": lambda task: task.open and not task.done and task.deadline is not None and -3 <= task.late(today) <= 0,
        "kinds": wording.KINDS,
        "today": today,
    }


async def _open(request: web.Request, permission: Permission = "task.read") -> tuple[Account, Task]:
    """The account and the task of the path; strangers learn nothing of its existence. Raises Problem."""
    account = current(request)
    if account is None:
        raise Problem("sign_in")
    try:
        task = await request.app[TASKS].get(int(request.match_info["id"]))
    except NotFound as error:
        raise Problem("not_allowed") from error
    if not may(account, "task.read", access(task)):
        raise Problem("not_allowed")
    return require(request, permission, access(task)), task


async def show(request: web.Request) -> web.Response:
    """GET /tasks/{id}."""
    account, task = await _open(request)
    return await _page(request, account, task)


async def _page(
    request: web.Request,
    account: Account,
    task: Task,
    *,
    sentence: str = "",
    failed: str = "",
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    possible = acts_on(task)
    acts = [act for act, right in PERMISSIONS.items() if act in possible and may(account, right, access(task))]
    if task.reporter == account.id:
        acts = [act for act in acts if act is not Act.CONFIRM]
    async with request.app[DATABASE].read() as connection:
        today = day_of(utcnow()).isoformat()
        accounts, units = await directory.accounts(connection, today), await directory.units(connection, today)
        owner = task.owner.id if task.owner else ""
        if owner and all(one.id != owner for one in units) and (former := await directory.unit(connection, owner)):
            units.append(former)  # to correct a text takes the task from nobody
    ours = task.open and bool(task.source.received) and task.authority.id == account.unit.id
    issued = await _answers(request, account, task) if Act.REPORT in acts else []
    history = await request.app[TASKS].history(task.id)
    answers = await _begun(request, account, history)
    closed, late = await _filed(request, account, task, history)
    return private(
        request,
        "tasks/task.html",
        status=422 if sentence else 200,
        task=task,
        history=history,
        closed=closed,
        late=late,
        acts=acts,
        names=ACT_NAMES,
        done_names=DONE_NAMES,
        reasoned=NEEDS_REASON,
        details=DETAILS,
        longest=WORDS,
        people=[one for one in accounts if owner in one.places],
        units=units,
        documents=issued,
        answers=answers,
        chosen=next((one.id for one in answers if one.id in {other.id for other in issued}), ""),
        replies=ours and may(account, "document.begin") and may(account, "register.read", account.unit.id),
        files=[one.name for one in await _files(request, account, task)],
        sentence=sentence,
        failed=failed,
        typed=defaultdict(str, typed or {}),
        **words(request),
    )


async def _filed(
    request: web.Request, account: Account, task: Task, history: Sequence[Entry]
) -> tuple[bool, tuple[Case, ...]]:
    """Whether the case files of what the task stands in are all closed; and those of them that the account may
    supplement, for a file of this task lies in none."""
    source = task.source
    kind, ref = (ItemKind.RECEIVED, source.received) if source.received else (ItemKind.DOCUMENT, source.document_id)
    cases = [case for case, _ in await request.app[CASE_FILES].holding(task.authority.id, kind, ref)]
    if not cases or any(case.state is CaseState.OPEN for case in cases):
        return False, ()
    proved = {f"{task.id}/{one.digest}" for entry in history if (one := proof_in(entry)) is not None}
    proved -= {item.ref for case in cases for item in case.items if item.kind is ItemKind.PROOF}
    kept = [one for one in cases if one.state is CaseState.CLOSED and may(account, "case.open", case_access(one))]
    return True, tuple(kept) if proved and may(account, "case.keep", task.authority.id) else ()


async def _begun(request: web.Request, account: Account, history: Sequence[Entry]) -> list[Document]:
    """The documents that were begun as the answer and not given up, the newest first, as far as the account reads
    them."""
    found = [one.detail["answer_id"] for one in reversed(history) if one.act == "answer" and one.detail]
    answers = [await request.app[RECORDS].get(id) for id in found]
    kept = [one for one in answers if one.state is not Stage.DISCARDED]
    return [one for one in kept if may(account, "document.read", document_access(one))]


async def _answers(request: web.Request, account: Account, task: Task) -> list[Document]:
    """What may be put forward with a report: what the unit has issued, and who has taken its place; of what came, what
    its authority has, too."""
    owner, records = task.owner.id if task.owner else "", request.app[RECORDS]
    issuers = dict.fromkeys((owner, account.unit.id, *([task.authority.id] if task.source.received else [])))
    found = [one for unit in issuers for one in await records.documents(unit_id=unit, state=Stage.SEALED)]
    return [one for one in found if one.unit.id == owner or may(account, "document.read", document_access(one))]


async def _files(request: web.Request, account: Account, task: Task) -> tuple[Kept, ...]:
    """The files of the document that came and that the task is of; of one that was cancelled whoever gave it alone has
    them: it may have gone to the wrong unit."""
    if not task.source.received or (task.state is State.CANCELLED and task.authority.id not in account.places):
        return ()
    year, number = map(int, task.source.received.split("/"))
    came = await request.app[EXCHANGE].arrivals.of_line(task.authority.id, year, number)
    if came is not None:
        return came.files
    one = await request.app[REGISTERS].one_incoming(task.authority.id, year, number)
    return () if one.digest is None else (Kept("", PDF, one.digest),)


async def received(request: web.Request) -> web.Response:
    """GET /tasks/{id}/received/{place}: a file of the document that came, for whoever may read the task."""
    account, task = await _open(request)
    files = await _files(request, account, task)
    place = int(request.match_info["place"])
    if not 1 <= place <= len(files):
        raise Problem("not_found")
    kept, archive = files[place - 1], request.app[VAULT].archive
    data = await asyncio.to_thread(archive.fetch, kept.digest)
    async with request.app[DATABASE].begin() as connection:
        await accesses.note(connection, account, Thing.RECEIVED, task.source.received, Deed.FILE, utcnow())
    if kept.media == PDF:
        return pdf(data, f"den-{task.source.received.replace('/', '-')}.pdf", headers=PRIVATE)
    return saved(data, kept.name, PRIVATE)


async def take(request: web.Request) -> web.Response:
    """POST /tasks/{id}/{act}: do it and go back to the task, where what went wrong is said and what was typed stays."""
    try:
        act = Act(request.match_info["act"])
        right = PERMISSIONS[act]
    except (ValueError, KeyError) as error:
        raise Problem("not_found") from error
    account, task = await _open(request, right)
    fields, reader, tasks = await form(request), reader_of(request), request.app[TASKS]
    try:
        until = day(fields["until"]) if fields.get("until") else None
        side = task.owner if right == "task.work" else task.authority
        why, by = fields.get("reason", ""), actor(account, side.id if side else "")
        if act is Act.CORRECT:
            owner, text = fields.get("owner", "")[:64], fields.get("text", "")
            await tasks.correct(task.id, by, why, owner=owner, text=text, deadline=until)
        else:
            person, document = fields.get("person", "")[:64], fields.get("evidence", "")[:32]
            file = await _sent(request, task, Step(act, by, said(why)), fields) if act is Act.REPORT else None
            await tasks.take(task.id, act, by, reason=why, until=until, person=person, evidence=document, proof=file)
    except Problem as problem:
        told = reader.gettext(answer(problem.code).text)
        return await _page(request, account, task, sentence=told, failed=act, typed=fields)
    except Unfilled as unfilled:
        return await _page(request, account, task, sentence=reader.gettext(str(unfilled)), failed=act, typed=fields)
    except RecordError as error:
        task = await tasks.get(task.id)
        sentence = wording.told(error.reason, reader)
        return await _page(request, account, task, sentence=sentence, failed=act, typed=fields)
    return see_other(f"/tasks/{task.id}")


async def _sent(request: web.Request, task: Task, step: Step, fields: Mapping[str, str]) -> Proof | None:
    """The file that came with a report; it is not kept for a report that cannot be. Raises as `keep` and `moved`."""
    sent = upload_of(request)
    if sent is None:
        return None
    if doors.unasked(fields):
        raise Problem("class_unasked")
    moved(task, step, day_of(utcnow()))
    data = await sent.octets(MAX_BYTES)
    return await keep(
        request.app[VAULT], task, sent.filename, data, PageReader(request.app[CONFIG].secrecy.ocr.command)
    )


async def proof(request: web.Request) -> web.Response:
    """GET /tasks/{id}/proof/{digest}: the file that came with a report, for whoever may read the task."""
    _account, task = await _open(request)
    wanted = request.match_info["digest"]
    if all(one.detail.get("digest") != wanted for one in await request.app[TASKS].history(task.id)):
        raise Problem("not_found")
    data = await asyncio.to_thread(request.app[VAULT].archive.fetch, wanted)
    return pdf(data, f"nhiem-vu-{task.id}-{wanted[:8]}.pdf", headers=PRIVATE)


async def evidence(request: web.Request) -> web.Response:
    """GET /tasks/{id}/evidence/{document}: what the unit has put forward, for whoever may read the task."""
    _account, task = await _open(request)
    wanted = request.match_info["document"]
    if all(one.detail.get("evidence_id") != wanted for one in await request.app[TASKS].history(task.id)):
        raise Problem("not_found")
    return pdf(await request.app[RECORDS].pdf(wanted), f"{wanted[:8]}.pdf", headers=PRIVATE)
