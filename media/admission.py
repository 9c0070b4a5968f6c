"""What one person may cost the endpoint, over all of his transports, and one host before it has proven anything.

A transport has a bound of its own (Transport.admits), which a busy browser never reaches. But one person may watch
sixteen feeds: sixteen times the bound is more than the loop that everybody shares can do.
"""

from __future__ import annotations

from typing import TypeVar

from media.pace import Bucket

K = TypeVar("K")

PERSON_A_SECOND, PERSON_AT_ONCE = 400, 1200
"""Notices. A browser with two transports sends about forty a second; sixteen views with feedback three hundred."""
HOST_A_SECOND, HOST_AT_ONCE = 1000, 3000
"""Checks from addresses that are nobody's yet. An office of fifty behind one address that has lost its line sends a
thousand at once when it is back."""
MOST = 4096  # of each kind that are remembered; those that have been quiet for longest are forgotten


class Admission:
    """One endpoint's port has one."""

    def __init__(self) -> None:
        self._people: dict[tuple[str, str], Bucket] = {}
        self._hosts: dict[str, Bucket] = {}

    def person(self, room: str, payer: str, now: float, weight: int) -> bool:
        """Whether one more notice, that counts for `weight`, is within what this person may cost."""
        return _bucket(self._people, (room, payer), PERSON_A_SECOND, PERSON_AT_ONCE).take(now, weight)

    def host(self, host: str, now: float) -> bool:
        """Whether one more check from an address of this host that is nobody's yet is."""
        return _bucket(self._hosts, host, HOST_A_SECOND, HOST_AT_ONCE).take(now)


def _bucket(table: dict[K, Bucket], key: K, rate: float, burst: float) -> Bucket:
    bucket = table.pop(key, None) or Bucket(rate, burst)
    table[key] = bucket  # at the end: the first one has been quiet for longest
    if len(table) > MOST:
        del table[next(iter(table))]
    return bucket
