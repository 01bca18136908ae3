"""Which event stands in which row: against a plain list."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from app.models.rows import Listing, Span
from inspector.capture.looking import Numbers


def test_a_span_is_arithmetic_in_both_directions() -> None:
    for newest_first, expected in ((False, [3, 4, 5]), (True, [5, 4, 3])):
        span = Span(newest_first, 3, 5)
        assert [span.at(row) for row in range(len(span))] == expected == span.part(0, 2)
        assert [span.row_of(seq) for seq in expected] == [0, 1, 2]
        assert (span.row_of(2), span.row_of(6)) == (-1, -1)
        assert (span.at(span.nearest(99)), span.at(span.nearest(0))) == (5, 3)


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 5), st.booleans())), st.integers(0, 40))
def test_rows_are_those_of_a_plain_list(steps: list[tuple[float, int, bool]], below: int) -> None:
    rows, plain, fresh = Listing(), list[int](), 0
    for part, count, removes in steps:
        row = int(part * len(plain))
        if removes:
            gone = min(count, len(plain) - row)
            rows.remove(row, gone)
            del plain[row : row + gone]
        else:
            added = list(range(fresh, fresh + count))
            fresh += count
            rows.insert(row, np.array(added, dtype=np.int64))
            plain[row:row] = added
    assert (list(rows.numbers()), len(rows)) == (plain, len(plain))
    assert [rows.at(row) for row in range(len(plain))] == plain == rows.part(0, len(plain) - 1)
    assert [rows.row_of(seq) for seq in plain] == list(range(len(plain)))
    assert sum(count for _, count in rows.runs_below(below)) == sum(seq < below for seq in plain)
    if plain:
        assert abs(rows.at(rows.nearest(below)) - below) == min(abs(seq - below) for seq in plain)


def test_large_lists_are_kept_in_blocks() -> None:
    rows = Listing()
    every: Numbers = np.arange(300_000, dtype=np.int64)
    rows.insert(0, every)
    rows.insert(150_000, np.array([-1], dtype=np.int64))
    assert (rows.at(149_999), rows.at(150_000), rows.at(150_001), len(rows)) == (149_999, -1, 150_000, 300_001)
