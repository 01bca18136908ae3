"""A capture and the read model that should mirror it, with what is wrong in it: a corrupted, a missing and an extra row."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Protocol

import apsw

from app.drifting import DriftWish
from app.main_window import MainWindow
from inspector.event import Flag
from tests.replay.captures import SECOND_US, Log, Written, write


class Stage(Protocol):
    """What a scene needs of the stage."""

    folder: Path
    window: MainWindow

    def open(self, path: Path | None = None, rows: int = 0) -> None: ...
    def wait(self, is_so: Callable[[], bool]) -> None: ...
    def settle(self, seconds: float = 0.3) -> None: ...


START_US = 1_795_420_800_000_000
SPEC = """
name = "stock"
filter = 'type == "StockMoved"'
group_by = { sku = "data.sku" }
[measures]
available = { sum = "data.moved" }
keeper = { last = "data.keeper" }
[model]
table = "stock"
keys = { sku = "article" }
values = { available = "free", keeper = "kept_by" }
checkpoint = { table = "tracking", column = "position", where = { name = "stock" } }
log = "orders"
scale = 2
"""
MOVES = [
    ("tea-assam", "3.50"),
    ("mug-blue", "1"),
    ("tea-assam", "-0.25"),
    ("cup-small", "7"),
    ("jug-large", "9"),
    ("mug-blue", "4"),
    ("late", "1"),
]
"""One move a position; the last one is beyond the checkpoint, and `jug-large` was aborted."""
ROWS = [("tea-assam", 3.25, "ada@shop.example"), ("mug-blue", 6, "mallory@shop.example"), ("jug-large", 9, "ada@shop.example")]


def made(folder: Path) -> tuple[Path, Path, str]:
    """The capture, the projection's file and the model's address."""
    rows = [
        Written(
            number,
            f'{{"sku": "{sku}", "moved": {moved}, "keeper": "ada@shop.example"}}',
            type="StockMoved",
            time_us=START_US + number * SECOND_US,
            flags=int(Flag.aborted) if sku == "jug-large" else 0,
        )
        for number, (sku, moved) in enumerate(MOVES)
    ]
    write(folder / "stock.evcap", [Log(rows)])
    spec = folder / "stock.toml"
    spec.write_text(SPEC, encoding="utf-8")
    with closing(apsw.Connection(str(folder / "readmodel.db"))) as model:
        model.execute("CREATE TABLE stock (article, free, kept_by); CREATE TABLE tracking (name, position)")
        model.execute("INSERT INTO tracking VALUES ('stock', 5)")
        model.executemany("INSERT INTO stock VALUES (?, ?, ?)", ROWS)
    return folder / "stock.evcap", spec, f"sqlite:///{folder / 'readmodel.db'}"


def nothing(stage: Stage) -> None:
    """No model was compared yet."""
    stage.open()
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Drift", on=True)
    stage.settle()


def differs(stage: Stage) -> None:
    """A read model with wrong rows."""
    _compared(stage, "")


def no_database(stage: Stage) -> None:
    """A database that does not answer, whose password was typed."""
    _compared(stage, "postgresql://reader:secret@127.0.0.1:1/shop")


def _compared(stage: Stage, model: str) -> None:
    path, spec, right = made(stage.folder)
    stage.open(path)
    assert stage.window.panes is not None
    stage.window.panes.show_pane("Drift", on=True)
    pane = stage.window.panes.drift_pane
    pane.question.fill(DriftWish(str(spec), model or right), {})
    pane.compare()
    stage.wait(lambda: not pane.drifting.is_busy)
    stage.settle()


SCENES: dict[str, Callable[[Stage], None]] = {
    "drift_nothing": nothing,
    "drift": differs,
    "drift_no_database": no_database,
}
