"""What it costs to sign, prove and examine an archive: `python -m bench.archive [--deposits 10000]`."""

import argparse
import asyncio
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from minutes.archive import Archive, digest_of
from minutes.deposits import store
from minutes.deposits.entry import Entry, Kind
from minutes.deposits.note import Signer
from minutes.trust import Trust
from server.database import Database, sqlite_url
from server.demo_pki import DemoPki
from server.records_keys import open_keys
from server.vault import Vault
from server.vault_examination import Result, examination

SIZE = 75_000
"""Octets of a file: a signed document of two pages has twice that."""


async def measure(folder: Path, deposits: int) -> None:
    """Fill an archive without its time-stamps, then sign, prove and examine it."""
    now = datetime.now(UTC)
    DemoPki(now).write(folder / "keys", [], [])
    keys, signer = open_keys(folder / "keys"), Signer.make("bench/archive")
    database, archive = Database(sqlite_url(folder / "db")), Archive(folder / "archive")
    await database.migrate()
    vault = Vault(database, archive, keys.trust, keys.time_stamper, signer, lambda: now)
    async with database.begin() as connection:
        for number in range(deposits):
            data = f"{number:08d}".encode() * (SIZE // 8)
            digest = digest_of(data)
            path = folder / "archive" / digest[:2] / digest[2:4] / digest
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)  # without waiting for the disk each time, as a deposit does
            await store.append(connection, Entry(digest, Kind.ATTACHMENT, "m", f"{number}.pdf", now))
    began = time.process_time()
    await vault.checkpoint()
    print(f"checkpoint over {deposits} deposits: {time.process_time() - began:.3f} s CPU")
    began = time.process_time()
    proof = await vault.proof(digest)
    print(f"proof: {time.process_time() - began:.3f} s CPU, {len(proof)} octets")
    began = time.process_time()
    result = [step async for step in examination(database, archive, Trust((), (), ()), signer.verifier)][-1]
    assert isinstance(result, Result)
    assert not result.findings
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"examination of {deposits * SIZE // 10**6} MB: {time.process_time() - began:.2f} s CPU; memory {peak} MB")
    await database.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deposits", type=int, default=10_000)
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(measure(Path(name), parser.parse_args().deposits))
