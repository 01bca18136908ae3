"""A reducer whose code runs in another process: what a fold sees of a user's function or aggregate class.

States are JSON values here; the objects they stand for stay in the process, under a number, as long as they are wanted.
Read `process` for how it is watched, `inspector.reducers` for what a reducer promises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldBatch, FoldError, FoldEvent, Looks, StateGoneError
from inspector.user_code.process import CodeProcess, EndedError
from inspector.values import parse, to_json

_numbers = count(1)


class ByCode:
    """Folds with the code named `name`, for one stream; `process` gives the process, a new one when the last has ended."""

    looks_at = Looks.EVENTS

    def __init__(self, name: str, process: Callable[[], CodeProcess], stream: str) -> None:
        self.name = name
        self._process, self._stream = process, stream

    def for_stream(self, stream: str) -> ByCode:
        """The same for another stream."""
        return ByCode(self.name, self._process, stream)

    def initial(self) -> object:
        """What the code begins with. Raises UsageError when it fails."""
        process, token = self._process(), next(_numbers)
        try:
            answer, body = process.ask({"do": "initial", "to": token, "drop": process.kept.drops()})
        except EndedError as error:
            raise UsageError(f"initial() in {self.name} failed: {error.reason}") from error
        return _taken(process, answer, body, token)

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The state after all of `batch`. Raises FoldError with the event that failed, or at which the process ended."""
        return self._after(state, batch.events, keep=False) if batch.events else state

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The state after one event; `state` is left as it was."""
        return self._after(state, [event], keep=True)

    def _after(self, state: object, events: Sequence[FoldEvent], *, keep: bool, each: bool = False) -> object:
        process, token = self._process(), next(_numbers)
        keep = keep or process.keeps_states
        begin = None if state is ABSENT else process.kept.number_of(state)
        if begin is None and process.keeps_states and state is not ABSENT:
            raise StateGoneError
        head = {
            "do": "fold",
            "stream": self._stream,
            "events": [(e.seq, e.position, e.time_us, e.version, e.type, e.flags, e.event_id, e.actor, e.data) for e in events],
            "from": begin,
            "absent": state is ABSENT,
            "to": token,
            "keep": keep,
            "each": each,
            "drop": process.kept.drops(),
        }
        if begin is not None and not keep:
            process.kept.forget(state)
        try:
            answer, after = process.ask(head, b"" if begin is not None or state is ABSENT else to_json(state).encode())
        except EndedError as error:
            raise FoldError(max(error.place, 0), f"{self.name}: {error.reason}") from error
        if "failed" in answer:
            raise FoldError(answer["failed"], f"{self.name}: {answer['reason']}")
        if "unfit" not in answer:
            return _taken(process, answer, after, token)
        if each or len(events) == 1:
            raise FoldError(len(events) - 1, f"{self.name}: {answer['unfit']}")
        # which event made it so was not looked at: once more, looking at each
        return self._after(state, events, keep=True, each=True)


def _taken(process: CodeProcess, answer: Mapping[str, object], body: bytes, token: int) -> object:
    """The state of an answer; what it stands for is in the process under `token`."""
    if answer["absent"]:
        process.kept.drop(token)
        return ABSENT
    state = parse(body.decode())
    process.kept.add(state, token, len(body), few=not process.keeps_states)
    return state
