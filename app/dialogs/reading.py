"""What of a topic is read: from where, following, limits, a key. The fields are options of `eventscope capture`."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import choice
from app.models.topics import Topic
from app.plain import PlainLabel, set_tip

LAST = 1_000
_STARTS = ("The last 1,000 records of each partition", "The earliest there is", "A time", "An offset", "Only what comes")
_LAST, _EARLIEST, _TIME, _OFFSET, _LATEST = range(5)
_PLACEHOLDERS = {_TIME: "2026-11-23T14:00:00Z, or -15m", _OFFSET: "offset, in each partition"}
_KEY_TYPES = ("text", "long", "int", "short", "double", "uuid", "hex", "base64")


class Reading(QWidget):
    """`changed` says that an option did."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.start, self.start_value = choice(_STARTS), QLineEdit()
        self.start.setAccessibleName("Read from")
        self.start_value.setAccessibleName("Time or offset to read from")
        self.follow = QCheckBox("Follow what comes")
        self.follow.setChecked(True)
        self.more = QPushButton("Limits and key")
        self.more.setCheckable(True)
        self.more.setAutoDefault(False)
        self.records = _field("Records at most", "", "--limit: store at most so many events in all")
        self.most_bytes = _field("Bytes at most", "500MB", "--max-bytes: stop when so much is read")
        self.rate = _field("Rate at most", "500/s", "--max-rate: read no faster than this")
        self.keep = _field("Keep the newest", "2h or 20GB", "--keep: older events are removed from the capture")
        self.key = _field("Only the key", "", "--key: read only the partition where this key is put")
        self.key_type = choice(_KEY_TYPES)
        self.key_type.setAccessibleName("Type of the key")
        self._key_label = PlainLabel("Only the key", role="dim")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        first = QHBoxLayout()
        first.setSpacing(style.GAP_PX)
        for widget in (PlainLabel("Read from", role="dim"), self.start, self.start_value, self.follow):
            first.addWidget(widget)
        first.addStretch(1)
        first.addWidget(self.more)
        self._limits = QWidget()
        lines = QVBoxLayout(self._limits)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.setSpacing(style.GAP_PX)
        for fields in (
            ((None, self.records), (None, self.most_bytes), (None, self.rate), (None, self.keep)),
            ((self._key_label, self.key), (None, self.key_type)),
        ):
            line = QHBoxLayout()
            line.setSpacing(style.GAP_PX)
            for label, field in fields:
                if field is not self.key_type:
                    line.addWidget(label or PlainLabel(field.accessibleName(), role="dim"))
                line.addWidget(field, 0 if field is self.key_type else 1)
            lines.addLayout(line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(style.GAP_PX)
        layout.addLayout(first)
        layout.addWidget(self._limits)
        self._limits.hide()
        self.start_value.hide()

    def _connect(self) -> None:
        self.start.currentIndexChanged.connect(self._start_chosen)
        self.follow.toggled.connect(self.changed)
        self.more.toggled.connect(self._limits.setVisible)
        self.key_type.currentIndexChanged.connect(self.changed)
        for line in (self.start_value, self.records, self.most_bytes, self.rate, self.keep, self.key):
            line.textChanged.connect(self.changed)

    def _start_chosen(self, place: int) -> None:
        self.start_value.setVisible(place in _PLACEHOLDERS)
        self.start_value.setPlaceholderText(_PLACEHOLDERS.get(place, ""))
        self.changed.emit()

    def show_kafka(self, *, on: bool) -> None:
        """A key belongs to Kafka only."""
        for widget in (self._key_label, self.key, self.key_type):
            widget.setVisible(on)
        if not on:
            self.key.clear()

    # ---- as options

    def options(self) -> list[str]:
        """Options of `eventscope capture`; each with its value in one argument, so that nothing typed becomes another option."""
        chosen = [f"--from={self._start()}", *(["--follow"] if self.follow.isChecked() else [])]
        for name, line in (("limit", self.records), ("max-bytes", self.most_bytes), ("max-rate", self.rate), ("keep", self.keep)):
            if text := line.text().strip().replace(",", ""):
                chosen.append(f"--{name}={text}")
        if key := self.key.text():
            chosen += [f"--key={key}", f"--key-type={self.key_type.currentText()}"]
        return chosen

    def _start(self) -> str:
        place, typed = self.start.currentIndex(), self.start_value.text().strip()
        if place == _OFFSET:
            return typed.replace(",", "") or "earliest"
        return {_LAST: f"-{LAST}", _EARLIEST: "earliest", _LATEST: "latest"}.get(place, typed or "earliest")

    def wants_estimate(self) -> bool:
        """Whether this may be more than the usual: then its size is said before it is read."""
        usual = self.start.currentIndex() in {_LAST, _LATEST}
        return not usual or any(line.text().strip() for line in (self.records, self.most_bytes, self.rate, self.keep, self.key))

    def words(self, topics: Sequence[Topic]) -> str:
        """The usual amount of these topics, in words."""
        then = ", then what comes" if self.follow.isChecked() else ""
        if self.start.currentIndex() == _LATEST:
            return f"nothing of what is there{then}"
        partitions = sum(topic.partitions for topic in topics)
        most = sum(min(topic.records, LAST * topic.partitions) for topic in topics)
        return f"at most {most:,} records of {partitions:,} partition{'s' * (partitions != 1)}{then}"


def _field(name: str, example: str, words: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setPlaceholderText(example)
    set_tip(line, words)
    return line
