"""New documents in the database: minutes from a meeting, a notice from minutes, any other from its text."""

import secrets
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, draft, fit, invitation, starting, store
from minutes import notice as notice_of
from minutes.authority import Authority, council_of
from minutes.content import Content, MinutesContent
from minutes.document import Act, Actor, Document, Kind, Signer, State, in_signing_order
from minutes.errors import N_, Reason, Refused, UnprintableContent
from minutes.transitions import WITH_AUTHOR
from minutes.typeset import Heading, Typesetter
from minutes.workflow import store as workflow
from minutes.workflow.changing import changed, leaders
from minutes.workflow.relation import Deed
from rooms.proceedings import Meeting, Proceedings, Unit
from server import directory, search_index

_CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0, 1, I, L, O, which people confuse when they type a code from paper."""
_CODE_GROUPS, _CODE_GROUP = 3, 4

SYSTEM = Actor("system", "Hệ thống", "")


_ROUNDS = 8
"""Trial settings of a draft that has signs which cannot be printed."""


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + _CODE_GROUP] for at in range(0, len(letters), _CODE_GROUP))


def code_as_printed(typed: str) -> str:
    """A document's code ("W3BM-CSPU-8GVQ") from what somebody typed: in small or wide letters, with spaces, any dashes
    or none between the groups. What cannot be a code stays as it is, so that it is found nowhere."""
    letters = "".join(sign for sign in unicodedata.normalize("NFKC", typed).upper() if sign.isalnum())
    return _grouped(letters) if len(letters) == _CODE_GROUPS * _CODE_GROUP else typed


@dataclass(frozen=True, slots=True)
class Drafted:
    """A first draft before it is stored."""

    text: Content
    authority: Authority
    signers: tuple[Signer, ...]
    meeting_id: str | None


def minutes(
    proceedings: Proceedings,
    authority: Authority,
    can_sign: Callable[[str], bool],
    typesetter: Typesetter,
    now: datetime,
    told: Mapping[str, Sequence[str]],
) -> Drafted:
    """The draft of the minutes of a closed meeting, set once to see that it can be printed (so call it in a thread).
    `can_sign`: whether an account has a certificate."""
    text = draft.minutes(proceedings, secrets.token_hex(16), authority, told)
    signers = draft.minutes_signers(proceedings, can_sign)
    return _printable(Drafted(text, authority, signers, proceedings.meeting.id), typesetter, now)


def invited(
    meeting: Meeting,
    authority: Authority,
    replaced: Document | None,
    papers: Sequence[str],
    typesetter: Typesetter,
    now: datetime,
) -> Drafted:
    """The draft of the invitation to a meeting, set once as well. `replaced` is the sealed one that it replaces."""
    number = None
    if replaced is not None and replaced.number_symbol is not None and replaced.issued_on is not None:
        number = (replaced.number_symbol, replaced.issued_on)
    text = invitation.draft(meeting, secrets.token_hex(16), authority, replaced=number, papers=papers)
    return _printable(Drafted(text, authority, invitation.signers(meeting), meeting.id), typesetter, now)


def _printable(drafted: Drafted, typesetter: Typesetter, now: datetime) -> Drafted:
    text, signers = drafted.text, drafted.signers
    kind = content.kind_of(text)
    for _ in range(_ROUNDS):
        try:
            typesetter.typeset(kind, text, Heading(drafted.authority, text.document_id, signers), at=now)
            break
        except UnprintableContent as error:
            text = fit.without(text, error.sign)
            signers = _renamed(signers, error.sign)
    else:
        text = fit.plain(text)
        signers = tuple(replace(one, name=fit.plain_text(one.name), title=fit.plain_text(one.title)) for one in signers)
    return replace(drafted, text=text, signers=signers)


def _renamed(signers: tuple[Signer, ...], sign: str) -> tuple[Signer, ...]:
    return tuple(
        replace(
            one,
            name=one.name.replace(sign, fit.UNPRINTABLE),
            title=one.title.replace(sign, fit.UNPRINTABLE),
        )
        for one in signers
    )


async def notice(connection: AsyncConnection, minutes_id: str, by: Actor, leader: Signer | None, now: datetime) -> str:
    """Draft the notice of the conclusions in sealed minutes, or give the one that is there; raises
    Refused("minutes_not_sealed")."""
    # Who locks the minutes' row drafts; who comes second finds the first one's notice.
    source = await store.get(connection, minutes_id, lock=True)
    text = await stored_content(connection, source)
    sealed = source.state is State.SEALED
    if not isinstance(text, MinutesContent) or not sealed or source.number_symbol is None or source.issued_on is None:
        raise Refused("minutes_not_sealed", Reason(N_("Chỉ lập được thông báo kết luận từ biên bản đã phát hành.")))
    for existing in await store.search(connection, 1, meeting_id=source.meeting_id, kind=Kind.NOTICE.value):
        return existing.id
    document_id = secrets.token_hex(16)
    chair = next(signer for signer in source.signers if signer.role == "chair")
    drafted = notice_of.draft(
        text, document_id, number_symbol=source.number_symbol, issued_on=source.issued_on, chair=chair
    )
    signers = (leader or notice_of.leader(source.signers), Signer("seal", source.unit.id, source.unit.name, ()))
    authority = await store.authority(connection, minutes_id)
    made = await add(connection, Drafted(drafted, authority, signers, source.meeting_id), by, now)
    await workflow.settle(connection, minutes_id)
    return made


async def change(connection: AsyncConnection, document_id: str, deed: Deed, by: Actor, now: datetime) -> str:
    """Draft the document that does `deed` to an issued one, for who signed that to sign; raises Refused."""
    old = await store.get(connection, document_id)
    text = changed(old, await stored_content(connection, old), deed, secrets.token_hex(16))
    seal = Signer("seal", old.unit.id, old.unit.name, ())
    authority = await store.authority(connection, document_id)
    return await add(connection, Drafted(text, authority, (*leaders(old, deed), seal), None), by, now)


async def newest_invitation(connection: AsyncConnection, meeting_id: str) -> Document | None:
    """The invitation to a meeting that was drafted last: the one that counts."""
    found = await store.search(connection, 100, meeting_id=meeting_id, kind=Kind.INVITATION.value)
    return max(found, key=lambda one: one.created_at, default=None)


async def put_invitation(connection: AsyncConnection, drafted: Drafted, by: Actor, now: datetime) -> str:
    """Store a drafted invitation: as a new version of one that is still a draft, else as a new document. Raises
    Refused("invitation_under_way") while one is being approved or signed."""
    newest = await newest_invitation(connection, drafted.meeting_id or "")
    if newest is None or newest.state is State.SEALED:
        return await add(connection, drafted, by, now)
    newest = await store.get(connection, newest.id, lock=True)
    if newest.state not in WITH_AUTHOR:
        text = N_("Giấy mời đang được trình duyệt hoặc ký số. Muốn lập lại thì trước hết trả về dự thảo.")
        raise Refused("invitation_under_way", Reason(text))
    stored = {**content.to_json(drafted.text), "document_id": newest.id}
    title = content.title_of(drafted.text)
    await store.add_version(connection, newest, stored, title, by, now)
    await store.set_signers(
        connection, newest.id, in_signing_order(Kind.INVITATION, drafted.signers, newest.workflow), now
    )
    await store.log(connection, newest.id, Act.EDIT, by, now, None)
    await search_index.follow(connection, await store.get(connection, newest.id), drafted.text)
    return newest.id


async def text(
    connection: AsyncConnection, kind: Kind, data: dict[str, Any], by: Actor, unit: Unit, leader: Signer, now: datetime
) -> str:
    """Add a draft of any type that TextContent is for; raises InvalidContent and SecretContent."""
    drafted = content.from_json(kind, {**data, "document_id": secrets.token_hex(16)})
    signers = (leader, Signer("seal", unit.id, unit.name, ()))
    return await add(connection, Drafted(drafted, await authority_of(connection, unit), signers, None), by, now)


async def begun(
    connection: AsyncConnection, kind: Kind, subject: str, by: Actor, unit: Unit, leader: Signer, now: datetime,
    answered: starting.Answered | None,
) -> str:  # fmt: skip
    """Add a document of `kind`, one of STARTED, in the words of its template. Raises InvalidContent, SecretContent."""
    authority = await authority_of(connection, unit)
    first = starting.started(kind, secrets.token_hex(16), subject, authority, answered)
    return await text(connection, kind, content.to_json(first), by, unit, leader, now)


async def stored_content(connection: AsyncConnection, document: Document) -> Content:
    """The newest text of a document."""
    return content.read_stored(document.kind, await store.content(connection, document.id, document.version))


async def add(connection: AsyncConnection, drafted: Drafted, by: Actor, now: datetime) -> str:
    """Store a draft and return its id. Raises InvalidContent for a text that could not be read back."""
    text, authority = drafted.text, drafted.authority
    kind, title = content.kind_of(text), content.title_of(text)
    stored = content.to_json(text)
    content.read_unmarked(kind, stored)
    plan = await workflow.plan_of(connection, authority.unit.id, kind)
    document = Document(
        id=text.document_id,
        kind=kind,
        unit=authority.unit,
        meeting_id=drafted.meeting_id,
        state=State.DRAFT,
        title=title,
        place=authority.place_name,
        version=1,
        code=_grouped("".join(secrets.choice(_CODE_LETTERS) for _ in range(_CODE_GROUPS * _CODE_GROUP))),
        created_at=now,
        changed_at=now,
        signers=in_signing_order(kind, drafted.signers, plan),
        workflow=plan,
    )
    await store.add(connection, document, authority, stored, by)
    await store.log(connection, document.id, "draft", by, now, None)
    await workflow.settle(connection, document.id)
    await search_index.follow(connection, document, text)
    return document.id


async def authority_of(connection: AsyncConnection, unit: Unit) -> Authority:
    """The letterhead's values from the directory; from the unit's own name if the directory does not know it."""
    known = await directory.unit(connection, unit.id)
    if known is None:
        return Authority.of(unit)
    council = council_of(Unit(known.id, known.name))
    beside = unit.name == council.name != known.name  # the council, by the office of its committee
    return Authority(unit, Authority.of(council).abbreviation if beside else known.symbol, known.place)
