"""Plots as files: a PNG of one plot with its title, legend and zone, and its numbers as CSV. No dialog, no session.

Read `plot_card` for what is in the picture, `models.plotted` for the numbers.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, tzinfo
from pathlib import Path

from PySide6.QtWidgets import QApplication

from app import style
from app.models.durations import step_text
from app.models.event_look import zone_name
from app.models.plot_spec import PlotSpec
from app.models.plotted import Plotted, csv_text
from app.plot_card import PlotCard, as_picture
from inspector.errors import StorageError

WIDTH_PX, HEIGHT_PX = 1200, 480


def times_words(shown: Plotted, zone: tzinfo) -> str:
    """What the times of a plot are: their day, their zone, how wide a step is."""
    day = datetime.fromtimestamp(shown.answer.first_us / 1_000_000, zone).strftime("%Y-%m-%d")
    return f"{step_text(shown.answer.step_us)} steps · {shown.answer.clock} ({zone_name(zone)}) from {day}"


def save_picture(card: PlotCard, target: Path) -> None:
    """Writes a PNG of what a plot shows. Raises StorageError."""
    foot = times_words(card.shown, card.plot.zone) if card.shown is not None else ""
    whole = as_picture(card, foot, WIDTH_PX, HEIGHT_PX + (160 if card.spec.has_table else 0))
    style.dress(whole)
    whole.show()
    QApplication.processEvents()
    written = whole.grab().save(str(target), "PNG")
    whole.close()
    whole.deleteLater()
    if not written:
        raise StorageError(f"cannot write {target}: choose another place")


def save_numbers(shown: Plotted, target: Path) -> None:
    """Writes all numbers of a plot as CSV, for its owner only. Raises StorageError."""
    try:
        with os.fdopen(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8", newline="") as file:
            file.write(csv_text(shown.answer))
    except OSError as error:
        raise StorageError(f"cannot write {target}: {error.strerror}; choose another place") from error


def draw(spec: PlotSpec, shown: Plotted, target: Path, zone: tzinfo = UTC) -> None:
    """Draws an answer into the PNG `target`. Raises StorageError."""
    card = PlotCard(spec)
    card.set_zone(zone)
    card.show_plotted(shown)
    card.plot.show_range(float(shown.times[0]), float(shown.times[-1]))
    save_picture(card, target)
    card.deleteLater()
