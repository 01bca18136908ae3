"""The properties to reach a capture's source with: those it was begun with, else those of the kept connection to the same place.

Secrets come from the session that has them, or from the system keyring. Read `vault` for the latter, `fetching` for who asks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from PySide6.QtCore import QObject

from app.aside import Aside
from app.connections import Connection, Connections
from app.session import Session
from app.vault import Vault
from inspector.properties import properties_text

log = logging.getLogger(__name__)
SCHEMES = ("kafka", "postgresql", "sqlite")
"""What a capture may name as its source and is asked again; a file that says something else is not followed."""
_LONGEST = 1_000
"""Characters of an address: a longer one could not be shown to who decides."""


class Access(QObject):
    """Answers with the text of properties that goes to a command's standard input; empty for none."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._aside: Aside | None = None
        session.ending.connect(self._close)

    def config(self, url: str, done: Callable[[str], None]) -> None:
        """Asks for the properties of the source at `url`; they are of that place and no other."""
        own = self._own(url)
        connection = None if own else _kept(url)
        if connection is None:
            done(own or "")
        elif not connection.secrets:
            done(_text(connection, {}))
        else:
            self._aside = self._aside or Aside("access")
            Vault(self._aside).fetch(connection.id, connection.secrets, lambda secrets: done(_text(connection, secrets)))

    def is_known(self, url: str) -> bool:
        """Whether the user chose this place, now or when keeping a connection: others are asked only on a click that shows them."""
        return self._own(url) is not None or _kept(url) is not None

    def _own(self, url: str) -> str | None:
        """What the session was begun with, when that was from the place of `url`."""
        arguments, config = self._session.asked
        return config if _place(url) in {_place(one) for one in arguments if "://" in one} else None

    def _close(self, _nothing: object = None) -> None:
        if self._aside is not None:
            self._aside.close()
            self._aside = None


def can_be_asked(url: str) -> bool:
    """Whether a source of a capture can be read from again."""
    return url.partition("://")[0] in SCHEMES and len(url) <= _LONGEST


def _place(url: str) -> str:
    """Where a source is: without the topics of a cluster, the user and the table of a database, and without options."""
    kind, _, rest = url.partition("?")[0].partition("://")
    if kind == "postgresql":
        server, _, path = rest.partition("/")
        return f"{kind}://{server.rpartition('@')[2]}/{path.partition('/')[0]}"
    return f"{kind}://{rest.partition('/')[0] if kind == 'kafka' else rest}"


def _kept(url: str) -> Connection | None:
    kind, _, address = url.partition("://")
    try:
        if kind == "postgresql":
            stores = (one for one in Connections().recent() if one.kind == "store")
            return next((one for one in stores if _place(one.address) == _place(url)), None)
        return Connections().same_place(kind, address) if kind == "kafka" else None
    except OSError as error:
        log.warning("the kept connections cannot be read: %s", error)
        return None


def _text(connection: Connection, secrets: dict[str, str]) -> str:
    return properties_text({**connection.settings, **secrets})
