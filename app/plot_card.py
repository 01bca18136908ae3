"""One plot with what is around it: its title, its legend, what there is to know, its table, its menu. Knows no session.

Read `plots` for the drawing, `plot_card_menu` for the menu, `panes.metrics` for the grid of them.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import tzinfo

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.legend import Legend
from app.models.line_table import LineTable
from app.models.plot_spec import LOG, PlotSpec
from app.models.plotted import MOST_LINES, Plotted, amount, crossed
from app.notice import thin_bar
from app.plain import Panel, PlainLabel, set_role, set_tip
from app.plot_axes import line_colors
from app.plot_parts import Hatched, Mark
from app.plots import TimeLines
from inspector.capture.steps import HEADER
from inspector.errors import UsageError
from inspector.metrics import metric
from inspector.text import visible

_NUMBER_PX, _SWATCH_PX, _LEAST_TABLE_PX = 60, 9, 330
_READING = "The numbers are being read …"


class PlotCard(QFrame):
    """The plot of `spec`; what is done with it is told by signals of `plot` and `menu_wanted`."""

    menu_wanted = Signal(object, object, object)
    """`((from_us, until_us) or None, name or None, place on the screen)`: what to do with this plot, or with a line of it."""

    def __init__(self, spec: PlotSpec) -> None:
        super().__init__()
        self.spec = spec
        self.shown: Plotted | None = None
        self.alarmed: dict[str, float] = {}
        """The lines that are on the alarm's side of the threshold, with their newest value."""
        self._error = self._as_of = ""
        self.title, self.legend, self.state = PlainLabel(role="title", elided=True), Legend(), PlainLabel(role="dim", elided=True)
        self.menu_button, self.bar = QPushButton("⋯"), thin_bar("The numbers of a plot are being read", 0)
        self.plot, self.table, self.empty = TimeLines(""), LineTable(self), Empty(_READING, "", elided=True)
        self.view = RowsView(self.table, "", [0, *[_NUMBER_PX] * 4])
        self._build()
        self.show_spec(spec)

    def _build(self) -> None:
        head, whole = QHBoxLayout(), QVBoxLayout(self)
        head.setContentsMargins(style.INSIDE_PX, 0, 0, 0)
        head.setSpacing(2)
        head.addWidget(self.title, 3)
        head.addWidget(self.legend, 2)
        head.addWidget(self.menu_button)
        set_tip(self.menu_button, "What can be done with this plot")
        self.menu_button.clicked.connect(lambda _on: self.menu_wanted.emit(None, None, self._below_button()))
        self.view.setIconSize(QSize(_SWATCH_PX, _SWATCH_PX))
        self.view.setMinimumWidth(_LEAST_TABLE_PX)
        self.view.setSortingEnabled(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.horizontalHeader().setSortIndicatorClearable(True)
        self.view.selectionModel().currentRowChanged.connect(self._chosen)
        self.view.menu_wanted.connect(lambda index, at: self.menu_wanted.emit(None, self.table.rows[index.row()][0], at))
        self.halves = QSplitter(Qt.Orientation.Horizontal)
        self.halves.setHandleWidth(style.GAP_PX)
        for widget, stretch in ((self.plot, 3), (self.view, 2)):
            self.halves.addWidget(widget)
            self.halves.setStretchFactor(self.halves.count() - 1, stretch)
            self.halves.setCollapsible(self.halves.count() - 1, False)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.halves)
        self.state.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, 0)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(head)
        for part in (self.bar, self.state):
            whole.addWidget(part)
        whole.addWidget(self._stack, 1)
        self.state.hide()
        self.legend.menu_wanted.connect(lambda name, at: self.menu_wanted.emit(None, name, at))
        self.plot.menu_wanted.connect(self.menu_wanted.emit)

    def _below_button(self) -> object:
        return self.menu_button.mapToGlobal(self.menu_button.rect().bottomLeft())

    # ---- what it is

    @property
    def words(self) -> str:
        """What is plotted: `Events a second by log`."""
        by = label_of(self.spec)
        return f"{metric_words(self.spec)} by {by}" if by and by != "all" else metric_words(self.spec)

    def show_spec(self, spec: PlotSpec) -> None:
        """Is another plot from now on; numbers that are shown stay until others come."""
        self.spec = spec
        self.title.show_text(metric_words(spec))
        bold = self.title.font()
        bold.setWeight(QFont.Weight.DemiBold)  # as the style sheet makes titles, once they are in the window
        self.title.setMaximumWidth(QFontMetrics(bold).horizontalAdvance(self.title.whole_text()) + style.INSIDE_PX)
        self.setAccessibleName(visible(self.words))
        self.plot.name_plot(self.words)
        self.view.setAccessibleName(f"Numbers of {visible(self.words)}")
        self.menu_button.setAccessibleName(f"What can be done with {visible(self.words)}")
        self.view.setVisible(spec.has_table)
        if self.shown is not None:
            self.show_plotted(self.shown)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self.plot.set_zone(zone)

    def dress(self) -> None:
        """The colours of now."""
        self.plot.dress()
        self.legend.show_colors(line_colors(self.plot.lines))
        if self.shown is not None:
            self.show_plotted(self.shown)

    # ---- what it shows

    def show_reading(self, *, on: bool, is_new: bool) -> None:
        """Says that other numbers are awaited: those that are shown stay, and stand back."""
        self.bar.setVisible(on and is_new)
        self.plot.setEnabled(not (on and is_new))

    def show_halted(self) -> None:
        """Says that its numbers are no longer read."""
        self._as_of = "reading was stopped"
        if self.shown is None:
            self.empty.show_text("Reading was stopped.", "Read again, in the menu of the plot (⋯), begins anew.")
        self._say()

    def show_plotted(self, shown: Plotted | None) -> None:
        """Shows an answer; None: the capture has nothing of the kind."""
        self.shown, self._error = shown, ""
        if shown is None or not len(shown.times):
            self.shown, self.alarmed = None, {}
            self.legend.show_colors({})
            self.empty.show_text("Nothing to plot yet.", f"The capture has nothing for {visible(self.words)}.")
            self._stack.setCurrentWidget(self.empty)
            self._say()
            return
        self.alarmed = crossed(self.spec, shown.lines)
        self.plot.getPlotItem().getAxis("left").setLabel(html.escape(visible(shown.answer.unit)))
        self.plot.show_plotted(shown, self.spec.scale, self.spec.threshold, is_alarmed=bool(self.alarmed))
        colors = line_colors(self.plot.lines)
        self.legend.show_colors(colors)
        self.table.show_lines(shown.lines, colors, shown.answer.unit)
        self._stack.setCurrentWidget(self.halves)
        self._say()
        newest = ", ".join(f"{row[0]} {amount(row[1])}" for row in self.table.rows[:MOST_LINES])
        self.plot.setAccessibleDescription(f"newest {shown.answer.unit}: {newest}. {self.state.whole_text()}")

    def show_error(self, sentence: str) -> None:
        """Says why there are no numbers, or no newer ones."""
        self._error = sentence
        if self.shown is None:
            self.empty.show_text("This cannot be plotted.", sentence)
            self._stack.setCurrentWidget(self.empty)
        self._say()

    def show_as_of(self, words: str) -> None:
        """Says when the numbers are from, where they are not of now; empty where they are."""
        self._as_of = words
        self._say()

    def show_around(self, stretches: Sequence[Hatched], marks: Sequence[Mark], brush: tuple[float, float] | None) -> None:
        """Shows what was not read, what is marked, and the range in force."""
        is_events = self.shown is None or self.shown.answer.clock == "event time"
        self.plot.show_hatched(stretches if is_events else [])
        self.plot.show_marks([mark for mark in marks if is_events or mark.is_of_all])
        self.plot.show_brush(brush)

    def point(self, second: float | None) -> None:
        """Puts the crosshair at a moment, and shows the numbers of it."""
        place = self.plot.point(second)
        numbers = {name: amount(float(values[place])) for name, values in self.plot.lines.items()} if place is not None else None
        self.legend.show_colors(line_colors(self.plot.lines), numbers)

    def _say(self) -> None:
        parts = [f"✕ {self._error}"] if self._error and self.shown is not None else []
        parts += self.alarm_words()
        parts += [f"only {self.spec.filter}"] if self.spec.filter else []
        if self.shown is not None:
            parts += [self._as_of] if self._as_of else []
            parts += self.shown.answer.notes
            if (lines := len(self.shown.lines)) > MOST_LINES:
                parts.append(f"{MOST_LINES} of {lines:,} lines are drawn, the table has all")
            if self.spec.scale == LOG and any((values <= 0).any() for values in self.plot.lines.values()):
                parts.append("zeros have no place on a log scale")
        set_role(self.state, "bad" if self._error or self.alarmed else "dim")
        self.state.show_text(" · ".join(parts))
        self.state.setVisible(bool(parts))

    def alarm_words(self) -> list[str]:
        """What is on the alarm's side of the threshold, as one sentence; none where nothing is."""
        if not self.alarmed or self.spec.threshold is None or self.shown is None:
            return []
        (name, value), *others = self.alarmed.items()
        more = f" and {len(others):,} more" if others else ""
        return [f"▲ {name}{more}: {amount(value)} {self.shown.answer.unit} is {self.spec.threshold.words()}"]

    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        self.plot.choose(self.table.rows[now.row()][0] if 0 <= now.row() < len(self.table.rows) else "")


