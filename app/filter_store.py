"""Filters that were used and those that are kept, as they are remembered. Read `filter_bar` for the use."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSettings

_MOST_USED = 50
_MOST_KEPT = 200
_MOST_CHARACTERS = 4_000


class FilterStore:
    """Texts of filters; the last used first, the kept ones by the alphabet."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def used(self) -> Sequence[str]:
        """What was asked before."""
        return self._read("filters/used")

    @property
    def kept(self) -> Sequence[str]:
        """What the user wants to find again."""
        return self._read("filters/kept")

    def use(self, text: str) -> None:
        """Remembers that a filter was used."""
        if text and len(text) <= _MOST_CHARACTERS:
            self._write("filters/used", [text, *(each for each in self.used if each != text)][:_MOST_USED])

    def keep(self, text: str, *, on: bool) -> None:
        """Keeps a filter, or does so no more."""
        others = [each for each in self.kept if each != text]
        if not on or (text and len(text) <= _MOST_CHARACTERS):
            self._write("filters/kept", sorted([*others, *([text] if on else [])])[:_MOST_KEPT])

    def forget_used(self) -> None:
        """Forgets what was asked."""
        self._settings.remove("filters/used")

    def _read(self, name: str) -> list[str]:
        found = self._settings.value(name, [])
        listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
        return [text for text in listed if isinstance(text, str) and text]

    def _write(self, name: str, texts: Sequence[str]) -> None:
        self._settings.setValue(name, list(texts))
