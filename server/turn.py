"""Credentials for a TURN relay (coturn with use-auth-secret), one set a participant, good for a while.

Source: draft-uberti-behave-turn-rest-00, section 2.2. The relay shares a secret with us and keeps no accounts.
"""

import base64
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from server.config import TurnConfig


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
