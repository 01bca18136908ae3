"""What the source has beyond what the list shows: offered where somebody looks for it, at its ends, at a jump, when nothing matches.

Puts the bar above the list and asks the session's workers what was not read. Read `fetching` for the reading itself,
`inspector.capture.unread` for what is known of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.access import Access, can_be_asked
from app.dialogs.job import Job
from app.event_view import EventView
from app.fetch_bar import FetchBar
from app.fetching import Fetching, Stage, Wanted, range_options
from app.jump import AtOffset, AtTime
from app.models.places import Place
from app.panes.events import EventsPane
from app.plain import set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.capture.unread import Range, Unread, first_of, last_of, unread
from inspector.event import format_time
from inspector.text import shortened, visible

_AT_ONCE = 5_000
"""Positions of all partitions together that are read at an end of the list."""
_BEFORE, _AFTER = 500, 4_500
_SHOWN_FILTER = 60
_READABLE_S = 1.0
"""So long an offer is there to be read before scrolling on takes it."""
_LANE = "unread"


class Reach(QObject):
    """Offers to read more for one list."""

    def __init__(self, session: Session, selection: Selection, pane: EventsPane) -> None:
        super().__init__(pane)
        self._session, self._selection, self._pane = session, selection, pane
        self.fetching = Fetching.of(session)
        self.bar = FetchBar(self.fetching)
        self._access, self._job = Access(session), Job(self)
        self._asked_for = ""
        self._pulled: tuple[bool | None, float] = (None, 0.0)
        """The end at which somebody scrolled on last (True: the older one), and when."""
        pane.body.insertWidget(1, self.bar)
        self.find_button = pane.empty.add_button("Find in the source")
        self.find_button.clicked.connect(self.find)
        self.find_button.hide()
        set_tip(self.find_button, "Searches what was not read, and captures what matches")
        self._connect(pane.view)

    def _connect(self, view: EventView) -> None:
        # when the view has moved
        view.scrolled_by_user.connect(lambda direction: QTimer.singleShot(0, self, lambda: self._scrolled(direction)))
        self._pane.to_do.arrived.connect(self._arrived)
        self._pane.lister.progressed.connect(self._look_for_find)
        self.bar.more_wanted.connect(self._offer_all)
        self.fetching.finished.connect(self._finished)
        self._session.ending.connect(self._leave)

    # ---- at the ends of the list

    def _scrolled(self, direction: int) -> None:
        """Somebody came to an end of the list: what lies beyond is offered, and read when they scroll on."""
        bar, wish = self._pane.view.verticalScrollBar(), self._pane.lister.wish
        is_at_end = direction and bar.value() == (bar.minimum() if direction < 0 else bar.maximum())
        if not is_at_end or wish.is_narrowed or not self._pane.lister.is_done:
            return
        older = (direction < 0) != wish.newest_first
        if self.fetching.stage in {Stage.idle, Stage.done}:
            self._pulled = older, time.monotonic()
            self._offer(older=older, is_asked=False)
        elif self.fetching.stage is Stage.offered and self._pulled[0] is older and self._may_go_on():
            self.fetching.start()

    def _may_go_on(self) -> bool:
        """Whether scrolling on takes what is offered: it could be read meanwhile, and is of a place that the user chose."""
        return time.monotonic() - self._pulled[1] > _READABLE_S and self._access.is_known(self.fetching.wanted.url)

    def offer_older(self) -> None:
        """Offers what lies before what the capture has, a part first and then all of it."""
        self._offer(older=True, is_asked=True)

    def offer_newer(self) -> None:
        """Offers what lies after what the capture has; while it follows, that comes by itself."""
        self._offer(older=False, is_asked=True)

    def _offer(self, *, older: bool, is_asked: bool) -> None:
        if older or not self._session.is_capturing:
            self._ask("", lambda parts: self._offer_side(parts, older=older, is_asked=is_asked))

    def _offer_side(self, parts: Sequence[Unread], *, older: bool, is_asked: bool) -> None:
        sides = [(part, part.older if older else part.newer) for part in parts]
        sides = [(part, ranges) for part, ranges in sides if ranges]
        sides = [(part, ranges) for part, ranges in sides if part.uri == sides[0][0].uri]
        if not sides:
            if is_asked:
                self._pane.notice.say(f"nothing {_WHICH[older]} is left to be read: all there was when last looked is here")
            return
        each = max(_AT_ONCE // len(sides), 1)
        some = [(part, (last_of if older else first_of)(ranges, each)) for part, ranges in sides]
        count = _count(sides)
        said = f"{count:,} {_WHICH[older]} positions of {_logs(part for part, _ in sides)} were not read"
        whole = _ranges_wanted(sides, f"all {said}") if count > _count(some) else None
        wanted = _ranges_wanted(some, f"{said}; {_count(some):,} of them next" if whole else said)
        self._propose(replace(wanted, whole=whole), [part for part, _ in sides])

    def _offer_all(self, _nothing: object) -> None:
        if (whole := self.fetching.wanted.whole) is not None:
            self.fetching.offer(whole)

    def _propose(self, wanted: Wanted, going: Sequence[Unread] = ()) -> None:
        """Offers something to read, unless something is being read; with the time when the oldest records of `going` go."""
        if self.fetching.offer(wanted):
            self._job.stop()
            self.bar.show_countdown(None)
            if going:
                self._ask_oldest(going)

    def _list_by_position(self) -> None:
        """What was read later than its neighbours stands among them in every order but that of arrival."""
        if self._pane.lister.wish.order == "arrival":
            self._pane.set_order("time")

    # ---- where a jump leads to nothing

    def _arrived(self, place: Place) -> None:
        if place.missing is not None:
            missing = place.missing
            self._ask("", lambda parts: self._offer_position(parts, *missing))
        elif place.missing_us is not None:
            time_us = place.missing_us
            self._ask("", lambda parts: self._offer_time(parts, time_us))

    def _offer_position(self, parts: Sequence[Unread], log: str, partition: int, position: int) -> None:
        for part in parts:
            found = part.around(position, _BEFORE, _AFTER) if (part.log, part.partition) == (log, partition) else None
            if found is not None:
                words = f"offset {position:,} of {visible(log)}/{partition} was not read; {found[1] - found[0]:,} positions around it"
                self._propose(replace(_ranges_wanted([(part, (found,))], words), goal=AtOffset(position, log, partition)))
                return

    def _offer_time(self, parts: Sequence[Unread], time_us: int) -> None:
        text = format_time(time_us)
        if not parts or text is None:
            return
        url = parts[0].uri
        here = [part for part in parts if part.uri == url]
        options = (*_topics(here), f"--from={text}", f"--limit={_AT_ONCE}")
        zone = self._pane.model.zone
        clock = datetime.fromtimestamp(time_us / 1e6, UTC).astimezone(zone)
        said = f"{sum(part.count for part in here):,} positions of {_logs(here)} were not read"
        words = f"{said}; up to {_AT_ONCE:,} events from {clock:%Y-%m-%d %H:%M:%S %Z} on"
        self._propose(Wanted(url, options, words, _AT_ONCE, goal=AtTime(time_us, time_us + 60_000_000, text)))

    # ---- what matches

    def find(self) -> None:
        """Offers to search what was not read for what the filter in force matches, the newest first."""
        text = self._selection.filter
        if not text:
            self._pane.notice.say("write a filter first ( / ): what it matches is looked for in the source")
            return
        self._ask(text, lambda parts: self._offer_find(parts, text))

    def _offer_find(self, parts: Sequence[Unread], text: str) -> None:
        if not parts:
            self._pane.notice.say("there is nothing left to search: all there was when last looked is here, or was searched for this")
            return
        url = parts[0].uri
        here = [part for part in parts if part.uri == url]
        count = sum(part.count for part in here)
        words = f"{count:,} positions of {_logs(here)} were not searched for {visible(shortened(text, _SHOWN_FILTER))}"
        options = (*_topics(here), f"--filter={text}", "--newest-first")
        self._propose(Wanted(url, options, words, count, is_search=True), here)

    def _look_for_find(self) -> None:
        """Nothing here matches: whether there is more to search."""
        lister, text = self._pane.lister, self._selection.filter
        if self._pane.model.rows or not lister.is_done or not text:
            self.find_button.hide()
            self._asked_for = ""
        elif text != self._asked_for:
            self._asked_for = text
            self._ask(text, lambda parts: self.find_button.setVisible(bool(parts) and text == self._selection.filter))

    # ---- asking

    def _ask(self, filter_text: str, done: Callable[[Sequence[Unread]], None]) -> None:
        def read(reader: CaptureReader) -> list[Unread]:
            return [part for part in unread(reader, filter_text) if can_be_asked(part.uri)]

        self._session.work.run(read, done, _unheard, lane=_LANE)

    def _ask_oldest(self, parts: Sequence[Unread]) -> None:
        """Asks the source when the oldest of these records go; not one that only the capture names."""
        if not self._access.is_known(parts[0].uri):
            return
        partitions = {(part.log, part.partition) for part in parts}
        goes: list[int] = []

        def told(row: Mapping[str, Any]) -> None:
            if (row.get("log"), row.get("partition")) in partitions and isinstance(row.get("goes"), str):
                goes.append(int(datetime.fromisoformat(str(row["goes"])).timestamp() * 1e6))

        def ended(error: str) -> None:
            if not error and goes:
                self.bar.show_countdown(min(goes))

        def ask(config: str) -> None:
            command = ["logs", parts[0].uri, *_topics(parts), "--oldest", "--format", "jsonl", "--stop-with-stdin"]
            self._job.run([*command, *(["--config", "-"] if config else [])], told, ended, config=config)

        self._access.config(parts[0].uri, ask)

    def _leave(self, _nothing: object) -> None:
        self._job.stop()

    def _finished(self, wanted: Wanted) -> None:
        if wanted.goal is not None:
            self._pane.to_do.go_to(wanted.goal)
        elif not wanted.is_search:
            self._list_by_position()


_WHICH = {True: "older", False: "newer"}


def _ranges_wanted(sides: Sequence[tuple[Unread, Sequence[Range]]], words: str) -> Wanted:
    options = [option for part, ranges in sides for option in range_options(part.log, part.partition, ranges)]
    return Wanted(sides[0][0].uri, tuple(options), words, _count(sides))


def _count(sides: Iterable[tuple[Unread, Sequence[Range]]]) -> int:
    return sum(end - start for _, ranges in sides for start, end in ranges)


def _topics(parts: Iterable[Unread]) -> list[str]:
    return [f"--topic={name}" for name in dict.fromkeys(part.log for part in parts)]


def _logs(parts: Iterable[Unread]) -> str:
    """The logs in words, such as `orders (3 partitions) and 2 other logs`."""
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.log] = counts.get(part.log, 0) + 1
    (name, partitions), *others = counts.items()
    said = f"{visible(shortened(name, _SHOWN_FILTER))} ({partitions:,} partition{'s' * (partitions != 1)})"
    return f"{said} and {len(others):,} other log{'s' * (len(others) != 1)}" if others else said


def _unheard(_error: str) -> None:
    pass