def metric_words(spec: PlotSpec) -> str:
    """What a plot shows, in words; the metric's name where there is no such metric."""
    try:
        return metric(spec.metric).title
    except UsageError:
        return spec.metric


def event_label(spec: PlotSpec) -> str:
    """What the lines of a plot are told by, where that is something that events have; else empty: no line stands for a filter."""
    try:
        return label_of(spec) if f"{HEADER}NAME" in metric(spec.metric).labels else ""
    except UsageError:
        return ""


def label_of(spec: PlotSpec) -> str:
    """What the lines of a plot are told by; empty where there is no such metric."""
    try:
        return spec.by or metric(spec.metric).labels[0]
    except UsageError:
        return spec.by


def as_picture(card: PlotCard, foot: str, width_px: int, height_px: int) -> QWidget:
    """A plot that looks like `card` in another size, with a line below that says what its times are; to be grabbed."""
    whole, copy = Panel(card.words), PlotCard(card.spec)
    if card.shown is not None:
        copy.set_zone(card.plot.zone)
        copy.show_plotted(card.shown)
        copy.plot.show_range(*card.plot.viewRange()[0])
        copy.show_around(card.plot.hatched, card.plot.marks, None)
    copy.menu_button.hide()
    said = PlainLabel(foot, role="dim")
    said.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, 4)
    whole.give_head().hide()
    whole.body.addWidget(copy, 1)
    whole.body.addWidget(said)
    whole.body.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    whole.resize(width_px, height_px)
    return whole
