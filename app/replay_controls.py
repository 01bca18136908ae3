"""The controls of a replay: stream, slider, steps, time, reducer, pin, and the lines that say what is what. Knows no session.

Read `panes.replay` for what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction, QActionGroup, QFontMetrics
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from app import style
from app.event_strip import EventStrip
from app.models.event_rows import shown_time
from app.models.replay_words import counts_words, history_words, place_words, remark_words, scope_words, trouble_words
from app.notice import Notice, thin_bar
from app.plain import PlainLabel, set_role, set_tip
from app.replay_player import FIXED, REAL
from app.replay_time import CLOCKS
from inspector.event import parse_time

Answer = Mapping[str, Any]

_FAR = 1 << 30
_PLAY_PX, _PACE_PX, _STEP_PX, _FAR_PX = 48, 24, 25, 33
_SECONDS, _MICROSECONDS = "2026-11-23 14:03:07", "2026-11-23 14:03:07.123456"
_FRAME_PX = 26
"""Of a line to type in, what is beside its text."""


class ClockBox(QComboBox):
    """What a time means that is asked for; `field` says it in a question."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What a time means")
        self.addItems(list(CLOCKS))
        set_tip(self, "event time: what was true then; known by: what had been recorded by then")

    @property
    def field(self) -> str:
        """`at` or `known_at`."""
        return CLOCKS[self.currentText()]


