"""The events pane: the list in its order, what it was narrowed to and how far that is, live tail, pause, and the way to what is new.

Builds and connects; each part knows one thing. Read `app.lister` for what is listed, `app.event_tail` for how it follows,
`app.event_place` for what stays where it is, `app.event_actions` for what can be done with an event.
"""

from __future__ import annotations

from datetime import tzinfo

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QPushButton, QStackedWidget, QWidget

from app import style
from app.empty import Empty
from app.event_actions import EventActions
from app.event_keys import install_keys
from app.event_menu import EventMenu
from app.event_place import EventPlace
from app.event_tail import EventTail, NewButton
from app.event_view import EventView
from app.event_words import counts, nothing
from app.jump_bar import JumpBar
from app.lister import Lister
from app.match_map import MatchMap
from app.models.event_columns import HEADED_BY, NAMES
from app.models.event_table import EventTable
from app.models.wish import Wish
from app.notice import Notice, thin_bar
from app.order_button import OrderButton
from app.pager import Pager
from app.plain import Panel, set_role, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.asking import Watermark
from inspector.errors import QueryError
from inspector.query.combine import unasked
from inspector.query.places import places_in

_AWAITED = "No events yet.", "They appear here as they are captured."
_NONE_HERE = "This capture has no events.", "The navigator has what was there to be read."


