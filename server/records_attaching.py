"""Files that go with a document of ours: attached to a draft, bound by their digests to what is signed, deposited with
the seal.

A file is in the archive's folder before a draft names it, and part of the archive's log once the document is issued.
"""

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes import content, store
from minutes.content import Content
from minutes.deposits import store as deposits
from minutes.deposits.entry import Entry, Kind
from minutes.document import Act, Document, Official
from minutes.errors import N_, Conflict, Damaged, NotFound, Reason, Refused
from minutes.text import FILES, Attached, TextContent
from minutes.transitions import after
from server.records_drafting import stored_content
from server.records_reading import Reading, actor_of

OCTETS = 40 * 2**20
"""Of all files of a document: with it they fit into one message of the exchange axis."""
NAME = 120
"""Characters of a file's name."""


def files_of(text: Content) -> tuple[Attached, ...]:
    """The files that go with a document."""
    return text.files if isinstance(text, TextContent) else ()


async def stored_files(connection: AsyncConnection, document: Document) -> tuple[Attached, ...]:
    """The same of its newest version; none where nobody may read that."""
    try:
        return files_of(await stored_content(connection, document))
    except Damaged:
        return ()


async def deposit_files(connection: AsyncConnection, document: Document, label: str, now: datetime) -> None:
    """The document is being issued: what goes with it is a part of the archive from now on."""
    for one in files_of(await stored_content(connection, document)):
        await deposits.append(
            connection, Entry(one.digest, Kind.ATTACHMENT, document.id, f"{label}/{one.name}"[:500], now)
        )


class Attaching(Reading):
    """Acts on a draft, each of which is a new version of it."""

    async def attach(self, document_id: str, name: str, data: bytes, *, by: Official) -> None:
        """Let a file go with a draft; whoever calls this has searched it for marks of secrecy. Raises Refused."""
        text = await self._attachable(document_id)
        if len(text.files) >= FILES:
            raise Refused("too_many_files", Reason(N_("Mỗi văn bản kèm tối đa %(limit)s tệp."), limit=FILES))
        bare = " ".join(name.replace("\\", "/").rpartition("/")[2].split())[-NAME:]
        taken = sum([len(await asyncio.to_thread(self._archive.fetch, one.digest)) for one in text.files])
        if taken + len(data) > OCTETS:
            raise Refused("files_too_large", Reason(N_("Các tệp kèm theo một văn bản tổng cộng không quá 40 MB.")))
        digest = await asyncio.to_thread(self._archive.deposit, data)
        if any(one.name == bare or one.digest == digest for one in text.files):
            raise Refused("attached_twice", Reason(N_("Văn bản đã có tệp này hoặc tệp cùng tên.")))
        await self._keep_files(document_id, text, (*text.files, Attached(bare, digest)), by)

    async def detach(self, document_id: str, digest: str, *, by: Official) -> None:
        """Take a file off a draft. Raises NotFound, Refused."""
        text = await self._attachable(document_id)
        left = tuple(one for one in text.files if one.digest != digest)
        if len(left) == len(text.files):
            raise NotFound(Reason(N_("Không có tệp này.")))
        await self._keep_files(document_id, text, left, by)

    async def attached(self, document_id: str, place: int) -> tuple[Attached, bytes]:
        """A file of a document, `place` from 1. Raises NotFound, Damaged."""
        files = files_of(await self.content(document_id))
        if not 1 <= place <= len(files):
            raise NotFound(Reason(N_("Không có tệp này.")))
        return files[place - 1], await asyncio.to_thread(self._archive.fetch, files[place - 1].digest)

    async def _attachable(self, document_id: str) -> TextContent:
        async with self._database.read() as connection:
            document = await store.get(connection, document_id)
            after(document.state, Act.EDIT, document.workflow)
            text = await stored_content(connection, document)
        if not isinstance(text, TextContent):
            raise Refused("no_files", Reason(N_("Loại văn bản này không kèm tệp; tài liệu họp kèm vào cuộc họp.")))
        return text

    async def _keep_files(
        self, document_id: str, before: TextContent, files: tuple[Attached, ...], by: Official
    ) -> None:  # fmt: skip
        text = replace(before, files=files)
        async with self._database.read() as connection:
            await self._preview(connection, await store.get(connection, document_id), text)  # can it be printed?
        async with self._database.begin() as connection:
            document = await store.get(connection, document_id, lock=True)
            after(document.state, Act.EDIT, document.workflow)
            if await stored_content(connection, document) != before:
                raise Conflict(document.version)
            title = content.title_of(text)
            await store.add_version(connection, document, content.to_json(text), title, actor_of(by), self._now())
            await self._take(connection, document, Act.EDIT, by)

    async def _refuse_lost_files(self, text: Content) -> None:
        """Raises Damaged where a file that is to be signed for is not there as it was."""
        for one in files_of(text):
            await asyncio.to_thread(self._archive.fetch, one.digest)
