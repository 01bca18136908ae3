"""The line a note is typed into: opened for the current event, Enter keeps it, Esc lets it go.

Knows the session and the selection only. Read `app.notes` for what keeps the notes.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app import style
from app.plain import PlainLabel, set_role, set_tip
from app.selection import Selection
from app.session import Session
from inspector.capture.notes import LONGEST_TEXT, Note


class NoteBar(QFrame):
    """Hidden until `open` or `edit`. What is typed stays until it is kept or let go, whatever is selected meanwhile."""

    refused = Signal(object)
    """`(sentence)`: no event is chosen to write about."""

    def __init__(self, session: Session, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._selection = session, selection
        self._seq, self._uid = 0, ""
        self._came_from: QWidget | None = None
        self.setObjectName("panel")
        self.setAccessibleName("Note")
        self.about, self.hint = PlainLabel(role="title"), PlainLabel(role="faint")
        self.text = QLineEdit()
        self.text.setAccessibleName("Text of the note")
        self.text.setPlaceholderText("What is to be remembered about this event")
        self.text.setMaxLength(LONGEST_TEXT)
        self.text.returnPressed.connect(self.save)
        self.save_button = _button("Save note", "Keep the note (Enter)", self.save, role="main")
        self.delete_button = _button("Delete note", "Take this note away", self._delete, role="plain")
        self.cancel_button = _button("Cancel", "Let it go (Esc)", self.cancel)
        row = QHBoxLayout(self)
        row.setContentsMargins(style.INSIDE_PX, 4, 4, 4)
        row.setSpacing(style.GAP_PX)
        row.addWidget(self.about)
        row.addWidget(self.text, 1)
        for widget in (self.hint, self.delete_button, self.cancel_button, self.save_button):
            row.addWidget(widget)
        self.hide()

    def open(self) -> bool:
        """Begins a note on the current event; False, and `refused`, when there is none."""
        if not self._selection.seq:
            self.refused.emit("Choose an event first; a note is about one event.")
            return False
        if not (self.isVisible() and self.text.text() and self._seq == self._selection.seq and not self._uid):
            self._begin(self._selection.seq, "", "")
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)
        return True

    def edit(self, note: Note) -> None:
        """Begins to change a note."""
        self._begin(note.seq or 0, note.uid, note.text)
        self.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def save(self) -> None:
        """Keeps what was typed; the line goes when it is kept, and stays with the reason when it is not."""
        text = self.text.text()
        if not text.strip():
            self._say("A note needs some text.", role="warn")
            return
        self._enable(on=False)
        if self._uid:
            self._session.notes.edit(self._uid, text, self._saved, self._not_saved)
        else:
            self._session.notes.add(self._seq, text, self._saved, self._not_saved)

    def cancel(self) -> None:
        """Lets go of what was typed; the focus goes back to where it was."""
        focused = QApplication.focusWidget()
        had_focus = focused is not None and self.isAncestorOf(focused)
        self.text.clear()
        self.hide()
        if self._came_from is not None and had_focus:
            self._came_from.setFocus(Qt.FocusReason.OtherFocusReason)
        self._came_from = None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc lets go."""
        if event.key() == Qt.Key.Key_Escape:
            self.cancel()
            return
        super().keyPressEvent(event)

    def _begin(self, seq: int, uid: str, text: str) -> None:
        focused = QApplication.focusWidget()
        if focused is not None and not self.isAncestorOf(focused):
            self._came_from = focused
            focused.destroyed.connect(self._forget_where)
        self._seq, self._uid = seq, uid
        self.about.show_text(f"Note on event {seq:,}" if seq else "Note")
        self.text.setText(text)
        self.delete_button.setVisible(bool(uid))
        self._say("Enter saves · Esc cancels", role="faint")
        self._enable(on=True)
        self.show()

    def _forget_where(self) -> None:
        self._came_from = None

    def _saved(self, _: Note) -> None:
        self._enable(on=True)
        self.cancel()

    def _not_saved(self, error: str) -> None:
        self._enable(on=True)
        self._say(f"✕ {error}", role="bad")
        self.text.setFocus()

    def _delete(self) -> None:
        self._session.notes.delete(self._uid)
        self.cancel()

    def _say(self, text: str, *, role: str) -> None:
        self.hint.show_text(text)
        set_role(self.hint, role)

    def _enable(self, *, on: bool) -> None:
        self.text.setReadOnly(not on)
        for button in (self.save_button, self.delete_button):
            button.setEnabled(on)


def _button(text: str, words: str, clicked: object, *, role: str = "") -> QPushButton:
    button = QPushButton(text)
    button.setProperty("role", role)
    button.setAutoDefault(False)
    set_tip(button, words)
    button.clicked.connect(clicked)
    return button