class ReplayControls(QWidget):
    """Everything above the state."""

    count_wanted = Signal(object)
    """`(count)`: the slider was moved to so many events."""
    released = Signal(object)
    """`(count)`: a drag of the slider has ended there."""
    pace_chosen = Signal(object)
    """`(pace)`: it is to be played like that."""
    aborted_wanted = Signal(object)
    """Whether aborted events are to be folded in."""

    def __init__(self) -> None:
        super().__init__()
        self._make_title()
        self._make_slider()
        self._make_play()
        self._make_choices()
        self.place, self.history = PlainLabel(role="dim", elided=True), PlainLabel(role="dim", elided=True)
        self.notice = Notice("Replay notice")
        self.bar = thin_bar("Replay under way", 0)
        self._lay_out()

    def _make_title(self) -> None:
        self.name, self.applied = PlainLabel(elided=True), PlainLabel(role="dim")
        self.pin = QPushButton("follows selection")
        self.pin.setCheckable(True)
        self.pin.setProperty("role", "chip")
        self.pin.toggled.connect(self._say_pin)
        self._say_pin(on=False)
        self.newer = QPushButton()
        self.newer.setProperty("role", "new")
        self.newer.clicked.connect(lambda: self.step(_FAR))
        self.newer.hide()

    def _say_pin(self, on: bool) -> None:
        self.pin.setText("pinned" if on else "follows selection")
        self.pin.setAccessibleName("Stream pinned" if on else "Stream follows the selection")
        set_tip(self.pin, "Follow the selection again" if on else "Pin this stream: it stays while other events are chosen")

    def _make_slider(self) -> None:
        self.slider = EventStrip()
        self.slider.setAccessibleName("Events of the stream")
        self.slider.setPageStep(10)
        self.slider.valueChanged.connect(lambda: self.count_wanted.emit(self.slider.value()))
        self.slider.sliderReleased.connect(lambda: self.released.emit(self.slider.value()))

    def _make_play(self) -> None:
        self.play, self.paces = QPushButton("Play"), QPushButton()
        self.play.setCheckable(True)
        set_tip(self.play, "Play the stream from here (Space in the strip)")
        self.paces.setAccessibleName("Pace")
        set_tip(self.paces, "How fast it is played")
        self.play.setFixedWidth(_PLAY_PX)
        self.paces.setFixedWidth(_PACE_PX)
        menu, group = QMenu(self.paces), QActionGroup(self.paces)
        for place, pace in enumerate((*FIXED, *REAL)):
            if place == len(FIXED):
                menu.addSeparator()
            action = QAction(pace, group, checkable=True, checked=place == 0)
            action.triggered.connect(lambda _on=False, pace=pace: self.pace_chosen.emit(pace))
            menu.addAction(action)
        self.paces.setMenu(menu)
        self.play.toggled.connect(lambda on: self.play.setText("Stop" if on else "Play"))

    def _make_choices(self) -> None:
        self.time, self.zone = QLineEdit(), PlainLabel("UTC", role="dim")
        self.time.setAccessibleName("Time to replay to")
        self.time.setFont(style.fixed_font())
        self.time.setPlaceholderText("14:03:07.250")
        metrics = QFontMetrics(self.time.font())
        self.time.setMinimumWidth(metrics.horizontalAdvance(_SECONDS) + _FRAME_PX)
        self.time.setMaximumWidth(metrics.horizontalAdvance(_MICROSECONDS) + _FRAME_PX)
        set_tip(self.time, "Go to the state of a time: 14:03, 14:03:07.250, 2026-11-23 (its end), 2026-11-23T14:03:00Z, -15m (Ctrl+T)")
        self.reducer = QComboBox()
        self.reducer.setAccessibleName("Reducer")
        self.reducer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        set_tip(self.reducer, "How events become state; a map may name one for a log")
        self.clock = ClockBox()
        self.aborted = QPushButton()
        self.aborted.setCheckable(True)
        self.aborted.setProperty("role", "chip")
        self.aborted.hide()
        set_tip(self.aborted, "Fold aborted events in too: this is not what happened")
        self.aborted.toggled.connect(self.aborted_wanted.emit)

    def _lay_out(self) -> None:
        title, rail, time, said = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        title.addWidget(self.name, 1)
        title.addWidget(self.newer)
        title.addWidget(self.pin)
        title.addWidget(self.applied)
        rail.addWidget(self.slider)
        time.addWidget(self.time, 50)
        time.addWidget(self.zone)
        time.addWidget(self.clock)
        time.addStretch(1)
        said.addWidget(self.history, 1)
        said.addWidget(self.aborted)
        said.addWidget(self.reducer)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 2)
        inside.setSpacing(3)
        inside.addWidget(self.bar)
        for line in (title, rail, self._steps(), time, said):
            line.setContentsMargins(style.INSIDE_PX, 1, style.INSIDE_PX, 1)
            line.setSpacing(style.GAP_PX)
            inside.addLayout(line)
        inside.addWidget(self.notice)

    def _steps(self) -> QHBoxLayout:
        line, steps = QHBoxLayout(), QHBoxLayout()
        steps.setSpacing(2)
        for text, words, events in (
            ("|‹", "Before the first event", -_FAR),
            ("‹", "One event back (Alt+Shift+Left)", -1),
            ("›", "One event on (Alt+Shift+Right)", 1),
            ("›|", "After the last event", _FAR),
        ):
            button = QPushButton(text)
            button.setFixedWidth(_STEP_PX if len(text) == 1 else _FAR_PX)
            button.setAccessibleName(words)
            set_tip(button, words)
            button.clicked.connect(lambda _on=False, events=events: self.step(events))
            steps.addWidget(button)
        steps.addWidget(self.play)
        steps.addWidget(self.paces)
        line.addLayout(steps)
        line.addWidget(self.place, 1)
        return line

    def step(self, events: int) -> None:
        """Moves the slider by so many events."""
        self.slider.setValue(max(0, min(self.slider.value() + events, self.slider.maximum())))

    def take_time(self) -> None:
        """Into the box for the time."""
        self.time.setFocus()
        self.time.selectAll()

    def show_place(self, place: int, total: int) -> None:
        """Puts the slider where the state is; asks nothing."""
        if self.slider.isSliderDown():
            return  # the newest place that is wanted is under the mouse
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(total, place))
        self.slider.setValue(place)
        self.slider.blockSignals(False)

    def show_aborted(self, skipped: int, folded: int) -> None:
        """Offers to fold aborted events in, where there are some."""
        self.aborted.setVisible(bool(skipped or folded))
        self.aborted.setText(f"{folded:,} aborted folded in" if folded else f"{skipped:,} aborted left out")
        self.aborted.blockSignals(True)
        self.aborted.setChecked(folded > 0)
        self.aborted.blockSignals(False)

    def show_newer(self, events: int, total: int) -> None:
        """Says how many events came since; 0 for none."""
        self.newer.setText(f"{events:,} newer event{'' if events == 1 else 's'}")
        set_tip(self.newer, "Go to the newest event, and follow from there")
        self.newer.setVisible(events > 0)
        if events:
            self.slider.blockSignals(True)
            self.slider.setMaximum(total)
            self.slider.blockSignals(False)

    def say_sure(self, look: Answer, sure: Answer, total: int) -> None:
        """Says how far the state is, and how sure; `sure` may still be empty."""
        self.place.show_text(place_words(look, total))
        words = " · ".join([history_words(sure) if sure else "…", *counts_words(look, sure)])
        is_whole = not sure or (sure["history"] == "whole" and not sure["scope"]["absent"])
        self.say_history(words, f"{words}\n{scope_words(sure)}" if sure else "", is_whole=is_whole)

    def show_time(self, look: Answer, zone: tzinfo) -> None:
        """Shows when the last event was, unless a time is being written."""
        if self.time.hasFocus() and self.time.isModified():
            return
        last = look.get("last") or {}
        time_us = parse_time(last["time"]) if last.get("time") else None
        self.time.setText(shown_time(time_us, zone).removesuffix(".000000") if time_us is not None else "")
        self.time.setCursorPosition(0)

    def show_notice(self, look: Answer) -> None:
        """Says what went wrong at this place, or what should be known of it."""
        if trouble := trouble_words(look):
            self.notice.say(trouble, role="bad")
        elif remark := remark_words(look):
            self.notice.say(remark, role="dim")
        else:
            self.notice.hide()

    def say_history(self, words: str, tooltip: str, *, is_whole: bool) -> None:
        """Says how sure the state is."""
        set_role(self.history, "dim" if is_whole else "warn")
        self.history.show_text(words if is_whole else f"! {words}")
        set_tip(self.history, tooltip)
