"""The columns of the list of events: what each shows, which filter field it is, how wide it is when nobody has said. No Qt."""

from __future__ import annotations

from typing import NamedTuple

from inspector.query.places import FieldPlace, field_place


class Column(NamedTuple):
    """A column by its lasting `name`. Widths are in characters; `least` is what it shrinks to before others have to go."""

    name: str
    header: str
    width: int
    least: int = 0
    words: str = ""
    """What the header menu calls it."""
    is_number: bool = False
    is_fixed: bool = False
    is_dim: bool = False
    is_time: bool = False
    is_span: bool = False
    """A length of time, told by the list itself: an event alone has none."""
    rank: int = 0
    """Shown without being asked for when > 0; where room is short the greatest goes first."""


COLUMNS = (
    Column("state", "", 13, 2, "State: sign and word", rank=1),
    Column("time", "time", 27, 13, "Time", is_fixed=True, is_dim=True, is_time=True, rank=1),
    Column("log", "log / part.", 17, 10, "Log and partition", is_dim=True, rank=4),
    Column("offset", "offset", 8, 7, "Offset or position", is_number=True, is_fixed=True, is_dim=True, rank=5),
    Column("key", "key", 16, 10, "Key", is_fixed=True, rank=3),
    Column("type", "type", 19, 12, "Type", rank=2),
    Column("version", "ver.", 4, 4, "Version in the stream", is_number=True, is_fixed=True, is_dim=True, rank=6),
    Column("stream", "stream", 16, 10, "Stream", is_fixed=True, rank=7),
    Column("value", "value", 30, 22, "Value", is_fixed=True, rank=1),
    Column("recorded", "recorded", 27, 13, "Recorded time, the broker's or store's", is_fixed=True, is_dim=True, is_time=True),
    Column("captured", "captured", 27, 13, "Captured time, ours", is_fixed=True, is_dim=True, is_time=True),
    Column("since_reference", "Δ", 22, 12, "Δ: time since the reference", is_number=True, is_fixed=True, is_dim=True, is_span=True),
    Column("since_above", "Δ row above", 22, 12, "Δ: time since the row above", is_number=True, is_fixed=True, is_dim=True, is_span=True),
    Column("id", "event id", 20, 8, "Event id", is_fixed=True),
    Column("category", "category", 12, 6, "Category of the stream"),
    Column("actor", "actor", 12, 6, "Actor"),
    Column("correlation_id", "correlation id", 20, 8, "Correlation id", is_fixed=True),
    Column("causation_id", "causation id", 20, 8, "Causation id", is_fixed=True),
    Column("key_bytes", "key (bytes)", 10, 6, "Key size", is_number=True, is_fixed=True, is_dim=True),
    Column("value_bytes", "value (bytes)", 12, 6, "Value size", is_number=True, is_fixed=True, is_dim=True),
    Column("seq", "#", 9, 6, "Number in the capture", is_number=True, is_fixed=True, is_dim=True),
)
NAMES = tuple(column.name for column in COLUMNS)
STATE, TIME, LOG, OFFSET, KEY, TYPE, VERSION, STREAM, VALUE = range(9)
SINCE_REFERENCE, SINCE_ABOVE = NAMES.index("since_reference"), NAMES.index("since_above")
SINCE = frozenset({SINCE_REFERENCE, SINCE_ABOVE})
_SINCE_NAMES = (NAMES[SINCE_REFERENCE], NAMES[SINCE_ABOVE])
USUAL_ORDER = (*NAMES[:LOG], *_SINCE_NAMES, *(name for name in NAMES[LOG:] if name not in _SINCE_NAMES))
"""How the columns stand until somebody moves them, but for the value, which comes last."""
ORDER_OF = {"time": "time", "log": "log", "offset": "log", "seq": "arrival"}
"""The order that a click on a column's header asks for."""
HEADED_BY = {"time": "time", "log": "log", "arrival": "seq"}
"""The column that shows the arrow of an order."""


class Columns:
    """The columns of one list: the usual ones, and behind them the places that were added."""

    def __init__(self) -> None:
        self.all: tuple[Column, ...] = COLUMNS
        self.places: tuple[FieldPlace, ...] = ()
        """Of the columns behind the usual ones."""

    def __len__(self) -> int:
        return len(self.all)

    def __getitem__(self, number: int) -> Column:
        return self.all[number]

    @property
    def names(self) -> tuple[str, ...]:
        """The lasting names of all."""
        return tuple(column.name for column in self.all)

    def number(self, name: str) -> int:
        """Which column has that name; −1 for none."""
        return next((number for number, column in enumerate(self.all) if column.name == name), -1)

    def place(self, number: int) -> FieldPlace | None:
        """What an added column shows; None for a usual one."""
        return self.places[number - len(COLUMNS)] if number >= len(COLUMNS) else None

    def add(self, text: str) -> None:
        """Adds a place at the end. Raises QueryError for what is none."""
        place = field_place(text)
        self.places += (place,)
        self.all += (Column(place.text, place.short, 18, 8, place.text, is_fixed=True, rank=1),)

    def remove(self, number: int) -> None:
        """Takes an added column away."""
        at = number - len(COLUMNS)
        self.places = (*self.places[:at], *self.places[at + 1 :])
        self.all = (*self.all[:number], *self.all[number + 1 :])
