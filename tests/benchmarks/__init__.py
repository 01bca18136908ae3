"""How fast the parts are, each beside a peer measured in the same run. Read a `bench_*` module for what is compared.

Every module has `rows(size)`, `size` being `small` (seconds) or `full` (the sizes that goals are stated for).
"""

from __future__ import annotations

from dataclasses import dataclass

THE_GOAL = "the goal"
"""The peer's name where a number stands beside a fixed goal, and so depends on the machine."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a measured value beside its peer's, in `unit`.

    `goal` is the ratio ours / peer that is wanted: at most that for times and bytes, at least that for rates (`more_is_better`).
    """

    name: str
    ours: float
    peer: float | None = None
    unit: str = "s"
    goal: float | None = None
    more_is_better: bool = False
    peer_name: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours divided by the peer's; None without a peer."""
        return self.ours / self.peer if self.peer else None

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is reached; None without a goal or a peer."""
        if self.ratio is None or self.goal is None:
            return None
        return self.ratio >= self.goal if self.more_is_better else self.ratio <= self.goal
