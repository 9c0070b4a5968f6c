"""What the page of a record says before its text: why it came back, what will keep it from being approved, who may
not check it, what stands in its margin, and which drafts are already to change it."""

from typing import Any

from aiohttp import web

from minutes.addressees import astray
from minutes.content import Content
from minutes.document import Document, State
from minutes.transitions import WITH_AUTHOR
from server.directory import Account
from server.keys import EDITING, RECORDS
from server.pages import reader_of, wording
from server.pages.desk_acts import access
from server.rights import may

_TO_APPROVE = WITH_AUTHOR | {State.COMMENTS, State.CHECK, State.REVIEW}


async def told(
    request: web.Request, account: Account, document: Document, acts: frozenset[str], text: Content
) -> dict[str, Any]:
    """Values for the page of a record with this text, on which `acts` are possible."""
    records, reader = request.app[RECORDS], reader_of(request)
    open_ = document.state in _TO_APPROVE
    overtaken = await records.overtaken(document) if open_ else None
    lacking = await records.lacking(document) if open_ else None
    own_hand = await records.not_to_check(document, account.id) if "check" in acts else None
    # Notes of those who write it: whoever was only asked for remarks has none of them.
    inside = document.number is None and may(account, "document.read", access(document))
    margin = await request.app[EDITING].margin(document) if inside else ()
    return {
        "returned": (await records.returned([document])).get(document.id) if "edit" in acts else None,
        "overtaken": wording.told(overtaken, reader) if overtaken else "",
        "lacking": wording.told(lacking, reader) if lacking else "",
        "own_hand": wording.told(own_hand, reader) if own_hand else "",
        "astray": astray(text) if open_ else (),
        "margin": margin,
        # What was written to a block that is gone has no place any more where it could be settled.
        "open_notes": sum(1 for one in margin if one.part and one.remark.settled_by is None) if open_ else 0,
        "rivals": await records.changing(document) if "change" in acts else (),
    }
