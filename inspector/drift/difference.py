"""One row of a projection and of a model that are not the same, with the events behind it: as JSON, and as cells of a table. Pure.

Read `comparing` for how it is found, `hiding` for what is hidden of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inspector import values
from inspector.event import format_time
from inspector.projections import Projection
from inspector.projections.answer import rounded

_BEHIND = ("events", "events_count", "left_out", "left_out_count")


@dataclass(frozen=True, slots=True)
class Named:
    """One event that has to do with a difference."""

    seq: int
    log: str
    partition: int
    position: int
    type: str | None
    is_aborted: bool

    def plain(self) -> dict[str, object]:
        """As it is printed."""
        told = {"seq": self.seq, "log": self.log, "partition": self.partition, "position": self.position, "type": self.type}
        return told | ({"aborted": True} if self.is_aborted else {})


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that is not the same. `verdict` is missing (in the model), extra (in the model) or different.

    `expected` are the projection's values, `found` the model's; None where there is no such row. `events` are the last that made
    the expected ones, of `count`; `left_out` those of the same group that were aborted or came later, of `left_out_count`.
    """

    verdict: str
    labels: Mapping[str, object]
    window_us: int | None = None
    expected: Mapping[str, object] | None = None
    found: Mapping[str, object] | None = None
    differs: Sequence[str] = ()
    events: Sequence[Named] = ()
    count: int = 0
    left_out: Sequence[Named] = ()
    left_out_count: int = 0

    @property
    def window(self) -> str | None:
        """The beginning of its window as text."""
        return None if self.window_us is None else format_time(self.window_us)

    def plain(self) -> dict[str, object]:
        """As it is printed."""
        told: dict[str, object] = {"verdict": self.verdict}
        if self.window_us is not None:
            told["window"] = self.window
        return told | {
            "group": dict(self.labels),
            "expected": None if self.expected is None else {name: rounded(value) for name, value in self.expected.items()},
            "found": None if self.found is None else dict(self.found),
            "differs": list(self.differs),
            "events": [one.plain() for one in self.events],
            "events_count": self.count,
            "left_out": [one.plain() for one in self.left_out],
            "left_out_count": self.left_out_count,
        }

    def texts(self, *, longest: int | None = None) -> dict[str, object]:
        """The same for who shows it, numbers with all their digits: `key` are the labels, `fields` a list of (name, ours, the model's).

        A value of None is that of a row that is not there; what is null there is the text `null`. One of more than `longest`
        characters is cut.
        """
        names = self.differs or list(self.expected if self.expected is not None else self.found or {})
        return {
            "verdict": self.verdict,
            "window": self.window,
            "key": [_text(value, longest) for value in self.labels.values()],
            "fields": [(name, _of(self.expected, name, longest), _of(self.found, name, longest)) for name in names],
            "events": [one.seq for one in self.events],
            "events_count": self.count,
            "left_out": [one.seq for one in self.left_out],
            "left_out_count": self.left_out_count,
        }


def columns(labels: Sequence[str], *, has_windows: bool) -> list[str]:
    """The names of the columns of a table of differences."""
    return ["verdict", *(["window"] if has_windows else []), *labels, "field", "ours", "model", *_BEHIND]


def columns_of(projection: Projection) -> list[str]:
    """The same for the differences of a projection."""
    return columns([label.name for label in projection.labels], has_windows=projection.window_us is not None)


def cells(told: Mapping[str, object]) -> Iterator[list[object]]:
    """The rows of that table for one difference, given as `Difference.texts`: one for each field."""
    window, key, fields = told["window"], told["key"], told["fields"]
    assert isinstance(key, list)
    assert isinstance(fields, list)
    behind = [" ".join(map(str, value)) if isinstance(value, list) else value for value in (told[name] for name in _BEHIND)]
    for name, ours, theirs in fields:
        yield [told["verdict"], *([] if window is None else [window]), *key, name, ours, theirs, *behind]


def _of(found: Mapping[str, object] | None, name: str, longest: int | None) -> str | None:
    return None if found is None else _text(rounded(found[name]), longest)


def _text(value: object, longest: int | None) -> str:
    text = value if isinstance(value, str) else values.to_json(value)
    return text if longest is None or len(text) <= longest else f"{text[:longest]}…"
