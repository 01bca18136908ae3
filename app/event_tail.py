"""How a list follows a growing capture: it stays at the newest, or where it is and counts what came, or stands still.

Moves the view, never the selection. Read `panes.events` for the pane it belongs to.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app.event_view import EventView
from app.lister import Lister
from app.models.event_columns import VALUE
from app.models.rows import Listing
from app.plain import set_tip
from app.session import Session
from inspector.capture.asking import Watermark

_BOTTOM_PX = 24


class EventTail(QObject):
    """Stuck to the newest, loose, or paused."""

    stick_changed = Signal(object)
    pause_changed = Signal(object)
    counted = Signal(object)
    """`(text)`: what came unseen, such as `▼ 214 new`; empty for nothing."""

    def __init__(self, session: Session, view: EventView, lister: Lister) -> None:
        super().__init__(view)
        self._session, self._view, self._lister = session, view, lister
        self.is_stuck = self.is_paused = False
        self.last_seq = 0
        """How far the capture was when the list last followed it."""
        self._unseen = self._paused_seq = 0
        lister.grew.connect(self._grew)
        lister.accepted.connect(self._begin)
        view.scrolled_by_user.connect(self._scrolled_by_user)
        view.verticalScrollBar().valueChanged.connect(self._scrolled)

    def follow(self, mark: Watermark) -> None:
        """Takes what came, unless paused."""
        if self.is_paused:
            self._say()
            return
        before, self.last_seq = self.last_seq, mark.last_seq
        self._lister.follow(mark)
        if self._lister.wish.is_arithmetic and before:
            self._grew(mark.last_seq - before)
        elif self.is_stuck:
            self._go_newest()

    def stick(self, *, on: bool) -> None:
        """Stays at the newest event, or stays where it is."""
        changed, self.is_stuck = on != self.is_stuck, on
        if on:
            if self.is_paused:
                self.pause(on=False)
            self._go_newest()
        self._say()
        if changed:
            self.stick_changed.emit(on)

    def unstick(self) -> None:
        """Stays where it is."""
        if self.is_stuck:
            self.stick(on=False)

    def pause(self, *, on: bool) -> None:
        """Holds the list still while the capture goes on, or takes all that came meanwhile."""
        if on == self.is_paused:
            return
        self.is_paused, self._paused_seq = on, self.last_seq
        if not on and self._session.watermark is not None:
            self.follow(self._session.watermark)
        self.pause_changed.emit(on)
        self._say()

    def follow_like(self, other: EventTail) -> None:
        """Stays at the newest and stands still as another list does."""
        self.stick(on=other.is_stuck)
        self.pause(on=other.is_paused)

    def _begin(self) -> None:
        """The list is another one."""
        self._unseen = 0
        if self.is_stuck:
            self._go_newest()
        self._say()

    def _grew(self, count: int) -> None:
        """So many rows came, at the newest end or among the others."""
        self._unseen = self._unseen + count if count >= 0 else 0
        if self.is_stuck:
            self._go_newest()
        self._say()

    def _go_newest(self) -> None:
        self._unseen = 0
        model = self._view.table
        if isinstance(model.listed, Listing) and self._lister.wish.order == "log":
            self._view.scrollTo(model.index(model.listed.row_of(model.listed.greatest()), VALUE))
        elif self._lister.wish.newest_first:
            self._view.scrollToTop()
        else:
            self._view.scrollToBottom()

    def _scrolled_by_user(self, direction: int) -> None:
        if direction != (-1 if self._lister.wish.newest_first else 1):
            self.unstick()

    def _scrolled(self, value: int) -> None:
        wish, last = self._lister.wish, self._view.verticalScrollBar().maximum()
        if not self.is_paused and wish.order != "log" and (value == 0 if wish.newest_first else value >= last):
            self._unseen = 0
            self._say()

    def _say(self) -> None:
        mark, wish = self._session.watermark, self._lister.wish
        count = mark.last_seq - self._paused_seq if self.is_paused and mark is not None else self._unseen
        if count <= 0 or (self.is_stuck and not self.is_paused):
            self.counted.emit("")
            return
        what = "to search" if self.is_paused and wish.is_narrowed else "new"
        self.counted.emit(f"{'▲' if wish.newest_first else '▼'} {count:,} {what}")


class NewButton(QPushButton):
    """Says over the bottom of its parent what came unseen; a click is the way there."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "new")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_tip(self, "Go to the newest event and stay there")
        self._over = parent
        parent.installEventFilter(self)
        self.hide()

    def say(self, text: str) -> None:
        """Shows `text`, or nothing."""
        self.setVisible(bool(text))
        if text:
            self.setText(text)
            self.adjustSize()
            self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stays in the middle of the parent's bottom."""
        if event.type() is QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        self.move((self._over.width() - self.width()) // 2, self._over.height() - self.height() - _BOTTOM_PX)
        self.raise_()
