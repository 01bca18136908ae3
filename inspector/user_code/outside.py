"""A reducer whose code runs in another process: what a fold sees of a user's function or aggregate class.

States are JSON values here; the objects they stand for stay in the process, under a number, as long as they are wanted.
Read `process` for how it is watched, `inspector.reducers` for what a reducer promises.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count

from inspector.reducers import ABSENT, FoldBatch, FoldError, FoldEvent, StateGoneError
from inspector.user_code.process import CodeProcess, EndedError
from inspector.values import parse, to_json

_MOST_KEPT = 600
_MOST_CHARACTERS = 16 * 1024 * 1024
_FEW = 2
"""So many states of a function are kept there: any other is sent again."""

_numbers = count(1)


class ByCode:
    """Folds with the code named `name`, for one stream; `process` gives the process, a new one when the last has ended."""

    def __init__(self, name: str, process: Callable[[], CodeProcess], stream: str) -> None:
        self.name = name
        self._process_of, self._stream = process, stream
        self._process: CodeProcess | None = None
        self._kept: OrderedDict[int, tuple[object, int, int]] = OrderedDict()
        self._characters = 0
        self._dropped: list[int] = []

    def for_stream(self, stream: str) -> ByCode:
        """The same for another stream."""
        return ByCode(self.name, self._process_of, stream)

    def initial(self) -> object:
        """What the code begins with. Raises UsageError when it fails."""
        process, token = self._current(), next(_numbers)
        try:
            answer, body = process.ask({"do": "initial", "to": token, "drop": self._drops()})
        except EndedError as error:
            raise FoldError(0, f"{self.name}: before the first event, {error.reason}") from error
        return self._taken(answer, body, token)

    def fold(self, state: object, batch: FoldBatch) -> object:
        """The state after all of `batch`. Raises FoldError with the event that failed, or at which the process ended."""
        if not batch.events:
            return state
        return self._after(state, batch.events, keep=False)

    def step(self, state: object, event: FoldEvent, document: object) -> object:
        """The state after one event; `state` is left as it was."""
        return self._after(state, [event], keep=True)

    def _after(self, state: object, events: Sequence[FoldEvent], *, keep: bool, each: bool = False) -> object:
        process, token = self._current(), next(_numbers)
        keep = keep or process.keeps_states
        begin = self._number_of(state, process)
        head = {
            "do": "fold",
            "stream": self._stream,
            "events": [(e.seq, e.position, e.time_us, e.version, e.type, e.flags, e.event_id, e.actor, e.data) for e in events],
            "from": begin,
            "absent": state is ABSENT,
            "to": token,
            "keep": keep,
            "each": each,
            "drop": self._drops(),
        }
        body = b"" if begin is not None or state is ABSENT else to_json(state).encode()
        if begin is not None and not keep:
            self._forget(id(state))
        try:
            answer, after = process.ask(head, body)
        except EndedError as error:
            raise FoldError(max(error.place, 0), f"{self.name}: {error.reason}") from error
        if "failed" in answer:
            raise FoldError(answer["failed"], f"{self.name}: {answer['reason']}")
        if "unfit" in answer:
            return self._one_by_one(state, events, str(answer["unfit"]), each=each)
        return self._taken(answer, after, token)

    def _one_by_one(self, state: object, events: Sequence[FoldEvent], reason: str, *, each: bool) -> object:
        """Finds the event after which a state is no JSON: what was folded without looking is folded again."""
        if each or len(events) == 1:
            raise FoldError(len(events) - 1, f"{self.name}: {reason}")
        return self._after(state, events, keep=True, each=True)

    # ---- the process and what is kept there

    def _current(self) -> CodeProcess:
        process = self._process_of()
        if process is not self._process:
            self._process = process
            self._kept.clear()
            self._dropped.clear()
            self._characters = 0
        return process

    def _number_of(self, state: object, process: CodeProcess) -> int | None:
        """Under which number the process has what `state` stands for; None: it is told. Raises StateGoneError when it cannot be."""
        kept = self._kept.get(id(state))
        if kept is not None and kept[0] is state:
            return kept[1]
        if process.keeps_states and state is not ABSENT:
            raise StateGoneError
        return None

    def _taken(self, answer: dict[str, object], body: bytes, token: int) -> object:
        if answer["absent"]:
            self._dropped.append(token)
            return ABSENT
        state = parse(body.decode())
        if id(state) in self._kept:
            self._dropped.append(self._forget(id(state)))
        self._kept[id(state)] = state, token, len(body)
        self._characters += len(body)
        assert self._process is not None
        most = _MOST_KEPT if self._process.keeps_states else _FEW
        while len(self._kept) > most or (self._characters > _MOST_CHARACTERS and len(self._kept) > _FEW):
            self._dropped.append(self._forget(next(iter(self._kept))))
        return state

    def _forget(self, identity: int) -> int:
        _state, token, size = self._kept.pop(identity)
        self._characters -= size
        return token

    def _drops(self) -> list[int]:
        dropped, self._dropped = self._dropped, []
        return dropped
