"""The header of the list of events: which columns are there, how wide, in which order; fitted to the room, or as the user made it.

Knows no event. Read `models.event_columns` for what columns there are.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics
from PySide6.QtWidgets import QHeaderView, QMenu

from app import style
from app.indexing import INDEX_TIP, can_be_indexed
from app.models.event_columns import ORDER_OF, STATE, TIME, USUAL_ORDER, VALUE, Column, Columns
from app.models.profile import LEAST_PX, MOST_PX, ColumnChoices
from app.plain import set_tip
from inspector.query.places import FieldPlace
from inspector.text import shortened, visible

_CELL_PX = 20
"""A cell's own margins left and right."""
_DISPENSABLE_RANK = 6
"""Columns from this rank on go before the others become narrow."""
_WISHED_VALUE = 44
"""Characters of the value before the other columns have all they wish."""
_STEPWISE = (STATE, TIME)
"""Columns that take their short or their whole text, nothing between."""
_MENU_CHARACTERS = 60


class EventHeader(QHeaderView):
    """Columns the user has not touched are fitted to the width; what the user shows, hides, moves or sizes stays so."""

    order_wanted = Signal(object)
    """`(order)`: a header was clicked that stands for one."""
    added = Signal(object)
    """`(places)`: these are to be the added columns, now."""
    unwanted = Signal(object)
    """`(number)`: an added column is to go."""
    wanted = Signal(object)
    """`(place)`: a place is to be shown in a column of its own."""
    index_wanted = Signal(object)
    """`(place)`: filters on what a column shows are to be looked up."""
    narrowed = Signal(object)
    """`(columns)`: the frozenset of columns with no room for their whole text."""

    def __init__(self, columns: Columns) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._columns = columns
        self.offered: Callable[[], list[FieldPlace]] = list
        """The places that are offered as columns."""
        self.setAccessibleName("Columns of the list")
        self.setHighlightSections(False)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setMinimumSectionSize(LEAST_PX)
        self.setMaximumSectionSize(MOST_PX)
        self.setStretchLastSection(True)
        self.setSectionsMovable(True)
        self.setSectionsClickable(True)
        self._expected: frozenset[str] = frozenset()
        self._shown: dict[str, bool] = {}
        self._widths: dict[str, int] = {}
        self._order: list[str] = []
        self._is_fitting = False
        self._narrow: frozenset[int] = frozenset()

    def attend(self) -> None:
        """Begins to listen; called once, when there are columns."""
        self._place_columns()
        self.sectionResized.connect(self._resized)
        self.sectionMoved.connect(self._moved)
        self.sectionClicked.connect(self._clicked)

    # ---- what the user made

    def columns(self) -> ColumnChoices:
        """What the user made of the columns."""
        names = self._columns.names  # a column that was taken away again is not remembered
        return ColumnChoices(
            {name: on for name, on in self._shown.items() if name in names},
            {name: width for name, width in self._widths.items() if name in names},
            tuple(name for name in self._order if name in names),
            tuple(place.text for place in self._columns.places),
        )

    def restore_columns(self, made: ColumnChoices) -> None:
        """What was once given by `columns`."""
        self.added.emit(list(made.added))
        names = self._columns.names
        self._shown = {name: on for name, on in made.shown.items() if name in names}
        self._widths = {name: min(max(width, LEAST_PX), MOST_PX) for name, width in made.widths.items() if name in names}
        self._order = [name for name in made.order if name in names]
        self.take_columns()

    def take_columns(self) -> None:
        """There are others than before."""
        self._place_columns()
        self.fit()

    def reset_columns(self) -> None:
        """The usual columns, in their usual order, as wide as there is room."""
        self.restore_columns(ColumnChoices())

    def show_column(self, name: str, *, on: bool) -> None:
        """Shows or hides a column; the last one stays."""
        if on or sum(not self.isSectionHidden(place) for place in range(len(self._columns))) > 1:
            self._shown[name] = on
            self.fit()

    def expect(self, names: frozenset[str]) -> None:
        """Shows these too for the time being, unless the user hid them."""
        if names != self._expected:
            self._expected = names
            self.fit()

    def is_shown(self, name: str) -> bool:
        """Whether a column is there."""
        return not self.isSectionHidden(self._columns.number(name))

    def _place_columns(self) -> None:
        names = self._columns.names
        kept = [name for name in self._order if name in names] or [name for name in self._usual() if name != "value"]
        last = kept.pop() if kept[-1] == "value" else "value" if "value" not in kept else ""
        order = [*kept, *(name for name in names if name not in (*kept, last)), *([last] if last else [])]
        self._is_fitting = True
        for place, name in enumerate(order):
            self.moveSection(self.visualIndex(self._columns.number(name)), place)
        self._is_fitting = False

    def _usual(self) -> list[str]:
        return [*USUAL_ORDER, *self._columns.names[len(USUAL_ORDER) :]]

    def _resized(self, place: int, _before: int, width: int) -> None:
        if not self._is_fitting and width and place != self._last_shown():
            self._widths[self._columns[place].name] = width
        if not self._is_fitting:
            self._say_narrow()

    def _moved(self, _place: int, _before: int, _now: int) -> None:
        if not self._is_fitting:
            self._order = [self._columns[self.logicalIndex(visual)].name for visual in range(len(self._columns))]

    def _last_shown(self) -> int:
        visuals = (self.logicalIndex(visual) for visual in range(len(self._columns) - 1, -1, -1))
        return next((place for place in visuals if not self.isSectionHidden(place)), VALUE)

    def _clicked(self, place: int) -> None:
        if (order := ORDER_OF.get(self._columns[place].name)) is not None:
            self.order_wanted.emit(order)

    # ---- fitting

    def fit(self, room_px: int = 0) -> None:
        """Gives the columns the room there is: short texts first shrink, then columns nobody asked for go."""
        room_px = room_px or self.viewport().width()
        places = self._fitting_columns(room_px)
        widths = self._fitting_widths(places, room_px)
        self._is_fitting = True
        for place in range(len(self._columns)):
            self.setSectionHidden(place, place not in widths)
            if place in widths:
                self.resizeSection(place, widths[place])
        self._is_fitting = False
        self._say_narrow()

    def _fitting_columns(self, room_px: int) -> list[int]:
        """The columns that are there: what the user shows, and of the others those that fit beside the value."""
        columns = enumerate(self._columns.all)
        places = [place for place, each in columns if self._shown.get(each.name, each.rank > 0 or each.name in self._expected)]
        self._drop(places, room_px, _DISPENSABLE_RANK, self._comfortable)
        self._drop(places, room_px, 2, self._least)
        return places or [VALUE]

    def _drop(self, places: list[int], room_px: int, least_rank: int, width: Callable[[int], int]) -> None:
        """Lets columns that nobody asked for go, from `least_rank` on, until the others have their `width`."""
        while sum(map(width, places)) > room_px:
            free = [place for place in places if self._columns[place].name not in self._shown and self._columns[place].rank >= least_rank]
            if not free:
                return
            places.remove(max(free, key=lambda place: self._columns[place].rank))

    def _comfortable(self, place: int) -> int:
        """Half way between a column's least and its usual width, for those that have more than two."""
        column = self._columns[place]
        if column.name in self._widths or place in _STEPWISE:
            return self._least(place)
        return self._characters((column.least + column.width) // 2)

    def _fitting_widths(self, places: list[int], room_px: int) -> dict[int, int]:
        widths = {place: self._least(place) for place in places}
        spare = room_px - sum(widths.values())
        growing = [place for place in places if place not in (*_STEPWISE, VALUE) and self._columns[place].name not in self._widths]
        wishes = {place: self._characters(self._columns[place].width) - widths[place] for place in growing}
        value = self._characters(_WISHED_VALUE) - widths.get(VALUE, 0)
        share = min(1.0, max(spare, 0) / max(sum(wishes.values()) + value, 1))
        for place, wish in wishes.items():
            widths[place] += int(wish * share)
        spare = room_px - sum(widths.values())
        for place in _STEPWISE:
            wish = self._characters(self._columns[place].width) - widths.get(place, 0)
            if place in widths and self._columns[place].name not in self._widths and wish <= spare:
                widths[place] += wish
                spare -= wish
        return widths

    def _least(self, place: int) -> int:
        column = self._columns[place]
        return self._widths.get(column.name) or self._characters(column.least)

    def _characters(self, count: int) -> int:
        return QFontMetrics(style.fixed_font()).horizontalAdvance("0") * count + _CELL_PX

    def _say_narrow(self) -> None:
        narrow = frozenset(place for place in range(len(self._columns)) if self._is_narrow(place, self._columns[place]))
        if narrow != self._narrow:
            self._narrow = narrow
            self.narrowed.emit(narrow)

    def _is_narrow(self, place: int, column: Column) -> bool:
        if self.isSectionHidden(place):
            return place == STATE
        return (place == STATE or column.is_time or column.is_span) and self.sectionSize(place) < self._characters(column.width - 1)

    # ---- the menu

    def menu(self, pointed_at: int = -1) -> QMenu:
        """Columns to show and hide, and the way back to the usual ones; what can be done with the column that is pointed at."""
        menu = QMenu(self)
        for number, column in enumerate(self._columns.all):
            action = menu.addAction(visible(shortened(column.words, _MENU_CHARACTERS)).replace("&", "&&"))
            action.setCheckable(True)
            action.setChecked(self.is_shown(column.name))
            if self._columns.place(number) is None:
                action.toggled.connect(lambda on, name=column.name: self.show_column(name, on=on))
            else:
                action.toggled.connect(lambda _on, number=number: self.unwanted.emit(number))
        self._offer(menu)
        menu.addSeparator()
        menu.addAction("Usual columns").triggered.connect(self.reset_columns)
        self._offer_index(menu, pointed_at)
        return menu

    def _offer_index(self, menu: QMenu, number: int) -> None:
        """An index of what the column shows, where there can be one."""
        if not 0 <= number < len(self._columns):
            return
        place = self._columns.place(number)
        text = place.text if place is not None else self._columns[number].name
        if can_be_indexed(text):
            menu.setToolTipsVisible(True)
            action = menu.addAction(f"Index {visible(shortened(text, _MENU_CHARACTERS))}".replace("&", "&&"))
            set_tip(action, INDEX_TIP)
            action.triggered.connect(lambda _checked: self.index_wanted.emit(text))

    def _offer(self, menu: QMenu) -> None:
        """Places that the filter in force asks for and that have no column yet."""
        for place in self.offered():
            if self._columns.number(place.text) < 0:
                action = menu.addAction(f"Add {visible(shortened(place.text, _MENU_CHARACTERS))}".replace("&", "&&"))
                action.triggered.connect(lambda _checked, text=place.text: self.wanted.emit(text))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Asks which columns are wanted."""
        self.choose_columns(event.globalPos(), self.logicalIndexAt(event.pos()))

    def choose_columns(self, at: QPoint | None = None, pointed_at: int = -1) -> None:
        """Opens the menu of columns, at the header when nothing is said."""
        menu = self.menu(pointed_at)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(at if at is not None else self.mapToGlobal(QPoint(0, self.height())))
