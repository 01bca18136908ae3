"""Takes a Python file of the user's own for a projection: looked at in a worker, and allowed by the user before any of it runs.

Read `dialogs.consent` for the question, `inspector.projections.by_code` for what such a file is.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFileDialog, QWidget

from app.dialogs.consent import ConsentDialog
from app.session import Session
from inspector.capture.reader import CaptureReader
from inspector.projections.by_code import look_at
from inspector.user_code import split
from inspector.user_code.consent import Consent, needed, remember


def choose_file(session: Session, parent: QWidget, taken: Callable[[str], None], failed: Callable[[str], None]) -> None:
    """Asks for a file with `def project(event)`; then `taken(path)` once it may run, or `failed(sentence)`."""
    path, _ = QFileDialog.getOpenFileName(parent, "A projection in Python", "", "Python files (*.py)")
    if path:
        allow(session, path, parent, taken, failed)


def allow(session: Session, named: str, parent: QWidget, taken: Callable[[str], None], failed: Callable[[str], None]) -> None:
    """`taken(named)` once `FILE.py[:function]` may run in the window: at once where the user allowed it as it is."""

    def look(_reader: CaptureReader) -> Consent | None:
        look_at(named)
        return needed(split(named)[0])

    def looked(asked: Consent | None) -> None:
        if asked is None:
            taken(named)
            return
        dialog = ConsentDialog(asked.refusal().told(), parent)
        dialog.accepted.connect(lambda: keep(asked))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def keep(asked: Consent) -> None:
        session.work.run(lambda _reader: remember(asked), lambda _nothing: taken(named), failed, lane="consent")

    session.work.run(look, looked, failed, lane="consent")
