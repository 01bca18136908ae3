"""The replay pane: the stream of the current event on a slider, its state after each event, and who set what last.

Reads nothing itself but which stream an event is in. Read `replaying` for how states are asked for, `models.state_tree`
for the tree, `models.replay_words` for what is said.
"""

from __future__ import annotations

from datetime import UTC, tzinfo

from PySide6.QtCore import QModelIndex
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.empty import Empty
from app.fold import Answer
from app.later import later
from app.models.event_look import zone_name
from app.models.replay_words import applied_words
from app.plain import Panel
from app.reducer_choice import ReducerChoice
from app.replay_controls import ReplayControls
from app.replay_copies import ReplayCopies
from app.replay_player import Player
from app.replay_strip import StripShown
from app.replay_tabs import ReplayTabs
from app.replay_time import written_us
from app.replaying import Replaying
from app.selection import Selection
from app.session import Session
from app.state_view import StateStack
from inspector.capture.streams import StreamInfo, stream_of
from inspector.event import format_time
from inspector.ingest import FINISHING

_DIM_MS, _RESTS_MS = 200, 50
_NO_STREAM = "This event has no stream.", "Nothing says which aggregate it is of; a map's rules can."
_NOTHING = "No stream is selected.", "Choose an event: the state its stream had then is shown here."


