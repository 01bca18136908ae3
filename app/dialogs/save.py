"""Asks where a capture is to be saved, and shows how saving goes in a bar inside the window. Read `app.saving` for the job."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app import style
from app.exporting import TABLES, StatesJob, choose_out, states_arguments
from app.models.wish import StatesWish
from app.plain import PlainLabel, announce, set_role, set_tip
from app.saving import FileJob, SaveJob
from app.selection import Selection
from app.session import Session
from inspector.settings import file_label

SUFFIX = ".evcap"
_STEPS = 1_000


def choose_place(parent: QWidget, path: Path, folder: str = "", is_masked: bool = False) -> Path | None:
    """Where the capture at `path` is to go, asked of the user (also whether to replace what is there); None: nowhere."""
    title = "Save capture as: what is masked is stored in it, in clear" if is_masked else "Save capture as"
    chosen, _ = QFileDialog.getSaveFileName(parent, title, str(Path(folder) / path.name), "Captures (*.evcap)")
    if not chosen:
        return None
    return Path(chosen) if Path(chosen).suffix else Path(chosen + SUFFIX)


def choose_page(parent: QWidget, path: Path) -> Path | None:
    """Where the coverage statement of the capture at `path` is to go, asked of the user; None: nowhere."""
    chosen, _ = QFileDialog.getSaveFileName(parent, "Coverage statement", f"{path.with_suffix('')}-coverage.html", "Pages (*.html)")
    if not chosen:
        return None
    return Path(chosen) if Path(chosen).suffix.lower() in {".html", ".htm"} else Path(chosen + ".html")


class SaveBar(QFrame):
    """Hidden until `start`. One job at a time."""

    saved = Signal(object)
    """`(path)`"""
    failed = Signal(object)
    """`(sentence)`"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAccessibleName("Saving")
        self._job: FileJob | None = None
        self.text, self.progress = PlainLabel(elided=True), QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("How much is saved")
        self.stop_button, self.hide_button = QPushButton("■ Stop saving"), QPushButton("Dismiss")
        self.stop_button.setProperty("role", "stop")
        set_tip(self.stop_button, "Nothing is left under the new name")
        self.stop_button.clicked.connect(self.stop)
        self.hide_button.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.setContentsMargins(style.INSIDE_PX, 3, 4, 3)
        for widget, stretch in ((self.text, 1), (self.stop_button, 0), (self.hide_button, 0)):
            row.addWidget(widget, stretch)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 1, 1, 1)
        whole.setSpacing(0)
        whole.addWidget(self.progress)
        whole.addLayout(row)
        self.hide()

    @property
    def is_running(self) -> bool:
        """Whether something is being saved."""
        return self._job is not None

    def start(self, path: Path, out: Path) -> bool:
        """Begins to save; False while something else is being saved."""
        return self.run(SaveJob(path, out, self))

    def follow(self, session: Session | None, selection: Selection | None) -> None:
        """Writes what is wanted of a session as files."""
        if session is not None and selection is not None:
            selection.states_wanted.connect(lambda wish: self._export_states(session, wish))

    def _export_states(self, session: Session, wish: StatesWish) -> None:
        name = Path(f"{session.path.stem}-{file_label(wish.category)}")
        if (target := choose_out(self, "Export all at a time", name, TABLES)) is not None:
            self.run(StatesJob([*states_arguments(session.path, wish), *session.mask_options], target, self))

    def run(self, job: FileJob) -> bool:
        """Begins to save or to export; False, and it is said, while something else is."""
        if self._job is not None:
            self.failed.emit(f"{self._job.out.name} is still being written: wait for it, or stop it")
            job.deleteLater()
            return False
        self._job = job
        job.progressed.connect(self._progressed)
        job.ended.connect(self._ended)
        self._show(f"{job.DOING} {job.out.name} …", role="", running=True)
        set_tip(self.text, job.command)
        self.progress.setRange(0, 0)
        self.show()
        job.start()
        return True

    def stop(self) -> None:
        """Ends saving; nothing is left."""
        if self._job is not None:
            self.stop_button.setEnabled(False)
            self._job.stop()

    def end(self) -> None:
        """Ends saving and waits: the window closes."""
        if self._job is not None:
            self._job.end()

    def _progressed(self, words: str, done: int, total: int) -> None:
        if self._job is None:
            return
        if total:
            self.progress.setRange(0, _STEPS)
            self.progress.setValue(done * _STEPS // total)
        self.text.show_text(f"{self._job.DOING} {self._job.out.name}: {words}")

    def _ended(self, path: Path | None, error: str) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.deleteLater()
        if path is not None and job is not None:
            self._show(f"✓ {job.DONE} {path}{job.note}", role="ok", running=False)
            self.saved.emit(path)
        elif error:
            self._show(f"✕ {error}", role="bad", running=False)
            self.failed.emit(error)
        else:
            self._show("It was stopped; nothing was left.", role="dim", running=False)

    def _show(self, text: str, *, role: str, running: bool) -> None:
        self.text.show_text(text)
        set_role(self.text, role)
        announce(self, text, at_once=role == "bad")
        self.stop_button.setEnabled(running)
        self.stop_button.setVisible(running)
        self.hide_button.setVisible(not running)
        self.progress.setVisible(running)
