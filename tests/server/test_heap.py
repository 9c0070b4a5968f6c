"""Memory of all threads is taken from one place."""

import subprocess
import sys

HEAPS = """
import ctypes, threading
from server.heap import keep_one_heap
{first}
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
ready = threading.Barrier(3)
def take():
    ready.wait()
    for _ in range(2000):
        libc.malloc(3000)
    ready.wait()
for _ in range(2):
    threading.Thread(target=take, daemon=True).start()
ready.wait()
ready.wait()
out = ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w"))
libc.malloc_info(0, out)
libc.fclose(out)
"""


def heaps(first: str) -> int:
    """How many there are after two threads have taken memory at once."""
    ran = subprocess.run([sys.executable, "-c", HEAPS.format(first=first)], capture_output=True, check=True, text=True)
    return ran.stdout.count("<heap nr=")


def test_all_threads_share_one_heap() -> None:
    assert heaps("keep_one_heap()") == 1
    assert heaps("") > 1, "or this test can tell nothing"
