"""The bar above the list that offers what was not read, and says how far a reading of it is. Knows no capture.

Read `fetching` for what it shows, `reach` for what is offered.
"""

from __future__ import annotations

import time

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from app import style
from app.fetching import Fetching, Stage
from app.notice import thin_bar
from app.plain import PlainLabel, announce, set_role, set_tip

_AGAIN_MS = 30_000
_ROLES = {Stage.failed: "bad", Stage.stopped: "warn"}
_BUTTONS = {Stage.stopped: "Go on", Stage.failed: "Try again", Stage.reading: "Stop"}


class FetchBar(QFrame):
    """Hidden while there is nothing to say. `more_wanted` asks for all instead of a part."""

    more_wanted = Signal(object)
    """`(nothing)`"""

    def __init__(self, fetching: Fetching) -> None:
        super().__init__()
        self.setAccessibleName("What was not read")
        self._fetching = fetching
        self._goes_us: int | None = None
        self._said = Stage.idle
        self.text = PlainLabel(role="dim")
        self.text.setWordWrap(True)
        self.progress = thin_bar("Read so far", 1_000)
        self.main, self.more, self.dismiss = QPushButton(), QPushButton(), QPushButton("Dismiss")
        self.main.setProperty("role", "main")
        self.main.clicked.connect(self._act)
        self.more.clicked.connect(lambda: self.more_wanted.emit(""))
        self.dismiss.clicked.connect(fetching.dismiss)
        line = QHBoxLayout()
        line.setSpacing(style.GAP_PX)
        for button in (self.main, self.more, self.dismiss):
            line.addWidget(button)
        line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(style.INSIDE_PX, 2, style.INSIDE_PX, style.GAP_PX)
        layout.setSpacing(style.GAP_PX)
        layout.addWidget(self.text)
        layout.addWidget(self.progress)
        layout.addLayout(line)
        self._again = QTimer(self, interval=_AGAIN_MS)
        self._again.timeout.connect(self._show)
        fetching.changed.connect(self._show)
        self._show()  # panes may be made anew in the middle of it

    def show_countdown(self, goes_us: int | None) -> None:
        """From when on the source may remove the oldest of what was not read; None for unknown or never."""
        self._goes_us = goes_us
        self._show()

    def _act(self) -> None:
        if self._fetching.stage is Stage.reading:
            self._fetching.stop()
        else:
            self._fetching.start()

    def _show(self) -> None:
        fetching = self._fetching
        stage, was = fetching.stage, self._said
        self._said = stage
        self.setVisible(stage is not Stage.idle)
        if stage is Stage.idle:
            self._again.stop()
            return
        self._again.start()
        sentence = words(fetching, self._goes_us, time.time_ns() // 1000)
        set_role(self.text, "bad" if fetching.error else _ROLES.get(stage, "dim"))
        self.text.show_text(sentence)
        set_tip(self.text, sentence)
        self.main.setText(_BUTTONS.get(stage, "Find" if fetching.wanted.is_search else "Read"))
        self.main.setVisible(stage not in {Stage.done, Stage.waiting})
        whole = fetching.wanted.whole
        self.more.setVisible(stage is Stage.offered and whole is not None)
        self.more.setText(f"All {whole.most:,}" if whole is not None else "")
        self.dismiss.setVisible(not fetching.is_busy)
        self.progress.setVisible(fetching.is_busy)
        self.progress.setRange(0, 1_000 if fetching.total else 0)
        self.progress.setValue(fetching.covered * 1_000 // fetching.total if fetching.total else 0)
        if stage is not was:
            announce(self, sentence, at_once=stage is Stage.failed)


def words(fetching: Fetching, goes_us: int | None = None, now_us: int = 0) -> str:
    """What the bar says."""
    wanted = fetching.wanted
    verb = "searched" if wanted.is_search else "read"
    so_far = f"{verb} {fetching.covered:,} of {fetching.total:,} positions, {fetching.found:,} {_found(fetching)}"
    if fetching.stage is Stage.offered:
        parts = [wanted.words, countdown(goes_us, now_us), fetching.error or fetching.estimate]
        return " · ".join(part for part in parts if part)
    return {
        Stage.idle: "",
        Stage.waiting: f"{wanted.words} · the running capture makes room, and goes on afterwards",
        Stage.reading: so_far if fetching.total else f"{wanted.words} · asking the source",
        Stage.failed: f"✕ {fetching.error}" + (f" · {so_far}; what came is kept" if fetching.total else ""),
        Stage.stopped: f"! stopped: {so_far}; what came is kept",
        Stage.done: _done(fetching, verb, so_far),
    }[fetching.stage]


def _done(fetching: Fetching, verb: str, so_far: str) -> str:
    if not fetching.total:
        return f"✓ nothing was left to be {verb}: all of it up to the ends there are now is in this capture"
    if fetching.covered >= fetching.total:
        return f"✓ {so_far}: everything that was asked for, up to the ends as they were when it began"
    if fetching.wanted.most is not None and not fetching.wanted.is_search and fetching.found >= fetching.wanted.most:
        return f"✓ {so_far}: as many as were asked for"
    return f"! {so_far}: the rest could not be {verb}; the messages (Ctrl+M) say why"


def _found(fetching: Fetching) -> str:
    return ("match" if fetching.found == 1 else "matches") if fetching.wanted.is_search else "came"


def countdown(goes_us: int | None, now_us: int) -> str:
    """When the oldest records go; empty where that is not known."""
    if goes_us is None:
        return ""
    left_s = (goes_us - now_us) // 1_000_000
    if left_s <= 0:
        return "the oldest may go at any moment"
    days, hours, minutes = left_s // 86_400, left_s % 86_400 // 3_600, left_s % 3_600 // 60
    if days:
        return f"the oldest go in {days} d {hours} h" if hours else f"the oldest go in {days} d"
    if hours:
        return f"the oldest go in {hours} h {minutes} min" if minutes else f"the oldest go in {hours} h"
    return f"the oldest go in {minutes} min" if minutes else "the oldest go in less than a minute"
