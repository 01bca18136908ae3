"""Files that hold the keys or headers of another one's rows, row by row, as Connect's sinks write them beside the values.

Only files that the user gave are joined: a sibling that lies there and was not named is not opened. Read `file_reading` for who joins,
`files` for which files are read.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice

import orjson

from inspector.event import RecordBatch
from inspector.formats import DamagedInput, Input
from inspector.formats.expansion import Allowance
from inspector.formats.forms import as_headers
from inspector.formats.opening import Found, opened, plain_name, sample_of
from inspector.formats.recognise import chosen

PARTS = ("keys", "headers")
_SIBLING = re.compile(r"(.+)\.(keys|headers)(\.[^/]+)\Z")


def siblings(files: Sequence[Found]) -> dict[str, dict[str, Found]]:
    """Name of a file of values → what holds its keys and its headers."""
    by_name = {one.name: one for one in files if not one.member}
    found: dict[str, dict[str, Found]] = {}
    for name, one in by_name.items():
        match = _SIBLING.match(name)
        if match and match[1] + match[3] in by_name:
            found.setdefault(match[1] + match[3], {})[match[2]] = one
    return found


class Joined:
    """The keys and headers of one file's rows, taken in step with them; `notes` says where they do not go together."""

    def __init__(self, beside: Mapping[str, Found], stop: threading.Event, allowance: Allowance | None = None) -> None:
        self._stack, self._allowance = ExitStack(), allowance
        self._values = {part: self._rows(found, stop) for part, found in beside.items() if not found.name.endswith(".parquet")}
        self.notes = [
            f"{one.name} is not joined: Parquet siblings are not read" for one in beside.values() if one.name.endswith(".parquet")
        ]

    def add_to(self, records: RecordBatch) -> None:
        """Puts keys and headers into rows that have none of their own."""
        count = len(records)
        for part, rows in self._values.items():
            taken = list(islice(rows, count))
            if len(taken) < count:
                self.notes.append(f"the file of its {part} ends before its rows do: the rest has none")
                taken += [None] * (count - len(taken))
            if part == "keys":
                records.key = [_key(value) if key is None else key for key, value in zip(records.key, taken, strict=True)]
            else:
                records.headers, _ = as_headers([_document(value) for value in taken], "objects", "auto", "")

    def close(self) -> None:
        """Lets go of the files."""
        self._stack.close()

    def _rows(self, found: Found, stop: threading.Event) -> Iterator[bytes | None]:
        choice = chosen(sample_of(found), "")
        if choice is None:
            return
        source = self._stack.enter_context(opened(found, self._allowance))
        given = Input(plain_name(found.name), source.stream, None, stop)
        plain = {name: value for name, value in choice.guess.settings.items() if name not in {"fields", "forms"}}
        try:
            for chunk in choice.format.read(given, plain):
                yield from chunk.records.value
            source.check()
        except DamagedInput as error:
            self.notes.append(f"{found.name}: {error}")


def _document(value: bytes | None) -> object:
    try:
        document: object = None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return document.get("headers") if isinstance(document, dict) else document


def _key(value: bytes | None) -> bytes | None:
    """A key's bytes: a JSON text stands for its characters, anything else for itself."""
    try:
        document = None if value is None else orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
    return document.encode() if isinstance(document, str) else None if document is None else value
