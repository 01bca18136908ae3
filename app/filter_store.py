"""Filters that were used, and those that the profile keeps. Read `filter_bar` for the use, `profiles` for the keeping."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSettings

from app.models.profile import MOST_FILTERS
from app.models.toml_parts import MOST_CHARACTERS
from app.profiles import Profiles

_MOST_USED = 50


class FilterStore:
    """Texts of filters; the last used first, the kept ones by the alphabet."""

    def __init__(self, settings: QSettings, profiles: Profiles) -> None:
        self._settings, self._profiles = settings, profiles

    @property
    def used(self) -> Sequence[str]:
        """What was asked before."""
        return self._read("filters/used")

    @property
    def kept(self) -> Sequence[str]:
        """What the user wants to find again."""
        return list(self._profiles.current.filters)

    def use(self, text: str) -> None:
        """Remembers that a filter was used."""
        if text and len(text) <= MOST_CHARACTERS:
            used = [text, *(each for each in self.used if each != text)]
            self._settings.setValue("filters/used", used[:_MOST_USED])

    def keep(self, text: str, *, on: bool) -> None:
        """Keeps a filter, or does so no more."""
        others = [each for each in self.kept if each != text]
        if not on or (text and len(text) <= MOST_CHARACTERS):
            self._profiles.change(filters=tuple(sorted([*others, *([text] if on else [])])[:MOST_FILTERS]))

    def forget_used(self) -> None:
        """Forgets what was asked."""
        self._settings.remove("filters/used")

    def _read(self, name: str) -> list[str]:
        found = self._settings.value(name, [])
        listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [text for text in listed if isinstance(text, str) and text]
