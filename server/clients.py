"""From where a request comes, and what one place may ask for before it waits.

A whole office may stand behind one address. So an address by itself is never shut out: a code that is right opens, a
place for a file is free while nobody else needs it (server.uploads). Only wrong codes are counted by address.
"""

import ipaddress
import time

from aiohttp import web

from server.rate import Attempts

WRONG_CODES, WITHIN = 60, 900.0
"""Codes of sign-in and guest links that may be wrong from one address within so many seconds: a hall full of people
with last year's links stays below. The codes have 256 bits, so this is no lock but an end to noise."""


CODE_ATTEMPTS = web.AppKey("code_attempts", Attempts)
PROXIES = web.AppKey("proxies", frozenset[str])


def address(request: web.Request) -> str:
    """The client's address, of IPv6 its network (/64: what one customer has); "" where it cannot be known.

    Behind a proxy (`http.proxies`) it is the last of X-Forwarded-For, which the proxy has written itself.
    """
    peer = _network(request.remote or "")
    if (request.remote or "") not in request.app[PROXIES]:
        return peer
    return _network(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())


def _network(text: str) -> str:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def guesses(request: web.Request) -> bool:
    """Count a code that opens nothing; whether so many came from there before that this one is a guess
    ("many_codes")."""
    place = address(request)
    return bool(place) and not request.app[CODE_ATTEMPTS].begin(place, time.monotonic())
