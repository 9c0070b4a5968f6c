"""The file by which a unit proves what it reports of a task: a PDF that is searched for marks of secrecy, and then a
part of the archive. It is named in the history of the task, and lies in the case files of what the task stands in."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.casefiles.case import Item, ItemKind
from minutes.deposits.entry import Kind
from minutes.tasks import store
from minutes.tasks.task import Entry, Task
from server.errors import Problem
from server.page_reader import PageReader
from server.received import searched
from server.vault import Vault

NAME = 120
"""Characters of a file's name."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A file of the archive: as it is called, and its SHA-256."""

    name: str
    digest: str


async def keep(vault: Vault, task: Task, name: str, data: bytes, reader: PageReader) -> Proof:
    """Take a file for good. Raises Problem("received_unreadable", "too_large", "secret_marking", "unseen_pages"),
    SecretContent, Withheld, Erased, Damaged."""
    if not data.startswith(b"%PDF-"):
        raise Problem("received_unreadable")
    bare = " ".join(name.replace("\\", "/").rpartition("/")[2].split())[-NAME:]
    await searched(bare, data, reader)
    label = f"{task.authority.id}/nhiệm vụ {task.id}/{bare}"
    kept = await vault.deposit(data, about=f"task/{task.id}", kind=Kind.ATTACHMENT, label=label)
    return Proof(bare, kept.entry.digest)


def proof_in(one: Entry) -> Proof | None:
    """The file that an act of the history names."""
    return Proof(one.detail["file"], one.detail["digest"]) if "digest" in one.detail else None


async def items(connection: AsyncConnection, tasks: Sequence[Task]) -> list[Item]:
    """The files of these tasks as a case file lists them."""
    found: dict[str, Item] = {}
    for task in tasks:
        for one in await store.history(connection, task.id):
            proof = proof_in(one)
            if proof is not None:
                ref, title = f"{task.id}/{proof.digest}", f"Chứng minh kết quả nhiệm vụ số {task.id}: {proof.name}"
                found[ref] = Item(ItemKind.PROOF, ref, proof.name, title, proof.digest)
    return list(found.values())
