"""What is selected, for all panes: the only place where panes meet. Holds no data of a capture and knows no pane."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from app.models.durations import Reference
from app.models.wish import StatesWish
from app.visited import Visited
from inspector.event import MAX_TIME_US, MIN_TIME_US

_MOST_BACK = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What is looked at. Numbers and times are those of the capture; times are microseconds since 1970 UTC."""

    filter: str = ""
    """A filter in the filter language, which every list obeys; empty for none."""
    time_range: tuple[int, int] | None = None
    """`[from, until)` of `time`, which every list obeys; None for all."""
    seq: int = 0
    """The number of the current event; 0 for none."""
    order: str = ""
    """The order in which a stream or chain is followed, oldest first; empty for the list's own."""
    top: int = 0
    """The number of the event at the top of the list when something else began to be looked at; 0 when unknown."""


class Selection(QObject):
    """The look of now, the one before (`back`), and the moment a replay stands at."""

    event_changed = Signal(object)
    """`(seq)`: another event is current; 0 for none."""
    filter_changed = Signal(object)
    """`(text)`: lists obey another filter."""
    time_range_changed = Signal(object)
    """`((from_us, until_us) or None)`: lists obey another range."""
    reference_changed = Signal(object)
    """`(Reference or None)`: times are told relative to another event, or to none."""
    returned = Signal(object)
    """`(Look)`: `back` or `forward` came here, and all of it was told: lists show the same part again."""
    moment_wanted = Signal(object)
    """`((from_us, until_us))`: somebody wants to see the events of this moment: lists go to its first one, without filtering."""
    largest_wanted = Signal(object)
    """`((from_us, until_us))`: the same for the event with the most bytes."""
    column_wanted = Signal(object)
    """`(place)`: somebody wants what stands there, such as `data.total`, shown of all events in a list."""
    meaning_wanted = Signal(object, object)
    """`(field, place)`: somebody says that what stands at a place of the current event is its `stream`, `type`, `time` and so on."""
    index_wanted = Signal(object)
    """`(place)`: somebody wants filters on what stands there to be looked up."""
    asked_again = Signal()
    """The filter in force may be answered another way now: lists ask once more."""
    mask_wanted = Signal(object)
    """`(path)`: somebody wants what stands there hidden, in all events."""
    decoding_wanted = Signal()
    """Somebody wants the capture decoded again, with schemas that it may lack."""
    explanation_wanted = Signal(object)
    """`(seq)`: somebody wants to know why an event's value does not decode, or what else it may be."""
    replay_wanted = Signal(object)
    """`(seq)`: somebody wants the state of this event's stream as it was after this event."""
    states_wanted = Signal(object)
    """`(StatesWish)`: somebody wants a table of states as a file."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = Look()
        self._before: list[Look] = []
        self._after: list[Look] = []
        self._visited = Visited()
        self.reference: Reference | None = None
        """The event that times are told relative to; it stays, whatever is listed."""

    @property
    def look(self) -> Look:
        """Everything at once."""
        return self._look

    @property
    def seq(self) -> int:
        """The number of the current event; 0 for none."""
        return self._look.seq

    @property
    def filter(self) -> str:
        """The filter in force; empty for none."""
        return self._look.filter

    @property
    def time_range(self) -> tuple[int, int] | None:
        """The range in force, `[from, until)`; None for all."""
        return self._look.time_range

    def choose_event(self, seq: int) -> None:
        """Makes an event current. Moving from event to event is no step that `back` undoes."""
        self._change(replace(self._look, seq=seq))

    def revisit(self, *, forward: bool = False) -> bool:
        """Makes the event current that was looked at before (or after) this one; False when there is none."""
        seq = self._visited.forward() if forward else self._visited.back()
        if seq:
            self.choose_event(seq)
        return seq > 0

    def choose_filter(self, text: str) -> None:
        """Puts a filter in force; `back` undoes it."""
        self._step(replace(self._look, filter=text, order=""))

    def follow(self, text: str) -> None:
        """Puts the filter of something in force that goes on through the logs, in the order of time; `back` undoes it."""
        self._step(replace(self._look, filter=text, time_range=None, order="time"))

    def leave_order(self) -> None:
        """The list has its own order again."""
        self._look = replace(self._look, order="")

    def see(self, top_seq: int) -> None:
        """Which event is at the top of the list."""
        self._look = replace(self._look, top=top_seq)

    def show_everything(self) -> None:
        """Takes filter and range away, in one step."""
        self._step(replace(self._look, filter="", time_range=None, order=""))

    def choose_time_range(self, time_range: tuple[int, int] | None) -> None:
        """Puts a range in force, within the years 1 to 9999; `back` undoes it."""
        if time_range is not None:
            low, high = (min(max(bound, MIN_TIME_US), MAX_TIME_US) for bound in time_range)
            time_range = low, max(low, high)
        self._step(replace(self._look, time_range=time_range))

    def choose_reference(self, reference: Reference | None) -> None:
        """Tells times relative to an event, or to none. No step that `back` undoes."""
        if reference != self.reference:
            self.reference = reference
            self.reference_changed.emit(reference)

    def go_to_moment(self, span_us: tuple[int, int]) -> None:
        """Asks the lists to go to a moment, which is `[from, until)`."""
        self.moment_wanted.emit(span_us)

    def go_to_largest(self, span_us: tuple[int, int]) -> None:
        """Asks the lists to go to the largest event of a moment, which is `[from, until)`."""
        self.largest_wanted.emit(span_us)

    def show_column(self, place: str) -> None:
        """Asks the lists to show what stands at a place of the events."""
        self.column_wanted.emit(place)

    def say_meaning(self, field: str, place: str) -> None:
        """Says that what stands at a place, written as a rule of identity does, is a field of the current event."""
        self.meaning_wanted.emit(field, place)

    def index_field(self, place: str) -> None:
        """Asks for an index of what stands at a place of the events."""
        self.index_wanted.emit(place)

    def ask_again(self) -> None:
        """Lets the lists ask for the filter in force once more: it may be answered another way now."""
        self.asked_again.emit()

    def hide_place(self, path: str) -> None:
        """Asks for what stands at a place of the events to be hidden."""
        self.mask_wanted.emit(path)

    def decode_again(self) -> None:
        """Asks for the capture to be decoded again."""
        self.decoding_wanted.emit()

    def explain(self, seq: int) -> None:
        """Makes an event current and asks what its value may be."""
        if seq:
            self.choose_event(seq)
            self.explanation_wanted.emit(seq)

    def replay_event(self, seq: int) -> None:
        """Makes an event current and asks for the state it led to."""
        self.choose_event(seq)
        self.replay_wanted.emit(seq)

    def export_states(self, wish: StatesWish) -> None:
        """Asks for a table of states as a file."""
        self.states_wanted.emit(wish)

    def back(self) -> bool:
        """Undoes the last filter or range, with the event that was current then; False when there is nothing to undo."""
        return self._travel(self._before, self._after)

    def forward(self) -> bool:
        """Undoes `back`."""
        return self._travel(self._after, self._before)

    def look_again(self) -> None:
        """Tells all of it once more, to panes that were made meanwhile."""
        self.filter_changed.emit(self.filter)
        self.time_range_changed.emit(self.time_range)
        self.event_changed.emit(self.seq)
        self.reference_changed.emit(self.reference)

    def _travel(self, source: list[Look], target: list[Look]) -> bool:
        if not source:
            return False
        target.append(self._look)
        look = source.pop()
        self._change(look)
        self.returned.emit(look)
        return True

    def _step(self, look: Look) -> None:
        if look != self._look:
            look = replace(look, top=0)
            self._before = [*self._before[-_MOST_BACK:], self._look]
            self._after.clear()
            self._change(look)

    def _change(self, look: Look) -> None:
        before, self._look = self._look, look
        if (look.filter, look.order) != (before.filter, before.order):
            self.filter_changed.emit(look.filter)
        if look.time_range != before.time_range:
            self.time_range_changed.emit(look.time_range)
        if look.seq != before.seq:
            self._visited.pass_by(look.seq)
            self.event_changed.emit(look.seq)
