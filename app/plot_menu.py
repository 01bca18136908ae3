"""The menu of a plot: the time under the pointer as range, and each name that is shown as a filter. Knows no pane.

Read `models.plot_filter` for what a name stands for, `filter_menu` for the ways to join it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from app.filter_menu import add_filter_choices, add_joins, plain
from app.models.bar_counts import MOST_NAMES
from app.models.plot_filter import series_filter
from app.selection import Selection
from inspector.query.combine import combined


def show_plot_menu(
    parent: QWidget,
    at: QPoint,
    selection: Selection,
    *,
    by: str,
    names: Sequence[str],
    pointed: str | None = None,
    span_us: tuple[int, int] | None = None,
    within: str = "",
    add_more: Callable[[QMenu], None] | None = None,
) -> None:
    """Opens it at a place of the screen; `pointed` is the name and `span_us` the time under the pointer, where there are any.

    `within` is the filter that the plot itself has; `add_more` adds to the menu. Opens nothing when there is nothing to do.
    """
    menu = QMenu(parent)
    menu.setAccessibleName("What to do with this plot")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    if pointed is not None and all(texts := _filters(by, pointed, names, within)):
        add_filter_choices(menu, selection, *texts, words=f"{by} {plain(pointed)}")
        menu.addSeparator()
    if span_us is not None:
        menu.addAction("Go to this moment", lambda: selection.go_to_moment(span_us))
        menu.addAction("Go to the largest event here", lambda: selection.go_to_largest(span_us))
        menu.addAction("Only this time", lambda: selection.choose_time_range(span_us))
        menu.addSeparator()
    for name in names[: MOST_NAMES + 1]:
        if name != pointed and all(texts := _filters(by, name, names, within)):
            add_joins(menu.addMenu(plain(name)), selection, *texts)
    if add_more is not None:
        menu.addSeparator()
        add_more(menu)
    if menu.isEmpty():
        menu.deleteLater()
    else:
        menu.popup(at)


def _filters(by: str, name: str, names: Sequence[str], within: str) -> tuple[str, str]:
    """The filter for the events of a name that the plot counts, and the one for the others that it counts."""
    same, other = series_filter(by, name, names)
    return (combined(within, same), combined(within, other)) if within and same and other else (same, other)
