"""A key file that somebody brings with a form, opened by a process that is bounded in time and memory. Nothing of it
touches a disk."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

from minutes.errors import N_, Reason, SigningFailed, WrongPin
from minutes.signing import NO_KEY, WRONG_PIN, Credential
from server import read_key

TIME = 20.0
"""Seconds by the clock; the process's own bounds are in server.read_key."""
_READER = Path(read_key.__file__)
_TOO_MUCH = N_("Tệp khóa có cấu trúc bất thường, không mở được trong giới hạn cho phép")


async def opened(data: bytes, pin: str) -> Credential:
    """The key in a PKCS#12 file. Raises WrongPin, or SigningFailed where the file holds no usable key or takes too much
    to be opened."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", str(_READER),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(TIME):
            said, _ = await process.communicate(json.dumps(pin).encode() + b"\n" + data)
        if process.returncode == read_key.WRONG:
            raise WrongPin(Reason(WRONG_PIN))
        if process.returncode == read_key.NO_KEY:
            raise SigningFailed(Reason(NO_KEY))
        certificate, key = map(bytes.fromhex, json.loads(said))
        return Credential.plain(certificate, key)
    except (TimeoutError, ValueError, TypeError) as error:
        raise SigningFailed(Reason(_TOO_MUCH)) from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
