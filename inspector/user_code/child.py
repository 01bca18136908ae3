"""The process that a user's code runs in: `python -m inspector.user_code.child PLACES`. Answers messages until its input ends.

    load     name, modules, root, …      → kind
    initial  to                          → a state
    fold     events [from|body] to each  → a state; or `failed` and `reason`; or `unfit`: the state is no JSON
    step     the same for one event; the state it begins from is kept
    pairs    columns wanted …            → what a projection gives for events, or `failed` and `reason`

A state goes as JSON text in the body, and stays here under the number `to` until it is dropped. Each answer has the `number` of its
message. Standard input and output are nobody's: what the code prints goes to standard error. Read `process` for who asks.
"""

from __future__ import annotations

import contextlib
import io
import mmap
import os
import queue
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple, Protocol, cast

from inspector.errors import UsageError
from inspector.reducers import ABSENT, FoldError, FoldEvent
from inspector.user_code import frames, memory
from inspector.user_code.aggregates import ByAggregate
from inspector.user_code.functions import ByFunction
from inspector.user_code.loading import Caught, Modules, load, said
from inspector.user_code.plain import not_finite
from inspector.user_code.projecting import ByProjection, TooMuchError
from inspector.values import parse, parse_exactly, to_json

_SMALL = 4096
"""States of so many bytes of JSON are looked at after each event, larger ones after each batch and where that is none."""
MOST_STATE = 64 * 1024 * 1024
"""So many bytes of JSON may a state be."""


class Row(NamedTuple):
    """An event as it is sent: see `FoldEvent`."""

    seq: int
    position: int
    time_us: int | None
    version: int | None
    type: str | None
    flags: int
    event_id: str | None
    actor: str | None
    data: str | None


class Way(Protocol):
    """How the user's code folds. Each may raise whatever that code raises."""

    def initial(self) -> object:
        """The state before the first event."""

    def prepared(self, events: Sequence[FoldEvent]) -> Sequence[Any]:
        """The events as `apply` takes them. Raises FoldError for one without a readable document."""

    def apply(self, state: object, event: Any) -> object:
        """The state after one event; `state` may be changed."""

    def copied(self, state: object) -> object:
        """A state of its own."""

    def shown(self, state: object) -> object:
        """The state as a JSON value."""


class Child:
    """Answers one message after the other."""

    def __init__(self, answers: IO[bytes], places: mmap.mmap) -> None:
        self._answers, self._places = answers, places
        self._states: dict[int, object] = {}
        self._size = 0
        self._way: Way = ByFunction(lambda state, _event: state)
        self._does = {"load": self._load, "initial": self._initial, "fold": self._fold, "step": self._fold, "pairs": self._pairs}
        self._projection: ByProjection | None = None

    def answer(self, message: tuple[Mapping[str, Any], bytes]) -> None:
        """Does what is asked; every failure is an answer."""
        head, body = message
        for token in head.get("drop", ()):
            self._states.pop(token, None)
        self._at(-1)
        caught = Caught()
        with caught:
            answer, state = self._does[head["do"]](head, body)
        if isinstance(caught.error, FoldError):
            answer, state = {"failed": caught.error.place, "reason": caught.error.reason}, b""
        elif isinstance(caught.error, UsageError):
            answer, state = {"error": str(caught.error)}, b""
        elif caught.error is not None:
            answer, state = {"error": said(caught.error)}, b""
        frames.write(self._answers, {**answer, "number": head["number"]}, state)

    def _at(self, place: int) -> None:
        frames.PLACE.pack_into(self._places, 0, place)

    def _load(self, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, object], bytes]:
        contents, start = {}, 0
        for name, path, length in head["modules"]:
            contents[name] = path, body[start : start + length]
            start += length
        memory.limit(head["memory_mb"])
        finder = Modules(contents, head["root"], only_read=head["only_read"])
        path, caught = head["path"], Caught()
        with caught:
            folders = [*head["python_path"], *(() if head["only_read"] else (head["root"],))]
            module = load(head["name"], finder, folders)
        if caught.error is not None:
            raise UsageError(f"the file {path} cannot be run: {said(caught.error)}") from None
        if (wanted := head.get("projection")) is not None:
            self._projection = ByProjection(_function(module, head["attribute"] or "project", path), *wanted)
            return {"ok": True, "keeps": False}, b""
        self._way = _way(module, head["attribute"], path, finder)
        return {"ok": True, "keeps": isinstance(self._way, ByAggregate)}, b""

    def _initial(self, head: Mapping[str, Any], _body: bytes) -> tuple[dict[str, object], bytes]:
        caught = Caught()
        with caught:
            state = self._way.initial()
            answer, text = self._told(state)
        if caught.error is not None:
            raise UsageError(f"initial() failed: {said(caught.error)}")
        self._states[head["to"]] = state
        return answer, text

    def _fold(self, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, object], bytes]:
        events = [Row._make(row) for row in head["events"]]
        way = self._way
        if isinstance(way, ByAggregate):
            way.stream = head["stream"]
        prepared = way.prepared(events)
        state = self._begin(head, body)
        apply, at, places, each = way.apply, frames.PLACE.pack_into, self._places, head["each"]
        caught = Caught()
        with caught:
            for place, event in enumerate(prepared):
                at(places, 0, place)
                state = apply(state, event)
                if each or self._size < _SMALL:
                    self._told(state)
        if caught.error is not None:
            raise FoldError(frames.PLACE.unpack_from(places)[0], said(caught.error))
        with caught:
            answer, text = self._told(state)
        if caught.error is not None:
            return {"unfit": said(caught.error)}, b""
        self._states[head["to"]] = state
        return answer, text

    def _pairs(self, head: Mapping[str, Any], body: bytes) -> tuple[dict[str, object], bytes]:
        """What the projection's function gives for some events, whose columns are JSON lists in the body."""
        assert self._projection is not None
        columns: dict[str, Any] = {}
        start = 0
        for name, length in head["columns"]:
            text = body[start : start + length].decode()
            columns[name] = parse_exactly(text) if head["exactly"] else parse(text)
            start += length
        caught = Caught()
        with caught:
            found = self._projection.pairs(columns, head["wanted"], self._at)
            answer = to_json([found.places, found.labels, found.values]).encode()
        if isinstance(caught.error, TooMuchError) or (caught.error is None and len(answer) > MOST_STATE):
            return {"large": True}, b""
        if caught.error is not None:
            raise FoldError(frames.PLACE.unpack_from(self._places)[0], said(caught.error))
        return {"silent": found.silent}, answer

    def _begin(self, head: Mapping[str, Any], body: bytes) -> object:
        """The state to begin from: one that is here, else what is in the body."""
        token = head["from"]
        if token is None:
            return ABSENT if head["absent"] else parse(body.decode())
        if head["keep"]:
            return self._way.copied(self._states[token])
        return self._states.pop(token)

    def _told(self, state: object) -> tuple[dict[str, object], bytes]:
        """A state as it is sent. Raises ValueError when it is no JSON, or too large."""
        if state is ABSENT:
            return {"absent": True}, b""
        value = self._way.shown(state)
        text = to_json(value).encode()
        self._size = len(text)
        if len(text) > MOST_STATE:
            raise ValueError(f"the state is {len(text):,} bytes of JSON, more than the {MOST_STATE:,} that are kept")
        if b"null" in text and (where := not_finite(value)) is not None:
            raise ValueError(f"{where or 'the whole state'} is no JSON value: it is no finite number")
        return {"absent": False}, text


