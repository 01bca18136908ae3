"""The table of what the window can do. Read `actions` for what is made of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from app.actions import Action
from app.capture_actions import capture_actions
from app.dialogs.colors import ColorsDialog
from app.dialogs.help import HelpDialog
from app.dialogs.indexes import IndexesDialog
from app.event_keys import EXCLUDE_KEY, FILTER_KEY, exclude_cell, filter_by_cell, filter_by_type
from app.models.color_rules import COLORS
from app.pane_actions import pane_actions
from app.panes.event import EventPane
from app.panes.events import EventsPane
from app.panes.replay import ReplayPane
from app.panes.states import StatesPane
from app.panes.timeline import TOLD, TimelinePane
from app.profile_actions import profile_actions
from app.reach import Reach

if TYPE_CHECKING:
    from app.main_window import MainWindow

_EVENT_TABS = {
    "Event": "the event as fields",
    "Headers": "its headers",
    "Value": "its value as text",
    "Hex": "its bytes",
    "Compare": "what differs from another",
}


def actions_of(window: MainWindow) -> list[Action]:
    """Everything, by what it is done to."""
    chrome = window.chrome
    window_group = [
        Action("Window", "Messages", lambda: chrome.toggle_log(on=None), "Ctrl+M"),
        Action("Window", "What do you want to do?", window.show_palette, "Ctrl+K"),
        Action("Window", "Keys", lambda: HelpDialog(window.actions_table, window).show(), "F1"),
        Action("Window", "Preferences", window.preferring.show, "Ctrl+Shift+P"),
        Action("Window", "Quit", window.close, "Ctrl+Q"),
    ]
    groups = (capture_actions, _events, _event, _filter, _colors, profile_actions, _timeline, _replay, _notes, pane_actions)
    return [*(action for group in groups for action in group(window)), *window_group]


def _has(window: MainWindow) -> Callable[[], bool]:
    return lambda: window.session is not None


def _has_event(window: MainWindow) -> Callable[[], bool]:
    return lambda: window.selection is not None and window.selection.seq > 0


def _events(window: MainWindow) -> list[Action]:
    has, event = _has(window), _has_event(window)

    def on(do: Callable[[EventsPane], object]) -> Callable[[], object]:
        return lambda: do(window.events)

    def reach(do: Callable[[Reach], object]) -> Callable[[], object]:
        return lambda: do(window.panes.reach) if window.panes is not None else None

    def refer() -> None:
        if window.selection is not None:
            window.events.to_do.refer(window.selection.seq)

    def clear() -> None:
        if window.selection is not None:
            window.selection.choose_reference(None)

    def referred() -> bool:
        return window.selection is not None and window.selection.reference is not None

    return [
        Action("Events", "Stick to newest", on(lambda pane: pane.stick(on=True)), "Ctrl+End", is_possible=has),
        Action("Events", "Pause the list", window.chrome.toolbar.pause.click, "Ctrl+P", is_possible=has),
        Action("Events", "Go to a time, offset, version or number", on(EventsPane.open_jump), "Ctrl+G", is_local=True, is_possible=has),
        Action("Events", "Follow the stream", on(lambda pane: pane.follow_from("stream")), "Alt+S", is_possible=event),
        Action("Events", "Follow the key", on(lambda pane: pane.follow_from("key")), "Alt+K", is_possible=event),
        Action("Events", "Follow the correlation id", on(lambda pane: pane.follow_from("correlation_id")), "Alt+C", is_possible=event),
        Action("Events", "Next event of the stream", on(EventsPane.next_of_stream), "Ctrl+.", is_local=True, is_possible=event),
        Action("Events", "Previous event of the stream", on(EventsPane.previous_of_stream), "Ctrl+,", is_local=True, is_possible=event),
        Action("Events", "Tell times relative to this event, or not", refer, "T", is_possible=event),
        Action("Events", "Go to the time reference", on(lambda pane: pane.to_do.go_to_reference()), is_possible=referred),
        Action("Events", "Clear the time reference", clear, "Shift+T", is_possible=referred),
        Action(
            "Events", "Next place on the map of the list", on(lambda pane: pane.match_map.step(forward=True)), "Alt+PgDown", is_possible=has
        ),
        Action(
            "Events",
            "Previous place on the map of the list",
            on(lambda pane: pane.match_map.step(forward=False)),
            "Alt+PgUp",
            is_possible=has,
        ),
        Action("Events", "Filter by this cell's value", on(filter_by_cell), FILTER_KEY, is_local=True, is_possible=event),
        Action("Events", "Exclude this cell's value", on(exclude_cell), EXCLUDE_KEY, is_local=True, is_possible=event),
        Action("Events", "Filter by the type of this event", on(filter_by_type), "Alt+T", is_possible=event),
        Action("Events", "Order by arrival", on(lambda pane: pane.set_order("arrival")), is_possible=has),
        Action("Events", "Order by log and offset", on(lambda pane: pane.set_order("log")), is_possible=has),
        Action("Events", "Order by time", on(lambda pane: pane.set_order("time")), is_possible=has),
        Action("Events", "Newest first", on(lambda pane: pane.set_order(newest_first=True)), is_possible=has),
        Action("Events", "Oldest first", on(lambda pane: pane.set_order(newest_first=False)), is_possible=has),
        Action(
            "Events",
            "List the events that the filter is not applicable to",
            on(EventsPane.list_unasked),
            is_possible=lambda: has() and window.events.lister.not_applicable > 0,
        ),
        Action("Events", "Read what the source has before this", reach(Reach.offer_older), "Ctrl+Shift+Up", is_possible=has),
        Action("Events", "Read what the source has after this", reach(Reach.offer_newer), "Ctrl+Shift+Down", is_possible=has),
        Action("Events", "Find in the source what the filter matches", reach(Reach.find), "Ctrl+Return", is_possible=has),
        Action("Events", "Choose columns", on(EventsPane.choose_columns), is_possible=has),
        Action("Events", "Copy as JSON lines", on(lambda pane: pane.copy_as("lines")), "Ctrl+C", is_local=True, is_possible=event),
        Action("Events", "Copy the command", on(EventsPane.copy_command), is_possible=has),
    ]


def _event(window: MainWindow) -> list[Action]:
    event = _has_event(window)

    def on(do: Callable[[EventPane], object]) -> Callable[[], object]:
        def run() -> None:
            if window.panes is not None:
                window.panes.show_pane("Event", on=True)
                do(window.panes.event_pane)

        return run

    def tab(name: str) -> Callable[[], object]:
        return on(lambda pane: pane.show_tab(name))

    tabs = [
        Action("Event", f"Show {words}", tab(name), f"Ctrl+Alt+{number}", is_possible=event)
        for number, (name, words) in enumerate(_EVENT_TABS.items(), start=1)
    ]
    return [
        *tabs,
        Action("Event", "Find in the event", on(EventPane.open_find), "Ctrl+F", is_local=True, is_possible=event),
        Action("Event", "Keep as A and compare with the next one", on(EventPane.compare_with), "Ctrl+D", is_possible=event),
        Action("Event", "Say what this field is", on(EventPane.say_meaning), is_possible=event),
        Action("Event", "Copy the event as a JSON line", on(EventPane.copy_line), is_possible=event),
        Action("Event", "Copy the value", on(EventPane.copy_value), is_possible=event),
        Action("Event", "Copy the value as hex", on(lambda pane: pane.copy_value("hex")), is_possible=event),
        Action("Event", "Copy the value as base64", on(lambda pane: pane.copy_value("base64")), is_possible=event),
        Action("Event", "Copy the key", on(EventPane.copy_key), is_possible=event),
        Action("Event", "Index this field", on(lambda pane: pane.tree.index_field()), is_possible=event),
        Action("Event", "Copy the command that writes this record", on(EventPane.copy_command), is_possible=event),
    ]


def _filter(window: MainWindow) -> list[Action]:
    has = _has(window)

    def travel(*, forward: bool) -> None:
        if window.selection is not None:
            (window.selection.forward if forward else window.selection.back)()

    def visit(*, forward: bool) -> None:
        if window.selection is not None:
            window.selection.revisit(forward=forward)

    def find() -> None:
        if window.panes is not None:
            window.panes.show_pane("Navigator", on=True)
            window.panes.navigator_pane.take_focus()

    def indexed() -> None:
        if window.session is not None:
            IndexesDialog(window.session, indexing, "", window).show()

    bar, indexing = window.chrome.filter, window.chrome.indexing
    return [
        Action("Filter", "Type a filter", bar.take_focus, "/", is_possible=has),
        Action("Filter", "Filters kept and used before", bar.show_menu, "Ctrl+Shift+L", is_possible=has),
        Action("Filter", "Index the fields of the filter", indexing.index_filter, is_possible=lambda: has() and bool(indexing.places())),
        Action("Filter", "Indexed fields", indexed, is_possible=has),
        Action("Filter", "Clear filter and range", window.chrome.look.clear, "Esc", is_possible=has),
        Action("Filter", "Back to the filter before", lambda: travel(forward=False), "Alt+Left", is_possible=has),
        Action("Filter", "Forward again", lambda: travel(forward=True), "Alt+Right", is_possible=has),
        Action("Events", "Event looked at before", lambda: visit(forward=False), "Alt+Up", is_possible=has),
        Action("Events", "Event looked at after it", lambda: visit(forward=True), "Alt+Down", is_possible=has),
        Action("Filter", "Find a log, stream or type", find, "Ctrl+Shift+F", is_possible=has),
    ]


def _colors(window: MainWindow) -> list[Action]:
    has, event = _has(window), _has_event(window)

    def paint(color: int) -> Callable[[], None]:
        return lambda: window.events.to_do.paint(color, window.selection.seq if window.selection is not None else 0)

    def unpaint() -> None:
        if window.panes is not None:
            window.panes.coloring.unpaint()

    def rules() -> None:
        if window.panes is not None:
            text = window.selection.filter if window.selection is not None else ""
            ColorsDialog(window.panes.coloring, text, window).show()

    numbered = [
        Action("Colours", f"Colour {color} for this stream", paint(color), f"Ctrl+{color}", is_possible=event)
        for color in range(1, COLORS + 1)
    ]
    return [
        *numbered,
        Action("Colours", "Take the colours of streams away", unpaint, "Ctrl+0", is_possible=has),
        Action("Colours", "Colour rules", rules, "Ctrl+Shift+C", is_possible=has),
    ]


def _timeline(window: MainWindow) -> list[Action]:
    has = _has(window)

    def on(do: Callable[[TimelinePane], object]) -> Callable[[], object]:
        def run() -> None:
            if window.panes is not None:
                window.panes.show_pane("Timeline", on=True)
                do(window.panes.timeline_pane)

        return run

    told = [Action("Timeline", f"Timeline by {name}", on(partial(TimelinePane.tell_by, name=name)), is_possible=has) for name in TOLD]
    return [
        Action("Timeline", "Type a time range", on(TimelinePane.take_range), "Ctrl+Shift+T", is_possible=has),
        Action("Timeline", "Zoom the timeline in", on(lambda pane: pane.zoom(0.5)), "Ctrl++", is_possible=has),
        Action("Timeline", "Zoom the timeline out", on(lambda pane: pane.zoom(2.0)), "Ctrl+-", is_possible=has),
        Action("Timeline", "Show all times in the timeline", on(lambda pane: pane.look_at(None)), is_possible=has),
        Action("Timeline", "Zoom the timeline to the range in force", on(TimelinePane.zoom_to_range), is_possible=has),
        *told,
    ]


def _replay(window: MainWindow) -> list[Action]:
    has, event = _has(window), _has_event(window)

    def on(do: Callable[[ReplayPane], object]) -> Callable[[], object]:
        return lambda: do(window.replay)

    def here() -> None:
        if window.selection is not None:
            window.selection.replay_event(window.selection.seq)

    def states(do: Callable[[StatesPane], object]) -> Callable[[], object]:
        return lambda: do(window.panes.states_pane) if window.panes is not None else None

    def has_states() -> bool:
        return window.panes is not None and window.panes.states_pane.listed is not None

    def to_time() -> None:
        if window.panes is not None:
            window.panes.show_pane("Replay", on=True)
            window.replay.controls.take_time()

    return [
        Action("Replay", "Replay the stream of this event", here, "Ctrl+R", is_possible=event),
        Action("Replay", "Replay to a time", to_time, "Ctrl+T", is_possible=has),
        Action("Replay", "One event on", on(lambda pane: pane.step(1)), "Alt+Shift+Right", is_possible=has),
        Action("Replay", "One event back", on(lambda pane: pane.step(-1)), "Alt+Shift+Left", is_possible=has),
        Action("Replay", "Stay on this stream, or follow the selection", on(ReplayPane.toggle_pin), is_possible=has),
        Action("Replay", "Copy the state as JSON", on(lambda pane: pane.copies.state()), is_possible=has),
        Action("Replay", "Copy the command of this state", on(lambda pane: pane.copies.command()), is_possible=has),
        Action("Replay", "Export all at a time", states(StatesPane.export), is_possible=has_states),
        Action("Replay", "Copy the command of all at a time", states(StatesPane.copy_command), is_possible=has_states),
    ]


def _notes(window: MainWindow) -> list[Action]:
    event = _has_event(window)

    def note() -> None:
        if window.note_bar is not None:
            window.note_bar.open()

    def mark() -> None:
        if window.session is not None and window.selection is not None:
            window.session.notes.toggle_mark(window.selection.seq)

    return [
        Action("Notes", "Note on this event", note, "C", is_possible=event),
        Action("Notes", "Mark this event, or not", mark, "M", is_possible=event),
    ]
