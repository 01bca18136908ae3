"""The replay pane: the stream of the current event on a slider, its state after each event, and who set what last.

Asks the fold process; reads nothing itself but which stream an event is in. Read `fold` for how it is asked,
`models.state_tree` for the tree, `models.replay_words` for what is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.empty import Empty
from app.fold import Answer, Fold
from app.jump import AtTime, Here, target
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.replay_words import applied_words, command, doubt_words, failure_words, history_words
from app.models.state_tree import LEVEL_ROWS
from app.plain import Panel, set_tip
from app.replay_controls import ReplayControls
from app.selection import Selection
from app.session import Session
from app.state_view import StateView
from inspector.capture.streams import StreamInfo, stream_of
from inspector.event import format_time, parse_time
from inspector.ingest import FINISHING

_SMALL_STREAM = 1_000
"""Up to so many events, who set what is asked for at once: it takes as long as the rest."""
_BLAME_MS = 150
_GROWN_MS = 1_000
_DIM_MS = 200
_EXPANDED_CHILDREN = 8
_DAY_ONLY = re.compile(r"\s*\d{4}-\d\d-\d\d\s*(Z|UTC|[+-]\d\d:?\d\d)?\s*\Z", re.IGNORECASE)


class ReplayPane(Panel):
    """The state of one stream. `pin` keeps the stream while the selection moves on."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Replay")
        self._session, self._selection = session, selection
        self._fold = Fold(session.path, session.messages, self)
        self.stream: StreamInfo | None = None
        self._zone: tzinfo = UTC
        self._total = 0
        self._newer = 0
        self._answer: Answer = {}
        self._place: dict[str, object] = {}
        self._shown_request = 0
        self._build()
        self._connect()

    # ---- building

    def _build(self) -> None:
        self.controls = ReplayControls()
        self.notice = self.controls.notice
        self.view = StateView()
        self.tree = self.view.tree
        self.empty = Empty("No stream is selected.", "Choose an event: the state its stream had then is shown here.")
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        whole = QWidget()
        inside = QVBoxLayout(whole)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(3)
        inside.addWidget(self.controls)
        inside.addWidget(self.view, 1)
        self._stack.addWidget(whole)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self._blame_later = QTimer(self, singleShot=True, interval=_BLAME_MS)
        self._blame_later.timeout.connect(self._ask_blame)
        self._dim = QTimer(self, singleShot=True, interval=_DIM_MS)
        self._dim.timeout.connect(lambda: self.view.setEnabled(False))
        self._grown = QTimer(self, singleShot=True, interval=_GROWN_MS)
        self._grown.timeout.connect(self._ask_total)
        self.controls.count_wanted.connect(self.go_to_count)
        self.controls.time.returnPressed.connect(self.go_to_time)
        self.controls.pin.toggled.connect(self._pinned)
        self.controls.reducer.currentIndexChanged.connect(lambda: self._ask_state(self._place))
        self.tree.level_wanted.connect(self._ask_level)
        self.view.activated.connect(self.show_setter)
        self.view.customContextMenuRequested.connect(self._menu)
        self._fold.waiting.connect(self._waits)
        self._selection.event_changed.connect(self._event_changed)
        self._selection.replay_wanted.connect(self._replay_wanted)
        self._session.watermark_changed.connect(lambda _mark: self._stream_may_grow())
        self._session.state_changed.connect(self._state_changed)
        self._session.ending.connect(self.close_process)

    def close_process(self) -> None:
        """Ends the fold process; nothing can be replayed any more."""
        self._fold.close()

    # ---- which stream

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self.controls.zone.show_text(zone_name(zone))
        self._show_time()

    def pin(self, *, on: bool) -> None:
        """Keeps the stream, or follows the selection again."""
        self.controls.pin.setChecked(on)

    def _pinned(self, on: bool) -> None:
        if not on:
            self._event_changed(self._selection.seq)

    def _replay_wanted(self, seq: object) -> None:
        self.controls.pin.setChecked(False)
        self._event_changed(seq)

    def _event_changed(self, seq: object) -> None:
        if self.controls.pin.isChecked() or not isinstance(seq, int):
            return
        if not seq:
            self._show_nothing("No stream is selected.", "Choose an event: the state its stream had then is shown here.")
            return
        self._session.work.run(
            lambda reader: stream_of(reader, seq), lambda stream: self._stream_found(stream, seq), self._fail, lane="replay"
        )

    def _show_nothing(self, sentence: str, hint: str) -> None:
        self.stream, self._answer = None, {}
        self.empty.show_text(sentence, hint)
        self._stack.setCurrentIndex(0)

    def _stream_found(self, stream: StreamInfo | None, seq: int) -> None:
        if stream is None:
            self._show_nothing("This event is in no stream.", "Rules find streams: see Identity in the guide.")
            return
        if self.stream is None or self.stream.id != stream.id:
            self.view.forget()
            self._total = self._newer = 0
            self.stream = stream
            self._ask_total()
        self.stream = stream
        self.controls.name.show_text(f"{stream.category} / {stream.name}")
        self._stack.setCurrentIndex(1)
        self._ask_state({"event": seq})

    def _stream_may_grow(self) -> None:
        self._fold.keeps_open = not (self._session.is_capturing or self._session.work.lets_go)
        if self.stream is not None and self.isVisible() and not self._grown.isActive():
            self._grown.start()

    def _state_changed(self, text: object) -> None:
        if text == FINISHING:
            self._fold.let_go()

    # ---- asking

    def _request(self, **fields: object) -> dict[str, object]:
        assert self.stream is not None
        request: dict[str, object] = {"stream": f"{self.stream.category}/{self.stream.name}", "source": self.stream.source, **fields}
        if self.controls.reducer.currentData():
            request["reducer"] = self.controls.reducer.currentData()
        return request

    def _ask_total(self) -> None:
        if self.stream is not None:
            self._fold.ask("replay", self._total_told, lambda _sentence: None, lane="total", **self._request())

    def _total_told(self, _request: int, answer: Answer) -> None:
        total = int(answer["applied"]) + (answer["failed_at"] is not None)
        was_at_end = self._total > 0 and self._answer.get("applied") == self._total and "event" not in self._place
        self._newer += total - self._total if self._total else 0
        self._total = total
        self.controls.show_place(int(self._answer.get("applied", 0)), total)
        if was_at_end and self._newer:
            self._newer = 0
            self._ask_state({"count": total})
        elif self._answer:
            self._show_words()

    def _ask_state(self, place: dict[str, object]) -> None:
        if self.stream is None or not place:
            return
        self._place = place
        self._dim.start()
        has_blame = 0 < self._total <= _SMALL_STREAM or self.stream.events <= _SMALL_STREAM
        self._fold.ask("replay", self._state_told, self._fail, lane="state", **self._request(**place, blame=has_blame))

    def _ask_blame(self) -> None:
        if self.stream is not None and self._answer:
            request = self._request(count=self._answer["applied"], blame=True)
            self._fold.ask("replay", self._blame_told, self._fail, lane="blame", **request)

    def _state_told(self, request: int, answer: Answer) -> None:
        self._answer = answer
        self.controls.show_place(int(answer["applied"]), self._total)
        self._show_words()
        self._ask_levels(request, answer.get("step") or ())
        if "blame" not in answer:
            self._blame_later.start()

    def _blame_told(self, request: int, answer: Answer) -> None:
        if answer["applied"] == self._answer.get("applied"):
            self._ask_levels(request, answer.get("step") or ())

    def _ask_levels(self, request: int, step: Any) -> None:
        """All levels that are open, shown together: nothing flickers while a slider is dragged."""
        wanted = ["", *sorted(self.view.open_paths)]
        levels: dict[str, Mapping[str, Any]] = {}
        left = set(wanted)

        def take(path: str, level: Mapping[str, Any] | None) -> None:
            left.discard(path)
            if level is not None:
                levels[path] = level
            if not left and "" in levels:
                self._show_state(request, levels, step)

        for path in wanted:
            self._ask_one(request, path, take)

    def _ask_one(self, request: int, path: str, take: Callable[[str, Mapping[str, Any] | None], None]) -> None:
        def told(_request: int, level: Mapping[str, Any]) -> None:
            take(path, level)

        def failed(_sentence: str) -> None:
            take(path, None)  # the state has nothing there any more

        self._fold.ask("children", told, failed, lane=f"level {path}", of=request, path=path, limit=LEVEL_ROWS)

    def _ask_level(self, path: object, offset: object) -> None:
        def take(_request: int, level: Mapping[str, Any]) -> None:
            self.tree.show_level(str(path), level)

        self._fold.ask("children", take, self._fail, of=self._shown_request, path=path, offset=offset, limit=LEVEL_ROWS)

    # ---- showing

    def _show_state(self, request: int, levels: Mapping[str, Mapping[str, Any]], step: Any) -> None:
        self._dim.stop()
        self.view.setEnabled(True)
        self._shown_request = request
        self.view.show_state(levels, step)

    def _show_words(self) -> None:
        answer = self._answer
        self.controls.applied.show_text(applied_words(answer, self._total, self._newer))
        self.controls.history.show_text(history_words(answer))
        set_tip(self.controls.history, "\n".join(doubt_words(answer)))
        self._show_time()
        if failure := failure_words(answer):
            self.notice.say(failure, role="bad")
        else:
            self.notice.hide()

    def _show_time(self) -> None:
        if self.controls.time.hasFocus() and self.controls.time.isModified():
            return
        last = self._answer.get("last") or {}
        time_us = parse_time(last["time"]) if last.get("time") else None
        self.controls.time.setText(shown_time(time_us, self._zone) if time_us is not None else "")

    def _fail(self, sentence: str) -> None:
        self._dim.stop()
        self.view.setEnabled(True)
        if sentence != "stopped":
            self.notice.say(sentence, role="bad", action="Try again", acted=lambda: self._ask_state(self._place))

    def _waits(self, seconds: object) -> None:
        if not isinstance(seconds, float | int) or not seconds:
            self.notice.hide()
        else:
            self.notice.say(f"no answer for {seconds:.0f} s", role="warn", action="Stop", acted=self._fold.kill)

    # ---- moving

    def go_to_count(self, count: object) -> None:
        """The state after so many events."""
        self._newer = 0
        self._ask_state({"count": count})

    def step(self, events: int) -> None:
        """So many events on, or back when negative."""
        self.controls.step(events)

    def take_time(self) -> None:
        """Into the box for the time."""
        self.controls.time.setFocus()
        self.controls.time.selectAll()

    def go_to_time(self) -> None:
        """The state at the time that is written in the box."""
        text = self.controls.time.text().strip()
        last = (self._answer.get("last") or {}).get("time")
        day_us = parse_time(last) if last else self.stream.last_us if self.stream else None
        try:
            wanted = target(text, Here(self._zone, zone_name(self._zone), day_us, self.stream.last_us if self.stream else None))
        except ValueError as error:
            self.notice.say(str(error), role="bad")
            return
        if not isinstance(wanted, AtTime):
            self.notice.say("write a time: 14:03, 14:03:07.250, 2026-11-23, 2026-11-23T14:03:00Z or -15m", role="bad")
            return
        moment_us = wanted.until_us - 1 if _DAY_ONLY.match(text) else wanted.from_us
        self.controls.time.setModified(False)
        self._ask_state({"at": format_time(moment_us)})

    def show_setter(self, index: QModelIndex) -> None:
        """Makes the event current that set the value of a row last."""
        node = self.tree.node(index)
        if node is not None and node.set_by is not None:
            self.controls.pin.setChecked(True)
            self._selection.choose_event(int(node.set_by["seq"]))

    # ---- copying

    def copy_command(self) -> None:
        """Copies the command that prints what is shown."""
        if self.stream is not None and self._answer:
            QGuiApplication.clipboard().setText(
                command(str(self._session.path), self.stream, self._answer, self._place, str(self.controls.reducer.currentData() or ""))
            )

    def _menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        node = self.tree.node(self.view.indexAt(at))
        for text, act in (("Copy value", self.view.copy_value), ("Copy path", self.view.copy_path), ("Copy command", self.copy_command)):
            menu.addAction(text, act)
        if node is not None and node.set_by is not None:
            menu.addSeparator()
            menu.addAction("Show the event that set this", lambda: self.show_setter(self.view.currentIndex()))
        menu.popup(self.view.viewport().mapToGlobal(at))