class ReplayPane(Panel):
    """The state of one stream. `pin` keeps the stream while the selection moves on."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("Replay")
        self._session, self._selection = session, selection
        self.replaying = Replaying(session, self)
        self._zone: tzinfo = UTC
        self._wanted = 0
        self._is_own_move = False
        self._sure: Answer = {}
        self._build()
        self.replaying.use_paths(self.tabs.wanted_paths)
        self.strip = StripShown(self.controls.slider, self.replaying)
        self.player = Player(self._play_on, self)
        self.choice = ReducerChoice(self.controls.reducer, session, self.replaying, self)
        self._connect()
        self._connect_answers()

    # ---- building

    def _build(self) -> None:
        self.controls = ReplayControls()
        self.notice = self.controls.notice
        self.empty, self.no_state = Empty(*_NOTHING), Empty("", "")
        self._below = StateStack(self.no_state, self.no_state.show_text)
        self.view, self.tree = self._below.view, self._below.view.tree
        self.tabs = ReplayTabs(self.replaying, self._below)
        whole = QWidget()
        inside = QVBoxLayout(whole)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(3)
        inside.addWidget(self.controls)
        inside.addWidget(self.tabs, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(whole)
        for part in whole.findChildren(QWidget):
            part.ensurePolished()  # now, and not in the turn that shows the first state
        self.body.addWidget(self._stack, 1)
        self.copies = ReplayCopies(self._session.path, self.replaying, self.view, self.tabs, self.show_setter)

    def _connect(self) -> None:
        self._late = later(self, _DIM_MS, lambda: self._show_waiting(on=True))
        self._resting = later(self, _RESTS_MS, self._announce)
        controls, view = self.controls, self.view
        controls.count_wanted.connect(self.go_to_count)
        controls.released.connect(lambda _count: self._announce())
        controls.time.returnPressed.connect(self.go_to_time)
        controls.pin.toggled.connect(self._pinned)
        self.choice.changed.connect(self._fold_anew)
        controls.play.toggled.connect(lambda on: self.player.play(on=on))
        controls.pace_chosen.connect(self.player.set_pace)
        controls.aborted_wanted.connect(self._aborted_wanted)
        controls.slider.second_wanted.connect(self.show_second)
        self.player.changed.connect(lambda on: controls.play.setChecked(bool(on)))
        self.tabs.diff.second_wanted.connect(self.show_second)
        self.tabs.what_if.changed.connect(self._fold_anew)
        self.tabs.event_wanted.connect(self.show_event)
        self.tabs.place_wanted.connect(self.go_to_count)
        view.activated.connect(self._activated)
        view.clicked.connect(self._clicked)
        self._selection.event_changed.connect(self._event_changed)
        self._selection.replay_wanted.connect(self._replay_wanted)
        self._session.watermark_changed.connect(self._capture_grew)
        self._session.state_changed.connect(self._state_changed)
        self._session.ending.connect(self.close_process)

    def _connect_answers(self) -> None:
        replaying = self.replaying
        replaying.looked.connect(self._looked)
        replaying.blamed.connect(self.tree.show_setters)
        replaying.judged.connect(self._judged)
        replaying.more.connect(lambda found: self.tree.show_more(*found))
        replaying.grown.connect(self._grown)
        replaying.failed.connect(self._fail)
        replaying.fold.waiting.connect(self._waits)
        replaying.fold.progressed.connect(self._progressed)
        replaying.fold.restarted.connect(lambda sentence: self.notice.say(sentence, role="warn"))
        self.tree.level_wanted.connect(replaying.load_more)

    def close_process(self) -> None:
        """Ends the fold process; nothing can be replayed any more."""
        self.replaying.fold.close()

    # ---- which stream

    @property
    def stream(self) -> StreamInfo | None:
        """The stream that is replayed; None for none."""
        return self.replaying.stream

    def set_zone(self, zone: tzinfo) -> None:
        """Shows times in this zone."""
        self._zone = zone
        self.tabs.set_zone(zone)
        self.strip.set_zone(zone)
        self.controls.zone.show_text(zone_name(zone))
        self.controls.show_time(self.replaying.look, self._zone)

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
        self._wanted = seq
        self._resting.stop()
        if not self.isVisible():
            return  # asked for when it can be seen
        last = self.replaying.look.get("last") or {}
        if seq and last.get("seq") == seq and not self.replaying.look.get("failed_at"):
            return  # it is where the slider stands
        self.replaying.drop()
        if not seq:
            self._show_nothing(*_NOTHING)
            return
        self._session.work.run(lambda it: stream_of(it, seq), lambda stream: self._stream_found(stream, seq), self._fail, lane="replay")

    def toggle_pin(self) -> None:
        """Stays on the stream, or follows the selection again."""
        self.pin(on=not self.controls.pin.isChecked())

    def showEvent(self, event: QShowEvent) -> None:
        """Goes to what was chosen meanwhile."""
        super().showEvent(event)
        self._event_changed(self._wanted)

    def _show_nothing(self, sentence: str, hint: str) -> None:
        self._show_waiting(on=False)
        self.replaying.leave()
        self.empty.show_text(sentence, hint)
        self._stack.setCurrentIndex(0)

    def _stream_found(self, stream: StreamInfo | None, seq: int) -> None:
        if stream is None:
            self._show_nothing(*_NO_STREAM)
            return
        if self.stream is None or self.stream.id != stream.id:
            self.view.forget()
            self.show_second(None)
            self.player.play(on=False)
            self._sure = {}
            self.strip.forget()
        self.controls.name.show_text(f"{stream.category} / {stream.name}")
        self._is_own_move = False
        self._late.start()
        self.choice.show_stream(stream)
        self.replaying.choose(stream, seq)

    def _capture_grew(self, _mark: object) -> None:
        if self.isVisible():
            self.replaying.may_have_grown()

    def _state_changed(self, text: object) -> None:
        if text == FINISHING:
            self.replaying.let_go()

    # ---- showing

    def _show_waiting(self, *, on: bool) -> None:
        if not on:
            self._late.stop()
        self.controls.bar.setVisible(on)
        self.view.dim(on=on)

    def _looked(self, look: Answer) -> None:
        self._show_waiting(on=False)
        self._stack.setCurrentIndex(1)
        self.controls.show_place(int(look["place"]), self.replaying.total)
        self.controls.show_newer(0, self.replaying.total)
        self.choice.show_taken(str(look["reducer"]), look.get("reducer_why"))
        self.controls.applied.show_text(applied_words(look, self.replaying.total))
        self.controls.say_sure(self.replaying.look, self._sure, self.replaying.total)
        self.controls.show_time(self.replaying.look, self._zone)
        self.controls.show_aborted(int(look["skipped_aborted"]), int(look.get("includes_aborted", 0)))
        self.tabs.show_look(look)
        self.controls.show_notice(look)
        self.strip.show()
        self.player.arrived(self.strip.passed_us())
        if self._is_own_move and not self.controls.slider.isSliderDown():
            self._resting.start()

    def _grown(self, newer: int) -> None:
        self.controls.show_newer(newer, self.replaying.total)
        self.controls.applied.show_text(applied_words(self.replaying.look, self.replaying.total))
        self.controls.say_sure(self.replaying.look, self._sure, self.replaying.total)
        self.strip.show(anew=True)

    def _judged(self, sure: Answer) -> None:
        self._sure = sure
        self.controls.say_sure(self.replaying.look, self._sure, self.replaying.total)

    def _fail(self, sentence: str) -> None:
        self._show_waiting(on=False)
        if sentence == "stopped":
            sentence = "stopped before there was an answer; what is shown is the state before"
        if self.stream is None:
            self._show_nothing("The stream cannot be shown.", sentence)
        elif (ask := self.choice.take_refused()) is not None:
            self._stack.setCurrentIndex(1)
            self.notice.say(sentence, role="warn", action="Look at it …", acted=ask)
        else:
            self._stack.setCurrentIndex(1)
            self.notice.say(sentence, role="bad", action="Try again", acted=self.replaying.again)

    def _waits(self, seconds: object) -> None:
        if isinstance(seconds, float | int) and seconds:
            self.notice.say(f"no answer for {seconds:.0f} s", role="warn", action="Stop", acted=self.replaying.fold.kill)
        else:
            self.notice.hide()

    def _progressed(self, events: object) -> None:
        if self.controls.bar.isVisible():
            self.notice.say(f"{events:,} events applied so far", action="Stop", acted=self.stop)

    def stop(self) -> None:
        """Breaks off what is asked; what was shown stays."""
        self.replaying.drop()
        self._fail("stopped")

    # ---- moving

    def go_to_count(self, count: object) -> None:
        """The state after so many events."""
        self._move({"count": count})

    def _move(self, place: dict[str, object]) -> None:
        self._is_own_move = True
        self._late.start()
        self.replaying.go(place)

    def _announce(self) -> None:
        """The event where the hand rests is the current one, for all who follow one selection."""
        last = self.replaying.look.get("last")
        if last and self._is_own_move and not self.controls.pin.isChecked():
            self._is_own_move = False
            self._selection.choose_event(int(last["seq"]))

    def step(self, events: int) -> None:
        """So many events on, or back when negative."""
        self.controls.step(events)

    def go_to_time(self) -> None:
        """The state at the time that is written in the box."""
        try:
            wanted_us = written_us(self.controls.time.text(), self.replaying.look, self.stream, self._zone)
        except ValueError as error:
            self.notice.say(str(error), role="bad")
            return
        self.controls.time.setModified(False)
        self._move({self.controls.clock.field: format_time(wanted_us)})

    def _aborted_wanted(self, on: object) -> None:
        self.replaying.with_aborted = bool(on)
        self._fold_anew()

    def _fold_anew(self) -> None:
        """What is folded, or how, is another: the same place is asked again, and all that was said about it."""
        self._is_own_move = False
        self._late.start()
        self.strip.forget()
        self.replaying.again()
        self.tabs.ask_anew()

    def show_second(self, place: object) -> None:
        """Puts the second cursor at a place to compare with; None takes it away."""
        second = place if isinstance(place, int) else None
        self.controls.slider.show_second(second)
        self.tabs.diff.show_second(second)
        if second is not None:
            self.tabs.turn_to(self.tabs.diff)

    def _play_on(self) -> bool:
        slider = self.controls.slider
        if slider.value() >= slider.maximum():
            return False
        self.step(1)
        return True

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == 2 or self.tree.is_more(index):
            self._activated(index)

    def _activated(self, index: QModelIndex) -> None:
        if self.tree.is_more(index):
            self.tree.load_more(index)
        else:
            self.show_setter(index)

    def show_setter(self, index: QModelIndex) -> None:
        """Makes the event current that set the value of a row last; the state stays."""
        node = self.tree.node(index)
        if node is not None and node.set_by is not None:
            self.show_event(int(node.set_by["seq"]))

    def show_event(self, seq: object) -> None:
        """Makes an event current; the state stays."""
        if isinstance(seq, int):
            self.controls.pin.setChecked(True)
            self._selection.choose_event(seq)
