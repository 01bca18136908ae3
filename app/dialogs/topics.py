"""What a cluster or store has, what of it to open, and how much that would be. Offsets only, until something is opened.

The list and the estimates are commands (`eventscope logs`, `capture --estimate`) that run as children.
Read `reading` for the options, `models.topics` for the list, `connect` for the dialog around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, QModelIndex, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app import style
from app.dialogs.job import Job
from app.dialogs.reading import Reading
from app.dialogs.target import Target, shown_command
from app.models.topics import Topic, TopicTable, topic_of
from app.plain import PlainLabel, set_role, set_tip

_TYPING_MS = 120
_SETTLED_MS = 350
_SAMPLE = 100


class TopicsPage(QWidget):
    """`capture_wanted(arguments, config)`: arguments of `eventscope capture`, and what goes to its standard input."""

    capture_wanted = Signal(object, object)
    listed = Signal()
    """The connection works: its topics are here."""
    back_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model = TopicTable(self)
        self.reading = Reading()
        self._target: Target | None = None
        self._listing, self._estimating = Job(self), Job(self)
        self._found: list[Topic] = []
        self._estimate: Mapping[str, Any] | None = None
        self._make()
        self._lay_out()
        self._connect()

    # ---- building

    def _make(self) -> None:
        self.title, self.badge = PlainLabel(role="title"), PlainLabel("PRODUCTION", role="bad")
        self.badge.setObjectName("badge")
        self.note = PlainLabel(role="dim", elided=True)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Find a topic")
        self.search.setAccessibleName("Find a topic")
        self.search.setClearButtonEnabled(True)
        self.internal = QCheckBox("Internal topics")
        self.view = _view(self.model)
        self.loading = QProgressBar()
        self.loading.setRange(0, 0)
        self.loading.setTextVisible(False)
        self.loading.setAccessibleName("Loading")
        self.problem = PlainLabel(role="bad")
        self.problem.setWordWrap(True)
        self.estimate_text = PlainLabel(role="dim", elided=True)
        self.sample = _button(f"Sample {_SAMPLE} records", f"Read about {_SAMPLE} records now, to know how large they are")
        self.again = _button("Try again", "Ask for the topics again")
        self.back = _button("Back", "Change the connection")
        self.copy = _button("Copy command", "Copy what Open does as a command; secrets stay out of it")
        self.open = QPushButton("Open")
        self.open.setProperty("role", "main")
        self.open.setDefault(True)
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)

    def _lay_out(self) -> None:
        head, find, estimate, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row, widgets in (
            (head, (self.title, self.badge, self.note)),
            (find, (self.search, self.internal)),
            (estimate, (self.estimate_text, self.sample)),
            (buttons, (self.back, self.copy, self.again, None, self.open)),
        ):
            row.setSpacing(style.INSIDE_PX if row is head else style.GAP_PX)
            for widget in widgets:
                row.addStretch(1) if widget is None else row.addWidget(widget)
        head.setStretchFactor(self.note, 1)
        estimate.setStretchFactor(self.estimate_text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(head)
        layout.addLayout(find)
        layout.addWidget(self.loading)
        layout.addWidget(self.problem)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.reading)
        layout.addLayout(estimate)
        layout.addLayout(buttons)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._typing.start)
        self._typing.timeout.connect(self._search)
        self.search.installEventFilter(self)
        self.search.returnPressed.connect(self.open_chosen)
        self.view.installEventFilter(self)
        self.view.doubleClicked.connect(self.open_chosen)
        self.internal.toggled.connect(self._show_internal)
        self.model.chosen_changed.connect(self._changed)
        self.view.selectionModel().currentRowChanged.connect(self._changed)
        self.reading.changed.connect(self._changed)
        self._settled.timeout.connect(self._ask_estimate)
        self.sample.clicked.connect(lambda: self._ask_estimate(sample=_SAMPLE))
        self.again.clicked.connect(self._list)
        self.back.clicked.connect(self.back_wanted)
        self.copy.clicked.connect(self.copy_command)
        self.open.clicked.connect(self.open_chosen)

    # ---- the list

    def load(self, target: Target) -> None:
        """Asks `target` what it has; what was shown of another one is gone."""
        self._target = target
        connection = target.connection
        is_kafka = connection.kind == "kafka"
        self.title.show_text(connection.name)
        self.badge.setVisible(connection.production)
        self.search.setText(target.topic)
        self.internal.setVisible(is_kafka)
        self.reading.show_kafka(on=is_kafka)
        self.model.set_topics([])
        self._list()
        self.search.setFocus()

    def stop(self) -> None:
        """Ends what runs."""
        self._listing.stop()
        self._estimating.stop()
        self._settled.stop()
        self.loading.hide()

    def _list(self) -> None:
        if self._target is None:
            return
        self._found = []
        self.loading.show()
        self._say_problem("")
        self.note.show_text("asking what is there …")
        arguments = self._target.arguments("logs", "--internal", "--by", "topic", "--format", "jsonl", "--stop-with-stdin")
        self._listing.run(arguments, self._heard, self._listed, config=self._target.config)

    def _heard(self, told: Mapping[str, Any]) -> None:
        if (topic := topic_of(told)) is not None:
            self._found.append(topic)

    def _listed(self, error: str) -> None:
        self.loading.hide()
        if error:
            self.note.show_text("")
            self._say_problem(error)
            return
        self.model.set_topics(self._found)
        self._search()
        self.listed.emit()

    def _search(self) -> None:
        self._typing.stop()
        self.model.search(self.search.text().strip())
        self._arranged()

    def _show_internal(self, on: bool) -> None:
        self.model.show_internal(on=on)
        self._arranged()

    def _arranged(self) -> None:
        """The list is another one: its first row is the current one, so that Enter opens what was searched for."""
        if self.model.shown and not self.view.currentIndex().isValid():
            self.view.setCurrentIndex(self.model.index(0, 0))
        self._say_count()
        self._changed()

    def _say_count(self) -> None:
        shown, total, hidden = len(self.model.shown), len(self.model.topics), self.model.hidden_internal
        noun = "topic" if self._target is not None and self._target.connection.kind == "kafka" else "table"
        noun += "s" * (total != 1)
        text = f"{shown:,} of {total:,} {noun}" if shown != total else f"{total:,} {noun}"
        if total and not shown:
            text = f"none of {total - hidden:,} {noun} has this in its name"
        self.note.show_text(f"{text}{f', {hidden:,} internal hidden' if hidden else ''} · offsets only, no record was read")

    def _say_problem(self, error: str) -> None:
        self.problem.show_text(f"✗ {error}" if error else "")
        self.problem.setVisible(bool(error))
        self.again.setVisible(bool(error))

    # ---- what to open

    def chosen(self) -> list[Topic]:
        """The ticked topics, else the current one."""
        if ticked := self.model.chosen():
            return ticked
        row = self.view.currentIndex().row()
        return [self.model.shown[row]] if 0 <= row < len(self.model.shown) else []

    def arguments(self) -> list[str]:
        """The arguments of `eventscope capture` for what is chosen."""
        assert self._target is not None
        topics = [f"--topic={topic.name}" for topic in self.chosen()]
        return self._target.arguments("capture", *topics, *self._target.registry, *self.reading.options())[1:]

    def _changed(self, *_: object) -> None:
        """Another choice: what is larger than usual is estimated before it can be opened."""
        self._estimate = None
        self._estimating.stop()
        chosen = self.chosen()
        self.copy.setEnabled(bool(chosen))
        self.sample.hide()
        self._settled.stop()
        if chosen and self.reading.wants_estimate():
            self._say_estimate("estimating …")
            self._settled.start()
        else:
            self._say_estimate(self.reading.words(chosen) if chosen else "")
        self._enable()

    def _enable(self) -> None:
        self.open.setEnabled(bool(self.chosen()) and (self._estimate is not None or not self.reading.wants_estimate()))
        count = len(self.chosen())
        self.open.setText(f"Open {count:,} topics" if count > 1 else "Open")

    def _ask_estimate(self, *, sample: int = 0) -> None:
        if self._target is None or not self.chosen():
            return
        options = ["--estimate", "--progress", "json", "--stop-with-stdin", *([f"--sample={sample}"] if sample else [])]
        self._say_estimate("reading a sample …" if sample else "estimating …")
        self._estimating.run(["capture", *self.arguments(), *options], self._estimated, self._estimate_ended, config=self._target.config)

    def _estimated(self, told: Mapping[str, Any]) -> None:
        if told.get("type") == "estimate":
            self._estimate = told

    def _estimate_ended(self, error: str) -> None:
        if error or self._estimate is None:
            self._say_estimate(f"✗ {error or 'no estimate came'}", bad=True)
        else:
            self._say_estimate(_estimate_words(self._estimate))
            set_tip(self.estimate_text, "\n".join(map(str, self._estimate.get("notes") or [])))
            self.sample.setVisible(self._estimate.get("bytes") is None)
        self._enable()

    def _say_estimate(self, text: str, *, bad: bool = False) -> None:
        set_role(self.estimate_text, "bad" if bad else "dim")
        self.estimate_text.show_text(text)

    # ---- doing

    def open_chosen(self, *_: object) -> None:
        """Asks for the capture of what is chosen, if its size is known or usual."""
        if self._typing.isActive():
            self._search()
        if self._target is not None and self.open.isEnabled():
            self.capture_wanted.emit(self.arguments(), self._target.config)

    def copy_command(self) -> None:
        """Copies the command that Open runs."""
        QGuiApplication.clipboard().setText(shown_command(["capture", *self.arguments(), "-o", "capture.evcap"]))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Up and down in the search move in the list; Space ticks, Enter opens."""
        if event.type() is not QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return False
        if watched is self.search and event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_PageDown, Qt.Key.Key_PageUp}:
            QGuiApplication.sendEvent(self.view, event)
            return True
        if watched is self.view and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.open_chosen()
            return True
        if watched is self.view and event.key() == Qt.Key.Key_Space:
            self.model.toggle(self.view.currentIndex().row())
            return True
        return False


def _estimate_words(told: Mapping[str, Any]) -> str:
    records, partitions, size, sampled = (told.get(name) for name in ("records", "logs", "bytes", "sampled"))
    known = f"about {(size or 0) / 1e6:,.1f} MB, from {sampled or 0:,} records" if isinstance(size, int) else "bytes unknown"
    then = ", then what comes" if told.get("follows") else ""
    noun = "partition" if partitions == 1 else "partitions"
    return f"at most {records:,} records of {partitions:,} {noun} · {known} · about {told.get('seconds', 0):,.0f} s{then}"


def _button(text: str, words: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", "plain")
    button.setAutoDefault(False)
    set_tip(button, words)
    return button


def _view(model: TopicTable) -> QTableView:
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName("Topics")
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setSortingEnabled(True)
    rows = view.verticalHeader()
    rows.hide()
    rows.setMinimumSectionSize(style.ROW_PX)
    rows.setDefaultSectionSize(style.ROW_PX)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
    header.resizeSection(1, 100)
    header.resizeSection(2, 170)
    view.sortByColumn(0, Qt.SortOrder.AscendingOrder)
    view.setCurrentIndex(QModelIndex())
    return view
