"""How events become state, chosen in the replay pane: a built-in way, rules in a form, or a Python file; kept for the category.

Code runs only after the user allowed it. Read `dialogs.rules` for the form, `dialogs.consent` for the question,
`inspector.replay.process` for what is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QWidget

from app.dialogs.consent import ConsentDialog
from app.dialogs.rules import RulesDialog
from app.fold import Answer
from app.replaying import Replaying
from app.session import Session
from inspector import plugins
from inspector.capture.streams import StreamInfo
from inspector.text import visible

_RULES, _FILE = "\0rules", "\0file"
DEFAULT = "default"


class ReducerChoice(QObject):
    """The box of reducers, for the stream of one `Replaying`."""

    changed = Signal()
    """Another reducer is taken: `replaying.reducer` says which."""

    def __init__(self, box: QComboBox, session: Session, replaying: Replaying, parent: QWidget) -> None:
        super().__init__(parent)
        self._box, self._session, self._replaying, self._parent = box, session, replaying, parent
        self._category: tuple[str, str] | None = None
        self._refused: Answer | None = None
        box.addItem(DEFAULT, "")
        for name in sorted(plugins.names("reducers")):
            box.addItem(name, name)
        box.insertSeparator(box.count())
        box.addItem("Rules …", _RULES)
        box.addItem("Python file …", _FILE)
        box.activated.connect(self._activated)
        replaying.fold.unallowed.connect(self._note_refused)

    # ---- what is shown

    def show_stream(self, stream: StreamInfo) -> None:
        """Another stream: of another category what was chosen for that is taken."""
        if (stream.source, stream.category) != self._category:
            self._category = stream.source, stream.category
            self._replaying.reducer = ""
            self._show("")

    def show_taken(self, name: str, why: str | None) -> None:
        """Says which reducer the default was."""
        is_default = not self._replaying.reducer
        self._box.setItemText(0, f"{DEFAULT if why is None else 'kept'} ({short(name)})" if is_default else DEFAULT)

    def _show(self, reducer: str) -> None:
        place = self._box.findData(reducer)
        if place < 0:
            place = 1
            self._box.insertItem(place, short(reducer), reducer)
        with QSignalBlocker(self._box):
            self._box.setCurrentIndex(place)

    # ---- choosing

    def _activated(self, place: int) -> None:
        wanted = str(self._box.itemData(place) or "")
        if wanted in {_RULES, _FILE}:
            self._show(self._replaying.reducer)
            (self.edit_rules if wanted == _RULES else self.choose_file)()
        else:
            self.take(wanted)

    def take(self, reducer: str) -> None:
        """Folds with this reducer, and keeps it for the stream's category; an empty one is the default."""
        self._show(reducer)
        self._replaying.reducer = reducer
        self._keep()
        self.changed.emit()

    def _keep(self) -> None:
        """Code is kept once it is allowed: until then this is refused."""
        stream, reducer = self._replaying.stream, self._replaying.reducer
        if stream is not None:
            fields = {"stream": f"{stream.category}/{stream.name}", "source": stream.source, "reducer": reducer or DEFAULT}
            self._replaying.fold.ask("choose", lambda _request, _answer: None, lambda _sentence: None, lane="choose", **fields)

    def edit_rules(self) -> None:
        """Opens the form of the rules for the stream's category."""
        stream = self._replaying.stream
        if stream is not None:
            mine = self._replaying.reducer
            path = Path(mine) if mine.endswith(".toml") else None
            dialog = RulesDialog(self._session, stream, self._parent, path)
            dialog.saved.connect(lambda saved: self.take(str(saved)))
            dialog.open()

    def choose_file(self) -> None:
        """Asks for a Python file with `def reduce(state, event)` or an aggregate class."""
        pattern = "Reducers (*.py *.toml)"
        path, _ = QFileDialog.getOpenFileName(self._parent, "A reducer of your own", "", pattern)
        if path:
            self.take(path)

    # ---- consent

    def _note_refused(self, error: object) -> None:
        if isinstance(error, dict):
            self._refused = error

    def take_refused(self) -> Callable[[], None] | None:
        """What asks for the consent that was missing, once; None when none was."""
        error, self._refused = self._refused, None
        return None if error is None else lambda: self.ask_consent(error)

    def ask_consent(self, error: Answer) -> None:
        """Asks whether the code may run; then replays again."""
        dialog = ConsentDialog(error, self._parent)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            fields = {"reducer": str(error["path"]), "consent": str(error["digest"]), "python_path": list(error["python_path"])}
            again = self.changed.emit
            self._replaying.fold.ask("allow", lambda _request, _answer: self._allowed(), lambda _sentence: again(), lane="allow", **fields)

    def _allowed(self) -> None:
        if self._replaying.reducer:
            self._keep()
        self.changed.emit()


def short(reducer: str) -> str:
    """A reducer's name as it is shown: of a file without its folders."""
    path, _, name = reducer.partition(".py:")
    return visible(f"{Path(path).name}.py:{name}" if name else Path(reducer).name)
