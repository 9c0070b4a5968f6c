"""The Merkle tree of RFC 6962, section 2.1: its root, and the proofs that something is in it and that it only grew.

Leaves go in as they are; they and the nodes are told apart by their first byte (0x00, 0x01), so that neither can stand
for the other. Everything here is a pure function of bytes; positions count from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()
"""The root of a tree without leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """The hash under which a leaf stands in the tree."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Merkle Tree Hash of the leaves."""
    return root_of(map(leaf_hash, leaves))


def root_of(hashes: Iterable[bytes]) -> bytes:
    """Merkle Tree Hash of leaves that are hashed already."""
    growing = Growing()
    for one in hashes:
        growing.add(one)
    return growing.root()


class Growing:
    """A tree that leaves are added to; its root may be asked for at every size."""

    def __init__(self) -> None:
        self.size = 0
        # The hashes of complete subtrees with their sizes, largest first: equal neighbours are joined at once,
        # and what is left is joined from the right; this is the RFC's split at the largest power of two.
        self._complete: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Add one leaf, given by its hash."""
        size, node = 1, leaf
        while self._complete and self._complete[-1][0] == size:
            node = _node(self._complete.pop()[1], node)
            size *= 2
        self._complete.append((size, node))
        self.size += 1

    def root(self) -> bytes:
        """The root of what there is so far."""
        if not self._complete:
            return EMPTY
        node = self._complete[-1][1]
        for _, left in reversed(self._complete[:-1]):
            node = _node(left, node)
        return node


def inclusion(hashes: Sequence[bytes], position: int) -> tuple[bytes, ...]:
    """The audit path of the leaf at `position`, from its neighbour up (2.1.1). Raises IndexError."""
    if not 0 <= position < len(hashes):
        raise IndexError("there is no leaf at this position")
    path: list[bytes] = []
    while len(hashes) > 1:
        split = _split(len(hashes))
        inside, outside = (hashes[:split], hashes[split:]) if position < split else (hashes[split:], hashes[:split])
        path.append(root_of(outside))
        position -= 0 if position < split else split
        hashes = inside
    return tuple(reversed(path))


def includes(root: bytes, size: int, position: int, leaf: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the tree with `size` leaves and this root has `leaf` (a hash) at `position`
    (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    at, last, node = position, size - 1, leaf
    for other in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = _node(other, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = _node(node, other)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def consistency(hashes: Sequence[bytes], before: int) -> tuple[bytes, ...]:
    """The proof that the tree of the first `before` leaves is the beginning of the whole one (2.1.2). Raises
    IndexError where there never was such a tree, or it was empty."""
    if not 0 < before <= len(hashes):
        raise IndexError("there was no tree of this size")
    return () if before == len(hashes) else tuple(_subproof(before, hashes, whole=True))


def _subproof(before: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if before == len(hashes):
        return [] if whole else [root_of(hashes)]
    split = _split(len(hashes))
    if before <= split:
        return [*_subproof(before, hashes[:split], whole=whole), root_of(hashes[split:])]
    return [*_subproof(before - split, hashes[split:], whole=False), root_of(hashes[:split])]


def extends(before: int, old: bytes, size: int, new: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree of `before` leaves with the root `old` is the beginning of the tree of `size`
    leaves with the root `new` (RFC 9162, 2.1.4.2). An empty tree is the beginning of every tree."""
    if before == 0:
        return old == EMPTY and not proof
    if before == size:
        return old == new and not proof
    if before > size or not proof:
        return False
    path = list(proof) if before & (before - 1) else [old, *proof]
    at, last = before - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = path[0]
    for other in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = _node(other, was), _node(other, now)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            now = _node(now, other)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old and now == new


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two that is smaller than `size` (at least 2)."""
    return 1 << ((size - 1).bit_length() - 1)
