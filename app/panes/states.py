"""The pane of all aggregates of a category at a moment: columns out of their states, filtered and sorted. Double-click replays one.

Asks a fold process of its own, which is started by the first question. Read `models.states_table` for the rows,
`inspector.replay.process` for what is asked.
"""

from __future__ import annotations

import shlex
from datetime import UTC, tzinfo
from typing import Any

from PySide6.QtCore import QModelIndex, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QStackedWidget, QWidget

from app import style
from app.empty import Empty
from app.event_rows_view import RowsView
from app.fold import Answer, Fold
from app.jump import Here
from app.models.event_look import zone_name
from app.models.states_table import PAGE_ROWS, StatesTable
from app.notice import Notice, thin_bar
from app.plain import Panel, set_tip
from app.replay_time import moment_us
from app.selection import Selection
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.event import format_time
from inspector.text import visible

_SOON_MS = 150
_SLICE_MS = 150
_MOST_CATEGORIES = 500
_COLUMNS = 8
_ORDERS = ("stream", "version", "applied", "time")
_CATEGORIES = "SELECT name FROM category ORDER BY name LIMIT ?"
_STREAM_PX, _NUMBER_PX, _LAST_PX = 150, 66, 230
_COLUMN_PX = 110


class StatesPane(Panel):
    """One table at a time. `choose(category)` shows another."""

    def __init__(self, session: Session, selection: Selection) -> None:
        super().__init__("All at a time")
        self._session, self._selection = session, selection
        self._zone: tzinfo = UTC
        self.fold = Fold(session.path, session.messages, self)
        self.fold.is_unmasked, self.fold.hides = session.is_unmasked, session.hides
        self._table = self._rows_of = self._streams = 0
        self._sort, self._is_reverse = "", False
        self._places: list[str] = []
        self._moment: dict[str, object] = {}
        self._is_stale = True
        self._build()
        self._soon = QTimer(self, singleShot=True, interval=_SOON_MS)
        self._soon.timeout.connect(self.ask)
        self._connect()

    # ---- building

    def _build(self) -> None:
        self.category, self.time, self.filter = QComboBox(), QLineEdit(), QLineEdit()
        self.category.setAccessibleName("Category")
        self.category.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.time.setAccessibleName("Moment")
        self.time.setPlaceholderText("now")
        self.time.setFont(style.fixed_font())
        self.time.setFixedWidth(120)
        set_tip(self.time, "The moment: 14:03, 2026-11-23, -15m, a whole RFC 3339 time; empty for all events")
        self.filter.setAccessibleName("Filter states")
        self.filter.setPlaceholderText("Filter, e.g. state.balance < 0")
        self.filter.setFont(style.fixed_font())
        self.filter.setClearButtonEnabled(True)
        self.here = QPushButton("At this event")
        set_tip(self.here, "The moment of the current event")
        self.command = QPushButton("Copy command")
        set_tip(self.command, "The command that prints this table; with -o FILE it writes CSV, JSON lines or Parquet")
        self.notice, self.bar = Notice("States notice"), thin_bar("States are folded", 0)
        self.table = StatesTable(self)
        self.view = RowsView(self.table, "Aggregates", [_STREAM_PX, _NUMBER_PX, _NUMBER_PX, 0])
        self.view.horizontalHeader().setSectionsClickable(True)
        self.view.horizontalHeader().setSortIndicatorShown(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.empty = Empty("No aggregates yet.", "Events with a stream are folded here, all streams of a category at once.")
        line = QHBoxLayout()
        line.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, 2)
        line.setSpacing(style.GAP_PX)
        for widget, stretch in ((self.category, 0), (self.time, 0), (self.here, 0), (self.filter, 1)):
            line.addWidget(widget, stretch)
        self.corner.addWidget(self.command)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        self.body.addWidget(self.bar)
        self.body.addLayout(line)
        self.body.addWidget(self.notice)
        self.body.addWidget(self._stack, 1)

    def _connect(self) -> None:
        self.category.activated.connect(lambda _place: self.ask())
        self.time.returnPressed.connect(self.ask)
        self.filter.returnPressed.connect(self.ask_all)
        self.here.clicked.connect(self._take_here)
        self.command.clicked.connect(self.copy_command)
        self.table.page_wanted.connect(self._ask_page)
        self.view.activated.connect(self._activated)
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
            return None if event is None else event.time_us

        def told(time_us: int | None) -> None:
            if time_us is not None:
                self.time.setText(format_time(time_us) or "")
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
            self._moment = {"at": format_time(moment_us(written, here))} if written else {}
        except ValueError as error:
            self.notice.say(str(error), role="bad")
            return
        self.notice.hide()
        self.bar.show()
        self._drop()
        self._sort = ""
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.fold.ask("states_open", self._opened, self._fail, lane="open", category=category, **self._moment)

    def _drop(self) -> None:
        for lane in ("open", "all", "more"):
            self.fold.drop(lane)

    def _opened(self, request: int, answer: Answer) -> None:
        self._table = self._rows_of = request
        self._places = [str(column["path"]) for column in answer["columns"]][:_COLUMNS]
        self._streams = int(answer["streams"])
        if self.filter.text().strip():
            self.ask_all()
            return
        self._show(int(answer["total"]))
        self.bar.hide()
        total, streams = int(answer["total"]), self._streams
        later = f" · {streams - total:,} begin later" if streams > total else ""
        self.note.show_text(f"{total:,} of {self.category.currentText()} at {answer['asked']}{later}")

    def _show(self, total: int) -> None:
        self.table.show_table(total, self._places)
        self.view.fit_columns([_STREAM_PX, *[_COLUMN_PX] * len(self._places), _NUMBER_PX, _NUMBER_PX, _LAST_PX])
        if not total:
            self.empty.show_text("No aggregate fits.", "Another moment or filter may find some.")
        self._stack.setCurrentWidget(self.view if total else self.empty)

    def ask_all(self) -> None:
        """Looks at all of them, by the filter that is written and the order that was chosen."""
        if not self._table:
            self.ask()
            return
        wanted, order = self.filter.text().strip(), {"sort": self._sort, "reverse": self._is_reverse} if self._sort else {}
        if not wanted and not order:
            self.ask()
            return
        self.notice.hide()
        self.bar.show()
        self._drop()
        fields: dict[str, Any] = {"filter": wanted, "show": self._places, "ms": _SLICE_MS, **order}
        self.fold.ask("states_all", self._worked, self._fail, lane="all", of=self._table, **fields)

    def _worked(self, request: int, answer: Answer, survey: int = 0) -> None:
        survey = survey or request
        matching, done, total = int(answer["matching"]), int(answer["done"]), int(answer["total"])
        self.note.show_text(f"{matching:,} match · {done:,} of {total:,} looked at" if not answer["finished"] else self._sum(answer))
        if answer["finished"] or (not self._sort and self.table.total < PAGE_ROWS <= matching):
            self._rows_of = survey
            self._show(matching)
        if answer["finished"]:
            self.bar.hide()
            if failed := int(answer["failed"]):
                self.notice.say(
                    f"{failed:,} could not be folded to the end: their states are those before the event that failed", role="warn"
                )
            return
        self.fold.ask(
            "states_more", lambda _request, more: self._worked(survey, more, survey), self._fail, lane="more", of=survey, ms=_SLICE_MS
        )

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

        fields: dict[str, Any] = {"of": of, "offset": offset, "limit": PAGE_ROWS, "show": self._places}
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
        place = self.table.place_of(column)
        wanted = _ORDERS[self.table.fixed_of(column)] if place is None else self._places[place]
        self._is_reverse = wanted == self._sort and not self._is_reverse
        self._sort = wanted
        order = Qt.SortOrder.DescendingOrder if self._is_reverse else Qt.SortOrder.AscendingOrder
        self.view.horizontalHeader().setSortIndicator(column, order)
        self.ask_all()

    def _activated(self, index: QModelIndex) -> None:
        row = self.table.row(index.row())
        if row is not None and row.get("last"):
            self._selection.replay_event(int(row["last"]["seq"]))

    def copy_command(self) -> None:
        """Copies the command that prints this table."""
        parts = ["eventscope", "states", str(self._session.path), "--category", str(self.category.currentData() or "")]
        parts += ["--at", str(self._moment["at"])] if "at" in self._moment else []
        parts += ["--filter", self.filter.text().strip()] if self.filter.text().strip() else []
        parts += [part for place in self._places for part in ("--show", place)]
        parts += ["--sort", self._sort, *(["--reverse"] if self._is_reverse else [])] if self._sort else []
        QGuiApplication.clipboard().setText(self._session.said(shlex.join(parts)))

    def leave(self) -> None:
        """Ends the process; nothing can be asked any more."""
        self.fold.close()

    def give_focus(self) -> QWidget:
        """Where the keyboard goes first."""
        return self.filter
