"""The properties to reach a capture's source with: those it was begun with, else those of the kept connection to the same place.

Secrets come from the session that has them, or from the system keyring. Read `vault` for the latter, `fetching` for who asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from PySide6.QtCore import QObject

from app.aside import Aside
from app.connections import Connection, Connections
from app.session import Session
from app.vault import Vault
from inspector.properties import properties_text

log = logging.getLogger(__name__)
SCHEMES = ("kafka", "sqlite")
"""What a capture may name as its source and is asked again; a file that says something else is not followed."""


class Access(QObject):
    """Answers with the text of properties that goes to a command's standard input; empty for none."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._aside: Aside | None = None
        session.ending.connect(self._close)

    def config(self, url: str, done: Callable[[str], None]) -> None:
        """Asks for the properties of the source at `url`."""
        connection = _kept(url) if not self._session.config else None
        if connection is None:
            done(self._session.config)
        elif not connection.secrets:
            done(_text(connection, {}))
        else:
            self._aside = self._aside or Aside("access")
            Vault(self._aside).fetch(connection.id, connection.secrets, lambda secrets: done(_text(connection, secrets)))

    def _close(self, _nothing: object = None) -> None:
        if self._aside is not None:
            self._aside.close()
            self._aside = None


def can_be_asked(url: str) -> bool:
    """Whether a source of a capture can be read from again."""
    return urlsplit(url).scheme in SCHEMES


def _kept(url: str) -> Connection | None:
    kind, _, address = url.partition("://")
    try:
        return Connections().same_place(kind, address) if kind == "kafka" else None
    except OSError as error:
        log.warning("the kept connections cannot be read: %s", error)
        return None


def _text(connection: Connection, secrets: dict[str, str]) -> str:
    return properties_text({**connection.settings, **secrets})
