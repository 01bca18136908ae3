"""The menu of a plot: the time under the pointer as range, and each name that is shown as a filter. Knows no pane.

Read `models.plot_filter` for what a name stands for, `filter_menu` for the ways to join it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.filter_menu import add_filter_choices, add_joins, plain
from app.models.plot_filter import series_filter
from app.selection import Selection


def show_plot_menu(
    parent: QWidget,
    at: QPoint,
    selection: Selection,
    *,
    by: str,
    names: Sequence[str],
    pointed: str | None = None,
    span_us: tuple[int, int] | None = None,
) -> None:
    """Opens it at a place of the screen; `pointed` is the name and `span_us` the time under the pointer, where there are any.

    Opens nothing when there is nothing to do.
    """
    menu = QMenu(parent)
    menu.setAccessibleName("What to do with this plot")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if pointed is not None and all(texts := series_filter(by, pointed, names)):
        add_filter_choices(menu, selection, *texts, words=f"{by} {plain(pointed)}")
        menu.addSeparator()
    if span_us is not None:
        menu.addAction("Go to this moment", lambda: selection.go_to_moment(span_us))
        menu.addAction("Go to the largest event here", lambda: selection.go_to_largest(span_us))
        menu.addAction("Only this time", lambda: selection.choose_time_range(span_us))
        menu.addSeparator()
    for name in names:
        if name != pointed and all(texts := series_filter(by, name, names)):
            add_joins(menu.addMenu(plain(name)), selection, *texts)
    if menu.isEmpty():
        menu.deleteLater()
    else:
        menu.popup(at)
