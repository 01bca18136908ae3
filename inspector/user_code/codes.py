"""Reducers out of code that the user named: their files read, allowed, and run in a few processes that are used again.

Read the package for the whole, `consent` for what needs one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from inspector.user_code import Terms, split
from inspector.user_code.consent import needed_for
from inspector.user_code.outside import ByCode
from inspector.user_code.process import CodeProcess
from inspector.user_code.sources import Sources, read_sources

_PROCESSES = 2
_Key = tuple[str, str | None, str, float, int]


class Codes:
    """Gives reducers. With `asks`, code runs only that was allowed before, or by the consent in its terms.

    `is_wanted` is asked, on another thread, while code runs; once it is false the code is ended and StoppedError raised.
    """

    def __init__(self, *, asks: bool = False, is_wanted: Callable[[], bool] = lambda: True) -> None:
        self._asks, self._is_wanted = asks, is_wanted
        self._processes: OrderedDict[_Key, CodeProcess] = OrderedDict()

    def read(self, reducer: str, terms: Terms) -> Sources:
        """What is read of a `FILE.py[:Name]`. Raises UsageError; ConsentError when it is not allowed to run."""
        path, _ = split(reducer)
        sources = read_sources(path, terms.python_path)
        if self._asks and (asked := needed_for(sources)) is not None and terms.consent != asked.digest:
            raise asked.refusal()
        return sources

    def reducer(self, reducer: str, terms: Terms, stream: str) -> ByCode:
        """The reducer `FILE.py[:Name]` for a stream. Raises UsageError when it cannot be run, or ConsentError."""
        sources = self.read(reducer, terms)
        path, attribute = split(reducer)
        process = partial(self._process, sources, attribute, terms)
        process()
        return ByCode(f"{path}:{attribute}" if attribute else str(path), process, stream)

    def close(self) -> None:
        """Ends the processes; reducers start others."""
        while self._processes:
            self._processes.popitem()[1].close()

    def _process(self, sources: Sources, attribute: str | None, terms: Terms) -> CodeProcess:
        """One that has loaded this, the same as before unless it ended."""
        key = (sources.digest + str(sources.path), attribute, str(sources.python_path), terms.event_s, terms.memory_mb)
        process = self._processes.pop(key, None)
        if process is None or not process.is_alive:
            process = CodeProcess(sources, attribute, terms, self._is_wanted, only_allowed=self._asks)
        self._processes[key] = process
        while len(self._processes) > _PROCESSES:
            self._processes.popitem(last=False)[1].close()
        return process
