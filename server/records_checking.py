"""Four eyes: who has had a hand in a text does not check it."""

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import store
from minutes.document import Act, Document
from minutes.errors import N_, Reason, Refused
from server import directory
from server.editing import tables


async def why_not(connection: AsyncConnection, document: Document, account_id: str) -> str | None:
    """Why the account does not check the text, and who could instead; None: it may.

    Whoever has written in any version counts: what they wrote may still stand there.
    """
    hands = await _hands(connection, document)
    if account_id not in hands:
        return None
    others = ", ".join([one.name for one in await directory.staff(connection, document.unit.id) if one.id not in hands
                        and document.workflow.check in one.roles])  # fmt: skip
    if others:
        text = N_("Người đã soạn, sửa hoặc trình văn bản không tự kiểm tra văn bản đó. Người kiểm tra được: %(names)s.")
        return Reason(text, names=others)
    return Reason(
        N_(
            "Người đã soạn, sửa hoặc trình văn bản không tự kiểm tra văn bản đó, mà chưa có ai khác để kiểm tra. "
            "Xin giao vai trò kiểm tra cho một người khác nữa, hoặc rút văn bản lại rồi đổi bước kiểm tra trong quy "
            "trình văn bản."
        )
    )


async def refuse_nobody(connection: AsyncConnection, document: Document, submitter: str) -> None:
    """Raises Refused("own_draft") where everybody who could check the text has a hand in it, or submits it now."""
    if not document.workflow.checks:
        return
    hands = await _hands(connection, document) | {submitter}
    able = [one for one in await directory.staff(connection, document.unit.id) if document.workflow.check in one.roles]
    if all(one.id in hands for one in able):
        text = N_(
            "Chưa trình được: chưa có ai kiểm tra được văn bản này, vì người đã soạn, sửa hoặc trình văn bản không tự "
            "kiểm tra. Xin giao vai trò kiểm tra cho một người khác nữa, hoặc đổi bước kiểm tra trong quy trình "
            "văn bản."
        )
        raise Refused("own_draft", Reason(text))


async def _hands(connection: AsyncConnection, document: Document) -> frozenset[str]:
    """Ids of all who have written in the text, and of who has submitted it last."""
    written = {by.id for _version, by, _at in await store.versions(connection, document.id)}
    together = {one.id for several in (await tables.authors(connection, document.id)).values() for one in several}
    submitted = [one.by.id for one in await store.history(connection, document.id) if one.act == Act.SUBMIT]
    return frozenset(written | together | set(submitted[-1:]))
