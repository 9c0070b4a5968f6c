"""`giaoban archive rotate-key`: another key signs the archive's checkpoints, and the old one says so.

The new key is on the disk before the note that both keys sign is deposited, and takes the old one's place after it; so
whoever was cut off finishes what was begun by beginning anew.
"""

from minutes.deposits import store
from minutes.deposits.entry import Kind
from minutes.deposits.handover import Handover
from minutes.deposits.note import BadNote, Signer
from minutes.errors import RecordError
from server import records_keys
from server.config import Config, archive_of
from server.database import Database
from server.errors import SetupError
from server.vault import open_vault


async def rotate(config: Config) -> Handover:
    """Hand over to a new key and have it sign a checkpoint. The installation must not run. Raises SetupError."""
    try:
        async with Database(config.database_url) as database:
            made = await _finished(config, database) or await _begun(config, database)
            records_keys.take_archive_key(config.keys)
            await open_vault(config, database).checkpoint()
    except (OSError, ValueError, RecordError) as error:
        raise SetupError(f"The archive's key was not replaced: {error}.") from error
    return made


async def _finished(config: Config, database: Database) -> Handover | None:
    """The handover to a key that waits, if it was deposited."""
    staged = records_keys.staged_archive_key(config.keys)
    if staged is None:
        return None
    async with database.read() as connection:
        last = await store.entries(connection, kind=Kind.KEY, newest=1)
    for one in last:
        found = Handover.open(archive_of(config).fetch(one.entry.digest).decode())
        if found.new == staged.verifier:
            return found
    return None


async def _begun(config: Config, database: Database) -> Handover:
    old = records_keys.archive_key(config.keys)
    if old is None:
        raise BadNote("the archive has no key yet; the first checkpoint makes it")
    new = Signer.make(old.name)
    records_keys.stage_archive_key(config.keys, new)
    return await open_vault(config, database).hand_over(new)
