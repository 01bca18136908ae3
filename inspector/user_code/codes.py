"""Reducers out of code that the user named: their files read, allowed, and run in a few processes that are used again.

Read the package for the whole, `consent` for what needs one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

from inspector.user_code import Terms, split
from inspector.user_code.consent import needed_for
from inspector.user_code.outside import ByCode
from inspector.user_code.process import CodeProcess
from inspector.user_code.sources import Sources, read_sources

_PROCESSES = 2
_READ = 16
_Key = tuple[object, ...]
Names = tuple[Sequence[str], Sequence[str]]
_Stamp = tuple[tuple[int, int, int], ...]


class Codes:
    """Gives reducers. With `asks`, code runs only that was allowed before, or by the consent in its terms.

    `is_wanted` is asked, on another thread, while code runs; once it is false the code is ended and StoppedError raised.
    """

    def __init__(self, *, asks: bool = False, is_wanted: Callable[[], bool] = lambda: True) -> None:
        self._asks, self._is_wanted = asks, is_wanted
        self._processes: OrderedDict[_Key, CodeProcess] = OrderedDict()
        self._read: OrderedDict[tuple[str, tuple[str, ...]], tuple[_Stamp, Sources]] = OrderedDict()

    def read(self, reducer: str, terms: Terms, *, is_named: bool = True) -> Sources:
        """What is read of a `FILE.py[:Name]`. Raises UsageError; ConsentError when it is not allowed to run.

        `is_named` is false when the user did not name it just now: it must have been allowed then, whoever asks.
        """
        sources = self._sources(reducer, terms)
        if (self._asks or not is_named) and (asked := needed_for(sources)) is not None and terms.consent != asked.digest:
            raise asked.refusal()
        return sources

    def _sources(self, reducer: str, terms: Terms) -> Sources:
        """Read again only when a file of it changed."""
        key = (reducer, terms.python_path)
        stamp, sources = self._read.get(key, (None, None))
        if sources is None or stamp != _stamp(sources):
            sources = read_sources(split(reducer)[0], terms.python_path)
            self._read[key] = _stamp(sources), sources
            while len(self._read) > _READ:
                self._read.popitem(last=False)
        return sources

    def reducer(self, reducer: str, terms: Terms, stream: str, *, is_named: bool = True) -> ByCode:
        """The reducer `FILE.py[:Name]` for a stream. Raises as `read`, and UsageError when it cannot be run."""
        sources = self.read(reducer, terms, is_named=is_named)
        path, attribute = split(reducer)
        process = partial(self.process, sources, attribute, terms)
        process()
        return ByCode(f"{path}:{attribute}" if attribute else str(path), process, stream)

    def close(self) -> None:
        """Ends the processes; reducers start others."""
        while self._processes:
            self._processes.popitem()[1].close()

    def process(self, sources: Sources, attribute: str | None, terms: Terms, projection: Names | None = None) -> CodeProcess:
        """One that has loaded this, the same as before unless it ended; `projection` as `CodeProcess` takes it.

        What `sources` are must have been `read` here. Raises UsageError when it cannot be run.
        """
        key = (sources.digest + str(sources.path), attribute, sources.python_path, terms.event_s, terms.memory_mb, projection)
        process = self._processes.pop(key, None)
        if process is None or not process.is_alive:
            process = CodeProcess(sources, attribute, terms, self._is_wanted, only_allowed=self._asks, projection=projection)
        self._processes[key] = process
        while len(self._processes) > _PROCESSES:
            self._processes.popitem(last=False)[1].close()
        return process


def _stamp(sources: Sources) -> _Stamp:
    """What changes when a file is written again; empty when one is gone."""
    try:
        found = [path.stat() for path, _ in sources.modules.values()]
    except OSError:
        return ()
    return tuple((told.st_mtime_ns, told.st_size, told.st_ino) for told in found)
