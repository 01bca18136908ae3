"""What ends a way through a stream before its end: an event that cannot be folded, or states that went with their process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from inspector.reducers import StateGoneError
from inspector.replay.folding import Failure
from inspector.replay.stand import Stand

_P = ParamSpec("_P")


class _Forgetful(Protocol):
    def forget(self) -> None: ...


_S = TypeVar("_S", bound=_Forgetful)


def begun_again(method: Callable[Concatenate[_S, _P], Stand]) -> Callable[Concatenate[_S, _P], Stand]:
    """Once more from the first event, where the process has ended that held what the states stand for."""

    def reached(self: _S, /, *args: _P.args, **fields: _P.kwargs) -> Stand:
        try:
            return method(self, *args, **fields)
        except StateGoneError:
            self.forget()
            return method(self, *args, **fields)

    return reached


class StoppedError(Exception):
    """After `place` events comes one that cannot be folded."""

    def __init__(self, place: int, failure: Failure) -> None:
        super().__init__(failure.reason)
        self.place, self.failure = place, failure
