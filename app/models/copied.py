"""What the clipboard is given: events as JSON lines, keys, values, positions, the command that lists the same. No Qt, bounded.

Runs on a worker thread, but for `command`. Read `panes.events` for the use.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from app.models.wish import Wish
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.cli.output import event_line
from inspector.event import format_time

MOST_EVENTS = 10_000
MOST_CHARACTERS = 16 << 20


@dataclass(frozen=True, slots=True)
class Copied:
    """Lines, how many events they are, and how many were asked for."""

    text: str
    events: int
    asked: int


def copied(reader: CaptureReader, seqs: Iterable[int], asked: int, what: str, *, most_characters: int = MOST_CHARACTERS) -> Copied:
    """`what` (a name of `KINDS`) of the events with these numbers, a line each, until one of the bounds is met; at least of one."""
    say = KINDS[what]
    lines: list[str] = []
    size = 0
    for seq in seqs:
        event = reader.event(seq)
        if event is None:
            continue
        lines.append(say(event))
        size += len(lines[-1])
        if size > most_characters or len(lines) >= MOST_EVENTS:
            break
    return Copied("\n".join(lines), len(lines), asked)


def _bytes(value: bytes | None) -> str:
    """The text of bytes that are UTF-8, just as it is; others as `0x…`; empty for null."""
    try:
        return (value or b"").decode()
    except UnicodeDecodeError:
        return f"0x{(value or b'').hex()}"


def _key(event: Event) -> str:
    return _bytes(event.key)


def _value(event: Event) -> str:
    return _bytes(event.value)


def _position(event: Event) -> str:
    return f"{event.log}/{event.partition}:{event.position}"


KINDS: dict[str, Callable[[Event], str]] = {"lines": event_line, "key": _key, "value": _value, "position": _position}


def command(path: Path, wish: Wish) -> str:
    """The command line that lists what the list has."""
    words = ["eventscope", "events", str(path)]
    if wish.filter:
        words += [f"--filter={wish.filter}"] if wish.filter.startswith("-") else ["--filter", wish.filter]
    if wish.time_range is not None:
        for option, time_us in zip(("--from", "--until"), wish.time_range, strict=True):
            if (text := format_time(time_us)) is not None:
                words += [option, text]
    if wish.order != "arrival":
        words += ["--order", wish.order]
    if wish.newest_first:
        words.append("--reverse")
    return shlex.join(words)
