"""The filter in the toolbar: typed with completion, said in words, shown as right or wrong; used ones and kept ones.

Nothing here reads a file in the GUI thread: what was seen in the capture is asked of a worker once. Read `filter_line` for
the typing, `selection` for what obeys.
"""

from __future__ import annotations

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QWidget

from app import style
from app.filter_line import FilterLine
from app.filter_menu import plain
from app.filter_store import FilterStore
from app.indexing import INDEX_TIP, can_be_indexed
from app.plain import set_tip
from app.profiles import Profiles
from app.selection import Selection
from app.session import Session
from inspector.errors import QueryError
from inspector.query.completion import Known, Suggestion
from inspector.query.places import places_in
from inspector.query.seen import known
from inspector.text import shortened, visible

_MENU_CHARACTERS = 70
_MENU_ROWS = 15


class FilterBar(QWidget):
    """The box and the menu of filters. `follow` puts it to work on a session."""

    done = Signal(object)
    """`(nothing)`: the user is through with it; the list should have the focus."""

    def __init__(self, settings: QSettings, profiles: Profiles) -> None:
        super().__init__()
        self.store = FilterStore(settings, profiles)
        self._session: Session | None = None
        self._selection: Selection | None = None
        self.box = FilterLine(empty=self._before, keeps_escape=True)
        self.box.setPlaceholderText("Filter: an expression, or a text to search for  ( / )")
        self.box.setMinimumWidth(160)
        self.box.entered.connect(self._entered)
        self.box.asked.connect(lambda _nothing: self.apply())
        self.box.given_up.connect(lambda _nothing: self.revert())
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
        self._session, self._selection = session, selection
        self.forget_seen()
        self.setVisible(selection is not None)
        self.box.hide_help()
        if selection is not None:
            selection.filter_changed.connect(self._changed)
        self._changed(selection.filter if selection is not None else "")

    def take_focus(self) -> None:
        """Puts the cursor into the box, everything marked."""
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.box.selectAll()

    def forget_seen(self) -> None:
        """What the capture had to offer is asked again: other things are hidden now."""
        self.box.known = Known()

    # ---- following

    def _changed(self, text: object) -> None:
        """Another filter is in force."""
        if self.sender() is not None and self.sender() is not self._selection:
            return  # of a session before
        self.box.show_filter(str(text))

    def _entered(self, _nothing: object) -> None:
        session = self._session
        if session is not None:
            session.work.run(known, self.box.learn, lambda _error: None, lane="seen")

    # ---- typing

    def _before(self) -> list[Suggestion]:
        """What is offered in an empty box: what was asked before."""
        kept = [Suggestion(each, each, "kept") for each in self.store.kept]
        used = [Suggestion(each, each, "used before") for each in self.store.used if each not in self.store.kept]
        return [*kept, *used]

    def apply(self) -> None:
        """Puts the filter in force; a wrong one is said, with the cursor where it is wrong."""
        if self._selection is None:
            return
        text, found = self.box.text().strip(), self.box.compiled()
        if isinstance(found, QueryError):
            self.box.say_wrong(found)
            return
        if self._session is not None and not self._session.masks:  # what is masked may stand in a filter
            self.store.use(text)
        self.box.hide_help()
        self._selection.choose_filter(text)
        self.done.emit("")

    def revert(self) -> None:
        """Shows the filter in force again."""
        self._changed(self._selection.filter if self._selection is not None else "")
        self.box.hide_help()
        self.done.emit("")

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
