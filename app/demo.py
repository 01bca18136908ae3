"""The demo in the window: the shop's server as a child, and where its sources are once it is ready. No widget."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.child import Child
from app.messages import Messages


class Demo(QObject):
    """The shop, served from a temporary folder that goes with it."""

    ready = Signal(object)
    """`(arguments)`: what `eventscope capture` is to be given to capture both of its sources."""
    failed = Signal(object)
    """`(sentence)`: the shop did not open, or closed."""
    gone = Signal(object)
    """`(nothing)`: after `leave`, nothing of the shop is left."""

    def __init__(self, arguments: Sequence[str], messages: Messages, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = Path(tempfile.mkdtemp(prefix="eventscope-demo-"))
        self._child = Child(["demo", "--serve", str(self._folder / "shop"), *arguments], self)
        self._child.progressed.connect(self._told)
        self._child.said.connect(messages.say)
        self._child.ended.connect(self._ended)
        self._is_leaving = False

    def start(self) -> None:
        """Starts the server; `ready` or `failed` follows."""
        self._child.start()

    def leave(self) -> None:
        """Begins to end the server and waits for nothing; `gone` follows, and its folder is removed."""
        if not self._is_leaving:
            self._is_leaving = True
            if self._child.is_running:
                self._child.stop()
            else:
                QTimer.singleShot(0, self, self._remove)

    def close(self) -> None:
        """Ends the server before it returns, by force after some seconds, and removes its folder."""
        self.leave()
        self._child.end(5_000)
        self._remove()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        self.gone.emit("")

    def _told(self, line: Mapping[str, Any]) -> None:
        if "kafka" in line:
            topics = [part for topic in line["topics"] for part in ("--topic", str(topic))]
            self.ready.emit([str(line["kafka"]), str(line["store"]), *topics, "--follow"])

    def _ended(self, error: str) -> None:
        if self._is_leaving:
            self._remove()
        else:
            self.failed.emit(f"the demo's shop closed: {error or 'it ended by itself'}")
