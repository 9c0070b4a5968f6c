"""Writes something wherever the template's "…" waits for an author, as a secretary would before submitting."""

import json

from minutes.document import Official
from server.records import Records


async def fill(records: Records, document_id: str, by: Official) -> None:
    before = json.dumps(await records.content_json(document_id), ensure_ascii=False)
    after = before.replace("…", "nội dung cụ thể")
    if after != before:
        version = (await records.get(document_id)).version
        await records.edit(document_id, json.loads(after), by=by, expected_version=version)
