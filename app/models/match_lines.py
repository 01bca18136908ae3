"""A whole list in as many lines as a strip has pixels: how many of each kind of event are in each line, and what is said of it.

Pure; no Qt, no I/O. Read `app.match_mapper` for who asks, `app.match_map` for the picture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from app.models.color_rules import COLORS
from app.models.rows import Listing, Span
from inspector.capture.looking import NONE, Numbers
from inspector.capture.strip import LATE, UNDECODABLE, Axis, Kinds

_NOTED = 4
"""A bit beside those of the kinds."""
MOST_SAMPLES = 4_096
"""Of a longer list so many events are asked for their colours, evenly spread."""


@dataclass(frozen=True, slots=True)
class Lines:
    """All arrays have one entry a line, `starts` one more: the row each line begins with."""

    rows: int = 0
    starts: Numbers = field(default_factory=lambda: np.zeros(1, np.int64))
    undecodable: Numbers = field(default_factory=NONE.copy)
    late: Numbers = field(default_factory=NONE.copy)
    noted: Numbers = field(default_factory=NONE.copy)
    targets: Numbers = field(default_factory=NONE.copy)
    """The row worth going to: undecodable, else noted, else late, else a match of the filter; −1 for none."""
    colors: Numbers = field(default_factory=NONE.copy)
    """Of the events asked: how many have each colour, 0 being none (a row a line)."""
    matches: Numbers | None = None
    """With a filter: how many events match. Lines are then of all events, else of the list's rows."""
    total: int = 0
    """How many events the lines are of."""
    searched: float = 1.0
    """The part of the lines, from the top, that the filter was asked of."""
    looked: float = 1.0
    """The part of the events that was looked at for what is undecodable or late."""
    names: Mapping[int, str] = field(default_factory=dict)
    """The colours in words."""

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.starts) - 1


