"""Reads what the rows of a list look like, when the list asks. Knows no view.

Read `models.event_table` for who asks, `models.event_rows` for how a row is made.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from app.models.event_rows import Page, read_page
from app.models.event_table import EventTable
from app.models.page_cache import PageRequest
from app.session import Session
from inspector.capture.reader import CaptureReader

_SLOW_MS = 250


class Pager(QObject):
    """Answers a model's `page_wanted`; `slow(on)` says when it takes long enough to be worth saying."""

    slow = Signal(object)

    def __init__(self, session: Session, model: EventTable) -> None:
        super().__init__(model)
        self._session, self._model = session, model
        self._late = QTimer(self, singleShot=True, interval=_SLOW_MS)
        self._late.timeout.connect(lambda: self.slow.emit(True))
        model.page_wanted.connect(self._fetch)

    def _fetch(self, request: PageRequest) -> None:
        self._late.start()
        zone, places, rules = self._model.zone, self._model.columns.places, self._model.rules

        def read(reader: CaptureReader) -> Page:
            return read_page(reader, request.seqs, zone, places, rules)

        def supply(page: Page) -> None:
            self._over()
            self._model.supply(request, page)

        def refuse(error: str) -> None:
            self._over()
            self._session.messages.say("warning", f"a page of the list could not be read: {error}")
            self._model.refuse(request)

        self._session.work.run(read, supply, refuse)

    def _over(self) -> None:
        self._late.stop()
        self.slow.emit(False)
