"""The stretch of time that a filter keeps to."""

from __future__ import annotations

import pytest

from inspector.query.bounds import time_bounds

EARLY, LATE = 'timestamp("1970-01-01T00:00:01Z")', 'timestamp("1970-01-01T00:00:02Z")'
BETWEEN = 'timestamp("1970-01-01T00:00:01.000000500Z")'


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        (f"time >= {EARLY} && time < {LATE}", (1_000_000, 2_000_000)),
        (f'type == "x" && ({LATE} >= captured_time && time > {EARLY})', (1_000_001, 2_000_001)),
        (f"time >= {EARLY} && time >= {LATE}", (2_000_000, None)),
        (f"time == {EARLY}", (1_000_000, 1_000_001)),
        (f"time >= {BETWEEN} && time < {BETWEEN}", (1_000_001, 1_000_001)),
        (f"time > {BETWEEN} && time <= {BETWEEN}", (1_000_001, 1_000_001)),
        (f"time >= {EARLY} || time < {LATE}", (None, None)),
        (f"!(time >= {EARLY})", (None, None)),
        (f"timestamp(data.at) >= {EARLY}", (None, None)),
        ('time >= timestamp("noon")', (None, None)),
        (f"text:time >= {EARLY}", (None, None)),
        ("visa", (None, None)),
        ("", (None, None)),
    ],
)
def test_only_what_every_match_keeps_to_counts(text: str, bounds: tuple[int | None, int | None]) -> None:
    assert time_bounds(text) == bounds
