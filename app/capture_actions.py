"""What the window can do with a capture as a whole: open, save, export, check, state, mark, close. Read `window_actions` for the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.actions import Action
from app.dialogs.save import choose_page
from app.evidence import EvidenceBar
from app.exporting import FORMS, ExportJob, choose_out, export_arguments
from app.saving import ReportJob

if TYPE_CHECKING:
    from app.main_window import MainWindow


def capture_actions(window: MainWindow) -> list[Action]:
    """Opening, capturing, saving, checking and closing."""

    def has() -> bool:
        return window.session is not None

    def export() -> None:
        session = window.session
        if session is None:
            return
        if (target := choose_out(window, "Export what is listed", Path(session.path.stem), FORMS)) is not None:
            wanted = export_arguments(session.path, window.events.lister.wish, target.out.suffix)
            window.chrome.saving.run(ExportJob([*wanted, *session.mask_options], target, window.chrome.saving))

    def finished() -> bool:
        return window.session is not None and not window.session.is_capturing

    def masked() -> bool:
        return window.masking.has_masks

    def evidence(do: Callable[[EvidenceBar, Path], None]) -> Callable[[], None]:
        return lambda: do(window.chrome.evidence, window.session.path) if window.session is not None else None

    return [
        Action("Capture", "Open a capture, or files to import", window.importer.choose, "Ctrl+O"),
        Action("Capture", "Import files of others", window.importer.choose_files, "Ctrl+I"),
        Action("Capture", "Import a folder", window.importer.choose_folder, "Ctrl+Shift+I"),
        Action("Capture", "Connect to Kafka or an event store", window.choose_source, "Ctrl+N"),
        Action("Capture", "Save as", window.save_as, "Ctrl+Shift+S", is_possible=has),
        Action("Capture", "Export what is listed", export, "Ctrl+Shift+E", is_possible=has),
        Action(
            "Capture",
            "Stop the capture",
            window.stop_capture,
            "Ctrl+Shift+X",
            is_possible=lambda: window.session is not None and window.session.is_capturing,
        ),
        Action(
            "Capture",
            "Capture again, on from where it ended",
            window.go_on_capturing,
            "Ctrl+Shift+G",
            is_possible=lambda: window.session is not None and window.session.can_go_on,
        ),
        Action("Capture", "Files that were read into this capture", window.importer.show_details, is_possible=has),
        *_checking(window),
        Action("Capture", "Mark as evidence", evidence(EvidenceBar.mark), is_possible=finished),
        Action("Capture", "Check the evidence", evidence(EvidenceBar.check), is_possible=finished),
        Action("Capture", "Hide secrets, or show them", lambda: window.masking.turn(on=not window.masking.are_on), is_possible=masked),
        Action("Capture", "Unsaved captures", window.show_unsaved, "Ctrl+Shift+U"),
        Action("Capture", "Start the built-in shop", lambda: window.start_demo([])),
        Action("Capture", "Close the capture", window.close_capture, "Ctrl+W", is_possible=has),
    ]


def _checking(window: MainWindow) -> list[Action]:
    def has() -> bool:
        return window.session is not None

    def finished() -> bool:
        return window.session is not None and not window.session.is_capturing

    def check() -> None:
        if window.panes is not None:
            window.panes.show_pane("Findings", on=True)
            window.panes.findings_pane.checking.run()

    def report() -> None:
        session = window.session
        if session is not None and (out := choose_page(window, session.path)) is not None:
            window.chrome.saving.run(ReportJob(session.path, session.mask_options, out, window.chrome.saving))

    return [
        Action("Capture", "Run the checks", check, "Ctrl+Shift+K", is_possible=finished),
        Action("Capture", "Coverage statement …", report, "Ctrl+Shift+O", is_possible=has),
    ]
