"""Indexes fields of the open capture as jobs of the window, in a bar that says what that does and how it goes.

The command line does the work. While the capture runs, an index waits until it has stopped. Read `inspector.capture.indexing` for
what an index is, `dialogs.indexes` for the list of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal

from app.dialogs.job import Job
from app.fetching import Fetching
from app.models.captures import size_text
from app.notice import Notice, thin_bar
from app.selection import Selection
from app.session import Session
from inspector.errors import UsageError
from inspector.query.lookups import indexable
from inspector.query.places import places_in
from inspector.text import shortened, visible

_MOST_CHARACTERS = 60
INDEX_TIP = "Filters that compare it with a text or a number are then looked up, not asked of every event"
_WHERE = {"beside": "beside the capture", "inside": "in the capture"}


def index_words(place: str) -> str:
    """A place as a sentence says it."""
    return visible(shortened(place, _MOST_CHARACTERS))


def can_be_indexed(place: str) -> bool:
    """Whether there can be an index of a place."""
    try:
        indexable(place)
    except UsageError:
        return False
    return True


class IndexBar(Notice):
    """Hidden until something is indexed. One job at a time; what is asked for meanwhile waits."""

    changed = Signal(object)
    """`(place)`: it is indexed now, or no more."""

    def __init__(self) -> None:
        super().__init__("Indexing")
        self.setObjectName("panel")
        self._job = Job(self)
        self._session: Session | None = None
        self._selection: Selection | None = None
        self._waiting: list[str] = []
        self._made: list[str] = []
        self._found: Mapping[str, Any] = {}
        self._busy = thin_bar("The field is being indexed", 0)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(self._busy)

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Works on another session; None: nothing is open. What was being indexed is stopped."""
        self._clear()
        self.hide()
        self._session, self._selection = session, selection
        if session is not None and selection is not None:
            selection.index_wanted.connect(self.index)
            session.capture_ended.connect(lambda _error: self._next() if session is self._session else None)

    # ---- what can be done

    def index(self, place: str) -> None:
        """Indexes a place, written as in a filter; when the capture has stopped if it runs."""
        try:
            kept, _ = indexable(place)
        except UsageError as error:
            self.say(str(error), role="bad")
            return
        if not self._waiting:
            self._made.clear()
        if kept not in self._waiting:
            self._waiting.append(kept)
        self._next()

    def index_filter(self) -> None:
        """Indexes the places that the filter in force compares."""
        for place in self.places():
            self.index(place)

    def places(self) -> list[str]:
        """The places in the filter in force that can be indexed."""
        text = self._selection.filter if self._selection is not None else ""
        return [place.text for place in places_in(text) if can_be_indexed(place.text)]

    def drop(self, place: str) -> None:
        """Drops the index of a place."""
        if self._session is not None and not self._job.is_running:
            self._waiting.insert(0, place)
            self._run(place, ["--drop"], f"Dropping the index of {index_words(place)} …")

    def stop(self) -> None:
        """Ends what runs and forgets what waits; no half of an index is left."""
        names, verb = _listed(self._waiting), _is(self._waiting)
        self._clear()
        self.say(f"Stopped; {names} {verb} not indexed")

    # ---- what happens

    def _next(self) -> None:
        if self._session is None or not self._waiting or self._job.is_running:
            return
        place, names = self._waiting[0], _listed(self._waiting)
        if self._session.is_capturing or Fetching.of(self._session).makes_room:
            self.say(f"{names} will be indexed when the capture has stopped", action="Do not index", acted=self.stop)
            return
        # a capture of our own that ran here is one that is worked on
        inside = ["--inside"] if self._session.child is not None else []
        self._run(place, inside, f"Indexing {index_words(place)}: every event is looked at once …")

    def _run(self, place: str, options: list[str], sentence: str) -> None:
        assert self._session is not None
        self._found = {}
        self._busy.show()
        self.say(sentence, action="Stop", acted=self.stop)
        command = ["index", str(self._session.path), place, *options, "--progress", "json", "--stop-with-stdin"]
        self._job.run(command, self._told, lambda error: self._ended(place, error))

    def _told(self, line: Mapping[str, Any]) -> None:
        if line.get("type") in {"indexed", "dropped"}:
            self._found = line

    def _ended(self, place: str, error: str) -> None:
        self._busy.hide()
        self._waiting = [other for other in self._waiting if other != place]
        if error or not self._found:
            self.say(error or f"{index_words(place)} is not indexed: no answer came", role="bad")
        elif self._found["type"] == "dropped":
            self.say(f"The index of {index_words(place)} is dropped: filters on it look at every event again", role="ok")
        else:
            self._made.append(place)
            size, where = size_text(int(self._found["bytes"])), _WHERE.get(str(self._found["kept"]), "")
            made, them = f"{_listed(self._made)} {_is(self._made)}", "it" if len(self._made) == 1 else "them"
            self.say(f"{made} indexed: filters on {them} are looked up ({size}, kept {where})", role="ok")
        if self._found:
            self._use(place)
        self._next()

    def _use(self, place: str) -> None:
        if self._session is not None and self._selection is not None:
            self._session.work.reopen()  # a reader of a file that nobody wrote sees no change
            if place in self.places():
                self._selection.ask_again()
        self.changed.emit(place)

    def _clear(self) -> None:
        self._job.stop()
        self._waiting.clear()
        self._made.clear()
        self._busy.hide()


def _listed(places: list[str]) -> str:
    words = [index_words(place) for place in places]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _is(places: list[str]) -> str:
    return "is" if len(places) == 1 else "are"
