"""Which reducers the data of a stream, or of a category, suggests, each with a plain reason. Reads a few events; decides nothing.

Read `choices` for what the user chose.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from inspector import values
from inspector.capture.reader import CaptureReader
from inspector.capture.streams import StreamInfo, streams
from inspector.replay import evidence, is_change_event

_STREAMS = 10
_EVENTS = 40
_TOPIC = re.compile(r"[\w.]+:(?P<name>\w+(?:\.\w+)+)")
_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})

_SAMPLE = (
    "SELECT type.name, json(event.data) FROM event_stream x CROSS JOIN event ON event.seq = x.seq "
    "LEFT JOIN type ON type.id = event.type_id "
    "WHERE x.stream_id = ? AND event.data IS NOT NULL ORDER BY x.seq LIMIT ?"
)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A reducer as it is written, and why. With `needs_file` it stands for a file that the user has or writes: `FILE.py:Order`."""

    reducer: str
    why: str
    needs_file: bool = False

    def told(self) -> dict[str, object]:
        """As a window is told it."""
        return {"reducer": self.reducer, "why": self.why, "needs_file": self.needs_file}


@dataclass(frozen=True, slots=True)
class _Seen:
    """Types and documents of one stream's first events, in the order of arrival."""

    types: Sequence[str | None]
    documents: Sequence[object]


def suggest(reader: CaptureReader, of: StreamInfo | str) -> list[Suggestion]:
    """What fits a stream, or a category by its name, the best first; `merge` is always there. Looks at a few hundred events."""
    some = [of] if isinstance(of, StreamInfo) else _of_category(reader, of)
    seen = [_seen(reader, stream) for stream in some]
    seen = [one for one in seen if one.documents]
    documents = [document for one in seen for document in one.documents]
    found: OrderedDict[str, Suggestion] = OrderedDict()
    for suggestion in (
        _debezium(documents),
        _aggregate(seen),
        _patch(documents),
        _compacted(reader, some),
        _full(seen),
        _rules(seen),
        Suggestion("merge", "Each document is merged over the ones before it: what is taken when nothing else fits better."),
    ):
        if suggestion is not None:
            found.setdefault(suggestion.reducer, suggestion)
    return list(found.values())


def _of_category(reader: CaptureReader, category: str) -> list[StreamInfo]:
    found: list[StreamInfo] = []
    for stream in streams(reader, category=category):
        found.append(stream)
        if len(found) == _STREAMS:
            break
    return found


def _seen(reader: CaptureReader, stream: StreamInfo) -> _Seen:
    types, documents = list[str | None](), list[object]()
    for name, text in reader.select(reader.shown(_SAMPLE), (stream.id, _EVENTS)):
        with suppress(ValueError):  # one that cannot be read suggests nothing
            documents.append(values.parse(text))
            types.append(name)
    return _Seen(types, documents)


def _debezium(documents: Sequence[object]) -> Suggestion | None:
    if not documents or not all(is_change_event(document) for document in documents):
        return None
    return Suggestion("debezium", "Every document is a change event of Debezium, with `op`, `source` and the row before and after.")


def _aggregate(seen: Sequence[_Seen]) -> Suggestion | None:
    """Topics of the `eventsourcing` package: the first event names the aggregate's class."""
    topics = [name for one in seen for name in one.types]
    if not topics or not all(name is not None and _TOPIC.fullmatch(name) for name in topics):
        return None
    first = next((document for one in seen for document in one.documents[:1]), None)
    named = first.get("originator_topic") if isinstance(first, Mapping) else None
    topic = named if isinstance(named, str) and ":" in named else str(topics[0]).rpartition(".")[0]
    module, _, name = topic.partition(":")
    return Suggestion(
        f"FILE.py:{name}",
        f"The types are topics of the Python package eventsourcing: the class {name} of the application's module {module} can fold them.",
        needs_file=True,
    )


def _patch(documents: Sequence[object]) -> Suggestion | None:
    lists = [document for document in documents if isinstance(document, list)]
    if not lists or not any(lists) or len(lists) < len(documents) - 1:
        return None
    for operation in (operation for found in lists for operation in found):
        name = operation.get("op") if isinstance(operation, Mapping) else None
        if not isinstance(name, str) or name not in _OPERATIONS or "path" not in operation:
            return None
    return Suggestion("patch", "The documents are lists of operations with `op` and `path`: JSON Patch (RFC 6902).")


def _compacted(reader: CaptureReader, some: Sequence[StreamInfo]) -> Suggestion | None:
    if not any(log.compacted for stream in some[:1] for log in evidence.logs_of(reader, stream)):
        return None
    return Suggestion("latest", "The log is compacted: the broker keeps the last record of each key, so that each one is a whole state.")


def _full(seen: Sequence[_Seen]) -> Suggestion | None:
    """Documents of one shape, each of which has everything that those before it had."""
    several = [one for one in seen if len(one.documents) > 1]
    if not several or not all(_is_full(one.documents) for one in several) or _types(several) > 1:
        return None
    return Suggestion("latest", "Every document has all the fields of those before it: the last one is the whole state.")


def _is_full(documents: Sequence[object]) -> bool:
    before: frozenset[str] = frozenset()
    for document in documents:
        if not isinstance(document, Mapping) or not document or not before <= document.keys():
            return False
        before = frozenset(document)
    return True


def _types(seen: Sequence[_Seen]) -> int:
    return len({name for one in seen for name in one.types})


def _rules(seen: Sequence[_Seen]) -> Suggestion | None:
    if _types(seen) < 2:
        return None
    return Suggestion(
        "FILE.toml",
        f"The events are of {_types(seen)} types with documents of their own: rules can say for each type what it sets, adds or removes.",
        needs_file=True,
    )
