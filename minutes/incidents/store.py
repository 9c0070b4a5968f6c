"""Tables and queries of the incidents. The caller opens the transaction."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.document import Actor
from minutes.errors import N_, NotFound, Reason
from minutes.incidents.incident import Incident, IncidentState, Level, Origin, Thing
from minutes.tables import UtcDateTime, metadata

incident_table = Table(
    "incident",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("unit_id", String(64), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("thing", String(16), nullable=False),
    Column("ref", String(160), nullable=False),
    Column("name", Text, nullable=False),
    Column("came_by", Text, nullable=False),
    Column("came_at", UtcDateTime, nullable=False),
    Column("digests", Text, nullable=False),
    Column("files", Text, nullable=False),
    Column("level", String(16), nullable=False),
    Column("seen", Text, nullable=False),
    Column("found_by", Text, nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("decided_by", Text),
    Column("decided_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("record", String(64), nullable=False),
    Column("report_id", String(32)),
    Index("incident_by_number", "unit_id", "year", "number", unique=True),
)

officer_table = Table(
    "secrecy_officer",
    metadata,
    Column("unit_id", String(64), primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


async def add(connection: AsyncConnection, incident: Incident) -> None:
    """Put a new incident on record."""
    origin = incident.origin
    await connection.execute(
        insert(incident_table).values(
            id=incident.id,
            unit_id=incident.unit_id,
            unit_name=incident.unit_name,
            year=incident.year,
            number=incident.number,
            thing=origin.thing.value,
            ref=origin.ref,
            name=origin.name,
            came_by=origin.came_by,
            came_at=origin.came_at,
            digests=json.dumps(origin.digests),
            files=json.dumps(origin.files),
            level=incident.level.value,
            seen=incident.seen,
            found_by=_actor(incident.found_by),
            found_at=incident.found_at,
            state=incident.state.value,
            reason="",
            record="",
        )
    )


async def decide(
    connection: AsyncConnection, incident: Incident, state: IncidentState, by: Actor, at: datetime, reason: str,
    record: str = "",
) -> None:  # fmt: skip
    """Write down what was decided."""
    values = {"state": state.value, "decided_by": _actor(by), "decided_at": at, "reason": reason, "record": record}
    await connection.execute(update(incident_table).where(incident_table.c.id == incident.id).values(**values))


async def reported(connection: AsyncConnection, incident_id: str, document_id: str) -> None:
    """Which document reports it."""
    table = incident_table
    await connection.execute(update(table).where(table.c.id == incident_id).values(report_id=document_id))


async def get(connection: AsyncConnection, unit_id: str, incident_id: str) -> Incident:
    """One incident of a unit. Raises NotFound."""
    found = await _incidents(connection, incident_table.c.id == incident_id, incident_table.c.unit_id == unit_id)
    if not found:
        raise NotFound(Reason(N_("Không có sự cố này.")))
    return found[0]


async def of_unit(connection: AsyncConnection, unit_id: str) -> tuple[Incident, ...]:
    """All of a unit, the newest first."""
    return await _incidents(connection, incident_table.c.unit_id == unit_id)


async def held(connection: AsyncConnection) -> tuple[Incident, ...]:
    """Those that wait for a decision, of all units."""
    return await _incidents(connection, incident_table.c.state == IncidentState.HELD.value)


async def shut(connection: AsyncConnection, unit_id: str, thing: Thing) -> dict[str, IncidentState]:
    """What nobody reads any more, as the incidents refer to it: it waits for a decision, or was erased."""
    table = incident_table
    closed = table.c.state.in_([IncidentState.HELD.value, IncidentState.ERASED.value])
    same = (table.c.unit_id == unit_id) & (table.c.thing == thing.value)
    rows = await connection.execute(select(table.c.ref, table.c.state).where(same, closed))
    return {row.ref: IncidentState(row.state) for row in rows}


async def officer(connection: AsyncConnection, unit_id: str) -> tuple[str, str] | None:
    """(account, name) of whom a unit has named to decide; None: its leaders do."""
    query = select(officer_table.c.account_id, officer_table.c.name).where(officer_table.c.unit_id == unit_id)
    row = (await connection.execute(query)).first()
    return (row.account_id, row.name) if row else None


async def name_officer(
    connection: AsyncConnection, unit_id: str, who: tuple[str, str] | None, by: Actor, at: datetime
) -> None:
    """Name who decides; None: the leaders."""
    await connection.execute(delete(officer_table).where(officer_table.c.unit_id == unit_id))
    if who is not None:
        values = {"unit_id": unit_id, "account_id": who[0], "name": who[1], "by": by.name, "at": at}
        await connection.execute(insert(officer_table).values(**values))


async def _incidents(connection: AsyncConnection, *conditions: Any) -> tuple[Incident, ...]:
    table = incident_table
    query = select(table).where(*conditions).order_by(table.c.year.desc(), table.c.number.desc()).limit(1000)
    return tuple(_incident(row) for row in (await connection.execute(query)).mappings())


def _incident(row: RowMapping) -> Incident:
    origin = Origin(
        Thing(row["thing"]), row["ref"], row["name"], row["came_by"], row["came_at"],
        tuple(json.loads(row["digests"])), tuple(json.loads(row["files"])),
    )  # fmt: skip
    same = ("id", "unit_id", "unit_name", "year", "number", "seen", "found_at", "decided_at", "reason", "record")
    return Incident(
        **{name: row[name] for name in (*same, "report_id")},
        origin=origin,
        level=Level(row["level"]),
        found_by=Actor(*json.loads(row["found_by"])),
        state=IncidentState(row["state"]),
        decided_by=Actor(*json.loads(row["decided_by"])) if row["decided_by"] else None,
    )


def _actor(one: Actor) -> str:
    return json.dumps([one.id, one.name, one.title], ensure_ascii=False)
