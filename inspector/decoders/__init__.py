"""The door for decoders, and the choice among them. No I/O; a decoder never raises for bad data.

A decoder is one file and one entry point in `eventscope.decoders`. It takes a batch of values and gives a document, a
reason, or both for each. Read `json_text` for the most used one, `identify` for who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from inspector.event import _FromValue


@dataclass(frozen=True, slots=True)
class Context:
    """What a decoder may know about the values of one batch: their log and which part of the record they are."""

    log: str = ""
    part: str = "value"
    """`key` or `value`."""
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Decoded:
    """What became of a batch of values, as columns of equal length.

    `document[i]` is the parsed document for identity rules (dict, list, str, int, float, bool or None); `data[i]` is
    what is stored: JSON text, `FROM_VALUE` when the value is itself that text, None when there is no document.
    """

    decoder: list[str]
    document: list[object]
    data: list[str | _FromValue | None]
    error: list[str | None]
    flags: list[int]
    schema_ref: list[int | None]


class Decoder(Protocol):
    """One way to understand bytes."""

    name: str

    def priority(self, value: bytes, headers: str | None, context: Context) -> float:
        """How sure this decoder is of `value`: 0 (not mine) to 1 (certainly). Cheap: looks at a few bytes."""

    def decode(self, values: Sequence[bytes | None], headers: Sequence[str | None], context: Context) -> Decoded:
        """Every value decoded; one that cannot be has its reason in `error` and `Flag.undecodable`. Never raises."""
