"""The way back through the events that were looked at."""

from __future__ import annotations

from app.visited import Visited


class Looks:
    """Somebody who looks at events, with a clock of their own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.seq = 0
        self.visited = Visited(lambda: self.now_s)

    def at(self, seq: int, *, for_s: float = 1.0) -> None:
        """Makes an event current, and stays."""
        self.seq = seq
        self.visited.pass_by(seq)
        self.now_s += for_s

    def back(self) -> int:
        """Goes back; 0 when there is nothing to go back to."""
        return self._went(self.visited.back())

    def forward(self) -> int:
        """Undoes that."""
        return self._went(self.visited.forward())

    def _went(self, seq: int) -> int:
        if seq:
            self.at(seq)
        return seq


def test_back_and_forth_through_what_was_looked_at() -> None:
    looks = Looks()
    for seq in (3_000_000_000, 7, 9):
        looks.at(seq)
    assert looks.back()
    assert looks.seq == 7
    assert looks.back()
    assert looks.seq == 3_000_000_000
    assert not looks.back()
    assert looks.forward()
    assert looks.forward()
    assert looks.seq == 9
    assert not looks.forward()


def test_what_is_only_passed_by_is_not_kept() -> None:
    looks = Looks()
    looks.at(1)
    for seq in range(2, 50):
        looks.at(seq, for_s=0.05)
    looks.at(50)
    assert looks.back()
    assert looks.seq == 1


def test_back_works_at_once_and_a_new_event_ends_the_way_forward() -> None:
    looks = Looks()
    looks.at(1)
    looks.at(2, for_s=0.0)
    assert looks.back()
    assert looks.seq == 1
    looks.at(5)
    assert not looks.forward()
    looks.at(0)
    assert looks.back()
    assert looks.seq == 5
