"""A window process for tests that kill it: captures a store, notes what it has open, and says where, as the program does."""

from __future__ import annotations

import sys

from PySide6.QtCore import QSettings, QTimer

from app.__main__ import application
from app.library import Library
from app.main_window import MainWindow
from app.messages import Messages


def main() -> int:
    """`python -m tests.app.dying_window URL INI`; prints the capture's path, the child's process and how many events it has."""
    qt = application()
    settings = QSettings(sys.argv[2], QSettings.Format.IniFormat)
    window = MainWindow(Messages(qt), settings)
    library = Library(settings, window)
    library.start()
    window.open_source(sys.argv[1])
    session = window.session
    assert session is not None
    library.opened(session.path)
    window.show()

    def tell() -> None:
        if session.watermark is not None and session.child is not None:
            print(session.path, session.watermark.events, sep="\t", flush=True)

    timer = QTimer(window, interval=100)
    timer.timeout.connect(tell)
    timer.start()
    return qt.exec()


if __name__ == "__main__":
    sys.exit(main())
