"""What the forms of a record's page are filled with: whom to ask, who can sign and how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from minutes.days import store as days
from minutes.document import Document, Signer
from minutes.reading import VIETNAM
from minutes.templates import template_of
from minutes.workflow.capacity import CAPACITY_NAMES, Capacity, Signing, suggested
from minutes.workflow.plan import due
from server import directory
from server.database import Database
from server.directory import Account
from server.pages.desk_acts import MOST_SIGNERS, SIGNER_FIELDS

_COLLECTIVES = ("ủy ban nhân dân", "uỷ ban nhân dân", "hội đồng nhân dân")


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


def collective_of(unit_name: str) -> str:
    """The collective that a unit is by its name: "Ủy ban nhân dân"; "" for what one person heads."""
    lowered = unit_name.casefold()
    return next((unit_name[: len(name)] for name in _COLLECTIVES if lowered.startswith(name)), "")


def _rows(document: Document, officials: list[Account]) -> list[dict[str, str]]:
    people = [one for one in document.signers if one.role != "seal"][:MOST_SIGNERS]
    titles = {one.id: one.title for one in officials}
    rows = [_row(one, titles.get(one.account, one.title)) for one in people]
    collective = collective_of(document.unit.name) if template_of(document.kind).collective else ""
    blank = {**dict.fromkeys(SIGNER_FIELDS, ""), "collective": collective}
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