def _function(module: ModuleType, name: str, path: str) -> Callable[[Any], object]:
    """The function of this name in the user's file."""
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found) or isinstance(found, type):
        raise UsageError(
            f"the file {path} has no function {name}: it needs `def {name}(event)`, which yields pairs of a group and its values"
        )
    return cast("Callable[[Any], object]", found)


def _way(module: ModuleType, attribute: str | None, path: str, finder: Modules) -> Way:
    """How to fold with what the user's file has."""
    if attribute is not None:
        found: Any = module
        for part in attribute.split("."):
            found = getattr(found, part, None)
        if found is None:
            raise UsageError(f"the file {path} has no {attribute}")
    else:
        found = getattr(module, "reduce", None) or getattr(module, "aggregate", None)
    if isinstance(found, type):
        return ByAggregate(found, module, finder)
    if not callable(found):
        raise UsageError(
            f"the file {path} has no function {attribute or 'reduce'}: it needs `def reduce(state, event)`, "
            "or a class of the eventsourcing package as `aggregate`"
        )
    initial = getattr(module, "initial", None)
    return ByFunction(found, initial) if callable(initial) else ByFunction(found)


def main() -> None:
    """Serves until the input ends; then this process ends at once, whatever the code does."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _let_go_of_streams()
    with Path(sys.argv[1]).open("r+b") as file:
        child = Child(answers, mmap.mmap(file.fileno(), frames.PLACE.size))
    waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, waiting), daemon=True).start()
    while True:
        child.answer(waiting.get())


def _listen(requests: IO[bytes], waiting: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    while (message := frames.read(requests)) is not None:
        waiting.put(message)
    with contextlib.suppress(OSError):  # whoever asked may have been killed: nobody else would take it away
        Path(sys.argv[1]).unlink(missing_ok=True)
    os._exit(0)


def _let_go_of_streams() -> None:
    """Standard input is empty from here on, standard output goes nowhere, and what is printed goes to standard error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nowhere, stream)
    sys.stdin = io.TextIOWrapper(io.BytesIO())
    printed = io.BufferedWriter(io.FileIO(2, "wb", closefd=False), 1)
    sys.stdout = sys.stderr = io.TextIOWrapper(printed, encoding="utf-8", errors="backslashreplace", write_through=True)


if __name__ == "__main__":
    main()
