"""What can be done with the events of a list: go to one, to its neighbours in the stream, filter by a value, copy, replay.

Asks the session's workers and tells the selection; holds no row. Read `panes.events` for the list itself.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from shiboken6 import isValid

from app.event_menu import EventMenu
from app.jump import AtTime, Here, Target
from app.lister import Lister
from app.models.copied import MOST_EVENTS, Copied, command, copied
from app.models.durations import Reference
from app.models.event_columns import NAMES
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.event_table import EventTable
from app.models.places import Place, find, find_listed, largest, neighbours, newest_time
from app.models.value_filter import value_filter
from app.selection import Selection
from app.session import Session
from inspector.capture.histogram import times_of
from inspector.capture.reader import CaptureReader
from inspector.capture.rows import Event
from inspector.query import condition
from inspector.query.combine import combined
from inspector.query.fields import place_filter


class EventActions(QObject):
    """The actions of one list. `arrived` says where a jump leads; `said` what is to be told about it."""

    arrived = Signal(object)
    """`(Place)`: go there."""
    said = Signal(object)
    """`(sentence)`"""
    painted = Signal(object, object)
    """`(color, filter)`: what fulfils the filter is to have the colour of that number."""

    def __init__(self, session: Session, selection: Selection, model: EventTable, lister: Lister) -> None:
        super().__init__(model)
        self._session, self._selection = session, selection
        self._model, self._lister = model, lister
        self._here = Here(UTC, "UTC")
        selection.moment_wanted.connect(self.go_to_moment)
        selection.largest_wanted.connect(self.go_to_largest)

    # ---- going somewhere

    def here(self) -> Here:
        """What incomplete targets are completed with, as far as it is known."""
        zone = self._model.zone
        return Here(zone, zone_name(zone), self._here.day_us, self._here.newest_us)

    def learn_here(self, done: Callable[[], None]) -> None:
        """Asks for the newest time and the current event's."""
        seq = self._selection.seq

        def read(reader: CaptureReader) -> Here:
            found = reader.rows_by_seq([seq]) if seq else []
            return Here(UTC, "UTC", found[0].time_us if found else None, newest_time(reader))

        def learnt(here: Here) -> None:
            self._here = here
            done()

        self._session.work.run(read, learnt, self._failed, lane="here")

    def go_to(self, wanted: Target) -> None:
        """Goes to an event without filtering; says when it is not just what was asked for."""
        current, zone = self._selection.seq, self._model.zone

        def search(reader: CaptureReader) -> Place:
            return find(reader, wanted, current=current, zone=zone, zone_text=zone_name(zone))

        self._session.work.run(search, self.arrived.emit, self._failed, lane="jump")

    def go_to_moment(self, span_us: tuple[int, int]) -> None:
        """Goes to the first event of a moment that the list has; says so when it has none, and goes to the nearest."""
        zone, wish = self._model.zone, self._lister.wish
        wanted = AtTime(*span_us, f"{shown_time(span_us[0], zone)} {zone_name(zone)}")

        def search(reader: CaptureReader) -> Place:
            asked = condition(wish.filter) if wish.filter else None
            return find_listed(reader, wanted, asked, wish.time_range, zone, zone_name(zone))

        self._session.work.run(search, self.arrived.emit, self._failed, lane="jump")

    def go_to_largest(self, span_us: tuple[int, int]) -> None:
        """Goes to the event with the most bytes of those that the list has of a moment; says so when there is none."""
        wish = self._lister.wish

        def search(reader: CaptureReader) -> Place:
            return largest(reader, span_us, condition(wish.filter) if wish.filter else None, wish.time_range)

        self._session.work.run(search, self.arrived.emit, self._failed, lane="jump")

    def go_along_stream(self, *, forward: bool) -> None:
        """Goes to the next (or previous) event of the current one's stream that the list has."""
        seq = self._selection.seq
        if not seq:
            self.said.emit("choose an event first: the next one of its stream is looked for")
            return

        def found(seqs: list[int]) -> None:
            for other in seqs:
                if self._model.row_of(other) >= 0:
                    self.arrived.emit(Place(other))
                    return
            which = "later" if forward else "earlier"
            where = " in this list" if seqs else ""
            self.said.emit(f"no {which} event of this stream{where}")

        self._session.work.run(lambda reader: neighbours(reader, seq, forward=forward), found, self._failed, lane="jump")

    # ---- filtering, replaying

    def filter_texts(self, seq: int, column: int, menu: EventMenu) -> None:
        """Tells a menu the filters that a cell stands for, unless it was closed meanwhile."""

        def make(reader: CaptureReader) -> tuple[str, str]:
            return self._filter_of(reader, seq, column), self._filter_of(reader, seq, column, exclude=True)

        def made(texts: tuple[str, str]) -> None:
            if isValid(menu):
                menu.show_filters(self._selection, *texts)

        self._session.work.run(make, made, lambda _error: None, lane="filter texts")

    def filter_by(self, seq: int, column: int, *, exclude: bool) -> None:
        """Narrows the filter to what a cell shows, or to everything else."""
        before = self._selection.filter

        def make(reader: CaptureReader) -> str:
            added = self._filter_of(reader, seq, column, exclude=exclude)
            return combined(before, added) if added else ""

        def made(text: str) -> None:
            if text:
                self._selection.choose_filter(text)
            else:
                self.said.emit("this cell has nothing to filter by")

        self._session.work.run(make, made, self._failed, lane="filter by")

    def _filter_of(self, reader: CaptureReader, seq: int, column: int, *, exclude: bool = False) -> str:
        """The filter that a cell stands for; called on a worker."""
        if (place := self._model.columns.place(column)) is not None:
            return place_filter(reader, seq, place, exclude=exclude)
        event = reader.event(seq)
        return value_filter(event, NAMES[column], exclude=exclude) if event is not None else ""

    def follow(self, what: str, seq: int) -> None:
        """Lists what an event's `stream`, `key` or `correlation_id` has, through all logs, in the order of time."""
        words = what.replace("_", " ")
        if not seq:
            self.said.emit(f"choose an event first: its {words} is followed")
            return

        def make(reader: CaptureReader) -> str:
            event = reader.event(seq)
            return _filter_of_all(event, what) if event is not None else ""

        def made(text: str) -> None:
            if text:
                self._selection.follow(text)
            else:
                self.said.emit(f"this event has no {words} to follow")

        self._session.work.run(make, made, self._failed, lane="filter by")

    def refer(self, seq: int) -> None:
        """Tells times relative to an event; no longer, when it is the one they are told relative to."""
        if self.is_reference(seq):
            self._selection.choose_reference(None)
            return

        def found(times: dict[int, int]) -> None:
            if seq in times:
                self._selection.choose_reference(Reference(seq, times[seq]))
            else:
                self.said.emit("this event has no time that others could be told relative to")

        if seq:
            self._session.work.run(lambda reader: times_of(reader, [seq]), found, self._failed, lane="reference")

    def is_reference(self, seq: int) -> bool:
        """Whether times are told relative to this event."""
        return self._selection.reference is not None and self._selection.reference.seq == seq

    def go_to_reference(self) -> None:
        """Goes to the event that times are told relative to."""
        if (reference := self._selection.reference) is not None:
            self.arrived.emit(Place(reference.seq))

    def paint(self, color: int, seq: int) -> None:
        """Asks for a colour for all events of an event's stream, or of its key when it has none."""

        def make(reader: CaptureReader) -> str:
            event = reader.event(seq)
            return (_filter_of_all(event, "stream") or _filter_of_all(event, "key")) if event is not None else ""

        def made(text: str) -> None:
            if text:
                self.painted.emit(color, text)
            else:
                self.said.emit("choose an event with a stream or a key first: all of it gets the colour")

        self._session.work.run(make, made, self._failed, lane="filter by")

    def replay(self, seq: int) -> None:
        """Asks for the state that an event led to."""
        if seq:
            self._selection.replay_event(seq)

    # ---- copying

    def copy(self, what: str, *, all_of_it: bool, seq: int) -> None:
        """Puts events on the clipboard, as they were read; at most 10,000 or 16 million characters."""
        listed = self._model.listed
        asked = len(listed) if all_of_it else int(bool(seq))
        if not asked:
            return
        seqs = listed.part(0, min(asked, MOST_EVENTS) - 1) if all_of_it else [seq]
        self._session.work.run(lambda reader: copied(reader, seqs, asked, what), self._copied, self._failed, lane="copy")

    def _copied(self, found: Copied) -> None:
        if not found.events:
            self.said.emit("nothing is copied: the event is no longer in the capture")
            return
        QGuiApplication.clipboard().setText(found.text)
        if found.events < found.asked:
            left = f"the first {found.events:,} of {found.asked:,} events are copied"
            self._session.messages.say("note", f"{left}; this writes all: {self._command()}")

    def copy_command(self) -> None:
        """Puts the command on the clipboard that lists what the list has."""
        QGuiApplication.clipboard().setText(self._command())

    def _command(self) -> str:
        return self._session.said(command(self._session.path, self._lister.wish))

    def _failed(self, error: str) -> None:
        if error != "stopped":
            self.said.emit(f"the capture could not be read: {error}")


def _filter_of_all(event: Event, what: str) -> str:
    """The filter for all events with the same `stream`, `key` or `correlation_id`; empty where there is none, or it is hidden."""
    if getattr(event, what) is None:
        return ""
    text = value_filter(event, what)
    return combined(text, value_filter(event, "category")) if what == "stream" and text and event.category else text
