"""What the forms of a record's page are filled with: whom to ask, who can sign and how."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from minutes.casefiles.case import Case
from minutes.casefiles.handing import Handing
from minutes.days import store as days
from minutes.document import Document, Signer, State
from minutes.exchange.status import SAID
from minutes.reading import VIETNAM
from minutes.starting import collective_of
from minutes.tasks.task import Task
from minutes.workflow.capacity import CAPACITY_NAMES, Capacity, Signing, suggested
from minutes.workflow.plan import due
from server import directory
from server.casefiles_handing import HandingOver, receivers
from server.database import Database
from server.directory import Account
from server.exchange import Exchange
from server.pages.desk_acts import MOST_SIGNERS, SIGNER_FIELDS, access
from server.pages.tasks import access as task_access
from server.registers import Registers
from server.rights import TaskAccess, may
from server.tasks import Tasks


async def filled(
    database: Database, document: Document, account: Account, acts: frozenset[str], now: datetime,
    typed: Mapping[str, str], failed: str,
) -> dict[str, Any]:  # fmt: skip
    """Values for the templates of the forms that `acts` call for."""
    if not acts & {"consult", "signers"}:
        return {"people": (), "units": (), "due": "", "rows": (), "capacities": CAPACITY_NAMES, "officials": ()}
    async with database.read() as connection:
        accounts = await directory.accounts(connection)
        units = await directory.units(connection, now.astimezone(VIETNAM).date().isoformat())
        calendar = await days.of_unit(connection, document.unit.id)
    until = due(now, document.workflow.comment_days or 3, calendar)
    officials = [one for one in accounts if one.unit.id == document.unit.id]
    rows = _rows(document, officials)
    if failed == "signers":
        rows = [{name: typed.get(f"signer.{at}.{name}", "") for name in SIGNER_FIELDS} for at in range(MOST_SIGNERS)]
    return {
        "people": [one for one in accounts if one.id != account.id],
        "units": [one for one in units if one.id != document.unit.id],
        "due": until.date().isoformat() if until else "",
        "rows": rows,
        "capacities": CAPACITY_NAMES,
        "officials": officials,
    }


def _rows(document: Document, officials: list[Account]) -> list[dict[str, str]]:
    people = [one for one in document.signers if one.role != "seal"][:MOST_SIGNERS]
    titles = {one.id: one.title for one in officials}
    rows = [_row(one, titles.get(one.account, one.title)) for one in people]
    blank = {**dict.fromkeys(SIGNER_FIELDS, ""), "collective": collective_of(document.kind, document.unit.name)}
    return rows + [{**blank, "step": str(at + 1)} for at in range(len(rows), MOST_SIGNERS)]


def _row(signer: Signer, title: str) -> dict[str, str]:
    chosen = _read(signer) or suggested(title)
    return {
        "account": signer.account,
        "capacity": chosen.capacity.value,
        "head": chosen.head,
        "own": chosen.own,
        "collective": chosen.collective,
        "superior": chosen.superior,
        "step": str(signer.step),
    }


def _read(signer: Signer) -> Signing | None:
    """What was chosen for lines that are printed as `signer` has them."""
    lines = list(signer.title_lines)
    collective = lines.pop(0).removeprefix("TM. ") if lines and lines[0].startswith("TM. ") else ""
    if not lines:
        return None
    capacity = signer.capacity
    head = lines[0].removeprefix(f"{capacity.value}. ") if capacity is not Capacity.OWN else lines[0]
    superior = lines[1].removeprefix("KT. ") if len(lines) == 3 else ""
    own = lines[-1] if len(lines) > 1 else ""
    return Signing(capacity, *(_plain(text) for text in (head, own, collective, superior)))


def _plain(text: str) -> str:
    """ "PHÓ CHỦ TỊCH" as it is written in a sentence: "Phó chủ tịch"; it is printed in capitals again."""
    return text[:1] + text[1:].lower()


async def exchanged(exchange: Exchange, account: Account, document: Document) -> dict[str, object]:
    """To whom a document was sent by the exchange axis, what they say of it, and to whom it can be sent."""
    sealed = document.state is State.SEALED
    sent = await exchange.sent(document.id) if sealed else ()
    sends = sealed and may(account, "document.send", access(document)) and exchange.connected(document.unit.id)
    done = {one.message.organ_id for one in sent}
    partners = [one for one in exchange.partners(document.unit.id) if one[0] not in done] if sends else []
    return {"sent": sent, "sends": sends, "partners": partners, "said": SAID}


async def came(exchange: Exchange, account: Account) -> int:
    """How many documents of others wait for the clerk: to be received, or because their senders want them back."""
    if not may(account, "register.enter", account.unit.id):
        return 0
    arrivals, unit = exchange.arrivals, account.unit.id
    waiting, recalled = await arrivals.waiting(unit), await arrivals.recalled(unit)
    return len({one.id for one in (*waiting, *recalled)})


async def undecided(tasks: Tasks, account: Account) -> int:
    """How many tasks wait for the account: to confirm what was reported, or to say of a later deadline."""
    if not may(account, "task.decide", TaskAccess(account.unit.id, "")):
        return 0
    given = [one for unit in account.places for one in await tasks.of_authority(unit, only_open=True)]
    return sum(
        may(account, "task.order" if one.asked_until else "task.decide", task_access(one))
        for one in given
        if one.undecided
    )


async def duties(tasks: Tasks, account: Account) -> tuple[Task, ...]:
    """The open tasks that the account's unit leads or helps with, and those of the units whose place it has taken."""
    found = [one for unit in sorted(account.places) for one in await tasks.of_unit(unit)]
    return tuple({one.id: one for one in found}.values())


async def receiving(
    handing: HandingOver, database: Database, account: Account, today: date
) -> tuple[tuple[Case, Handing], ...]:
    """The case files that wait for the account to receive them, and who has handed each over."""
    if not may(account, "case.read", account.unit.id):
        return ()
    offered = await handing.offered(account)
    if not offered:
        return ()
    async with database.read() as connection:
        accounts = await directory.accounts(connection, today.isoformat())
    return tuple(
        (case, steps[-1])
        for case, steps in offered
        if account.id in {one.id for one in receivers(accounts, case, steps[-1].by.id)}
    )


async def undirected(registers: Registers, account: Account) -> int:
    """How many documents that came wait for the leader to say who is to deal with them."""
    if "leader" not in account.roles or not may(account, "register.direct", account.unit.id):
        return 0
    return len(await registers.undirected(account.unit.id))
