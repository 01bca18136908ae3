"""One replay under way: which stream, which place, what was answered, and what came since. No widget.

Asks the fold process; of several questions only the newest place counts. Read `fold` for how it is asked, `panes.replay`
for what is made of the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.fold import Answer, Fold
from app.models.state_tree import LEVEL_ROWS
from app.session import Session
from inspector.capture.streams import StreamInfo

_SURE_MS = 120
_GROWN_MS = 500
_GONE = "no longer kept"


class Replaying(QObject):
    """The replay of one stream at a time. `place` is what was asked last, as fields of a `look`."""

    looked = Signal(object)
    """`(answer)` of `look`: there is a new state."""
    blamed = Signal(object)
    """`(path → event)`: who set the values of the state that was shown last, where `looked` did not say."""
    judged = Signal(object)
    """`(answer)` of `sure`, for the state that was shown last."""
    more = Signal(object)
    """`(path, offset, level)`: further children of the state that was shown last."""
    grown = Signal(object)
    """`(events)` that came after what was shown last, in all."""
    failed = Signal(object)
    """`(sentence)`: what was asked last has no answer."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.fold = Fold(session.path, session.messages, self)
        self.fold.is_unmasked, self.fold.hides = session.is_unmasked, session.hides
        self.stream: StreamInfo | None = None
        self.reducer = ""
        self.without: list[int] = []
        """The numbers of events that are left out: what if they had not happened?"""
        self.with_aborted = False
        """Whether aborted events are folded in, which is not what happened."""
        self.place: dict[str, object] = {}
        self.look: Answer = {}
        self.total = self.newer = 0
        self._request = 0
        self._open_paths: Callable[[], Iterable[str]] = list
        self._judge_later = QTimer(self, singleShot=True, interval=_SURE_MS)
        self._judge_later.timeout.connect(self._judge)
        self._grow_later = QTimer(self, singleShot=True, interval=_GROWN_MS)
        self._grow_later.timeout.connect(self._ask_extent)

    def said(self, command: str) -> str:
        """A command that prints of the capture, so that it hides what is hidden here."""
        return self._session.said(command)

    def use_paths(self, open_paths: Callable[[], Iterable[str]]) -> None:
        """Where it is learnt which levels of the state are open."""
        self._open_paths = open_paths

    # ---- asking

    def choose(self, stream: StreamInfo, seq: int) -> None:
        """Goes to an event of a stream."""
        if self.stream is None or self.stream.id != stream.id:
            self.look, self.total, self.newer = {}, 0, 0
            self.without, self.with_aborted = [], False
        self.stream = stream
        self.go({"event": seq})

    def leave(self) -> None:
        """There is no stream."""
        self.drop()
        self.stream, self.look, self.place = None, {}, {}
        self.total = self.newer = 0

    def drop(self) -> None:
        """What is asked is not wanted any more."""
        self._judge_later.stop()
        for lane in ("look", "sure", "extent", "more", "blame"):
            self.fold.drop(lane)

    def go(self, place: dict[str, object]) -> None:
        """Asks for the state at a place; an empty one is the end."""
        if self.stream is not None:
            self.drop()
            self.place = place
            paths = list(self._open_paths())
            fields = {"open": paths, "limit": LEVEL_ROWS, "quick": True, **self._fields(), **place}
            self.fold.ask("look", self._told, self._not_told, lane="look", **fields)

    def again(self) -> None:
        """Asks the same again."""
        self.go(self.place)

    def load_more(self, path: str, offset: int) -> None:
        """Asks for further children of the state that is shown."""

        of = self._request

        def told(_request: int, level: Answer) -> None:
            if of == self._request:
                self.more.emit((path, offset, level))

        self.fold.ask("children", told, self._not_kept, of=of, path=path, offset=offset, limit=LEVEL_ROWS)

    def copy(self, path: str, done: Callable[[str], None]) -> None:
        """Asks for the JSON text of a value of the state that is shown."""
        self.fold.ask("copy", lambda _request, answer: done(str(answer["text"])), self._not_kept, of=self._request, path=path)

    def ask(
        self, do: str, done: Callable[[Answer], None], *, lane: str, failed: Callable[[str], None] | None = None, **fields: object
    ) -> None:
        """Puts another question about the stream, with its reducer and what is left out; a newer one of the lane takes its place."""
        if self.stream is not None:
            self.fold.ask(
                do, lambda _request, answer: done(answer), failed or self._not_told, lane=f"page {lane}", **(self._fields() | fields)
            )

    @property
    def here(self) -> dict[str, object]:
        """The place that is shown, as fields of a question."""
        return dict(self.place) if self.place.keys() & {"at", "known_at"} else {"count": self.look.get("place", 0)}

    def _fields(self) -> dict[str, Any]:
        assert self.stream is not None
        return {
            "stream_id": self.stream.id,
            "reducer": self.reducer or None,
            "aborted": self.with_aborted,
            "without": [str(seq) for seq in self.without],
        }

    def _judge(self) -> None:
        if self.stream is not None and self.look:
            self.fold.ask("sure", lambda _request, sure: self.judged.emit(sure), self._not_told, lane="sure", **self._fields(), **self.here)

    # ---- answers

    def _told(self, request: int, answer: Answer) -> None:
        self._request, self.look = request, answer
        self.total, self.newer = int(answer["total"]), 0
        if "event" in self.place:
            self.place = {"count": answer["place"]}
        self.looked.emit(answer)
        self._judge_later.start()
        if not answer.get("blamed", True):
            self._ask_blame()

    def _ask_blame(self) -> None:
        """Who set what comes after the state, where it takes longer."""
        self.fold.ask("blame", self._blame_told, self._not_kept, lane="blame", of=self._request, open=list(self._open_paths()))

    def _blame_told(self, _request: int, answer: Answer) -> None:
        if answer["done"]:
            self.blamed.emit(answer["set_by"])
        else:
            self._ask_blame()

    def _not_told(self, sentence: str) -> None:
        self.failed.emit(sentence)

    def _not_kept(self, sentence: str) -> None:
        if _GONE in sentence:
            self.again()  # another process than the one that found this state
        else:
            self.failed.emit(sentence)

    # ---- a stream that grows

    @property
    def is_at_end(self) -> bool:
        """Whether the newest event is applied, so that the next one is followed."""
        return bool(self.look) and not self.place.keys() & {"at", "known_at"} and int(self.look["place"]) >= int(self.look["total"])

    def may_have_grown(self) -> None:
        """The capture changed; looks soon whether this stream did."""
        self.fold.keeps_open = not (self._session.is_capturing or self._session.work.lets_go)
        if self.stream is not None and not self._grow_later.isActive():
            self._grow_later.start()

    def let_go(self) -> None:
        """Lets go of the capture, which is about to be ended by who writes it."""
        self._grow_later.stop()
        self.fold.let_go()

    def _ask_extent(self) -> None:
        if self.stream is not None and self.look:
            self.fold.ask("extent", self._extent_told, self._not_told, lane="extent", **self._fields())

    def _extent_told(self, _request: int, answer: Answer) -> None:
        total = int(answer["total"])
        if total == self.total:
            return
        if self.is_at_end or total < self.total:
            self.go({} if self.is_at_end else self.place)
            return
        self.newer += total - self.total
        self.total = total
        self.grown.emit(self.newer)
