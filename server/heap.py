"""How the process takes memory from the C library."""

import contextlib
import ctypes

_M_ARENA_MAX = -8  # mallopt(3)


def keep_one_heap() -> None:
    """Let all threads take memory from one heap. glibc gives a thread its own as soon as two ask at once, and what is
    free in one is of no use to another: of what a participant takes that was a fifth. Call it before there are threads;
    a C library that is not glibc is left alone."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
