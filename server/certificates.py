"""Whose certificate is whose: a certificate, known by issuer and serial number, is bound to an account or to a unit's
seal by the office. A name inside a certificate proves nothing, for anybody can call himself anything.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from asn1crypto import pem as asn1_pem  # type: ignore[import-untyped]
from asn1crypto import x509 as asn1_x509
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.errors import N_, Reason, Refused
from minutes.revocation import Fault, fault
from minutes.tables import UtcDateTime
from minutes.trust import Trust, common_name, issuer_of
from server.directory import metadata

MAX_BYTES = 16_384
"""Of a certificate file; those of officials have about 2,000."""

certificate_table = Table(
    "bound_certificate",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("holder", String(64), nullable=False),  # an account's id, or a unit's if it is of a seal
    Column("seal", Boolean, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("issuer", Text, nullable=False),
    Column("serial", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("der", LargeBinary, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_to", UtcDateTime, nullable=False),
    Column("bound_by", String(64), nullable=False),
    Column("bound_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Index("bound_certificate_by_holder", "holder"),
    Index(
        "one_holder_a_certificate",
        "fingerprint",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a certificate is: an account, or the seal of a unit."""

    id: str
    seal: bool = False


@dataclass(frozen=True, slots=True)
class Bound:
    """A certificate that is bound to `holder`; `der` are its bytes."""

    id: int
    holder: Holder
    issuer: str
    serial: int
    name: str
    der: bytes
    valid_from: datetime
    valid_to: datetime


class Standing(Enum):
    """What is known of a certificate at a moment."""

    GOOD = N_("Còn hiệu lực")
    EARLY = N_("Chưa đến ngày có hiệu lực")
    EXPIRED = N_("Đã hết hạn")
    REVOKED = N_("Đã bị tổ chức chứng thực thu hồi")
    UNKNOWN = N_("Chưa rõ có bị thu hồi hay không")
    """Nobody who could know has said anything that holds: there is no list and no answer."""


def standing(one: Bound, believed: Trust, now: datetime) -> Standing:
    """What a bound certificate is worth at `now`, as of the lists and answers in `believed`. Slow with long lists."""
    wrong = fault(asn1_x509.Certificate.load(one.der), believed, now)
    if wrong is Fault.REVOKED:
        return Standing.REVOKED
    if now >= one.valid_to:
        return Standing.EXPIRED
    if now < one.valid_from:
        return Standing.EARLY
    return Standing.GOOD if wrong is None else Standing.UNKNOWN


def read(data: bytes) -> asn1_x509.Certificate:
    """The certificate of a .cer, .crt or .pem file (DER or PEM). Raises Refused("bad_certificate")."""
    try:
        if len(data) > MAX_BYTES:
            raise ValueError("too large")
        der = asn1_pem.unarmor(data)[2] if asn1_pem.detect(data) else data
        certificate = asn1_x509.Certificate.load(der, strict=True)
        # asn1crypto reads lazily: what is broken shows when it is looked at.
        issuer_of(certificate), common_name(certificate), int(certificate.serial_number)
        if certificate.not_valid_before >= certificate.not_valid_after or certificate.public_key.bit_size < 224:
            raise ValueError("no certificate of a person")
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError) as error:
        raise Refused("bad_certificate", Reason(N_("Tệp này không phải chứng thư số (.cer, .crt, .pem)."))) from error
    return certificate


async def bind(
    connection: AsyncConnection, holder: Holder, certificate: asn1_x509.Certificate, by: str, now: datetime
) -> None:
    """Bind `certificate` to `holder`; raises Refused where it is somebody's already, or out of its time."""
    found = await holder_of(connection, certificate)
    if found is not None:
        whose = N_("Chứng thư số này đã được gắn cho chính người này.")
        others = N_("Chứng thư số này đang được gắn cho người khác; xin gỡ ra trước.")
        raise Refused("certificate_taken", Reason(whose if found == holder else others))
    if certificate.not_valid_after <= now:
        raise Refused("certificate_expired", Reason(N_("Chứng thư số này đã hết hạn.")))
    await connection.execute(
        insert(certificate_table).values(
            holder=holder.id,
            seal=holder.seal,
            fingerprint=_fingerprint(certificate),
            issuer=issuer_of(certificate),
            serial=str(certificate.serial_number),
            name=common_name(certificate),
            der=certificate.dump(),
            valid_from=certificate.not_valid_before,
            valid_to=certificate.not_valid_after,
            bound_by=by,
            bound_at=now,
        )
    )


async def unbind(connection: AsyncConnection, holder: Holder, certificate_id: int, now: datetime) -> None:
    """Nothing is signed with it any more; that it was bound stays on record."""
    await connection.execute(
        update(certificate_table)
        .where(certificate_table.c.id == certificate_id, *_of(holder), certificate_table.c.ended_at.is_(None))
        .values(ended_at=now)
    )


async def of(connection: AsyncConnection, holder: Holder) -> tuple[Bound, ...]:
    """The certificates that are bound to `holder` now, the newest first."""
    query = select(certificate_table).where(*_of(holder), certificate_table.c.ended_at.is_(None))
    rows = await connection.execute(query.order_by(certificate_table.c.id.desc()))
    return tuple(_bound(row) for row in rows.mappings())


async def holder_of(connection: AsyncConnection, certificate: asn1_x509.Certificate) -> Holder | None:
    """Whose this very certificate is now."""
    query = select(certificate_table.c.holder, certificate_table.c.seal).where(
        certificate_table.c.fingerprint == _fingerprint(certificate), certificate_table.c.ended_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return Holder(*row) if row else None


async def demand(connection: AsyncConnection, holder: Holder, certificate: asn1_x509.Certificate) -> None:
    """Raise Refused("certificate_not_bound") where `certificate` is not bound to `holder`."""
    if await holder_of(connection, certificate) != holder:
        reason = Reason(
            N_(
                "Chứng thư số “%(name)s” chưa được gắn với tài khoản ký văn bản này. Xin đề nghị văn thư gắn chứng thư "
                "số trước khi ký."
            ),
            name=common_name(certificate),
        )
        raise Refused("certificate_not_bound", reason)


async def holders(connection: AsyncConnection, among: Iterable[Holder] | None = None) -> frozenset[Holder]:
    """Who has a bound certificate that has not expired; `among` None: of all."""
    query = select(certificate_table.c.holder, certificate_table.c.seal).where(certificate_table.c.ended_at.is_(None))
    if among is not None:
        query = query.where(certificate_table.c.holder.in_([one.id for one in among]))
    return frozenset(Holder(*row) for row in await connection.execute(query.distinct()))


async def every_bound(connection: AsyncConnection) -> tuple[asn1_x509.Certificate, ...]:
    """All certificates that are bound to somebody now."""
    query = select(certificate_table.c.der).where(certificate_table.c.ended_at.is_(None))
    return tuple(asn1_x509.Certificate.load(bytes(der)) for der in await connection.scalars(query))


def _of(holder: Holder) -> tuple[ColumnElement[bool], ...]:
    return certificate_table.c.holder == holder.id, certificate_table.c.seal == holder.seal


def _fingerprint(certificate: asn1_x509.Certificate) -> str:
    return hashlib.sha256(certificate.dump()).hexdigest()


def _bound(row: RowMapping) -> Bound:
    return Bound(
        row["id"],
        Holder(row["holder"], row["seal"]),
        row["issuer"],
        int(row["serial"]),
        row["name"],
        bytes(row["der"]),
        row["valid_from"],
        row["valid_to"],
    )
