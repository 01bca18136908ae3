"""A reducer out of a user's own Python file: `def reduce(state, event)`, and `def initial()` if nothing is not None.

The file is run only because the user named it; nothing in a capture can name one. The event it is given has `seq
version type time_us time id actor flags position data`, `data` being the document (None for a tombstone or none).
Read the package's docstring for what a state may be.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

from inspector.errors import UsageError
from inspector.event import Flag, format_time
from inspector.reducers import DELETED, NO_DOCUMENT, FoldBatch, FoldError, FoldEvent
from inspector.values import copied, to_json


@dataclass(frozen=True, slots=True)
class UserEvent:
    """One event as a user's function sees it."""

    seq: int
    position: int
    version: int | None
    type: str | None
    time_us: int | None
    id: str | None
    actor: str | None
    flags: tuple[str, ...]
    data: object

    @property
    def time(self) -> str | None:
        """The event's time as RFC 3339 in UTC."""
        return format_time(self.time_us)


class FromFile:
    """The reducer in `path`. Raises UsageError when the file cannot be run or has no function `reduce`."""

    def __init__(self, path: Path) -> None:
        module = _loaded(path)
        self.name = str(path)
        self._reduce = _function(module, "reduce", path)
        self._initial = _function(module, "initial", path) if hasattr(module, "initial") else lambda: None

    def initial(self) -> object:
        """What the file's `initial()` gives, else None. Raises UsageError when it fails."""
        try:
            with contextlib.redirect_stdout(sys.stderr):
                return self._initial()
        except (Exception, SystemExit) as error:
            raise UsageError(f"initial() in {self.name} failed: {_said(error)}") from error

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The state after each event of `batch` was given to `reduce`."""
        done = 0
        try:
            with contextlib.redirect_stdout(sys.stderr):
                for event, document in zip(batch.events, batch.documents, strict=True):
                    state = self._reduce(state, _shown(event, document))
                    done += 1
        except (Exception, SystemExit) as error:
            raise FoldError(done, f"{self.name}: {_said(error)}") from error
        return state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The state after one event; the function gets a copy, so that it may change what it is given."""
        after = self.fold(copied(state), FoldBatch([event], [document]))
        try:
            to_json(after)
        except ValueError as error:
            raise FoldError(0, f"{self.name}: {error}") from error
        return after


def _shown(event: FoldEvent, document: object) -> UserEvent:
    nothing = document is DELETED or document is NO_DOCUMENT
    return UserEvent(
        event.seq,
        event.position,
        event.version,
        event.type,
        event.time_us,
        event.event_id,
        event.actor,
        tuple(Flag.names(event.flags)),
        None if nothing else document,
    )


def _loaded(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("eventscope_user_reducer", path)
    if spec is None or spec.loader is None or not path.is_file():
        raise UsageError(f"there is no reducer file {path}: give one that ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        with contextlib.redirect_stdout(sys.stderr), _no_bytecode():
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"the reducer file {path} cannot be run: {_said(error)}") from error
    return module


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    """Leaves no `__pycache__` beside the user's file."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _function(module: ModuleType, name: str, path: Path) -> Callable[..., object]:
    found = getattr(module, name, None)
    if not callable(found):
        raise UsageError(f"the reducer file {path} has no function {name}: it needs `def reduce(state, event)`")
    return cast("Callable[..., object]", found)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
