"""The timeline: how many events there are over time, over the whole width. A drag is the range of every pane, a click a moment.

Its zoom is its own. Asks rollups and the filter on workers, only while it can be seen. Read `bars_view` for the picture,
`inspector.capture.histogram` for the counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from PySide6.QtCore import QEvent, QPoint, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QPushButton

from app import style
from app.bars_paint import Bars, Unread
from app.bars_view import BarsView
from app.legend import Legend
from app.models.bar_counts import MATCHES, OTHERS, Counts, matched, moved_within, stacked, unread
from app.models.durations import Reference, step_text
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.places import newest_time
from app.plain import Panel, set_tip
from app.plot_menu import show_plot_menu
from app.range_box import RangeBox
from app.selection import Selection
from app.session import Session
from inspector.capture.asking import Watermark
from inspector.capture.gaps import Gap, gaps
from inspector.capture.histogram import GROUPS, Histogram, histogram, late_times, matches, times_of
from inspector.capture.reader import CaptureReader
from inspector.errors import QueryError
from inspector.query import condition

MATCH = "match"
TOLD = (*GROUPS, MATCH)
"""What bars can be told by."""
_LIVE_MS = 400
_GAPS_MS = 5_000
_RESIZED_MS = 80
_BAR_PX = 4
_MOST_BARS = 900


@dataclass(frozen=True, slots=True)
class _Seen:
    """The answer to one question."""

    found: Histogram | None
    by: str
    newest_us: int | None
    noted_us: tuple[int, ...] = ()
    late_us: tuple[int, ...] = ()


class TimelinePane(Panel):
    """Bars by type, log, category, or by what the filter in force matches."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Timeline")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self._seen: _Seen | None = None
        self._view_us: tuple[int, int] | None = None
        self._whole_us, self._has_gaps = (0, 1), False
        self._gaps: list[Gap] = []
        self._current_us: int | None = None
        self._matches: Counter[int] = Counter()
        self._matched_of: tuple[object, ...] = ()
        self._matched_to = 0
        self._is_asking = self._is_stale = False
        self._dressed = style.tokens()
        self._build()
        self._soon, self._gaps_soon = self._timer(_LIVE_MS, self._ask), self._timer(0, self._ask_gaps)
        self._resized = self._timer(_RESIZED_MS, self._ask)
        session.watermark_changed.connect(self._changed)
        session.capture_ended.connect(self._changed)
        session.notes.changed.connect(self._changed)
        selection.time_range_changed.connect(self._range_changed)
        selection.filter_changed.connect(self._filter_changed)
        selection.event_changed.connect(self._event_changed)
        selection.reference_changed.connect(self._reference_changed)
        self._range_changed(selection.time_range)
        self._reference_changed(selection.reference)

    def _timer(self, interval_ms: int, act: Callable[[], None]) -> QTimer:
        timer = QTimer(self, singleShot=True, interval=interval_ms)
        timer.timeout.connect(act)
        return timer

    def _build(self) -> None:
        self.by = QComboBox()
        self.by.addItems([f"by {name}" for name in TOLD])
        self.by.setAccessibleName("What the bars are told by")
        set_tip(self.by, "What the bars are told by; by match: what the filter finds")
        self.by.currentIndexChanged.connect(lambda _index: self._ask())
        self.legend, self.whole, self.range_box = Legend(), QPushButton("All times"), RangeBox()
        set_tip(self.whole, "Shows all times again (double click, or 0)")
        self.whole.clicked.connect(lambda: self.look_at(None))
        self.whole.hide()
        self.corner.insertWidget(1, self.legend, 3)
        self.corner.addSpacing(style.GAP_PX)
        for widget in (self.whole, self.by, self.range_box):
            self.corner.addWidget(widget)
        self.view = BarsView()
        self.view.brushed.connect(self._selection.choose_time_range)
        self.view.clicked.connect(self._selection.go_to_moment)
        self.view.viewed.connect(self.look_at)
        self.view.hovered.connect(self._say)
        self.view.menu_wanted.connect(self._menu)
        self.legend.menu_wanted.connect(lambda name, at: self._menu(None, name, at))
        self.range_box.wanted.connect(self._selection.choose_time_range)
        self.range_box.said.connect(self.note.show_text)
        self.body.addWidget(self.view, 1)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = self.view.zone = zone
        self.range_box.set_zone(zone)
        self.view.redraw()
        self._say()

    # ---- asking

    def _changed(self, _what: object = None) -> None:
        self._is_stale = True
        if self.isVisible() and not self._soon.isActive():
            self._soon.start(0 if self._seen is None else _LIVE_MS)

    def _filter_changed(self, _text: object) -> None:
        if self._by == MATCH:
            self._ask()

    @property
    def _by(self) -> str:
        return TOLD[self.by.currentIndex()]

    def showEvent(self, event: QShowEvent) -> None:
        """Looks again at what changed while it was hidden."""
        super().showEvent(event)
        self._changed()

    def hideEvent(self, event: QHideEvent) -> None:
        """Costs nothing while it cannot be seen."""
        super().hideEvent(event)
        for timer in (self._soon, self._gaps_soon, self._resized):
            timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width has room for other bars."""
        super().resizeEvent(event)
        if self._seen is not None and event.size().width() != event.oldSize().width():
            self._resized.start()

    def _ask(self) -> None:
        if self._session.watermark is None or not self.isVisible():
            return
        if self._is_asking:
            self._is_stale = True
            return
        self._is_asking, self._is_stale = True, False
        by, span, most = self._by, self._view_us, max(20, min(self.view.width() // _BAR_PX, _MOST_BARS))
        noted = [note.seq for note in self._session.notes.all if note.seq is not None][-500:]

        def look(reader: CaptureReader) -> _Seen:
            found = histogram(reader, GROUPS[1] if by == MATCH else by, span, most)
            if found is None:
                return _Seen(None, by, None)
            late = late_times(reader, (found.first_us, found.until_us)) or ()
            return _Seen(found, by, newest_time(reader), tuple(times_of(reader, noted).values()), tuple(late))

        self._session.work.run(look, self._show, self._failed, lane="timeline")

    def _ask_gaps(self) -> None:
        if self.isVisible():
            self._session.work.run(gaps, self._show_gaps, lambda _sentence: None, lane="timeline gaps")

    def _failed(self, sentence: str) -> None:
        self._is_asking = False
        if sentence != "stopped":
            self.note.show_text(f"The timeline could not be read: {sentence}")
        if self._is_stale:
            self._changed()

    # ---- what the filter matches

    def _count_matches(self) -> None:
        """Goes on counting, a piece at a time, until all that is there was asked."""
        seen, mark, text = self._seen, self._session.watermark, self._selection.filter
        if seen is None or seen.found is None or mark is None or self._by != MATCH or not self.isVisible():
            return
        bars = seen.found
        asked = (text, bars.first_us, bars.width_us)
        if asked != self._matched_of or mark.first_seq > self._matched_to + 1:
            self._matched_of, self._matched_to = asked, mark.first_seq - 1
            self._matches = Counter()
        first = self._matched_to + 1
        if not text or first > mark.last_seq:
            return

        def look(reader: CaptureReader) -> tuple[dict[int, int], int] | None:
            try:
                return matches(reader, condition(text), bars, first, mark.last_seq)
            except QueryError:
                return None  # the list says what is wrong with it

        def counted(found: tuple[dict[int, int], int] | None) -> None:
            if found is not None and asked == self._matched_of:
                self._matches.update(found[0])
                self._matched_to = found[1] - 1
                self._draw()
                self._say()
                self._count_matches()

        self._session.work.run(look, counted, lambda _error: None, lane="timeline matches")

    def _share_matched(self) -> int:
        """Percent of the events that were asked."""
        mark: Watermark | None = self._session.watermark
        asked = self._matched_to - mark.first_seq + 1 if mark is not None else 0
        return 100 if mark is None or not mark.events else max(0, min(100 * asked // mark.events, 100))

    # ---- showing

    def _show(self, seen: _Seen) -> None:
        self._is_asking = False
        self._seen = seen
        self.range_box.newest_us = seen.newest_us
        self._count_matches()
        self._draw()
        self._say()
        if not self._gaps_soon.isActive():
            self._gaps_soon.start(_GAPS_MS if self._has_gaps else 0)
        if self._is_stale:
            self._changed()

    def _show_gaps(self, found: list[Gap]) -> None:
        self._gaps, self._has_gaps = found, True
        self._draw()

    def _counts(self, found: Histogram, by: str) -> Counts:
        if by != MATCH:
            return stacked(found.counts)
        return matched(found.counts, self._matches if self._selection.filter else {}, found.bars)

    def _draw(self) -> None:
        seen = self._seen
        if seen is None or seen.found is None:
            return
        found, counts = seen.found, self._counts(seen.found, seen.by)
        colors = style.series_colors(set(counts) - {OTHERS, MATCHES}) | {name: style.color("faint") for name in counts if name == OTHERS}
        if MATCHES in counts:
            colors[MATCHES] = style.color("accent")
        stretches = [Unread(*stretch) for stretch in unread(self._gaps, found.first_us, found.until_us)]
        bars = Bars(found.first_us, found.width_us, counts, {name: colors[name] for name in counts}, stretches, seen.late_us, seen.noted_us)
        low = min([found.first_us, *(each.from_us for each in stretches)])
        high = max([found.until_us, *(each.until_us for each in stretches)])
        if self._view_us is None:
            self._whole_us = low, high
        self.view.show_bars(bars, self._view_us or (low, high))
        self.legend.show_colors(bars.colors)
        self.whole.setVisible(self._view_us is not None)
        total = ", ".join(f"{name} {int(values.sum()):,}" for name, values in counts.items())
        self.view.setAccessibleDescription(f"events in {step_text(found.width_us)} steps: {total}")

    def _say(self, bar: object = None) -> None:
        """The numbers of the bar under the crosshair, else how the bars are to be read."""
        seen, bars = self._seen, self.view.bars
        if seen is None or seen.found is None:
            self.note.show_text("no event with a time yet")
            return
        zone = zone_name(self._zone)
        if isinstance(bar, int) and bar < bars.number:
            at = shown_time(bars.first_us + bar * bars.width_us, self._zone)
            numbers = " · ".join(f"{name} {int(values[bar]):,}" for name, values in bars.counts.items() if values[bar])
            self.note.show_text(f"{at.removesuffix('.000000')} {zone} · {numbers or 'none'}")
            return
        parts = [f"events per {step_text(bars.width_us)}", f"event time ({zone})"]
        if self._by == MATCH:
            asked = self._share_matched()
            said = f"asked {asked} %" if asked < 100 else "all asked"
            parts.insert(0, said if self._selection.filter else "no filter is in force")
        if (reference := self._selection.reference) is not None:
            parts.insert(0, f"Δ {shown_time(reference.time_us, self._zone)[11:19]}: Shift+T ends it")
        self.note.show_text(" · ".join(parts))

    # ---- looking elsewhere

    def look_at(self, span: object) -> None:
        """Shows `[from, until)`, within what there is; None: everything."""
        self._view_us = moved_within(span, self._whole_us) if isinstance(span, tuple) else None
        if self._seen is not None and self._seen.found is not None:
            self._draw()
        self._ask()

    def zoom(self, factor: float) -> None:
        """Shows a shorter (below 1) or longer time around the current event, else around the middle."""
        (low, high), current_us = self.view.view, self._current_us
        self.view.zoom(factor, current_us if current_us is not None and low <= current_us < high else None)

    def zoom_to_range(self) -> None:
        """Shows just the range in force."""
        if (span := self._selection.time_range) is not None:
            room = max((span[1] - span[0]) // 20, 1)
            self.look_at((span[0] - room, span[1] + room))

    def tell_by(self, name: str) -> None:
        """Tells the bars by `type`, `log`, `category` or `match`."""
        self.by.setCurrentIndex(TOLD.index(name))

    def take_range(self) -> None:
        """Puts the keyboard where a range is typed."""
        self.range_box.take_focus()

    def _menu(self, bar: object, name: object, at: QPoint) -> None:
        bars = self.view.bars
        span, pointed = bars.span(bar) if isinstance(bar, int) else None, name if isinstance(name, str) else None
        show_plot_menu(self, at, self._selection, by=self._by, names=list(bars.counts), pointed=pointed, span_us=span)

    # ---- what others do

    def _range_changed(self, span: object) -> None:
        self.view.mark(range_us=span if isinstance(span, tuple) else None, current_us=self._current_us)
        self.range_box.show_range(span if isinstance(span, tuple) else None)

    def _reference_changed(self, reference: Reference | None) -> None:
        self.view.show_reference(reference.time_us if reference is not None else None)
        self._say()

    def _event_changed(self, seq: object) -> None:
        number = seq if isinstance(seq, int) else 0

        def found(times: dict[int, int]) -> None:
            self._current_us = times.get(number)
            self.view.mark(range_us=self._selection.time_range, current_us=self._current_us)

        wanted = [number] if number and self.isVisible() else []
        self._session.work.run(lambda reader: times_of(reader, wanted), found, lambda _error: None, lane="timeline event")

    def changeEvent(self, event: QEvent) -> None:
        """Light turned dark, or back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange and hasattr(self, "view") and self._dressed is not style.tokens():
            self._dressed = style.tokens()
            self._draw()
