"""ZIP files that strangers have sent, before Python's reader opens them: it makes an object of every entry, and of a
million that fit into fifty megabytes takes half a gigabyte and ten seconds of everybody's."""

import re
import struct
from typing import IO

ENTRIES = 5000
"""More than any file of an office program has."""
_TAIL = 22 + 65_535 + 20
"""Octets in which the end of the directory may lie (APPNOTE 4.3.15, 4.3.16)."""
_ENTRY = 46 + 255
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x07"


def crowded(file: IO[bytes]) -> bool:
    """Whether a ZIP file says of itself that its directory is longer than that of ENTRIES entries, or is one of the
    longer form (ZIP64), which no file of ours needs. The file is at its beginning afterwards."""
    size = file.seek(0, 2)
    file.seek(max(size - _TAIL, 0))
    tail = file.read(_TAIL)
    file.seek(0)
    if _END_64 in tail:
        return True
    ends = (tail[found.start() : found.start() + 22] for found in re.finditer(_END, tail))
    return any(struct.unpack_from("<I", one, 12)[0] > ENTRIES * _ENTRY for one in ends if len(one) == 22)
