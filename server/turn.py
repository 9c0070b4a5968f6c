"""A TURN relay (coturn with use-auth-secret): credentials, one set a participant, good for a while; whether it works.

Source: draft-uberti-behave-turn-rest-00, section 2.2. The relay shares a secret with us and keeps no accounts.
"""

import asyncio
import base64
import hmac
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aioice import stun, turn

from minutes.errors import N_, Reason
from server.config import TurnConfig

_URL = re.compile(r"(turns?):(?:\[([^]]+)\]|([^:?]+))(?::(\d+))?(?:\?transport=(udp|tcp))?")
PATIENCE = 5.0
"""Seconds that a relay has to answer in."""


@dataclass(frozen=True, slots=True)
class Relays:
    """The relays of an installation; none where no URL is configured."""

    config: TurnConfig

    @property
    def renew_after(self) -> timedelta:
        """When whoever is still there needs new credentials: relays refuse new allocations with old ones."""
        return timedelta(seconds=self.config.lifetime / 2)

    def issue(self, participant: str, now: datetime) -> list[dict[str, Any]]:
        """RTCIceServer dictionaries for one participant: the user name is "expiry:participant" with the expiry in Unix
        seconds, the password the Base64 of its HMAC-SHA1 under the shared secret."""
        if not self.config.urls:
            return []
        username = f"{int(now.timestamp()) + self.config.lifetime}:{participant}"
        secret = self.config.secret.get_secret_value().encode()
        credential = base64.b64encode(hmac.digest(secret, username.encode(), "sha1")).decode()
        return [{"urls": list(self.config.urls), "username": username, "credential": credential}]


async def fault(url: str, username: str, credential: str) -> str | None:
    """Ask a relay for an address and give it back. None if it did; else a few words on what is wrong."""
    found = _URL.fullmatch(url)
    if found is None:
        return Reason(N_("không phải địa chỉ TURN"))
    scheme, v6, name, port, transport = found.groups()
    secure = scheme == "turns"
    server = v6 or name, int(port or (5349 if secure else 3478))
    carrier = transport or ("tcp" if secure else "udp")
    try:
        async with asyncio.timeout(PATIENCE):
            relayed, _ = await turn.create_turn_endpoint(
                asyncio.DatagramProtocol,
                server_addr=server,
                username=username,
                password=credential,
                ssl=ssl.create_default_context() if secure else None,
                transport=carrier,
            )
    except stun.TransactionFailed as error:
        code, reason = error.response.attributes.get("ERROR-CODE", (0, "refused"))
        return Reason(N_("từ chối thông tin đăng nhập: %(why)s"), why=f"{code} {reason}")
    except (TimeoutError, stun.TransactionTimeout):
        return Reason(N_("không trả lời"))
    except (OSError, ssl.SSLError) as error:
        return str(error)
    relayed.close()
    return None
