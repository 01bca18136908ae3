"""Pictures of the form of a projection in its states: read `screens` for how they are taken."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QWidget

from app.dialogs.projection import ProjectionDialog
from app.main_window import MainWindow
from tests.replay.captures import Log, Written, write

_START_US = 1_795_420_800_000_000
_CURRENCIES = ("EUR", "USD", "SEK")


class Stage(Protocol):
    """What a scene needs of the stage."""

    folder: Path
    window: MainWindow

    def open(self, path: Path | None = None, rows: int = 0) -> None: ...
    def wait(self, is_so: Callable[[], bool]) -> None: ...
    def settle(self, seconds: float = 0.3) -> None: ...
    def dialog(self, made: QWidget) -> None: ...


def payments(path: Path) -> Path:
    """Four hundred payments of ten minutes in three currencies, some of them refunds."""
    events = []
    for number in range(400):
        amount = (number * 37 % 900) / 4 - (60 if number % 9 == 0 else 0)
        document = {"currency": _CURRENCIES[number % 3], "amount": amount, "card": f"card-{number % 7}", "fee": 0.25}
        kind = "PaymentCaptured" if number % 5 else "PaymentAuthorised"
        events.append(Written(number, json.dumps(document), time_us=_START_US + number * 1_500_000, type=kind, category="payment"))
    return write(path, [Log(events, "shop.payments")])


def _form(stage: Stage, name: str) -> ProjectionDialog:
    stage.open(payments(stage.folder / "payments.evcap"))
    session = stage.window.session
    assert session is not None
    dialog = ProjectionDialog(session, name, stage.window)
    stage.dialog(dialog)
    stage.wait(lambda: bool(dialog.preview.part.whole_text()))
    stage.settle()
    return dialog


def new(stage: Stage) -> None:
    """A form that was just opened."""
    _form(stage, "")


def copy(stage: Stage) -> None:
    """A copy of one that ships, with a window and an alarm."""
    dialog = _form(stage, "revenue")
    dialog.fields.alarm.setText("revenue < 1500 or mean > 200")
    stage.settle(0.8)


def wrong(stage: Stage) -> None:
    """What is wrong is said where it is."""
    dialog = _form(stage, "revenue")
    dialog.fields.filter.setText('type == "PaymentCaptured" && data.amount >')
    stage.settle(0.8)


SCENES: dict[str, Callable[[Stage], None]] = {
    "projection_new": new,
    "projection_copy": copy,
    "projection_wrong": wrong,
}
