"""One command at a time for a dialog: a new one replaces the old, whose lines are not heard any more. No widget.

A command that is let go ends by itself: its input is closed. Read `child` for the process.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject

from app.child import Child

_USAGE = ": error: "
"""How argparse says what is wrong with an argument."""


class Job(QObject):
    """Runs `eventscope` with arguments and hears its JSON lines, then its end: empty, or one sentence."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._child: Child | None = None
        self._told: Callable[[Mapping[str, Any]], None] = _ignored
        self._ended: Callable[[str], None] = _ignored
        self._usage = ""

    @property
    def is_running(self) -> bool:
        """Whether a command is under way."""
        return self._child is not None

    def run(
        self, arguments: Sequence[str], told: Callable[[Mapping[str, Any]], None], ended: Callable[[str], None], *, config: str = ""
    ) -> None:
        """Starts a command in place of the one that runs; `config` goes to its standard input."""
        self.stop()
        self._told, self._ended, self._usage = told, ended, ""
        child = self._child = Child(arguments, QCoreApplication.instance(), config=config)
        child.progressed.connect(self._line)
        child.said.connect(self._said)
        child.ended.connect(self._over)
        child.start()

    def finish(self) -> None:
        """Asks the running command to end; what it says until then is heard, and its end."""
        if self._child is not None:
            self._child.stop()

    def stop(self) -> None:
        """Lets the running command go: it ends on its own and nothing of it is heard."""
        child, self._child = self._child, None
        if child is None:
            return
        for signal in (child.progressed, child.said, child.ended):
            signal.disconnect()
        if child.is_running:
            child.ended.connect(child.deleteLater)
            child.stop()
        else:
            child.deleteLater()

    def _line(self, told: Mapping[str, Any]) -> None:
        self._told(told)

    def _said(self, _level: str, text: str) -> None:
        if _USAGE in text:
            self._usage = text.rpartition(_USAGE)[2]

    def _over(self, error: str) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.deleteLater()
        self._ended(self._usage or error)


def _ignored(_told: object) -> None:
    """Nobody asked yet."""
