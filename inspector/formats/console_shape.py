"""Which columns a console consumer was told to print, and what stands between them: as the user says, or guessed from lines.

Read `console_consumer` for who reads by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.errors import UsageError
from inspector.formats import Sample, Settings

COLUMNS = ("timestamp", "partition", "offset", "delivery", "epoch", "headers", "key", "value")
"""In the order in which they are printed."""
NO_HEADERS = b"NO_HEADERS"
SUMMARY = rb"Processed a total of \d+ messages?\Z"
"""What the consumer says on standard error at its end, which people send into the same file."""
_LABELS = {
    "timestamp": rb"(?:CreateTime|LogAppendTime):-?\d+|NO_TIMESTAMP",
    "partition": rb"Partition:\d+",
    "offset": rb"Offset:\d+",
    "delivery": rb"Delivery:(?:\d+|NOT_PRESENT)",
    "epoch": rb"Epoch:(?:\d+|NOT_PRESENT)",
}
_OLD = {"partition": rb"\d+", "offset": rb"\d+"}
"""Before 2.7 they had no labels."""
_MOST_SEPARATOR = 8
_FIRST = re.compile(rb"(?:" + b"|".join(b"(?:%s)" % label for label in _LABELS.values()) + rb")")
_HEADERS = re.compile(rb"[^:\s]+:")
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\\\": "\\"}
_SHARE = 0.6
_MOST_LINES = 50


@dataclass(frozen=True, slots=True)
class Shape:
    """Columns in their order, and what stands between them."""

    columns: tuple[str, ...]
    separator: bytes = b"\t"
    headers_separator: bytes = b","
    null: bytes = b"null"
    """What null is printed as; empty: nothing is taken for null."""
    topic: str = ""
    partition: int | None = None

    @property
    def head(self) -> re.Pattern[bytes] | None:
        """How a record begins; None where its first columns have nothing to be known by."""
        parts = []
        for name in self.columns:
            if name not in _LABELS:
                break
            old = b"|" + _OLD[name] if name in _OLD else b""
            parts.append(b"(?:%s%s)" % (_LABELS[name], old))
        if not parts:
            return None
        end = re.escape(self.separator) if len(parts) < len(self.columns) else rb"\Z"
        return re.compile(re.escape(self.separator).join(parts) + end + b"|" + SUMMARY)


@dataclass(frozen=True, slots=True)
class Found:
    """What lines look like."""

    shape: Shape
    score: float
    why: str
    is_sure: bool


def shaped(settings: Settings) -> Shape:
    """The shape that settings name. Raises UsageError for what is none."""
    written = settings.get("print", "value")
    columns = tuple(one.strip().removeprefix("print.") for one in str(written).split(",") if one.strip())
    unknown = [one for one in columns if one not in COLUMNS]
    if unknown or not columns or list(columns) != sorted(columns, key=COLUMNS.index) or len(set(columns)) < len(columns):
        raise UsageError(f"print={written}: columns are, in this order, {','.join(COLUMNS)}")
    partition = settings.get("partition")
    if partition is not None and not str(partition).isdecimal():
        raise UsageError(f"partition={partition}: a number is wanted")
    return Shape(
        columns,
        _bytes(settings, "separator", "\t"),
        _bytes(settings, "headers_separator", ","),
        str(settings.get("null", "null")).encode("utf-8", "surrogateescape"),
        str(settings.get("topic", "")),
        None if partition is None else int(str(partition)),
    )


def _bytes(settings: Settings, name: str, default: str) -> bytes:
    written = str(settings.get(name, default))
    if not written:
        raise UsageError(f"{name} is empty: what stands between columns is wanted")
    return re.sub(r"\\[tn\\]", lambda match: _ESCAPES[match[0]], written).encode("utf-8", "surrogateescape")


def guessed(sample: Sample) -> Found | None:
    """The shape of a file whose lines begin with labels; None for another file."""
    lines = [line for line in sample.lines(_MOST_LINES) if line]
    begun = [line for line in lines if _FIRST.match(line)]
    if not begun:
        return None
    labels, separator = _labels(begun[0])
    # the last label may end the line, or be followed by more columns
    head = re.compile(re.escape(separator).join(b"(?:%s)" % _LABELS[name] for name in labels))
    rests = [record[match.end() :] for record in _records(sample, head) if (match := head.match(record))]
    if len(rests) < _SHARE * len(begun):
        return None
    columns, is_sure = _unlabelled([rest.removeprefix(separator) if rest else None for rest in rests], separator)
    share = len(begun) / len(lines)
    strong = {"timestamp", "offset", "partition"} & set(labels)
    score = (0.62 if strong else 0.3) + 0.33 * share * bool(strong) * min(1, len(labels) / 2)
    why = f"{len(begun)} of the first {len(lines)} lines begin with {', '.join(labels)} as the console consumer prints them"
    return Found(Shape((*labels, *columns), separator), score, why, is_sure)


def _records(sample: Sample, head: re.Pattern[bytes]) -> list[bytes]:
    """The first records, with the lines that they go on with; one that the sample may end in is left out."""
    found: list[bytes] = []
    for line in sample.head.removesuffix(b"\n").split(b"\n"):
        if head.match(line) or not found:
            found.append(line)
        else:
            found[-1] += b"\n" + line
        if len(found) > _MOST_LINES:
            break
    return found[:-1] if len(found) > 1 and not (sample.is_whole and len(found) <= _MOST_LINES) else found


def _labels(line: bytes) -> tuple[list[str], bytes]:
    """The labelled columns that a line begins with, and what stands between them."""
    found: list[str] = []
    separator, at = b"", 0
    for name in COLUMNS[:5]:
        between = re.escape(separator) if separator else rb".{1,%d}?" % _MOST_SEPARATOR if found else b""
        match = re.compile(b"(%s)(?:%s)" % (between, _LABELS[name]), re.DOTALL).match(line, at)
        if match:
            separator = separator or match[1]
            found.append(name)
            at = match.end()
    return found, separator or (b"\t" if b"\t" in line[at:] or at == len(line) else line[at : at + 1])


def _unlabelled(rests: Sequence[bytes | None], separator: bytes) -> tuple[list[str], bool]:
    """Which of headers, key and value follow, and whether that is sure."""
    told = [rest for rest in rests if rest is not None]
    if not told:
        return [], True
    parts = [rest.split(separator) for rest in told]
    fewest = min(map(len, parts))
    has_headers = any(part[0] == NO_HEADERS for part in parts)
    looks_so = all(part[0] == NO_HEADERS or _HEADERS.match(part[0]) for part in parts)
    with_headers = looks_so and (has_headers or fewest > 2)
    columns = ["headers"] if with_headers else []
    left = fewest - len(columns)
    columns += ["key", "value"] if left >= 2 else ["value"] if left else []
    is_sure = has_headers or not looks_so
    return columns, is_sure
