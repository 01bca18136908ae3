"""A keyring in memory, set through the keyring library's own call, in place of the system's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError


class MemoryKeyring(KeyringBackend):
    """Keeps passwords for a test. `locked` makes it refuse."""

    priority = 5

    kept: dict[tuple[str, str], str]
    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        if (service, username) not in self.kept:
            raise PasswordDeleteError("not there")
        del self.kept[service, username]

    def _check(self) -> None:
        if self.locked:
            raise KeyringLocked("locked")


def _made(kind: Callable[[], MemoryKeyring]) -> MemoryKeyring:
    """One of a class whose constructor has no types."""
    return kind()


@contextmanager
def memory_keyring() -> Iterator[MemoryKeyring]:
    """A keyring for a while; the one before comes back."""
    before = keyring.get_keyring()
    made = _made(MemoryKeyring)
    made.kept = {}
    keyring.set_keyring(made)
    try:
        yield made
    finally:
        keyring.set_keyring(before)
