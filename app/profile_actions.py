"""What the palette can do about profiles; read `profiling` for the work, `window_actions` for the rest of the table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.actions import Action
from inspector.text import visible

if TYPE_CHECKING:
    from app.main_window import MainWindow

_GROUP = "Profile"


def profile_actions(window: MainWindow) -> list[Action]:
    """Everything but the profiles themselves."""
    doing = window.profiling

    def has() -> bool:
        return window.session is not None

    def menu() -> None:
        if window.status_line is not None:
            window.status_line.profile.open_menu()

    return [
        Action(_GROUP, "Choose a profile", menu, "Ctrl+Shift+A", is_possible=has),
        Action(_GROUP, "Save as a profile", doing.save_as),
        Action(_GROUP, "Manage profiles: rename, duplicate, delete", doing.manage),
        Action(_GROUP, "Masks of this profile", doing.edit_masks, "Ctrl+Shift+H"),
        Action(_GROUP, "Import a profile", doing.import_one),
        Action(_GROUP, "Export this profile", doing.export_current),
    ]


def choices(window: MainWindow) -> list[Action]:
    """One for each profile there is now."""
    profiles = window.profiling.profiles
    others = [name for name in profiles.names() if name != profiles.current.name]
    return [Action(_GROUP, f"Use {visible(name)}", partial(profiles.use, name)) for name in others]
