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
        for lane in ("look", "sure", "extent", "more"):
            self.fold.drop(lane)

    def go(self, place: dict[str, object]) -> None:
        """Asks for the state at a place; an empty one is the end."""
        if self.stream is not None:
            self.drop()
            self.place = place
            paths = list(self._open_paths())
            self.fold.ask("look", self._told, self._not_told, lane="look", open=paths, limit=LEVEL_ROWS, **self._fields(), **place)

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

    def _fields(self) -> dict[str, Any]:
        assert self.stream is not None
        return {"stream_id": self.stream.id, "reducer": self.reducer or None}

    def _judge(self) -> None:
        if self.stream is not None and self.look:
            place = self.place if "at" in self.place else {"count": self.look["place"]}
            self.fold.ask("sure", lambda _request, sure: self.judged.emit(sure), self._not_told, lane="sure", **self._fields(), **place)

    # ---- answers

    def _told(self, request: int, answer: Answer) -> None:
        self._request, self.look = request, answer
        self.total, self.newer = int(answer["total"]), 0
        if "event" in self.place:
            self.place = {"count": answer["place"]}
        self.looked.emit(answer)
        self._judge_later.start()

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
        return bool(self.look) and "at" not in self.place and int(self.look["place"]) >= int(self.look["total"])

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
