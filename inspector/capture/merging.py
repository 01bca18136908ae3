"""Where events that arrived later belong in a list that is there: exactly, with few looks at the file. No Qt.

Read `listing` for how the list was made, `looking` for the statements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inspector.capture.looking import NONE, Ask, Numbers, keyed, log_ranks
from inspector.capture.reader import CaptureReader

Key = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Late:
    """Matches among events that arrived after a list was made."""

    runs: tuple[tuple[int, Numbers], ...]
    """(the row of the list as it was before which these belong, their numbers in order), by row."""
    looked: int = 0
    not_applicable: int = 0
    is_stale: bool = False
    """An event of the list is gone from the file: the list is to be made anew."""


def late(reader: CaptureReader, ask: Ask, first: int, last: int, length: int, seq_at: Callable[[int], int]) -> Late:
    """The matches among the numbers `first` to `last` (all later than the list's), and where they belong.

    `seq_at` gives the number in a row of the list, which has `length` rows.
    """
    ranks = log_ranks(reader)
    keys, looked, not_applicable = keyed(reader, ask, first, last, ranks)
    if ask.order == "arrival":
        found = np.sort(keys[-1])[:: ask.sign]
        return Late(((0 if ask.newest_first else length, found),) if len(found) else (), looked, not_applicable)
    rank_of = dict(zip(*(part.tolist() for part in ranks), strict=True))
    timed = ask.order == "time"
    fresh = _fresh(reader, keys[-1], rank_of, timed=timed, sign=ask.sign)

    def key_at(row: int) -> Key:
        return _key(reader, seq_at(row), rank_of, timed=timed, sign=ask.sign)

    try:
        places = insertion_places([key for key, _ in fresh], length, key_at)
    except LookupError:
        return Late((), is_stale=True)
    return Late(_runs(places, [seq for _, seq in fresh]), looked, not_applicable)


def insertion_places(keys: Sequence[Key], length: int, key_at: Callable[[int], Key]) -> list[int]:
    """For each of the ascending `keys` the row of an ascending list before which it belongs; looks at few rows."""
    known: dict[int, Key] = {}

    def look(row: int) -> Key:
        if row not in known:
            known[row] = key_at(row)
        return known[row]

    places: list[int] = []
    low = 0
    for key in keys:
        if low < length and look(length - 1) < key:
            low = length
        low = _place(key, low, length, look)
        places.append(low)
    return places


def _place(key: Key, low: int, high: int, look: Callable[[int], Key]) -> int:
    """The first row from `low` on whose key is greater, `high` for none: near `low` in few steps, then by halves."""
    step = 1
    while low < high and look(min(low + step, high) - 1) < key:
        low = min(low + step, high)
        step *= 2
    high = min(low + step, high)
    while low < high:
        middle = (low + high) // 2
        if look(middle) < key:
            low = middle + 1
        else:
            high = middle
    return low


def _fresh(reader: CaptureReader, seqs: Numbers, rank_of: dict[int, int], *, timed: bool, sign: int) -> list[tuple[Key, int]]:
    found = [(_key(reader, seq, rank_of, timed=timed, sign=sign), seq) for seq in seqs.tolist()]
    return sorted(found)


def _key(reader: CaptureReader, seq: int, rank_of: dict[int, int], *, timed: bool, sign: int) -> Key:
    """What an event is ordered by. Raises LookupError when it is gone."""
    rows = reader.select("SELECT time_us, log_id, position, sub FROM event WHERE seq = ?", (seq,))
    if not rows:
        raise LookupError(seq)
    time_us, log_id, position, sub = rows[0]
    within = (sign * rank_of[log_id], sign * position, sign * sub)
    if not timed:
        return within
    return (1, sign * seq) if time_us is None else (0, sign * time_us, *within)


def _runs(places: Sequence[int], seqs: Sequence[int]) -> tuple[tuple[int, Numbers], ...]:
    """Neighbours that belong before the same row, together."""
    if not places:
        return ()
    cuts = [0, *(place for place in range(1, len(places)) if places[place] != places[place - 1]), len(places)]
    return tuple((places[start], np.array(seqs[start:end], dtype=NONE.dtype)) for start, end in pairwise(cuts))
