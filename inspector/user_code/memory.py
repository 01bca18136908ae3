"""How much memory a process has, and a bound on our own where the platform has one. Portable, with what each platform offers.

Linux says it in /proc, macOS by `proc_pidinfo`, Windows by `K32GetProcessMemoryInfo`. Where none answers, only the bound of the
platform (`RLIMIT_AS`) holds, and where that is missing too nothing does. Read `process` for who watches.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)
_MB = 1_000_000
_SPARE = 256 * _MB
"""Address space that is asked for and never used: stacks of threads, arenas of the allocator."""


def limit(memory_mb: int) -> None:
    """Bounds this process's own address space to what it has and `memory_mb` more, where the platform can."""
    try:
        resource: Any = importlib.import_module("resource")
    except ModuleNotFoundError:
        return
    try:
        most = _address_space() + memory_mb * _MB + _SPARE
        _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    except (ValueError, OSError, AttributeError) as error:
        log.debug("no bound on memory is set: %s", error)


def _address_space() -> int:
    """Bytes of address space that this process has; 0 where that cannot be known."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return 0


def resident_bytes(pid: int) -> int | None:
    """How much memory the process `pid` has in use, in bytes; None where that cannot be known."""
    if sys.platform == "win32":
        return _on_windows(pid)
    if sys.platform == "darwin":
        return _on_macos(pid)
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


def _on_macos(pid: int) -> int | None:
    """The second number of `proc_taskinfo`."""
    told = (ctypes.c_uint64 * 12)()
    found = ctypes.CDLL("/usr/lib/libproc.dylib").proc_pidinfo(pid, 4, ctypes.c_uint64(0), told, ctypes.sizeof(told))
    return int(told[1]) if found == ctypes.sizeof(told) else None


class _Counters(ctypes.Structure):
    """PROCESS_MEMORY_COUNTERS."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("faults", ctypes.c_uint32),
        ("peak", ctypes.c_size_t),
        ("resident", ctypes.c_size_t),
        ("others", ctypes.c_size_t * 6),
    )


def _on_windows(pid: int) -> int | None:
    if sys.platform == "win32":
        kernel = ctypes.windll.kernel32
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = ctypes.c_void_p(kernel.OpenProcess(0x1010, False, pid))
        counters = _Counters(size=ctypes.sizeof(_Counters))
        found = handle and kernel.K32GetProcessMemoryInfo(handle, ctypes.byref(counters), counters.size)
        kernel.CloseHandle(handle)
        return int(counters.resident) if found else None
    return None
