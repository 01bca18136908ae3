"""Makes or changes a projection in a form, with its numbers from the open capture and the file that it becomes beside it.

Read `projection_fields` for the form, `projection_preview` for the numbers, `inspector.projections` for what a projection is.
"""

from __future__ import annotations

import shlex
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QSplitter, QVBoxLayout, QWidget

from app import style
from app.dialogs.fields import Choice
from app.dialogs.projection_fields import ProjectionFields
from app.dialogs.projection_preview import ProjectionPreview
from app.notice import Notice
from app.plain import PlainLabel, PlainText, set_tip
from app.session import Session
from inspector.errors import UsageError
from inspector.plain_files import read_text
from inspector.projections import Projection, library, parse, written
from inspector.projections.form import Form, FormError, LabelRow, form_of, projection_of
from inspector.projections.spec import LARGEST_BYTES
from inspector.query.seen import known
from inspector.settings import projections_dir, write_private
from inspector.text import visible

_LATER_MS = 250
_NEW, _OWN, _SHIPPED = "new", "own", "shipped"
_USUAL = Form(labels=(LabelRow("type"),))
_TEXT_PX = 150


class ProjectionDialog(QDialog):
    """`name` is the projection to begin with; one that ships with the program is taken as a copy. `saved(name)`: it is in a file."""

    saved = Signal(object)

    def __init__(self, session: Session, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Projection")
        self._session = session
        self._opened = ("", "")
        """What kind is shown and its name."""
        self._shown: Form = _USUAL
        self._remark = self._file = ""
        self._make()
        self._lay_out()
        self._later = QTimer(self, singleShot=True, interval=_LATER_MS)
        self._later.timeout.connect(self._try)
        self._connect()
        self._list(name)
        self._open(*self._which(name))
        session.work.run(known, self.fields.learn, lambda _sentence: None, lane="seen for a projection")
        self.resize(1120, 680)

    # ---- building

    def _make(self) -> None:
        self.which, self.fields = Choice(), ProjectionFields()
        self.which.setAccessibleName("Which projection")
        self.delete, self.said = QPushButton("Delete"), PlainLabel(role="dim", elided=True)
        self.notice, self.preview = Notice("About the projection"), ProjectionPreview(self._session)
        self.text = PlainText("The projection as a file")
        self.copy, self.copy_command = QPushButton("Copy the file"), QPushButton("Copy the command")
        self.save, self.cancel = QPushButton("Save"), QPushButton("Cancel")
        for button in (self.delete, self.copy, self.copy_command, self.cancel):
            button.setProperty("role", "plain")
            button.setAutoDefault(False)
        self.save.setProperty("role", "main")
        self.save.setAutoDefault(False)
        set_tip(self.delete, "Deletes the file of this projection of yours")
        set_tip(self.copy_command, "The command that prints these numbers, once this is saved")
        set_tip(self.save, "Keeps it among your projections: plots and eventscope project offer it by its name")

    def _lay_out(self) -> None:
        top, file, end = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        top.addWidget(self.which, 1)
        top.addWidget(self.delete)
        file.addWidget(PlainLabel("As a file", role="title"), 1)
        file.addWidget(self.copy_command)
        file.addWidget(self.copy)
        end.addWidget(self.said, 1)
        end.addWidget(self.cancel)
        end.addWidget(self.save)
        self.text.setFixedHeight(_TEXT_PX)
        both, left, right = QSplitter(Qt.Orientation.Horizontal), QWidget(), QWidget()
        for side, parts in (
            (left, (top, self.fields)),
            (right, (self.preview, file, self.text)),
        ):
            column = QVBoxLayout(side)
            column.setContentsMargins(style.GAP_PX if side is right else 0, 0, 0 if side is right else style.GAP_PX, 0)
            column.setSpacing(style.GAP_PX)
            for part in parts:
                if isinstance(part, QWidget):
                    column.addWidget(part, 1 if part in (self.fields, self.preview) else 0)
                else:
                    column.addLayout(part)
            both.addWidget(side)
        both.setChildrenCollapsible(False)
        both.setSizes([540, 540])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self.notice)
        layout.addWidget(both, 1)
        layout.addLayout(end)

    def _connect(self) -> None:
        self.which.activated.connect(self._chosen)
        self.fields.changed.connect(self._changed)
        self.delete.clicked.connect(self._ask_delete)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._file))
        self.copy_command.clicked.connect(self._copy_command)
        self.save.clicked.connect(self.write)
        self.cancel.clicked.connect(self.reject)
        self._session.ending.connect(self.reject)
        self.finished.connect(self._ended)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter in a field saves nothing by itself."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def _ended(self, _result: int) -> None:
        self._later.stop()
        self.preview.drop()

    # ---- which projection

    def _list(self, name: str) -> None:
        """Offers a new one, the user's own, and copies of those that ship."""
        with QSignalBlocker(self.which):
            self.which.clear()
            self.which.addItem("A new projection", (_NEW, ""))
            for each in library.own():
                self.which.addItem(f"{each}: yours", (_OWN, each))
            for each in library.names():
                self.which.addItem(f"{each}: a copy of the one that ships with the program", (_SHIPPED, each))
            self.which.setCurrentIndex(max(0, self._place(*self._which(name))))

    def _which(self, name: str) -> tuple[str, str]:
        kind = _OWN if name in library.own() else _SHIPPED if name in library.names() else _NEW
        return kind, "" if kind == _NEW else name

    def _place(self, kind: str, name: str) -> int:
        return next((place for place in range(self.which.count()) if tuple(self.which.itemData(place)) == (kind, name)), -1)

    @property
    def is_changed(self) -> bool:
        """Whether the form says something that is in no file."""
        return self.fields.form() != self._shown

    def _chosen(self, place: int) -> None:
        kind, name = self.which.itemData(place)
        if not self.is_changed:
            self._open(kind, name)
            return
        self.which.setCurrentIndex(max(0, self._place(*self._opened)))
        self.notice.say(
            "What was changed here is not saved.",
            role="warn",
            action="Open the other one all the same",
            acted=lambda: self._open(kind, name),
        )

    def _open(self, kind: str, name: str) -> None:
        """Shows a projection in the form."""
        self.notice.hide()
        self.which.setCurrentIndex(max(0, self._place(kind, name)))
        self._opened = kind, name
        self.delete.setVisible(kind == _OWN)
        said, form = "", replace(_USUAL, name=self._free("projection"))
        try:
            text = "" if kind == _NEW else library.shipped_text(name) if kind == _SHIPPED else self._read(name)
            if text:
                found = parse(text, f"{name}.toml")
                form = replace(form_of(found), name=name if kind == _OWN else self._free(f"my-{name}"))
                said = "" if kind == _SHIPPED or written(found) == text else "saving writes the file anew, without its comments"
        except (UsageError, OSError, UnicodeDecodeError) as error:
            self.notice.say(f"{error}; mend {library.own_path(name)} as a text, or write another one here", role="bad")
            self._opened = _NEW, ""
        self._remark = said
        self.fields.show_form(form)
        self._shown = self.fields.form()
        self._changed()

    @staticmethod
    def _read(name: str) -> str:
        return read_text(library.own_path(name), LARGEST_BYTES)

    @staticmethod
    def _free(name: str) -> str:
        """A name like this that no projection has."""
        taken = {*library.names(), *library.own()}
        return next(each for each in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if each not in taken)

    # ---- what is written

    def written(self) -> Projection:
        """The projection that the form says. Raises FormError for what is wrong in it."""
        found = projection_of(self.fields.form())
        if found.name in library.names() and self._opened != (_OWN, found.name):
            raise FormError("name", f"{found.name} ships with the program: give yours another name")
        if self._opened != (_OWN, found.name) and found.name.casefold() in {each.casefold() for each in library.own()} - {self._own_name()}:
            raise FormError("name", f"{found.name} is another projection of yours: choose it above to change it")
        return found

    def _own_name(self) -> str:
        return self._opened[1].casefold() if self._opened[0] == _OWN else ""

    def _changed(self) -> None:
        self._later.start()

    def write(self) -> None:
        """Writes the file, and tells its name."""
        self._try()
        try:
            found = self.written()
            path = projections_dir() / f"{found.name}.toml"
            write_private(path, written(found))
        except FormError:
            return  # said where it is
        except (OSError, UsageError) as error:
            self.notice.say(f"it cannot be kept: {error}", role="bad")
            return
        self.saved.emit(found.name)
        self.accept()

    def _ask_delete(self) -> None:
        name = self._opened[1]
        self.notice.say(
            f"Delete {name}? Plots that show it will not find it.", role="warn", action="Delete it", acted=lambda: self._delete(name)
        )

    def _delete(self, name: str) -> None:
        try:
            library.own_path(name).unlink(missing_ok=True)
        except OSError as error:
            self.notice.say(f"it cannot be deleted: {error}", role="bad")
            return
        self._list("")
        self._open(_NEW, "")

    def _copy_command(self) -> None:
        if self.preview.projection is not None:
            words = ["eventscope", "project", str(self._session.path), self.preview.projection.name]
            QGuiApplication.clipboard().setText(self._session.said(shlex.join(words)))

    # ---- trying

    def _try(self) -> None:
        """Says what is wrong, or shows the file; and asks for the numbers where they are others."""
        self._later.stop()
        wrong: FormError | None = None
        found: Projection | None = None
        try:
            found = self.written()
        except FormError as error:
            wrong = error
            if error.part == "name":  # the numbers are the same whatever it is called
                found = self._unnamed()
        self.fields.say(wrong)
        self.save.setEnabled(wrong is None)
        for button in (self.copy, self.copy_command):
            button.setEnabled(wrong is None)
        self.preview.show_projection(found)
        if wrong is None and found is not None:
            self._file = written(found)
            self.text.show_text("\n".join(map(visible, self._file.split("\n"))))
            remark = f"; {self._remark}" if self._remark else ""
            self.said.show_text(f"kept in {library.own_path(found.name)}{remark}")
        else:
            self.said.show_text("")
        self.text.setEnabled(wrong is None)

    def _unnamed(self) -> Projection | None:
        try:
            return projection_of(replace(self.fields.form(), name="preview"))
        except FormError:
            return None
