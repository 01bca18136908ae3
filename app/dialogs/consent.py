"""Asks whether code of the user's own may run: which file, what it is, and what that means. Runs nothing.

Read `inspector.user_code` for how it runs, `reducer_choice` for who asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app import style
from app.event_rows_view import RowsView
from app.models.text_table import TextTable
from app.plain import PlainLabel

_SAID = (
    "It runs in a process of its own, which may take 5 s for an event and 1,024 MB. It can do there what you can: read and write",
    "files, and use the network. You are asked again when the file, or one beside it that it imports, has changed.",
)


class ConsentDialog(QDialog):
    """About the code that an error of the kind `consent` names. Accepted: it may run from now on."""

    def __init__(self, error: Mapping[str, Any], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Code that wants to run")
        changed = bool(error["changed"])
        self.title = PlainLabel("This file has changed since you allowed it." if changed else "May this file run?", role="title")
        self.table = TextTable(("file", "SHA-256"), self)
        self.table.show_rows(
            [[str(error["path"]), str(error["sha256"])], *([str(one["path"]), str(one["sha256"])] for one in error["imports"])]
        )
        self.view = RowsView(self.table, "Files", [0, 0])
        self.allow, self.cancel = QPushButton("Let it run"), QPushButton("Cancel")
        self.allow.setProperty("role", "main")
        self.allow.setAutoDefault(False)
        self.cancel.setProperty("role", "plain")
        self.cancel.setDefault(True)
        self.allow.clicked.connect(self.accept)
        self.cancel.clicked.connect(self.reject)
        size = PlainLabel(f"{int(error['size']):,} bytes, named by you; nothing in a capture can name code.", role="dim", elided=True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.allow)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self.title)
        layout.addWidget(size)
        layout.addWidget(self.view, 1)
        for words in _SAID:
            layout.addWidget(PlainLabel(words, role="dim"))
        layout.addLayout(buttons)
        self.resize(860, 300)