def lines_of_rows(
    listed: Span | Listing,
    count: int,
    kinds: Kinds,
    first_seq: int,
    noted: Sequence[int],
    colors: Mapping[int, int],
) -> Lines:
    """The rows of a list in at most `count` lines.

    `kinds` are those from `first_seq` on; its last is of no event, and is 0. `colors` are those of some events by number.
    """
    total = len(listed)
    count = min(count, total)
    if count < 1:
        return Lines()
    special, what = _special_rows(listed, _with_notes(kinds, first_seq, noted), first_seq)
    rows = {kind: special[(what & kind) > 0] for kind in (UNDECODABLE, LATE, _NOTED)}
    targets = np.full(count, -1, np.int64)
    for kind in (LATE, _NOTED, UNDECODABLE):
        targets[rows[kind][::-1] * count // total] = rows[kind][::-1]
    starts = -(-np.arange(count + 1, dtype=np.int64) * total // count)
    undecodable, late, with_note = (np.bincount(each * count // total, minlength=count) for each in rows.values())
    return Lines(total, starts, undecodable, late, with_note, targets, _colors(listed, count, colors), total=total)


def lines_of_matches(listed: Listing, count: int, axis: Axis, noted: Sequence[int], share: float) -> Lines:
    """All events that a filter is asked of, in `count` lines: how many of each match, and how far it was asked."""
    total = axis.total
    count = min(count, total)
    if count < 1:
        return Lines()
    matches, with_note = np.zeros(count, np.int64), np.zeros(count, np.int64)
    is_noted = _with_notes(np.zeros(1, np.uint8), 0, noted)
    for _, seqs in listed.blocks():
        lines = np.minimum(axis.places(seqs) * count // total, count - 1)
        matches += np.bincount(lines, minlength=count)
        if len(noted):
            with_note += np.bincount(lines[is_noted.take(seqs, mode="clip") > 0], minlength=count)
    starts = np.concatenate([[0], np.cumsum(matches)])
    none = np.zeros(count, np.int64)
    targets = np.where(matches > 0, starts[:-1], -1)
    searched = axis.searched(share)
    return Lines(len(listed), starts, none, none, with_note, targets, matches=matches, total=total, searched=searched)


def spread(kinds: Kinds, size: int) -> Kinds:
    """The kinds and zeros behind them; takes memory only where there is a kind."""
    found = np.zeros(size, np.uint8)
    special = np.flatnonzero(kinds)
    found[special] = kinds[special]
    return found


def _with_notes(kinds: Kinds, first_seq: int, noted: Sequence[int]) -> Kinds:
    """The kinds with the bit of a note; still with one 0 at the end. `noted` are events of the capture."""
    places = np.array([seq - first_seq for seq in noted if seq >= first_seq], dtype=np.int64)
    found = spread(kinds, max(len(kinds), int(places.max(initial=0)) + 2))
    found[places] |= _NOTED
    return found


def _special_rows(listed: Span | Listing, kinds: Kinds, first_seq: int) -> tuple[Numbers, Kinds]:
    """The rows with any kind, ascending, and their kinds."""
    if isinstance(listed, Span):
        low = listed.first_seq - first_seq
        places = low + np.flatnonzero(kinds[low : listed.last_seq - first_seq + 1])
        seqs = places[::-1] + first_seq if listed.newest_first else places + first_seq
        return listed.last_seq - seqs if listed.newest_first else seqs - listed.first_seq, kinds[seqs - first_seq]
    rows, found = [NONE], [np.empty(0, np.uint8)]
    for start, seqs in listed.blocks():
        here = kinds.take(seqs - first_seq, mode="clip")
        special = np.flatnonzero(here)
        rows.append(start + special)
        found.append(here[special])
    return np.concatenate(rows), np.concatenate(found)


def samples(listed: Span | Listing, most: int = MOST_SAMPLES) -> tuple[Numbers, Numbers]:
    """(rows, numbers) of events spread evenly over a list, all of a short one; of a list that grows mostly the same ones."""
    step = 1
    while len(listed) > step * most:
        step *= 2
    rows, seqs = [NONE], [NONE]
    for start, block in listed.blocks():
        here = np.flatnonzero(block % step == 0) if isinstance(listed, Span) else np.arange(-start % step, len(block), step)
        rows.append(start + here)
        seqs.append(block[here])
    return np.concatenate(rows), np.concatenate(seqs)


def _colors(listed: Span | Listing, count: int, colors: Mapping[int, int]) -> Numbers:
    if not colors:
        return NONE
    rows, seqs = samples(listed)
    found = np.array([colors.get(seq, -1) for seq in seqs.tolist()], dtype=np.int64)
    lines = rows[found >= 0] * count // len(listed)
    cells = np.bincount(lines * (COLORS + 1) + found[found >= 0], minlength=count * (COLORS + 1))
    return cells.reshape(count, COLORS + 1)


def words(lines: Lines, line: int) -> str:
    """What is said of a line: which rows or events it is of, and what is there."""
    if not 0 <= line < lines.count:
        return ""
    said = _match_words(lines, line) if lines.matches is not None else _row_words(lines, line)
    counts = ((lines.undecodable, "undecodable"), (lines.late, "late"), (lines.noted, "with a note or mark"))
    said += [f"{int(number[line]):,} {name}" for number, name in counts if number[line]]
    if lines.matches is None and lines.looked < 1:
        said.append(f"looked at {int(lines.looked * 100)} % of the events for what is undecodable or late")
    return "\n".join(said)


def _row_words(lines: Lines, line: int) -> list[str]:
    first, last = int(lines.starts[line]) + 1, max(int(lines.starts[line + 1]), int(lines.starts[line]) + 1)
    said = [f"row {first:,} of {lines.rows:,}" if first == last else f"rows {first:,} to {last:,} of {lines.rows:,}"]
    if len(lines.colors) and (asked := int(lines.colors[line].sum())):
        about = "" if asked >= last - first + 1 else "about "
        shares = [(int(number), color) for color, number in enumerate(lines.colors[line]) if color and number]
        said += [f"{about}{max(100 * number // asked, 1)} % colour {color}: {lines.names.get(color, '')}" for number, color in shares]
    return said


def _match_words(lines: Lines, line: int) -> list[str]:
    assert lines.matches is not None
    share, events = 100 * line // lines.count, max(lines.total // lines.count, 1)
    where = f"{share} % through all events"
    if line >= lines.searched * lines.count and not lines.matches[line]:
        return [where, "not searched yet"]
    return [where, f"{int(lines.matches[line]):,} of about {events:,} events match"]


def summary(lines: Lines) -> str:
    """All of it in words."""
    if not lines.count:
        return "nothing is listed"
    counts = ((lines.undecodable, "undecodable"), (lines.late, "late"), (lines.noted, "with a note or mark"))
    said = [f"{int(number.sum()):,} {name}" for number, name in counts if number.any()]
    if lines.matches is not None:
        said.insert(0, f"{int(lines.matches.sum()):,} of {lines.total:,} events match, {int(lines.searched * 100)} % searched")
    return ", ".join(said) or "nothing special is known"
