"""What a list of events, or a table of states, is to have, in the user's words. Pure; no Qt, no I/O.

Read `app.lister` for how the one is fulfilled, `panes.states` for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

ORDER_WORDS = {"arrival": "arrival", "log": "log and offset", "time": "time"}


@dataclass(frozen=True, slots=True)
class Wish:
    """An order (`arrival`, `log`, `time`), a filter in the filter language, and a range `[from, until)` of `time`."""

    order: str = "arrival"
    newest_first: bool = False
    filter: str = ""
    time_range: tuple[int, int] | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether some events may be left out."""
        return bool(self.filter) or self.time_range is not None

    @property
    def is_arithmetic(self) -> bool:
        """Whether it is everything as it arrived."""
        return self.order == "arrival" and not self.is_narrowed

    @property
    def order_text(self) -> str:
        """The order for people, such as `time, newest first`."""
        return f"{ORDER_WORDS[self.order]}, {'newest' if self.newest_first else 'oldest'} first"


@dataclass(frozen=True, slots=True)
class StatesWish:
    """All aggregates of a category at a moment: a `time` in RFC 3339, empty for all events, by the `clock` `at` or `known_at`.

    `filter` is over states, `sort` a place in the state or a field, `places` are those of the state that are shown.
    """

    category: str
    time: str = ""
    clock: str = "at"
    filter: str = ""
    sort: str = ""
    is_reversed: bool = False
    places: tuple[str, ...] = ()
