"""The pane of all aggregates of a category at a moment: columns out of their states, filtered and sorted. Double-click replays one.

Asks a fold process of its own, which is started by the first question. Read `states_question` for the boxes, `states_view` for
the table, `inspector.replay.process` for what is asked.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QMenu, QPushButton, QStackedWidget

from app.empty import Empty
from app.exporting import states_arguments
from app.fold import Answer, Fold
from app.jump import Here
from app.models.event_look import zone_name
from app.models.event_rows import shown_time
from app.models.states_table import PAGE_ROWS
from app.models.wish import StatesWish
from app.notice import Notice, thin_bar
from app.plain import Panel, set_tip
from app.replay_time import moment_us
from app.selection import Selection
from app.session import Session
from app.states_question import StatesQuestion
from app.states_view import StatesView
from inspector.capture.reader import CaptureReader
from inspector.event import format_time, parse_time
from inspector.text import visible

_SLICE_MS = 150
_MOST_CATEGORIES = 500
_COLUMNS = 8
_CATEGORIES = "SELECT name FROM category ORDER BY name LIMIT ?"


class StatesPane(Panel):
    """One table at a time. `choose(category)` shows another."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("All at a time")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self.fold = Fold(session.path, session.messages, self)
        self.fold.is_unmasked, self.fold.hides = session.is_unmasked, session.hides
        self._table = self._rows_of = self._streams = 0
        self._wish = StatesWish("")
        self.listed: StatesWish | None = None
        """What the rows are that can be seen; None while there are none."""
        self._numbers: set[str] = set()
        self._is_stale = True
        self._build()
        self._connect()

    # ---- building

    def _build(self) -> None:
        self.question = StatesQuestion()
        self.category, self.time, self.clock = self.question.category, self.question.time, self.question.clock
        self.filter, self.here = self.question.filter, self.question.here
        self.to_file = QPushButton("Export …")
        set_tip(self.to_file, "Writes what is listed to a file: JSON lines, CSV or Parquet, with a manifest beside it")
        self.notice, self.bar = Notice("States notice"), thin_bar("States are folded", 0)
        self.view = StatesView()
        self.table = self.view.table
        self.empty = Empty("No aggregates yet.", "Events with a stream are folded here, all streams of a category at once.")
        self.corner.addWidget(self.to_file)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.body.addWidget(self.bar)
        self.body.addWidget(self.question)
        self.body.addWidget(self.notice)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.category.activated.connect(lambda _place: self.ask())
        self.time.returnPressed.connect(self.ask)
        self.clock.activated.connect(lambda _place: self.ask())
        self.filter.returnPressed.connect(self.ask_all)
        self.here.clicked.connect(self._take_here)
        self.to_file.clicked.connect(self.export)
        self.table.page_wanted.connect(self._ask_page)
        self.view.activated.connect(self._activated)
        self.view.menu_wanted.connect(self._menu)
        self.view.horizontalHeader().sectionClicked.connect(self._sort_by)
        self.fold.restarted.connect(lambda sentence: self.notice.say(sentence, role="warn"))
        self._session.watermark_changed.connect(self._grown)
        self._session.ending.connect(self.fold.close)

    def set_zone(self, zone: tzinfo) -> None:
        """Shows and reads times in this zone."""
        self._zone = zone
        self.table.set_zone(zone)

    def showEvent(self, event: QShowEvent) -> None:
        """Learns the categories, and asks when there is nothing yet."""
        super().showEvent(event)
        if self._is_stale:
            self._learn()

    def _grown(self, _mark: object) -> None:
        self._is_stale = True
        if self.isVisible() and not self._table:
            self._learn()

    def _learn(self) -> None:
        self._is_stale = False

        def found(reader: CaptureReader) -> list[str]:
            return [str(row[0]) for row in reader.select(_CATEGORIES, (_MOST_CATEGORIES,))]

        self._session.work.run(found, self._show_categories, self._fail, lane="states")

    def _show_categories(self, names: list[str]) -> None:
        before = self.category.currentData()
        if names != [self.category.itemData(place) for place in range(self.category.count())]:
            self.category.clear()
            for name in names:
                self.category.addItem(visible(name), name)
            self.category.setCurrentIndex(max(self.category.findData(before), 0 if names else -1))
        if names and not self._table:
            self.ask()

    def choose(self, category: str) -> None:
        """Shows the aggregates of a category."""
        place = self.category.findData(category)
        if place < 0:
            self.category.addItem(visible(category), category)
            place = self.category.count() - 1
        self.category.setCurrentIndex(place)
        self.ask()

    def _take_here(self) -> None:
        seq = self._selection.seq

        def found(reader: CaptureReader) -> int | None:
            event = reader.event(seq, most_bytes=0)
            is_known = self.clock.field == "known_at"
            return None if event is None else event.printed_recorded_us if is_known else event.time_us

        def told(time_us: int | None) -> None:
            if time_us is not None:
                self.time.setText(shown_time(time_us, self._zone).removesuffix(".000000"))
                self.time.setCursorPosition(0)
                self.ask()

        self._session.work.run(found, told, self._fail, lane="states here")

    # ---- asking

    def ask(self) -> None:
        """Opens the table of the category at the moment that is written."""
        category = self.category.currentData()
        if not category:
            return
        try:
            written = self.time.text().strip()
            here = Here(self._zone, zone_name(self._zone), None, None)
            time = (format_time(moment_us(written, here)) or "") if written else ""
        except ValueError as error:
            self.notice.say(str(error), role="bad")
            return
        self.notice.hide()
        self.bar.show()
        self._drop()
        wish = StatesWish(category, time, self.clock.field)
        moment = {wish.clock: time} if time else {}
        self.fold.ask(
            "states_open", lambda table, answer: self._opened(wish, table, answer), self._fail, lane="open", category=category, **moment
        )

    def _drop(self) -> None:
        for lane in ("open", "all", "more"):
            self.fold.drop(lane)

    def _opened(self, wish: StatesWish, table: int, answer: Answer) -> None:
        self._table = self._rows_of = table
        columns = answer["columns"][:_COLUMNS]
        self._wish = replace(wish, places=tuple(str(column["path"]) for column in columns))
        self._numbers = {str(column["path"]) for column in columns if column["kind"] == "number"}
        self._streams = int(answer["streams"])
        if self.filter.text().strip():
            self.ask_all()
            return
        total = int(answer["total"])
        self._show(self._wish, total)
        self.bar.hide()
        later = f" · {self._streams - total:,} begin later" if self._streams > total else ""
        self.note.show_text(f"{total:,} aggregate{'' if total == 1 else 's'}{self._when()}{later}")

    def _when(self) -> str:
        if not self._wish.time:
            return ""
        how = "at" if self._wish.clock == "at" else "as known at"
        return f" {how} {shown_time(parse_time(self._wish.time), self._zone).removesuffix('.000000')} ({zone_name(self._zone)})"

    def _show(self, wish: StatesWish, total: int) -> None:
        self.listed = wish
        self.view.show_table(wish, total, self._numbers)
        if not total:
            self.empty.show_text("No aggregate fits.", "Another moment or filter may find some.")
        self._stack.setCurrentWidget(self.view if total else self.empty)

    def ask_all(self) -> None:
        """Looks at all of them, by the filter that is written and the order that was chosen."""
        if not self._table:
            self.ask()
            return
        wish = self._wish = replace(self._wish, filter=self.filter.text().strip())
        if not wish.filter and not wish.sort:
            self.ask()
            return
        self.notice.hide()
        self.bar.show()
        self._drop()
        order = {"sort": wish.sort, "reverse": wish.is_reversed} if wish.sort else {}
        asked: dict[str, Any] = {"of": self._table, "filter": wish.filter, "show": list(wish.places), "ms": _SLICE_MS, **order}
        self.fold.ask("states_all", lambda survey, answer: self._worked(wish, survey, answer), self._fail, lane="all", **asked)

    def _worked(self, wish: StatesWish, survey: int, answer: Answer) -> None:
        matching, done, total = int(answer["matching"]), int(answer["done"]), int(answer["total"])
        self.note.show_text(f"{matching:,} match · {done:,} of {total:,} looked at" if not answer["finished"] else self._sum(answer))
        if answer["finished"] or (not wish.sort and self.table.total < PAGE_ROWS <= matching):
            self._rows_of = survey
            self._show(wish, matching)
        if not answer["finished"]:
            again: dict[str, Any] = {"of": survey, "ms": _SLICE_MS}
            self.fold.ask("states_more", lambda _request, more: self._worked(wish, survey, more), self._fail, lane="more", **again)
            return
        self.bar.hide()
        if failed := int(answer["failed"]):
            self.notice.say(f"{failed:,} could not be folded to the end: their states are those before the event that failed", role="warn")

    def _sum(self, answer: Answer) -> str:
        said = [f"{answer['matching']:,} of {answer['total']:,} match"]
        said += [f"{answer['not_applicable']:,} not applicable"] if answer["not_applicable"] else []
        said += [f"{answer['deleted']:,} deleted"] if answer["deleted"] else []
        said += [f"{answer['incomplete']:,} with an incomplete history"] if answer["incomplete"] else []
        return " · ".join(said)

    def _ask_page(self, offset: object) -> None:
        of = self._rows_of

        def told(_request: int, answer: Answer) -> None:
            if of == self._rows_of:
                self.table.show_page(int(answer["offset"]), answer["rows"])

        fields: dict[str, Any] = {"of": of, "offset": offset, "limit": PAGE_ROWS, "show": self.table.columns}
        self.fold.ask("states_page", told, self._page_failed, **fields)

    def _page_failed(self, sentence: str) -> None:
        self.table.forget_asked()
        if "no longer kept" in sentence:
            self.ask()
        else:
            self._fail(sentence)

    def _fail(self, sentence: str) -> None:
        self.bar.hide()
        if sentence != "stopped":
            self.notice.say(sentence, role="bad", action="Try again", acted=self.ask)

    # ---- pointing

    def _sort_by(self, column: int) -> None:
        wanted = self.table.order_of(column)
        self._wish = replace(self._wish, sort=wanted, is_reversed=wanted == self._wish.sort and not self._wish.is_reversed)
        self.ask_all()

    def _activated(self, index: QModelIndex) -> None:
        row = self.table.row(index.row())
        if row is not None and row.get("last"):
            self._selection.replay_event(int(row["last"]["seq"]))

    def _menu(self, index: QModelIndex, at: QPoint) -> None:
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Replay this stream", lambda: self._activated(index))
        menu.addAction("Copy row", self.view.copy_row)
        menu.addSeparator()
        menu.addAction("Copy the command of this table", self.copy_command)
        menu.addAction("Export this table …", self.export)
        menu.popup(at)

    def copy_command(self) -> None:
        """Copies the command that prints what is listed; with `-o FILE` it writes what `export` does."""
        if self.listed is not None:
            command = shlex.join(["eventscope", "states", *states_arguments(self._session.path, self.listed)])
            QGuiApplication.clipboard().setText(self._session.said(command))

    def export(self) -> None:
        """Asks for what is listed as a file."""
        if self.listed is not None:
            self._selection.export_states(self.listed)

    def leave(self) -> None:
        """Ends the process; nothing can be asked any more."""
        self.fold.close()
