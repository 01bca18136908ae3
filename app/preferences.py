"""What the user prefers, as it is remembered. Read `dialogs.preferences` for the dialog, `style` for what it changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Self
from zoneinfo import ZoneInfo

from PySide6.QtCore import QSettings

from app.library import KEEP_DAYS

APPEARANCES = ("system", "light", "dark")
SCALES = (100, 110, 125, 150, 175, 200)


@dataclass(frozen=True, slots=True)
class Preferences:
    """`zone` is `UTC`, `system` or a name of the zone database."""

    appearance: str = "system"
    scale_percent: int = 100
    zone: str = "UTC"
    keep_days: int = KEEP_DAYS

    @classmethod
    def remembered(cls, settings: QSettings) -> Self:
        """What is written down; what means nothing is as usual."""
        appearance = str(settings.value("window/appearance", "system"))
        scale, days = str(settings.value("window/scale", "100")), str(settings.value("captures/days", KEEP_DAYS))
        found = cls(
            appearance if appearance in APPEARANCES else "system",
            int(scale) if scale.isdecimal() and int(scale) in SCALES else 100,
            str(settings.value("window/zone", "UTC")),
            int(days) if days.isdecimal() else KEEP_DAYS,
        )
        return found if found.tzinfo() is not None else cls(found.appearance, found.scale_percent, "UTC", found.keep_days)

    def remember(self, settings: QSettings) -> None:
        """Writes it down."""
        settings.setValue("window/appearance", self.appearance)
        settings.setValue("window/scale", self.scale_percent)
        settings.setValue("window/zone", self.zone)
        settings.setValue("captures/days", self.keep_days)

    def tzinfo(self) -> tzinfo | None:
        """The zone; None when there is none of that name."""
        if self.zone == "UTC":
            return UTC
        if self.zone == "system":
            return datetime.now().astimezone().tzinfo
        try:
            return ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            return None
