"""The masks of the open capture: the button that says whether they are on, and the question before they are taken off.

Knows no pane: who shows panes shows them anew. Read `inspector.masks` for what is hidden, `session` for who reads.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.chrome import Chrome
from app.models.profile import Profile
from app.profiles import Profiles
from app.session import Session

_ASKED = "Show what this capture hides? It is then in clear on the screen, in copies and in pictures of it."


class Masking(QObject):
    """Of one session at a time. `look_again` is called when everything is to be read anew."""

    def __init__(self, chrome: Chrome, profiles: Profiles, look_again: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self._profiles = profiles
        profiles.masks_changed.connect(self._rules_changed)
        self._chrome, self._look_again = chrome, look_again
        self._session: Session | None = None
        chrome.toolbar.masks_wanted.connect(lambda on: self.turn(on=bool(on)))

    @property
    def has_masks(self) -> bool:
        """Whether the open capture wants something hidden."""
        return self._session is not None and self._session.masks > 0

    @property
    def are_on(self) -> bool:
        """Whether that is hidden."""
        return self._session is not None and not self._session.is_unmasked

    def follow(self, session: Session | None) -> None:
        """Goes with another session; None: nothing is open."""
        self._session = session
        self._chrome.question.hide()
        self._chrome.toolbar.show_masks(0, on=True)
        if session is not None:
            session.masks_found.connect(lambda rules: self._chrome.toolbar.show_masks(rules, on=self.are_on))

    def _rules_changed(self, profile: Profile) -> None:
        """The profile hides other things: everything is read anew."""
        if self._session is not None:
            self._session.hide(profile.masks.text(), self._profiles.path(profile.name))
            self._chrome.toolbar.show_masks(self._session.masks, on=True)
            self._chrome.question.hide()
            self._chrome.filter.forget_seen()
            self._look_again()
            self._session.look()

    def turn(self, *, on: bool) -> None:
        """Hides again at once; shows once that was asked."""
        if not self.has_masks or on == self.are_on:
            return
        if on:
            self._turn(on=True)
        else:
            self._chrome.question.say(_ASKED, role="warn", action="Show it", acted=lambda: self._turn(on=False))

    def _turn(self, *, on: bool) -> None:
        session = self._session
        if session is not None:
            session.unmask(on=not on)
            self._chrome.filter.forget_seen()
            self._chrome.toolbar.show_masks(session.masks, on=on)
            self._chrome.question.hide()
            self._look_again()
