"""What the window does with its panes: showing and hiding them, and going from one to the next.

Read `window_actions` for all else that it can do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.actions import Action
from app.plot_doing import PlotDoing

if TYPE_CHECKING:
    from app.main_window import MainWindow


def pane_actions(window: MainWindow) -> list[Action]:
    """Actions on panes, for the window's table."""

    def toggle(name: str) -> Callable[[], None]:
        def run() -> None:
            if window.panes is not None:
                window.panes.show_pane(name, on=not window.panes.is_at_front(name))

        return run

    def walk(*, back: bool) -> Callable[[], None]:
        return lambda: window.panes.focus_next(back=back) if window.panes is not None else None

    def has() -> bool:
        return window.session is not None

    names = ("Navigator", "Plots", "Event", "Replay", "Timeline", "Schemas", "Findings", "All at a time", "Drift")

    def plots(act: Callable[[PlotDoing], object]) -> Callable[[], None]:
        def run() -> None:
            if window.panes is not None:
                window.panes.show_pane("Plots", on=True)
                act(window.panes.metrics_pane.doing)

        return run

    return [
        Action("Drift", "Compare a read model with the events", lambda: _compare(window), is_possible=has),
        Action("Plots", "Add a plot", plots(PlotDoing.add_plot), is_possible=has),
        Action("Plots", "Make or change a projection", plots(PlotDoing.edit_projection), is_possible=has),
        Action("Plots", "Only the standard plots", plots(PlotDoing.reset_plots), is_possible=has),
        Action("Window", "To the next pane", walk(back=False), "F6", is_possible=has),
        Action("Window", "To the pane before", walk(back=True), "Shift+F6", is_possible=has),
        *(
            Action("Window", f"Show or hide {name.lower()}", toggle(name), f"Alt+{number}", is_possible=has)
            for number, name in enumerate(names, start=1)
        ),
    ]


def _compare(window: MainWindow) -> None:
    if window.panes is not None:
        window.panes.show_pane("Drift", on=True)
        window.panes.drift_pane.take_focus()
