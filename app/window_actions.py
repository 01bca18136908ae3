"""The table of what the window can do. Read `actions` for what is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.actions import Action

if TYPE_CHECKING:
    from app.main_window import MainWindow


def actions_of(window: MainWindow) -> list[Action]:
    """Everything, by what it is done to."""

    def has() -> bool:
        return window.session is not None

    def capturing() -> bool:
        return window.session is not None and window.session.is_capturing

    def event() -> bool:
        return window.selection is not None and window.selection.seq > 0

    panes = [
        Action("Window", f"Show or hide {name.lower()}", lambda name=name: window.toggle_pane(name), f"Ctrl+{number}", is_possible=has)
        for number, name in enumerate(("Navigator", "Throughput", "Event", "Replay"), start=1)
    ]
    return [
        Action("Capture", "Open a capture file", window.choose_capture, "Ctrl+O"),
        Action("Capture", "Connect to Kafka or an event store", window.choose_source, "Ctrl+N"),
        Action("Capture", "Save as", window.save_as, "Ctrl+Shift+S", is_possible=has),
        Action("Capture", "Stop the capture", window.stop_capture, "Ctrl+Shift+X", is_possible=capturing),
        Action("Capture", "Unsaved captures", window.show_unsaved, "Ctrl+Shift+U"),
        Action("Capture", "Start the built-in shop", lambda: window.start_demo([])),
        Action("Capture", "Close the capture", window.close_capture, "Ctrl+W", is_possible=has),
        Action("Events", "Stick to newest", lambda: window.events.stick(on=True), "Ctrl+End", is_possible=has),
        Action("Events", "Pause the list", window.chrome.toolbar.pause.click, "Ctrl+P", is_possible=has),
        Action("Events", "Go to a time, offset, version or number", lambda: window.events.open_jump(), "Ctrl+G", is_local=True, is_possible=has),
        Action("Events", "Next event of the stream", lambda: window.events.next_of_stream(), "Ctrl+.", is_local=True, is_possible=event),
        Action(
            "Events", "Previous event of the stream", lambda: window.events.previous_of_stream(), "Ctrl+,", is_local=True, is_possible=event
        ),
        Action("Events", "Order by arrival", lambda: window.events.set_order("arrival"), is_possible=has),
        Action("Events", "Order by log and offset", lambda: window.events.set_order("log"), is_possible=has),
        Action("Events", "Order by time", lambda: window.events.set_order("time"), is_possible=has),
        Action("Events", "Newest first", lambda: window.events.set_order(newest_first=True), is_possible=has),
        Action("Events", "Oldest first", lambda: window.events.set_order(newest_first=False), is_possible=has),
        Action("Events", "Choose columns", lambda: window.events.choose_columns(), is_possible=has),
        Action("Events", "Copy as JSON lines", lambda: window.events.copy_as("lines"), "Ctrl+C", is_local=True, is_possible=event),
        Action("Events", "Copy the command", lambda: window.events.copy_command(), is_possible=has),
        Action("Filter", "Clear filter and range", window.chrome.look.clear, "Esc", is_possible=has),
        Action("Filter", "Back to the filter before", window.back, "Alt+Left", is_possible=has),
        Action("Filter", "Forward again", window.forward, "Alt+Right", is_possible=has),
        Action("Filter", "Find a log, stream or type", window.find_in_navigator, "Ctrl+Shift+F", is_possible=has),
        Action("Replay", "Replay the stream of this event", window.replay_here, "Ctrl+R", is_possible=event),
        Action("Replay", "One event on", lambda: window.replay.step(1), "Alt+Shift+Right", is_possible=has),
        Action("Replay", "One event back", lambda: window.replay.step(-1), "Alt+Shift+Left", is_possible=has),
        Action("Replay", "To a time", window.replay_to_time, "Ctrl+T", is_possible=has),
        Action("Replay", "Copy the command of this state", lambda: window.replay.copy_command(), is_possible=has),
        Action("Notes", "Note on this event", window.note, "C", is_possible=event),
        Action("Notes", "Mark this event, or not", window.mark, "M", is_possible=event),
        *panes,
        Action("Window", "Messages", lambda: window.chrome.toggle_log(), "Ctrl+M"),
        Action("Window", "What do you want to do? (palette)", window.show_palette, "Ctrl+K"),
        Action("Window", "Keys", window.show_help, "F1"),
        Action("Window", "Preferences", window.show_preferences, "Ctrl+Shift+P"),
        Action("Window", "Quit", window.close, "Ctrl+Q"),
    ]
