"""Secrets of kept connections in the system's keyring, asked on a thread of its own: a locked keyring asks its owner first.

No other place is ever used: where the system has no keyring, nothing is kept and secrets are asked for each time.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.aside import Aside

log = logging.getLogger(__name__)
NO_KEYRING = "no system keyring here: asked for each time"
_LEAST_PRIORITY = 1
"""What the keyring library calls recommended; below it are plain files and no keyring at all."""


def usable_keyring() -> Any:
    """The system's keyring; None where it has none that keeps secrets well. Takes 0.1 s and more: not for the GUI thread."""
    backend = importlib.import_module("keyring").get_keyring()
    # a chain would go on to a plain file when the first one fails: only its best is used
    best = max(getattr(backend, "backends", [backend]), key=lambda one: one.priority, default=None)
    return best if best is not None and best.priority >= _LEAST_PRIORITY else None


def service(connection_id: str) -> str:
    """The name under which the keyring shows a connection's secrets; the property's name is the user there."""
    return f"eventscope {connection_id}"


class Vault:
    """Fetches, keeps and forgets secrets through `aside`. Answers come in the GUI thread."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside

    def ask_usable(self, done: Callable[[bool], None]) -> None:
        """Whether this system has a keyring that can be used."""
        self._aside.run(lambda: usable_keyring() is not None, done)

    def fetch(self, connection_id: str, names: Sequence[str], done: Callable[[dict[str, str]], None]) -> None:
        """Those of the named secrets that the keyring has and gives."""
        self._aside.run(lambda: _fetched(usable_keyring(), connection_id, names), done)

    def keep(self, connection_id: str, secrets: Mapping[str, str], done: Callable[[str], None]) -> None:
        """Keeps the secrets; answers with a sentence when that failed, else with nothing."""
        given = dict(secrets)
        self._aside.run(lambda: _kept(usable_keyring(), connection_id, given), done)

    def forget(self, connection_id: str, names: Sequence[str]) -> None:
        """Takes the named secrets out of the keyring."""
        self._aside.run(lambda: _forgotten(usable_keyring(), connection_id, names), lambda _: None)


def _fetched(backend: Any, connection_id: str, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    if backend is None:
        return found
    for name in names:
        try:
            secret = backend.get_password(service(connection_id), name)
        except _failures() as error:
            log.warning("the system keyring does not give a password: %s", type(error).__name__)
            return found
        if secret:
            found[name] = secret
    return found


def _kept(backend: Any, connection_id: str, secrets: Mapping[str, str]) -> str:
    if backend is None:
        return NO_KEYRING
    try:
        for name, secret in secrets.items():
            backend.set_password(service(connection_id), name, secret)
    except _failures() as error:
        return f"the system keyring does not take the password ({type(error).__name__}): it is asked for each time"
    return ""


def _forgotten(backend: Any, connection_id: str, names: Sequence[str]) -> None:
    if backend is None:
        return
    for name in names:
        with contextlib.suppress(*_failures()):
            backend.delete_password(service(connection_id), name)


def _failures() -> tuple[type[BaseException], ...]:
    """What backends raise: the library's own errors, and those of what they talk to."""
    return (importlib.import_module("keyring.errors").KeyringError, OSError, RuntimeError, ValueError)
