"""Projections: grouped numbers that are computed from a capture's events, exact, the same live and rebuilt.

    projection = spec.load(Path("stock.toml"))
    state = State(projection)
    state.advance(reader)                      # what has come since; again and again while a capture grows
    for row in rows(state): …                  # the groups with their numbers

Read `spec` for what a projection is, `state` for how it goes on, `chunk` for how a stretch of events is added up, `cells` for
the numbers, `answer` for what is printed and drawn.
"""

from __future__ import annotations

from inspector.projections.answer import Row, rows
from inspector.projections.moment import NOW, Moment
from inspector.projections.spec import Measure, Projection, Threshold, load, parse
from inspector.projections.state import State
from inspector.projections.writing import written

__all__ = ["NOW", "Measure", "Moment", "Projection", "Row", "State", "Threshold", "load", "parse", "rows", "written"]
