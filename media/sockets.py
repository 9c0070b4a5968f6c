"""The sockets of the media plane: what they are bound to, and what clients are told."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence

from media.forwarder import check_address

EVERYWHERE, EVERYWHERE_SIX = "0.0.0.0", "::"  # noqa: S104 - clients come from everywhere
LOOPBACK = {EVERYWHERE: "127.0.0.1", EVERYWHERE_SIX: "::1"}
BUFFER = 4 << 20  # octets asked of the kernel in each direction; it may give less
ATTEMPTS = 32  # to find as many free ports in a row


def plan(host: str, public_addresses: Sequence[str]) -> tuple[str, list[str]]:
    """What to bind to, and the addresses that clients are told. Raises ValueError.

    Of an address that is every address of IPv4 becomes the one that is every address of both, if a public address is of
    IPv6. Without public addresses clients are told what we are bound to, and that is never every address: a socket
    bound so would answer a browser on this machine from another of its addresses, and ICE does not take that.
    """
    host, _ = check_address((host, 1), True)
    told = [check_address((address, 1), True)[0] for address in public_addresses]
    if not told:
        host = LOOPBACK.get(host, host)
        return host, [host]
    if host == EVERYWHERE and any(":" in address for address in told):
        return EVERYWHERE_SIX, told
    for address in told:
        if host != EVERYWHERE_SIX and (":" in address) != (":" in host):
            raise ValueError(f"{address} cannot be reached at {host}, which is of the other IP version")
    return host, told


def bind(host: str, port: int, count: int) -> list[socket.socket]:
    """Sockets at `port` and the `count` - 1 ports behind it; at any free ports in a row if it is 0.

    Raises OSError as the system has it, ValueError if there are no so many ports.
    """
    if port + count - 1 > 65535:
        raise ValueError(f"there are no {count} ports from {port} on")
    failure: Exception = OSError()
    for _ in range(1 if port else ATTEMPTS):
        with contextlib.ExitStack() as opened:
            bound: list[socket.socket] = []
            try:
                for i in range(count):
                    here = bound[0].getsockname()[1] + i if bound else port
                    bound.append(opened.enter_context(_open(host)))
                    bound[-1].bind((host, here))
            except (OSError, OverflowError) as error:
                failure = error
            else:
                opened.pop_all()
                return bound
    raise failure


def _open(host: str) -> socket.socket:
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    if made.family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, host != EVERYWHERE_SIX)
    return made