class EventsPane(Panel):
    """The list of events of a session. `stick_changed(on)` and `pause_changed(on)` say how it follows."""

    stick_changed = Signal(object)
    pause_changed = Signal(object)
    order_changed = Signal(object, object)
    """`(order, newest_first)`"""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Events")
        self._session, self._selection = session, selection
        self.model = EventTable(self)
        self.lister = Lister(session, self.model, self)
        self.to_do = EventActions(session, selection, self.model, self.lister)
        self._wrong: str | None = None
        self.own_order = Wish().order, Wish().newest_first
        self._build()
        self._connect()
        session.watermark_changed.connect(self.follow)
        if session.watermark is not None:
            self.follow(session.watermark)
        if self.wish.is_narrowed:
            self._ask()

    # ---- building

    def _build(self) -> None:
        self.view = EventView(self.model)
        self._loading, self._searched = thin_bar("Reading", 0), thin_bar("Searched", 100)
        self.stop_button = QPushButton("Stop")
        set_tip(self.stop_button, "What was found stays; the search can go on from here")
        self.stop_button.hide()
        self.unasked_button = QPushButton()
        set_tip(self.unasked_button, "Events that lack what the filter asks for; click to list them, Alt+Left comes back")
        self.unasked_button.hide()
        self.order_button = OrderButton()
        self.corner.addSpacing(style.GAP_PX)
        self.corner.addWidget(self.unasked_button)
        self.corner.addWidget(self.stop_button)
        self.corner.addWidget(self.order_button)
        self.notice = Notice("About the list")
        self.jump_bar = JumpBar(self.to_do.here)
        self.empty = Empty("Opening the capture …", "")
        self._clear = self.empty.add_button("Clear the filter and the time range", is_main=True)
        self._clear.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        for widget in (self._loading, self._searched, self.notice, self.jump_bar):
            self.body.addWidget(widget)
        self.match_map = MatchMap(self._session, self.view, self.lister)
        self.body.addLayout(self.match_map.beside(self._stack), 1)
        self._new = NewButton(self)
        self._say_order()

    def _connect(self) -> None:
        view, lister, to_do, selection = self.view, self.lister, self.to_do, self._selection
        self._pager = Pager(self._session, self.model)
        self._pager.slow.connect(self._loading.setVisible)
        self.place = EventPlace(view, lister, selection)
        self.tail = EventTail(self._session, view, lister)
        self.place.said.connect(self._tell)
        self.place.moved.connect(self.tail.unstick)
        self.tail.stick_changed.connect(self.stick_changed)
        self.tail.pause_changed.connect(self._paused)
        self.tail.counted.connect(self._new.say)
        view.all_chosen.connect(self._all_chosen)
        view.copy_wanted.connect(self.copy)
        view.menu_wanted.connect(self._open_menu)
        view.header.order_wanted.connect(self._header_clicked)
        lister.refused.connect(self._refused)
        lister.accepted.connect(self._accepted)
        lister.progressed.connect(self._progressed)
        to_do.arrived.connect(self.place.go_to)
        to_do.said.connect(lambda sentence: self._tell(sentence, False))
        selection.filter_changed.connect(self._ask)
        selection.column_wanted.connect(view.add_column)
        view.header.offered = lambda: places_in(selection.filter)
        selection.reference_changed.connect(view.tell_since)
        view.tell_since(selection.reference)
        selection.time_range_changed.connect(self._ask)
        self.jump_bar.wanted.connect(to_do.go_to)
        self.jump_bar.left.connect(self.take_focus)
        self.order_button.order_wanted.connect(self.set_order)
        self.order_button.direction_wanted.connect(lambda newest_first: self.set_order(newest_first=newest_first))
        self.order_button.columns_wanted.connect(self.choose_columns)
        self.stop_button.clicked.connect(self.stop_or_go_on)
        self.unasked_button.clicked.connect(self.list_unasked)
        self._clear.clicked.connect(self.clear_filter)
        self._new.clicked.connect(lambda: self.stick(on=True))
        install_keys(self)

    # ---- what is listed

    @property
    def wish(self) -> Wish:
        """What the list is asked to have; a filter that was refused is not asked for again."""
        look = self._selection.look
        order, newest_first = (look.order, False) if look.order else self.own_order
        text = self.lister.wanted.filter if look.filter == self._wrong else look.filter
        return Wish(order, newest_first, text, look.time_range)

    def set_order(self, order: str | None = None, *, newest_first: bool | None = None) -> None:
        """Lists by `arrival`, `log` or `time`; the current event keeps its place in view."""
        wish = self.wish
        self._selection.leave_order()
        self.begin_in(order or wish.order, newest_first=wish.newest_first if newest_first is None else newest_first)

    def begin_in(self, order: str, *, newest_first: bool) -> None:
        """Has an order of its own, in which it lists unless something is followed."""
        self.own_order = order, newest_first
        self.lister.show(self.wish)
        self._say_order()

    def _header_clicked(self, order: str) -> None:
        wish = self.lister.wish
        self.set_order(order, newest_first=wish.newest_first != (order == wish.order))

    def _ask(self, _look: object = None) -> None:
        self._wrong = None
        self.notice.hide()
        self.lister.show(self.wish)

    def clear_filter(self) -> None:
        """Lists everything again."""
        self._selection.show_everything()

    def list_unasked(self) -> None:
        """Lists the events that the filter is not applicable to; `back` brings the filter again."""
        if text := unasked(self.lister.wish.filter):
            self._selection.choose_filter(text)

    def stop_or_go_on(self) -> None:
        """Stops the search, or goes on with it; what was found stays."""
        if self.lister.is_stopped:
            self.lister.go_on()
        else:
            self.lister.stop()

    def _refused(self, error: QueryError) -> None:
        self._say_order()
        self._wrong = self._selection.filter
        self.notice.say(error.sentence, role="bad")

    def _accepted(self) -> None:
        self._say_order()
        self.order_changed.emit(*self.own_order)

    def _say_order(self) -> None:
        wish = self.lister.wish
        self.order_button.show_wish(wish)
        self.model.set_arrow(NAMES.index(HEADED_BY[wish.order]), "↓" if wish.newest_first else "↑")

    def _progressed(self) -> None:
        lister = self.lister
        self.stop_button.setVisible(not lister.is_done)
        self.stop_button.setText("Go on" if lister.is_stopped else "Stop")
        self.unasked_button.setVisible(lister.not_applicable > 0)
        self.unasked_button.setText(f"{lister.not_applicable:,} not applicable")
        self._searched.setVisible(lister.is_searching)
        self._searched.setValue(int(lister.share * 100))
        if lister.error:
            self.notice.say(f"the list is not whole: {lister.error}", role="warn", action="Go on", acted=lister.go_on)
        self._show_or_empty()
        self._say_counts()

    def _show_or_empty(self) -> None:
        """The table, or why there is nothing in it."""
        had_focus = self._stack.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else True
        if self.model.rows:
            if self._stack.currentWidget() is not self.view:
                self._stack.setCurrentWidget(self.view)
                if had_focus:
                    self.view.setFocus()
            return
        captured, is_narrowed = self.tail.last_seq, self.lister.wish.is_narrowed
        self._clear.setVisible(is_narrowed)
        if captured and is_narrowed:
            self.empty.show_text(*nothing(self.lister))
        elif not captured and self._session.watermark is not None:
            self.empty.show_text(*(_AWAITED if self._session.is_capturing else _NONE_HERE))
        self._stack.setCurrentWidget(self.empty)

    def _all_chosen(self) -> None:
        set_role(self.view, "all" if self.view.is_all_selected else "")
        self._say_counts()

    def _say_counts(self) -> None:
        mark = self._session.watermark
        captured = mark.events if mark is not None else 0
        all_selected = self.view.is_all_selected
        self.note.show_text(counts(self.lister, self.model.rows, all_selected=all_selected, is_paused=self.is_paused, captured=captured))

    def _tell(self, sentence: str, helps_to_clear: bool) -> None:
        if not sentence:
            self.notice.hide()
        elif helps_to_clear:
            self.notice.say(sentence, role="warn", action="Clear the filter", acted=self.clear_filter)
        else:
            self.notice.say(sentence, role="warn")

    # ---- following

    @property
    def is_stuck(self) -> bool:
        """Whether the list stays at the newest event."""
        return self.tail.is_stuck

    @property
    def is_paused(self) -> bool:
        """Whether the list stands still."""
        return self.tail.is_paused

    def follow(self, mark: Watermark) -> None:
        """Takes what came, unless paused."""
        self.tail.follow(mark)
        self._show_or_empty()
        self._say_counts()

    def stick(self, *, on: bool) -> None:
        """Stays at the newest event, or stays where it is. The selected row stays selected either way."""
        self.tail.stick(on=on)

    def pause(self, *, on: bool) -> None:
        """Holds the list still while the capture goes on, or takes all that came meanwhile."""
        self.tail.pause(on=on)

    def _paused(self, on: bool) -> None:
        self._show_or_empty()
        self._say_counts()
        self.pause_changed.emit(on)

    # ---- what can be done

    def choose_row(self, row: int) -> None:
        """Makes a row current and brings it into view."""
        self.view.choose_row(row)

    def open_jump(self) -> None:
        """Opens the box that takes a time, an offset, a version or a number."""
        self.jump_bar.open()
        self.to_do.learn_here(self.jump_bar.explain)

    def next_of_stream(self) -> None:
        """Goes to the next event of the current one's stream."""
        self.to_do.go_along_stream(forward=True)

    def previous_of_stream(self) -> None:
        """Goes to the previous event of the current one's stream."""
        self.to_do.go_along_stream(forward=False)

    def follow_from(self, what: str) -> None:
        """Lists what the current event's `stream`, `key` or `correlation_id` has; `back` comes back here."""
        self.to_do.follow(what, self._selection.seq)

    def replay(self) -> None:
        """Asks for the state that the current event led to."""
        self.to_do.replay(self._selection.seq)

    def copy(self) -> None:
        """Puts the chosen events on the clipboard as JSON lines."""
        self.copy_as("lines")

    def copy_as(self, what: str) -> None:
        """Puts `lines`, `key`, `value` or `position` of the chosen events on the clipboard; at most 10,000 events."""
        self.to_do.copy(what, all_of_it=self.view.is_all_selected, seq=self._selection.seq)

    def copy_command(self) -> None:
        """Puts the command on the clipboard that lists the same."""
        self.to_do.copy_command()

    def choose_columns(self) -> None:
        """Opens the menu of columns."""
        self.view.header.choose_columns()

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self.model.set_zone(zone)

    def _open_menu(self, index: QModelIndex, at: QPoint) -> None:
        row, seq = self.model.known(index.row()), self.model.seq_of(index.row())
        header = self.model.columns[index.column()].header or "state"
        menu = EventMenu(self, row, index.column(), header, is_reference=self.to_do.is_reference(seq))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.filter_wanted.connect(lambda exclude: self.to_do.filter_by(seq, index.column(), exclude=exclude))
        menu.explain_wanted.connect(lambda: self._selection.explain(seq))
        menu.replay_wanted.connect(lambda: self.to_do.replay(seq))
        menu.follow_wanted.connect(lambda what: self.to_do.follow(what, seq))
        menu.copy_wanted.connect(self.copy_as)
        menu.command_wanted.connect(self.copy_command)
        menu.reference_wanted.connect(lambda: self.to_do.refer(seq))
        self.to_do.filter_texts(seq, index.column(), menu)
        menu.neighbour_wanted.connect(lambda forward: self.to_do.go_along_stream(forward=forward))
        menu.popup(at)

    # ---- looks

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "model"):
            self.model.refresh_look()
        super().changeEvent(event)

    def take_focus(self) -> QWidget:
        """Gives the keyboard to the list."""
        self.view.setFocus()
        return self.view
