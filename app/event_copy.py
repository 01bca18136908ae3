"""The clipboard of the event pane: what is copied is read on a worker thread, whole and as it was written, within a bound.

Read `panes.event` for who copies what.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.models.copied import KINDS
from app.session import Session
from inspector.capture.pieces import Part, piece, sizes
from inspector.capture.reader import CaptureReader
from inspector.errors import UsageError

MOST_BYTES = 16 << 20
"""More is not put on the clipboard: `eventscope events` writes it."""


class EventCopy(QObject):
    """Copies parts of events of one session."""

    said = Signal(object)
    """`(sentence)`: why nothing was copied; empty when it was."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session

    def text(self, text: str) -> None:
        """Copies a text that is at hand."""
        QGuiApplication.clipboard().setText(text)
        self.said.emit("")

    def read(self, make: Callable[[CaptureReader], str]) -> None:
        """Copies what `make` gives on a worker thread."""
        self._session.work.run(make, self.text, self._failed, lane="copy of event")

    def line(self, seq: int) -> None:
        """Copies an event as a JSON line, as `eventscope events` writes it."""
        self.read(lambda reader: _line(reader, seq))

    def part(self, seq: int, part: Part, form: str) -> None:
        """Copies key or value as `text`, `hex` or `base64`."""
        self.read(lambda reader: part_text(reader, seq, part, form))

    def command_of(self, seq: int) -> None:
        """Copies the command that writes just this event's record."""
        path, said = self._session.path, self._session.said
        self.read(lambda reader: said(_command(reader, path, seq)))

    def _failed(self, error: str) -> None:
        if error != "stopped":
            self.said.emit(f"Nothing is copied: {error}")


def command(path: Path, log: str, partition: int, position: int) -> str:
    """The command line that writes one record of a capture."""
    where = ["--log", log, "--partition", str(partition), "--from", str(position), "--until", str(position + 1)]
    return shlex.join(["eventscope", "events", str(path), *where])


def _command(reader: CaptureReader, path: Path, seq: int) -> str:
    found = reader.rows_by_seq([seq])
    if not found:
        raise UsageError("the event is no longer in the capture: the keep limit removed it")
    return command(path, found[0].log, found[0].partition, found[0].position)


def part_text(reader: CaptureReader, seq: int, part: Part, form: str) -> str:
    """A part of an event as `text`, `hex` or `base64`. Raises UsageError for what is too much, missing, or no text."""
    found = sizes(reader, seq)
    size = None if found is None else getattr(found, part)
    if size is None:
        raise UsageError(f"the {part} is null, or is not in the capture")
    bounded(size)
    raw = piece(reader, seq, part, 0, size)
    if form == "text":
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise UsageError(f"the {part} is no text (at byte {error.start:,}); copy it as hex or base64") from None
    return raw.hex() if form == "hex" else base64.b64encode(raw).decode()


def _line(reader: CaptureReader, seq: int) -> str:
    found = sizes(reader, seq)
    bounded(max(found.value or 0, found.data or 0) if found else 0)
    event = reader.event(seq)
    if event is None:
        raise UsageError("the event is no longer in the capture: the keep limit removed it")
    return KINDS["lines"](event)


def bounded(size: int) -> None:
    """Raises UsageError for more than is copied."""
    if size > MOST_BYTES:
        raise UsageError(f"{size:,} bytes are more than the {MOST_BYTES >> 20} MB that are copied; copy the command instead")
