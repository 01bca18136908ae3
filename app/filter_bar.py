"""The filter in the toolbar: typed with completion, said in words, shown as right or wrong; used ones and kept ones.

Nothing here reads a file in the GUI thread: what was seen in the capture is asked of a worker once. Read `filter_help` for what
drops down, `inspector.query.completion` for what is offered, `selection` for what obeys.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSettings, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QWidget

from app import style
from app.filter_help import FilterHelp
from app.filter_menu import plain
from app.filter_store import FilterStore
from app.indexing import INDEX_TIP, can_be_indexed
from app.plain import announce, set_role, set_tip
from app.profiles import Profiles
from app.selection import Selection
from app.session import Session
from inspector.errors import QueryError
from inspector.query import Filter, compile_filter
from inspector.query.completion import Known, Suggestion, complete
from inspector.query.names import CAPTURED
from inspector.query.places import places_in
from inspector.query.seen import known
from inspector.text import shortened, visible

_LONGEST_CHECKED = 2_000
"""A longer filter is checked when it is asked for, not at every key."""
_MENU_CHARACTERS = 70
_MENU_ROWS = 15


class FilterBox(QLineEdit):
    """The line itself; tells keys that mean something to the bar."""

    left = Signal(object)
    """`(nothing)`: the focus went elsewhere."""
    entered = Signal(object)
    """`(nothing)`: the focus came."""

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Says so."""
        super().focusInEvent(event)
        self.entered.emit("")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Says so; a menu of its own is not elsewhere."""
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:
            self.left.emit("")


class FilterBar(QWidget):
    """The box and the menu of filters. `follow` puts it to work on a session."""

    done = Signal(object)
    """`(nothing)`: the user is through with it; the list should have the focus."""

    def __init__(self, settings: QSettings, profiles: Profiles) -> None:
        super().__init__()
        self.store = FilterStore(settings, profiles)
        self._session: Session | None = None
        self._selection: Selection | None = None
        self._known = Known()
        self._help: FilterHelp | None = None
        self._start = 0
        self.box = FilterBox()
        self.box.setAccessibleName("Filter")
        self.box.setPlaceholderText("Filter: an expression, or a text to search for  ( / )")
        self.box.setFont(style.fixed_font())
        self.box.setMaxLength(20_000)
        self.box.setMinimumWidth(160)
        self.box.textEdited.connect(self._edited)
        self.box.entered.connect(self._entered)
        self.box.left.connect(self._left)
        self.box.installEventFilter(self)
        self.menu_button = QPushButton("Saved ▾")
        self.menu_button.setProperty("role", "plain")
        set_tip(self.menu_button, "Filters that were kept, and those used before")
        self.menu_button.clicked.connect(self.show_menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(style.GAP_PX)
        row.addWidget(self.box, 1)
        row.addWidget(self.menu_button)

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Works on another session; None: nothing is open."""
        self._session, self._selection, self._known = session, selection, Known()
        self.setVisible(selection is not None)
        self._hide_help()
        if selection is not None:
            selection.filter_changed.connect(self._changed)
        self._changed(selection.filter if selection is not None else "")

    def take_focus(self) -> None:
        """Puts the cursor into the box, everything marked."""
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.box.selectAll()

    def forget_seen(self) -> None:
        """What the capture had to offer is asked again: other things are hidden now."""
        self._known = Known()

    # ---- following

    def _changed(self, text: object) -> None:
        """Another filter is in force."""
        if self.sender() is not None and self.sender() is not self._selection:
            return  # of a session before
        self.box.setText(str(text))
        self.box.setCursorPosition(0)
        self._check()

    def _entered(self, _nothing: object) -> None:
        session = self._session
        if session is not None:
            session.work.run(known, self._learn, lambda _error: None, lane="seen")

    def _learn(self, seen: Known) -> None:
        self._known = seen
        if self._help is not None and self._help.isVisible():
            self._offer()

    def _left(self, _nothing: object) -> None:
        self._hide_help()

    # ---- typing

    def _edited(self, _text: str) -> None:
        self._check()
        self._offer()

    def _check(self) -> None:
        """Says whether what stands in the box is a filter, or the beginning of one: by colour here and by words below."""
        text = self.box.text().strip()
        found: Filter | QueryError | None = None
        if text and len(text) <= _LONGEST_CHECKED:
            found = _compiled(text)
        role, words = "", ""
        if isinstance(found, QueryError):
            is_begun = self.box.hasFocus() and found.column >= len(text)
            role, words = ("", f"… {found.expected}") if is_begun else ("bad", found.sentence)
        elif found is not None:
            role, words = "ok", found.words
        set_role(self.box, role)
        self.box.setAccessibleDescription(words)
        if self._help is not None:
            self._help.say({"bad": "✕ ", "ok": "✓ "}.get(role, "") + words, role or "dim")

    def _offer(self) -> None:
        """Shows what may stand at the cursor; in an empty box what was asked before."""
        popup = self._popup()
        text, cursor = self.box.text(), self.box.cursorPosition()
        if text.strip():
            found = complete(text, cursor, self._known)
            self._start = found.start
            popup.offer(found.found)
        else:
            self._start = 0
            kept = [Suggestion(each, each, "kept") for each in self.store.kept]
            used = [Suggestion(each, each, "used before") for each in self.store.used if each not in self.store.kept]
            popup.offer([*kept, *used])
        self._check()
        popup.show_below(self.box)

    def _insert(self, suggestion: Suggestion) -> None:
        text, cursor = self.box.text(), self.box.cursorPosition()
        self.box.setText(text[: self._start] + suggestion.insert + text[cursor:])
        self.box.setCursorPosition(self._start + len(suggestion.insert))
        self._edited("")

    def apply(self) -> None:
        """Puts the filter in force; a wrong one is said, with the cursor where it is wrong."""
        text = self.box.text().strip()
        found = _compiled(text) if text else None
        if self._selection is None:
            return
        if isinstance(found, QueryError):
            self._offer()
            set_role(self.box, "bad")
            self._popup().say(f"✕ {found.sentence}", "bad")
            self.box.setCursorPosition(min(found.column + len(self.box.text()) - len(self.box.text().lstrip()), len(self.box.text())))
            announce(self.box, found.sentence, at_once=True)
            return
        if self._session is not None and not self._session.masks:  # what is masked may stand in a filter
            self.store.use(text)
        self._hide_help()
        self._selection.choose_filter(text)
        self.done.emit("")

    def revert(self) -> None:
        """Shows the filter in force again."""
        self._changed(self._selection.filter if self._selection is not None else "")
        self._hide_help()
        self.done.emit("")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter, Esc, Tab, Up and Down."""
        if watched is not self.box or event.type() not in {QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride}:
            return False
        assert isinstance(event, QKeyEvent)
        key = Qt.Key(event.key())
        if event.type() is QEvent.Type.ShortcutOverride:
            if key is Qt.Key.Key_Escape:
                event.accept()  # else it would clear the filter
            return False
        return self._pressed(key)

    def _pressed(self, key: Qt.Key) -> bool:
        popup = self._help if self._help is not None and self._help.isVisible() else None
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if popup is not None and popup.marked is not None:
                self._insert(popup.marked)
            else:
                self.apply()
        elif key is Qt.Key.Key_Escape:
            if popup is not None and popup.table.isVisible():
                self._hide_help()
            else:
                self.revert()
        elif key is Qt.Key.Key_Tab and popup is not None and popup.best is not None:
            self._insert(popup.best)
        elif key in {Qt.Key.Key_Down, Qt.Key.Key_Up}:
            if popup is None:
                self._offer()
            self._popup().move_mark(1 if key is Qt.Key.Key_Down else -1)
        else:
            return False
        return True

    def _popup(self) -> FilterHelp:
        if self._help is None:
            self._help = FilterHelp(self.window())
            self._help.chosen.connect(self._insert)
        return self._help

    def _hide_help(self) -> None:
        if self._help is not None:
            self._help.hide()

    # ---- used and kept ones

    def show_menu(self) -> None:
        """The menu of filters below its button."""
        menu = self.make_menu()
        menu.popup(self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft()))

    def make_menu(self) -> QMenu:
        """Kept filters, used ones, and what can be done about them."""
        menu = QMenu(self)
        menu.setAccessibleName("Filters")
        menu.setToolTipsVisible(True)
        menu.aboutToHide.connect(menu.deleteLater)
        text = self._selection.filter if self._selection is not None else ""
        is_kept = text in self.store.kept
        keep = menu.addAction("Keep this filter no more" if is_kept else "Keep this filter")
        keep.setEnabled(bool(text))
        keep.triggered.connect(lambda: self.store.keep(text, on=not is_kept))
        for place in places_in(text):
            if can_be_indexed(place.text):
                index = menu.addAction(f"Index {plain(place.text)}")
                set_tip(index, INDEX_TIP)
                index.triggered.connect(lambda _checked, place=place.text: self._index(place))
        used = [each for each in self.store.used if each not in self.store.kept][:_MENU_ROWS]
        for title, texts in (("Kept", self.store.kept), ("Used before", used)):
            if texts:
                menu.addSection(title)
            for each in texts:
                menu.addAction(self._choice(each, menu))
        if self.store.used:
            menu.addSeparator()
            menu.addAction("Forget those used before").triggered.connect(self.store.forget_used)
        return menu

    def _index(self, place: str) -> None:
        if self._selection is not None:
            self._selection.index_field(place)

    def _choice(self, text: str, menu: QMenu) -> QAction:
        action = QAction(visible(shortened(text, _MENU_CHARACTERS)).replace("&", "&&"), menu)
        action.triggered.connect(lambda: self._choose(text))
        return action

    def _choose(self, text: str) -> None:
        self.box.setText(text)
        self.apply()


def _compiled(text: str) -> Filter | QueryError:
    try:
        return compile_filter(text, CAPTURED)
    except QueryError as error:
        return error
