"""How the C library gives memory back to the system: a window that follows a stream for hours must not grow with what it freed.

glibc raises its limit for blocks of their own with every large block that is freed, and keeps an arena for every thread. The lists
and pages that workers make and drop again then leave holes: 40 MB after 9 million events. Read `app.collecting` for Python's part.
"""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_OWN_BLOCK_BYTES = 1 << 20
_ARENAS = 2


def give_memory_back() -> None:
    """Blocks of 1 MB and more go back to the system when they are freed; two arenas for all threads. Only glibc needs telling."""
    if sys.platform != "linux":
        return
    tell = getattr(ctypes.CDLL(None), "mallopt", None)
    if tell is not None:
        tell(_M_MMAP_THRESHOLD, _OWN_BLOCK_BYTES)
        tell(_M_ARENA_MAX, _ARENAS)
