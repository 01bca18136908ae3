"""The pane of plots: metrics over time in a grid with one axis of time, live, with what was not read hatched.

A click is a moment, a drag a range. Reads through the session, only while it can be seen. Read `plot_feeds` for when plots are
asked, `plot_card` for one of them, `plot_doing` for what is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QPushButton, QStackedWidget

from app import style
from app.empty import Empty
from app.later import later
from app.models.bar_counts import unread
from app.models.durations import step_text
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.plot_spec import MOST_PLOTS, PlotSpec, standard
from app.models.plotted import Plotted
from app.models.profile import SPANS, STEPS
from app.notice import Notice
from app.plain import Panel, set_tip
from app.plot_card import PlotCard, event_label
from app.plot_card_menu import add_card_actions, open_card_menu
from app.plot_doing import PlotDoing
from app.plot_feeds import Look, PlotFeed, PlotFeeds
from app.plot_grid import PlotGrid
from app.plot_marks import marks
from app.plot_menu import show_plot_menu
from app.plot_parts import Hatched, Mark
from app.selection import Selection
from app.session import Session
from inspector.capture.gaps import Gap, gaps
from inspector.capture.reader import CaptureReader
from inspector.metrics import SECOND_US
from inspector.text import visible

_AROUND_MS, _DIM_MS, _TOGETHER_MS = 5_000, 300, 20
_LAST_US = {"last 5 min": 300 * SECOND_US, "last hour": 3_600 * SECOND_US}
_STEPS_US = dict(zip(STEPS[1:], (each * SECOND_US for each in (1, 10, 60, 600, 3_600, 86_400)), strict=True))
_OLD_S = 2.0
"""Numbers that come at longer intervals say when they are from."""
Around = tuple[list[Gap], list[Mark]]


class MetricsPane(Panel):
    """Plots that share their axis of time."""

    alarmed = Signal(object)
    """`(sentence)`: the newest value of a plot went to the alarm's side of its threshold."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Plots")
        self.session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self._gaps: list[Gap] = []
        self._marks: list[Mark] = []
        self._at_s: float | None = None
        self._dressed = style.tokens()
        self.cards: list[PlotCard] = []
        self.feeds = PlotFeeds(session, self.isVisible, self)
        self.doing = PlotDoing(self)
        self._of: dict[PlotCard, PlotFeed] = {}
        self._build()
        self._around_soon = later(self, 0, self._ask_around)
        self._dim = later(self, _DIM_MS, self._say_reading)
        self._together = later(self, _TOGETHER_MS, self._show_together)
        session.watermark_changed.connect(self._changed)
        session.capture_ended.connect(self._changed)
        session.notes.changed.connect(self.look_around)
        selection.time_range_changed.connect(self._range_changed)
        self.choose(standard(), ("all", STEPS[0]))

    def _build(self) -> None:
        self.span, self.steps = QComboBox(), QComboBox()
        self.span.addItems(SPANS)
        self.span.setCurrentText("all")
        self.steps.addItems([f"{words} steps" for words in STEPS])
        for box, words, length in ((self.span, "Which times are shown", 4), (self.steps, "How wide a step is", 8)):
            box.setAccessibleName(words)
            set_tip(box, words)
            box.setMinimumContentsLength(length)  # where room is short
            box.currentIndexChanged.connect(lambda _index: self._look())
        self.add_button = QPushButton("Add plot")
        set_tip(self.add_button, "Any metric, by any label, of some events")
        self.add_button.clicked.connect(lambda _on: self.doing.add_plot())
        self.corner.addStretch(1)
        for widget in (self.span, self.steps, self.add_button):
            self.corner.addWidget(widget)
        self.note.setContentsMargins(style.INSIDE_PX, 0, style.INSIDE_PX, 0)
        self.note.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.notice = Notice("About the plots")
        self.body.addWidget(self.note)
        self.body.addWidget(self.notice)
        self.empty = Empty("No plot is shown.", "Plots show any metric over time, by log, type, key and more.")
        self.empty.add_button("Add plot", is_main=True).clicked.connect(lambda _on: self.doing.add_plot())
        self.empty.add_button("The standard plots").clicked.connect(lambda _on: self.doing.reset_plots())
        self.grid, self._stack = PlotGrid(), QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.grid)
        self.body.addWidget(self._stack, 1)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        for card in self.cards:
            card.set_zone(zone)
        self._say(self._at_s)

    @property
    def zone(self) -> tzinfo:
        """The zone in which times are shown."""
        return self._zone

    # ---- which plots

    def choose(self, plots: Sequence[PlotSpec], times: tuple[str, str]) -> None:
        """Shows these plots, of which times and in which steps."""
        if tuple(plots) != self.chosen()[0] or not plots:
            for card in list(self.cards):
                self._drop(card)
            for spec in plots[:MOST_PLOTS]:
                self._make(spec)
        for box, text in ((self.span, times[0]), (self.steps, f"{times[1]} steps")):
            box.setCurrentText(text)
        self.show_plots()
        self._look()

    def chosen(self) -> tuple[tuple[PlotSpec, ...], tuple[str, str]]:
        """What `choose` would be told."""
        return tuple(card.spec for card in self.cards), (self.span.currentText(), STEPS[self.steps.currentIndex()])

    def add(self, spec: PlotSpec) -> PlotCard:
        """Shows one more plot."""
        card = self._make(spec)
        self.show_plots()
        return card

    def remove(self, card: PlotCard) -> None:
        """Shows one plot less."""
        self._drop(card)
        self.show_plots()

    def change(self, card: PlotCard, spec: PlotSpec) -> None:
        """A plot shows something else, or the same another way."""
        self.feeds.change(self._of[card], spec)
        had = bool(card.alarmed)
        card.show_spec(spec)
        self._tell_alarm(card, had=had)
        self.grid.arrange()
        self._dim.start()

    def feed(self, card: PlotCard) -> PlotFeed:
        """Where a plot has its numbers from."""
        return self._of[card]

    def show_plots(self) -> None:
        """Puts the plots in their order into the grid."""
        self.grid.show_cards(self.cards)
        self._stack.setCurrentIndex(1 if self.cards else 0)
        self.add_button.setEnabled(len(self.cards) < MOST_PLOTS)
        self._draw_around()

    def _make(self, spec: PlotSpec) -> PlotCard:
        card, feed = PlotCard(spec), self.feeds.add(spec)
        self._of[card] = feed
        self.cards.append(card)
        card.set_zone(self._zone)
        card.plot.clicked.connect(lambda second: self._selection.go_to_moment(card.plot.step_at(second)))
        card.plot.brushed.connect(self._brushed)
        card.plot.hovered.connect(self._hovered)
        card.menu_wanted.connect(partial(self._menu, card))
        feed.answered.connect(partial(self._show, card))
        feed.failed.connect(partial(self._fail, card))
        feed.changed.connect(self._reading_changed)
        self.feeds.wake()
        return card

    def _drop(self, card: PlotCard) -> None:
        self.cards.remove(card)
        self.feeds.remove(self._of.pop(card))
        card.hide()
        card.setParent(None)
        card.deleteLater()

    # ---- asking

    def _changed(self, _what: object = None) -> None:
        self.feeds.grown()
        self.look_around()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks again at what changed while it was hidden."""
        super().showEvent(event)
        self.feeds.wake()
        self.look_around()

    def hideEvent(self, event: QHideEvent) -> None:
        """Costs nothing while it cannot be seen, but for alarms."""
        super().hideEvent(event)
        self._around_soon.stop()
        self.feeds.sleep()

    def _look(self) -> None:
        wanted, span = self._selection.time_range, self.span.currentText()
        step_us = _STEPS_US.get(STEPS[self.steps.currentIndex()])
        self.feeds.look_at(Look(wanted if span == SPANS[-1] else None, _LAST_US.get(span), step_us))
        self._dim.start()

    def look_around(self, _what: object = None) -> None:
        """Reads gaps, findings and notes again, soon."""
        if self.isVisible() and not self._around_soon.isActive():
            self._around_soon.start()

    def _ask_around(self) -> None:
        if self.isVisible() and self.session.watermark is not None:
            noted = list(self.session.notes.all)

            def look(reader: CaptureReader) -> Around:
                return gaps(reader), marks(reader, noted)

            self.session.work.run(look, self._show_around, lambda _sentence: None, lane="around plots")
            self._around_soon.setInterval(_AROUND_MS)

    # ---- showing

    def _show(self, card: PlotCard, shown: Plotted | None) -> None:
        had, feed, is_first = bool(card.alarmed), self._of[card], card.shown is None
        is_old = feed.pause_s > _OLD_S and (self.session.is_capturing or self.session.work.lets_go)
        card.show_as_of(f"as of {datetime.fromtimestamp(feed.at_s, self._zone):%H:%M:%S}" if is_old else "")
        card.show_plotted(shown)
        card.show_reading(on=False, is_new=False)
        self._tell_alarm(card, had=had)
        card.point(self._at_s)
        if is_first or not self._together.isActive():
            self._together.start(0 if is_first else _TOGETHER_MS)

    def _show_together(self) -> None:
        """What all plots share, once for the answers that come at nearly the same time."""
        self._share_axis()
        self._draw_around()
        self._say(self._at_s)

    def _fail(self, card: PlotCard, sentence: str) -> None:
        card.show_reading(on=False, is_new=False)
        card.show_error(sentence)

    def _tell_alarm(self, card: PlotCard, *, had: bool) -> None:
        if card.alarmed and not had:
            sentence = f"{visible(card.words)}: {card.alarm_words()[0].removeprefix('▲ ')}"
            self.session.messages.say("warning", sentence)
            self.alarmed.emit(sentence)

    def _reading_changed(self) -> None:
        if not self._dim.isActive():
            self._dim.start()

    def _say_reading(self) -> None:
        for card, feed in self._of.items():
            card.show_reading(on=feed.is_reading or (feed.is_stale and not feed.is_halted), is_new=feed.is_new)

    def _times_s(self) -> tuple[float, float] | None:
        """From the first to the last point of all plots."""
        times = [card.shown.times for card in self.cards if card.shown is not None]
        return (min(float(each[0]) for each in times), max(float(each[-1]) for each in times)) if times else None

    def _share_axis(self) -> None:
        if (span := self._times_s()) is not None:
            step_s = max(card.shown.step_s for card in self.cards if card.shown is not None)
            for card in self.cards:
                card.plot.show_range(span[0], max(span[1], span[0] + step_s))

    def _show_around(self, found: Around) -> None:
        self._gaps, self._marks = found
        self._show_together()

    def _draw_around(self) -> None:
        if (span := self._times_s()) is None:
            return
        (low, high), wanted = span, self._selection.time_range
        parts = [(max(a / 1e6, low), min(b / 1e6, high), text) for a, b, text in unread(self._gaps, int(low * 1e6), int(high * 1e6))]
        hatched = [Hatched(a, b, text) for a, b, text in parts if a < b]
        brush = (wanted[0] / 1e6, wanted[1] / 1e6) if wanted is not None else None
        for card in self.cards:
            card.show_around(hatched, self._marks, brush)

    def _say(self, second: float | None) -> None:
        """The line above the plots: the moment under the crosshair, else how the plots are to be read."""
        shown = next((card.shown for card in self.cards if card.shown is not None), None)
        if shown is None:
            self.note.show_text("")
            return
        if second is not None:
            place = shown.place(second)
            at = shown_time(shown.span_us(place)[0] if place is not None else int(second * 1e6), self._zone)
            words = [mark.text for mark in self.cards[0].plot.marks_near(second)]
            self.note.show_text(" · ".join([f"{at.removesuffix('.000000')} {zone_name(self._zone)}", *words]))
            return
        steps = sorted({card.shown.answer.step_us for card in self.cards if card.shown is not None})
        clocks = dict.fromkeys(card.shown.answer.clock for card in self.cards if card.shown is not None)
        missing = sum(gap.positions for gap in self._gaps)
        parts = [f"{' and '.join(map(step_text, steps))} steps", f"{' and '.join(clocks)} ({zone_name(self._zone)})"]
        self.note.show_text(" · ".join([*parts, *([f"{missing:,} positions not read"] if missing else [])]))

    # ---- pointing

    def _hovered(self, second: object) -> None:
        self._at_s = second if isinstance(second, float) else None
        for card in self.cards:
            card.point(self._at_s)
        self._say(self._at_s)

    def _brushed(self, stretch: object) -> None:
        assert isinstance(stretch, tuple)
        self._selection.choose_time_range((int(stretch[0] * SECOND_US), int(stretch[1] * SECOND_US) + 1))

    def _menu(self, card: PlotCard, span: object, name: object, at: QPoint) -> None:
        if span is None and name is None:
            open_card_menu(self.doing, card, self, at)
            return
        show_plot_menu(
            self,
            at,
            self._selection,
            by=event_label(card.spec),
            names=list(card.plot.lines),
            pointed=name if isinstance(name, str) else None,
            span_us=span if isinstance(span, tuple) else None,
            within=card.spec.filter,
            add_more=lambda menu: add_card_actions(menu.addMenu("This plot"), self.doing, card),
        )

    def _range_changed(self, _span: object) -> None:
        self._draw_around()
        if self.span.currentText() == SPANS[-1]:
            self._look()

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "grid") and self._dressed is not style.tokens():
            self._dressed = style.tokens()
            for card in self.cards:
                card.dress()
